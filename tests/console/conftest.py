"""Ways into the console."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select

from lms_bridge.db import acting_as, db, now
from lms_bridge.models import Agency, Grade, GradeState, LineItem, Person, Platform, PlatformUser
from lms_bridge.services.operator_links import make_operator_link
from lms_bridge.testing.browser import Browser

TICKET = re.compile(r'action="[^"]*/window" target="_blank"[^>]*><input type="hidden" name="ticket" value="([^"]+)"')


def ticket(page: Any) -> str:
    """Return the ticket of the button that opens the console."""
    return TICKET.findall(page.text.partition('id="console"')[2])[0]


@pytest.fixture
def console_as(bridge_app: Flask, launch_as: Callable[..., Browser]) -> Callable[..., Browser]:
    """Launch as somebody and open the console from their home page."""

    def enter(user: str = "admin", **options: Any) -> Browser:
        home = launch_as(user, **options)
        window = Browser(bridge_app)
        opened = window._open("/window", "POST", data={"ticket": ticket(home.page)})
        assert opened.status_code == 303
        window.follow(opened)
        return window

    return enter


@pytest.fixture
def operator_link(bridge_app: Flask) -> Callable[..., str]:
    """Make a link of the operator; returns its path."""

    def make(agency: str = "demo") -> str:
        with bridge_app.app_context():
            agency_id = db.session.scalars(select(Agency.id).where(Agency.code == agency)).one()
            token = make_operator_link(agency_id, now=now())
            db.session.commit()
            db.session.remove()
        return f"/operator/{token}"

    return make


@pytest.fixture
def operator(bridge_app: Flask, operator_link: Callable[..., str]) -> Browser:
    """The operator of the server in the console of the demo agency."""
    window = Browser(bridge_app)
    window.follow(window._open(operator_link(), "POST"))
    return window


@pytest.fixture
def other_agency(bridge_app: Flask) -> int:
    """An agency beside the demo's, with a platform of its own; returns the platform's id."""
    with bridge_app.app_context():
        agency = Agency(code="other", name="Kabupaten Lain", created_at=now())
        db.session.add(agency)
        db.session.flush()
        with acting_as(agency.id):
            fields = dict.fromkeys(
                ("authorization_url", "token_url", "token_audience", "jwks_url"), "https://lain.test/x"
            )
            platform = Platform(
                issuer="https://lain.test", client_id="1", name="lain.test", product="", created_at=now(), **fields
            )
            db.session.add(platform)
            db.session.commit()
            number = platform.id
        db.session.remove()
    return number


@pytest.fixture
def make_grade(bridge_app: Flask) -> Callable[..., int]:
    """Make a grade of the demo agency's platform in some state; returns its id."""

    def make(state: GradeState, *, reason: str | None = None, attempts: int = 1, sub: str = "2") -> int:
        with bridge_app.app_context():
            platform = db.session.scalars(select(Platform), execution_options={"all_agencies": True}).first()
            assert platform is not None
            with acting_as(platform.agency_id):
                person = Person(name=f"Peserta {sub}", created_at=now())
                column = LineItem(platform_id=platform.id, url=f"https://lms.test/{sub}/lineitem", scopes=[])
                db.session.add_all([person, column])
                db.session.flush()
                user = PlatformUser(issuer="https://elsewhere.test", sub=sub, person_id=person.id)
                db.session.add(user)
                db.session.flush()
                grade = Grade(line_item_id=column.id, platform_user_id=user.id, state=state, wanted=1, maximum=100)
                grade.comment, grade.reason, grade.attempts, grade.next_try_at = "", reason, attempts, now()
                db.session.add(grade)
                db.session.commit()
                number = grade.id
            db.session.remove()
        return number

    return make


@contextmanager
def statements(app: Flask) -> Iterator[list[str]]:
    """Collect the statements that a page costs."""
    asked: list[str] = []
    with app.app_context():
        engine = db.engine

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if not statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK")):
            asked.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield asked
    event.remove(engine, "before_cursor_execute", note)
