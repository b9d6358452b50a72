"""Beginning a launch, and answering the tool's authorization request: the checks that lti1p3platform leaves out."""

from __future__ import annotations

import datetime as dt
import hmac
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from flask_babel import gettext as _
from lti1p3platform.oidc_login import OIDCLoginAbstract
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate
from sqlalchemy import delete, select, update

from lms_bridge.practice.errors import LoginError, LoginFault, PageRefused
from lms_bridge.practice.message import LaunchForm, PracticeConf, PracticeLaunch, target_link_uri
from lms_bridge.practice.models import (
    Activity,
    Course,
    Deployment,
    Launch,
    Tool,
    User,
    changed_rows,
    now,
    store,
)
from lms_bridge.practice.site import Site
from lms_bridge.practice.subject import may_enter, subject_of
from lms_bridge.practice.trace import record
from lms_bridge.practice.vocabulary import DEEP_LINKING, RESOURCE_LINK

LIFETIME = dt.timedelta(minutes=10)
KEPT = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class LoginStart:
    """How the browser is sent to the tool: an address and its parameters."""

    address: str
    fields: dict[str, str]

    @property
    def url(self) -> str:
        """Return everything as one address."""
        parts = urlsplit(self.address)
        query = "&".join(part for part in (parts.query, urlencode(self.fields)) if part)
        return urlunsplit(parts._replace(query=query))


class _Login(OIDCLoginAbstract):
    """The login initiation as lti1p3platform prepares it."""

    def set_lti_message_hint(self, **kwargs: Any) -> None:
        self._lti_message_hint = kwargs["hint"]

    def get_redirect(self, url: str) -> str:
        return url


def begin_launch(
    site: Site,
    *,
    user: User,
    course: Course,
    deployment: Deployment,
    activity: Activity | None = None,
    role: str | None = None,
    custom: dict[str, str] | None = None,
    target: str = "iframe",
    locale: str = "id",
) -> LoginStart:
    """Remember a launch and return how to send the browser to the tool. Without an activity it is a Deep Linking one.

    :param role: the role that the person takes on for this launch instead of their own.
    :raises PageRefused: the tool is not active, or the person is not in the course.
    """
    if deployment.tool.state != "active":
        raise PageRefused(
            _("The tool is not active"), _("An administrator must activate the tool under Tools first."), status=403
        )
    if role is None and not may_enter(user, course.id):
        raise PageRefused(_("No access"), _("You are not enrolled in this course."), status=403)
    launch = Launch(
        user=user,
        course=course,
        deployment=deployment,
        activity=activity,
        message=RESOURCE_LINK if activity is not None else DEEP_LINKING,
        role=role,
        custom={**(activity.custom if activity else {}), **(custom or {})},
        target=target,
        locale=locale,
        begun_at=now(),
    )
    store.session.add(launch)
    store.session.execute(delete(Launch).where(Launch.begun_at < now() - KEPT))
    store.session.flush()
    begun = _login_start(site, launch)
    record(
        "login",
        "out",
        method="POST" if site.profile.login_by_post else "GET",
        address=begun.address,
        summary=f"{user.username}: {activity.title if activity else deployment.tool.name}",
        detail={"parameters": begun.fields},
    )
    return begun


def _login_start(site: Site, launch: Launch) -> LoginStart:
    subject = subject_of(launch)
    conf = PracticeConf(site=site, subject=subject)
    address = urlsplit(subject.tool.initiate_login_uri)
    # The library would put a second question mark behind an address that has a query.
    conf.get_registration().set_oidc_login_url(urlunsplit(address._replace(query="")))
    login = _Login(None, conf)
    login.set_lti_message_hint(hint=site.profile.hint(site.seal(launch.id), activity_id=launch.activity_id))
    login.set_launch_url(target_link_uri(subject))
    fields_ = dict(parse_qsl(urlsplit(login.prepare_preflight_url(str(launch.user_id))).query))
    if site.profile.storage_target:
        fields_["lti_storage_target"] = site.profile.storage_target
    return LoginStart(subject.tool.initiate_login_uri, fields_)


