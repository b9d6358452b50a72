"""Schemas of rows: rules between the cells of one row."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, post_load

from lms_bridge.domain.nip import BadNip, employment_of
from lms_bridge.imports.kinds import Column
from lms_bridge.imports.words import LEVELS_OF


class Rows(Schema):
    """Rows of a list; every field is a cell of text that is not empty."""


class PersonRows(Rows):
    """People: the number and the status must say the same."""

    @post_load
    def agree(self, data: dict[str, Any], **options: Any) -> dict[str, Any]:
        """Take the status from the month digits of the NIP where the list says none; else compare."""
        try:
            data["employment"] = employment_of(data["nip"], told=data.get("employment"))
        except BadNip as error:
            raise ValidationError(error.fault.value, "nip") from error
        return data


class PostRows(Rows):
    """Posts: the level must be one of the type."""

    @post_load
    def agree(self, data: dict[str, Any], **options: Any) -> dict[str, Any]:
        """Compare level and type."""
        if data["level"] not in LEVELS_OF[data["type"]]:
            raise ValidationError("level-of-type", "level")
        return data


class DatedRows(Rows):
    """Rows with a first day, and a day before which they end."""

    @post_load
    def in_order(self, data: dict[str, Any], **options: Any) -> dict[str, Any]:
        """Compare the days."""
        if "valid_to" in data and data["valid_to"] <= data["valid_from"]:
            raise ValidationError("days-order", "valid_to")
        return data


class ProgrammeRows(Rows):
    """Programmes: the last day is not before the first."""

    @post_load
    def in_order(self, data: dict[str, Any], **options: Any) -> dict[str, Any]:
        """Compare the days."""
        if "starts_on" in data and "ends_on" in data and data["ends_on"] < data["starts_on"]:
            raise ValidationError("days-order", "ends_on")
        return data


class ParticipantRows(Rows):
    """Participants: whoever completed or failed did so on a day, and nobody else has one."""

    @post_load
    def agree(self, data: dict[str, Any], **options: Any) -> dict[str, Any]:
        """Compare status and day."""
        if (data["status"] in {"completed", "failed"}) != ("ended_on" in data):
            raise ValidationError("ended", "ended_on")
        if "ended_on" in data and data["ended_on"] < data["registered_on"]:
            raise ValidationError("days-order", "ended_on")
        return data


def schema_of(base: type[Schema], columns: tuple[Column, ...]) -> Schema:
    """Return the schema of a list: the cells of its columns, and the rules between them."""
    return type(base.__name__, (base,), {column.field: column.cell for column in columns})()
