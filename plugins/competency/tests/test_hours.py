"""Learning hours: entered with proof, verified by the superior, counted at once, and counted anew after each change."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

import pytest
from lms_bridge_competency.hours.models import Claim, ClaimState
from sqlalchemy import event, select

from lms_bridge.api import ActivityDetails, Person, confirm_activity, db, now, person_ref, withdraw_activity

ANI = "199203142015032004"
SEMINAR = {"form": "B6", "title": "Seminar pelayanan publik", "amount": "1", "proof": "Sertifikat 12/2026, LAN"}
HOURS = "/p/competency/hours"


@pytest.fixture
def today():
    return dt.datetime.now(dt.timezone(dt.timedelta(hours=7))).date()


@pytest.fixture
def ani(launch_as):
    return launch_as("ani", locale="en")


@pytest.fixture
def rahmat(launch_as):
    return launch_as("rahmat", locale="en")


@pytest.fixture
def enter(ani, today):
    """Enter an activity as Ani: ``enter(title="...")``."""

    def send(**changes):
        return ani.post(f"{HOURS}/enter", data={**SEMINAR, "day": today.isoformat(), **changes})

    return send


def boxes(browser):
    return re.findall(r'name="claims" value="(\d+:\d+)"', browser.get(f"{HOURS}/verify").text)


def verify(browser, *, go="verify", **more):
    return browser.post(f"{HOURS}/verify", data={"claims": boxes(browser), "go": go, **more})


PROGRAMME = 10
"""JP of the workshop that Ani completed in the demo agency."""


def total(browser):
    """Return the JP that the page of the year shows, beside those of the workshop."""
    return int(re.search(r'lb-stat-value">\s*(\d+)', browser.get(HOURS).text)[1]) - PROGRAMME


def test_what_is_entered_counts_once_the_superior_has_verified_it(ani, rahmat, enter):
    assert enter().status_code == 303
    before = total(ani)

    assert verify(rahmat).status_code == 303

    assert (before, total(ani)) == (0, 4)
    assert "Verified" in ani.get(HOURS).text
    assert "Nothing waits for you" in rahmat.get(f"{HOURS}/verify").text


def test_an_activity_that_is_corrected_counts_no_more_until_it_is_verified_again(ani, rahmat, enter, today):
    enter()
    verify(rahmat)

    ani.post(f"{HOURS}/claims/1", data={**SEMINAR, "day": today.isoformat(), "amount": "2", "version": "2"})
    between = total(ani)
    verify(rahmat)

    expected = 8 if (today + dt.timedelta(days=1)).year == today.year else 4
    assert (between, total(ani)) == (0, expected)


def test_an_activity_that_is_taken_back_counts_no_more_and_may_be_entered_anew(ani, rahmat, enter):
    enter()
    verify(rahmat)

    ani.post(f"{HOURS}/claims/1/withdraw", data={"version": "2"})

    assert total(ani) == 0
    assert enter().status_code == 303


def test_what_is_sent_back_says_why_and_can_be_corrected(ani, rahmat, enter, today, stored):
    enter()
    without = verify(rahmat, go="return")
    verify(rahmat, go="return", note="Nomor sertifikat belum ada")

    page = ani.get(f"{HOURS}/claims/1").text
    ani.post(f"{HOURS}/claims/1", data={**SEMINAR, "day": today.isoformat(), "proof": "12/2026", "version": "2"})

    assert without.status_code == 422 and "Say what is missing" in without.text
    assert "Nomor sertifikat belum ada" in page
    assert stored.one(select(Claim)).state is ClaimState.SENT


def test_the_same_activity_twice_is_refused_and_what_was_typed_stays(enter, stored):
    enter()

    again = enter()

    assert again.status_code == 409
    assert "are in your list" in again.text and "Seminar pelayanan publik" in again.text
    assert stored.count(Claim) == 1


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"form": "Z9"}, "Choose a form of development from the list."),
        ({"day": "2999-01-01"}, "today at the latest"),
        ({"day": "1990-01-01"}, "today at the latest"),
        ({"amount": "0"}, "a number above 0"),
        ({"amount": "-1"}, "a number above 0"),
        ({"amount": "1e9"}, "a number above 0"),
        ({"amount": "NaN"}, "needs correcting"),
        ({"form": "C3", "amount": "1.5"}, "whole minutes"),
        ({"title": " "}, "needs correcting"),
        ({"title": "x" * 256}, "needs correcting"),
        ({"proof": ""}, "needs correcting"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(enter, stored, changes, told):
    page = enter(**changes)

    assert page.status_code == 422
    assert (told in page.text and "Sertifikat" in page.text) or "proof" in changes
    assert stored.count(Claim) == 0


def test_markup_in_a_title_is_text(ani, rahmat, enter):
    enter(title="<script>alert(1)</script>")

    assert "<script>alert" not in rahmat.get(f"{HOURS}/verify").text
    assert "&lt;script&gt;" in ani.get(HOURS).text


def test_two_who_decide_at_once_decide_once(rahmat, enter, launch_as):
    enter()
    analyst = launch_as("dewi", locale="en")
    seen = boxes(analyst)
    verify(rahmat, go="return", note="Belum lengkap")

    late = analyst.post(f"{HOURS}/verify", data={"claims": seen, "go": "verify"})

    assert late.status_code == 409


def test_what_was_corrected_since_the_verifier_looked_is_not_verified_unseen(ani, rahmat, enter, today, stored):
    enter()
    seen = boxes(rahmat)
    ani.post(f"{HOURS}/claims/1", data={**SEMINAR, "day": today.isoformat(), "amount": "90", "version": "1"})

    answer = rahmat.post(f"{HOURS}/verify", data={"claims": seen, "go": "verify"})

    assert answer.status_code == 409
    assert stored.one(select(Claim)).state is ClaimState.SENT


def test_an_old_page_changes_nothing(ani, enter, today):
    enter()
    form = {**SEMINAR, "day": today.isoformat(), "version": "1"}
    ani.post(f"{HOURS}/claims/1", data={**form, "amount": "2"})

    assert ani.post(f"{HOURS}/claims/1", data={**form, "amount": "3"}).status_code == 409
    assert ani.post(f"{HOURS}/claims/1/withdraw", data={"version": "1"}).status_code == 409


@pytest.mark.parametrize("user", ["budi", "hendra", "admin", "sari"])
def test_nobody_else_verifies(launch_as, enter, user):
    enter()
    browser = launch_as(user, locale="en")

    page = browser.get(f"{HOURS}/verify")
    answer = browser.post(f"{HOURS}/verify", data={"claims": ["1:1"], "go": "verify"})

    assert "Seminar" not in page.text
    assert answer.status_code in {403, 404}


def test_nobody_verifies_their_own(rahmat, today, stored):
    rahmat.post(f"{HOURS}/enter", data={**SEMINAR, "day": today.isoformat()})

    assert boxes(rahmat) == []
    assert rahmat.post(f"{HOURS}/verify", data={"claims": ["1:1"], "go": "verify"}).status_code == 404


def test_nobody_opens_the_entry_of_somebody_else(enter, rahmat):
    enter()

    assert rahmat.get(f"{HOURS}/claims/1").status_code == 404
    assert rahmat.post(f"{HOURS}/claims/1/withdraw", data={"version": "1"}).status_code == 404


def test_superiors_and_analysts_see_the_year_of_their_people_and_others_do_not(launch_as, stored):
    ani = stored.one(select(Person).where(Person.nip == ANI)).id

    seen = {user: launch_as(user).get(f"{HOURS}/of/{ani}").status_code for user in ("rahmat", "dewi", "budi", "sari")}

    assert seen == {"rahmat": 200, "dewi": 200, "budi": 403, "sari": 403}


def test_what_other_plugins_confirm_counts_and_counts_no_more_when_they_take_it_back(ani, stored, today):
    monday = dt.datetime.combine(today.replace(day=1), dt.time(3), tzinfo=dt.UTC)
    with stored.opened():
        person = person_ref(db.session.scalars(select(Person.id).where(Person.nip == ANI)).one())
        for number in range(3):
            details = ActivityDetails(form="C1", title=f"Sesi {number}", starts_at=monday, units=Decimal(1))
            confirm_activity(person, details, source="probe", reference=str(number), now=now())
    three = total(ani)
    with stored.opened():
        withdraw_activity(source="probe", reference="0", now=now())
        withdraw_activity(source="probe", reference="1", now=now())

    assert (three, total(ani)) == (4, 2)


def test_the_home_page_says_how_far_the_year_is_and_what_waits(ani, rahmat, enter):
    enter()

    assert "10 of 20 JP count this year." in ani.get("/").text
    assert "Verify 1 activity" in rahmat.get("/").text


def test_the_target_is_the_agencys(ani, stored, bridge_app):
    from lms_bridge.services.plugin_settings import choose_settings

    with stored.opened():
        choose_settings("competency", {"jp_target": "24"})

    assert "/ 24 JP" in ani.get(HOURS).text


@pytest.mark.parametrize("ending", ["csv", "xlsx", "pdf"])
def test_the_year_is_taken_away(ani, rahmat, enter, ending):
    enter()
    verify(rahmat)

    answer = ani.get(f"{HOURS}.{ending}")

    assert answer.status_code == 200
    assert ending != "csv" or "Seminar pelayanan publik" in answer.data.decode()


def test_a_year_costs_a_known_number_of_statements(ani, rahmat, enter, bridge_app):
    for number in range(4):
        enter(title=f"Seminar {number}")
    verify(rahmat)
    asked = []
    with bridge_app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", lambda *call: asked.append(call[2]))

    ani.get(HOURS)

    assert len(asked) <= 12
