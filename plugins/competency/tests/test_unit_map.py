"""The map of a unit: what is counted, what is shown to whom, and what is taken away."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal

import pytest
from lms_bridge_competency.models import Result, ResultLine
from lms_bridge_competency.rules import Line, Method, grade, job_person_match
from lms_bridge_competency.unit_map.figures import Cell, Group, Standing, UnitFigures, protected, together
from lms_bridge_competency.unit_map.reading import count_unit
from sqlalchemy import event, select

from lms_bridge.api import (
    Person,
    Unit,
    child_units,
    db,
    person_ref,
    placed_below,
    subtree,
    subtree_people,
    superiors_of,
    unit_path,
    units_headed,
)

KEYS = tuple(f"asn-38-2017:{code}" for code in ("M1", "M2"))
AT = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def group(rated, *, unit_id=1, people=None):
    cells = {key: Cell(people=rated, short=rated, gap=rated) for key in KEYS}
    return Group(unit_id, f"Unit {unit_id}", Standing(people or rated, rated, Decimal(80) * rated), cells)


def figures(*sizes):
    groups = [group(size, unit_id=number) for number, size in enumerate(sizes, start=1)]
    return UnitFigures(groups, together(groups, unit_id=9, name="Whole"), KEYS)


def test_mean_gap_counts_everybody_and_the_share_only_who_is_below():
    cell = Cell()
    cell.add(required=3, attained=2, people=2)
    cell.add(required=3, attained=4, people=1)
    cell.add(required=2, attained=2, people=1)

    assert (cell.people, cell.mean_gap, cell.short_share) == (4, Decimal("0.25"), Decimal(50))
    assert dict(cell.levels) == {2: 3, 4: 1}


@pytest.mark.parametrize(
    ("gap", "step"), [(-15, -2), (-14, -1), (-5, -1), (-4, 0), (4, 0), (5, 1), (9, 1), (10, 2), (14, 2), (15, 3)]
)
def test_the_scale_has_its_edges(gap, step):
    assert Cell(people=10, gap=gap).step == step


def test_a_small_group_is_hidden_with_another_so_that_the_total_does_not_tell_it():
    shown = protected(figures(4, 6, 9))

    assert [one.hidden for one in shown.groups] == [True, True, False]
    assert not shown.whole.hidden
    assert all(not one.cells and not one.standing.rated for one in shown.groups if one.hidden)


def test_the_whole_is_hidden_where_few_were_rated():
    assert protected(figures(4)).whole.hidden
    assert not protected(figures(5)).whole.hidden


# On the demo's organisation


@pytest.fixture
def store(bridge_app):
    """Store results: ``store(person_id, attained)`` of two competencies that require 3, and return the id."""

    def make(person_id, *attained, number=1, at=AT):
        lines = [Line(key, 3, level) for key, level in zip(KEYS, attained, strict=True)]
        result = Result(
            person_id=person_id,
            cycle="2026",
            number=number,
            computed_at=at,
            post_name="Post",
            post_level="AHLI_MUDA",
            self_declared=False,
            method=Method.TOTAL_CAP,
            jpm_total_cap=job_person_match(lines, method=Method.TOTAL_CAP).value,
            jpm_no_compensation=job_person_match(lines, method=Method.NO_COMPENSATION).value,
            grade=grade(lines),
            inputs={"standard": {}, "sources": {"self": {"answers": {}}}, "rules": {}, "bands": []},
        )
        db.session.add(result)
        db.session.flush()
        db.session.add_all(
            ResultLine(
                result_id=result.id,
                position=place,
                competency=one.competency,
                required=3,
                attained=one.attained,
                gap=one.gap,
            )
            for place, one in enumerate(lines, start=1)
        )
        db.session.flush()
        return result.id

    return make


@pytest.fixture
def today():
    return dt.datetime.now(dt.UTC).date()


@pytest.fixture
def seeded(bridge_app, stored, store, today):
    """Whoever holds a post below the top rated: everybody reaches 2 and 3; returns the top unit's id and the people."""
    with stored.opened():
        top = db.session.scalars(select(Unit.id).where(Unit.parent_id.is_(None)).order_by(Unit.id)).first()
        placed = placed_below(top, on=today)
        people = sorted(set(db.session.scalars(select(placed.c.person_id))))
        for person_id in people:
            store(person_id, 2, 3)
    return top, people


def test_everybody_is_counted_once_in_the_branch_where_they_are(seeded, stored, today):
    top, people = seeded
    with stored.opened():
        counted = count_unit(unit_path(top, on=today)[0], on=today)
        branches = {unit.id for unit in child_units(top, on=today)}

    assert counted.whole.standing.people == len(people) == sum(one.standing.people for one in counted.groups)
    assert {one.unit_id for one in counted.groups} <= branches | {top}
    assert counted.whole.cells[KEYS[0]].mean_gap == 1 and counted.whole.cells[KEYS[1]].mean_gap == 0
    assert counted.whole.standing.mean_jpm == Decimal("83.33")
    assert counted.whole.standing.categories == {"MS": len(people)}


