"""Driving a practice LMS from tests: launches over the routes' own code, and messages bent before a tool sees them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import jwt
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from lms_bridge.practice.forms import forms_of, words_of
from lms_bridge.practice.login import begin_launch
from lms_bridge.practice.message import LaunchForm
from lms_bridge.practice.models import Activity, Course, store
from lms_bridge.practice.records import Records
from lms_bridge.practice.school import ROLES
from lms_bridge.practice.seed import COURSE
from lms_bridge.practice.site import signed
from lms_bridge.practice.vocabulary import CLAIM


class PlatformRefused(Exception):
    """The practice LMS showed an error page instead of going on."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status
        self.text = text


class PracticeDriver(Records):
    """Plays the people and the browser of a practice LMS."""

    def __init__(self, app: Flask) -> None:
        super().__init__(app)
        self._browsers: dict[str, FlaskClient] = {}

    # Launches

    def begin_launch(
        self,
        user: str,
        *,
        course: int = COURSE,
        activity: int | None = None,
        module: str | None = None,
        deep_link: bool = False,
        role: str | None = None,
        custom: dict[str, str] | None = None,
        target: str = "iframe",
        locale: str = "id",
        client_id: str | None = None,
        deployment: str | None = None,
    ) -> str:
        """Begin a launch as somebody; returns the tool's login address with all parameters.

        Without ``activity`` the course's activity of that module is opened, or one is made for it, graded of 100.

        :param deep_link: open the tool to select content, in place of an activity.
        :param role: a role to take on instead of the person's own.
        :param custom: custom parameters on top of the activity's.
        """
        opened = None if deep_link else activity or self._activity(course, module, client_id, deployment)
        with self._work():
            launched = store.session.get_one(Activity, opened) if opened else None
            begun = begin_launch(
                self.site,
                user=self._user(user),
                course=store.session.get_one(Course, course),
                deployment=launched.deployment if launched else self._deployment(deployment, client_id),
                activity=launched,
                role=ROLES[role.lower()] if role else None,
                custom=custom,
                target=target,
                locale=locale,
            )
            return begun.url

    def _activity(self, course: int, module: str | None, client_id: str | None, deployment: str | None) -> int:
        with self._work():
            chosen = self._deployment(deployment, client_id)
            query = select(Activity).filter_by(course_id=course, deployment_id=chosen.id).order_by(Activity.id)
            for found in store.session.scalars(query):
                if found.custom.get("module") == module:
                    return found.id
        deployment = str(chosen.id)
        return self.add_activity(module or "Activity", module=module, course=course, deployment=deployment, maximum=100)

    def browser(self, user: str) -> FlaskClient:
        """Return the browser of somebody who is signed in."""
        if user not in self._browsers:
            client = self.app.test_client()
            client.get(f"/as/{user}", base_url=self.site.base_url)
            self._browsers[user] = client
        return self._browsers[user]

    def open(self, user: str, url: str, **options: Any) -> TestResponse:
        """Open an address of the practice LMS in somebody's browser."""
        parts = urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        return self.browser(user).open(path, base_url=self.site.base_url, **options)

    def answer_auth(self, authorize_url: str, user: str) -> LaunchForm:
        """Bring the tool's authorization request to the LMS; returns what the browser would post to the tool.

        :raises PlatformRefused: the LMS shows an error page.
        """
        page = self.open(user, authorize_url)
        forms = forms_of(page.text)
        if page.status_code != 200 or not forms:
            raise PlatformRefused(page.status_code, words_of(page.text))
        return LaunchForm(forms[0].action, forms[0].fields)

    def return_content(self, return_url: str, token: str, user: str = "sari") -> int:
        """Bring the tool's Deep Linking answer to the LMS; returns the number of the selection.

        :raises PlatformRefused: the LMS does not take it.
        """
        page = self.open(user, return_url, method="POST", data={"JWT": token})
        found = re.search(r"/selections/(\d+)", page.text)
        if page.status_code != 200 or found is None:
            raise PlatformRefused(page.status_code, words_of(page.text))
        return int(found[1])

    def save_content(self, selection: int, user: str = "sari") -> list[int]:
        """Save selected content as a teacher; returns the resource link ids of all activities of the course."""
        page = self.open(user, f"/selections/{selection}", method="POST")
        course = int(page.headers["Location"].rpartition("/")[2])
        with self._work():
            query = select(Activity.id).filter_by(course_id=course).order_by(Activity.id)
            return list(store.session.scalars(query))

    # Messages that must be refused, and rare ones that must not

    def changed(self, form: LaunchForm, **claims: Any) -> LaunchForm:
        """Return a launch whose message has other claims, signed by the LMS again.

        A name that begins with ``claim_`` means an LTI claim; None takes a claim out.
        """
        message = read_message(form.fields["id_token"])
        for name, value in claims.items():
            full = f"{CLAIM}{name.removeprefix('claim_')}" if name.startswith("claim_") else name
            message[full] = value
        message = {name: value for name, value in message.items() if value is not None}
        return replace(form, fields={**form.fields, "id_token": self.sign(message)})

    def sign(
        self, claims: dict[str, Any], *, headers: dict[str, Any] | None = None, private_key: str | None = None
    ) -> str:
        """Sign any claims as the LMS, or with another key under its key id; None takes a header out."""
        kid = {"kid": self.site.registration().get_kid()}
        return signed(claims, private_key or self.site.private_key, headers={**kid, **(headers or {})})


def read_message(id_token: str) -> dict[str, Any]:
    """Return the claims of a signed message, unchecked."""
    claims: dict[str, Any] = jwt.decode(id_token, options={"verify_signature": False})
    return claims
