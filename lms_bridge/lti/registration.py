"""Dynamic Registration: an LMS opens an invitation link, and we register ourselves with it."""

from __future__ import annotations

import base64
import datetime as dt
import hmac
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import current_app
from flask_babel import gettext as _
from marshmallow import EXCLUDE, Schema, ValidationError, fields, pre_load, validate
from sqlalchemy import or_, select, update
from sqlalchemy.exc import IntegrityError

from lms_bridge.db import acting_as, changed_rows, db, upsert
from lms_bridge.lti import ags, nrps
from lms_bridge.lti.claims import HttpUrl, Identifier, Title
from lms_bridge.lti.errors import InvitationExpired, RegistrationRefused
from lms_bridge.lti.http import AddressRefused, Answer, LmsClient, OutboundError, time_limit
from lms_bridge.lti.login import hash_secret
from lms_bridge.models import Agency, Deployment, Invitation, Platform

INVITATION_LIFETIME = dt.timedelta(days=7)
ABANDONED = dt.timedelta(minutes=2)
"""After which a registration that neither succeeded nor failed is taken for dead, and its invitation open again."""
SCOPES = (ags.LINE_ITEM, ags.SCORE, ags.RESULT, nrps.SCOPE)
_TOOL, _LTI = (
    "https://purl.imsglobal.org/spec/lti-tool-configuration",
    "https://purl.imsglobal.org/spec/lti-platform-configuration",
)


class _Document(Schema):
    """A document of the platform's: more than we know is ignored, null is as good as left out."""

    class Meta:
        unknown = EXCLUDE

    @pre_load
    def drop_nulls(self, data: Any, **kwargs: Any) -> Any:
        return {key: value for key, value in data.items() if value is not None} if isinstance(data, dict) else data


class _PlatformConfiguration(_Document):
    product_family_code = Title(load_default="")


class ConfigurationSchema(_Document):
    """A platform's OpenID configuration, as far as we need it."""

    issuer = HttpUrl(required=True, validate=validate.Length(max=255))
    authorization_endpoint = HttpUrl(required=True)
    token_endpoint = HttpUrl(required=True)
    jwks_uri = HttpUrl(required=True)
    registration_endpoint = HttpUrl(required=True)
    authorization_server = Identifier(load_default=None)
    scopes_supported = fields.List(fields.String(), load_default=list)
    lti = fields.Nested(_PlatformConfiguration, load_default=None, data_key=_LTI)


class _AnyId(Identifier):
    """An id that some platforms write as a number here, though it is text in their launches."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        number = isinstance(value, int) and not isinstance(value, bool)
        return super()._deserialize(str(value) if number else value, *args, **kwargs)


class _ToolAnswer(_Document):
    deployment_id = _AnyId(load_default=None)


class RegistrationSchema(_Document):
    """The platform's answer to our registration."""

    client_id = _AnyId(required=True)
    scope = fields.String(load_default=None)
    tool = fields.Nested(_ToolAnswer, load_default=None, data_key=_TOOL)


@dataclass(frozen=True, slots=True)
class Configuration:
    """A checked platform configuration."""

    issuer: str
    authorization_url: str
    token_url: str
    token_audience: str
    jwks_url: str
    registration_url: str
    product: str
    scopes: tuple[str, ...]


def invite(agency: Agency, *, now: dt.datetime) -> str:
    """Make a one-time invitation for an agency and return its token, which is stored only as a hash."""
    return invitation_token(make_invitation(agency.id, now=now)) or ""


def make_invitation(agency_id: int, *, now: dt.datetime) -> Invitation:
    """Make a one-time invitation, by which one LMS registers within seven days."""
    seed = secrets.token_urlsafe(16)
    invitation = Invitation(
        agency_id=agency_id,
        seed=seed,
        token_hash=hash_secret(_token(seed)),
        created_at=now,
        expires_at=now + INVITATION_LIFETIME,
    )
    db.session.add(invitation)
    db.session.flush()
    return invitation


def invitation_token(invitation: Invitation) -> str | None:
    """Return the token of an invitation again; nothing where it was made under another secret key."""
    token = _token(invitation.seed or "")
    return token if hash_secret(token) == invitation.token_hash else None


def _token(seed: str) -> str:
    secret = current_app.config["SECRET_KEY"].encode()
    digest = hmac.digest(secret, f"lms_bridge invitation {seed}".encode(), "sha256")
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def note_opened(token: str, *, host: str, now: dt.datetime) -> None:
    """Note when, and by which LMS, a link was first opened; whoever made it watches."""
    table = Invitation.__table__
    unopened = (table.c.token_hash == hash_secret(token), table.c.opened_at.is_(None))
    db.session.execute(update(table).where(*unopened).values(opened_at=now, opened_from=host[:255]))


