"""Sessions whose id stands in the URL: begun by a launch or a ticket, bound to the browser, ended by time."""

from __future__ import annotations

import datetime as dt
import hmac
import secrets
from dataclasses import dataclass
from functools import cache
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Insert, String, bindparam, cast, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from lms_bridge.context import AgencyRef, BridgeContext, CourseRef, PersonRef, PlatformRef, ResourceLinkRef
from lms_bridge.db import db, run
from lms_bridge.errors import BridgeError
from lms_bridge.lti.errors import LaunchUsed
from lms_bridge.lti.login import hash_secret
from lms_bridge.models import (
    Agency,
    Course,
    Launch,
    Person,
    Platform,
    PluginSetting,
    ResourceLink,
    Session,
    SessionKind,
    Ticket,
)

IDLE, ABSOLUTE = dt.timedelta(minutes=30), dt.timedelta(hours=8)
TOUCH = dt.timedelta(minutes=1)
_S, _L, _P, _A, _M, _C, _R, _N = (
    model.__table__ for model in (Session, Launch, Person, Agency, Platform, Course, ResourceLink, PluginSetting)
)

_O = _P.alias()
# Everyone who is linked to the same person, in one column: "12 40".
_SAME_IDS = (
    select(func.aggregate_strings(cast(_O.c.id, String), " "))
    .where(_O.c.same_as_id == func.coalesce(_P.c.same_as_id, _P.c.id))
    .scalar_subquery()
    .label("same_ids")
)
_SWITCHED_OFF = (
    select(func.aggregate_strings(_N.c.plugin, " "))
    .where(_N.c.agency_id == _S.c.agency_id, _N.c.enabled.is_(False))
    .scalar_subquery()
    .label("switched_off")
)
# Built once: putting a statement together costs more than running it.
_VISIT = (
    select(
        _S.c.id,
        _S.c.kind,
        _S.c.agency_id,
        _S.c.person_id,
        _S.c.launch_id,
        _S.c.cookie_hash,
        _S.c.agent_hash,
        _S.c.locale,
        _S.c.data,
        _S.c.seen_at,
        _S.c.expires_at,
        _P.c.name.label("person_name"),
        _P.c.same_as_id,
        _SAME_IDS,
        _SWITCHED_OFF,
        _A.c.code,
        _A.c.name.label("agency_name"),
        _A.c.timezone,
        _M.c.id.label("platform_id"),
        _M.c.name.label("platform_name"),
        _M.c.issuer,
        _M.c.authorization_url,
        _L.c.roles,
        _L.c.module,
        _L.c.item,
        _L.c.locale.label("launch_locale"),
        _L.c.document_target,
        _L.c.return_url,
        _C.c.id.label("course_id"),
        _C.c.title.label("course_title"),
        _R.c.id.label("link_id"),
        _R.c.title.label("link_title"),
    )
    .join(_A, _A.c.id == _S.c.agency_id)
    .outerjoin(_P, _P.c.id == _S.c.person_id)
    .outerjoin(_L, _L.c.id == _S.c.launch_id)
    .outerjoin(_M, _M.c.id == _L.c.platform_id)
    .outerjoin(_C, _C.c.id == _L.c.course_id)
    .outerjoin(_R, _R.c.id == _L.c.resource_link_id)
    .where(_S.c.sid_hash == bindparam("hash"), or_(_M.c.active.is_(True), _S.c.launch_id.is_(None)))
)
_LAUNCH = insert(_L).returning(_L.c.id)
_BEGIN = insert(_S)
# Lazy: the language is known only after the session is.
_OPERATOR: Any = _l("Operator of the server")


class SessionEnded(BridgeError):
    """Somebody left the page for 30 minutes, signed out, or uses a copied address.

    What helps: Open it again from the course; what was typed is kept in the tab.
    """

    status = 401  # type: ignore[assignment]
    code = "session-ended"
    title = _l("This page can no longer be opened")
    way_back = False
    steps = (
        _l("Go back to your course and open the activity again."),
        _l("If it happens again, open it in a new window."),
        _l("Still not? Send the reference number to the LMS administrator."),
    )

    def __init__(self, reason: str) -> None:
        super().__init__(
            _("For your safety a session ends after 30 minutes without use. What you saved before is still there."),
            reason=reason,
        )


