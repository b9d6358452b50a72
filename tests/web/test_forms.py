"""What a schema says of a bad form reaches the person as whole sentences."""

from __future__ import annotations

import pytest
from flask import Flask
from marshmallow import Schema, fields, validate

from lms_bridge.api import Invalid, _l, load


class Form(Schema):
    """A form whose sentences are translated when they are shown."""

    choice = fields.Integer(required=True, error_messages={"required": _l("Choose one."), "invalid": _l("Choose one.")})
    words = fields.Dict(values=fields.String(validate=validate.Length(max=2, error=_l("Too long."))))


@pytest.mark.parametrize(
    ("given", "problems"),
    [
        ({}, {"choice": ["Choose one."]}),
        ({"choice": "x"}, {"choice": ["Choose one."]}),
        ({"choice": "1", "words": {"a": "long"}}, {"words": {"a": {"value": ["Too long."]}}}),
    ],
    ids=str,
)
def test_a_sentence_that_is_translated_late_stays_whole(bridge_app: Flask, given, problems) -> None:
    with bridge_app.test_request_context(headers={"Accept-Language": "en"}), pytest.raises(Invalid) as refused:
        load(Form, given)

    assert refused.value.problems == problems
