"""Scores of modules become wanted grades. Only the newest wanted value leaves (decisions, Grades)."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import exists, func, or_, select, update

from lms_bridge.context import PersonRef
from lms_bridge.db import changed_rows, current_agency, db, upsert
from lms_bridge.models import (
    Enrolment,
    Grade,
    GradeState,
    Launch,
    LineItem,
    PersonScore,
    Platform,
    PlatformUser,
    ResourceLink,
)
from lms_bridge.plugin_host import host
from lms_bridge.services.people import same_person


class UnknownModule(LookupError):
    """No loaded plugin has this module, or it has no score map."""


def record_score(
    outcome: Any,
    *,
    module: str,
    person: PersonRef,
    settled_at: dt.datetime,
    item: str = "",
    comment: str = "",
    in_progress: bool = False,
) -> PersonScore:
    """Keep a settled result and hand it to every gradebook column from which the person opened the module.

    :param outcome: whatever the module's ScoreMap understands.
    :param in_progress: settled as a step of something longer, such as the milestones of a plan.
    :raises UnknownModule: the module is not loaded or has no score map.
    """
    declared = host().module(module)
    if declared is None or declared.score_map is None:
        raise UnknownModule(module)
    value = Decimal(declared.score_map.to_score(outcome)).quantize(Decimal("0.0001"), ROUND_HALF_UP)
    value = min(max(value, Decimal(0)), Decimal(1))
    key = {"person_id": person.id, "module": module, "item": item}
    values = {"agency_id": current_agency(), "value": value, "in_progress": in_progress, "comment": comment}
    score_id = upsert(PersonScore.__table__, key=key, values={**values, "settled_at": settled_at})
    score = db.session.get_one(PersonScore, score_id, populate_existing=True)
    for line_item_id, user_id in _columns(person, module=module, item=item):
        want_grade(line_item_id, user_id, score, maximum=declared.score_map.maximum, now=settled_at)
    return score


def _columns(person: PersonRef, *, module: str, item: str) -> list[tuple[int, int]]:
    """Return the columns of the person's activities of a module, each with their user, where they are a learner."""
    opened = exists().where(Launch.resource_link_id == ResourceLink.id, Launch.platform_user_id == PlatformUser.id)
    rows = db.session.execute(
        select(ResourceLink.line_item_id, PlatformUser.id, Enrolment.roles)
        .join(Enrolment, Enrolment.course_id == ResourceLink.course_id)
        .join(PlatformUser, PlatformUser.id == Enrolment.platform_user_id)
        .where(
            ResourceLink.module == module,
            ResourceLink.item == item,
            ResourceLink.line_item_id.is_not(None),
            PlatformUser.person_id.in_(person.ids),
            opened,
        )
    )
    return sorted({(item_id, user_id) for item_id, user_id, roles in rows if item_id and "learner" in roles})


def want_grade(line_item_id: int, user_id: int, score: PersonScore, *, maximum: int, now: dt.datetime) -> None:
    """Make a score the wanted grade of one column. The same value again changes nothing."""
    wanted: dict[str, Any] = {
        "wanted": score.value,
        "maximum": maximum,
        "in_progress": score.in_progress,
        "comment": score.comment,
    }
    first = {"agency_id": current_agency(), "state": GradeState.DUE, "version": 1, "attempts": 0, "next_try_at": now}
    key = {"line_item_id": line_item_id, "platform_user_id": user_id}
    # Whoever comes second finds the row of the first, locked, so that neither value overwrites the other unseen.
    grade_id = upsert(Grade.__table__, key=key, values={**first, **wanted}, keep=(*first, *wanted))
    grade = db.session.get_one(Grade, grade_id, populate_existing=True)
    if all(getattr(grade, name) == value for name, value in wanted.items()):
        return
    for name, value in wanted.items():
        setattr(grade, name, value)
    grade.version += 1
    grade.state, grade.attempts, grade.reason = GradeState.DUE, 0, None
    if grade.lease is None or grade.next_try_at <= now:
        # While the value before it still travels, the worker that carries it makes this one due.
        grade.next_try_at = now
    db.session.flush()


