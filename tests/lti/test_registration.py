"""Dynamic Registration: paste one link, and it works; nobody else's registration can be taken."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select, update

from lms_bridge.db import db, now
from lms_bridge.lti import ags
from lms_bridge.lti.registration import invite
from lms_bridge.models import Agency, Deployment, Invitation, Platform
from lms_bridge.practice.driver import PracticeDriver
from lms_bridge.practice.forms import forms_of
from lms_bridge.practice.vocabulary import TOOL_BLOCK
from lms_bridge.testing import instance
from lms_bridge.testing.browser import Browser

CONFIGURATION = f"{instance.LMS_URL}/.well-known/openid-configuration"


def invitation(app: Any, code: str = "demo") -> str:
    with app.app_context():
        agency = db.session.scalar(select(Agency).where(Agency.code == code))
        token = invite(agency, now=now())
        db.session.commit()
        db.session.remove()
    return f"{instance.BASE_URL}/lti/register/{token}"


def add_agency(app: Any, code: str) -> None:
    with app.app_context():
        db.session.add(Agency(code=code, name=code.title(), timezone="Asia/Jakarta", created_at=now()))
        db.session.commit()
        db.session.remove()


@pytest.fixture
def empty(bridge_app: Any) -> Any:
    """The bridge without a registered platform."""
    with bridge_app.app_context():
        db.session.execute(Platform.__table__.delete())
        db.session.commit()
        db.session.remove()
    return bridge_app


def walk(app: Any, link: str) -> Any:
    """Open the link that an LMS made of an invitation, and press the button."""
    client = app.test_client()
    first = client.get(link)
    if first.status_code != 200:
        return first
    return client.post(link.partition("?")[0], data=forms_of(first.text)[-1].fields)


def platforms(app: Any) -> list[Any]:
    with app.app_context():
        return list(db.session.execute(select(Platform.__table__)))


def deployments(app: Any) -> list[Any]:
    with app.app_context():
        return list(db.session.execute(select(Deployment.__table__)))


def test_invited_platform_is_active_at_once_and_can_launch(empty: Any, practice_platform: PracticeDriver) -> None:
    done = walk(empty, practice_platform.registration_link(invitation(empty)))

    assert done.status_code == 200
    assert "Aktifkan" in done.text and "mod/lti:view" in done.text
    (stored,) = platforms(empty)
    practice_platform.activate(stored.client_id)
    browser = Browser(empty)
    assert browser.launch(practice_platform, client_id=stored.client_id).status_code == 200


def test_registration_asks_for_names_grades_rosters_and_content(empty: Any, practice_platform: PracticeDriver) -> None:
    walk(empty, practice_platform.registration_link(invitation(empty)))

    asked = practice_platform.trace("registration")[-1].detail["request"]["body"]
    tool = asked[TOOL_BLOCK]
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


def test_invitation_works_once(empty: Any, practice_platform: PracticeDriver) -> None:
    link = invitation(empty)
    walk(empty, practice_platform.registration_link(link))

    assert walk(empty, practice_platform.registration_link(link)).status_code == 410


def test_expired_invitation_says_so(empty: Any, practice_platform: PracticeDriver) -> None:
    link = invitation(empty)
    with empty.app_context():
        db.session.execute(update(Invitation.__table__).values(expires_at=now() - dt.timedelta(seconds=1)))
        db.session.commit()
        db.session.remove()

    assert walk(empty, practice_platform.registration_link(link)).status_code == 410


def test_refused_registration_leaves_the_invitation_usable(empty: Any, practice_platform: PracticeDriver) -> None:
    link = invitation(empty)
    used = practice_platform.registration_link(invitation(empty))
    walk(empty, used)
    before = platforms(empty)

    again = walk(empty, f"{link}?{used.partition('?')[2]}")

    assert again.status_code == 400
    assert platforms(empty) == before
    assert walk(empty, practice_platform.registration_link(link)).status_code == 200


@pytest.mark.parametrize("profile", ["plain", "moodle"])
def test_update_registration_keeps_platform_and_deployment(bridge_app: Any, practice_platform: PracticeDriver) -> None:
    before = platforms(bridge_app)[0]._asdict(), deployments(bridge_app)
    link = practice_platform.registration_link(invitation(bridge_app), update=instance.CLIENT_ID)

    done = walk(bridge_app, link)

    after = platforms(bridge_app)[0]._asdict(), deployments(bridge_app)
    assert done.status_code == 200
    # Registered by hand it was not known what the LMS grants; now it says so.
    assert before[0].pop("scopes") is None and ags.SCORE in after[0].pop("scopes")
    assert after == before
    assert Browser(bridge_app).launch(practice_platform).status_code == 200


@pytest.mark.parametrize("profile", ["plain", "moodle"])
def test_another_agency_cannot_take_a_registration_over(bridge_app: Any, practice_platform: PracticeDriver) -> None:
    add_agency(bridge_app, "other")
    before = platforms(bridge_app), deployments(bridge_app)
    link = practice_platform.registration_link(invitation(bridge_app, "other"), update=instance.CLIENT_ID)

    refused = walk(bridge_app, link)

    assert refused.status_code == 400
    assert "NR-" in refused.text
    assert (platforms(bridge_app), deployments(bridge_app)) == before


@pytest.mark.parametrize(
    "url",
    ["", "ftp://lms.test/x", "javascript:alert(1)", "http://lms.test/jwks", "http://lms.test/nowhere", "not a url"],
)
def test_bad_configuration_address_is_a_readable_page(empty: Any, url: str) -> None:
    answer = empty.test_client().post(invitation(empty), data={"openid_configuration": url})

    assert answer.status_code == 400
    assert "NR-" in answer.text


def test_configuration_that_speaks_for_another_host_is_refused(empty: Any, practice_platform: PracticeDriver) -> None:
    practice_platform.site.base_url = "http://victim.test"

    answer = empty.test_client().get(invitation(empty), query_string={"openid_configuration": CONFIGURATION})

    assert answer.status_code == 400
    assert platforms(empty) == []


def test_invitation_opened_by_hand_explains_itself(empty: Any) -> None:
    page = empty.test_client().get(invitation(empty))

    assert page.status_code == 200
    assert "Add LTI Advantage" in page.text or "Tambahkan LTI Advantage" in page.text


def test_page_may_be_framed_by_the_registering_lms_only(empty: Any) -> None:
    page = empty.test_client().get(invitation(empty), query_string={"openid_configuration": CONFIGURATION})

    assert "frame-ancestors http://lms.test" in page.headers["Content-Security-Policy"]
