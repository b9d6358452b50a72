"""What becomes of requests when connections to the database die."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import session
from sqlalchemy import create_engine, event, make_url, select, text
from sqlalchemy.exc import DBAPIError

from lms_bridge import engine
from lms_bridge.db import acting_as, db
from lms_bridge.models import Person, Placement, Session
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


@contextmanager
def connections_with(app: Any, pragma: str) -> Iterator[None]:
    """Let the bridge's connections to SQLite be bound by a pragma for a while."""

    def bind(connection: Any, record: Any, proxy: Any) -> None:
        connection.execute(f"PRAGMA {pragma}")

    with app.app_context():
        bound = db.engine
    event.listen(bound, "checkout", bind)
    yield
    event.remove(bound, "checkout", bind)
    bound.dispose()


def save_answer(visit: Browser) -> Any:
    """Save one answer of the self-rating, as its page does by itself."""
    mark = {"answers:asn-38-2017:M1:3:1": "shown"}
    return visit.post("/p/competency/self-rating/M1/3", data=mark, headers={"Accept": "application/json"})


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_save_on_a_read_only_database_is_told_and_works_once_it_is_mended(
    bridge_app: Any, launch_as: Callable[..., Browser]
) -> None:
    visit = launch_as("ani")
    visit.post("/p/competency/self-rating/start")

    with connections_with(bridge_app, "query_only=ON"):
        failed = save_answer(visit)
    mended = save_answer(visit)

    assert failed.status_code == 503
    assert mended.status_code < 400


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_launch_that_finds_the_database_full_is_told_and_the_next_works_once_there_is_space(
    bridge_app: Any, launch_as: Callable[..., Browser]
) -> None:
    with connections_with(bridge_app, "max_page_count=1"):  # which stands for the present size
        seen = next((status for _ in range(100) if (status := launch_as("ani").page.status_code) >= 400), None)
    mended = launch_as("ani")

    assert seen == 503
    assert mended.page.status_code == 200


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_launch_while_the_database_is_down_is_told_and_the_next_works_without_a_restart(
    bridge_app: Any, launch_as: Callable[..., Browser]
) -> None:
    url = make_url(bridge_app.config["SQLALCHEMY_DATABASE_URI"])
    server = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")

    def allow(answer: str) -> None:
        with server.connect() as connection:
            connection.execute(text(f'ALTER DATABASE "{url.database}" ALLOW_CONNECTIONS {answer}'))

    kill_connections(bridge_app)
    allow("false")
    try:
        down = bridge_app.test_client().get("/lti/login?iss=http://lms.test&login_hint=1&target_link_uri=http://x")
        ready = bridge_app.test_client().get("/readyz")
    finally:
        allow("true")
        server.dispose()
    up = launch_as(claim_custom={})

    assert (down.status_code, ready.status_code) == (503, 503)
    assert up.get("/").status_code == 200


def test_failed_statement_names_nobody_in_the_log(bridge_app: Any) -> None:
    with bridge_app.app_context(), pytest.raises(DBAPIError) as caught:
        db.session.execute(text("SELECT :nip FROM nowhere"), {"nip": "199203142015032004"})

    assert "199203142015032004" not in str(caught.value)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("question", "index"),
    [
        (select(Placement).where(Placement.unit_id == 1), "ix_core_placement_unit_id (unit_id=?)"),
        (select(Person).where(Person.nip == "1"), "(agency_id=? AND nip=?)"),
        (select(Person).where(Person.email == "a"), "ix_core_person_agency_id_email (agency_id=? AND email=?)"),
    ],
)
def test_sqlite_does_not_take_the_agency_for_the_narrowest_way_to_a_row(
    bridge_app: Any, question: Any, index: str
) -> None:
    seen: list[Any] = []
    with bridge_app.app_context(), acting_as(1):
        event.listen(db.engine, "before_cursor_execute", lambda *given: seen.append(given[2:4]))
        db.session.execute(question).all()
        statement, values = seen[-1]
        plan = db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
        db.session.remove()

    assert len(plan) == 1
    assert index in plan[0][-1]
