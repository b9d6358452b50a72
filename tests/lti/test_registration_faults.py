"""Dynamic Registration against hostile, broken and refusing LMSs, and two clicks at once."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from lms_bridge.db import db, now
from lms_bridge.lti.http import AddressGuard, Answer, LmsClient, OutboundError
from lms_bridge.lti.registration import invite
from lms_bridge.models import Agency, Deployment, Invitation, Platform

CONFIGURATION = "https://lms.example/mod/lti/openid-configuration.php"
TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
GOOD: dict[str, Any] = {
    "issuer": "https://lms.example",
    "authorization_endpoint": "https://lms.example/auth",
    "token_endpoint": "https://lms.example/token",
    "jwks_uri": "https://lms.example/jwks",
    "registration_endpoint": "https://lms.example/register",
}


class Lms:
    """The network with one LMS in it: a configuration document and an answer to the registration."""

    def __init__(self, changes: dict[str, Any] | None = None, answer: Answer | None = None) -> None:
        document = {name: value for name, value in {**GOOD, **(changes or {})}.items() if value is not ...}
        self.configuration = Answer(200, {}, json.dumps(document).encode())
        given = {"client_id": "c", TOOL: {"deployment_id": "1"}}
        self.answer = answer or Answer(200, {}, json.dumps(given).encode())
        self.registered: list[dict[str, Any]] = []
        self.during: Callable[[], None] = lambda: None

    def get(self, url: str, **options: Any) -> Answer:
        return self.configuration

    def post(self, url: str, **options: Any) -> Answer:
        self.registered.append(options)
        self.during()
        return self.answer


@pytest.fixture
def empty(bridge_app: Any) -> Any:
    """The bridge without a registered platform."""
    with bridge_app.app_context():
        db.session.execute(Platform.__table__.delete())
        db.session.commit()
        db.session.remove()
    return bridge_app


def invitation(app: Any) -> str:
    with app.app_context():
        token = invite(db.session.scalar(select(Agency).where(Agency.code == "demo")), now=now())
        db.session.commit()
        db.session.remove()
    return f"/lti/register/{token}"


def press(app: Any, lms: Any, path: str, *, url: str = CONFIGURATION, token: str = "t") -> Any:
    """Press the button of the registration page."""
    app.extensions["lms_bridge.http"] = lms
    form = {"openid_configuration": url, "registration_token": token}
    return app.test_client().post(path, data=form, headers={"Accept-Language": "en"})


def rows(app: Any, model: Any) -> list[Any]:
    with app.app_context():
        found = list(db.session.execute(select(model.__table__)))
        db.session.remove()
    return found


def assert_refused(app: Any, page: Any) -> None:
    """A readable 4xx that stores nothing and leaves the invitation as it was."""
    assert 400 <= page.status_code < 500, page.status_code
    assert "NR-" in page.text
    assert rows(app, Platform) == []
    assert rows(app, Invitation)[0].used_at is None


BAD: dict[str, dict[str, Any]] = {
    "issuer on another host": {"issuer": "https://victim.example"},
    "issuer with another port": {"issuer": "https://lms.example:8443"},
    "issuer over http": {"issuer": "http://lms.example"},
    "issuer with a password": {"issuer": "https://a:b@lms.example"},
    "issuer with a broken bracket": {"issuer": "https://[lms.example"},
    "issuer is a number": {"issuer": 5},
    "no issuer": {"issuer": ...},
    "registration elsewhere": {"registration_endpoint": "https://evil.example/register"},
    "registration to this machine": {"registration_endpoint": "http://127.0.0.1/register"},
    "authorization over http": {"authorization_endpoint": "http://lms.example/auth"},
    "authorization by script": {"authorization_endpoint": "javascript:alert(1)"},
    "authorization with a policy in it": {"authorization_endpoint": "https://lms.example;script-src/auth"},
    "token over http": {"token_endpoint": "http://lms.example/token"},
    "keys over http": {"jwks_uri": "http://lms.example/jwks"},
    "no keys": {"jwks_uri": ...},
    "keys are a list": {"jwks_uri": ["https://lms.example/jwks"]},
    "scopes are text": {"scopes_supported": "openid"},
    "host with a surrogate": {"token_endpoint": "https://lms\ud800.example/token"},
}


@pytest.mark.parametrize("case", BAD)
def test_configuration_that_cannot_be_trusted_is_refused(empty: Any, case: str) -> None:
    lms = Lms(BAD[case])

    assert_refused(empty, press(empty, lms, invitation(empty)))
    assert lms.registered == []


FINE: dict[str, dict[str, Any]] = {
    "as it is": {},
    "keys and login elsewhere": {
        "jwks_uri": "https://keys.example/jwks",
        "authorization_endpoint": "https://sso.example/auth",
        "token_endpoint": "https://sso.example/token",
    },
    "nulls": {"authorization_server": None, "https://purl.imsglobal.org/spec/lti-platform-configuration": None},
    "port that is understood": {"issuer": "https://lms.example:443"},
    "few scopes": {"scopes_supported": ["openid"]},
    "more than we know": {"x": [1], "claims_supported": None},
}


@pytest.mark.parametrize("case", FINE)
def test_configuration_in_its_many_forms_is_taken(empty: Any, case: str) -> None:
    page = press(empty, Lms(FINE[case]), invitation(empty))

    assert page.status_code == 200
    assert rows(empty, Platform)[0].active
    assert rows(empty, Deployment)[0].deployment_id == "1"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"<html>", b"\xff\xfe", b"[" * 100_000, b'"x"'], ids=ascii)
def test_garbage_instead_of_a_configuration_is_refused(empty: Any, body: bytes) -> None:
    lms = Lms()
    lms.configuration = Answer(200, {}, body)

    assert_refused(empty, press(empty, lms, invitation(empty)))


@pytest.mark.parametrize("kind", ["timeout", "too-large", "redirect", "tls", "unreachable", "unknown-host"])
def test_configuration_that_cannot_be_had_is_refused(empty: Any, kind: str) -> None:
    class Broken(Lms):
        def get(self, url: str, **options: Any) -> Answer:
            raise OutboundError(kind, f"it is {kind}")

    page = press(empty, Broken(), invitation(empty))

    assert_refused(empty, page)
    assert f"it is {kind}" in page.text


ANSWERS: dict[str, tuple[Answer, str]] = {
    "plain text": (
        Answer(400, {}, b"missing required attribute client_name"),
        "missing required attribute client_name",
    ),
    "JSON": (Answer(401, {}, b'{"error": "token_already_used"}'), "token_already_used"),
    "JSON with words": (Answer(400, {}, b'{"error": "x", "error_description": "domain wrong"}'), "domain wrong"),
    "JSON that holds no words": (Answer(400, {}, b'{"error": [{"a": 1}]}'), "400"),
    "HTML": (Answer(404, {}, b"<html><script>alert(1)</script>"), "404"),
    "nothing": (Answer(500, {}, b""), "500"),
    "garbage": (Answer(400, {}, b"\x00\xff\x1b[31m"), "accept the registration"),
    "a book": (Answer(400, {}, b"word " * 100_000), "word word"),
    "200 with text": (Answer(200, {}, b"fine"), "not JSON"),
    "200 without client id": (Answer(200, {}, b"{}"), "unknown form"),
    "client id is a list": (Answer(200, {}, b'{"client_id": []}'), "unknown form"),
    "client id too long": (Answer(200, {}, json.dumps({"client_id": "x" * 300}).encode()), "unknown form"),
    "NUL in the client id": (Answer(200, {}, b'{"client_id": "a\\u0000"}'), "unknown form"),
    "tool is text": (Answer(200, {}, json.dumps({"client_id": "c", TOOL: "x"}).encode()), "unknown form"),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_lms_s_own_words_are_shown_to_its_administrator(empty: Any, case: str) -> None:
    answer, words = ANSWERS[case]
    path = invitation(empty)
    page = press(empty, Lms(answer=answer), path)

    assert_refused(empty, page)
    assert words in page.text
    assert "<script>alert" not in page.text
    assert press(empty, Lms(), path).status_code == 200


def test_ids_written_as_numbers_are_kept_as_text(empty: Any) -> None:
    press(
        empty,
        Lms(answer=Answer(200, {}, json.dumps({"client_id": 7, TOOL: {"deployment_id": 3}}).encode())),
        invitation(empty),
    )

    assert rows(empty, Platform)[0].client_id == "7"
    assert rows(empty, Deployment)[0].deployment_id == "3"


def test_of_two_clicks_at_once_one_registers(empty: Any) -> None:
    lms, path, answers = Lms(), invitation(empty), []
    second = threading.Thread(target=lambda: answers.append(press(empty, lms, path).status_code))

    def meanwhile() -> None:
        lms.during = lambda: None
        second.start()
        second.join(30)

    lms.during = meanwhile
    answers.append(press(empty, lms, path).status_code)

    assert answers == [410, 200]
    assert len(lms.registered) == len(rows(empty, Platform)) == 1


def test_database_can_be_written_while_the_lms_is_asked(empty: Any) -> None:
    lms = Lms()
    lms.during = lambda: (lambda thread: (thread.start(), thread.join(8)))(
        threading.Thread(target=invitation, args=(empty,))
    )

    assert press(empty, lms, invitation(empty)).status_code == 200
    assert len(rows(empty, Invitation)) == 2


@pytest.mark.parametrize("token", ["a\r\nX-Evil: 1", "é", "x" * 5000])
def test_odd_registration_token_neither_breaks_nor_injects(empty: Any, token: str) -> None:
    page = press(empty, Lms(), invitation(empty), token=token)

    assert page.status_code in {200, 400}


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/x",
        "http://localhost:8001/x",
        "https://10.0.0.1/x",
        "https://169.254.169.254/latest/meta-data",
        "https://0.0.0.0/x",
        "https://[::1]/x",
        "https://[::ffff:127.0.0.1]/x",
        "https://2130706433/x",
        "https://0x7f.1/x",
    ],
)
def test_address_inside_is_refused_and_the_setting_named(empty: Any, url: str) -> None:
    page = press(empty, LmsClient(()), invitation(empty), url=url)

    assert_refused(empty, page)
    assert "LMS_BRIDGE_ALLOW_PRIVATE_HOSTS" in page.text


def test_metadata_address_stays_closed_even_when_all_is_allowed(empty: Any) -> None:
    assert AddressGuard(("0.0.0.0/0",)).check("10.1.2.3", 80, secure=False) == "10.1.2.3"

    page = press(empty, LmsClient(("0.0.0.0/0",)), invitation(empty), url="http://169.254.169.254/latest")

    assert_refused(empty, page)


@pytest.mark.parametrize("path", ["/lti/register/unknown", "/lti/register/%00", "/lti/register/" + "x" * 3000])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_unknown_invitation_says_that_it_cannot_be_used(empty: Any, path: str, method: str) -> None:
    page = empty.test_client().open(path, method=method)

    assert page.status_code == 410
    assert "NR-" in page.text
