"""The pages of learning hours: one's own year, what one enters, and what waits to be verified."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, request
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from lms_bridge.api import (
    Invalid,
    Person,
    PersonRef,
    _,
    agency_settings,
    attachments_at,
    audit_reads,
    current,
    db,
    development_forms,
    ensure,
    export_table,
    flash,
    load,
    may_for_others,
    ngettext,
    now,
    person_ref,
    redirect,
    render_template,
    require_permission,
    url_for,
)
from lms_bridge_competency.files import place_of_claim
from lms_bridge_competency.hours.claims import (
    VERIFY,
    change_claim,
    claims_of,
    decide,
    own_claim,
    send_claim,
    to_decide,
    withdraw_claim,
)
from lms_bridge_competency.hours.errors import ClaimTwice
from lms_bridge_competency.hours.ledger import Ledger, ledger_of
from lms_bridge_competency.hours.models import Claim, ClaimState
from lms_bridge_competency.hours.schemas import ClaimSchema, DecideSchema, VersionSchema, YearSchema
from lms_bridge_competency.hours.tables import hours_table
from lms_bridge_competency.views import bp

OWN, VIEW = "competency.own-hours", "competency.view-hours"
SHOWN = 100
"""Waiting claims on one page; the others follow once these are decided."""


def zone() -> ZoneInfo:
    """Return the agency's zone, which decides days, months and years."""
    return ZoneInfo(current.agency.timezone)


def _ledger(person: PersonRef) -> Ledger:
    year = load(YearSchema, request.args)["year"] or now().astimezone(zone()).year
    return ledger_of(person, year=year, zone=zone(), target=agency_settings("competency")["jp_target"])


@bp.get("/hours")
@require_permission(OWN)
def hours() -> str:
    """Show the person's own year."""
    return render_template(
        "competency/hours.html",
        person=current.person,
        own=True,
        ledger=_ledger(current.person),
        claims=claims_of(current.person),
        states=ClaimState,
    )


@bp.get("/hours/of/<int:person_id>")
def hours_of(person_id: int) -> str:
    """Show the year of somebody whom the reader leads or looks after."""
    person = person_ref(person_id)
    ensure(VIEW, person)
    return render_template(
        "competency/hours.html", person=person, own=False, ledger=_ledger(person), claims=[], states=ClaimState
    )


@bp.get("/hours.<ending>")
@require_permission(OWN)
def hours_file(ending: str) -> Response:
    """Hand out the person's own year."""
    return export_table(hours_table(_ledger(current.person), current.person), ending)


@bp.get("/hours/enter")
@require_permission(OWN)
def enter() -> str:
    """Ask what was done."""
    return _form(None, {"day": now().astimezone(zone()).date().isoformat()}, {})


@bp.post("/hours/enter")
@require_permission(OWN)
def send() -> Any:
    """Store what was done, for the superior to verify."""
    try:
        send_claim(load(ClaimSchema, _given()), person=current.person, now=now())
    except (Invalid, ClaimTwice) as error:
        return _form(None, request.form, _problems(error)), error.status
    db.session.commit()
    flash(_("Sent. It counts once your superior has verified it."))
    return redirect(url_for("competency.hours"), 303)


@bp.get("/hours/claims/<int:claim_id>")
@require_permission(OWN)
def claim(claim_id: int) -> str:
    """Show an own entry, to correct it or take it back."""
    found = own_claim(claim_id, current.person)
    begins = found.starts_at.astimezone(zone())
    sent = {
        "form": found.form,
        "title": found.title,
        "day": begins.date().isoformat(),
        "begins": f"{begins:%H:%M}",
        "amount": f"{found.minutes or found.units:f}",
        "abroad": found.scope.value == "international",
        "proof": found.proof,
    }
    return _form(found, sent, {})


@bp.post("/hours/claims/<int:claim_id>")
@require_permission(OWN)
def change(claim_id: int) -> Any:
    """Correct an own entry."""
    found, version = own_claim(claim_id, current.person), load(VersionSchema, request.form)["version"]
    try:
        details = load(ClaimSchema, _given())
        change_claim(claim_id, details, version=version, person=current.person, now=now())
    except (Invalid, ClaimTwice) as error:
        return _form(found, request.form, _problems(error)), error.status
    db.session.commit()
    flash(_("Sent again. It counts once your superior has verified it."))
    return redirect(url_for("competency.hours"), 303)


@bp.post("/hours/claims/<int:claim_id>/withdraw")
@require_permission(OWN)
def withdraw(claim_id: int) -> Any:
    """Take an own entry back."""
    version = load(VersionSchema, request.form)["version"]
    withdraw_claim(claim_id, version=version, person=current.person, now=now())
    db.session.commit()
    flash(_("Taken back. It counts no more."))
    return redirect(url_for("competency.hours"), 303)


def _given() -> dict[str, str]:
    """Return what was typed; an empty field was left out."""
    return {name: value for name, value in request.form.items() if value.strip()}


def _problems(error: Invalid | ClaimTwice) -> dict[str, Any]:
    if isinstance(error, Invalid):
        return dict(error.problems)
    db.session.rollback()
    return {"title": [str(error.detail)]}


def _form(found: Claim | None, sent: Any, problems: dict[str, Any]) -> str:
    return render_template(
        "competency/claim.html",
        claim=found,
        files=attachments_at([place_of_claim(found.id)]).get(place_of_claim(found.id), []) if found else [],
        sent=sent,
        problems=problems,
        forms=development_forms(),
        states=ClaimState,
    )


@bp.get("/hours/verify")
def verify_list() -> str:
    """List what waits for the reader."""
    return _waiting({}, MultiDict())


@bp.post("/hours/verify")
def verify() -> Any:
    """Verify what is marked, or send it back with a reason."""
    _ensure_verifier()
    try:
        decision = load(DecideSchema, {**request.form.to_dict(), "claims": request.form.getlist("claims")})
    except Invalid as error:
        return _waiting(dict(error.problems), request.form), error.status
    decided = decide(decision.seen, verify=decision.verify, note=decision.note, actor=current, now=now())
    db.session.commit()
    count = len(decided)
    flash(
        ngettext("%(num)s entry verified; it counts now.", "%(num)s entries verified; they count now.", count)
        if decision.verify
        else ngettext("%(num)s entry sent back.", "%(num)s entries sent back.", count)
    )
    return redirect(url_for("competency.verify_list"), 303)


def _ensure_verifier() -> None:
    if not may_for_others(current, VERIFY):
        ensure(VERIFY)


def _waiting(problems: dict[str, Any], sent: Any) -> str:
    _ensure_verifier()
    rows = db.session.scalars(to_decide(current).limit(SHOWN)).all()
    people = {row.person_id for row in rows}
    found = db.session.execute(select(Person.id, Person.name).where(Person.id.in_(people)))
    names = {person_id: name for person_id, name in found}
    audit_reads(VERIFY, sorted(people))
    return render_template(
        "competency/verify.html",
        claims=rows,
        files=attachments_at(place_of_claim(row.id) for row in rows),
        place_of_claim=place_of_claim,
        names=names,
        forms=development_forms(),
        problems=problems,
        chosen=set(sent.getlist("claims")),
        note=sent.get("note", ""),
    )