def grade_on_launch(
    line_item_id: int, user_id: int, *, person_id: int, module: str, item: str, now: dt.datetime
) -> None:
    """Give a column that did not exist when the score was settled the grade it missed."""
    ids = same_person(person_id)
    row = db.session.execute(
        select(PersonScore.id, Grade.id.label("grade_id"))
        .outerjoin(Grade, (Grade.line_item_id == line_item_id) & (Grade.platform_user_id == user_id))
        .where(PersonScore.person_id.in_(ids), PersonScore.module == module, PersonScore.item == item)
        .order_by(PersonScore.settled_at.desc())
    ).first()
    declared = host().module(module)
    if row is not None and row.grade_id is None and declared and declared.score_map:
        score = db.session.get_one(PersonScore, row.id)
        want_grade(line_item_id, user_id, score, maximum=declared.score_map.maximum, now=now)


def parked_grades(*, agency_id: int | None = None) -> list[Any]:
    """Return the grades that wait for somebody, with platform, column and reason; by default of all agencies."""
    activity = select(func.max(ResourceLink.title)).where(ResourceLink.line_item_id == LineItem.id).scalar_subquery()
    statement = (
        select(
            *(Grade.id, LineItem.url, PlatformUser.sub, Grade.reason, Grade.attempts),
            Platform.name.label("platform"),
            activity.label("activity"),
        )
        .join(LineItem, LineItem.id == Grade.line_item_id)
        .join(Platform, Platform.id == LineItem.platform_id)
        .join(PlatformUser, PlatformUser.id == Grade.platform_user_id)
        .where(Grade.state == GradeState.PARKED)
        .order_by(Grade.id)
    )
    if agency_id is not None:
        statement = statement.where(Grade.agency_id == agency_id)
    return list(db.session.execute(statement, execution_options={"all_agencies": True}))


def requeue_grades(ids: list[int] | None, *, now: dt.datetime, agency_id: int | None = None) -> int:
    """Send parked grades again: these, or all; by default of all agencies. Returns how many."""
    statement = update(Grade.__table__).where(Grade.__table__.c.state == GradeState.PARKED)
    if agency_id is not None:
        statement = statement.where(Grade.__table__.c.agency_id == agency_id)
    if ids is not None:
        statement = statement.where(Grade.__table__.c.id.in_(ids))
    return changed_rows(statement.values(state=GradeState.DUE, attempts=0, next_try_at=now, reason=None))


def count_by_state() -> dict[str, int]:
    """Return how many grades are due, sent and parked, for ``doctor`` and the metrics."""
    rows = db.session.execute(select(Grade.__table__.c.state, func.count()).group_by(Grade.__table__.c.state))
    return {GradeState(state).value: count for state, count in rows}


def late_grades(*, tries: int = 3) -> dict[str, int]:
    """Return how many due grades failed this often or more, by the reason of the last try; for ``doctor``."""
    table = Grade.__table__.c
    rows = db.session.execute(
        select(table.reason, func.count())
        .where(table.state == GradeState.DUE, table.attempts >= tries, table.reason.is_not(None))
        .group_by(table.reason)
    )
    return {reason: count for reason, count in rows}


def overdue_grades(since: dt.datetime) -> int:
    """Return how many grades of active platforms nobody has taken although they were due then."""
    grade, item, platform = Grade.__table__.c, LineItem.__table__, Platform.__table__
    return int(
        db.session.scalar(
            select(func.count())
            .select_from(Grade.__table__)
            .join(item, item.c.id == grade.line_item_id)
            .join(platform, platform.c.id == item.c.platform_id)
            .where(
                grade.state == GradeState.DUE,
                grade.next_try_at < since,
                platform.c.active.is_(True),
                or_(platform.c.closed_until.is_(None), platform.c.closed_until < since),
            )
        )
        or 0
    )
