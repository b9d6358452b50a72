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

LONGEST_EXAMPLE = 2000
_ONE_PAGE = validate.Length(max=50)
_key = fields.String(validate=validate.Length(max=255))


def grouped(form: Mapping[str, str]) -> dict[str, Any]:
    """Gather the fields of a question page: ``answers:<indicator>`` and ``was:<indicator>`` become dictionaries."""
    data: dict[str, Any] = {"answers": {}, "was": {}}
    for name, value in form.items():
        group, colon, key = name.partition(":")
        if colon and group in {"answers", "was"}:
            data[group][key] = value
        else:
            data[name] = value.replace("\r\n", "\n").strip()
    return data


class SaveAnswersSchema(Schema):
    """One answer that saves itself, an example, or a whole question page."""

    answers = fields.Dict(keys=_key, values=fields.Enum(Mark, by_value=True), validate=_ONE_PAGE)
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
