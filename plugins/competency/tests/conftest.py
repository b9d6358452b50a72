"""What the tests of the plugin share: a learner who walks through the self-rating in a browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select

from lms_bridge.api import acting_as, db

CODES = ("M1", "M2", "M3", "M4", "M5", "M6", "M7", "M8", "S1")
ANI, RAHMAT = "199203142015032004", "197805112003121002"


@dataclass
class Learner:
    """A browser in a session, with the steps of a self-rating."""

    browser: Any

    @property
    def page(self) -> Any:
        return self.browser.page

    @property
    def location(self) -> str:
        """Where the page lies."""
        return self.browser.path

    def get(self, path: str) -> Any:
        """Open a page of the plugin and follow its redirects."""
        return self._follow(self.browser.get(f"/p/competency{path}"))

    def post(self, path: str, **data: str) -> Any:
        """Post to a page of the plugin and follow its redirects."""
        return self._follow(self.browser.post(f"/p/competency{path}", data=data))

    def _follow(self, answer: Any) -> Any:
        while answer.status_code in {302, 303}:
            answer = self.browser.get(answer.headers["Location"].removeprefix(self.browser.prefix))
        return answer

    def begin(self, **data: str) -> Any:
        return self.post("/self-rating/start", **data)

    def answer(self, code: str, level: int, shown: int = 3, *, go: str = "continue", **more: str) -> Any:
        """Answer a level with the first behaviours shown and the others not, and go on."""
        return self.post(f"/self-rating/{code}/{level}", **answers(code, level, shown), go=go, **more)

    def save(self, code: str, level: int, place: int, mark: str) -> Any:
        """Post one answer, as the page does by itself."""
        return self.browser.post(
            f"/p/competency/self-rating/{code}/{level}",
            data={f"answers:{indicator(code, level, place)}": mark},
            headers={"Accept": "application/json"},
        )

    def rate(self, attained: dict[str, int] | None = None, *, required: int = 3) -> None:
        """Rate every competency, by default at the required level."""
        for code in CODES:
            level = (attained or {}).get(code, required)
            shown = {asked: 0 for asked in range(required, level, -1)} | dict.fromkeys(range(required, level + 1), 3)
            if 0 < level < required:
                shown[level] = 2
            for asked, behaviours in shown.items():
                self.browser.post(f"/p/competency/self-rating/{code}/{asked}", data=answers(code, asked, behaviours))

    def finish(self) -> Any:
        return self.post("/self-rating/finish")

    def result_id(self) -> int:
        """Return the id of the result that is shown."""
        found = re.search(r"/results/(\d+)/explanation", self.page.text)
        assert found
        return int(found[1])


def answers(code: str, level: int, shown: int) -> dict[str, str]:
    """Return the fields of a question page with the first behaviours shown and the others not."""
    marks = ["shown"] * shown + ["not_shown"] * (3 - shown)
    return {f"answers:{indicator(code, level, place)}": mark for place, mark in enumerate(marks, start=1)}


def indicator(code: str, level: int, place: int) -> str:
    return f"asn-38-2017:{code}:{level}:{place}"


@pytest.fixture
def learner(launch_as: Callable[..., Any]) -> Callable[..., Learner]:
    """Launch the self-rating as somebody of the practice LMS, in English. Nobody knows the post of Maya."""

    def launch(user: str = "ani", **options: Any) -> Learner:
        return Learner(launch_as(user, **{"module": "competency.self-rating", "locale": "en", **options}))

    return launch


@pytest.fixture
def ani(learner: Callable[..., Learner]) -> Learner:
    """Ani, whose post is Ahli Muda, has begun her self-rating."""
    person = learner()
    person.begin()
    return person


@dataclass
class Stored:
    """The database of the demo agency, as another connection sees it."""

    app: Flask

    @contextmanager
    def opened(self, *, agency: str = "demo") -> Iterator[int]:
        """Work in the database for an agency."""
        agencies = db.metadata.tables["core_agency"]
        with self.app.app_context():
            agency_id = db.session.scalar(select(agencies.c.id).where(agencies.c.code == agency))
            with acting_as(agency_id):
                yield agency_id
                db.session.commit()
            db.session.remove()

    def count(self, model: Any) -> int:
        return len(self.all(select(model.id)))

    def one(self, statement: Any) -> Any:
        return self.all(statement)[0]

    def all(self, statement: Any) -> list[Any]:
        with self.opened():
            rows = list(db.session.scalars(statement))
            db.session.expunge_all()
            return rows

    def rows(self, table: str) -> list[Any]:
        """Return the rows of one of core's tables."""
        with self.opened():
            return list(db.session.execute(select(db.metadata.tables[table])))


@pytest.fixture
def stored(bridge_app: Flask) -> Stored:
    """What is in the database."""
    return Stored(bridge_app)


@pytest.fixture
def statements(bridge_app):
    """Every statement since the list was last cleared, the session's own included."""
    seen: list[str] = []
    with bridge_app.app_context():
        engine = db.engine

    def listen(connection, cursor, statement, parameters, context, many):
        if statement.startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")):
            seen.append(statement)

    event.listen(engine, "before_cursor_execute", listen)
    yield seen
    event.remove(engine, "before_cursor_execute", listen)
