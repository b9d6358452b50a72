"""What the pages of objections send, checked once at the edge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import EXCLUDE, Schema, fields, post_load, pre_load, validate

from lms_bridge.api import Invalid, _, _l

LONGEST = 1000
_text = validate.Length(1, LONGEST, error=_l("Please write something, at most %(max)s characters.", max=LONGEST))


class _Stripped(Schema):
    class Meta:
        unknown = EXCLUDE

    @pre_load
    def strip(self, data: Mapping[str, Any], **kwargs: Any) -> dict[str, Any]:
        """Leave empty fields out."""
        return {name: value.strip() for name, value in data.items() if value.strip()}


class RaiseSchema(_Stripped):
    """To which competency somebody objects, and why."""

    competency = fields.String(required=True, validate=validate.Length(1, 255))
    reason = fields.String(required=True, validate=_text)


@dataclass(frozen=True, slots=True)
class Decision:
    """What is decided upon an objection; ``level`` where it is upheld."""

    level: int | None
    answer: str


class DecideSchema(_Stripped):
    """What the page of waiting objections sends."""

    go = fields.String(required=True, validate=validate.OneOf(["uphold", "turn-down"]))
    level = fields.Integer(load_default=None, validate=validate.Range(0, 5))
    answer = fields.String(required=True, validate=_text)

    @post_load
    def to_decision(self, data: dict[str, Any], **kwargs: Any) -> Decision:
        """Return the decision.

        :raises Invalid: it is upheld without a level.
        """
        if data["go"] == "uphold" and data["level"] is None:
            raise Invalid({"level": [_("Choose the level that is to count.")]})
        return Decision(data["level"] if data["go"] == "uphold" else None, data["answer"])
