"""What the pages of the profile send, checked once at the edge."""

from __future__ import annotations

from marshmallow import EXCLUDE, Schema, fields, validate


class SearchSchema(Schema):
    """By which words a post is looked for."""

    class Meta:
        unknown = EXCLUDE

    q = fields.String(load_default="", validate=validate.Length(max=100))


class TargetSchema(Schema):
    """Which post somebody aims at; none takes the aim back."""

    class Meta:
        unknown = EXCLUDE

    post_id = fields.Integer(load_default=None, validate=validate.Range(1, 2**31 - 1))
