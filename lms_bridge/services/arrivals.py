"""Storing what a launch tells: who came, from which course and activity. A warm launch reads once, writes nothing."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, bindparam, exists, func, insert, or_, select, update

from lms_bridge.db import acting_as, db, run, upsert
from lms_bridge.domain.roles import roles_from_claim
from lms_bridge.lti.errors import PlatformUnknown
from lms_bridge.lti.launch import Accepted, trusted_nip, wanted_module
from lms_bridge.models import (
    Agency,
    Course,
    Deployment,
    Enrolment,
    Grade,
    LineItem,
    Matching,
    Person,
    PersonScore,
    Platform,
    PlatformUser,
    ResourceLink,
)
from lms_bridge.services.grades import grade_on_launch
from lms_bridge.services.grants import take_grants
from lms_bridge.services.matching import MatchingRules, learn_nip, match_by_rules
from lms_bridge.services.people import correct_nip

_M, _D, _U, _P, _C, _R, _E, _L, _S, _G, _A = (
    model.__table__
    for model in (
        Platform,
        Deployment,
        PlatformUser,
        Person,
        Course,
        ResourceLink,
        Enrolment,
        LineItem,
        PersonScore,
        Grade,
        Agency,
    )
)


# Built once: putting a statement together costs more than running it.
_CANONICAL = func.coalesce(_P.c.same_as_id, _P.c.id)
_SAME = _P.alias()
_SCORED = exists().where(
    _S.c.person_id.in_(
        select(_SAME.c.id).where(or_(_SAME.c.id == _CANONICAL, _SAME.c.same_as_id == _CANONICAL)).correlate(_P)
    ),
    _S.c.module == bindparam("module"),
    _S.c.item == bindparam("item"),
)
_KNOWN = (
    select(
        _D.c.id.label("deployment_row"),
        _D.c.active.label("deployment_active"),
        _U.c.id.label("user_id"),
        _U.c.person_id,
        _U.c.username,
        _P.c.name,
        _P.c.email,
        _P.c.nip,
        _P.c.same_as_id,
        _P.c.matching,
        _A.c.match_email,
        _A.c.match_username,
        _C.c.id.label("course_id"),
        _C.c.title.label("course_title"),
        _C.c.memberships_url,
        _C.c.lineitems_url,
        _E.c.roles.label("enrolment_roles"),
        _E.c.in_roster,
        _R.c.id.label("link_id"),
        _R.c.title.label("link_title"),
        _R.c.module,
        _R.c.item,
        _R.c.course_id.label("link_course_id"),
        _R.c.line_item_id,
        _L.c.url.label("line_item_url"),
        _SCORED.label("scored"),
        _G.c.id.label("grade_id"),
    )
    .select_from(_M)
    .join(_A, _A.c.id == _M.c.agency_id)
    .outerjoin(_D, and_(_D.c.platform_id == _M.c.id, _D.c.deployment_id == bindparam("deployment")))
    .outerjoin(
        _U, and_(_U.c.agency_id == _M.c.agency_id, _U.c.issuer == bindparam("issuer"), _U.c.sub == bindparam("sub"))
    )
    .outerjoin(_P, _P.c.id == _U.c.person_id)
    .outerjoin(_C, and_(_C.c.platform_id == _M.c.id, _C.c.context_id == bindparam("context")))
    .outerjoin(_E, and_(_E.c.course_id == _C.c.id, _E.c.platform_user_id == _U.c.id))
    .outerjoin(_R, and_(_R.c.platform_id == _M.c.id, _R.c.link_id == bindparam("link")))
    .outerjoin(_L, _L.c.id == _R.c.line_item_id)
    .outerjoin(_G, and_(_G.c.line_item_id == _L.c.id, _G.c.platform_user_id == _U.c.id))
    .where(_M.c.id == bindparam("platform"), _M.c.active.is_(True))
)


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody who came: what a session needs, and the row of the launch, stored together with it."""

    launch: dict[str, Any]
    person_id: int
    agency_id: int
    module: str | None
    deep_linking: bool


