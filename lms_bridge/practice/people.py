"""Who is signed in, and what they may do in a course."""

from __future__ import annotations

from flask import g, session
from flask_babel import gettext as _
from sqlalchemy import select

from lms_bridge.practice.errors import PageRefused
from lms_bridge.practice.models import Course, User, store
from lms_bridge.practice.subject import enrolment_of


class NotSignedIn(Exception):
    """A page needs somebody who is signed in."""


def signed_in() -> User | None:
    """Return who is signed in, if anybody."""
    if "user" not in g:
        g.user = store.session.get(User, session["user_id"]) if "user_id" in session else None
    found: User | None = g.user
    return found


def current_user() -> User:
    """Return who is signed in.

    :raises NotSignedIn: nobody is.
    """
    user = signed_in()
    if user is None:
        raise NotSignedIn
    return user


def user_named(username: str) -> User | None:
    """Return a person by username."""
    return store.session.scalar(select(User).filter_by(username=username))


def course_for(course_id: int, *, teaching: bool = False) -> tuple[Course, str]:
    """Return a course and the signed-in person's role in it; an administrator teaches everywhere.

    :raises PageRefused: there is none, or the person may not see it.
    """
    user = current_user()
    course = store.session.get(Course, course_id)
    if course is None:
        raise PageRefused(_("Not found"), _("There is no such course."), status=404)
    place = enrolment_of(user.id, course.id)
    role = "teacher" if user.is_admin else place.role if place and not place.suspended else ""
    if not role:
        raise PageRefused(_("No access"), _("You are not enrolled in this course."), status=403)
    if teaching and role != "teacher":
        raise PageRefused(_("No access"), _("Only teachers of the course can do this."), status=403)
    return course, role


def administrator() -> User:
    """Return the signed-in administrator.

    :raises PageRefused: the person is none.
    """
    user = current_user()
    if not user.is_admin:
        raise PageRefused(_("No access"), _("Only the administrator can do this."), status=403)
    return user
