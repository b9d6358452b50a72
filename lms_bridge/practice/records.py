"""What a practice LMS holds once tools have called, for tests to see and change: grades, roster, trace, faults."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, select

from lms_bridge.practice.faults import Fault, Service
from lms_bridge.practice.gradebook import columns_of, grades_in, override
from lms_bridge.practice.models import AccessToken, Enrolment, LineItem, Trace, User, store
from lms_bridge.practice.school import School
from lms_bridge.practice.seed import COURSE
from lms_bridge.practice.site import make_key_pair

CALLS = frozenset({"keys", "token", "score", "grades", "roster", "registration"})
"""Kinds of messages in the trace that come from a tool, not from a browser."""


@dataclass(frozen=True, slots=True)
class GradeRow:
    """One grade of the gradebook."""

    username: str
    column: str
    score: Decimal | None
    maximum: Decimal
    comment: str
    stamp: dt.datetime


@dataclass(frozen=True, slots=True)
class TraceLine:
    """One LTI message as it passed."""

    kind: str
    direction: str
    address: str
    status: str
    detail: dict[str, Any]


class Records(School):
    """The gradebook, the roster and the trace of a practice LMS, and its faults on purpose."""

    def grades(self, course: int = COURSE) -> list[GradeRow]:
        """Return the grades of a course; an erased one has no score."""
        with self._work():
            columns = {column.id: column for column in columns_of(course)}
            return [
                GradeRow(
                    grade.user.username,
                    columns[item_id].label,
                    grade.score,
                    columns[item_id].score_maximum,
                    grade.comment,
                    grade.stamp,
                )
                for (_user_id, item_id), grade in sorted(grades_in(course).items())
            ]

    def grade(self, username: str, column: str, *, course: int = COURSE) -> Decimal | None:
        """Return somebody's score in the column of that name."""
        return next(
            (row.score for row in self.grades(course) if (row.username, row.column) == (username, column)), None
        )

    def set_grade(
        self,
        username: str,
        column: str,
        score: Decimal | None,
        *,
        course: int = COURSE,
        stamp: dt.datetime | None = None,
    ) -> None:
        """Set a grade by hand, as a teacher does; with ``stamp`` as a tool did it at that moment."""
        with self._work():
            grade = override(self._column(course, column), self._user(username), score)
            if stamp is not None:
                grade.stamp, grade.overridden = stamp, False

    def age_grades(self, seconds: int, *, course: int = COURSE) -> None:
        """Pretend that all grades were given some seconds earlier, so that a test need not wait for the next one."""
        with self._work():
            for grade in grades_in(course).values():
                grade.stamp -= dt.timedelta(seconds=seconds)

    def lock_column(self, column: str, *, course: int = COURSE, locked: bool = True) -> None:
        """Lock a column of the gradebook, or open it."""
        with self._work():
            self._column(course, column).locked = locked

    @staticmethod
    def _column(course: int, label: str) -> LineItem:
        return next(item for item in columns_of(course) if item.label == label)

    def roster(self, course: int = COURSE) -> list[str]:
        """Return the usernames in a course."""
        with self._work():
            query = select(User.username).join(Enrolment).where(Enrolment.course_id == course).order_by(User.id)
            return list(store.session.scalars(query))

    def trace(self, *kinds: str) -> list[TraceLine]:
        """Return the LTI messages that passed, oldest first: all, or those of some kinds."""
        with self._work():
            query = select(Trace).order_by(Trace.id)
            found = store.session.scalars(query.where(Trace.kind.in_(kinds)) if kinds else query)
            return [TraceLine(line.kind, line.direction, line.address, line.status, line.detail) for line in found]

    def calls(self) -> list[str]:
        """Return the kinds of all calls that tools made, oldest first."""
        return [line.kind for line in self.trace(*CALLS) if line.direction == "in"]

    def scores(self) -> list[dict[str, Any]]:
        """Return the scores that tools posted and that were answered with 200, oldest first."""
        return [line.detail["request"]["body"] for line in self.trace("score") if line.status == "200"]

    def revoke_tokens(self) -> None:
        """Let no access token be good any more."""
        with self._work():
            store.session.execute(delete(AccessToken))

    def rotate_key(self) -> None:
        """Sign with a new key from now on, and publish only that."""
        self.site.private_key, self.site.public_key = make_key_pair()

    def set_fault(
        self,
        *faults: int | str | Fault | tuple[int, int] | None,
        service: Service = "score",
        down: bool | None = None,
    ) -> None:
        """Let the next calls of a service meet these faults, None meaning none; ``down`` breaks off every call."""
        self.site.faults.next_calls(service, faults)
        if down is not None:
            self.site.faults.down = down

    def clear_faults(self) -> None:
        """Behave again."""
        self.site.faults.clear()
