"""Where the files lie that people add to a rating or a claim, and who may see them."""

from __future__ import annotations

from sqlalchemy import select

from lms_bridge.api import AttachmentView, NotFound, PersonRef, _, attachments_at, db, remove_attachments
from lms_bridge_competency.hours.models import Claim
from lms_bridge_competency.models import Assessment, RatingSource
from lms_bridge_competency.ratings import Rating

_RATING, _CLAIM = "competency.rating", "competency.claim"


def place_in_rating(assessment_id: int, competency: str) -> str:
    """Return where the files of one competency of a rating lie."""
    return f"{_RATING}:{assessment_id}:{competency}"


def forget_files_of_rating(assessment_id: int) -> None:
    """Delete the files of a rating that is deleted."""
    remove_attachments(f"{_RATING}:{assessment_id}:")


def place_of_claim(claim_id: int) -> str:
    """Return where the files of a claim lie."""
    return f"{_CLAIM}:{claim_id}"


def files_of_rating(rating: Rating, competency: str) -> tuple[list[AttachmentView], list[AttachmentView]]:
    """Return what the rater added to a competency, and what the person themselves added whom somebody else rates."""
    if rating.assessment is None:
        return [], []
    own = place_in_rating(rating.assessment.id, competency)
    others = [place_in_rating(one, competency) for one in _self_ratings(rating.of)] if rating.of else []
    found = attachments_at([own, *others])
    return found.get(own, []), [file for place in others for file in found.get(place, [])]


def _self_ratings(person: PersonRef) -> list[int]:
    mine = select(Assessment.id).where(
        Assessment.person_id.in_(person.ids),
        Assessment.source == RatingSource.SELF,
        Assessment.finished_at.is_not(None),
    )
    return list(db.session.scalars(mine))


def is_of_claim(file: AttachmentView) -> bool:
    """Say whether a file belongs to a claim; the others of the plugin belong to a rating.

    :raises NotFound: it is none of this plugin.
    """
    kind = file.place.partition(":")[0]
    if kind not in {_RATING, _CLAIM}:
        raise NotFound(_("This file does not exist."))
    return kind == _CLAIM


def rated_competency(file: AttachmentView) -> tuple[Assessment, str]:
    """Return to which rating and competency a file belongs.

    :raises NotFound: the rating is gone.
    """
    assessment_id, _colon, competency = file.place.removeprefix(f"{_RATING}:").partition(":")
    assessment = db.session.get(Assessment, int(assessment_id))
    if assessment is None:
        raise NotFound(_("This file does not exist."))
    return assessment, competency


def claim_of(file: AttachmentView) -> Claim:
    """Return to which claim a file belongs.

    :raises NotFound: the claim is gone.
    """
    claim = db.session.get(Claim, int(file.place.removeprefix(f"{_CLAIM}:")))
    if claim is None:
        raise NotFound(_("This file does not exist."))
    return claim
