"""Claims: entering, changing and taking back what one did, and deciding upon it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal

import structlog
from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError

from lms_bridge.api import (
    ActivityDetails,
    ActivityScope,
    Actor,
    NotFound,
    PersonRef,
    _,
    confirm_activity,
    db,
    person_ref,
    visible_people,
    withdraw_activity,
)
from lms_bridge_competency.hours.errors import ClaimChanged, ClaimTwice
from lms_bridge_competency.hours.models import Claim, ClaimState

SOURCE = "competency"
VERIFY = "competency.verify-hours"
log = structlog.get_logger("lms_bridge.plugin.competency")


@dataclass(frozen=True, slots=True)
class ClaimDetails:
    """What somebody says that they did; ``units`` counts in the unit of the form."""

    form: str
    title: str
    starts_at: dt.datetime
    minutes: int | None
    units: Decimal | None
    scope: ActivityScope
    proof: str


def send_claim(details: ClaimDetails, *, person: PersonRef, now: dt.datetime) -> Claim:
    """Store what somebody did; it counts once it is verified.

    :raises ClaimTwice: it is there already.
    """
    claim = Claim(person_id=person.id, **asdict(details), state=ClaimState.SENT, note="", sent_at=now)
    _store(claim)
    log.info("claim sent", claim=claim.id)
    return claim


def change_claim(claim_id: int, details: ClaimDetails, *, version: int, person: PersonRef, now: dt.datetime) -> Claim:
    """Correct a claim of one\'s own; it waits again, and what was verified of it counts no more until then.

    :raises NotFound: there is none of this person.
    :raises ClaimChanged: it is not as the person saw it.
    :raises ClaimTwice: another one says the same.
    """
    claim = _own(claim_id, person, version)
    _stop_counting(claim, now=now)
    for name, value in asdict(details).items():
        setattr(claim, name, value)
    claim.state, claim.note, claim.sent_at = ClaimState.SENT, "", now
    claim.decided_by_id = claim.decided_at = None
    claim.version += 1
    _store(claim)
    return claim


def withdraw_claim(claim_id: int, *, version: int, person: PersonRef, now: dt.datetime) -> None:
    """Take a claim of one\'s own back: it counts no more.

    :raises NotFound: there is none of this person.
    :raises ClaimChanged: it is not as the person saw it.
    """
    claim = _own(claim_id, person, version)
    _stop_counting(claim, now=now)
    claim.state, claim.taken_back = ClaimState.WITHDRAWN, claim.id
    claim.version += 1
    db.session.flush()


def decide(seen: Mapping[int, int], *, verify: bool, note: str, actor: Actor, now: dt.datetime) -> list[Claim]:
    """Verify claims, or send them back with a reason; all or none.

    Verified claims are confirmed as activities and count at once. Nobody decides upon their own.

    :param seen: the version of each claim that the actor saw, by its id.
    :raises NotFound: one of them is not for this actor to decide upon.
    :raises ClaimChanged: one of them is not as the actor saw it.
    """
    rows = db.session.scalars(
        to_decide(actor).where(Claim.id.in_(seen)).order_by(Claim.id).with_for_update(of=Claim)
    ).all()
    if len(rows) != len(seen):
        known = db.session.scalars(select(Claim.id).where(Claim.id.in_(seen), Claim.state != ClaimState.SENT)).all()
        raise ClaimChanged if known else NotFound(_("There is no such entry."))
    for claim in rows:
        if claim.version != seen[claim.id]:
            raise ClaimChanged
        claim.state = ClaimState.VERIFIED if verify else ClaimState.RETURNED
        claim.note, claim.decided_by_id, claim.decided_at = "" if verify else note, actor.person.id, now
        claim.version += 1
        if verify:
            confirm_activity(
                person_ref(claim.person_id), _details(claim), source=SOURCE, reference=_reference(claim), now=now
            )
    db.session.flush()
    log.info("claims decided", claims=[claim.id for claim in rows], verified=verify)
    return list(rows)


def to_decide(actor: Actor) -> Select[Claim]:
    """Return the query for the claims that wait for this actor, the oldest first."""
    return (
        select(Claim)
        .where(
            Claim.state == ClaimState.SENT,
            Claim.person_id.in_(visible_people(actor, VERIFY)),
            Claim.person_id.not_in(actor.person.ids),
        )
        .order_by(Claim.sent_at, Claim.id)
    )


def claims_of(person: PersonRef) -> Sequence[Claim]:
    """Return what somebody has entered, without what they took back, the newest first."""
    return db.session.scalars(
        select(Claim)
        .where(Claim.person_id.in_(person.ids), Claim.state != ClaimState.WITHDRAWN)
        .order_by(Claim.starts_at.desc(), Claim.id.desc())
    ).all()


def own_claim(claim_id: int, person: PersonRef) -> Claim:
    """Return a claim of this person.

    :raises NotFound: there is none.
    """
    claim = db.session.scalar(select(Claim).where(Claim.id == claim_id, Claim.person_id.in_(person.ids)))
    if claim is None:
        raise NotFound(_("There is no such entry."))
    return claim


def touch_claim(claim_id: int, person: PersonRef) -> Claim:
    """Return a claim whose files its owner changes while it is not decided; who looks at it then looks again.

    :raises NotFound: there is none of this person.
    :raises ClaimChanged: it was verified or taken back meanwhile.
    """
    claim = _locked(claim_id, person)
    if claim.state not in {ClaimState.SENT, ClaimState.RETURNED}:
        raise ClaimChanged
    claim.version += 1
    return claim


def _own(claim_id: int, person: PersonRef, version: int) -> Claim:
    claim = _locked(claim_id, person)
    if claim.version != version or claim.state is ClaimState.WITHDRAWN:
        raise ClaimChanged
    return claim


def _locked(claim_id: int, person: PersonRef) -> Claim:
    mine = select(Claim).where(Claim.id == claim_id, Claim.person_id.in_(person.ids))
    claim = db.session.scalar(mine.with_for_update().execution_options(populate_existing=True))
    if claim is None:
        raise NotFound(_("There is no such entry."))
    return claim


def _store(claim: Claim) -> None:
    try:
        with db.session.begin_nested():
            db.session.add(claim)
            db.session.flush()
    except IntegrityError as error:
        raise ClaimTwice from error


def _stop_counting(claim: Claim, *, now: dt.datetime) -> None:
    if claim.state is ClaimState.VERIFIED:
        withdraw_activity(source=SOURCE, reference=_reference(claim), now=now)


def _reference(claim: Claim) -> str:
    return f"claim:{claim.id}"


def _details(claim: Claim) -> ActivityDetails:
    return ActivityDetails(
        form=claim.form,
        title=claim.title,
        starts_at=claim.starts_at,
        minutes=claim.minutes,
        units=claim.units,
        scope=claim.scope,
    )
