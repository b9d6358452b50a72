"""Adding files as proof, handing them out and removing them."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from flask import Response, request

from lms_bridge.api import (
    AttachmentView,
    Invalid,
    NotFound,
    PersonRef,
    Refused,
    _,
    add_attachment,
    attachment,
    attachment_limit,
    current,
    db,
    ensure,
    flash,
    now,
    person_ref,
    redirect,
    remove_attachment,
    require_permission,
    send_attachment,
    url_for,
)
from lms_bridge_competency.errors import FileCounts, NotBegun
from lms_bridge_competency.files import (
    claim_of,
    is_of_claim,
    place_in_rating,
    place_of_claim,
    rated_competency,
)
from lms_bridge_competency.hours.claims import touch_claim
from lms_bridge_competency.hours.views import OWN
from lms_bridge_competency.hours.views import VIEW as VIEW_HOURS
from lms_bridge_competency.models import RatingSource
from lms_bridge_competency.rating_views import open_step, rated_by_me
from lms_bridge_competency.reference import FRAMEWORK
from lms_bridge_competency.views import VIEW, bp

_TAKE_FILES = {"competency.add_rating_file", "competency.add_claim_file"}


@bp.before_request
def _make_room() -> None:
    """Let a file be larger than other forms."""
    if request.endpoint in _TAKE_FILES:
        request.max_content_length = attachment_limit() + 2**16


@bp.post("/self-rating/<code>/files")
@bp.post("/ratings/<int:person_id>/<code>/files")
def add_rating_file(code: str, person_id: int | None = None) -> Any:
    """Add a file to one competency of a rating."""
    rating, step = open_step(code, of=rated_by_me(person_id))
    if rating.assessment is None:
        raise NotBegun
    _add(place_in_rating(rating.assessment.id, step.key), rating.of or current.person)
    who = {"person_id": rating.of.id} if rating.of else {}
    return redirect(url_for("competency.competency", code=code, **who), 303)


@bp.post("/hours/claims/<int:claim_id>/files")
@require_permission(OWN)
def add_claim_file(claim_id: int) -> Any:
    """Add a file to an own claim."""
    claim = touch_claim(claim_id, current.person)
    _add(place_of_claim(claim.id), current.person)
    return redirect(url_for("competency.claim", claim_id=claim_id), 303)


def _add(place: str, person: PersonRef) -> None:
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise Invalid({"file": [_("Choose a file.")]})
    with closing(sent):
        add_attachment(sent.stream, place=place, name=sent.filename, person=person, by=current.person, now=now())
    db.session.commit()
    flash(_("The file is added."))


@bp.get("/files/<int:file_id>")
def file(file_id: int) -> Response:
    """Hand a file out to whoever may see the rating or the claim."""
    _visible(file_id)
    return send_attachment(file_id)


@bp.post("/files/<int:file_id>/remove")
def remove_file(file_id: int) -> Any:
    """Remove a file that one added oneself."""
    found = _visible(file_id)
    leads_to = _claim_url(found) if is_of_claim(found) else _rating_url(found)
    if found.by_id not in current.person.ids:
        raise Refused(_("Only who added a file may remove it."), reason="file of somebody else")
    if is_of_claim(found):
        touch_claim(claim_of(found).id, current.person)
    elif rated_competency(found)[0].finished_at is not None:
        raise FileCounts
    remove_attachment(file_id)
    db.session.commit()
    flash(_("The file is removed."))
    return redirect(leads_to, 303)


def _visible(file_id: int) -> AttachmentView:
    """Return a file that the person of the session may see.

    :raises NotFound: there is no such file of this plugin.
    :raises Refused: there is, but not for them.
    """
    found = attachment(file_id)
    of_claim = is_of_claim(found)
    ensure(VIEW_HOURS if of_claim else VIEW, person_ref(found.person_id))
    if not of_claim and found.by_id not in current.person.ids and rated_competency(found)[0].finished_at is None:
        raise NotFound(_("This file does not exist."))
    return found


def _claim_url(found: AttachmentView) -> str:
    return url_for("competency.claim", claim_id=claim_of(found).id)


def _rating_url(found: AttachmentView) -> str:
    assessment, key = rated_competency(found)
    who = {"person_id": assessment.person_id} if assessment.source is RatingSource.SUPERIOR else {}
    # The official competencies are called by their code, others by their key.
    return url_for("competency.competency", code=key.removeprefix(f"{FRAMEWORK}:"), **who)
