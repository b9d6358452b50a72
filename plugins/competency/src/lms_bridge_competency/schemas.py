"""What the pages post, checked once at the edge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, fields, post_load, validate

from lms_bridge.api import _l
from lms_bridge_competency.ratings import SaveAnswers
from lms_bridge_competency.reference import post_levels
from lms_bridge_competency.rules import Mark

LONGEST_EXAMPLE, LONGEST_NOTE = 2000, 500
_ONE_PAGE = validate.Length(max=50)
_key = fields.String(validate=validate.Length(max=255))


def grouped(form: Mapping[str, str]) -> dict[str, Any]:
    """Gather the fields of a page: ``answers:<indicator>``, ``was:<indicator>``, ``notes:<competency>``."""
    data: dict[str, Any] = {}
    for name, value in form.items():
        group, colon, key = name.partition(":")
        if colon and group in {"answers", "was", "notes"}:
            data.setdefault(group, {})[key] = value.strip()
        else:
            data[name] = value.replace("\r\n", "\n").strip()
    return data


class SaveAnswersSchema(Schema):
    """One answer that saves itself, an example, or a whole question page."""

    answers = fields.Dict(keys=_key, values=fields.Enum(Mark, by_value=True), validate=_ONE_PAGE, load_default=dict)
    was = fields.Dict(keys=_key, values=fields.String(validate=validate.Length(max=16)), validate=_ONE_PAGE)
    example = fields.String(
        validate=validate.Length(
            max=LONGEST_EXAMPLE, error=_l("Please keep the example within %(max)s characters.", max=LONGEST_EXAMPLE)
        )
    )
    was_example = fields.String(validate=validate.Length(max=LONGEST_EXAMPLE))
    go = fields.String(validate=validate.OneOf(["continue", "skip", "previous", "overview"]))

    @post_load
    def to_command(self, data: dict[str, Any], **kwargs: Any) -> SaveAnswers:
        return SaveAnswers(**data)


@dataclass(frozen=True, slots=True)
class BeginRating:
    """The start page, with the post level that somebody without a known post chose."""

    post_level: str | None = None


class BeginRatingSchema(Schema):
    """What the start page posts."""

    post_level = fields.String(
        validate=validate.OneOf(list(post_levels()), error=_l("Choose the level of your post from the list."))
    )

    @post_load
    def to_command(self, data: dict[str, Any], **kwargs: Any) -> BeginRating:
        return BeginRating(**data)


class FinishSchema(Schema):
    """What the overview posts: notes on large differences, by the key of the competency."""

    notes = fields.Dict(
        keys=_key,
        values=fields.String(validate=validate.Length(max=LONGEST_NOTE)),
        validate=validate.Length(max=100),
        load_default=dict,
    )
