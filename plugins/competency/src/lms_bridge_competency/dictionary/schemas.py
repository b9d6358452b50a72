"""What the pages of dictionaries post, checked once at the edge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, post_load, pre_load, validate

from lms_bridge.api import CompetencyText, FrameworkText, LevelText, _l
from lms_bridge_competency.dictionary.sheet import behaviours

_CODE = validate.Regexp(r"[A-Za-z0-9][A-Za-z0-9.-]{0,30}\Z", error=_l("Letters, digits, dots and hyphens, up to 31."))
_NAME = validate.Length(max=255)
_TEXT = validate.Length(max=20_000)


def _plain(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.replace("\r\n", "\n").strip() for name, value in data.items()}


class FrameworkSchema(Schema):
    """What a dictionary is called; of an imported one only what its file does not say."""

    family = fields.String(load_default="", validate=lambda text: _CODE(text) if text else None)
    version = fields.String(load_default="", validate=lambda text: _CODE(text) if text else None)
    title_id = fields.String(load_default="", validate=_NAME)
    title_en = fields.String(load_default="", validate=_NAME)
    source = fields.String(load_default="", validate=_NAME)
    valid_from = fields.Date(load_default=None, allow_none=True)

    @pre_load
    def strip(self, data: Mapping[str, Any], **kwargs: Any) -> dict[str, Any]:
        plain = _plain(data)
        plain["valid_from"] = plain.get("valid_from") or None
        return plain

    @post_load
    def to_text(self, data: dict[str, Any], **kwargs: Any) -> FrameworkText:
        return FrameworkText(**data)


class VersionSchema(Schema):
    """What the next version is called."""

    version = fields.String(required=True, validate=_CODE)


_LEVELS = Schema.from_dict(
    {
        f"{kind}{level}_{language}": fields.String(load_default="", validate=_TEXT)
        for kind in ("level", "behaviours")
        for level in range(1, 6)
        for language in ("id", "en")
    },
    name="LevelTexts",
)


class EntrySchema(_LEVELS):  # type: ignore[valid-type,misc]
    """The page of one competency; behaviours stand one a line."""

    code = fields.String(required=True, validate=validate.Length(max=64))
    parent = fields.String(load_default="", validate=validate.Length(max=64))
    cluster = fields.String(load_default="", validate=validate.Length(max=64))
    name_id = fields.String(required=True, validate=_NAME)
    name_en = fields.String(load_default="", validate=_NAME)
    definition_id = fields.String(load_default="", validate=_TEXT)
    definition_en = fields.String(load_default="", validate=_TEXT)
    related = fields.String(load_default="", validate=_TEXT)

    @pre_load
    def strip(self, data: Mapping[str, Any], **kwargs: Any) -> dict[str, Any]:
        return _plain(data)

    @post_load
    def to_text(self, data: dict[str, Any], **kwargs: Any) -> CompetencyText:
        levels = [
            LevelText(
                level,
                data[f"level{level}_id"],
                data[f"level{level}_en"],
                behaviours(data[f"behaviours{level}_id"], data[f"behaviours{level}_en"]),
            )
            for level in range(1, 6)
        ]
        names = ("code", "cluster", "name_id", "name_en", "definition_id", "definition_en")
        return CompetencyText(
            parent=data["parent"] or None,
            related=tuple(code.strip() for code in data["related"].split(";") if code.strip()),
            levels=tuple(one for one in levels if one.title_id or one.title_en or one.indicators),
            **{name: data[name] for name in names},
        )
