"""A browser for tests: keeps cookies, walks through a launch, stays in its session."""

from __future__ import annotations

from inspect import signature
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from flask import Flask
from werkzeug.test import Client, TestResponse

from lms_bridge.practice.driver import PracticeDriver
from lms_bridge.practice.message import LaunchForm

LAUNCH_OPTIONS = frozenset(signature(PracticeDriver.begin_launch).parameters) - {"self", "user"}


class Browser:
    """Cookies, a session path, and the last page."""

    def __init__(self, app: Flask, *, agent: str = "test browser") -> None:
        self.client: Client = app.test_client()
        self.base_url: str = app.config["BASE_URL"]
        self.headers = {"User-Agent": agent}
        self.prefix = ""
        self.page: TestResponse

    def login(
        self, begun: str, *, method: str = "GET", headers: dict[str, str] | None = None, **changes: Any
    ) -> TestResponse:
        """Open the login address to which the LMS sends a browser; a change of None leaves a parameter out."""
        parts = urlsplit(begun)
        given = {**dict(parse_qsl(parts.query)), **changes}
        sent = {name: value for name, value in given.items() if value is not None}
        return self._open(parts.path, method, headers, **{"query_string" if method == "GET" else "data": sent})

    def begin(self, platform: PracticeDriver, user: str = "ani", **options: Any) -> LaunchForm:
        """Walk through a launch up to the form that the LMS lets the browser post to the bridge.

        Options that ``begin_launch`` knows say what is launched. The others are claims that its message shall have
        instead, as in ``changed``.
        """
        chosen = {name: options.pop(name) for name in LAUNCH_OPTIONS & options.keys()}
        asked = self.login(platform.begin_launch(user, **chosen))
        form = platform.answer_auth(asked.headers["Location"], user)
        return platform.changed(form, **options) if options else form

    def launch(self, platform: PracticeDriver, user: str = "ani", **options: Any) -> TestResponse:
        """Walk through a whole launch, with options as in ``begin``, and open its first page."""
        return self.finish(self.begin(platform, user, **options))

    def finish(self, form: LaunchForm) -> TestResponse:
        """Post what the LMS gave and open the page that follows."""
        answer = self.post_launch(**form.fields)
        if answer.status_code == 303:
            return self.follow(answer)
        self.page = answer
        return answer

    def post_launch(self, **form: Any) -> TestResponse:
        """Post a form to the launch URL."""
        return self._open("/lti/launch", "POST", data=form)

    def follow(self, answer: TestResponse) -> TestResponse:
        """Open the session that a launch redirects to, and its first page."""
        location = urlsplit(answer.headers["Location"]).path
        self.prefix = "/".join(location.split("/")[:3])
        self.get(location.removeprefix(self.prefix))
        while self.page.status_code in {302, 303}:
            self.get(self.page.headers["Location"].removeprefix(self.prefix))
        return self.page

    @property
    def path(self) -> str:
        """Where the last page lies in the session."""
        return self.page.request.path.removeprefix(self.prefix)

    def get(self, path: str, **options: Any) -> TestResponse:
        """Open a page of the session."""
        return self.send("GET", path, **options)

    def post(self, path: str, **options: Any) -> TestResponse:
        """Post to a page of the session."""
        return self.send("POST", path, **options)

    def send(self, method: str, path: str, **options: Any) -> TestResponse:
        """Send anything to a page of the session."""
        self.page = self._open(self.prefix + path, method, **options)
        return self.page

    def _open(self, path: str, method: str, headers: dict[str, str] | None = None, **options: Any) -> TestResponse:
        given = {**self.headers, **(headers or {})}
        # Read to its end and closed, as browsers do: a file that is downloaded is closed by that.
        return self.client.open(path, method=method, base_url=self.base_url, headers=given, buffered=True, **options)
