"""The main job between the bridge and the practice LMS, in both of its profiles."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from flask import Flask

from lms_bridge.db import db, now
from lms_bridge.practice.forms import PageForm, forms_of
from lms_bridge.practice.register_tool import RegistrationFailed

RATING = "competency.self-rating"


def rate_everything_as_shown(browser: Any) -> None:
    """Answer every question of the self-rating at the required level, and finish."""
    for code in ("M1", "M2", "M3", "M4", "M5", "M6", "M7", "M8", "S1"):
        marks = {f"answers:asn-38-2017:{code}:3:{place}": "shown" for place in (1, 2, 3)}
        browser.post(f"/p/competency/self-rating/{code}/3", data=marks)
    browser.post("/p/competency/self-rating/finish")


def test_one_link_registers_the_bridge_and_the_tool_is_ready_for_its_course(unregistered):
    tool = unregistered.lms.register(unregistered.invitation())

    assert tool.name
    assert unregistered.launch("ani", module=RATING).page.status_code == 200


def test_an_invitation_registers_once_only(unregistered):
    link = unregistered.invitation()
    unregistered.lms.register(link)

    with pytest.raises(RegistrationFailed):
        unregistered.lms.register(link)


@pytest.mark.parametrize("user", ["ani", "rahmat", "budi", "dewi", "hendra", "sari"])
def test_every_person_of_the_course_enters_by_name(pair, user):
    page = pair.launch(user).page

    assert page.status_code == 200
    assert pair.lms.open(user, "/courses").status_code == 200
    name = re.search(r'class="name">([^<]+)<', pair.lms.open(user, "/courses").text)
    assert name and name[1] in page.text


def test_what_ani_rates_becomes_her_grade(pair, drain):
    browser = pair.launch("ani", module=RATING)
    browser.post("/p/competency/self-rating/start")
    rate_everything_as_shown(browser)

    drain()

    assert pair.lms.grade("ani", "Pemetaan kompetensi") == 100
    assert pair.lms.grade("agus", "Pemetaan kompetensi") is None


def test_a_grade_survives_an_lms_that_fails_at_first(pair, drain):
    browser = pair.launch("ani", module=RATING)
    browser.post("/p/competency/self-rating/start")
    rate_everything_as_shown(browser)
    pair.lms.set_fault(500)
    drain()
    refused = pair.lms.grade("ani", "Pemetaan kompetensi")
    let_the_pause_be_over(pair.bridge)

    drain()

    assert refused is None
    assert pair.lms.grade("ani", "Pemetaan kompetensi") == 100


def test_the_lms_lets_nobody_in_who_has_left_the_course(pair):
    begun = pair.lms.begin_launch("joko", module=RATING)
    pair.lms.unenrol("joko")

    page = pair.enter(begun, "joko").page

    assert page.status_code in {400, 403}
    assert "NR-" in page.text


def test_a_teacher_selects_a_module_that_students_then_open(pair):
    browser = pair.enter(pair.lms.deep_link("sari"), "sari")
    picked = first_form(browser.page.text)

    returned = browser.post(picked.action.removeprefix(browser.prefix), data=picked.fields)
    form = first_form(returned.text)
    before = pair.lms.save_content(pair.lms.return_content(form.action, form.fields["JWT"]))

    assert len(before) == 3
    assert pair.launch("ani", activity=before[-1]).page.status_code == 200


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
