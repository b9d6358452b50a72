"""What the pages of plans send, checked once at the edge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import EXCLUDE, Schema, fields, post_load, pre_load, validate

from lms_bridge.api import Invalid, _, competencies_by_key, development_forms
from lms_bridge_competency.plan.rules import FIRST_LEVEL, LAST_LEVEL
from lms_bridge_competency.plan.writing import ItemDetails

MOST_JP, MOST_COST, MOST_AT_ONCE = 400, 10_000_000_000, 200


class ItemSchema(Schema):
    """An activity of a plan."""

    class Meta:
        unknown = EXCLUDE

    competency = fields.String(required=True, validate=validate.Length(1, 255))
    to_level = fields.Integer(required=True, validate=validate.Range(FIRST_LEVEL, LAST_LEVEL))
    form = fields.String(required=True, validate=validate.Length(1, 8))
    title = fields.String(required=True, validate=validate.Length(1, 255))
    jp = fields.Decimal(required=True, places=2, validate=validate.Range(0, MOST_JP, min_inclusive=False))
    quarter = fields.Integer(required=True, validate=validate.Range(1, 4))
    organiser = fields.String(load_default="", validate=validate.Length(max=255))
    cost = fields.Decimal(load_default=None, places=2, validate=validate.Range(0, MOST_COST))

    @pre_load
    def strip(self, data: Mapping[str, Any], **kwargs: Any) -> dict[str, Any]:
        """Leave empty fields out."""
        return {name: value.strip() for name, value in data.items() if value.strip()}

    @post_load
    def to_details(self, data: dict[str, Any], **kwargs: Any) -> ItemDetails:
        """Return the details.

        :raises Invalid: the form or the competency is unknown.
        """
        if data["form"] not in development_forms():
            raise Invalid({"form": [_("Choose a form of development from the list.")]})
        if not competencies_by_key([data["competency"]]):
            raise Invalid({"competency": [_("Choose a competency from the list.")]})
        return ItemDetails(**data)


class TakeSchema(Schema):
    """Which proposals are taken over."""

    class Meta:
        unknown = EXCLUDE

    proposals = fields.List(
        fields.String(validate=validate.Length(1, 300)), required=True, validate=validate.Length(1, MOST_AT_ONCE)
    )


class VersionSchema(Schema):
    """Which version of the plan its owner saw."""

    class Meta:
        unknown = EXCLUDE

    version = fields.Integer(required=True, validate=validate.Range(1))


@dataclass(frozen=True, slots=True)
class Decision:
    """What is decided: upon which plans, in the versions that were seen."""

    seen: dict[int, int]
    go: str
    note: str


class DecideSchema(Schema):
    """What the list of waiting plans sends; each box says ``<id>:<version>``."""

    class Meta:
        unknown = EXCLUDE

    plans = fields.List(
        fields.String(validate=validate.Regexp(r"^\d{1,12}:\d{1,9}$")),
        required=True,
        validate=validate.Length(1, MOST_AT_ONCE),
    )
    go = fields.String(required=True, validate=validate.OneOf(["approve", "return", "check"]))
    note = fields.String(load_default="", validate=validate.Length(max=500))

    @post_load
    def to_decision(self, data: dict[str, Any], **kwargs: Any) -> Decision:
        """Return the decision.

        :raises Invalid: something is returned without a reason.
        """
        note = data["note"].strip()
        if data["go"] == "return" and not note:
            raise Invalid({"note": [_("Say what is missing, so that it can be corrected.")]})
        pairs = (box.partition(":") for box in data["plans"])
        return Decision({int(plan): int(version) for plan, _colon, version in pairs}, data["go"], note)
