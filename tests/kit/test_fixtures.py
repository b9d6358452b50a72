"""What the fixtures of ``lms_bridge.testing`` give to the author of a plugin."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from lms_bridge.db import acting_as, db, now
from lms_bridge.models import Agency, Person
from lms_bridge.services.people import person_ref, placement_of
from lms_bridge.testing.browser import Browser


def rate_oneself(learner: Browser, **begun: str) -> str:
    """Rate every competency at the required level and finish; returns the path of the result."""
    learner.post("/p/competency/self-rating/start", data=begun)
    for code in ("M1", "M2", "M3", "M4", "M5", "M6", "M7", "M8", "S1"):
        answers = {f"answers:asn-38-2017:{code}:3:{place}": "shown" for place in (1, 2, 3)}
        learner.post(f"/p/competency/self-rating/{code}/3", data=answers)
    finished = learner.post("/p/competency/self-rating/finish")
    return finished.headers["Location"].removeprefix(learner.prefix)


def test_the_pytest_plugin_loads_nothing_that_a_run_may_not_need() -> None:
    script = (
        "import sys, lms_bridge.testing.pytest_plugin; "
        "print(sorted({'flask', 'sqlalchemy', 'playwright', 'alembic'} & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_a_made_person_launches_as_the_person_that_the_agency_knows(bridge_app, make_person, launch_as) -> None:
    wati = make_person("Wati Sukma", post_level="AHLI_MUDA", post="Analis Data", unit="BANGKOM")

    home = launch_as(wati.username).page

    assert "Wati Sukma" in home.text
    assert "Analis Data" in home.text
    with bridge_app.app_context():
        known = select(Person.name).where(Person.nip == wati.nip)
        assert db.session.scalars(known, execution_options={"all_agencies": True}).all() == ["Wati Sukma"]


def test_a_person_made_without_a_post_has_none(bridge_app, make_person) -> None:
    somebody = make_person()

    with bridge_app.app_context():
        agency = db.session.scalar(select(Agency.id).where(Agency.code == "demo"))
        with acting_as(agency):
            assert placement_of(person_ref(somebody.id), on=now().date()) is None


def test_a_made_superior_sees_the_result_of_their_staff(make_person, launch_as) -> None:
    wati = make_person("Wati", post_level="ADMINISTRATOR")
    maya = make_person("Maya", post_level="AHLI_MUDA", superior=wati)
    result = rate_oneself(launch_as(maya.username, module="competency.self-rating"))

    assert launch_as(wati.username).get(result).status_code == 200
    assert launch_as(make_person().username).get(result).status_code == 403


def test_the_other_agency_has_people_of_its_own(bridge_app, launch_as, other_agency) -> None:
    launch_as("ani")

    neighbour = other_agency.launch_as("ani")

    assert neighbour.page.status_code == 200
    assert "Pemerintah Kabupaten Sebelah" in neighbour.page.text
    with bridge_app.app_context():
        people = select(Person.agency_id).where(Person.nip == "199203142015032004")
        found = db.session.scalars(people, execution_options={"all_agencies": True}).all()
    assert len(found) == 2 and other_agency.id in found


def test_a_grade_of_the_other_agency_goes_to_its_own_lms(other_agency, practice_platform, outbox) -> None:
    rate_oneself(other_agency.launch_as("ani", module="competency.self-rating"), post_level="AHLI_MUDA")

    outbox.drain()

    assert [grade.username for grade in other_agency.platform.grades()] == ["ani"]
    assert practice_platform.calls() == []


@pytest.mark.browser
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_page_of_a_launch_opens_in_a_real_browser(launch_as, open_page, axe) -> None:
    browser = launch_as("ani", module="competency.self-rating", locale="en")

    page = open_page(browser, "/p/competency/self-rating/start", width=320)
    page.locator("main form button.btn-primary").click()
    page.wait_for_url("**/self-rating/M1/3")

    assert page.locator("html").get_attribute("lang") == "en"
    assert axe(page) == []


@pytest.mark.browser
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_axe_finds_is_told(launch_as, open_page, axe) -> None:
    page = open_page(launch_as("ani"), "/")

    page.evaluate("document.querySelector('h1').insertAdjacentHTML('afterend', '<input>')")

    assert any("critical label" in fault for fault in axe(page))


@pytest.mark.parametrize(("ci", "code", "says"), [("", 0, "1 skipped"), ("true", 1, "the browser tests are required")])
def test_a_missing_chromium_leaves_out_only_what_needs_it(tmp_path: Path, ci: str, code: int, says: str) -> None:
    (tmp_path / "test_one.py").write_text(
        "import pytest\ndef test_plain(): pass\n@pytest.mark.browser\ndef test_look(chromium): pass\n",
        "utf-8",
    )
    environment: dict[str, Any] = {**os.environ, "LMS_BRIDGE_CHROMIUM": "/nowhere/chromium", "CI": ci}

    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rs", "--strict-markers", "-p", "no:cacheprovider", "."],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )

    assert (run.returncode, "1 passed" in run.stdout) == (code, True), run.stdout
    assert "no Chromium at /nowhere/chromium" in run.stdout and says in run.stdout
