"""The site: what every part of one practice LMS shares, its address, profile, keys and way out to tools."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from flask import current_app
from itsdangerous import BadSignature, Signer
from lti1p3platform.registration import Registration

from lms_bridge.practice.faults import Faults
from lms_bridge.practice.profiles import Profile

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
TIMEOUT = (3.0, 8.0)
MAX_BYTES = 1_000_000


class ToolUnreachable(Exception):
    """A tool could not be asked; the text says why."""


class SiteKeys(Registration):
    """The site's keys as lti1p3platform understands them, ready to sign: it would read the PEM text each time."""

    def get_kid(self) -> str:
        return _read_key(str(self.get_platform_private_key()))[1]

    def platform_encode_and_sign(self, payload: dict[str, Any], expiration: int | None = None) -> str:
        return signed(payload, str(self.get_platform_private_key()), seconds=expiration)


@dataclass
class Site:
    """One practice LMS."""

    base_url: str
    profile: Profile
    http: requests.Session
    hosts: frozenset[str]
    private_key: str
    public_key: str
    guid: str
    secret_key: str
    faults: Faults = field(default_factory=Faults)
    key_sets: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def url(self, endpoint: str, **values: Any) -> str:
        """Return the absolute address of a page, also outside a request."""
        return self.base_url + current_app.url_map.bind("localhost").build(endpoint, values)

    def registration(self) -> Registration:
        """Return the site's keys as lti1p3platform understands them, without any tool."""
        registration = SiteKeys().set_iss(self.base_url)
        return registration.set_platform_private_key(self.private_key).set_platform_public_key(self.public_key)

    def sign(self, claims: dict[str, Any], *, seconds: int | None = None) -> str:
        """Sign claims with the site's key; ``seconds`` sets their time of issue and end."""
        return str(self.registration().platform_encode_and_sign(claims, expiration=seconds))

    def seal(self, value: str) -> str:
        """Return a value with a signature, so that nobody else can make one."""
        return Signer(self.secret_key, salt="practice launch").sign(value).decode()

    def unseal(self, sealed: str) -> str | None:
        """Return the sealed value, or nothing when it is not ours."""
        try:
            return Signer(self.secret_key, salt="practice launch").unsign(sealed).decode()
        except BadSignature:
            return None

    def may_reach(self, url: str) -> bool:
        """Whether a tool's address lies on this machine or on a host that was allowed by name."""
        try:
            parts = urlsplit(url)
            host = (parts.hostname or "").lower()
        except ValueError:
            return False
        return parts.scheme in {"http", "https"} and (host in LOOPBACK or host in self.hosts)

    def fetch(self, url: str) -> requests.Response:
        """Get a document from a tool, without following it elsewhere.

        :raises ToolUnreachable: the address is not allowed, does not answer, or answers too much.
        """
        if not self.may_reach(url):
            raise ToolUnreachable(f"{urlsplit(url).hostname} is not on this machine; allow it with --tool-host")
        try:
            response = self.http.get(url, timeout=TIMEOUT, allow_redirects=False)
        except requests.exceptions.RequestException as error:
            raise ToolUnreachable(f"{urlsplit(url).netloc} does not answer") from error
        if len(response.content) > MAX_BYTES:
            raise ToolUnreachable(f"{urlsplit(url).netloc} answers more than 1 MB")
        return response


def site() -> Site:
    """Return the site of the current application."""
    found: Site = current_app.extensions["practice"]
    return found


@cache
def _read_key(private_key: str) -> tuple[Any, str]:
    """Return a private key ready to sign, and its id. Reading one costs more than twenty signatures."""
    return load_pem_private_key(private_key.encode(), None), str(Registration.get_jwk(private_key)["kid"])


def signed(
    claims: dict[str, Any], private_key: str, *, headers: dict[str, Any] | None = None, seconds: int | None = None
) -> str:
    """Sign claims with a key.

    :param headers: laid over the usual ones; None takes one out.
    :param seconds: sets time of issue and end.
    """
    key, kid = _read_key(private_key)
    given = {name: value for name, value in {"kid": kid, **(headers or {})}.items() if value is not None}
    return str(Registration.encode_and_sign(claims, key, given, expiration=seconds))


def make_key_pair() -> tuple[str, str]:
    """Return a new RSA key pair (private, public) as PEM text."""
    private = generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return pem.decode(), public.decode()


def check_base_url(base_url: str, tool_hosts: Iterable[str]) -> tuple[str, frozenset[str]]:
    """Return the address without a trailing slash, and the hosts in lower case.

    :raises ValueError: the address has no host, or a path.
    """
    parts = urlsplit(base_url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError(f"{base_url!r} cannot be the address of the practice LMS; write http://localhost:8001")
    return f"{parts.scheme}://{parts.netloc}", frozenset(host.lower() for host in tool_hosts)
