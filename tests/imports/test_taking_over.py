"""An import that is cut off leaves nothing half done, and goes on where it was."""

from __future__ import annotations

import dataclasses
import datetime as dt
import sqlite3
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import func, select, update

from lms_bridge.db import db, now
from lms_bridge.errors import Conflict
from lms_bridge.imports import lists, staging, store
from lms_bridge.imports.running import LetGo, run_step
from lms_bridge.jobs.housekeeping import clean_up
from lms_bridge.models import AuditEntry, Import, ImportFile, ImportRow, ImportState, Person
from tests.imports import messy
from tests.imports.conftest import applied, check, undone, work

ROWS = 30


class Killed(BaseException):
    """What kill -9 is to the code that runs: nothing after it happens."""


@pytest.fixture
def row(upload, monkeypatch):
    """An import whose rows wait to be checked, ten at a time."""
    monkeypatch.setattr(staging, "CHUNK", 10)
    listed = [["No", "NIP", "Nama"], *(messy.good_row(number)[:3] for number in range(1, ROWS + 1))]
    row = upload("people", listed)
    store.choose_columns(row.id, row.columns)
    db.session.commit()
    return row


def stop_after(rows: int, how: BaseException) -> Any:
    def told(done: int, total: int) -> None:
        if done >= rows:
            raise how

    return told


def pass_lease(row: Import) -> None:
    db.session.execute(update(Import).values(lease_until=now() - dt.timedelta(seconds=1)))
    db.session.commit()


def staged(row: Import) -> int:
    return db.session.scalar(select(func.count()).select_from(ImportRow).where(ImportRow.import_id == row.id)) or 0


def people() -> int:
    return db.session.scalar(select(func.count()).select_from(Person)) or 0


def test_a_killed_check_goes_on_behind_its_last_chunk_once_the_lease_has_run_out(row):
    with pytest.raises(Killed):
        run_step(*store.claim(), told=stop_after(20, Killed()))
    db.session.rollback()
    left, at_once = staged(row), store.claim()
    pass_lease(row)
    seen: list[int] = []
    run_step(*store.claim(), told=lambda done, total: seen.append(done))

    row = store.get_import(row.id)
    assert (left, at_once) == (20, None)
    assert seen == [30]
    assert (row.state, row.rows_read, row.rows_new, staged(row)) == (ImportState.READY, ROWS, ROWS, ROWS)


def test_a_row_that_stood_before_the_cut_is_still_known_after_it(upload, monkeypatch):
    monkeypatch.setattr(staging, "CHUNK", 1)
    one = messy.good_row(1)[:3]
    row = upload("people", [["No", "NIP", "Nama"], one, one])
    store.choose_columns(row.id, row.columns)
    db.session.commit()

    with pytest.raises(Killed):
        run_step(*store.claim(), told=stop_after(1, Killed()))
    db.session.rollback()
    pass_lease(row)
    work()

    assert (store.get_import(row.id).rows_new, store.get_import(row.id).rows_faulty) == (1, 1)


def test_a_worker_that_is_told_to_stop_hands_over_at_once(row):
    run_step(*store.claim(), told=stop_after(10, LetGo()))

    work()

    assert store.get_import(row.id).rows_new == ROWS


def test_an_import_is_taken_by_one_worker(row):
    assert store.claim() is not None
    assert store.claim() is None


def test_a_worker_that_was_taken_for_dead_stores_nothing_more(row):
    def taken(done: int, total: int) -> None:
        db.session.execute(update(Import).values(lease="another"))
        db.session.commit()

    run_step(*store.claim(), told=taken)

    assert (staged(row), store.get_import(row.id).lease) == (10, "another")


def test_a_list_that_is_thrown_away_while_it_is_checked_leaves_nothing(row):
    def thrown_away(done: int, total: int) -> None:
        store.discard(row.id)
        db.session.commit()

    run_step(*store.claim(), told=thrown_away)

    assert store.get_import(row.id).state == ImportState.DISCARDED
    assert staged(row) == 0
    assert db.session.scalars(select(ImportFile.number)).all() == []


def test_an_apply_that_is_killed_has_changed_nothing_and_is_done_again(row, monkeypatch):
    def killed(import_id: int) -> None:
        raise Killed

    work()
    before, kind = people(), lists.KINDS["people"]
    store.want_apply(row.id)
    db.session.commit()
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setitem(lists.KINDS, "people", dataclasses.replace(kind, after=killed))
        run_step(*store.claim())
    db.session.rollback()
    between = people()
    pass_lease(row)
    work()

    assert between == before
    assert people() == before + ROWS
    assert undone(store.get_import(row.id)).state == ImportState.UNDONE


def test_an_apply_that_takes_longer_than_its_lease_is_not_taken_over(row, monkeypatch):
    taken: list[Any] = []

    def slow(import_id: int) -> None:
        later = now() + 2 * store.LEASE
        if db.engine.dialect.name == "postgresql":
            with db.engine.connect() as other:
                taken.extend(other.execute(store._wanted(later).with_for_update(skip_locked=True)))
        else:
            # Whoever claims must write, and there is one writer.
            other = sqlite3.connect(db.engine.url.database, timeout=0)
            with closing(other), pytest.raises(sqlite3.OperationalError, match="locked"):
                taken.append(other.execute("BEGIN IMMEDIATE"))

    work()
    kind = lists.KINDS["people"]
    monkeypatch.setitem(lists.KINDS, "people", dataclasses.replace(kind, after=slow))

    assert applied(store.get_import(row.id)).state == ImportState.DONE
    assert taken == []


def test_a_fault_of_ours_is_told_and_does_not_come_back_for_ever(row, monkeypatch):
    def broken(import_id: int) -> None:
        raise ZeroDivisionError

    work()
    before, kind = people(), lists.KINDS["people"]
    monkeypatch.setitem(lists.KINDS, "people", dataclasses.replace(kind, after=broken))

    row = applied(store.get_import(row.id))

    assert (row.state, row.refusal) == (ImportState.READY, "unexpected")
    assert people() == before


def test_what_is_decided_twice_is_decided_once(row):
    work()
    store.want_apply(row.id)

    with pytest.raises(Conflict):
        store.want_apply(row.id)


def test_who_decided_is_in_the_audit_log(row):
    work()
    undone(applied(store.get_import(row.id)))

    noted = db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert [action for action in noted if action.startswith("import.")] == [
        "import.staging",
        "import.applying",
        "import.undoing",
    ]


def test_rows_are_kept_as_long_as_an_import_can_be_undone(row):
    work()
    applied(store.get_import(row.id))
    db.session.execute(update(Import).values(applied_at=now() - store.KEPT - dt.timedelta(days=1)))
    db.session.commit()

    clean_up()

    assert staged(row) == 0
    with pytest.raises(Conflict, match="too-late"):
        store.want_undo(row.id)


def test_a_list_that_nobody_decided_upon_is_thrown_away(upload):
    row = check(upload("people", [["NIP", "Nama"], messy.good_row(1)[1:3]]))
    db.session.execute(update(Import).values(created_at=now() - store.ABANDONED - dt.timedelta(days=1)))
    db.session.commit()

    clean_up()

    assert (store.get_import(row.id).state, staged(row)) == (ImportState.DISCARDED, 0)
