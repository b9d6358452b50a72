"""The main job between the bridge and the practice LMS, in both of its profiles."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from lms_bridge.db import db, now
from lms_bridge.lti.registration import invite
from lms_bridge.models import Agency
from lms_bridge.practice.driver import PlatformRefused, PracticeDriver
from lms_bridge.practice.forms import PageForm, forms_of
from lms_bridge.practice.register_tool import RegistrationFailed
from lms_bridge.testing import instance
from lms_bridge.testing.browser import Browser

RATING, COLUMN = "competency.self-rating", "Pemetaan kompetensi"


@dataclass
class Strangers:
    """A practice LMS and the bridge, of which neither knows the other."""

    lms: PracticeDriver
    bridge: Flask

    def invitation(self) -> str:
        """Return a new registration link of the demo agency."""
        with self.bridge.app_context():
            agency = db.session.scalars(select(Agency).where(Agency.code == "demo")).one()
            link = f"{instance.BASE_URL}/lti/register/{invite(agency, now=now())}"
            db.session.commit()
            db.session.remove()
        return link


@pytest.fixture
def strangers(profile: str, database: str, tmp_path: Path) -> Iterator[Strangers]:
    """Both servers before they meet."""
    lms = instance.open_platform(tmp_path / "practice.sqlite", profile)
    bridge = instance.make_app(tmp_path / "instance", database, lms)
    yield Strangers(lms, bridge)
    instance.close_app(bridge)
    lms.close()


def test_one_link_registers_the_bridge_and_the_tool_is_ready_for_its_course(strangers):
    tool = strangers.lms.register(strangers.invitation())

    assert tool.name
    assert Browser(strangers.bridge).launch(strangers.lms, "ani", module=RATING).status_code == 200
    assert strangers.lms.activity_named(COLUMN)


def test_an_invitation_registers_once_only(strangers):
    link = strangers.invitation()
    strangers.lms.register(link)

    with pytest.raises(RegistrationFailed):
        strangers.lms.register(link)


@pytest.mark.parametrize("user", ["ani", "rahmat", "budi", "dewi", "hendra", "sari"])
def test_every_person_of_the_course_enters_by_name(launch_as, practice_platform, user):
    page = launch_as(user).page

    name = re.search(r'class="name">([^<]+)<', practice_platform.open(user, "/courses").text)
    assert page.status_code == 200
    assert name and name[1] in page.text


def rate_everything_as_shown(browser: Any) -> None:
    """Answer every question of the self-rating at the required level, and finish."""
    browser.post("/p/competency/self-rating/start")
    for code in ("M1", "M2", "M3", "M4", "M5", "M6", "M7", "M8", "S1"):
        marks = {f"answers:asn-38-2017:{code}:3:{place}": "shown" for place in (1, 2, 3)}
        browser.post(f"/p/competency/self-rating/{code}/3", data=marks)
    browser.post("/p/competency/self-rating/finish")


def test_what_ani_rates_becomes_her_grade(launch_as, outbox, practice_platform):
    rate_everything_as_shown(launch_as("ani", module=RATING))

    outbox.drain()

    assert practice_platform.grade("ani", COLUMN) == 100
    assert practice_platform.grade("agus", COLUMN) is None


def test_a_grade_survives_an_lms_that_is_down_at_first(launch_as, outbox, practice_platform, bridge_app):
    rate_everything_as_shown(launch_as("ani", module=RATING))
    practice_platform.set_fault(down=True)
    outbox.drain()
    refused = practice_platform.grade("ani", COLUMN)
    practice_platform.clear_faults()
    let_the_pause_be_over(bridge_app)

    outbox.drain()

    assert refused is None
    assert practice_platform.grade("ani", COLUMN) == 100


def test_the_lms_lets_nobody_in_who_has_left_the_course(browser, practice_platform):
    begun = practice_platform.begin_launch("joko", module=RATING)
    practice_platform.unenrol("joko")
    asked = browser.login(begun).headers["Location"]

    page = browser.finish(practice_platform.answer_auth(asked, "joko"))

    assert page.status_code in {400, 403}
    assert "NR-" in page.text


def test_a_suspended_person_is_not_shown_the_course(practice_platform):
    practice_platform.suspend("joko")

    assert practice_platform.open("joko", "/courses/2").status_code == 403


def test_selected_content_is_launched_by_a_student_whose_grade_comes_back(launch_as, outbox, practice_platform):
    course = practice_platform.add_course("Kursus baru", members={"sari": "teacher", "ani": "learner"})
    teacher = launch_as("sari", course=course, deep_link=True)
    offered = first_form(teacher.page.text)

    returned = teacher.post(offered.action.removeprefix(teacher.prefix), data={**offered.fields, "item": f"{RATING} "})
    form = first_form(returned.text)
    (activity,) = practice_platform.save_content(practice_platform.return_content(form.action, form.fields["JWT"]))
    rate_everything_as_shown(launch_as("ani", course=course, activity=activity))
    outbox.drain()

    (grade,) = practice_platform.grades(course)
    assert (grade.username, grade.score, grade.maximum) == ("ani", 100, 100)


def test_selected_content_is_not_taken_twice(launch_as, practice_platform):
    teacher = launch_as("sari", deep_link=True)
    offered = first_form(teacher.page.text)
    form = first_form(
        teacher.post(offered.action.removeprefix(teacher.prefix), data={**offered.fields, "item": f"{RATING} "}).text
    )
    practice_platform.return_content(form.action, form.fields["JWT"])

    with pytest.raises(PlatformRefused):
        practice_platform.return_content(form.action, form.fields["JWT"])


def first_form(page: str) -> PageForm:
    """Return the form of a page's content that is posted."""
    content = page[page.index("<main") :] if "<main" in page else page
    return next(form for form in forms_of(content) if form.method == "post")


def let_the_pause_be_over(bridge: Flask) -> None:
    """Make every grade due again, and let the clock move past the last timestamp."""
    grades = db.metadata.tables["core_grade"]
    with bridge.app_context():
        past = now() - dt.timedelta(seconds=5)
        db.session.execute(grades.update().values(next_try_at=past, sent_at=past))
        db.session.execute(db.metadata.tables["core_platform"].update().values(closed_until=None))
        db.session.commit()
        db.session.remove()