def test_the_newest_result_counts_and_who_has_none_is_left_out(seeded, stored, store, today):
    top, people = seeded
    with stored.opened():
        store(people[0], 1, 1, number=2, at=AT + dt.timedelta(days=1))
        db.session.delete(db.session.scalars(select(Result).where(Result.person_id == people[1])).one())
        db.session.flush()
        counted = count_unit(unit_path(top, on=today)[0], on=today)

    cell = counted.whole.cells[KEYS[0]]
    assert counted.whole.standing.rated == cell.people == len(people) - 1
    assert cell.levels[1] == 1


def test_a_linked_record_brings_its_result_to_the_person(seeded, stored, store, today):
    top, people = seeded
    with stored.opened():
        other = Person(
            agency_id=db.session.get(Person, people[0]).agency_id, name="Same", same_as_id=people[0], created_at=AT
        )
        db.session.add(other)
        db.session.flush()
        store(other.id, 5, 5, at=AT + dt.timedelta(days=1))
        counted = count_unit(unit_path(top, on=today)[0], on=today)

    assert counted.whole.standing.rated == len(people)
    assert counted.whole.cells[KEYS[0]].levels[5] == 1


def test_an_analyst_drills_from_the_top_to_people_and_takes_them_away(seeded, launch_as):
    top, people = seeded
    analyst = launch_as("dewi")

    page = analyst.get(f"/p/competency/units/{top}")
    listed = analyst.get(f"/p/competency/units/{top}/people?page=2").text
    file = analyst.get(f"/p/competency/units/{top}/people.csv").data.decode("utf-8-sig")

    rows = list(csv.reader(io.StringIO(file)))
    assert "Matriks gap" in page.text and "+1,0" in page.text
    assert "/p/competency/results/" in listed
    assert len({row[2] for row in rows[1:-1]}) == len(people)


@pytest.mark.parametrize("ending", ["csv", "xlsx", "pdf"])
@pytest.mark.parametrize("what", ["matrix", "levels"])
def test_tables_are_taken_away_in_every_format(seeded, launch_as, what, ending):
    answer = launch_as("dewi").get(f"/p/competency/units/{seeded[0]}/{what}.{ending}")

    assert answer.status_code == 200 and answer.content_length > 200


def test_a_head_sees_the_figures_of_their_units_and_no_other_ones(seeded, launch_as, stored, today):
    head, top = launch_as("hendra"), seeded[0]
    with stored.opened():
        hendra = db.session.scalars(select(Person).where(Person.name.startswith("Dr. Hendra"))).one()
        headed = units_headed(person_ref(hendra.id), on=today)
        beside = db.session.scalars(select(Unit.id).where(Unit.id.not_in([*headed, top]))).all()
        within = {one.id for unit_id in headed for one in subtree(unit_id, on=today)}

    answers = {unit_id: head.get(f"/p/competency/units/{unit_id}").status_code for unit_id in (*headed, *beside)}

    assert answers[headed[0]] == 200
    assert {answers[unit_id] for unit_id in beside if unit_id not in within} <= {403, 404}


def test_a_head_takes_no_name_away_that_is_not_theirs_to_see(seeded, launch_as, stored, today):
    head = launch_as("hendra")
    own = head.get("/p/competency/units").headers["Location"].removeprefix(head.prefix)
    with stored.opened():
        hendra = db.session.scalars(select(Person).where(Person.name.startswith("Dr. Hendra"))).one()
        hendra_name = hendra.name
        theirs = {one.person_id for one in subtree_people(person_ref(hendra.id), on=today)}
        reports = {
            one
            for one in theirs
            if hendra.id in {superior.person_id for superior in superiors_of(person_ref(one), on=today)}
        }
        names = set(db.session.scalars(select(Person.name).where(Person.id.in_(reports))))

    file = head.get(f"{own}/people.csv").data.decode("utf-8-sig")

    assert {row[1] for row in list(csv.reader(io.StringIO(file)))[1:-1]} == names | {hendra_name}
    assert theirs != reports
    assert sum(row.action == "competency.view-result" for row in stored.rows("core_audit_entry")) == len(names)


def test_a_page_costs_the_same_whatever_the_size(seeded, launch_as, bridge_app):
    analyst, asked = launch_as("dewi"), []
    engine = _engine(bridge_app)
    event.listen(engine, "before_cursor_execute", lambda *call: asked.append(call[2]))

    analyst.get(f"/p/competency/units/{seeded[0]}")
    matrix = len(asked)
    analyst.get(f"/p/competency/units/{seeded[0]}/people")

    assert matrix <= 11
    assert len(asked) - matrix <= 16


def _engine(app):
    with app.app_context():
        return db.engine


@pytest.mark.parametrize("user", ["ani", "budi", "admin", "sari"])
def test_whoever_leads_nobody_is_refused(seeded, launch_as, user):
    browser, top = launch_as(user), seeded[0]

    answers = [
        browser.get(f"/p/competency/units{rest}") for rest in ("", f"/{top}", f"/{top}/people", f"/{top}/matrix.csv")
    ]

    assert {answer.status_code for answer in answers} == {403}


def test_a_unit_of_another_agency_is_not_there(seeded, launch_as):
    assert launch_as("dewi").get("/p/competency/units/999999").status_code == 404