def open_invitation(token: str, *, now: dt.datetime) -> Invitation:
    """Return an invitation that can still be used.

    :raises InvitationExpired: it is unknown, used or too old.
    """
    invitation = db.session.scalar(
        select(Invitation).where(Invitation.token_hash == hash_secret(token)), execution_options={"all_agencies": True}
    )
    if invitation is None or invitation.expires_at < now:
        raise InvitationExpired
    if invitation.used_at is not None and (invitation.platform_id or invitation.used_at > now - ABANDONED):
        raise InvitationExpired
    return invitation


def fetch_configuration(url: str) -> Configuration:
    """Fetch and check the configuration document that the LMS named. Ends the current transaction first.

    :raises RegistrationRefused: it cannot be had, has the wrong form, or speaks for another host.
    """
    db.session.rollback()
    try:
        client: LmsClient = current_app.extensions["lms_bridge.http"]
        answer = client.get(url, headers={"Accept": "application/json"})
        if answer.status != 200:
            raise OutboundError(f"status-{answer.status}", f"answers {answer.status}")
        data = ConfigurationSchema().load(answer.json())
    except AddressRefused as error:
        raise _address_refused(error) from error
    except OutboundError as error:
        raise RegistrationRefused(
            _("The configuration of the LMS cannot be fetched: %(why)s.", why=str(error)), reason=error.kind
        ) from error
    except (ValidationError, TypeError, ValueError) as error:
        fault = ", ".join(sorted(map(str, error.messages_dict))) if isinstance(error, ValidationError) else "no object"
        raise RegistrationRefused(_("The configuration of the LMS is not complete: %(what)s.", what=fault)) from error
    _check_hosts(url, data)
    return Configuration(
        issuer=data["issuer"],
        authorization_url=data["authorization_endpoint"],
        token_url=data["token_endpoint"],
        token_audience=data["authorization_server"] or data["token_endpoint"],
        jwks_url=data["jwks_uri"],
        registration_url=data["registration_endpoint"],
        product=((data["lti"] or {}).get("product_family_code") or "")[:64],
        scopes=tuple(data["scopes_supported"]),
    )


def _check_hosts(url: str, data: dict[str, Any]) -> None:
    """Let a document speak only for the host that it comes from, and lead nobody from https to plain http.

    Keys, tokens and the authorization page may lie elsewhere: large platforms keep them on a host of their own.
    """
    for name in ("issuer", "registration_endpoint"):
        if _origin(data[name]) != _origin(url):
            raise RegistrationRefused(
                _("The configuration speaks for another host than it comes from."), reason=f"{name} elsewhere"
            )
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        if data["issuer"].startswith("https:") and not data[name].startswith("https:"):
            raise RegistrationRefused(
                _("The configuration leads from https to plain http: %(name)s.", name=name), reason=f"{name} plain"
            )


def _origin(url: str) -> tuple[str, str | None, int]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)


def _address_refused(error: AddressRefused) -> RegistrationRefused:
    return RegistrationRefused(
        _(
            "This server may not reach %(host)s: it is a private address or has no https. "
            "If it is your agency's own LMS, ask the operator to add it to LMS_BRIDGE_ALLOW_PRIVATE_HOSTS.",
            host=error.host,
        ),
        reason=str(error),
    )


def tool_document(base_url: str, *, scopes: tuple[str, ...]) -> dict[str, Any]:
    """Return what we ask a platform to register: names and e-mail, grades, rosters, Deep Linking."""
    asked = [scope for scope in SCOPES if not scopes or scope in scopes]
    launch = f"{base_url}/lti/launch"
    return {
        "application_type": "web",
        "response_types": ["id_token"],
        "grant_types": ["implicit", "client_credentials"],
        "initiate_login_uri": f"{base_url}/lti/login",
        "redirect_uris": [launch],
        "client_name": "Pengembangan Kompetensi ASN",
        "client_name#en": "Civil service competency development",
        "jwks_uri": f"{base_url}/lti/jwks.json",
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": " ".join(asked),
        _TOOL: {
            "domain": urlsplit(base_url).netloc,
            "description": "Pemetaan kompetensi, mentoring, survei dan laporan pimpinan",
            "target_link_uri": launch,
            "custom_parameters": {"nip": "$Person.sourcedId"},
            "claims": ["iss", "sub", "name", "given_name", "family_name", "email"],
            "messages": [
                {"type": "LtiResourceLinkRequest", "target_link_uri": launch},
                {"type": "LtiDeepLinkingRequest", "target_link_uri": launch, "placements": ["ContentArea"]},
            ],
        },
    }


