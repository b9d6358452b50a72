"""Development plans: proposed from gaps, written by their owners, approved by superiors, checked by analysts."""

from __future__ import annotations

import datetime as dt
import io
import re
from decimal import Decimal

import pytest
from lms_bridge_competency.plan.models import Plan, PlanItem, PlanState, PlanStep, StepKind
from lms_bridge_competency.plan.progress import measure
from lms_bridge_competency.plan.rules import mix, propose
from lms_bridge_competency.privacy import erase_rows, export_rows
from pypdf import PdfReader
from sqlalchemy import select

from lms_bridge.api import (
    ActivityDetails,
    Aim,
    GapView,
    Person,
    ProgrammeStatus,
    ProgrammeView,
    confirm_activity,
    db,
    development_forms,
    now,
    open_gap,
    person_ref,
)
from lms_bridge.jobs import events

from .conftest import ANI

PLAN, PLANS = "/p/competency/plan", "/p/competency/plans"
M3 = "asn-38-2017:M3"
ITEM = {"competency": M3, "to_level": "3", "form": "B7", "title": "Lokakarya <komunikasi>", "jp": "5", "quarter": "4"}
DAY = dt.datetime(2026, 11, 25, tzinfo=dt.UTC)


@pytest.fixture
def ani(launch_as, stored):
    with stored.opened():
        person = person_ref(db.session.scalar(select(Person.id).where(Person.nip == ANI)))
        open_gap(person=person, competency=M3, required=3, attained=2, now=now())
    return launch_as("ani", locale="en")


@pytest.fixture
def rahmat(launch_as):
    return launch_as("rahmat", locale="en")


def version(browser):
    return re.search(r'name="version" value="(\d+)"', browser.get(PLAN).text)[1]


def boxes(browser):
    return re.findall(r'name="plans" value="(\d+:\d+)"', browser.get(PLANS).text)


def take_all(browser):
    marked = re.findall(r'name="proposals" value="([^"]+)"', browser.get(PLAN).text)
    return browser.post(f"{PLAN}/take", data={"proposals": marked})


def send(browser):
    return browser.post(f"{PLAN}/send", data={"version": version(browser)})


def gap(competency=M3, required=3, attained=2):
    return GapView(competency, required, attained, DAY)


def course(*, jp="30", seats=None, taken=0):
    return ProgrammeView(
        7, "P7", "Komunikasi publik", "B3", Decimal(jp), None, None, None, seats, None, ProgrammeStatus.OPEN,
        (Aim(M3),), taken,
    )  # fmt: skip


def forms(stored):
    with stored.opened():
        return development_forms()


def test_a_missing_level_is_proposed_as_twenty_jp_in_the_mix_of_70_20_10(stored):
    found = propose([gap()], forms(stored), [])

    assert [(one.share, one.form, one.times, one.jp) for one in found] == [
        (70, "C11", 7, Decimal(14)),
        (20, "C1", 2, Decimal(4)),
        (10, "C3", 1, Decimal(3)),
    ]
    assert {one.to_level for one in found} == {3}


def test_two_missing_levels_are_proposed_with_twice_as_much(stored):
    assert [one.jp for one in propose([gap(attained=1)], forms(stored), [])] == [28, 8, 6]


def test_formal_learning_is_the_programme_that_aims_at_the_gap_while_it_has_seats(stored):
    known = forms(stored)

    free, full = (propose([gap()], known, [course(seats=2, taken=taken)])[2] for taken in (1, 2))

    assert (free.programme_id, free.form, free.jp, free.title) == (7, "B3", Decimal(30), "Komunikasi publik")
    assert full.programme_id is None


def test_the_mix_is_percent_of_the_planned_jp():
    assert mix([(70, Decimal(14)), (20, Decimal(4)), (10, Decimal(2))]) == {70: 70, 20: 20, 10: 10}
    assert mix([]) == {}


def test_from_a_gap_to_an_approved_and_checked_plan(ani, rahmat, launch_as, stored):
    assert "Guided practice at work" in ani.get(PLAN).text
    assert take_all(ani).status_code == 303
    assert "Proposed for your gaps" not in ani.get(PLAN).text
    assert send(ani).status_code == 303
    assert "Waits for approval" in ani.get(PLAN).text
    assert "Approve 1 development plan" in rahmat.get("/").text

    assert rahmat.post(PLANS, data={"plans": boxes(rahmat), "go": "approve"}).status_code == 303

    dewi = launch_as("dewi", locale="en")
    assert "Check 1 approved plan" in dewi.get("/").text
    assert dewi.post(PLANS, data={"plans": boxes(dewi), "go": "check"}).status_code == 303
    page = ani.get(PLAN).text
    for step in ("Sent to the superior", "Approved, Rahmat", "Money and schedule checked"):
        assert step in page
    with stored.opened():
        plan = db.session.scalars(select(Plan)).one()
        assert (plan.state, plan.checked_at is not None) == (PlanState.APPROVED, True)
        assert sum(one.jp for one in db.session.scalars(select(PlanItem))) == 21


