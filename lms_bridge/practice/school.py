"""The school of a practice LMS, made and changed from tests: tools, people, courses, activities."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from flask import Flask
from sqlalchemy import select

from lms_bridge.practice.models import Activity, Course, Deployment, Enrolment, LineItem, Tool, User, store
from lms_bridge.practice.people import user_named
from lms_bridge.practice.register_tool import RegisteredTool, described, register_tool
from lms_bridge.practice.registration import new_token, register, registration_url, update_token
from lms_bridge.practice.seed import COURSE
from lms_bridge.practice.site import Site
from lms_bridge.practice.views.admin import activate_tool

ROLES = {
    "learner": "student",
    "student": "student",
    "instructor": "teacher",
    "teacher": "teacher",
    "assistant": "assistant",
    "administrator": "administrator",
}


class School:
    """Everything of a practice LMS that tests set up before anybody launches."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.site: Site = app.extensions["practice"]

    def close(self) -> None:
        """Let go of the file."""
        with self.app.app_context():
            store.session.remove()
            store.engine.dispose()

    # Tools

    def register(self, invitation_url: str, *, activate: bool = True) -> RegisteredTool:
        """Register a tool by its invitation and, where it is pending, activate and show it."""
        tool = register_tool(self.app, invitation_url)
        if activate:
            self.activate(tool.client_id)
        return tool

    def register_document(self, document: dict[str, Any], *, client_id: str | None = None) -> RegisteredTool:
        """Register a tool from its registration document, without asking it; returns it active."""
        chosen = client_id or secrets.token_urlsafe(12)
        claims = {"iss": self.site.base_url, "sub": chosen, "scope": "reg", "jti": secrets.token_urlsafe(12)}
        with self._work():
            register(self.site, self.site.sign(claims, seconds=60), document)
        self.activate(chosen)
        return self.tool(chosen)

    def tool(self, client_id: str) -> RegisteredTool:
        """Return a registered tool."""
        with self._work():
            return described(self._tool(client_id))

    def registration_link(self, invitation_url: str, *, update: str | None = None) -> str:
        """Return what the administrator's frame opens: a tool's invitation with what the tool needs to register.

        :param update: client id of the registration that is to be changed instead.
        """
        with self._work():
            token = update_token(self.site, self._tool(update)) if update else new_token(self.site)[0]
            return registration_url(self.site, invitation_url, token)

    def activate(self, client_id: str) -> None:
        """Activate a tool and show it in the activity chooser."""
        with self._work():
            tool = self._tool(client_id)
            tool.in_chooser = True
            if tool.state != "active":
                activate_tool(tool)

    def deactivate(self, client_id: str) -> None:
        """Make a tool pending again."""
        with self._work():
            self._tool(client_id).state = "pending"

    def grant_claims(self, client_id: str, *claims: str) -> None:
        """Choose what a tool is told about people: ``name``, ``given_name``, ``family_name``, ``email``."""
        with self._work():
            self._tool(client_id).claims = list(claims)

    def add_deployment(self, client_id: str) -> str:
        """Deploy a registered tool once more and return the new deployment id."""
        if not self.site.profile.several_deployments:
            raise ValueError(f"the profile {self.site.profile.name} knows one deployment for each registration")
        with self._work():
            deployment = Deployment(tool_id=self._tool(client_id).id)
            store.session.add(deployment)
            store.session.flush()
            return deployment.deployment_id

    # People and courses

    def add_user(
        self, username: str, *, name: str = "", nip: str = "", role: str | None = "learner", course: int = COURSE
    ) -> str:
        """Make somebody, in a course unless ``role`` is None; returns the user id that tools see."""
        given, _space, family = (name or username.title()).partition(" ")
        with self._work():
            user = User(
                username=username,
                given_name=given,
                family_name=family,
                email=f"{username}@nusaraya.example",
                idnumber=nip,
                is_admin=role == "administrator",
            )
            store.session.add(user)
            store.session.flush()
            if role not in {None, "administrator"}:
                store.session.add(Enrolment(course_id=course, user_id=user.id, role=ROLES[role or ""]))
            return str(user.id)

    def add_course(self, title: str, *, label: str = "", members: dict[str, str] | None = None) -> int:
        """Make a course with members by username and role; returns its number."""
        with self._work():
            course = Course(title=title, label=label or title)
            store.session.add(course)
            store.session.flush()
            for username, role in (members or {}).items():
                user = self._user(username)
                store.session.add(Enrolment(course_id=course.id, user_id=user.id, role=ROLES[role]))
            return course.id

    def suspend(self, username: str, *, course: int = COURSE, suspended: bool = True) -> None:
        """Suspend somebody in a course, or take them back."""
        with self._work():
            place = store.session.scalars(
                select(Enrolment).filter_by(course_id=course, user_id=self._user(username).id)
            ).one()
            place.suspended = suspended

    def unenrol(self, username: str, *, course: int = COURSE) -> None:
        """Take somebody out of a course."""
        with self._work():
            place = store.session.scalars(
                select(Enrolment).filter_by(course_id=course, user_id=self._user(username).id)
            ).one()
            store.session.delete(place)

    def user_id(self, username: str) -> str:
        """Return the user id that tools see."""
        with self._work():
            return str(self._user(username).id)

    def add_activity(
        self,
        title: str,
        *,
        module: str | None = None,
        custom: dict[str, str] | None = None,
        course: int = COURSE,
        deployment: str | None = None,
        client_id: str | None = None,
        maximum: Decimal | int | None = None,
        url: str | None = None,
        container: str = "iframe",
    ) -> int:
        """Make an activity, with a column where ``maximum`` is given; returns its resource link id."""
        with self._work():
            chosen = self._deployment(deployment, client_id)
            activity = Activity(
                course_id=course,
                deployment_id=chosen.id,
                title=title,
                text="",
                url=url,
                custom={**(custom or {}), **({"module": module} if module else {})},
                container=container,
            )
            store.session.add(activity)
            store.session.flush()
            if maximum is not None:
                column = LineItem(label=title, score_maximum=Decimal(maximum), coupled=True)
                column.course_id, column.tool_id, column.activity_id = course, chosen.tool_id, activity.id
                store.session.add(column)
            store.session.flush()
            return activity.id

    def activity_named(self, title: str, *, course: int = COURSE) -> int:
        """Return the resource link id of the activity of that name."""
        with self._work():
            return store.session.scalars(select(Activity.id).filter_by(course_id=course, title=title)).one()

    # Within

    @contextmanager
    def _work(self) -> Iterator[None]:
        with self.app.app_context():
            try:
                yield
                store.session.commit()
            finally:
                store.session.remove()

    @staticmethod
    def _user(username: str) -> User:
        user = user_named(username)
        if user is None:
            raise LookupError(f"there is no user {username!r}")
        return user

    @staticmethod
    def _tool(client_id: str) -> Tool:
        return store.session.scalars(select(Tool).filter_by(client_id=client_id)).one()

    @staticmethod
    def _deployment(deployment: str | None, client_id: str | None) -> Deployment:
        query = select(Deployment).join(Tool).order_by(Deployment.id)
        if client_id is not None:
            query = query.where(Tool.client_id == client_id)
        if deployment is not None:
            query = query.where(Deployment.id == int(deployment))
        found = store.session.scalars(query).first()
        if found is None:
            raise LookupError("no tool is registered")
        return found
