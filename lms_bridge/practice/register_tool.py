"""Registering a tool without a browser: open its invitation, press its button, see that it registered."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import requests
from flask import Flask
from sqlalchemy import select

from lms_bridge.practice.forms import PageForm, forms_of, words_of
from lms_bridge.practice.models import Deployment, Tool, store
from lms_bridge.practice.registration import new_token, registration_url
from lms_bridge.practice.site import TIMEOUT, Site
from lms_bridge.practice.trace import record

MOST_PAGES = 3


class RegistrationFailed(Exception):
    """The tool did not register; the text says what its page says. ``unreachable``: nobody answered at all."""

    def __init__(self, text: str, *, unreachable: bool = False) -> None:
        super().__init__(text)
        self.unreachable = unreachable


@dataclass(frozen=True, slots=True)
class RegisteredTool:
    """A registration, as the platform sees it."""

    id: int
    client_id: str
    deployment_id: str
    name: str
    state: str


def register_tool(app: Flask, invitation_url: str) -> RegisteredTool:
    """Register a tool by its invitation, as an administrator would in the browser.

    :raises RegistrationFailed: the tool cannot be reached, refuses, or its page leads nowhere.
    """
    here: Site = app.extensions["practice"]
    if not here.may_reach(invitation_url):
        host = urlsplit(invitation_url).hostname
        raise RegistrationFailed(f"{host} is not on this machine; allow it with --tool-host")
    with app.app_context():
        token, client_id = new_token(here)
        first = registration_url(here, invitation_url, token)
        record("registration", "out", method="GET", address=invitation_url)
        store.session.commit()
        store.session.remove()
    page = _walk(here, first, app, client_id)
    found = _registered(app, client_id)
    if found is None:
        raise RegistrationFailed(f"the tool did not register. Its page says: {words_of(page)}")
    return found


def registered_at(app: Flask, url: str) -> RegisteredTool | None:
    """Return the tool of an address's domain, if one is registered."""
    with app.app_context():
        tool = store.session.scalar(select(Tool).filter_by(domain=urlsplit(url).netloc).order_by(Tool.id))
        return described(tool) if tool else None


def _walk(here: Site, first: str, app: Flask, client_id: str) -> str:
    """Open the invitation and press buttons until the tool has registered; return the last page."""
    here.http.cookies.clear()
    url, form = first, None
    for _page in range(MOST_PAGES):
        response = _send(here, url, form)
        if not 200 <= response.status_code < 300:
            raise RegistrationFailed(f"the tool answers {response.status_code}: {words_of(response.text)}")
        form = _button(response.text)
        if form is None or _registered(app, client_id) is not None:
            return response.text
        url = urljoin(url, form.action) if form.action else url
    return response.text


def _button(page: str) -> PageForm | None:
    posts = [form for form in forms_of(page) if form.method == "post"]
    named = [form for form in posts if form.name == "register"]
    return next(iter(named or posts), None)


def _send(here: Site, url: str, form: PageForm | None) -> requests.Response:
    if not here.may_reach(url):
        raise RegistrationFailed(f"the tool's page leads to {urlsplit(url).hostname}, which is not allowed")
    try:
        if form is None:
            return here.http.get(url, timeout=TIMEOUT, allow_redirects=False)
        parts = urlsplit(url)
        headers = {"Origin": f"{parts.scheme}://{parts.netloc}"}
        return here.http.post(url, data=form.fields, headers=headers, timeout=TIMEOUT, allow_redirects=False)
    except requests.exceptions.RequestException as error:
        raise RegistrationFailed(f"{urlsplit(url).netloc} does not answer", unreachable=True) from error


def _registered(app: Flask, client_id: str) -> RegisteredTool | None:
    with app.app_context():
        tool = store.session.scalar(select(Tool).filter_by(client_id=client_id))
        return described(tool) if tool else None


def described(tool: Tool) -> RegisteredTool:
    """Return a registration as it is told to others."""
    deployment = store.session.scalars(select(Deployment).filter_by(tool_id=tool.id).order_by(Deployment.id)).first()
    number = deployment.deployment_id if deployment else ""
    return RegisteredTool(tool.id, tool.client_id, number, tool.name, tool.state)