def test_a_returned_plan_says_why_and_goes_again(ani, rahmat):
    take_all(ani)
    send(ani)

    without = rahmat.post(PLANS, data={"plans": boxes(rahmat), "go": "return", "note": " "})
    rahmat.post(PLANS, data={"plans": boxes(rahmat), "go": "return", "note": "Tambah <b>coaching</b>"})

    assert without.status_code == 422
    assert "Tambah &lt;b&gt;coaching&lt;/b&gt;" in ani.get(PLAN).text
    assert "Correct your development plan" in ani.get("/").text
    ani.post(f"{PLAN}/items/new", data=ITEM)
    assert send(ani).status_code == 303


def test_nobody_approves_what_was_changed_since_they_looked(ani, rahmat, stored):
    take_all(ani)
    send(ani)
    seen = boxes(rahmat)
    ani.post(f"{PLAN}/reopen", data={"version": version(ani)})
    ani.post(f"{PLAN}/items/new", data=ITEM)
    send(ani)

    answer = rahmat.post(PLANS, data={"plans": seen, "go": "approve"})

    assert answer.status_code == 409
    with stored.opened():
        assert db.session.scalars(select(Plan.state)).one() is PlanState.AWAITING


def test_a_second_tab_changes_nothing_behind_the_first(ani, stored):
    ani.post(f"{PLAN}/items/new", data=ITEM)
    with stored.opened():
        item = db.session.scalars(select(PlanItem.id)).one()
    old = version(ani)
    ani.post(f"{PLAN}/items/{item}", data={**ITEM, "version": old, "jp": "6"})

    answers = [
        ani.post(f"{PLAN}/items/{item}", data={**ITEM, "version": old, "jp": "7"}),
        ani.post(f"{PLAN}/items/{item}/remove", data={"version": old}),
        ani.post(f"{PLAN}/send", data={"version": old}),
    ]

    assert [answer.status_code for answer in answers] == [409, 409, 409]
    with stored.opened():
        assert db.session.scalars(select(PlanItem.jp)).one() == 6


def test_a_waiting_or_approved_plan_is_not_changed_and_an_empty_one_not_sent(ani, rahmat):
    ani.post(f"{PLAN}/items/new", data=ITEM)
    send(ani)
    assert ani.post(f"{PLAN}/items/new", data=ITEM).status_code == 409
    rahmat.post(PLANS, data={"plans": boxes(rahmat), "go": "approve"})
    assert ani.post(f"{PLAN}/items/new", data=ITEM).status_code == 409

    ani.post(f"{PLAN}/reopen", data={"version": version(ani)})
    page = ani.get(PLAN).text
    item = re.search(r"plan/items/(\d+)", page)[1]
    ani.post(f"{PLAN}/items/{item}/remove", data={"version": version(ani)})

    assert "Send for approval" not in ani.get(PLAN).text
    assert "Draft" in ani.get(PLAN).text


def test_an_approved_plan_that_is_changed_needs_approval_and_check_again(ani, rahmat, launch_as, stored):
    ani.post(f"{PLAN}/items/new", data=ITEM)
    send(ani)
    rahmat.post(PLANS, data={"plans": boxes(rahmat), "go": "approve"})
    dewi = launch_as("dewi")
    dewi.post(PLANS, data={"plans": boxes(dewi), "go": "check"})

    ani.post(f"{PLAN}/reopen", data={"version": version(ani)})

    with stored.opened():
        plan = db.session.scalars(select(Plan)).one()
        kinds = list(db.session.scalars(select(PlanStep.kind).order_by(PlanStep.id)))
        assert (plan.state, plan.checked_at) == (PlanState.DRAFT, None)
        assert kinds == [StepKind.SENT, StepKind.APPROVED, StepKind.CHECKED, StepKind.REOPENED]


@pytest.mark.parametrize(
    "wrong",
    [
        {"jp": "0"},
        {"jp": "NaN"},
        {"jp": "401"},
        {"quarter": "5"},
        {"to_level": "6"},
        {"form": "Z9"},
        {"competency": "asn-38-2017:X"},
        {"title": " "},
        {"cost": "-1"},
    ],
)
def test_what_cannot_be_planned_is_told_beside_its_field_and_kept(ani, wrong):
    answer = ani.post(f"{PLAN}/items/new", data={**ITEM, **wrong})

    assert answer.status_code == 422
    assert f'id="fault-{next(iter(wrong))}"' in answer.text
    assert "needs correcting" in answer.text