@dataclass(frozen=True, slots=True)
class Visit:
    """A live session as the web layer needs it. The operator's has neither person nor launch."""

    id: int
    kind: SessionKind
    agency_id: int
    person_id: int | None
    launch_id: int | None
    cookie_hash: str | None
    candidate: str | None
    locale: str | None
    launch_locale: str | None
    data: dict[str, Any]
    seen_at: dt.datetime
    platform_origins: tuple[str, ...]
    switched_off: frozenset[str]
    """Plugins that the agency does not use."""
    return_url: str | None
    context: BridgeContext


def begin_session(
    launch: int | dict[str, Any] | None,
    *,
    agency_id: int,
    person_id: int | None,
    agent: str,
    cookie: str,
    cookie_seen: bool,
    now: dt.datetime,
    nonce: str | None = None,
    kind: SessionKind = SessionKind.LAUNCH,
) -> str:
    """Begin a session and return its id, 43 characters that are stored only as a hash.

    :param launch: its id, or the row of one that is stored with the session; none for the operator's.
    :param cookie: the secret that the browser holds or is being given.
    :param cookie_seen: it came back already, so that the session can be bound to it at once.
    :param nonce: of the login that is used up by this.
    :raises LaunchUsed: another session has used it up.
    """
    sid = secrets.token_urlsafe(32)
    bound = hash_secret(cookie)
    values = {
        "sid_hash": hash_secret(sid),
        "nonce": nonce,
        "kind": kind,
        "agency_id": agency_id,
        "person_id": person_id,
        "cookie_hash": bound if cookie_seen else None,
        "agent_hash": hash_secret(agent),
        "data": {} if cookie_seen else {"candidate": bound},
        "created_at": now,
        "seen_at": now,
        "expires_at": now + ABSOLUTE,
    }
    try:
        _store(launch, values)
    except IntegrityError as error:
        raise LaunchUsed("nonce used by another session") from error
    return sid


def _store(launch: int | dict[str, Any] | None, session: dict[str, Any]) -> None:
    if launch is None or isinstance(launch, int):
        run(_BEGIN, {**session, "launch_id": launch})
    elif db.session.get_bind().dialect.name == "postgresql":
        run(_both(), {**{f"launch_{name}": value for name, value in launch.items()}, **session})
    else:
        run(_BEGIN, {**session, "launch_id": run(_LAUNCH, launch).scalar_one()})


@cache
def _both() -> Insert:
    """Return the statement that stores a launch and its session: one round trip of PostgreSQL saved on each launch."""
    names = [column.name for column in _L.c if column.name != "id"]
    launch = _LAUNCH.values({name: bindparam(f"launch_{name}", type_=_L.c[name].type) for name in names}).cte("launch")
    given = [column for column in _S.c if column.name not in {"id", "launch_id", "locale"}]
    values = [bindparam(column.name, type_=column.type) for column in given]
    return insert(_S).from_select([*given, _S.c.launch_id], select(*values, launch.c.id))


def load_visit(sid: str, *, cookies: tuple[str, ...], agent: str, request_id: str, now: dt.datetime) -> Visit:
    """Return the session with this id, if it is alive and this is its browser.

    :raises SessionEnded: unknown, idle for 30 minutes, older than 8 hours, or another browser.
    """
    row = run(_VISIT, {"hash": hash_secret(sid)}).first()
    if row is None or row.expires_at <= now or row.seen_at + IDLE <= now:
        raise SessionEnded("unknown or expired")
    if row.cookie_hash is not None:
        if not any(hmac.compare_digest(hash_secret(cookie), row.cookie_hash) for cookie in cookies):
            raise SessionEnded("bound to a cookie that did not come")
    elif row.agent_hash != hash_secret(agent):
        raise SessionEnded("another browser")
    return Visit(
        id=row.id,
        kind=row.kind,
        agency_id=row.agency_id,
        person_id=row.person_id,
        launch_id=row.launch_id,
        cookie_hash=row.cookie_hash,
        candidate=row.data.get("candidate"),
        locale=row.locale,
        launch_locale=row.launch_locale,
        data=row.data,
        seen_at=row.seen_at,
        platform_origins=(row.issuer, row.authorization_url) if row.kind is not SessionKind.CONSOLE else (),
        switched_off=frozenset((row.switched_off or "").split()),
        return_url=row.return_url,
        context=_context(row, request_id),
    )