def receive_launch(accepted: Accepted, *, now: dt.datetime) -> Arrival:
    """Take in an accepted launch: store whatever it told us that is new.

    :raises PlatformUnknown: the platform is switched off, or the deployment is not known or switched off.
    """
    platform, message = accepted.platform, accepted.message
    module, item = wanted_module(message)
    with acting_as(platform.agency_id):
        known = _known(accepted, module=module, item=item)
        _check_deployment(accepted, known)
        user_id, person_id = _person(accepted, known, now=now)
        course_id = _course(accepted, known, now=now)
        roles = sorted(roles_from_claim(message.roles))
        enrolled = known.course_id is not None and known.in_roster and known.enrolment_roles == roles
        if course_id is not None and not enrolled:
            upsert(
                _E,
                key={"course_id": course_id, "platform_user_id": user_id},
                values={"agency_id": platform.agency_id, "roles": roles, "in_roster": True, "seen_at": now},
            )
        link_id, line_item_id = _resource_link(accepted, known, course_id=course_id, module=module, item=item)
        launch = _launch(accepted, user_id, course_id, link_id, roles=roles, module=module, item=item, now=now)
        # Known already: no result to hand on, or it is in this very column.
        unscored = known.user_id is not None and not known.scored
        settled = unscored or (known.grade_id is not None and line_item_id == known.line_item_id)
        if line_item_id is not None and module is not None and "learner" in roles and not settled:
            grade_on_launch(line_item_id, user_id, person_id=person_id, module=module, item=item, now=now)
    return Arrival(launch, person_id, platform.agency_id, module, message.deep_linking is not None)


def _known(accepted: Accepted, *, module: str | None, item: str) -> Any:
    """Read everything that the launch may touch, in one query whose first table always gives a row."""
    platform, message = accepted.platform, accepted.message
    wanted = {
        "issuer": platform.issuer,
        "platform": platform.id,
        "sub": message.sub,
        "deployment": message.deployment_id,
        "context": (message.context or {}).get("id", ""),
        "link": (message.resource_link or {}).get("id", ""),
        "module": module or "",
        "item": item,
    }
    known = run(_KNOWN, wanted).first()
    if known is None:
        raise PlatformUnknown("platform switched off")
    return known


def _check_deployment(accepted: Accepted, known: Any) -> None:
    if known.deployment_active:
        return
    platform = accepted.platform
    if known.deployment_row is not None or db.session.scalar(
        select(_D.c.id).where(_D.c.platform_id == platform.id).limit(1)
    ):
        raise PlatformUnknown("unknown or inactive deployment")
    # The registration of some platforms does not say the deployment: the first launch, signed by them, does.
    values = {"platform_id": platform.id, "deployment_id": accepted.message.deployment_id}
    upsert(_D, key=values, values={"agency_id": platform.agency_id, "active": True})


def _person(accepted: Accepted, known: Any, *, now: dt.datetime) -> tuple[int, int]:
    if known.user_id is None:
        return _new_person(accepted, known, now=now)
    message = accepted.message
    if known.nip is None and known.same_as_id is None:
        _match(accepted, known, known.person_id)
    elif known.nip is not None and (nip := trusted_nip(accepted)) not in {None, known.nip}:
        correct_nip(known.person_id, str(nip))
    news = {"name": message.name, "email": message.email}
    news = {key: value for key, value in news.items() if value and value != getattr(known, key)}
    if news:
        db.session.execute(update(_P).where(_P.c.id == known.person_id).values(**news))
    if message.username and message.username != known.username:
        db.session.execute(update(_U).where(_U.c.id == known.user_id).values(username=message.username))
    return known.user_id, known.person_id


