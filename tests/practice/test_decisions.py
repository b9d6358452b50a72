"""The practice LMS decides for itself who is let in; what lti1p3platform would let through is refused."""

from __future__ import annotations

import pytest

from lms_bridge.practice.driver import PlatformRefused


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "https://evil.example/steal"},
        {"redirect_uri": "http://bridge.test/lti/launch/"},
        {"redirect_uri": "http://bridge.test/lti/launch?x=1"},
        {"redirect_uri": None},
        {"client_id": "other"},
        {"nonce": None},
        {"scope": "openid profile"},
        {"response_type": "code"},
        {"response_mode": "query"},
        {"prompt": "login"},
        {"lti_message_hint": "made up"},
        {"lti_message_hint": None},
    ],
    ids=str,
)
def test_authorization_request_that_is_not_right_in_everything_gets_no_message(tool, practice_platform, changes):
    begun = practice_platform.begin_launch("ani")

    try:
        fields = practice_platform.answer_auth(tool.authorization(begun, **changes), "ani").fields
    except PlatformRefused:
        fields = {}

    assert "id_token" not in fields


def test_message_goes_to_nobody_but_the_person_who_is_signed_in(tool, practice_platform):
    begun = practice_platform.begin_launch("ani")

    try:
        fields = practice_platform.answer_auth(tool.authorization(begun), "joko").fields
    except PlatformRefused:
        fields = {}

    assert "id_token" not in fields


def test_message_hint_serves_once(tool, practice_platform):
    begun = practice_platform.begin_launch("ani")
    asked = tool.authorization(begun)
    assert "id_token" in practice_platform.answer_auth(asked, "ani").fields

    try:
        again = practice_platform.answer_auth(asked, "ani").fields
    except PlatformRefused:
        again = {}

    assert "id_token" not in again