def test_only_the_line_decides_and_only_those_entitled_look(ani, launch_as, stored):
    ani.post(f"{PLAN}/items/new", data=ITEM)
    send(ani)
    with stored.opened():
        plan = db.session.scalars(select(Plan)).one()
        box, owner = f"{plan.id}:{plan.version}", plan.person_id

    assert ani.post(PLANS, data={"plans": [box], "go": "approve"}).status_code == 403
    dewi = launch_as("dewi")
    assert dewi.get(f"{PLAN}/of/{owner}").status_code == 200
    assert dewi.post(PLANS, data={"plans": [box], "go": "approve"}).status_code in {403, 404, 409}
    for name in ("budi", "sari", "admin"):
        assert launch_as(name).get(f"{PLAN}/of/{owner}").status_code == 403
    with stored.opened():
        assert db.session.scalars(select(Plan.state)).one() is PlanState.AWAITING


def test_the_plan_goes_out_as_a_document_and_as_a_sheet(ani):
    ani.post(f"{PLAN}/items/new", data={**ITEM, "cost": "1500000", "organiser": "BKPSDM"})

    text = PdfReader(io.BytesIO(ani.get(f"{PLAN}.pdf").data)).pages[0].extract_text()

    assert "Development plan" in text
    assert "Lokakarya <komunikasi>" in text
    assert "Rahmat" in text
    assert "BKPSDM" in ani.get(f"{PLAN}.csv").text


def test_erasing_takes_the_plan_along(ani, stored):
    ani.post(f"{PLAN}/items/new", data=ITEM)
    send(ani)
    with stored.opened():
        person = person_ref(db.session.scalar(select(Person.id).where(Person.nip == ANI)))
        parts = {part.name: part.rows for part in export_rows(person)}
        assert [row["state"] for row in parts["competency_plans"]] == ["awaiting"]
        assert [row["title"] for row in parts["competency_plan_items"]] == ["Lokakarya <komunikasi>"]

        erase_rows(person)

        assert list(db.session.scalars(select(Plan.id))) == []


def test_progress_counts_of_each_form_at_most_what_is_planned():
    found = measure([("B7", Decimal(5)), ("C1", Decimal(4)), ("C1", Decimal(4))], {"B7": Decimal(12), "C1": Decimal(2)})

    assert (found.planned, found.done, found.share) == (13, 7, Decimal("0.5385"))
    assert measure([], {"B7": Decimal(3)}).share == 0


def test_the_grade_of_an_approved_plan_follows_what_is_done(ani, rahmat, stored, bridge_app):
    ani.post(f"{PLAN}/items/new", data={**ITEM, "form": "C7"})
    ani.post(f"{PLAN}/items/new", data={**ITEM, "title": "Magang", "form": "C6", "jp": "5"})
    send(ani)
    assert stored.rows("core_person_score") == []
    rahmat.post(PLANS, data={"plans": boxes(rahmat), "go": "approve"})
    assert [(row.module, row.value, row.in_progress) for row in stored.rows("core_person_score")] == [
        ("competency.plan", 0, True)
    ]

    claim = {"form": "C7", "title": "Kunjungan", "day": "2026-03-02", "amount": "1", "proof": "Surat 1"}
    ani.post("/p/competency/hours/enter", data=claim)
    box = re.search(r'name="claims" value="([^"]+)"', rahmat.get("/p/competency/hours/verify").text)[1]
    rahmat.post("/p/competency/hours/verify", data={"claims": box, "go": "verify"})
    with bridge_app.app_context():
        while events.deliver_due():
            pass
        db.session.remove()

    # A visit to another agency counts 10 JP, of which 5 are planned; the other is still to come.
    assert [row.value for row in stored.rows("core_person_score")] == [Decimal("0.5")]
    assert "5 of 10 JP done" in ani.get(PLAN).text


def test_a_deed_that_is_verified_after_new_year_moves_the_plan_of_the_old_one(ani, stored, bridge_app):
    ani.post(f"{PLAN}/items/new", data={**ITEM, "form": "C7", "jp": "10"})
    with stored.opened():
        plan = db.session.scalars(select(Plan)).one()
        plan.state, plan.year = PlanState.APPROVED, now().year - 1
        dt.datetime(plan.year, 6, 1, tzinfo=dt.UTC)
        confirm_activity(
            person_ref(plan.person_id),
            ActivityDetails(
                form="C7", title="Kunjungan", starts_at=dt.datetime(plan.year, 6, 1, tzinfo=dt.UTC), units=Decimal(1)
            ),
            source="test",
            reference="1",
            now=now(),
        )
    with bridge_app.app_context():
        while events.deliver_due():
            pass
        db.session.remove()

    assert [row.value for row in stored.rows("core_person_score")] == [1]