def _new_person(accepted: Accepted, known: Any, *, now: dt.datetime) -> tuple[int, int]:
    platform, message = accepted.platform, accepted.message
    nip, person_id = trusted_nip(accepted), None
    if nip is not None:
        person_id = db.session.scalar(select(_P.c.id).where(_P.c.agency_id == platform.agency_id, _P.c.nip == nip))
    if person_id is None:
        values = {"name": message.name or f"#{message.sub[:40]}", "email": message.email or None, "created_at": now}
        if nip is None:
            person_id = db.session.execute(
                insert(_P).values(agency_id=platform.agency_id, **values).returning(_P.c.id)
            ).scalar_one()
        else:
            person_id = upsert(
                _P, key={"agency_id": platform.agency_id, "nip": nip}, values=values, keep=("created_at",)
            )
            take_grants(person_id, nip)
    user = {"agency_id": platform.agency_id, "issuer": platform.issuer, "sub": message.sub}
    told = {"person_id": person_id, "username": message.username or None}
    user_id = upsert(_U, key=user, values=told, keep=("person_id",))
    # Two first launches at once: the one that came second takes the person of the first.
    person_id = db.session.execute(select(_U.c.person_id).where(_U.c.id == user_id)).scalar_one()
    if nip is None:
        _match(accepted, known, person_id)
    return user_id, person_id


def _match(accepted: Accepted, known: Any, person_id: int) -> None:
    """Find the agency's record of somebody without NIP: by one that the LMS tells now, or as the agency allows."""
    rules = MatchingRules(email=known.match_email, username=known.match_username)
    if (nip := trusted_nip(accepted)) is not None:
        learn_nip(person_id, nip)
    elif (rules.email or rules.username) and known.matching in {None, Matching.AUTOMATIC}:
        match_by_rules(person_id, rules, email=accepted.message.email, username=accepted.message.username)


def _course(accepted: Accepted, known: Any, *, now: dt.datetime) -> int | None:
    platform, message = accepted.platform, accepted.message
    if message.context is None:
        return None
    values: dict[str, Any] = {"title": message.context["title"] or message.context["label"] or message.context["id"]}
    if message.memberships_url:
        values["memberships_url"] = message.memberships_url
    if message.ags and message.ags["lineitems"]:
        values["lineitems_url"] = message.ags["lineitems"]
    told = {"title": known.course_title, "memberships_url": known.memberships_url, "lineitems_url": known.lineitems_url}
    if known.course_id is not None and all(told[name] == value for name, value in values.items()):
        return int(known.course_id)
    if message.memberships_url and not known.memberships_url:
        values["roster_wanted_at"] = now
    return upsert(
        _C,
        key={"platform_id": platform.id, "context_id": message.context["id"]},
        values={"agency_id": platform.agency_id, **values},
    )


def _resource_link(
    accepted: Accepted, known: Any, *, course_id: int | None, module: str | None, item: str
) -> tuple[int | None, int | None]:
    platform, message = accepted.platform, accepted.message
    if message.resource_link is None:
        return None, None
    line_item_id = known.line_item_id
    url = (message.ags or {}).get("lineitem")
    if url and url != known.line_item_url:
        line_item_id = upsert(
            _L,
            key={"platform_id": platform.id, "url": url},
            values={"agency_id": platform.agency_id, "scopes": (message.ags or {}).get("scope", [])},
        )
    values = {
        "course_id": course_id,
        "title": message.resource_link["title"] or message.resource_link["id"],
        "module": module,
        "item": item,
        "line_item_id": line_item_id if url else None,
    }
    before = (known.link_course_id, known.link_title, known.module, known.item, known.line_item_id)
    if known.link_id is not None and before == tuple(values.values()):
        return known.link_id, line_item_id
    key = {"platform_id": platform.id, "link_id": message.resource_link["id"]}
    return upsert(_R, key=key, values={"agency_id": platform.agency_id, **values}), values["line_item_id"]


def _launch(
    accepted: Accepted,
    user_id: int,
    course_id: int | None,
    link_id: int | None,
    *,
    roles: list[str],
    module: str | None,
    item: str,
    now: dt.datetime,
) -> dict[str, Any]:
    platform, message = accepted.platform, accepted.message
    return {
        "agency_id": platform.agency_id,
        "platform_id": platform.id,
        "deployment_id": message.deployment_id,
        "platform_user_id": user_id,
        "course_id": course_id,
        "resource_link_id": link_id,
        "message_type": message.message_type,
        "roles": roles,
        "module": module,
        "item": item,
        "locale": message.presentation["locale"],
        "document_target": message.presentation["document_target"],
        "return_url": message.presentation["return_url"],
        "deep_linking": message.deep_linking,
        "launched_at": now,
    }
