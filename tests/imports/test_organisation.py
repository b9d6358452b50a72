"""Imports of units, posts, placements, programmes and participants: what hangs together is checked together."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import func, select

from lms_bridge.db import db, now
from lms_bridge.models import (
    ImportRow,
    ImportState,
    Person,
    Placement,
    PlacementSuperior,
    Post,
    Programme,
    ProgrammeCompetency,
    ProgrammeParticipant,
    SuperiorKind,
    Unit,
    UnitClosure,
)
from lms_bridge.services import heads
from lms_bridge.services.people import person_ref
from lms_bridge.services.units import subtree
from tests.imports.conftest import applied, check, undone

UNITS = ["Kode Unit", "Nama Unit", "Kode Unit Induk", "Tanggal Mulai"]
POSTS = ["Kode Jabatan", "Nama Jabatan", "Jenis Jabatan", "Jenjang", "Kode Unit", "Memimpin Unit"]
PLACEMENTS = ["NIP", "Kode Jabatan", "Kode Unit", "Status Jabatan", "TMT Jabatan", "Sampai"]
DEWI = "198809232012122001"
START = "01-01-2024"
DAY = dt.date(2026, 1, 1)


def faults(row: Any) -> dict[int, list[str]]:
    staged = db.session.scalars(select(ImportRow).where(ImportRow.import_id == row.id, ImportRow.faults.is_not(None)))
    return {one.number: one.faults for one in staged}


def units() -> list[tuple[Any, ...]]:
    return [tuple(row) for row in db.session.execute(select(Unit.code, Unit.name).order_by(Unit.code))]


def unit_id(code: str) -> int:
    return db.session.scalars(select(Unit.id).where(Unit.code == code)).one()


def person_id(nip: str) -> int:
    return db.session.scalars(select(Person.id).where(Person.nip == nip)).one()


def count(model: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_units_come_in_any_order_and_hang_below_what_the_list_names(upload):
    row = applied(
        check(
            upload(
                "units",
                [UNITS, ["D1", "Seksi", "D", START], ["D", "Dinas D", "", START], ["X", "Subbidang", "BANGKOM", START]],
            )
        )
    )

    top = db.session.scalar(select(Unit.id).where(Unit.code == "D"))
    bangkom = db.session.scalar(select(Unit.id).where(Unit.code == "BANGKOM"))
    assert row.rows_new == 3
    assert [unit.code for unit in subtree(top, on=dt.date(2026, 1, 1))] == ["D", "D1"]
    assert [unit.code for unit in subtree(bangkom, on=dt.date(2026, 1, 1))] == ["BANGKOM", "X"]


def test_units_that_form_no_tree_are_named_each_with_its_reason(upload):
    row = check(
        upload(
            "units",
            [
                UNITS,
                ["A", "A", "B", START],
                ["B", "B", "A", START],
                ["C", "C", "Tidak ada", START],
                ["E", "E", "C", START],
                ["BANGKOM", "Bidang", "", START],
                ["BKPSDM", "Badan", "BANGKOM", START],
                ["S", "S", "S", START],
            ],
        )
    )

    assert faults(row) == {
        2: ["parent:circle:"],
        3: ["parent:circle:"],
        4: ["parent:unknown:Tidak ada"],
        5: ["parent:unknown:C"],
        7: ["parent:unit-moves:"],
        8: ["parent:circle:"],
    }
    assert (row.rows_new, row.rows_changed, row.rows_faulty) == (0, 1, 6)


def test_an_import_of_units_is_undone_with_the_tree_and_the_names(upload):
    before = units(), count(UnitClosure)
    row = applied(
        check(
            upload(
                "units",
                [UNITS, ["D", "D", "BKPSDM", START], ["D1", "D1", "D", START], ["BANGKOM", "Baru", "", "02-02-2025"]],
            )
        )
    )
    assert (row.rows_new, row.rows_changed) == (2, 1)

    row = undone(row)

    assert row.state == ImportState.UNDONE
    assert (units(), count(UnitClosure)) == before


def test_an_import_of_units_stays_when_somebody_was_placed_there(upload):
    row = applied(check(upload("units", [UNITS, ["D", "Dinas D", "", START]])))
    known = units()
    applied(check(upload("placements", [PLACEMENTS, [DEWI, "DEWI", "D", "", START, ""]])))

    row = undone(row)

    assert (row.state, row.refusal) == (ImportState.DONE, "used")
    assert units() == known


def test_posts_have_a_level_of_their_type_and_perhaps_one_unit(upload):
    row = applied(
        check(
            upload(
                "posts",
                [
                    POSTS,
                    ["J1", "Kepala Seksi", "JA", "Pengawas", "BANGKOM", "Ya"],
                    ["J2", "Analis", "JF Keahlian", "ahli muda", "", ""],
                    ["J3", "Keliru", "JPT", "Pelaksana", "", ""],
                    ["J4", "Keliru", "JA", "Pelaksana", "Z", "mungkin"],
                ],
            )
        )
    )

    posts = {post.code: post for post in db.session.scalars(select(Post).where(Post.code.in_(["J1", "J2"])))}
    assert faults(row) == {4: ["level:level-of-type:"], 5: ["heads_unit:yes-no:"]}
    assert (posts["J1"].heads_unit, posts["J1"].type, posts["J1"].level) == (True, "JA", "PENGAWAS")
    assert (posts["J2"].heads_unit, posts["J2"].unit_id) == (False, None)
    assert posts["J1"].unit_id == db.session.scalar(select(Unit.id).where(Unit.code == "BANGKOM"))


def test_placements_must_fit_what_is_there(upload):
    applied(check(upload("posts", [POSTS, ["J1", "Kepala", "JA", "Pengawas", "BKPSDM", "Ya"]])))

    row = check(
        upload(
            "placements",
            [
                PLACEMENTS,
                [DEWI, "DEWI", "BKPSDM", "Plt", "2025-01-01", "2025-03-01"],
                [DEWI, "DEWI", "BKPSDM", "Plt", "2025-02-01", "2025-04-01"],
                [DEWI, "DEWI", "BANGKOM", "", "01/02/2025", ""],
                [DEWI, "J1", "BANGKOM", "", "01/02/2025", ""],
                [DEWI, "DEWI", "BKPSDM", "", "01/02/2023", ""],
                [DEWI, "JX", "BKPSDM", "", "01/02/2024", ""],
                ["199001012015032001", "DEWI", "BKPSDM", "", "01/02/2024", "01/01/2024"],
                ["199001012015032001", "DEWI", "BKPSDM", "", "01/02/2024", ""],
                [DEWI, "DEWI", "BANGKOM", "Definitif", START, "31/01/2025"],
            ],
        )
    )

    assert faults(row) == {
        3: ["valid_from:overlaps:"],
        5: ["unit:post-elsewhere:"],
        6: ["valid_from:unit-not-then:"],
        7: ["post:unknown:JX"],
        8: ["valid_to:days-order:"],
        9: ["person:unknown:199001012015032001"],
    }
    assert (row.rows_new, row.rows_changed) == (2, 1)


def test_a_placement_that_ends_is_ended_once_and_returns(upload):
    lists = [PLACEMENTS, [DEWI, "DEWI", "BANGKOM", "Definitif", START, "31/01/2025"]]
    held = select(Placement.valid_to).join(Person, Person.id == Placement.person_id).where(Person.nip == DEWI)

    row = applied(check(upload("placements", lists)))
    ended = db.session.scalars(held).all()
    again = applied(check(upload("placements", lists)))
    undone(row)

    assert ended == [dt.date(2025, 1, 31)]
    assert (again.rows_new, again.rows_changed) == (0, 0)
    assert db.session.scalars(held).all() == [None]


def test_superiors_belong_to_the_placement_of_their_first_day(upload):
    head, staff = (heads.heads_of(unit_id("BANGKOM"), on=DAY)[0], person_id(DEWI))
    nip = db.session.scalar(select(Person.nip).where(Person.id == head.person_id))
    before = count(PlacementSuperior)
    heading = ["NIP", "NIP Atasan", "Jenis Atasan", "Kode Jabatan", "TMT Atasan", "Sampai"]
    lists = [
        heading,
        [DEWI, nip, "Ketua tim", "", "01-02-2025", "01-02-2026"],
        [DEWI, DEWI, "", "", "01-02-2025", ""],
        [DEWI, nip, "", "", "01-02-2001", ""],
        [DEWI, nip, "", "DEWI", "01-02-2025", "01-01-2025"],
        [DEWI, "199001012015032001", "Struktural", "", "01-02-2025", ""],
        [DEWI, nip, "Paman", "", "01-02-2025", ""],
    ]

    row = applied(check(upload("superiors", lists)))
    teams = [one for one in heads.superiors_of(person_ref(staff), on=DAY) if one.kind is SuperiorKind.TEAM]
    again = applied(check(upload("superiors", lists)))

    assert faults(row) == {
        3: ["superior:own-superior:"],
        4: ["valid_from:no-placement:"],
        5: ["valid_to:days-order:"],
        6: ["superior:unknown:199001012015032001"],
        7: ["kind:choice:"],
    }
    assert head.person_id in {one.person_id for one in teams}
    assert (row.rows_new, again.rows_new, again.rows_changed) == (1, 0, 0)
    assert undone(row).state == ImportState.UNDONE
    assert count(PlacementSuperior) == before


def test_a_superior_of_somebody_with_two_posts_is_named_with_the_post(upload):
    post_id, unit = db.session.execute(select(Post.id, Post.unit_id).where(Post.code == "DEWI")).one()
    other = Post(code="J2", name="Kedua", type="JA", level="PENGAWAS")
    db.session.add(other)
    db.session.flush()
    at = {"unit_id": unit or unit_id("BANGKOM"), "valid_from": DAY}
    db.session.add(Placement(person_id=person_id(DEWI), post_id=other.id, **at))
    db.session.commit()
    nip = db.session.scalar(
        select(Person.nip).where(Person.id == heads.heads_of(unit_id("NUSARAYA"), on=DAY)[0].person_id)
    )
    heading = ["NIP", "NIP Atasan", "Jenis Atasan", "Kode Jabatan", "TMT Atasan"]

    row = applied(
        check(
            upload(
                "superiors",
                [heading, [DEWI, nip, "Ketua tim", "", "01-01-2026"], [DEWI, nip, "Ketua tim", "J2", "01-01-2026"]],
            )
        )
    )

    led = select(Placement.post_id).join(PlacementSuperior, PlacementSuperior.placement_id == Placement.id)
    assert faults(row) == {2: ["post:several-placements:"]}
    assert db.session.scalars(led.where(Placement.post_id.in_([post_id, other.id]))).all().count(other.id) == 1


def test_competencies_aimed_at_come_by_key_or_name_and_go_again(upload):
    applied(
        check(
            upload(
                "programmes", [["Kode Program", "Nama Program", "Bentuk", "Jumlah JP"], ["P1", "Workshop", "B7", "12"]]
            )
        )
    )
    heading = ["Kode Program", "Kompetensi", "Level"]
    lists = [
        heading,
        ["P1", "asn-38-2017:M2", "3"],
        ["P1", "Integritas", ""],
        ["P1", "asn-38-2017:M2", "4"],
        ["P1", "Sihir", "3"],
        ["P0", "Integritas", "9"],
    ]
    aims = select(ProgrammeCompetency.competency, ProgrammeCompetency.level).join(
        Programme, Programme.id == ProgrammeCompetency.programme_id
    )

    row = applied(check(upload("aims", lists)))
    stored = {tuple(one) for one in db.session.execute(aims.where(Programme.code == "P1"))}
    changed = applied(check(upload("aims", [heading, ["P1", "Integritas", "2"]])))
    raised = {tuple(one) for one in db.session.execute(aims.where(Programme.code == "P1"))}

    assert faults(row) == {
        4: ["programme:twice:2"],
        5: ["competency:unknown:Sihir"],
        6: ["level:number:"],
    }
    assert stored == {("asn-38-2017:M2", 3), ("asn-38-2017:M1", None)}
    assert (changed.rows_changed, raised) == (1, {("asn-38-2017:M2", 3), ("asn-38-2017:M1", 2)})
    assert undone(row).refusal == "changed"
    assert undone(changed).state == ImportState.UNDONE
    assert undone(row).state == ImportState.UNDONE
    assert db.session.execute(aims.where(Programme.code == "P1")).all() == []


def test_programmes_and_participants_come_and_go(upload):
    before = count(Programme), count(ProgrammeParticipant)
    programmes = applied(
        check(
            upload(
                "programmes",
                [
                    ["Kode Program", "Nama Program", "Bentuk", "Jumlah JP", "Biaya", "Mulai", "Selesai", "Kuota"],
                    ["P1", "Workshop", "B7", "12,5", "Rp 12.500.000", "02-03-2026", "04-03-2026", "30"],
                    ["P2", "Keliru", "Sulap", "-1", "banyak", "02-03-2026", "01-03-2026", "0"],
                ],
            )
        )
    )
    heading = ["Kode Program", "NIP", "Tanggal Daftar", "Status", "Tanggal Lulus"]
    first = [heading, ["P1", DEWI, "10-02-2026", "", ""]]
    registered = applied(check(upload("participants", first)))
    passed = applied(check(upload("participants", [heading, ["P1", DEWI, "10-02-2026", "Lulus", "04-03-2026"]])))
    back = check(upload("participants", first))
    status = db.session.scalar(select(ProgrammeParticipant.status).join(Programme).where(Programme.code == "P1")).value

    assert faults(programmes) == {
        3: ["form:choice:", "jp:number:", "cost:number:", "seats:number:"],
    }
    assert (registered.rows_new, passed.rows_changed, status) == (1, 1, "completed")
    assert faults(back) == {2: ["status:status-back:"]}
    assert undone(programmes).refusal == "used"
    assert undone(registered).refusal == "changed"
    assert undone(passed).state == ImportState.UNDONE
    assert undone(registered).state == ImportState.UNDONE
    assert undone(programmes).state == ImportState.UNDONE
    assert (count(Programme), count(ProgrammeParticipant)) == before


def test_a_unit_that_somebody_made_meanwhile_sends_the_list_back_to_be_checked(upload):
    row = check(upload("units", [UNITS, ["D", "Dinas D", "", START]]))
    db.session.add(Unit(code="D", name="Dinas lain", valid_from=now().date()))
    db.session.commit()

    row = applied(row)

    assert (row.rows_new, row.rows_changed) == (0, 1)
    assert db.session.scalar(select(Unit.name).where(Unit.code == "D")) == "Dinas D"
