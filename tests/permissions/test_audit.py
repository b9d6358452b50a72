"""The audit log: every look at somebody else is in it, nobody can take it out, and it holds no name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import DBAPIError

from lms_bridge.api import AuditKind, acting_as, audit, audit_reads, db
from lms_bridge.models import Agency, AuditEntry, Person
from lms_bridge.services import audit as audit_service
from lms_bridge.services.audit_log import DEEDS


@pytest.fixture
def log(bridge_app):
    """What the audit log tells: kind, action, NIPs of actor and subject."""

    def entries() -> list[tuple]:
        with bridge_app.app_context():
            nips = dict(db.session.execute(select(Person.__table__.c.id, Person.__table__.c.nip)).all())
            rows = db.session.execute(select(AuditEntry.__table__).order_by(AuditEntry.__table__.c.id)).all()
            db.session.remove()
        return [(row.kind, row.action, nips.get(row.actor_id), nips.get(row.subject_id)) for row in rows]

    return entries


ANI, RAHMAT = "199203142015032004", "197805112003121002"


def test_who_looks_at_somebody_elses_result_is_noted(result, launch_as, log):
    page = launch_as("rahmat").get(result)

    assert page.status_code == 200
    assert log() == [(AuditKind.READ, "competency.view-result", RAHMAT, ANI)]


def test_who_looks_at_their_own_result_is_not_noted(result, launch_as, log):
    assert launch_as("ani").get(result).status_code == 200
    assert log() == []


def test_who_is_refused_has_seen_nothing_and_is_not_noted(result, launch_as, log):
    assert launch_as("maya").get(result).status_code == 403
    assert log() == []


def test_no_page_leaves_when_the_look_cannot_be_noted(result, launch_as, monkeypatch):
    def fail(*args):
        raise RuntimeError("no")

    visit = launch_as("rahmat")
    monkeypatch.setattr(audit_service, "_store", fail)
    page = visit.get(result)

    assert page.status_code == 500
    assert "Ani Lestari" not in page.text


@pytest.mark.parametrize(
    "statement",
    ["UPDATE core_audit_entry SET action = 'x'", "DELETE FROM core_audit_entry", "TRUNCATE core_audit_entry"],
)
def test_the_database_refuses_to_change_or_remove_an_entry(database, result, launch_as, log, statement):
    if statement.startswith("TRUNCATE") and database.startswith("sqlite"):
        statement = "DELETE FROM core_audit_entry WHERE id > 0"
    launch_as("rahmat").get(result)
    before = log()
    engine = create_engine(database)

    with pytest.raises(DBAPIError, match="only grows"), engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()

    assert log() == before != []


def test_an_entry_is_kept_with_the_deed_or_not_at_all(bridge_app, log):
    for commit in (False, True):
        with bridge_app.app_context(), acting_as(db.session.scalar(select(Agency.id))):
            audit("test.done", kind=AuditKind.RIGHTS, subject=db.session.scalar(select(Person.id)), rows=3)
            (db.session.commit if commit else db.session.rollback)()
            db.session.remove()

    assert [(kind, action, actor) for kind, action, actor, _subject in log()] == [(AuditKind.RIGHTS, "test.done", None)]


@pytest.mark.parametrize("fact", ["Ani Lestari", "199203142015032004", 199203142015032004, "two words"])
def test_an_entry_takes_no_fact_that_could_tell_who_somebody_is(bridge_app, fact):
    with (
        bridge_app.app_context(),
        acting_as(db.session.scalar(select(Agency.id))),
        pytest.raises(ValueError, match=re.escape("the fact note is")),
    ):
        audit("test.done", note=fact)


def test_reads_need_somebody_who_reads(bridge_app):
    with bridge_app.app_context(), pytest.raises(RuntimeError):
        audit_reads("test.read", [1])


def test_whatever_core_notes_has_words_in_which_it_is_shown():
    core = Path(__file__).parents[2] / "lms_bridge"
    noted = {
        name
        for file in core.rglob("*.py")
        for name in re.findall(r'\b(?:audit|_note)\(\s*"([a-z]+\.[a-z_-]+)"', file.read_text("utf-8"))
    }

    assert len(noted) > 10
    assert noted <= set(DEEDS)
