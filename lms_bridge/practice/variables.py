"""Substitution variables of custom parameters, resolved for one launch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lms_bridge.practice.subject import Subject

_ROLE_WORDS = {"student": "Learner", "teacher": "Instructor", "assistant": "TeachingAssistant,Instructor"}


def _named(subject: Subject, value: str) -> str | None:
    return value if "name" in subject.tool.claims else None


def _activity(subject: Subject, name: str) -> str | None:
    return str(getattr(subject.activity, name)) if subject.activity is not None else None


VARIABLES: dict[str, Callable[[Subject, Mapping[str, str]], Any]] = {
    "User.id": lambda s, urls: str(s.user.id),
    "User.username": lambda s, urls: s.user.username,
    "Person.sourcedId": lambda s, urls: s.user.idnumber,
    "Person.name.full": lambda s, urls: _named(s, s.user.name),
    "Person.name.given": lambda s, urls: _named(s, s.user.given_name),
    "Person.name.family": lambda s, urls: _named(s, s.user.family_name),
    "Person.email.primary": lambda s, urls: s.user.email if "email" in s.tool.claims else None,
    "Person.address.country": lambda s, urls: "ID",
    "Person.address.timezone": lambda s, urls: "99",
    "Membership.role": lambda s, urls: _ROLE_WORDS.get(s.role or "", "Administrator" if s.user.is_admin else ""),
    "Context.id": lambda s, urls: str(s.course.id),
    "Context.title": lambda s, urls: s.course.title,
    "Context.label": lambda s, urls: s.course.label,
    "Context.sourcedId": lambda s, urls: s.course.idnumber,
    "Context.id.history": lambda s, urls: "",
    "CourseSection.title": lambda s, urls: s.course.title,
    "CourseSection.label": lambda s, urls: s.course.label,
    "CourseSection.sourcedId": lambda s, urls: s.course.idnumber,
    "CourseSection.longDescription": lambda s, urls: s.course.description,
    "ResourceLink.id": lambda s, urls: _activity(s, "id"),
    "ResourceLink.title": lambda s, urls: _activity(s, "title"),
    "ResourceLink.description": lambda s, urls: _activity(s, "text"),
    "LineItems.url": lambda s, urls: urls.get("line_items", ""),
    "LineItem.url": lambda s, urls: urls.get("line_item", ""),
    "ToolProxyBinding.memberships.url": lambda s, urls: urls.get("memberships", ""),
}


def substituted(custom: Mapping[str, str], subject: Subject, urls: Mapping[str, str]) -> dict[str, Any]:
    """Return custom parameters with their variables resolved.

    A variable is the whole value. One that is not known arrives as it is written, one that is withheld as nothing;
    a backslash before the dollar sign keeps the word.
    """
    resolved: dict[str, Any] = {}
    for name, value in custom.items():
        if value.startswith("\\$"):
            resolved[name] = value[1:]
        elif value.startswith("$") and value[1:] in VARIABLES:
            resolved[name] = VARIABLES[value[1:]](subject, urls)
        else:
            resolved[name] = value
    return resolved
