"""What the pages of requirements send, checked once at the edge."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load, pre_load, validate

from lms_bridge.api import _l, now
from lms_bridge_competency.requirements.reading import Show
from lms_bridge_competency.requirements.setting import Basis

_LEVEL = "level:"
_DAYS_AHEAD = 366 * 5
MOST_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Listed:
    """What the list of posts shows."""

    show: Show
    words: str
    page: int


class ListSchema(Schema):
    """Which posts, and which page of them."""

    class Meta:
        unknown = EXCLUDE

    show = fields.Enum(Show, by_value=True, load_default=Show.ALL)
    words = fields.String(data_key="q", load_default="", validate=validate.Length(max=100))
    page = fields.Integer(load_default=1, validate=validate.Range(1, 100_000))

    @post_load
    def to_listed(self, data: dict[str, Any], **kwargs: Any) -> Listed:
        return Listed(**data)


class SearchSchema(Schema):
    """Words by which further competencies are found."""

    class Meta:
        unknown = EXCLUDE

    words = fields.String(data_key="q", load_default="", validate=validate.Length(max=100))


def _not_far(day: dt.date) -> None:
    if not dt.date(2000, 1, 1) <= day <= now().date() + dt.timedelta(days=_DAYS_AHEAD):
        raise ValidationError([_l("Choose a day between 2000 and five years from now.")])


class BasisSchema(Schema):
    """By which decree, and from which day on."""

    class Meta:
        unknown = EXCLUDE

    rule = fields.String(required=True, validate=validate.Length(1, 255))
    valid_from = fields.Date(required=True, validate=_not_far)

    @pre_load
    def strip(self, data: Mapping[str, Any], **kwargs: Any) -> dict[str, Any]:
        return {**data, "rule": (data.get("rule") or "").strip()}

    @post_load
    def to_basis(self, data: dict[str, Any], **kwargs: Any) -> Basis:
        return Basis(**data)


def _level(text: str) -> int | None:
    if text == "":
        return None
    if text not in {"0", "1", "2", "3", "4", "5"}:
        raise ValidationError([_l("Choose a level from 0 to 5.")])
    return int(text)


class LevelsSchema(Schema):
    """The level of each competency on the page, as ``level:<key>``; empty where the wider rule applies."""

    class Meta:
        unknown = EXCLUDE

    levels = fields.Dict(keys=fields.String(validate=validate.Length(1, 255)), values=fields.String(), required=True)

    @pre_load
    def gather(self, data: Mapping[str, Any], **kwargs: Any) -> dict[str, Any]:
        sent = {name.removeprefix(_LEVEL): value for name, value in data.items() if name.startswith(_LEVEL)}
        return {"levels": sent}

    @post_load
    def to_levels(self, data: dict[str, Any], **kwargs: Any) -> dict[str, int | None]:
        return {key: _level(text) for key, text in data["levels"].items()}


class CopySchema(BasisSchema):
    """To which posts the requirements of another are copied."""

    posts = fields.List(fields.Integer(), required=True, validate=validate.Length(1, MOST_AT_ONCE))
    source = fields.String(required=True, validate=validate.Length(1, 64))

    @post_load
    def to_basis(self, data: dict[str, Any], **kwargs: Any) -> tuple[list[int], str, Basis]:  # type: ignore[override]
        return data["posts"], data["source"].strip(), Basis(data["rule"], data["valid_from"])
