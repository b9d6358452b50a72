"""What becomes of requests when connections to the database die."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import session
from sqlalchemy import create_engine, select, text

from lms_bridge import engine
from lms_bridge.db import db
from lms_bridge.models import Session
from lms_bridge.testing.browser import Browser


def kill_connections(app: Any) -> int:
    """End every pooled connection of the bridge, as a restart of the server does; returns how many."""
    with app.app_context():
        others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        connection = db.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        ended = connection.scalar(text(f"SELECT count(pg_terminate_backend(pid)) {others}"))
        connection.detach()
        connection.close()
        db.session.remove()
    return int(ended)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_connections_that_died_at_rest_are_replaced_unnoticed(
    bridge_app: Any, launch_as: Callable[..., Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = launch_as(claim_custom={})
    monkeypatch.setattr(engine, "REST", 0.0)
    with bridge_app.app_context():
        held = [db.engine.connect() for _ in range(3)]
        for connection in held:
            connection.close()

    assert kill_connections(bridge_app) > 0
    assert visit.get("/").status_code == 200


def test_a_note_in_the_session_is_kept_although_somebody_else_writes_while_the_page_is_read(
    bridge_app: Any, launch_as: Callable[..., Browser]
) -> None:
    visit = launch_as(claim_custom={})
    visit.get("/")

    def note_while_another_process_writes(response: Any) -> Any:
        db.session.execute(select(Session.id))
        writer = create_engine(bridge_app.config["SQLALCHEMY_DATABASE_URI"])
        with writer.begin() as connection:
            connection.execute(text("UPDATE core_agency SET name = name || '.'"))
        writer.dispose()
        session["note"] = "kept"
        return response

    bridge_app.after_request_funcs.setdefault(None, []).append(note_while_another_process_writes)
    page = visit.get("/")

    assert page.status_code == 200
    with bridge_app.app_context():
        data = db.session.scalars(select(Session.data), execution_options={"all_agencies": True}).all()
        db.session.remove()
    assert {"note": "kept"} in data
