"""All of a person's data in one file, and its erasure: core and plugins, complete or named as not."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from sqlalchemy import func, select

from lms_bridge.context import PersonRef
from lms_bridge.contributions import ExportPart
from lms_bridge.db import METADATA, acting_as, db, now
from lms_bridge.models import (
    Agency,
    AuditEntry,
    Evidence,
    Import,
    ImportRow,
    Person,
    Placement,
    PlatformUser,
    SchemaLedger,
)
from lms_bridge.plugin_host import host
from lms_bridge.services.people import person_ref
from lms_bridge.services.personal_data import NAMELESS, PLACES, Erasing
from lms_bridge.services.privacy import erase_person, export_person, export_zip

ANI, RAHMAT = "199203142015032004", "197805112003121002"


@pytest.fixture
def rated(launch_as, bridge_app):
    """Ani and Rahmat have rated themselves; work in their agency."""
    for user in ("ani", "rahmat"):
        visit = launch_as(user)
        visit.post("/p/competency/self-rating/start")
        for code in ("M1", "M2", "M3", "M4", "M5", "M6", "M7", "M8", "S1"):
            level = 3 if user == "ani" else 4
            marks = {f"answers:asn-38-2017:{code}:{level}:{place}": "shown" for place in (1, 2, 3)}
            visit.post(f"/p/competency/self-rating/{code}/{level}", data=marks)
        assert visit.post("/p/competency/self-rating/finish").status_code in {302, 303}
    with bridge_app.app_context():
        with acting_as(db.session.scalar(select(Agency.id).where(Agency.code == "demo"))):
            yield
        db.session.remove()


def person(nip: str) -> PersonRef:
    return person_ref(db.session.scalar(select(Person.id).where(Person.nip == nip)))


def files(export) -> tuple[dict, str]:
    """Return what stands in the file: JSON and HTML."""
    with zipfile.ZipFile(io.BytesIO(export_zip(export))) as archive:
        return json.loads(archive.read("data.json")), archive.read("data.html").decode()


def rows_of(person: PersonRef) -> dict[str, int]:
    """Count the rows about a person, by place."""
    return {
        place.name: db.session.scalar(select(func.count()).select_from(place.table).where(place.of(person)))
        for place in PLACES
    }


def test_every_column_of_core_that_names_a_person_is_handed_over_and_erased() -> None:
    """Whoever adds a table about people adds it to ``PLACES``."""
    naming = {
        (table.name, column.name)
        for table in METADATA.tables.values()
        if table.name.startswith("core_")
        for column in table.columns
        for key in column.foreign_keys
        if key.target_fullname in {"core_person.id", "core_platform_user.id"}
    }

    known = {(place.table.name, place.column) for place in PLACES} - {("core_person", "id")}
    # A row of a list may be about a unit as well: it has no foreign key.
    assert naming - {("core_person", "same_as_id")} == known - {("core_import_row", "target_id")}


def test_the_file_holds_what_core_and_plugins_keep_and_nobody_elses(rated):
    told, page = files(export_person(person(ANI), now=now()))

    assert told["complete"] is True
    assert told["data"]["core"]["person"][0]["nip"] == ANI
    assert [len(told["data"]["core"][name]) for name in ("placements", "evidence", "accounts")] == [1, 9, 1]
    assert len(told["data"]["competency"]["competency_answers"]) == 27
    for text in (json.dumps(told), page):
        assert "Ani Lestari" in text
        assert "Rahmat" not in text
    assert "sid_hash" not in json.dumps(told)


def test_the_file_is_noted_in_the_audit_log(rated):
    ani = person(ANI)
    export_person(ani, now=now())

    entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert (entry.action, entry.subject_id) == ("privacy.exported", ani.id)


def test_what_a_person_wrote_cannot_become_markup(rated):
    ani = person(ANI)
    db.session.get_one(Person, ani.id).email = "<script>alert(1)</script>"
    db.session.flush()

    _told, page = files(export_person(ani, now=now()))

    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_an_erased_person_has_no_name_and_others_keep_all(rated):
    ani, rahmat = person(ANI), person(RAHMAT)
    before = rows_of(rahmat)

    receipt = erase_person(ani, now=now())

    left = rows_of(ani)
    assert {place.name for place in PLACES if left[place.name] and place.erasing is not Erasing.NAMELESS} == set()
    erased = db.session.get_one(Person, ani.id)
    assert (erased.name, erased.nip, erased.email) == (NAMELESS, None, None)
    assert erased.erased_at is not None
    assert db.session.scalar(select(Placement.valid_to).where(Placement.person_id == ani.id)) is not None
    assert rows_of(rahmat) == before
    assert receipt.missing == ()
    assert receipt.done["competency"].deleted == 1 + 27 + 1 + 9
    assert receipt.done["core"].deleted >= 9


def test_after_the_erasure_nothing_is_handed_over_that_tells_who_it_was(rated):
    ani = person(ANI)
    erase_person(ani, now=now())

    told, page = files(export_person(ani, now=now()))

    for text in (json.dumps(told), page):
        assert ANI not in text
        assert "Lestari" not in text
    assert told["data"]["competency"]["competency_answers"] == []


def test_every_row_of_a_person_with_two_rows_is_erased(rated):
    twin = Person(name="Ani of the LMS", created_at=now(), same_as_id=person(ANI).id)
    db.session.add(twin)
    db.session.flush()

    erase_person(person_ref(twin.id), now=now())

    assert set(db.session.scalars(select(Person.name).where(Person.id.in_(person_ref(twin.id).ids)))) == {NAMELESS}
    assert db.session.scalar(select(func.count(Evidence.id)).where(Evidence.person_id == twin.same_as_id)) == 0


def test_no_list_that_was_imported_can_bring_the_name_back(rated):
    ani, rahmat = person(ANI), person(RAHMAT)
    for kind, values in (
        ("people", {"target_id": ani.id, "before": {"name": "Ani"}}),
        ("people", {"cells": [ANI, "Ani"]}),
        ("placements", {"target_id": ani.id, "values": {"person_id": rahmat.id}}),
        ("people", {"target_id": rahmat.id, "before": {"name": "Rahmat"}}),
    ):
        one = Import(kind=kind, file_name="x", created_at=now())
        db.session.add(one)
        db.session.flush()
        db.session.add(ImportRow(import_id=one.id, number=1, **values))
    db.session.flush()

    erase_person(ani, now=now())

    left = list(db.session.scalars(select(ImportRow).order_by(ImportRow.import_id)))
    assert [(row.target_id, row.before) for row in left] == [(ani.id, None), (rahmat.id, {"name": "Rahmat"})]


def test_who_was_erased_comes_back_by_a_launch_as_somebody_new(rated, launch_as, bridge_app):
    ani = person(ANI)
    erase_person(ani, now=now())
    db.session.commit()
    db.session.remove()

    launch_as("ani", module=None)

    with acting_as(db.session.scalar(select(Agency.id).where(Agency.code == "demo"))):
        assert person(ANI).id != ani.id
        assert db.session.scalar(select(PlatformUser.person_id).where(PlatformUser.person_id == ani.id)) is None


@pytest.mark.parametrize("duty", [export_person, erase_person])
@pytest.mark.parametrize("fault", ["raises", "is set aside", "is gone"])
def test_a_plugin_that_does_not_answer_is_named(rated, monkeypatch, duty, fault):
    if fault == "raises":

        def fail(person):
            db.session.add(Person(name="half done", created_at=now()))
            db.session.flush()
            raise RuntimeError("no")

        plugin = host().manager.get_plugin("competency")
        for impl in host().manager.get_hookcallers(plugin):
            for one in impl.get_hookimpls():
                if one.plugin_name == "competency" and impl.name == duty.__name__:
                    monkeypatch.setattr(one, "function", fail)
    elif fault == "is set aside":
        host().quarantine("competency", "Test", "test")
    else:
        db.session.execute(
            SchemaLedger.__table__.insert().values(revision="bygone_0001", branch="bygone", applied_at=now())
        )

    done = duty(person(ANI), now=now())

    assert done.missing == (("bygone",) if fault == "is gone" else ("competency",))
    assert db.session.scalar(select(Person.id).where(Person.name == "half done")) is None


def test_an_incomplete_file_says_so_to_the_person(rated, monkeypatch):
    host().quarantine("competency", "Test", "test")

    told, page = files(export_person(person(ANI), now=now()))

    assert (told["complete"], told["missing"]) == (False, ["competency"])
    assert "Ini belum semuanya" in page


def test_a_plugin_that_the_agency_has_switched_off_still_hands_over_what_it_kept(rated):
    db.session.execute(
        METADATA.tables["core_plugin_setting"]
        .insert()
        .values(plugin="competency", enabled=False, agency_id=db.session.scalar(select(Agency.id)))
    )

    assert len(export_person(person(ANI), now=now()).parts["competency"]) == 10


def test_rows_of_a_plugin_may_hold_any_value_and_different_columns(rated, bridge_app, monkeypatch):
    monkeypatch.setattr(
        "lms_bridge.services.privacy.ask_duty",
        lambda hook, person: type("A", (), {"missing": (), "given": {"odd": [ExportPart("odd_rows", rows)]}}),
    )
    rows = [{"a": {"deep": [1, now()]}}, {"a": None, "b": frozenset({1})}, {}]

    told, page = files(export_person(person(ANI), now=now()))

    assert told["data"]["odd"]["odd_rows"][0]["a"]["deep"][0] == 1
    assert "odd rows" in page
