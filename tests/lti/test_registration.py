"""Dynamic Registration: paste one link, and it works; nobody else's registration can be taken."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from sqlalchemy import select, update

from lms_bridge.db import db, now
from lms_bridge.lti.registration import invite
from lms_bridge.models import Agency, Invitation, Platform
from lms_bridge.testing.browser import Browser
from lms_bridge.testing.platform import TestPlatform


def invitation(app: Any, code: str = "demo") -> str:
    with app.app_context():
        agency = db.session.scalar(select(Agency).where(Agency.code == code))
        token = invite(agency, now=now())
        db.session.commit()
        db.session.remove()
    return f"/lti/register/{token}"


@pytest.fixture
def empty(bridge_app: Any) -> Any:
    """The bridge without a registered platform, and with a second agency."""
    with bridge_app.app_context():
        db.session.execute(Platform.__table__.delete())
        db.session.add(Agency(code="other", name="Other", timezone="Asia/Jakarta", created_at=now()))
        db.session.commit()
        db.session.remove()
    return bridge_app


def walk(app: Any, platform: TestPlatform, path: str, *, token: str = "registration-token") -> Any:
    """Open the invitation as an LMS does and press the button."""
    client = app.test_client()
    configuration = f"{platform.url}/.well-known/openid-configuration"
    first = client.get(path, query_string={"openid_configuration": configuration, "registration_token": token})
    if first.status_code != 200:
        return first
    hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', first.text))
    return client.post(path, data=hidden)


def platforms(app: Any) -> list[Any]:
    with app.app_context():
        return list(db.session.execute(select(Platform.__table__)))


def test_invited_platform_is_active_at_once_and_can_launch(empty: Any, practice_platform: TestPlatform) -> None:
    done = walk(empty, practice_platform, invitation(empty))

    assert done.status_code == 200
    assert "Aktifkan" in done.text and "mod/lti:view" in done.text
    browser = Browser(empty)
    assert browser.launch(practice_platform, claim_custom={}).status_code == 200


def test_registration_asks_for_names_grades_rosters_and_content(empty: Any, practice_platform: TestPlatform) -> None:
    walk(empty, practice_platform, invitation(empty))

    asked = practice_platform.registrations[0]
    tool = asked["https://purl.imsglobal.org/spec/lti-tool-configuration"]
    assert asked["redirect_uris"] == ["http://bridge.test/lti/launch"]
    assert asked["token_endpoint_auth_method"] == "private_key_jwt"
    assert {scope.rpartition("/")[2] for scope in asked["scope"].split()} == {
        "lineitem",
        "score",
        "result.readonly",
        "contextmembership.readonly",
    }
    assert {"name", "email"} <= set(tool["claims"])
    assert tool["domain"] == "bridge.test"
    assert {message["type"] for message in tool["messages"]} == {"LtiResourceLinkRequest", "LtiDeepLinkingRequest"}


def test_invitation_works_once(empty: Any, practice_platform: TestPlatform) -> None:
    path = invitation(empty)
    walk(empty, practice_platform, path)

    assert walk(empty, practice_platform, path).status_code == 410


def test_expired_invitation_says_so(empty: Any, practice_platform: TestPlatform) -> None:
    path = invitation(empty)
    with empty.app_context():
        db.session.execute(update(Invitation.__table__).values(expires_at=now() - dt.timedelta(seconds=1)))
        db.session.commit()
        db.session.remove()

    assert walk(empty, practice_platform, path).status_code == 410


def test_refused_registration_leaves_the_invitation_usable(empty: Any, practice_platform: TestPlatform) -> None:
    path = invitation(empty)

    assert walk(empty, practice_platform, path, token="used").status_code == 400
    assert platforms(empty) == []
    assert walk(empty, practice_platform, path).status_code == 200


def test_another_agency_cannot_take_a_registration_over(empty: Any, practice_platform: TestPlatform) -> None:
    walk(empty, practice_platform, invitation(empty))
    before = platforms(empty)

    assert walk(empty, practice_platform, invitation(empty, "other")).status_code == 400
    assert platforms(empty) == before


def test_update_registration_keeps_the_platform(empty: Any, practice_platform: TestPlatform) -> None:
    walk(empty, practice_platform, invitation(empty))
    walk(empty, practice_platform, invitation(empty))

    assert len(platforms(empty)) == 1


@pytest.mark.parametrize(
    "url",
    ["", "ftp://lms.test/x", "javascript:alert(1)", "http://lms.test/members", "http://lms.test/nowhere", "not a url"],
)
def test_bad_configuration_address_is_a_readable_page(empty: Any, url: str) -> None:
    answer = empty.test_client().post(invitation(empty), data={"openid_configuration": url})

    assert answer.status_code == 400
    assert "NR-" in answer.text


def test_configuration_that_speaks_for_another_host_is_refused(empty: Any, practice_platform: TestPlatform) -> None:
    configuration = f"{practice_platform.url}/.well-known/openid-configuration"
    practice_platform.url = "http://victim.test"

    answer = empty.test_client().get(invitation(empty), query_string={"openid_configuration": configuration})

    assert answer.status_code == 400
    assert platforms(empty) == []


def test_invitation_opened_by_hand_explains_itself(empty: Any) -> None:
    page = empty.test_client().get(invitation(empty))

    assert page.status_code == 200
    assert "Add LTI Advantage" in page.text or "Tambahkan LTI Advantage" in page.text


def test_page_may_be_framed_by_the_registering_lms_only(empty: Any, practice_platform: TestPlatform) -> None:
    configuration = f"{practice_platform.url}/.well-known/openid-configuration"
    page = empty.test_client().get(invitation(empty), query_string={"openid_configuration": configuration})

    assert "frame-ancestors http://lms.test" in page.headers["Content-Security-Policy"]