def register(invitation: Invitation, *, configuration_url: str, token: str | None, now: dt.datetime) -> Platform:
    """Register with the LMS and store the platform. An invited registration is active at once.

    The invitation is taken before the LMS is asked, so that of two clicks at once one registers; where that fails it
    can be used again at once, and where this process dies, after two minutes. What decides is the last transaction:
    it stores the platform only while the invitation is still ours. An existing (issuer, client id) is never
    overwritten, except by the agency that owns it (update registration).

    :raises InvitationExpired: somebody else has just used the invitation.
    :raises RegistrationRefused: the LMS refuses, or the registration belongs to another agency.
    """
    invitation_id, agency_id = invitation.id, invitation.agency_id
    base_url: str = current_app.config["BASE_URL"]
    with _taken(invitation_id, now=now) as use_up:
        with time_limit(ABANDONED.total_seconds() / 2):
            configuration = fetch_configuration(configuration_url)
            answer = _post(configuration, tool_document(base_url, scopes=configuration.scopes), token)
        with acting_as(agency_id):
            platform = _store(configuration, answer, agency_id=agency_id, now=now)
        use_up(platform.id)
        db.session.commit()
    return platform


@contextmanager
def _taken(invitation_id: int, *, now: dt.datetime) -> Iterator[Callable[[int], None]]:
    """Take an invitation; gives what uses it up for a platform, in the transaction that stores that."""
    table = Invitation.__table__
    invitation = update(table).where(table.c.id == invitation_id, table.c.platform_id.is_(None))
    mine = invitation.where(table.c.used_at == now)
    free = or_(table.c.used_at.is_(None), table.c.used_at <= now - ABANDONED)
    taken = changed_rows(invitation.where(free, table.c.expires_at >= now).values(used_at=now))
    db.session.commit()
    if not taken:
        raise InvitationExpired

    def use_up(platform_id: int) -> None:
        # Closed by its date as well: it stays so when the platform is deleted.
        if not changed_rows(mine.values(platform_id=platform_id, expires_at=now)):
            raise InvitationExpired

    done = False
    try:
        yield use_up
        done = True
    finally:
        if not done:
            db.session.rollback()
            db.session.execute(mine.values(used_at=None))
            db.session.commit()


def _post(configuration: Configuration, document: dict[str, Any], token: str | None) -> dict[str, Any]:
    headers = {"Accept": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    client: LmsClient = current_app.extensions["lms_bridge.http"]
    try:
        answer = client.post(configuration.registration_url, json=document, headers=headers)
        if answer.status not in {200, 201}:
            raise OutboundError(f"status-{answer.status}", _said(answer))
        data: dict[str, Any] = RegistrationSchema().load(answer.json())
    except AddressRefused as error:
        raise _address_refused(error) from error
    except OutboundError as error:
        raise RegistrationRefused(
            _("The LMS did not accept the registration: %(why)s.", why=str(error)), reason=error.kind
        ) from error
    except (ValidationError, TypeError, ValueError) as error:
        raise RegistrationRefused(_("The LMS's answer to the registration has an unknown form.")) from error
    return data


def _said(answer: Answer) -> str:
    """Return the reason that an LMS gives, in its own words where they are words: plain text or a JSON error."""
    text = answer.body[:4000].decode("utf-8", "replace")
    with suppress(OutboundError):
        document = answer.json()
        if isinstance(document, dict):
            words = (document.get(name) for name in ("error_description", "error", "message"))
            text = next((word for word in words if isinstance(word, str) and word), "")
    text = "".join(char if char.isprintable() else " " for char in text)
    if "<" in text:
        text = ""
    return " ".join(text.split())[:300].rstrip(".") or f"the LMS answers {answer.status}"


def _store(configuration: Configuration, answer: dict[str, Any], *, agency_id: int, now: dt.datetime) -> Platform:
    platform = db.session.scalar(
        select(Platform).where(Platform.issuer == configuration.issuer, Platform.client_id == answer["client_id"]),
        execution_options={"all_agencies": True},
    )
    if platform is not None and platform.agency_id != agency_id:
        raise RegistrationRefused(_("This LMS registration belongs to another agency."), reason="foreign registration")
    if platform is None:
        platform = Platform(
            agency_id=agency_id,
            issuer=configuration.issuer,
            client_id=answer["client_id"],
            name=urlsplit(configuration.issuer).hostname or configuration.issuer,
            created_at=now,
        )
        db.session.add(platform)
    # What the LMS says it is; empty where it was registered by hand.
    platform.product = configuration.product
    platform.authorization_url = configuration.authorization_url
    platform.token_url = configuration.token_url
    platform.token_audience = configuration.token_audience
    platform.jwks_url = configuration.jwks_url
    platform.scopes = None if answer["scope"] is None else answer["scope"].split()
    platform.active = True
    try:
        db.session.flush()
    except IntegrityError as error:
        raise RegistrationRefused(_("This LMS registration belongs to another agency."), reason="race") from error
    deployment_id = (answer["tool"] or {}).get("deployment_id")
    if deployment_id:
        key = {"platform_id": platform.id, "deployment_id": deployment_id}
        upsert(Deployment.__table__, key=key, values={"agency_id": agency_id, "active": True})
    return platform
