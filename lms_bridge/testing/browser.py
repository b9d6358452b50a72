"""A browser for tests: keeps cookies, walks through a launch, stays in its session."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import Flask
from werkzeug.test import Client, TestResponse

from lms_bridge.testing.platform import TestPlatform

LAUNCH = "/lti/launch"


class Browser:
    """Cookies, a session path, and the last page."""

    def __init__(self, app: Flask, *, agent: str = "test browser") -> None:
        self.client: Client = app.test_client()
        self.headers = {"User-Agent": agent}
        self.prefix = ""
        self.page: TestResponse

    def login(
        self, platform: TestPlatform, *, method: str = "GET", headers: dict[str, str] | None = None, **changes: Any
    ) -> TestResponse:
        """Begin a login as the LMS does; a change of None leaves the parameter out."""
        parameters: dict[str, Any] = {
            "iss": platform.url,
            "login_hint": "5",
            "target_link_uri": "http://bridge.test/lti/launch",
            "client_id": platform.client_id,
            "lti_message_hint": '{"cmid":12,"launchid":"x"}',
            **changes,
        }
        parameters = {name: value for name, value in parameters.items() if value is not None}
        sent = {"query_string": parameters} if method == "GET" else {"data": parameters}
        return self.client.open(
            "/lti/login",
            method=method,
            base_url="http://bridge.test",
            headers={**self.headers, **(headers or {})},
            **sent,  # type: ignore[arg-type]
        )

    def authorization(self, platform: TestPlatform, **changes: Any) -> dict[str, str]:
        """Begin a login and return the parameters of the authorization request."""
        location = self.login(platform, **changes).headers["Location"]
        return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}

    def post_launch(self, **form: Any) -> TestResponse:
        """Post a form to the launch URL."""
        return self.client.post(LAUNCH, data=form, base_url="http://bridge.test", headers=self.headers)

    def launch(self, platform: TestPlatform, **claims: Any) -> TestResponse:
        """Walk through a whole launch and open its first page."""
        asked = self.authorization(platform)
        token = platform.sign(platform.claims(nonce=asked["nonce"], **claims))
        answer = self.post_launch(id_token=token, state=asked["state"])
        if answer.status_code == 303:
            return self.follow(answer)
        self.page = answer
        return answer

    def follow(self, answer: TestResponse) -> TestResponse:
        """Open the session that a launch redirects to."""
        location = urlsplit(answer.headers["Location"]).path
        self.prefix = "/".join(location.split("/")[:3])
        self.page = self.get(location.removeprefix(self.prefix))
        return self.page

    def get(self, path: str, **options: Any) -> TestResponse:
        """Open a page of the session."""
        headers = {**self.headers, **options.pop("headers", {})}
        self.page = self.client.get(self.prefix + path, base_url="http://bridge.test", headers=headers, **options)
        return self.page

    def post(self, path: str, **options: Any) -> TestResponse:
        """Post to a page of the session."""
        headers = {**self.headers, **options.pop("headers", {})}
        self.page = self.client.post(self.prefix + path, base_url="http://bridge.test", headers=headers, **options)
        return self.page
