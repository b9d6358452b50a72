"""The claims of a launch, checked once at the door and turned into a typed message."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load, pre_load, validate

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
DL_SETTINGS = "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"
AGS_ENDPOINT = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
NRPS_ENDPOINT = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
RESOURCE_LINK, DEEP_LINKING = "LtiResourceLinkRequest", "LtiDeepLinkingRequest"
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]{2,45}")


def storable(text: str) -> bool:
    """Whether a database and a page can hold this text: no NUL, no half of a surrogate pair."""
    return "\x00" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


class Identifier(fields.String):
    """An id of the platform's, kept to the letter: 1 to 255 characters that a database can hold."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, *args, **kwargs)
        if not 1 <= len(text) <= 255 or not storable(text):
            raise ValidationError("must have 1 to 255 ordinary characters")
        return text


class Title(fields.String):
    """Words to show: cut at 255 characters, without characters that no page or database can hold."""

    longest = 255

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, *args, **kwargs)
        text = text.replace("\x00", "").encode("utf-8", "ignore").decode("utf-8").strip()[: self.longest]
        return "" if text.startswith("$") else text


class Word(Title):
    """A short word of the platform's, cut at 64 characters."""

    longest = 64


class HttpUrl(fields.String):
    """An http or https address of at most 2,048 characters, its host plain ASCII, without a password in it."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, *args, **kwargs)
        try:
            parts = urlsplit(text)
            usable = parts.scheme in {"http", "https"} and bool(_HOST.fullmatch(parts.hostname or ""))
            usable = usable and "@" not in parts.netloc and parts.port != 0
        except ValueError:
            usable = False
        if not usable or len(text) > 2048 or any(ord(char) < 33 for char in text) or not storable(text):
            raise ValidationError("must be an http or https address")
        return text


class _Claims(Schema):
    class Meta:
        unknown = EXCLUDE

    @pre_load
    def drop_nulls(self, data: Any, **kwargs: Any) -> Any:
        return {key: value for key, value in data.items() if value is not None} if isinstance(data, dict) else data


class _Context(_Claims):
    id = Identifier(required=True)
    label = Title(load_default="")
    title = Title(load_default="")


class _ResourceLink(_Claims):
    id = Identifier(required=True)
    title = Title(load_default="")


class _Lis(_Claims):
    person_sourcedid = Title(load_default=None)


class _Ext(_Claims):
    user_username = Title(load_default="")


class _Presentation(_Claims):
    document_target = Word(load_default="window")
    locale = Word(load_default=None)
    return_url = HttpUrl(load_default=None)


class _Platform(_Claims):
    product_family_code = Title(load_default="")
    name = Title(load_default="")


class _Ags(_Claims):
    scope = fields.List(
        fields.String(validate=validate.Length(max=255)), load_default=list, validate=validate.Length(max=20)
    )
    lineitem = HttpUrl(load_default=None)
    lineitems = HttpUrl(load_default=None)


class _Nrps(_Claims):
    context_memberships_url = HttpUrl(required=True)


class _DeepLinking(_Claims):
    deep_link_return_url = HttpUrl(required=True)
    accept_types = fields.List(
        fields.String(validate=validate.Length(max=64)), required=True, validate=validate.Length(max=20)
    )
    accept_multiple = fields.Boolean(load_default=False)
    accept_lineitem = fields.Boolean(load_default=True)
    data = fields.String(load_default=None, validate=validate.Length(max=20000))


@dataclass(frozen=True, slots=True)
class LaunchMessage:
    """A launch whose claims are well formed. Nested claims stay small dictionaries with known keys."""

    message_type: str
    deployment_id: str
    target_link_uri: str
    sub: str
    roles: list[str]
    name: str
    email: str
    username: str
    """The login name, where the LMS tells it in a claim of its own, which no teacher can edit."""
    person_sourcedid: str | None
    """The NIP as the platform tells it; empty when the person has none, nothing when the platform tells none."""
    context: dict[str, Any] | None
    resource_link: dict[str, Any] | None
    presentation: dict[str, Any]
    platform: dict[str, Any]
    custom: dict[str, str]
    ags: dict[str, Any] | None
    memberships_url: str | None
    deep_linking: dict[str, Any] | None


class LaunchSchema(_Claims):
    """The claims of a resource link or deep linking launch, version 1.3.0."""

    message_type = fields.String(
        required=True, data_key=f"{CLAIM}message_type", validate=validate.OneOf([RESOURCE_LINK, DEEP_LINKING])
    )
    version = fields.String(required=True, data_key=f"{CLAIM}version", validate=validate.Equal("1.3.0"))
    deployment_id = Identifier(required=True, data_key=f"{CLAIM}deployment_id")
    target_link_uri = HttpUrl(required=False, load_default=None, data_key=f"{CLAIM}target_link_uri")
    sub = Identifier(required=True)
    roles = fields.List(
        fields.String(validate=validate.Length(max=255)),
        required=True,
        data_key=f"{CLAIM}roles",
        validate=validate.Length(max=100),
    )
    name = Title(load_default="")
    given_name = Title(load_default="")
    family_name = Title(load_default="")
    email = Title(load_default="")
    ext = fields.Nested(_Ext, load_default=None, data_key=f"{CLAIM}ext")
    lis = fields.Nested(_Lis, load_default=None, data_key=f"{CLAIM}lis")
    context = fields.Nested(_Context, load_default=None, data_key=f"{CLAIM}context")
    resource_link = fields.Nested(_ResourceLink, load_default=None, data_key=f"{CLAIM}resource_link")
    presentation = fields.Nested(_Presentation, load_default=None, data_key=f"{CLAIM}launch_presentation")
    platform = fields.Nested(_Platform, load_default=None, data_key=f"{CLAIM}tool_platform")
    custom = fields.Dict(keys=fields.String(), load_default=dict, data_key=f"{CLAIM}custom")
    ags = fields.Nested(_Ags, load_default=None, data_key=AGS_ENDPOINT)
    nrps = fields.Nested(_Nrps, load_default=None, data_key=NRPS_ENDPOINT)
    deep_linking = fields.Nested(_DeepLinking, load_default=None, data_key=DL_SETTINGS)

    @post_load
    def to_message(self, data: dict[str, Any], **kwargs: Any) -> LaunchMessage:
        deep = data["message_type"] == DEEP_LINKING
        if deep and data["deep_linking"] is None:
            raise ValidationError("missing", "deep_linking_settings")
        if not deep and data["resource_link"] is None:
            raise ValidationError("missing", "resource_link")
        if not deep and data["target_link_uri"] is None:
            raise ValidationError("missing", "target_link_uri")
        parts = f"{data['given_name']} {data['family_name']}".strip()
        return LaunchMessage(
            message_type=data["message_type"],
            deployment_id=data["deployment_id"],
            target_link_uri=data["target_link_uri"] or "",
            sub=data["sub"],
            roles=data["roles"],
            name=data["name"] or parts,
            email=data["email"],
            username=(data["ext"] or {}).get("user_username", ""),
            person_sourcedid=(data["lis"] or {}).get("person_sourcedid"),
            context=data["context"],
            resource_link=None if deep else data["resource_link"],
            presentation=data["presentation"] or {"document_target": "window", "locale": None, "return_url": None},
            platform=data["platform"] or {"product_family_code": "", "name": ""},
            custom={
                key: value
                for key, value in data["custom"].items()
                if isinstance(value, str) and not value.startswith("$") and len(value) <= 255 and storable(value)
            },
            ags=data["ags"],
            memberships_url=(data["nrps"] or {}).get("context_memberships_url"),
            deep_linking=data["deep_linking"] if deep else None,
        )
