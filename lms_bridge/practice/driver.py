"""Driving a practice LMS from tests: users, launches, answers, grades, faults, over the same code as the routes."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from flask import Flask
from flask.testing import FlaskClient
from lti1p3platform.registration import Registration
from sqlalchemy import select
from werkzeug.test import TestResponse

from lms_bridge.practice.faults import Fault
from lms_bridge.practice.forms import forms_of, words_of
from lms_bridge.practice.gradebook import columns_of, grades_in, override
from lms_bridge.practice.login import begin_launch
from lms_bridge.practice.message import LaunchForm
from lms_bridge.practice.models import Activity, Course, Enrolment, User, store
from lms_bridge.practice.school import ROLES, School
from lms_bridge.practice.seed import COURSE


class PlatformRefused(Exception):
    """The practice LMS showed an error page instead of going on."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status
        self.text = text


@dataclass(frozen=True, slots=True)
class GradeRow:
    """One grade of the gradebook."""

    username: str
    column: str
    score: Decimal | None
    maximum: Decimal
    comment: str
    stamp: dt.datetime


class PracticeDriver(School):
    """Plays the people and the browser of a practice LMS."""

    def __init__(self, app: Flask) -> None:
        super().__init__(app)
        self._browsers: dict[str, FlaskClient] = {}

    # Launches

    def begin_launch(
        self,
        user: str,
        *,
        course: int | None = None,
        activity: int | None = None,
        module: str | None = None,
        role: str | None = None,
        custom: dict[str, str] | None = None,
        target: str = "iframe",
        locale: str = "id",
        client_id: str | None = None,
        deployment: str | None = None,
    ) -> str:
        """Begin a launch as somebody; returns the tool's login address with all parameters.

        Without ``activity`` the course's activity of that module is opened, or one is made for it.

        :param role: a role to take on instead of the person's own.
        :param custom: custom parameters on top of the activity's.
        """
        return self._begin(
            user,
            self._find_activity(course or COURSE, activity, module, client_id, deployment),
            course=course or COURSE,
            role=role,
            custom=custom,
            target=target,
            locale=locale,
        )

    def deep_link(
        self, user: str = "sari", *, course: int | None = None, client_id: str | None = None, locale: str = "id"
    ) -> str:
        """Begin selecting content as a teacher; returns the tool's login address with all parameters."""
        with self._work():
            deployment = self._deployment(None, client_id)
            person, where = self._user(user), store.session.get_one(Course, course or COURSE)
            begun = begin_launch(self.site, user=person, course=where, deployment=deployment, locale=locale)
            return begun.url

    def _begin(self, user: str, activity_id: int, *, course: int, role: str | None, **more: Any) -> str:
        with self._work():
            activity = store.session.get_one(Activity, activity_id)
            begun = begin_launch(
                self.site,
                user=self._user(user),
                course=store.session.get_one(Course, course),
                deployment=activity.deployment,
                activity=activity,
                role=ROLES[role.lower()] if role else None,
                **more,
            )
            return begun.url

    def _find_activity(
        self, course: int, activity: int | None, module: str | None, client_id: str | None, deployment: str | None
    ) -> int:
        if activity is not None:
            return activity
        with self._work():
            chosen = self._deployment(deployment, client_id)
            query = select(Activity).filter_by(course_id=course, deployment_id=chosen.id).order_by(Activity.id)
            for found in store.session.scalars(query):
                if found.custom.get("module") == module:
                    return found.id
        return self.add_activity(module or "Activity", module=module, course=course, deployment=str(chosen.id))

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
        return self._posting(self.open(user, authorize_url))

    def return_content(self, return_url: str, token: str, user: str = "sari") -> int:
        """Bring the tool's Deep Linking answer to the LMS; returns the number of the selection.

        :raises PlatformRefused: the LMS does not take it.
        """
        page = self.open(user, return_url, method="POST", data={"JWT": token})
        if page.status_code != 200:
            raise PlatformRefused(page.status_code, words_of(page.text))
        found = re.search(r"/selections/(\d+)", page.text)
        if found is None:
            raise PlatformRefused(page.status_code, words_of(page.text))
        return int(found[1])

    def save_content(self, selection: int, user: str = "sari") -> list[int]:
        """Save selected content as a teacher; returns the resource link ids of all activities of the course."""
        page = self.open(user, f"/selections/{selection}", method="POST")
        course = int(page.headers["Location"].rpartition("/")[2])
        with self._work():
            query = select(Activity.id).filter_by(course_id=course).order_by(Activity.id)
            return list(store.session.scalars(query))

    @staticmethod
    def _posting(page: TestResponse) -> LaunchForm:
        forms = forms_of(page.text)
        if page.status_code != 200 or not forms:
            raise PlatformRefused(page.status_code, words_of(page.text))
        return LaunchForm(forms[0].action, forms[0].fields)

    # Tokens by hand, for launches that must be refused

    def token_claims(
        self, user: str = "ani", *, nonce: str, message: str = "resource-link", **launch: Any
    ) -> dict[str, Any]:
        """Return the claims that a real launch of this user would carry, to be bent and signed again.

        :param message: ``resource-link`` or ``deep-link``; ``launch`` takes what ``begin_launch`` takes.
        """
        begun = self.deep_link(user, **launch) if message == "deep-link" else self.begin_launch(user, **launch)
        form = self.answer_auth(self.authorization(begun, nonce=nonce), user)
        claims: dict[str, Any] = jwt.decode(form.fields["id_token"], options={"verify_signature": False})
        return claims

    def authorization(self, login_url: str, *, nonce: str = "n", state: str = "s", **changes: str) -> str:
        """Return the authorization request that an honest tool would make of a login address."""
        login = {name: values[0] for name, values in parse_qs(urlsplit(login_url).query).items()}
        with self._work():
            redirect_uri = self._tool(login["client_id"]).redirect_uris[0]
        request = {
            "scope": "openid",
            "response_type": "id_token",
            "response_mode": "form_post",
            "prompt": "none",
            "client_id": login["client_id"],
            "redirect_uri": redirect_uri,
            "login_hint": login["login_hint"],
            "lti_message_hint": login["lti_message_hint"],
            "nonce": nonce,
            "state": state,
            **changes,
        }
        with self._work():
            return f"{self.site.url('login.auth')}?{urlencode(request)}"

    def sign_id_token(
        self, claims: dict[str, Any], *, headers: dict[str, Any] | None = None, private_key: str | None = None
    ) -> str:
        """Sign any claims with the platform's key, or another; ``headers`` are laid over the usual ones."""
        kid = self.site.registration().get_kid()
        key = private_key or self.site.private_key
        return str(Registration.encode_and_sign(dict(claims), key, {"kid": kid, **(headers or {})}))

    # Gradebook, roster, faults

    def grades(self, course: int = COURSE) -> list[GradeRow]:
        """Return the grades of a course; an erased one has no score."""
        with self._work():
            columns = {column.id: column for column in columns_of(course)}
            return [
                GradeRow(
                    grade.user.username,
                    columns[item_id].label,
                    grade.score,
                    columns[item_id].score_maximum,
                    grade.comment,
                    grade.stamp,
                )
                for (_user_id, item_id), grade in sorted(grades_in(course).items())
            ]

    def grade(self, username: str, column: str, *, course: int = COURSE) -> Decimal | None:
        """Return somebody's score in the column of that name."""
        return next(
            (row.score for row in self.grades(course) if (row.username, row.column) == (username, column)), None
        )

    def roster(self, course: int = COURSE) -> list[str]:
        """Return the usernames in a course."""
        with self._work():
            query = select(User.username).join(Enrolment).where(Enrolment.course_id == course).order_by(User.id)
            return list(store.session.scalars(query))

    def override_grade(self, username: str, column: str, score: Decimal | None, *, course: int = COURSE) -> None:
        """Set a grade by hand, as a teacher does."""
        with self._work():
            item = next(item for item in columns_of(course) if item.label == column)
            override(item, self._user(username), score)

    def lock_column(self, column: str, *, course: int = COURSE, locked: bool = True) -> None:
        """Lock a column of the gradebook, or open it."""
        with self._work():
            next(item for item in columns_of(course) if item.label == column).locked = locked

    def set_fault(self, *scores: int | str | Fault | tuple[int, int], down: bool | None = None) -> None:
        """Let the next scores meet these faults; ``down`` breaks off every call of a tool."""
        self.site.faults.next_scores(scores)
        if down is not None:
            self.site.faults.down = down

    def clear_faults(self) -> None:
        """Behave again."""
        self.site.faults.clear()
