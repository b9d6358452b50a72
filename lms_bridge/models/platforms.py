"""Agencies, the LMSs they registered, and what those LMSs told us: courses, links, users, rosters."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from lms_bridge.db import AgencyOwned, Code, Model, Name


class Agency(Model):
    """A government agency; everything else belongs to exactly one."""

    __tablename__ = "core_agency"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[Code] = mapped_column(unique=True)
    name: Mapped[Name]
    timezone: Mapped[Code] = mapped_column(default="Asia/Jakarta")
    door_url: Mapped[str | None]
    match_email: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether an e-mail address that the LMS tells may link somebody to the person of the agency's data who has it."""
    match_username: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether a login name that is a NIP may do so."""
    created_at: Mapped[dt.datetime]


class Platform(Model, AgencyOwned):
    """One registration of this tool on an LMS: an issuer and a client id, which never change."""

    __tablename__ = "core_platform"
    __table_args__ = (UniqueConstraint("issuer", "client_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    issuer: Mapped[Name]
    client_id: Mapped[Name]
    name: Mapped[Name]
    product: Mapped[Code]
    authorization_url: Mapped[str]
    token_url: Mapped[str]
    token_audience: Mapped[str]
    jwks_url: Mapped[str]
    scopes: Mapped[list[str] | None]
    """What the LMS granted when it was registered; nothing where it did not say."""
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[dt.datetime]
    failures: Mapped[int] = mapped_column(default=0)
    """Consecutive grade deliveries that failed; with ``closed_until`` the circuit breaker."""
    closed_until: Mapped[dt.datetime | None]


class Deployment(Model, AgencyOwned):
    """A place inside a platform where the tool may be launched from."""

    __tablename__ = "core_deployment"
    __table_args__ = (UniqueConstraint("platform_id", "deployment_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    platform_id: Mapped[int] = mapped_column(ForeignKey("core_platform.id", ondelete="CASCADE"))
    deployment_id: Mapped[Name]
    active: Mapped[bool] = mapped_column(default=True)


class Invitation(Model, AgencyOwned):
    """A one-time link by which an LMS registers itself for an agency."""

    __tablename__ = "core_invitation"
    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[Code] = mapped_column(unique=True)
    seed: Mapped[Code | None]
    """What the secret key makes the token from, so that the console can show a link again that is stored nowhere."""
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    opened_at: Mapped[dt.datetime | None]
    opened_from: Mapped[Name | None]
    """Host of the LMS that first opened the link."""
    used_at: Mapped[dt.datetime | None]
    platform_id: Mapped[int | None] = mapped_column(ForeignKey("core_platform.id", ondelete="SET NULL"))


class KeySet(Model):
    """The last good key set of a platform; fetched again after a day or, in measure, for an unknown key."""

    __tablename__ = "core_key_set"
    url: Mapped[str] = mapped_column(primary_key=True)
    document: Mapped[dict[str, Any]]
    fetched_at: Mapped[dt.datetime | None]
    window_started_at: Mapped[dt.datetime | None]
    window_fetches: Mapped[int] = mapped_column(default=0)


class ToolKey(Model):
    """A key pair of this tool, the private half encrypted. Published from creation until retired."""

    __tablename__ = "core_tool_key"
    kid: Mapped[Code] = mapped_column(primary_key=True)
    private_pem: Mapped[str]
    public_jwk: Mapped[dict[str, Any]]
    created_at: Mapped[dt.datetime]
    signs_from: Mapped[dt.datetime]
    retired_at: Mapped[dt.datetime | None]


class PlatformUser(Model, AgencyOwned):
    """A user of an LMS: (issuer, sub) is the key of a person, whatever registration launched them."""

    __tablename__ = "core_platform_user"
    __table_args__ = (UniqueConstraint("agency_id", "issuer", "sub"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    issuer: Mapped[Name]
    sub: Mapped[Name]
    username: Mapped[Name | None]
    """The login name, where the LMS tells it: for whoever links people, and for the agency's rule of matching."""
    person_id: Mapped[int] = mapped_column(ForeignKey("core_person.id"), index=True)


class Course(Model, AgencyOwned):
    """An LTI context: usually a course of the LMS."""

    __tablename__ = "core_course"
    __table_args__ = (UniqueConstraint("platform_id", "context_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    platform_id: Mapped[int] = mapped_column(ForeignKey("core_platform.id", ondelete="CASCADE"))
    context_id: Mapped[Name]
    title: Mapped[Name]
    memberships_url: Mapped[str | None]
    lineitems_url: Mapped[str | None]
    roster_wanted_at: Mapped[dt.datetime | None]
    roster_synced_at: Mapped[dt.datetime | None]


class Enrolment(Model, AgencyOwned):
    """A user in a course. Someone missing from a later roster is marked, never deleted."""

    __tablename__ = "core_enrolment"
    __table_args__ = (UniqueConstraint("course_id", "platform_user_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("core_course.id", ondelete="CASCADE"))
    platform_user_id: Mapped[int] = mapped_column(ForeignKey("core_platform_user.id", ondelete="CASCADE"), index=True)
    roles: Mapped[list[str]]
    in_roster: Mapped[bool]
    seen_at: Mapped[dt.datetime]


class ResourceLink(Model, AgencyOwned):
    """One activity of the LMS that opens a module of ours."""

    __tablename__ = "core_resource_link"
    __table_args__ = (UniqueConstraint("platform_id", "link_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    platform_id: Mapped[int] = mapped_column(ForeignKey("core_platform.id", ondelete="CASCADE"))
    course_id: Mapped[int | None] = mapped_column(ForeignKey("core_course.id", ondelete="SET NULL"))
    link_id: Mapped[Name]
    title: Mapped[Name]
    module: Mapped[Name | None]
    item: Mapped[Name] = mapped_column(default="")
    line_item_id: Mapped[int | None] = mapped_column(ForeignKey("core_line_item.id", ondelete="SET NULL"))
