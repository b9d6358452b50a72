"""An import of people: checked, applied, repeated, undone."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update

from lms_bridge.db import acting_as, db, now
from lms_bridge.imports.store import remembered_columns
from lms_bridge.models import Agency, Grant, ImportFile, ImportRow, ImportState, Person, PlatformUser
from tests.imports.conftest import applied, check, undone

HEADINGS = ["No", "NIP", "Nama", "Status Kepegawaian", "Golongan"]
SITI = ["1", "199001012015032001", "Siti Aminah, S.E.", "PNS", "III/b"]
JOKO = ["2", "199003152022211007", "Joko", "PPPK", "IX"]
DEWI = ["3", "198809232012122001", "Dewi Anggraini, S.Psi., M.Si.", "PNS", "III/d"]


def people() -> dict[str, tuple[Any, ...]]:
    rows = db.session.execute(select(Person.nip, Person.name, Person.employment, Person.grade))
    return {row.nip: tuple(row)[1:] for row in rows}


def faults(row: Any) -> dict[int, list[str]]:
    staged = db.session.scalars(select(ImportRow).where(ImportRow.import_id == row.id, ImportRow.faults.is_not(None)))
    return {one.number: one.faults for one in staged}


def test_headings_are_found_below_titles_and_told_by_their_official_names(upload):
    row = upload("people", [["DAFTAR PEGAWAI"], ["Dinas A", "2026"], HEADINGS, SITI])

    assert row.state == ImportState.MAPPING
    assert (row.heading_row, row.rows_total) == (3, 1)
    assert row.columns == ["", "nip", "name", "employment", "grade"]


def test_nothing_changes_before_somebody_decides_and_the_preview_says_what_would(upload):
    before = people()

    row = check(upload("people", [HEADINGS, SITI, JOKO, DEWI]))

    assert row.state == ImportState.READY
    assert (row.rows_new, row.rows_changed, row.rows_faulty, row.rows_read) == (2, 1, 0, 3)
    assert people() == before


def test_an_applied_import_makes_and_changes_people_and_keeps_no_file(upload):
    row = applied(check(upload("people", [HEADINGS, SITI, JOKO, DEWI])))

    known = people()
    assert row.state == ImportState.DONE
    assert (row.rows_new, row.rows_changed) == (2, 1)
    assert known["199001012015032001"] == ("Siti Aminah, S.E.", "PNS", "III/b")
    assert known["199003152022211007"] == ("Joko", "PPPK", "IX")
    assert known["198809232012122001"] == ("Dewi Anggraini, S.Psi., M.Si.", "PNS", "III/d")
    assert db.session.scalars(select(ImportFile.number)).all() == []


def test_the_same_list_again_changes_nothing(upload):
    applied(check(upload("people", [HEADINGS, SITI, JOKO])))
    before = people()

    row = applied(check(upload("people", [HEADINGS, SITI, JOKO])))

    assert (row.rows_new, row.rows_changed) == (0, 0)
    assert people() == before


def test_an_empty_cell_leaves_what_is_there(upload):
    applied(check(upload("people", [HEADINGS, SITI])))

    applied(check(upload("people", [HEADINGS, ["1", SITI[1], "Siti Aminah, S.E., M.M.", "", ""]])))

    assert people()[SITI[1]] == ("Siti Aminah, S.E., M.M.", "PNS", "III/b")


def test_undoing_returns_exactly_what_was_there(upload):
    before = people()
    row = applied(check(upload("people", [HEADINGS, SITI, JOKO, DEWI])))

    row = undone(row)

    assert row.state == ImportState.UNDONE
    assert people() == before


def test_undoing_is_refused_where_somebody_has_come_since(upload):
    row = applied(check(upload("people", [HEADINGS, SITI, JOKO])))
    person_id = db.session.scalar(select(Person.id).where(Person.nip == SITI[1]))
    db.session.add(PlatformUser(issuer="http://lms.test", sub="7", person_id=person_id))
    db.session.commit()
    known = people()

    row = undone(row)

    assert (row.state, row.refusal) == (ImportState.DONE, "used")
    assert "(1)" in row.refused_at
    assert people() == known


def test_undoing_is_refused_where_the_row_has_been_changed_since(upload):
    row = applied(check(upload("people", [HEADINGS, SITI, JOKO, DEWI])))
    db.session.execute(update(Person).where(Person.nip == DEWI[1]).values(grade="IV/a"))
    db.session.commit()

    row = undone(row)

    assert (row.state, row.refusal, row.refused_at) == (ImportState.DONE, "changed", "4")
    assert people()[SITI[1]]


def test_a_grant_that_waited_is_handed_out_and_waits_again_after_undoing(upload):
    grant = Grant(role="analyst", nip=SITI[1], valid_from=now().date())
    db.session.add(grant)
    db.session.commit()

    row = applied(check(upload("people", [HEADINGS, SITI])))
    holder = db.session.scalar(select(Person.nip).join(Grant, Grant.person_id == Person.id).where(Grant.id == grant.id))
    undone(row)
    db.session.refresh(grant)

    assert holder == SITI[1]
    assert grant.person_id is None


def test_faulty_rows_are_left_out_each_with_its_reason(upload):
    row = check(
        upload(
            "people",
            [
                HEADINGS,
                SITI,
                ["2", 197805112003121002, "Rusak", "PNS", ""],
                ["3", "197805112003121000", "Nol", "PNS", ""],
                ["4", "", "Tanpa NIP", "PNS", ""],
                ["5", "199003152022211007", "Keliru", "PNS", ""],
                ["6", "'19900101 201503 2 001", "Siti lagi", "PNS", ""],
                ["7", "199203142015032004", "", "TNI", "V/z"],
            ],
        )
    )

    assert (row.rows_read, row.rows_faulty, row.rows_new) == (7, 6, 1)
    assert faults(row) == {
        3: ["nip:nip-number-format:"],
        4: ["nip:nip-trailing-zeros:"],
        5: ["nip:missing:"],
        6: ["nip:nip-not-pns:"],
        7: ["nip:twice:2"],
        8: ["name:missing:", "employment:choice:", "grade:choice:"],
    }


def test_a_heading_that_was_told_once_is_known_the_next_time(upload):
    own = [["Nomor", "Sebutan", "Lainnya", "NIP"], [SITI[1], SITI[2], "x", ""]]
    first = upload("people", own)
    guessed = first.columns

    check(first, ["nip", "name", "", ""])
    again = upload("people", own)

    assert guessed == ["", "", "", "nip"]
    assert again.columns == ["nip", "name", "", ""]
    assert remembered_columns("people")["sebutan"] == "name"


def test_another_agency_sees_nothing_and_keeps_its_own(upload):
    other = Agency(code="lain", name="Lain", timezone="Asia/Jakarta", created_at=now())
    db.session.add(other)
    db.session.commit()
    with acting_as(other.id):
        db.session.add(Person(nip=SITI[1], name="Orang lain", created_at=now()))
        db.session.commit()

    row = applied(check(upload("people", [HEADINGS, SITI])))
    with acting_as(other.id):
        theirs = people()
    undone(row)

    assert row.rows_new == 1
    assert theirs == {SITI[1]: ("Orang lain", None, None)}


def test_a_file_that_cannot_be_read_says_why(upload):
    row = upload("people", [["NIP", "Nama", "nip"], SITI[1:4]])

    assert (row.state, row.refusal, row.refused_at) == (ImportState.REFUSED, "duplicate-headings", "nip")
