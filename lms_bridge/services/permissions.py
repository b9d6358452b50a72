"""The one function that decides who may do what: ``may(actor, action, subject)``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from flask import g, has_request_context
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, exists, false, func, or_, select, union
from sqlalchemy.orm import aliased

from lms_bridge.context import Actor, PersonRef, current
from lms_bridge.contributions import PLUGIN_RELATIONS, Permission
from lms_bridge.db import db, guest, now
from lms_bridge.errors import Refused
from lms_bridge.models import Person
from lms_bridge.plugin_host import host
from lms_bridge.plugin_host.dispatch import disabled_plugins
from lms_bridge.services.audit import audit_reads
from lms_bridge.services.relations import OF_HEADS, QUERIES, People, Question, units_headed

View = TypeVar("View", bound=Callable[..., Any])

ADMINISTER, MANAGE_PEOPLE, ROTATE_KEYS = "core.administer", "core.manage-people", "core.rotate-keys"
MY_DATA = "core.my-data"
CORE = (
    Permission(ADMINISTER, _l("Look after LMSs, plugins and jobs"), frozenset({"administrator", "operator"})),
    Permission(MANAGE_PEOPLE, _l("Look after people, imports, grants and audit"), frozenset({"analyst", "operator"})),
    Permission(ROTATE_KEYS, _l("Renew the keys of the server"), frozenset({"operator"})),
    Permission(MY_DATA, _l("See and take away one's own data"), frozenset({"self"})),
)
"""Core's own actions; those of plugins are in their declarations."""
_OF_A_SESSION = frozenset({"administrator", "operator"})
_USUAL = frozenset({"superior", "team_superior", "head", "analyst"})
"""Relations that do not depend on the action, and that most pages ask about."""
_CORE = {permission.action: permission for permission in CORE}


def may(actor: Actor, action: str, subject: PersonRef | None = None, *, on: dt.date | None = None) -> bool:
    """Say whether the actor may do this to the subject (by default themselves). What is not declared is refused.

    One statement decides, after one for the units that the actor heads where that matters; none where it is about
    oneself, or where the session's own role suffices. Plugins that know a relation are asked after that.

    :param on: the day on which the subject must have belonged to the actor, for data of the past; by default today. The
        actor's own posts and grants always count today, in the agency's zone.
    """
    relations = _relations(action)
    if subject is None and relations & _OF_A_SESSION & actor.roles:
        return True
    subject = subject or actor.person
    if "self" in relations and set(actor.person.ids) & set(subject.ids):
        return True
    question = _question(actor, action, on, relations)
    held = [
        exists(people.where(people.selected_columns[0].in_(subject.ids)).correlate(None))
        for people in _queries(question, relations - {"self"})
    ]
    known = select(Person.id).where(Person.id.in_(subject.ids), Person.agency_id == actor.agency.id)
    if held and db.session.scalar(known.where(or_(*held)).limit(1)):
        return True
    told = _told_by_plugins(question, relations) & set(subject.ids)
    return bool(told) and bool(db.session.scalar(known.limit(1)))


def visible_people(actor: Actor, action: str, *, on: dt.date | None = None) -> Select[int]:
    """Return the query for the ids of all people to whom the actor may do this, for lists: ``person_id.in_(...)``.

    It gives exactly those for whom ``may`` says yes, by every row that is the same person.
    """
    relations = _relations(action)
    question = _question(actor, action, on, relations)
    held: list[Select[int]] = list(_queries(question, relations))
    if told := _told_by_plugins(question, relations):
        held.append(select(Person.id).where(Person.id.in_(told)))
    if not held:
        return select(Person.id).where(false())
    found = union(*held).subquery()
    row, linked = aliased(Person), aliased(Person)
    canonical = select(func.coalesce(row.same_as_id, row.id)).where(row.id.in_(select(found.c[0]))).cte()
    rows = union(select(canonical.c[0]), select(linked.id).where(linked.same_as_id.in_(select(canonical.c[0]))))
    return select(Person.id).where(Person.agency_id == actor.agency.id, Person.id.in_(rows))


