"""The audit log: written in the transaction of the deed, so that neither exists without the other."""

from __future__ import annotations

import re
from collections.abc import Iterable

from flask import g, has_request_context, request
from sqlalchemy import insert

from lms_bridge.context import PersonRef, context_or_none
from lms_bridge.db import current_agency, db, now
from lms_bridge.models import AuditEntry, AuditKind

Fact = str | int | bool | None
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.:/-]{0,63}|")
_LARGEST = 10**12
_ENTRY = insert(AuditEntry.__table__)


def audit(
    action: str,
    *,
    kind: AuditKind = AuditKind.CHANGE,
    subject: PersonRef | int | None = None,
    actor: PersonRef | None = None,
    **facts: Fact,
) -> None:
    """Note a deed in the audit log of the chosen agency. It is kept when the caller's transaction is.

    :param action: such as ``grant.given``; what a plugin notes starts with the plugin's name.
    :param subject: whose data or right it is.
    :param actor: who did it; by default the person of the session, and without one the operator of the server.
    :param facts: ids, numbers and codes.
    :raises ValueError: a fact could be a name, a NIP or an answer.
    """
    by = actor.id if actor else _person_of_the_session()
    _store(action, kind, [subject.id if isinstance(subject, PersonRef) else subject], by, facts)


def audit_reads(action: str, people: Iterable[int], **facts: Fact) -> None:
    """Note that the person of the session sees these people's data; what they see of themselves is not noted.

    A page that is opened by GET does not write: its entries are stored when its answer is ready, and no answer leaves
    without them.
    """
    context = context_or_none()
    if context is None:
        raise RuntimeError("nobody is here to read; use audit()")
    subjects = sorted(set(people) - set(context.person.ids))
    _check(facts)
    if subjects:
        kind = AuditKind.READ if request.method in {"GET", "HEAD"} else AuditKind.CHANGE
        g.setdefault("audit_notes", []).append((action, kind, subjects, facts))


def note_export(action: str, **facts: Fact) -> None:
    """Note that the answer to this request takes data away; stored as what :func:`audit_reads` notes is."""
    _check(facts)
    g.setdefault("audit_notes", []).append((action, AuditKind.EXPORT, [None], facts))


def store_notes() -> None:
    """Store what was noted in this request."""
    for action, kind, subjects, facts in g.pop("audit_notes", []):
        _store(action, kind, subjects, _person_of_the_session(), facts)


def _person_of_the_session() -> int | None:
    context = context_or_none()
    # The operator in the console is nobody of the agency.
    return context.person.id if context and context.person.ids else None


def _store(
    action: str, kind: AuditKind, subjects: Iterable[int | None], actor_id: int | None, facts: dict[str, Fact]
) -> None:
    _check(facts)
    common = {
        "agency_id": current_agency(),
        "happened_at": now(),
        "kind": kind,
        "action": action,
        "actor_id": actor_id,
        "request_id": g.get("request_id") if has_request_context() else None,
        "facts": facts,
    }
    db.session.execute(_ENTRY, [{**common, "subject_id": subject} for subject in subjects])


def _check(facts: dict[str, Fact]) -> None:
    """Refuse what could be personal: free text, and numbers as long as a NIP."""
    for name, value in facts.items():
        if isinstance(value, str) and not _CODE.fullmatch(value):
            raise ValueError(f"the fact {name} is no code; the audit log holds ids, numbers and codes only")
        if isinstance(value, int) and abs(value) >= _LARGEST:
            raise ValueError(f"the fact {name} is too large a number to be an id or a count")
