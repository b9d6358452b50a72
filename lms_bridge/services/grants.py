"""Grants: rights given by name, from one day until they are withdrawn; every change is in the audit log."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, exists, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from lms_bridge.db import changed_rows, current_agency, db
from lms_bridge.errors import BridgeError, NotFound
from lms_bridge.models import Agency, AuditKind, Grant, Person, Programme
from lms_bridge.services.audit import audit
from lms_bridge.services.permissions import actions_for

ROLES = {"analyst": _l("HR analyst"), "owner": _l("Programme owner"), "officer": _l("Named officer")}
"""What can be granted. The scope of an owner is the code of a programme, that of an officer an action."""


class NotGrantable(BridgeError):
    """A grant names a programme that does not exist, an action for which nobody can be officer, or needs neither.

    What helps: Choose from the list; an analyst needs neither.
    """

    code = "not-grantable"
    title = _l("This right cannot be given")


@dataclass(frozen=True, slots=True)
class GrantView:
    """A grant with its holder; without a person it waits for somebody with the NIP."""

    id: int
    role: str
    scope: str
    person_id: int | None
    name: str
    nip: str
    valid_from: dt.date
    valid_to: dt.date | None


def give_grant(
    role: str, *, now: dt.datetime, scope: str = "", person_id: int | None = None, nip: str | None = None
) -> Grant:
    """Give a right to a person, or to whoever has a NIP: known today or not yet. Held already, nothing changes.

    :param nip: 18 digits, instead of the person.
    :raises NotGrantable: the role is unknown, or the scope is not one of its actions.
    :raises NotFound: the agency has no such person.
    """
    if scope not in scopes(role):
        raise NotGrantable(_("For %(scope)s nobody can be named.", scope=scope or role), reason=f"{role} {scope}")
    if person_id is None:
        person_id = db.session.scalar(select(Person.id).where(Person.nip == nip))
    elif db.session.scalar(select(Person.id).where(Person.id == person_id)) is None:
        raise NotFound(_("There is no such person. Look for them again."), reason=f"person {person_id}")
    holder = [Grant.person_id == person_id] if person_id is not None else []
    holder += [Grant.nip == nip] if nip is not None else []
    given = Grant(role=role, scope=scope, person_id=person_id, nip=nip, valid_from=_today(now))
    try:
        # The unique index decides when two give it at once.
        with db.session.begin_nested():
            db.session.add(given)
    except IntegrityError:
        return _open(role, scope, or_(*holder))
    audit("grant.given", kind=AuditKind.RIGHTS, subject=person_id, grant=given.id, role=role, scope=scope)
    return given


def scopes(role: str) -> frozenset[str]:
    """Return for what a role can be granted: programmes by code, actions, or nothing in particular (an empty text)."""
    if role == "owner":
        return frozenset(db.session.scalars(select(Programme.code)))
    return {"analyst": frozenset({""}), "officer": actions_for("officer")}.get(role, frozenset())


def _open(role: str, scope: str, holder: ColumnElement[bool]) -> Grant:
    return db.session.scalars(
        select(Grant).where(Grant.role == role, Grant.scope == scope, Grant.valid_to.is_(None), holder).limit(1)
    ).one()


def withdraw_grant(grant_id: int, *, now: dt.datetime) -> None:
    """Withdraw a right at once. Withdrawn already, nothing changes.

    :raises NotFound: the agency has no such grant.
    """
    grant = db.session.scalar(select(Grant).where(Grant.id == grant_id))
    if grant is None:
        raise NotFound(_("There is no such right. Open the list again."), reason=f"grant {grant_id}")
    held = update(Grant).where(Grant.id == grant_id, Grant.valid_to.is_(None)).values(valid_to=_today(now))
    if changed_rows(held):
        whose, right = grant.person_id, grant.role
        audit("grant.withdrawn", kind=AuditKind.RIGHTS, subject=whose, grant=grant_id, role=right, scope=grant.scope)


def take_grants(person_id: int, nip: str) -> None:
    """Hand somebody whose NIP has become known the grants that waited for it."""
    held = aliased(Grant)
    has_it = exists().where(
        held.person_id == person_id, held.role == Grant.role, held.scope == Grant.scope, held.valid_to.is_(None)
    )
    taken = db.session.execute(
        update(Grant)
        .where(Grant.nip == nip, Grant.person_id.is_(None), or_(Grant.valid_to.is_not(None), ~has_it))
        .values(person_id=person_id)
        .returning(Grant.id, Grant.role, Grant.scope),
        execution_options={"synchronize_session": False},
    ).all()
    for row in taken:
        audit("grant.taken", kind=AuditKind.RIGHTS, subject=person_id, grant=row.id, role=row.role, scope=row.scope)


def grants(*, everything: bool = False) -> list[GrantView]:
    """Return the rights that are held or wait in the agency, newest first; with ``everything`` also the withdrawn."""
    rows = db.session.execute(
        select(Grant, Person.name, Person.nip)
        .outerjoin(Person, Person.id == Grant.person_id)
        .where(Grant.valid_to.is_(None) if not everything else Grant.id > 0)
        .order_by(Grant.id.desc())
    )
    return [
        GrantView(
            *(row.Grant.id, row.Grant.role, row.Grant.scope, row.Grant.person_id, row.name or ""),
            row.nip or row.Grant.nip or "",
            row.Grant.valid_from,
            row.Grant.valid_to,
        )
        for row in rows
    ]


def _today(now: dt.datetime) -> dt.date:
    agency = db.session.get_one(Agency, current_agency())
    return now.astimezone(ZoneInfo(agency.timezone)).date()
