"""The one function that decides who may do what: ``may(actor, action, subject)``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import or_, select
from sqlalchemy.orm import InstrumentedAttribute

from lms_bridge.context import BridgeContext, PersonRef, current
from lms_bridge.contributions import Permission
from lms_bridge.db import db, now
from lms_bridge.errors import Refused
from lms_bridge.models import Enrolment, Grant, Placement, PlacementSuperior, PlatformUser, Post, UnitClosure
from lms_bridge.plugin_host import host

View = TypeVar("View", bound=Callable[..., Any])

ADMINISTER, MANAGE_PEOPLE, ROTATE_KEYS = "core.administer", "core.manage-people", "core.rotate-keys"
CORE = (
    Permission(ADMINISTER, _l("Look after LMSs, plugins and jobs"), frozenset({"administrator", "operator"})),
    Permission(MANAGE_PEOPLE, _l("Look after people, imports, grants and audit"), frozenset({"analyst", "operator"})),
    Permission(ROTATE_KEYS, _l("Renew the keys of the server"), frozenset({"operator"})),
)
"""Core's own actions; those of plugins are in their declarations."""
_CORE = {permission.action: permission for permission in CORE}


def may(actor: BridgeContext, action: str, subject: PersonRef | None = None, *, on: dt.date | None = None) -> bool:
    """Say whether the actor may do this to the subject (by default themselves). What is not declared is refused.

    Superior, head and analyst come from the agency's placements and grants of that day, never from the LMS;
    instructor and administrator come from the launch: the first holds for the people of its course, the second for the
    agency that the session belongs to; operator from the link that opened the console.
    """
    permission = _CORE.get(action) or host().permission(action)
    if permission is None:
        return False
    subject = subject or actor.person
    on = on or now().date()
    return any(_HOLDS[relation](actor, subject, on) for relation in sorted(permission.relations, key=_COST.index))


def require_permission(action: str) -> Callable[[View], View]:
    """Guard a page: the person of the session must be allowed the action on themselves."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            ensure(action)
            return view(*args, **kwargs)

        guarded.required_permission = action  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return decorate


def ensure(action: str, subject: PersonRef | None = None) -> None:
    """Refuse with a readable page unless the person of the session may.

    :raises Refused: they may not.
    """
    if not may(current, action, subject):
        raise Refused(_("Your role does not include this page."), reason=action)


def _self(actor: BridgeContext, subject: PersonRef, on: dt.date) -> bool:
    return bool(set(actor.person.ids) & set(subject.ids))


def _instructor(actor: BridgeContext, subject: PersonRef, on: dt.date) -> bool:
    if "instructor" not in actor.roles or actor.course is None:
        return False
    return _self(actor, subject, on) or bool(
        db.session.scalar(
            select(Enrolment.id)
            .join(PlatformUser, PlatformUser.id == Enrolment.platform_user_id)
            .where(Enrolment.course_id == actor.course.id, PlatformUser.person_id.in_(subject.ids))
            .limit(1)
        )
    )


def _administrator(actor: BridgeContext, subject: PersonRef, on: dt.date) -> bool:
    return "administrator" in actor.roles


def _operator(actor: BridgeContext, subject: PersonRef, on: dt.date) -> bool:
    return "operator" in actor.roles


def _valid(start: InstrumentedAttribute[Any], end: InstrumentedAttribute[Any], on: dt.date) -> tuple[Any, Any]:
    return start <= on, or_(end.is_(None), end > on)


def _superior(actor: BridgeContext, subject: PersonRef, on: dt.date) -> bool:
    return bool(
        db.session.scalar(
            select(PlacementSuperior.id)
            .join(Placement, Placement.id == PlacementSuperior.placement_id)
            .where(
                PlacementSuperior.person_id.in_(actor.person.ids),
                Placement.person_id.in_(subject.ids),
                *_valid(Placement.valid_from, Placement.valid_to, on),
                *_valid(PlacementSuperior.valid_from, PlacementSuperior.valid_to, on),
            )
            .limit(1)
        )
    )


def _head(actor: BridgeContext, subject: PersonRef, on: dt.date) -> bool:
    headed = (
        select(Placement.unit_id)
        .join(Post, Post.id == Placement.post_id)
        .where(
            Placement.person_id.in_(actor.person.ids),
            Post.heads_unit.is_(True),
            *_valid(Placement.valid_from, Placement.valid_to, on),
        )
    )
    below = select(UnitClosure.descendant_id).where(
        UnitClosure.ancestor_id.in_(headed), *_valid(UnitClosure.valid_from, UnitClosure.valid_to, on)
    )
    return bool(
        db.session.scalar(
            select(Placement.id)
            .where(
                Placement.person_id.in_(subject.ids),
                Placement.unit_id.in_(below),
                *_valid(Placement.valid_from, Placement.valid_to, on),
            )
            .limit(1)
        )
    )


def _analyst(actor: BridgeContext, subject: PersonRef, on: dt.date) -> bool:
    return bool(
        db.session.scalar(
            select(Grant.id)
            .where(
                Grant.role == "analyst",
                Grant.person_id.in_(actor.person.ids),
                *_valid(Grant.valid_from, Grant.valid_to, on),
            )
            .limit(1)
        )
    )


_HOLDS: dict[str, Callable[[BridgeContext, PersonRef, dt.date], bool]] = {
    "self": _self,
    "administrator": _administrator,
    "operator": _operator,
    "instructor": _instructor,
    "analyst": _analyst,
    "superior": _superior,
    "head": _head,
}
_COST = list(_HOLDS)