def may_for_others(actor: Actor, action: str) -> bool:
    """Say whether there is anybody but the actor to whom they may do this today.

    A request asks once, by two statements, in which of the usual relations the actor stands to anybody: its menu,
    tasks and doors all want to know. Other relations are asked for each action.
    """
    relations = _relations(action) - {"self"}
    if not has_request_context():
        return _leads(actor, action, relations)
    if relations & _led_by(actor):
        return True
    return _leads(actor, action, relations - _USUAL)


def _led_by(actor: Actor) -> frozenset[str]:
    """Return the usual relations in which the actor stands to somebody else today."""
    known: dict[tuple[Any, ...], frozenset[str]] = g.setdefault("lms_bridge_led_by", {})
    key = (actor.agency.id, actor.person.ids)
    if key not in known:
        question = _question(actor, "", None, _USUAL)
        asked = {relation: _others(question, frozenset({relation})) for relation in sorted(_USUAL)}
        answers = db.session.execute(select(*(or_(false(), *held).label(name) for name, held in asked.items()))).one()
        known[key] = frozenset(name for name, answer in zip(asked, answers, strict=True) if answer)
    return known[key]


def _leads(actor: Actor, action: str, relations: frozenset[str]) -> bool:
    question = _question(actor, action, None, relations)
    held = _others(question, relations)
    if held and db.session.scalar(select(or_(*held))):
        return True
    return bool(_told_by_plugins(question, relations) - set(actor.person.ids))


def _others(question: Question, relations: frozenset[str]) -> list[ColumnElement[bool]]:
    """Return the conditions that somebody else than the actor stands in these relations."""
    own = question.actor.person.ids
    return [
        exists(people.where(people.selected_columns[0].not_in(own)).correlate(None))
        for people in _queries(question, relations)
    ]


def actions_for(relation: str) -> frozenset[str]:
    """Return the actions that a relation allows, of core and of the plugins that are loaded."""
    declared = (permission for plugin in host().declarations for permission in plugin.permissions)
    return frozenset(one.action for one in (*CORE, *declared) if relation in one.relations)


def _relations(action: str) -> frozenset[str]:
    permission = _CORE.get(action) or host().permission(action)
    return permission.relations if permission else frozenset()


def _question(actor: Actor, action: str, on: dt.date | None, relations: frozenset[str]) -> Question:
    today = now().astimezone(ZoneInfo(actor.agency.timezone)).date()
    of_heads = any(OF_HEADS.intersection(QUERIES[relation]) for relation in relations - PLUGIN_RELATIONS)
    headed = tuple(db.session.scalars(units_headed(actor, today))) if of_heads else ()
    return Question(actor, action, today, on or today, headed)


def _queries(question: Question, relations: frozenset[str]) -> list[People]:
    asked = [query for relation in sorted(relations - PLUGIN_RELATIONS) for query in QUERIES[relation]]
    return [query(question) for query in asked if question.headed or query not in OF_HEADS]


def _told_by_plugins(question: Question, relations: frozenset[str]) -> set[int]:
    """Ask the plugins that know a relation; one that fails, or that the agency has switched off, tells nothing."""
    asked = [
        (declared.name, relation)
        for declared in host().declarations
        for relation in declared.relations
        if relation.name in relations
    ]
    told: set[int] = set()
    off = disabled_plugins() if asked else frozenset()
    for name, relation in asked:
        if name not in off:
            try:
                with guest(name):
                    told |= {int(person_id) for person_id in relation.people(question.actor.person, question.on)}
            except Exception as error:
                host().note_failure(name, f"relation {relation.name}", error)
    return told


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
    """Refuse with a readable page unless the person of the session may; note in the audit log whose data they see.

    :raises Refused: they may not.
    """
    if not may(current, action, subject):
        raise Refused(_("Your role does not include this page."), reason=action)
    if subject is not None:
        audit_reads(action, [subject.id])
