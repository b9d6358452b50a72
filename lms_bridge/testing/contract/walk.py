"""Finding the pages of a plugin as a person does: from the home page and the modules along every link and form."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urljoin, urlsplit

from flask import Flask
from sqlalchemy import event
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from lms_bridge.db import db
from lms_bridge.testing.browser import Browser
from lms_bridge.testing.contract.outline import Outline

MOST_EACH = 4
"""Addresses that are opened of one page, such as four of nine questions."""
_WRITING = ("POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a page answers, who can come there, and what a form there sends."""

    path: str
    endpoint: str
    user: str
    method: str = "GET"
    fields: dict[str, str] = field(default_factory=dict, hash=False)

    def ask(self, browser: Browser) -> TestResponse:
        """Open it in a session, or post to it."""
        return browser.send(self.method, self.path, data=self.fields or None)

    def __str__(self) -> str:
        return self.path if self.method == "GET" else f"{self.method} {self.path}"


class Walk:
    """All addresses of a plugin that somebody came to."""

    def __init__(self, app: Flask, plugin: str) -> None:
        self.app, self.plugin = app, plugin
        self.found: dict[tuple[str, str], Address] = {}
        self._adapter = app.url_map.bind("bridge.test")

    def go(self, user: str, browser: Browser, starts: list[str]) -> None:
        """Walk as somebody, in a session of theirs, from these addresses and every page without a variable part."""
        self._user, self._browser = user, browser
        self._opened: Counter[str] = Counter()
        plain = [rule for rule in self.rules() if not rule.arguments]
        waiting = deque([*starts, *(str(rule) for rule in plain if "GET" in (rule.methods or ()))])
        for rule in plain:
            for method in _WRITING:
                self._note(str(rule), method, {})
        been: set[str] = set()
        while waiting:
            path = waiting.popleft()
            if path not in been:
                been.add(path)
                waiting.extend(self._visit(path))

    def rules(self) -> list[Rule]:
        """Return the plugin's rules, but those of its static files."""
        return [
            rule
            for rule in self.app.url_map.iter_rules()
            if rule.endpoint.startswith(f"{self.plugin}.") and not rule.endpoint.endswith(".static")
        ]

    @property
    def pages(self) -> list[Address]:
        """What can be opened."""
        return [address for address in self.found.values() if address.method == "GET"]

    @property
    def everything(self) -> list[Address]:
        """What can be opened, and what can be posted to."""
        return list(self.found.values())

    def unseen(self) -> list[str]:
        """Return the rules to which no link, form or example led."""
        seen = {(address.endpoint, address.method) for address in self.found.values()}
        return [
            f"{method} {rule}"
            for rule in self.rules()
            for method in ("GET", *_WRITING)
            if method in (rule.methods or ()) and (rule.endpoint, method) not in seen
        ]

    def _visit(self, path: str) -> list[str]:
        """Open an address, note what is there, and return where it leads."""
        for method in _WRITING:
            # An example serves whatever is sent there.
            self._note(path, method, {})
        endpoint = self._endpoint(path, "GET")
        own = endpoint.partition(".")[0] == self.plugin
        if not (own or path == "/") or self._opened[endpoint] >= MOST_EACH:
            return []
        self._opened[endpoint] += 1
        answer = self._browser.get(path)
        if answer.status_code != HTTPStatus.FORBIDDEN:
            self._note(path, "GET", {})
        if answer.status_code in {301, 302, 303}:
            return self._within(path, [answer.headers["Location"]])
        if answer.status_code != HTTPStatus.OK or answer.mimetype != "text/html":
            return []
        outline = Outline(answer.text)
        for form in outline.forms:
            for action in self._within(path, [form.action]) if form.method in _WRITING else ():
                self._note(action, form.method, form.changed())
        return self._within(path, outline.links)

    def _endpoint(self, path: str, method: str) -> str:
        try:
            endpoint, _values = self._adapter.match(urlsplit(path).path, method=method)
        except HTTPException:
            return ""
        return str(endpoint)

    def _note(self, path: str, method: str, fields: dict[str, str]) -> None:
        endpoint = self._endpoint(path, method)
        known = self.found.get((path, method))
        if endpoint.partition(".")[0] == self.plugin and (known is None or (fields and not known.fields)):
            self.found[path, method] = Address(path, endpoint, self._user, method, fields)

    def _within(self, path: str, links: list[str]) -> list[str]:
        """Return the addresses that lie in the session, without what stands behind ``#``."""
        found = []
        for link in links:
            whole = urlsplit(urljoin(f"{self._browser.base_url}{self._browser.prefix}{path}", link))
            ours = f"{whole.scheme}://{whole.netloc}" == self._browser.base_url
            if ours and whole.path.startswith(self._browser.prefix):
                inner = whole.path.removeprefix(self._browser.prefix) or "/"
                found.append(f"{inner}?{whole.query}" if whole.query else inner)
        return found


@contextmanager
def statements(app: Flask) -> Iterator[list[str]]:
    """Note every statement that the database is asked."""
    seen: list[str] = []
    with app.app_context():
        engine = db.engine

    def listen(connection: object, cursor: object, statement: str, *rest: object) -> None:
        if statement.startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")):
            seen.append(" ".join(statement.split()))

    event.listen(engine, "before_cursor_execute", listen)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", listen)
