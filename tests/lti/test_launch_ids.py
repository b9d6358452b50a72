"""The ids of the design's list that test_launches and hostile/ do not carry yet."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import jwt
import pytest
from sqlalchemy import func, select, update

from lms_bridge.db import db, now
from lms_bridge.lti.key_sets import forget_cached_keys
from lms_bridge.lti.platforms import forget_platforms
from lms_bridge.models import KeySet, Session
from lms_bridge.models import Platform as PlatformRow
from lms_bridge.practice.driver import PracticeDriver
from lms_bridge.practice.site import make_key_pair
from lms_bridge.practice.vocabulary import MEMBERSHIP
from lms_bridge.testing.browser import Browser
from lms_bridge.testing.instance import add_tool, register_platform
from tests.lti.forge import asked, b64, form_for, good_claims, key_id

NOBODY = {"name": None, "given_name": None, "family_name": None, "email": None}
SEVERAL = [f"{MEMBERSHIP}Learner", "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Student"]
SERVICES = [
    "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint",
    "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice",
]


def sessions(app: Any) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(Session.__table__)) or 0


def assert_refused(app: Any, page: Any, *, before: int = 0) -> None:
    assert 400 <= page.status_code < 500, page.status_code
    assert "NR-" in page.text
    assert sessions(app) == before


GOOD: dict[str, dict[str, Any]] = {
    "L-04": {"role": "instructor", "email": None},
    "L-11": {"name": None},
    "L-12": {"email": None},
    "L-13": NOBODY,
    "L-14": {"name": None, "claim_context": None},
    "L-15": {"claim_roles": SEVERAL},
    "L-16": {"claim_roles": ["Learner"]},
    "L-17": {"claim_roles": ["urn:x:gardener"]},
    "L-18": {"claim_roles": ["", f"{MEMBERSHIP}Learner"]},
    "L-20": {**NOBODY, "claim_context": None, "claim_lis": None, **dict.fromkeys(SERVICES)},
    "L-31": {"claim_roles": [f"{MEMBERSHIP}Mentor"], "claim_role_scope_mentor": ["5", "6"]},
    "L-36": {"claim_lti1p1": {"user_id": "9", "oauth_consumer_key": "k", "oauth_consumer_key_sign": "forged"}},
}


@pytest.mark.parametrize("case", GOOD)
def test_good_launch_opens(browser: Browser, practice_platform: PracticeDriver, case: str) -> None:
    assert browser.launch(practice_platform, **GOOD[case]).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [{"method": "POST"}, {"lti_deployment_id": None}, {"client_id": None}, {"lti_message_hint": None}],
    ids=["L-33", "L-34", "L-35", "no hint"],
)
def test_login_in_its_many_forms_leads_to_a_launch(
    browser: Browser, practice_platform: PracticeDriver, changes: dict[str, Any]
) -> None:
    request = asked(browser, practice_platform, **changes)
    claims, _state = good_claims(browser, practice_platform)
    token = practice_platform.sign({**claims, "nonce": request["nonce"]})

    assert browser.post_launch(id_token=token, state=request["state"]).status_code == 303


def test_second_person_in_a_used_browser_sees_nothing_of_the_first(
    browser: Browser, practice_platform: PracticeDriver
) -> None:
    """L-38."""
    browser.launch(practice_platform, claim_custom={}, name="Ani Pertama", claim_lis=None)
    page = browser.launch(practice_platform, claim_custom={}, sub="6", name="Budi Kedua", claim_lis=None)

    assert "Budi Kedua" in page.text
    assert "Ani Pertama" not in page.text


def test_eight_activities_in_one_browser_all_open_with_small_cookies(
    browser: Browser, practice_platform: PracticeDriver
) -> None:
    """L-40."""
    for number in range(8):
        link = {"id": str(number), "title": f"Kegiatan {number}"}
        assert browser.launch(practice_platform, claim_custom={}, claim_resource_link=link).status_code == 200

    assert sum(len(c.key) + len(c.value) for c in browser.client._cookies.values()) < 8192


def test_authorization_request_carries_all_that_is_required_with_hints_verbatim(
    browser: Browser, practice_platform: PracticeDriver
) -> None:
    """OIDC-01, OIDC-02."""
    hint = '{"cmid":12,"launchid":"a b&c=d\'\\"<é>"}'
    first = asked(browser, practice_platform, lti_message_hint=hint, login_hint="5 &=+")
    second = asked(browser, practice_platform)

    fixed = {"scope": "openid", "response_type": "id_token", "response_mode": "form_post", "prompt": "none"}
    assert fixed.items() <= first.items()
    assert (first["lti_message_hint"], first["login_hint"]) == (hint, "5 &=+")
    assert min(len(first["state"]), len(first["nonce"])) >= 16
    assert not {first["state"], first["nonce"]} & {second["state"], second["nonce"]}


LOGINS: dict[str, dict[str, Any]] = {
    "OIDC-03": {"iss": None},
    "OIDC-04": {"iss": "https://unknown.example"},
    "OIDC-05": {"login_hint": None},
    "OIDC-06": {"client_id": "unknown"},
    "OIDC-07": {"iss": ["http://lms.test", "http://lms.test"]},
    "OIDC-10": dict.fromkeys(["iss", "login_hint", "target_link_uri", "client_id", "lti_message_hint"]),
    "OIDC-11": {"login_hint": "x" * 100_000},
    "OIDC-12": {"iss": '"><script>alert(1)</script>\r\nX-Evil: 1'},
}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("case", LOGINS)
def test_bad_login_is_a_readable_page(
    bridge_app: Any, browser: Browser, practice_platform: PracticeDriver, case: str, method: str
) -> None:
    page = browser.login(practice_platform.begin_launch("ani"), method=method, **LOGINS[case])

    assert_refused(bridge_app, page)
    assert "<script>alert" not in page.text and "X-Evil" not in page.headers


def test_markup_in_hints_is_never_reflected_raw(browser: Browser, practice_platform: PracticeDriver) -> None:
    """OIDC-12."""
    framed = {"Sec-Fetch-Dest": "iframe"}
    page = browser.login(
        practice_platform.begin_launch("ani"), headers=framed, login_hint='"><script>alert(1)</script>\r\n'
    )

    assert page.status_code == 200
    assert "<script>alert" not in page.text


@pytest.mark.parametrize("error", ["access_denied", "invalid_request", "<script>alert(1)</script>", ""])
def test_error_of_the_platform_is_a_readable_page(
    bridge_app: Any, browser: Browser, practice_platform: PracticeDriver, error: str
) -> None:
    """OIDC-14."""
    state = asked(browser, practice_platform)["state"]
    page = browser.post_launch(error=error, error_description="<b>no</b>", state=state)

    assert_refused(bridge_app, page)
    assert "<script>alert" not in page.text


@pytest.mark.parametrize("alg", ["None", "NONE", "none"], ids=["S-02", "S-03", "S-01"])
def test_unsigned_token_is_refused(
    bridge_app: Any, browser: Browser, practice_platform: PracticeDriver, alg: str
) -> None:
    form = form_for(browser, practice_platform)
    header = b64(json.dumps({"alg": alg, "kid": key_id(practice_platform)}).encode())

    assert_refused(
        bridge_app, browser.post_launch(**{**form, "id_token": f"{header}.{form['id_token'].split('.')[1]}."})
    )


SECRETS = {
    "S-04": lambda p: p.site.public_key,
    "S-05": lambda p: json.dumps(p.site.registration().get_jwks()[0]),
}


@pytest.mark.parametrize("case", [*SECRETS, "S-06"])
def test_key_confusion_is_refused(
    bridge_app: Any, browser: Browser, practice_platform: PracticeDriver, case: str
) -> None:
    secret = (SECRETS[case](practice_platform) if case in SECRETS else "").encode()
    form = form_for(browser, practice_platform)
    header = b64(json.dumps({"alg": "HS256", "kid": key_id(practice_platform)}).encode())
    signed = f"{header}.{form['id_token'].split('.')[1]}"
    hmac = jwt.get_algorithm_by_name("HS256")
    signature = b64(hmac.sign(signed.encode(), secret))

    assert_refused(bridge_app, browser.post_launch(**{**form, "id_token": f"{signed}.{signature}"}))


@pytest.mark.parametrize("header", ["jku", "x5u"], ids=["S-11", "S-12"])
def test_address_in_the_header_is_never_fetched(
    bridge_app: Any, browser: Browser, practice_platform: PracticeDriver, header: str
) -> None:
    form = form_for(browser, practice_platform)
    claims = jwt.decode(form["id_token"], options={"verify_signature": False})
    headers = {header: "http://lms.test/evil"}
    form["id_token"] = practice_platform.sign(claims, headers=headers, private_key=make_key_pair()[0])
    before = practice_platform.calls()

    assert_refused(bridge_app, browser.post_launch(**form))
    assert set(practice_platform.calls()) <= {*before, "keys"}


MISSING = ("message_type", "version", "deployment_id", "roles", "resource_link", "target_link_uri")
WRONG: dict[str, dict[str, Any]] = {
    "B-06": dict.fromkeys(f"claim_{name}" for name in MISSING),
    "S-27": {"nonce": "never issued"},
    "B-16": {"nonce": None},
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_claims_are_refused(
    bridge_app: Any, browser: Browser, practice_platform: PracticeDriver, case: str
) -> None:
    assert_refused(bridge_app, browser.launch(practice_platform, **WRONG[case]))


def test_two_registrations_of_one_issuer_stay_apart(
    bridge_app: Any, browser: Browser, practice_platform: PracticeDriver
) -> None:
    """S-49 to S-52."""
    add_tool(practice_platform, client_id="client-2")
    with bridge_app.app_context():
        register_platform(practice_platform, client_id="client-2")
    twin = {"client_id": "client-2"}
    theirs = practice_platform.tool("client-2").deployment_id

    assert browser.launch(practice_platform, **twin).status_code == 200
    assert browser.launch(practice_platform).status_code == 200
    foreign = browser.begin(practice_platform, **twin).fields["id_token"]
    state = browser.begin(practice_platform).fields["state"]
    assert_refused(bridge_app, browser.post_launch(id_token=foreign, state=state), before=2)
    assert_refused(bridge_app, browser.launch(practice_platform, claim_deployment_id=theirs), before=2)
    assert browser.login(practice_platform.begin_launch("ani"), client_id=None).status_code == 403


def test_key_that_the_platform_withdrew_is_refused_after_a_day(
    bridge_app: Any, browser: Browser, practice_platform: PracticeDriver
) -> None:
    """X-05."""
    browser.launch(practice_platform, claim_custom={})
    form = form_for(browser, practice_platform)
    practice_platform.rotate_key()
    with bridge_app.app_context():
        yesterday = now() - dt.timedelta(hours=25)
        db.session.execute(update(KeySet).values(fetched_at=yesterday, window_started_at=yesterday))
        db.session.commit()
        forget_cached_keys()
        db.session.remove()

    assert_refused(bridge_app, browser.post_launch(**form), before=1)


def test_switched_off_platform_neither_begins_nor_ends_a_launch_and_its_sessions_stop(
    bridge_app: Any, browser: Browser, practice_platform: PracticeDriver
) -> None:
    """X-12."""
    browser.launch(practice_platform, claim_custom={})
    form = form_for(browser, practice_platform)
    with bridge_app.app_context():
        db.session.execute(update(PlatformRow.__table__).values(active=False))
        db.session.commit()
        db.session.remove()

    assert browser.get("/").status_code == 401
    assert_refused(bridge_app, browser.post_launch(**form), before=1)
    with bridge_app.app_context():
        forget_platforms()  # as half a minute does
    assert browser.login(practice_platform.begin_launch("ani")).status_code == 403
