"""What the forms about learning hours send."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import EXCLUDE, Schema, fields, post_load, validate

from lms_bridge.api import ActivityScope, Invalid, _, current, development_forms, now
from lms_bridge_competency.hours.claims import ClaimDetails

MOST_MINUTES, MOST_UNITS = 60 * 24 * 31, 400
MOST_AT_ONCE = 200
_EARLIEST = dt.date(2000, 1, 1)


class ClaimSchema(Schema):
    """An activity as its owner enters it: minutes where the form counts time, else how many days or times."""

    class Meta:
        unknown = EXCLUDE

    form = fields.String(required=True, validate=validate.Length(1, 8))
    title = fields.String(required=True, validate=validate.Length(1, 255))
    day = fields.Date(required=True)
    begins = fields.Time(load_default=dt.time(8), format="%H:%M")
    amount = fields.Decimal(required=True, places=2)
    abroad = fields.Boolean(load_default=False)
    proof = fields.String(required=True, validate=validate.Length(1, 255))

    @post_load
    def to_details(self, data: dict[str, Any], **kwargs: Any) -> ClaimDetails:
        """Return the details.

        :raises Invalid: the form is unknown, the day is to come or long ago, the amount too small or too large.
        """
        form = development_forms().get(data["form"])
        zone = ZoneInfo(current.agency.timezone)
        problems: dict[str, list[str]] = {}
        if form is None:
            problems["form"] = [_("Choose a form of development from the list.")]
        if not _EARLIEST <= data["day"] <= now().astimezone(zone).date():
            problems["day"] = [_("Give the day on which it began, today at the latest.")]
        by_time = form is not None and form.by_time
        if not 0 < data["amount"] <= (MOST_MINUTES if by_time else MOST_UNITS):
            problems["amount"] = [_("Give how long or how often, a number above 0.")]
        if by_time and data["amount"] != int(data["amount"]):
            problems["amount"] = [_("Give whole minutes.")]
        if problems:
            raise Invalid(problems)
        return ClaimDetails(
            form=data["form"],
            title=" ".join(data["title"].split()),
            starts_at=dt.datetime.combine(data["day"], data["begins"], tzinfo=zone).astimezone(dt.UTC),
            minutes=int(data["amount"]) if by_time else None,
            units=None if by_time else data["amount"],
            scope=ActivityScope.INTERNATIONAL if data["abroad"] else ActivityScope.NATIONAL,
            proof=data["proof"].strip(),
        )


class VersionSchema(Schema):
    """Which version of a claim its owner saw."""

    class Meta:
        unknown = EXCLUDE

    version = fields.Integer(required=True, validate=validate.Range(1))


@dataclass(frozen=True, slots=True)
class Decision:
    """What a verifier decides: upon which claims, in the versions that they saw."""

    seen: dict[int, int]
    verify: bool
    note: str


class DecideSchema(Schema):
    """What the list of waiting claims sends; each box says ``<id>:<version>``."""

    claims = fields.List(
        fields.String(validate=validate.Regexp(r"^\d{1,12}:\d{1,9}$")),
        required=True,
        validate=validate.Length(1, MOST_AT_ONCE),
    )
    go = fields.String(required=True, validate=validate.OneOf(["verify", "return"]))
    note = fields.String(load_default="", validate=validate.Length(max=500))

    @post_load
    def to_decision(self, data: dict[str, Any], **kwargs: Any) -> Decision:
        """Return the decision.

        :raises Invalid: something is sent back without a reason.
        """
        verify, note = data["go"] == "verify", data["note"].strip()
        if not verify and not note:
            raise Invalid({"note": [_("Say what is missing, so that it can be corrected.")]})
        pairs = (box.partition(":") for box in data["claims"])
        return Decision({int(claim): int(version) for claim, _colon, version in pairs}, verify, note)


class YearSchema(Schema):
    """Which year is shown."""

    class Meta:
        unknown = EXCLUDE

    year = fields.Integer(load_default=None, validate=validate.Range(2000, 2100))