def _context(row: Any, request_id: str) -> BridgeContext:
    return BridgeContext(
        agency=AgencyRef(row.agency_id, row.code, row.agency_name, row.timezone),
        platform=PlatformRef(row.platform_id, row.platform_name) if row.platform_id else None,
        person=_person(row),
        roles=frozenset({"operator"} if row.launch_id is None else row.roles),
        course=CourseRef(row.course_id, row.course_title) if row.course_id else None,
        resource_link=ResourceLinkRef(row.link_id, row.link_title) if row.link_id else None,
        module=row.module,
        item=row.item or "",
        locale=row.locale or row.launch_locale or "id",
        framed=row.document_target == "iframe" and not row.data.get("window"),
        request_id=request_id,
    )


def _person(row: Any) -> PersonRef:
    if row.person_id is None:
        # Nobody of the agency: without ids there is no row that could be theirs.
        return PersonRef(0, _OPERATOR, ())
    canonical = row.same_as_id or row.person_id
    same = map(int, row.same_ids.split()) if row.same_ids else ()
    return PersonRef(row.person_id, row.person_name, tuple(sorted({row.person_id, canonical, *same})))


def keep_alive(visit: Visit, *, cookies: tuple[str, ...], now: dt.datetime) -> bool:
    """Note that the session is used, at most once a minute, and bind it to the cookie once that is seen to stick.

    Returns whether anything was written.
    """
    changes: dict[str, Any] = {}
    if visit.cookie_hash is None and visit.candidate in {hash_secret(cookie) for cookie in cookies}:
        changes["cookie_hash"] = visit.candidate
    if now - visit.seen_at > TOUCH:
        changes["seen_at"] = now
    if changes:
        db.session.execute(update(_S).where(_S.c.id == visit.id).values(**changes))
    return bool(changes)


def save_data(visit: Visit, data: dict[str, Any]) -> None:
    """Keep small things of the session, such as messages to show once."""
    db.session.execute(update(_S).where(_S.c.id == visit.id).values(data=data))


def choose_language(visit: Visit, locale: str) -> None:
    """Remember the language for this session and for the person's next ones."""
    db.session.execute(update(_S).where(_S.c.id == visit.id).values(locale=locale))
    if visit.person_id is not None:
        db.session.execute(update(_P).where(_P.c.id == visit.person_id).values(locale=locale))


def end_session(visit: Visit, *, now: dt.datetime) -> None:
    """End the session at once. Its row stays for housekeeping, so that its launch cannot be used again."""
    db.session.execute(update(_S).where(_S.c.id == visit.id).values(expires_at=now, data={}))


def redeem_ticket(
    *, session_id: int, nonce: str, agent: str, cookie: str, now: dt.datetime, kind: SessionKind = SessionKind.LAUNCH
) -> str:
    """Begin a top-level session beside a framed one, or one of the console; each ticket works once.

    :raises SessionEnded: the ticket was used, or its session is over.
    """
    row = db.session.execute(select(_S).where(_S.c.id == session_id)).first()
    if row is None or row.expires_at <= now or row.seen_at + IDLE <= now:
        raise SessionEnded("ticket of a session that is over")
    token_hash = hash_secret(nonce)
    ticket = {"session_id": session_id, "path": "/", "expires_at": row.expires_at, "agency_id": row.agency_id}
    try:
        # The primary key decides: of two windows that post one ticket at once, one gets in.
        with db.session.begin_nested():
            db.session.execute(insert(Ticket.__table__).values(token_hash=token_hash, **ticket))
    except IntegrityError as error:
        raise SessionEnded("ticket used") from error
    sid = begin_session(
        row.launch_id,
        agency_id=row.agency_id,
        person_id=row.person_id,
        agent=agent,
        cookie=cookie,
        cookie_seen=False,
        now=now,
        kind=kind,
    )
    db.session.execute(
        update(_S)
        .where(_S.c.sid_hash == hash_secret(sid))
        .values(
            locale=row.locale,
            data={"candidate": hash_secret(cookie), "window": True},
            expires_at=row.expires_at,
        )
    )
    return sid
