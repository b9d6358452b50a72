"""The practice LMS in both of its profiles, and a tool made by hand that sends it whatever a test says."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from lti1p3platform.registration import Registration
from werkzeug.test import TestResponse
from werkzeug.wrappers import Response

from lms_bridge.practice.driver import PracticeDriver, read_message
from lms_bridge.practice.site import make_key_pair, signed
from lms_bridge.practice.vocabulary import ASSERTION_TYPE
from lms_bridge.testing.instance import BASE_URL, CLIENT_ID
from lms_bridge.testing.wsgi_adapter import WsgiAdapter

KEYS = make_key_pair()


@pytest.fixture(params=["plain", "moodle"])
def profile(request: pytest.FixtureRequest) -> str:
    """Both profiles, one after the other."""
    return str(request.param)


class HandMadeTool:
    """The tool of the practice LMS, played by a test: honest unless it is told otherwise."""

    def __init__(self, platform: PracticeDriver, client_id: str = CLIENT_ID) -> None:
        self.platform = platform
        self.client_id = client_id
        self.url = platform.site.base_url
        self.calls = 0
        key_set = {"keys": [Registration.get_jwk(KEYS[1])]}
        answer = Response(json.dumps(key_set), mimetype="application/json")
        platform.site.http.mount(f"{BASE_URL}/", WsgiAdapter(answer))
        self._client = platform.app.test_client()

    # Login

    def authorization(self, begun: str, **changes: str | None) -> str:
        """Return the authorization request for a login address; None leaves a parameter out."""
        login = dict(parse_qsl(urlsplit(begun).query))
        request = {
            "scope": "openid",
            "response_type": "id_token",
            "response_mode": "form_post",
            "prompt": "none",
            "client_id": login["client_id"],
            "redirect_uri": f"{BASE_URL}/lti/launch",
            "login_hint": login["login_hint"],
            "lti_message_hint": login["lti_message_hint"],
            "nonce": "a nonce",
            "state": "a state",
            **changes,
        }
        return f"{self.url}/auth?{urlencode({name: value for name, value in request.items() if value is not None})}"

    def claims(self, user: str = "ani", **launch: Any) -> dict[str, Any]:
        """Launch and return the claims of the message."""
        begun = self.platform.begin_launch(user, client_id=self.client_id, **launch)
        return read_message(self.platform.answer_auth(self.authorization(begun), user).fields["id_token"])

    # Tokens

    def signed(self, headers: dict[str, Any] | None = None, **claims: Any) -> str:
        """Sign claims of the tool's own; None takes one out."""
        self.calls += 1
        moment = int(time.time())
        given = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": f"{self.url}/token",
            "iat": moment - 30,
            "exp": moment + 60,
            "jti": f"{self.client_id} {self.calls}",
            **claims,
        }
        return signed({name: value for name, value in given.items() if value is not None}, KEYS[0], headers=headers)

    def ask_token(self, *scopes: str, **form: str | None) -> TestResponse:
        """Ask for an access token; None leaves a parameter out."""
        asked = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": form.pop("client_assertion", None) or self.signed(),
            "scope": " ".join(scopes),
            **form,
        }
        sent = {name: value for name, value in asked.items() if value is not None}
        return self._client.post("/token", base_url=self.url, data=sent)

    def token(self, *scopes: str) -> str:
        """Return an access token."""
        answer = json.loads(self.ask_token(*scopes).text)
        return str(answer["access_token"])

    # Services

    def call(
        self, method: str, url: str, token: str, *, accept: str = "*/*", body: Any = None, content_type: str = ""
    ) -> TestResponse:
        """Call a service of the LMS."""
        headers = {"Accept": accept, "Authorization": f"Bearer {token}"}
        sent = {"data": json.dumps(body), "content_type": content_type} if body is not None else {}
        return self._client.open(url.removeprefix(self.url), method=method, base_url=self.url, headers=headers, **sent)


@pytest.fixture
def tool(practice_platform: PracticeDriver) -> HandMadeTool:
    """The tool that the practice LMS knows, in the place of the bridge: a test has one of them."""
    return HandMadeTool(practice_platform)


def tail(url: str, path: str, **query: str) -> str:
    """Put ``/scores`` or ``/results`` into the path of a column's address."""
    parts = urlsplit(url)
    joined = "&".join(part for part in (parts.query, urlencode(query)) if part)
    return parts._replace(path=f"{parts.path}/{path}", query=joined).geturl()
