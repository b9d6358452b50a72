"""Taking a table away from a page: the answer, and what the audit log knows of it."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from lms_bridge.api import Column, Table, export_table
from lms_bridge.db import db
from lms_bridge.models import AuditEntry, AuditKind


@pytest.fixture
def exported(serve, launch_as):
    """Take a table away: ``exported("csv", rows)``."""

    def take(ending, rows=(("Ani",), ("Budi",))):
        table = Table("probe.people", "People", (Column("Name"),), rows, "Ani's unit", facts={"unit": 7})
        serve("/people.<ending>", lambda ending: export_table(table, ending))
        return launch_as("ani").get(f"/p/probe/people.{ending}")

    return take


@pytest.fixture
def log(bridge_app):
    def entries():
        with bridge_app.app_context():
            found = db.session.execute(select(AuditEntry.__table__).where(AuditEntry.action == "table.exported")).all()
            db.session.remove()
        return found

    return entries


@pytest.mark.parametrize(
    ("ending", "mimetype"),
    [("csv", "text/csv"), ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")],
)
def test_the_answer_is_a_file_that_no_cache_keeps(exported, ending, mimetype):
    answer = exported(ending)

    assert answer.status_code == 200
    assert answer.mimetype == mimetype
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=people-20")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.content_length == len(answer.data) > 50


def test_the_log_knows_who_what_and_how_much_but_no_name(exported, log):
    exported("csv")

    (entry,) = log()
    assert (entry.kind, entry.subject_id, entry.facts) == (
        AuditKind.EXPORT,
        None,
        {"table": "probe.people", "format": "csv", "rows": 2, "unit": 7},
    )
    assert entry.actor_id is not None


def test_the_file_carries_the_name_of_who_took_it(exported):
    assert "Ani Lestari" in exported("csv").data.decode()


def test_another_ending_is_no_address(exported, log):
    assert exported("ods").status_code == 404
    assert log() == []


def test_what_breaks_in_the_middle_is_an_error_page_and_no_export(exported, log):
    def rows():
        yield ("Ani",)
        raise RuntimeError("the database went away")

    answer = exported("xlsx", rows())

    assert answer.status_code == 500
    assert "attachment" not in answer.headers.get("Content-Disposition", "")
    assert log() == []


def test_the_buttons_lead_to_the_files(serve, buttons, launch_as):
    serve("/page", buttons)

    page = launch_as("ani").get("/p/probe/page").text

    assert [f'href="a.{ending}"' in page for ending in ("csv", "xlsx", "pdf")] == [True] * 3
    assert "data-print" in page
