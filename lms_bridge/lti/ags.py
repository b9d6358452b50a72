"""Assignment and Grade Services: line items, scores, results."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from marshmallow import EXCLUDE, Schema, ValidationError, fields

from lms_bridge.lti.http import Answer, OutboundError
from lms_bridge.lti.services import call, pages
from lms_bridge.lti.tokens import ServiceAccount

SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/"
LINE_ITEM, SCORE, RESULT = f"{SCOPE}lineitem", f"{SCOPE}score", f"{SCOPE}result.readonly"
_TYPE = "application/vnd.ims.lis.v2."
_SCORE_TYPE = "application/vnd.ims.lis.v1.score+json"


@dataclass(frozen=True, slots=True)
class ScoreMessage:
    """One score as it leaves: always fully graded, because some platforms erase a grade on anything else."""

    user_id: str
    given: Decimal
    maximum: int
    timestamp: dt.datetime
    in_progress: bool = False
    comment: str = ""

    def document(self) -> dict[str, Any]:
        """Return the JSON that the specification names; the timestamp in whole seconds with its zone."""
        document: dict[str, Any] = {
            "userId": self.user_id,
            "scoreGiven": float(round(self.given * self.maximum, 4)),
            "scoreMaximum": self.maximum,
            "activityProgress": "InProgress" if self.in_progress else "Completed",
            "gradingProgress": "FullyGraded",
            "timestamp": self.timestamp.astimezone(dt.UTC).replace(microsecond=0).isoformat(),
        }
        if self.comment:
            document["comment"] = self.comment
        return document


class _ResultSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    userId = fields.Raw(required=True)
    resultScore = fields.Float(load_default=None, allow_none=True)
    resultMaximum = fields.Float(load_default=None, allow_none=True)
    timestamp = fields.AwareDateTime(load_default=None, allow_none=True, default_timezone=dt.UTC)


@dataclass(frozen=True, slots=True)
class Result:
    """What the platform holds for a user: value 0-1, or nothing; and when it was given, where it says so."""

    value: float | None
    timestamp: dt.datetime | None


def with_path(line_item_url: str, tail: str, **query: str) -> str:
    """Put ``/scores`` or ``/results`` into the path of a line item's URL, before its query."""
    parts = urlsplit(line_item_url)
    joined = "&".join(part for part in (parts.query, urlencode(query)) if part)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{tail}", query=joined))


def post_score(account: ServiceAccount, line_item_url: str, score: ScoreMessage) -> Answer:
    """Send one score and return the platform's answer, whatever it is."""
    return call(
        account,
        "POST",
        with_path(line_item_url, "scores"),
        scope=SCORE,
        json=score.document(),
        headers={"Content-Type": _SCORE_TYPE},
    )


def read_result(account: ServiceAccount, line_item_url: str, *, user_id: str) -> Result | None:
    """Return what the platform holds for a user, or nothing.

    :raises OutboundError: it does not say.
    """
    url = with_path(line_item_url, "results", user_id=user_id)
    answer = call(account, "GET", url, scope=RESULT, headers={"Accept": f"{_TYPE}resultcontainer+json"})
    if answer.status != 200:
        raise OutboundError(f"status-{answer.status}", f"results answer {answer.status}")
    document = answer.json()
    try:
        results = _ResultSchema(many=True).load(document if isinstance(document, list) else [])
    except ValidationError as error:
        raise OutboundError("result-garbage", "results have an unknown form") from error
    for result in results:
        if str(result["userId"]) == user_id:
            score, maximum = result["resultScore"], result["resultMaximum"]
            value = score / maximum if score is not None and maximum else score
            return Result(value, result["timestamp"])
    return None


def line_items(account: ServiceAccount, url: str) -> list[dict[str, Any]]:
    """Return all line items of a course that this tool may see."""
    found: list[dict[str, Any]] = []
    for page in pages(account, url, scope=LINE_ITEM, accept=f"{_TYPE}lineitemcontainer+json"):
        found += [item for item in page if isinstance(item, dict)] if isinstance(page, list) else []
    return found


def create_line_item(account: ServiceAccount, url: str, *, label: str, maximum: int, **more: str) -> str:
    """Make a column and return its URL.

    :raises OutboundError: the platform makes none.
    """
    document = {"label": label, "scoreMaximum": maximum, **more}
    headers = {"Content-Type": f"{_TYPE}lineitem+json", "Accept": f"{_TYPE}lineitem+json"}
    answer = call(account, "POST", url, scope=LINE_ITEM, json=document, headers=headers)
    created = answer.json() if answer.status in {200, 201} else None
    if not isinstance(created, dict) or not isinstance(created.get("id"), str):
        raise OutboundError(f"status-{answer.status}", "no line item was made")
    return str(created["id"])


def update_line_item(account: ServiceAccount, url: str, **changes: Any) -> None:
    """Change a column: read it, change it, send all of it back, because what is left out would be emptied.

    :raises OutboundError: the platform refuses.
    """
    headers = {"Content-Type": f"{_TYPE}lineitem+json", "Accept": f"{_TYPE}lineitem+json"}
    present = call(account, "GET", url, scope=LINE_ITEM, headers={"Accept": headers["Accept"]})
    document = present.json() if present.status == 200 else None
    if not isinstance(document, dict):
        raise OutboundError(f"status-{present.status}", "the line item cannot be read")
    answer = call(account, "PUT", url, scope=LINE_ITEM, json={**document, **changes}, headers=headers)
    if answer.status not in {200, 204}:
        raise OutboundError(f"status-{answer.status}", "the line item cannot be changed")
