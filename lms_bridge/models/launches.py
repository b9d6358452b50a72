"""Launches and the sessions they begin. Sessions live eight hours, launches are kept as a record."""

from __future__ import annotations

import datetime as dt
from enum import Enum
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lms_bridge.db import AgencyOwned, Code, Model, Name


class Launch(Model, AgencyOwned):
    """An accepted LTI message: who opened what, from where, in which roles."""

    __tablename__ = "core_launch"
    __table_args__ = (Index(None, "platform_id", "launched_at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    platform_id: Mapped[int] = mapped_column(ForeignKey("core_platform.id", ondelete="CASCADE"))
    deployment_id: Mapped[Name]
    platform_user_id: Mapped[int] = mapped_column(ForeignKey("core_platform_user.id", ondelete="CASCADE"), index=True)
    course_id: Mapped[int | None] = mapped_column(ForeignKey("core_course.id", ondelete="SET NULL"))
    resource_link_id: Mapped[int | None] = mapped_column(ForeignKey("core_resource_link.id", ondelete="SET NULL"))
    message_type: Mapped[Code]
    roles: Mapped[list[str]]
    module: Mapped[Name | None]
    item: Mapped[Name] = mapped_column(default="")
    locale: Mapped[Code | None]
    document_target: Mapped[Code]
    return_url: Mapped[str | None]
    deep_linking: Mapped[dict[str, Any] | None]
    """The deep linking settings that the answer needs: return URL, data, what is accepted."""
    launched_at: Mapped[dt.datetime] = mapped_column(index=True)


class LaunchRefusal(Model, AgencyOwned):
    """How often openings from an LMS were refused for one reason, and the last of them; nothing of who wanted in.

    One row for each reason, so that a flood of forged openings cannot fill the table. Kept 90 days after the last one.
    """

    __tablename__ = "core_launch_refusal"
    __table_args__ = (UniqueConstraint("platform_id", "code"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    platform_id: Mapped[int] = mapped_column(ForeignKey("core_platform.id", ondelete="CASCADE"))
    code: Mapped[Code]
    """Of the error, such as ``clock-differs``."""
    reason: Mapped[Name]
    """Of the last one, in the words of the log."""
    reference: Mapped[Code]
    """The number that the last page showed."""
    times: Mapped[int] = mapped_column(default=1)
    """Openings within one second count as one."""
    refused_at: Mapped[dt.datetime]


class SessionKind(Enum):
    """What a session is for. One of kind ``console`` was opened in a window of its own, never in a frame."""

    LAUNCH = "launch"
    INVITATION = "invitation"
    CONSOLE = "console"


class Session(Model, AgencyOwned):
    """A visit. Its id stands in the URL and is stored hashed; it ends after 30 idle minutes or 8 hours.

    The operator of the server, who enters the console by a link, is no person of the agency and was launched by no LMS.
    """

    __tablename__ = "core_session"
    id: Mapped[int] = mapped_column(primary_key=True)
    sid_hash: Mapped[Code] = mapped_column(unique=True)
    nonce: Mapped[Code | None] = mapped_column(index=True, unique=True)
    """Of the login that began it: its uniqueness is what makes a launch happen once, on whatever worker."""
    kind: Mapped[SessionKind] = mapped_column(default=SessionKind.LAUNCH)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("core_person.id"), index=True)
    launch_id: Mapped[int | None] = mapped_column(ForeignKey("core_launch.id", ondelete="CASCADE"), index=True)
    cookie_hash: Mapped[Code | None]
    """Set when the browser kept our cookie: then the URL alone is worthless."""
    agent_hash: Mapped[Code]
    locale: Mapped[Code | None]
    data: Mapped[dict[str, Any]]
    created_at: Mapped[dt.datetime]
    seen_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime] = mapped_column(index=True)


class Ticket(Model, AgencyOwned):
    """A one-time way from a framed session into a window of its own; lives one minute."""

    __tablename__ = "core_ticket"
    token_hash: Mapped[Code] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("core_session.id", ondelete="CASCADE"))
    path: Mapped[str]
    expires_at: Mapped[dt.datetime] = mapped_column(index=True)


class OperatorLink(Model, AgencyOwned):
    """A one-time way into an agency's console for the operator of the server; deleted when it is opened."""

    __tablename__ = "core_operator_link"
    token_hash: Mapped[Code] = mapped_column(primary_key=True)
    expires_at: Mapped[dt.datetime] = mapped_column(index=True)
