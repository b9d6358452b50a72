"""What tools send to the grade services."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load, validate

from lms_bridge.practice.grading import PostedScore


class Text(fields.String):
    """Words without characters that no page can hold."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        text = str(super()._deserialize(value, *args, **kwargs))
        if "\x00" in text or any("\ud800" <= char <= "\udfff" for char in text):
            raise ValidationError("holds characters that cannot be stored")
        return text


class Points(fields.Decimal):
    """A number of points, also as text; no truth value, nothing endless."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Decimal:
        if isinstance(value, bool):
            raise ValidationError("must be a number")
        points = super()._deserialize(value, *args, **kwargs)
        if points is None or abs(points) > 10**9 or points.as_tuple().exponent < -20:  # type: ignore[operator]
            raise ValidationError("is out of range")
        return points


class UserId(fields.Field[str]):
    """A user id, as text or as a number."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        if isinstance(value, bool) or not isinstance(value, str | int) or not 1 <= len(str(value)) <= 255:
            raise ValidationError("must be an id")
        return str(value)


class Stamp(fields.Field[dt.datetime]):
    """An ISO 8601 timestamp; whether it needs a zone is for the platform to say."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> dt.datetime:
        try:
            return dt.datetime.fromisoformat(value)
        except (TypeError, ValueError) as error:
            raise ValidationError("must be an ISO 8601 timestamp") from error


class ScoreSchema(Schema):
    """A score."""

    class Meta:
        unknown = EXCLUDE

    userId = UserId(required=True)
    timestamp = Stamp(required=True)
    activityProgress = Text(required=True, validate=validate.Length(1, 64))
    gradingProgress = Text(required=True, validate=validate.Length(1, 64))
    scoreGiven = Points(load_default=None, allow_none=True)
    scoreMaximum = Points(load_default=None, allow_none=True, validate=validate.Range(min=0))
    comment = Text(load_default="", allow_none=True, validate=validate.Length(max=10_000))

    @post_load
    def to_score(self, data: dict[str, Any], **kwargs: Any) -> PostedScore:
        if data["scoreGiven"] is not None and data["scoreMaximum"] is None:
            raise ValidationError("missing", "scoreMaximum")
        return PostedScore(
            user_id=data["userId"],
            stamp=data["timestamp"],
            given=data["scoreGiven"],
            maximum=data["scoreMaximum"],
            activity_progress=data["activityProgress"],
            grading_progress=data["gradingProgress"],
            comment=data["comment"] or "",
        )


class LineItemSchema(Schema):
    """A column, as a tool makes or changes it."""

    class Meta:
        unknown = EXCLUDE

    label = Text(required=True, validate=validate.Length(1, 255))
    scoreMaximum = Points(required=True, validate=validate.Range(min=0, min_inclusive=False))
    resourceId = Text(load_default="", allow_none=True, validate=validate.Length(max=255))
    tag = Text(load_default="", allow_none=True, validate=validate.Length(max=255))
    resourceLinkId = Text(load_default="", allow_none=True, validate=validate.Length(max=255))