class AuthorizationSchema(Schema):
    """An authorization request; parameters that are not known are ignored, as OpenID Connect says."""

    class Meta:
        unknown = EXCLUDE

    scope = fields.String(required=True, validate=validate.Equal("openid"))
    response_type = fields.String(required=True, validate=validate.Equal("id_token"))
    client_id = fields.String(required=True, validate=validate.Length(1, 255))
    redirect_uri = fields.String(required=True, validate=validate.Length(1, 2048))
    login_hint = fields.String(required=True, validate=validate.Length(1, 255))
    lti_message_hint = fields.String(required=True, validate=validate.Length(1, 2048))
    nonce = fields.String(required=True, validate=validate.Length(1, 1024))
    state = fields.String(load_default=None, validate=validate.Length(max=8192))
    response_mode = fields.String(load_default="", validate=validate.Length(max=64))
    prompt = fields.String(load_default="none", validate=validate.Length(max=64))


_AUTHORIZATION = AuthorizationSchema()


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back to the tool through the browser: an id_token, or an error."""

    form: LaunchForm
    error: LoginError | None = None


def answer_authorization(site: Site, given: dict[str, list[str]], *, user: User | None) -> Answer:
    """Check an authorization request and answer it.

    :raises LoginFault: it cannot be answered to the tool: unknown tool, foreign redirect_uri, used-up hint.
    """
    wanted = _load(given)
    tool = store.session.scalar(select(Tool).filter_by(client_id=wanted["client_id"]))
    if tool is None:
        raise LoginFault("unknown client_id")
    if wanted["redirect_uri"] not in tool.redirect_uris:
        raise LoginFault("redirect_uri is not registered")
    launch = _launch_of(site, wanted["lti_message_hint"])
    if launch.deployment.tool_id != tool.id:
        raise LoginFault("the hint belongs to another tool")
    if user is None:
        raise LoginFault("nobody is signed in")
    try:
        form = _signed_form(site, launch, tool, wanted, user=user)
        return Answer(form)
    except LoginError as error:
        told = {"error": error.error, "state": wanted["state"] or ""}
        if error.description:
            told["error_description"] = error.description
        return Answer(LaunchForm(wanted["redirect_uri"], told), error)


def _load(given: dict[str, list[str]]) -> dict[str, Any]:
    repeated = sorted(name for name, values in given.items() if len(values) > 1)
    if repeated:
        raise LoginFault(f"sent more than once: {', '.join(repeated)}")
    try:
        loaded: dict[str, Any] = _AUTHORIZATION.load({name: values[0] for name, values in given.items()})
    except ValidationError as error:
        raise LoginFault(f"missing or wrong: {', '.join(sorted(map(str, error.messages_dict)))}") from error
    return loaded


def _launch_of(site: Site, hint: str) -> Launch:
    launch_id = site.unseal(site.profile.unhint(hint))
    launch = store.session.get(Launch, launch_id) if launch_id else None
    if launch is None:
        raise LoginFault("lti_message_hint is not ours")
    if launch.answered_at is not None:
        raise LoginFault("lti_message_hint was used before")
    if launch.begun_at < now() - LIFETIME:
        raise LoginFault("lti_message_hint is too old")
    return launch


def _may_open(launch: Launch) -> bool:
    """Whether the person is still in the course, or took on a role that somebody who may do so chose."""
    return bool(launch.role or may_enter(launch.user, launch.course_id))


def _signed_form(site: Site, launch: Launch, tool: Tool, wanted: dict[str, Any], *, user: User) -> LaunchForm:
    same = hmac.compare_digest(wanted["login_hint"].encode(), str(launch.user_id).encode())
    if not same or launch.user_id != user.id:
        raise LoginError("access_denied", "somebody else is signed in")
    if not _may_open(launch):
        raise LoginError("access_denied", "the person has left the course")
    if tool.state != "active":
        raise LoginError("unauthorized_client", "the tool is not active")
    if wanted["response_mode"] != "form_post":
        raise LoginError("invalid_request", "Invalid response_mode")
    if wanted["prompt"] != "none":
        raise LoginError("invalid_request", "Invalid prompt")
    state = site.profile.check_state(wanted["state"])
    # One statement decides who uses the hint, however many requests come at once.
    used = update(Launch).where(Launch.id == launch.id, Launch.answered_at.is_(None)).values(answered_at=now())
    if changed_rows(used) != 1:
        raise LoginFault("lti_message_hint was used before")
    checked = {"nonce": wanted["nonce"], "state": state, "redirect_uri": wanted["redirect_uri"]}
    form: LaunchForm = PracticeLaunch(checked, site=site, subject=subject_of(launch)).lti_launch()
    return form
