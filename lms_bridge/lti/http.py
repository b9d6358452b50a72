"""The one client through which the server reaches out: checked addresses, time limits, size limits, no redirects."""

from __future__ import annotations

import ipaddress
import json
import socket
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NewConnectionError

CONNECT_SECONDS, READ_SECONDS, TOTAL_SECONDS = 3.0, 8.0, 20.0
MAX_BYTES = 1_000_000
_NEVER = [ipaddress.ip_network(net) for net in ("0.0.0.0/8", "169.254.0.0/16", "fe80::/10", "::/128")]


class OutboundError(Exception):
    """An outgoing request failed. ``kind`` is a stable word; the text is for the log and the operator."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


class AddressRefused(OutboundError):
    """The address may not be reached from here; says which setting would allow it."""

    def __init__(self, host: str, why: str) -> None:
        super().__init__(
            "address-refused", f"{host} {why}. If it is your own LMS, add it to LMS_BRIDGE_ALLOW_PRIVATE_HOSTS."
        )
        self.host = host


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status, headers with lower-case names, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the document.

        :raises OutboundError: the body is no JSON.
        """
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise OutboundError("not-json", "the answer is not JSON") from error


class AddressGuard:
    """Decides which hosts may be reached. Private addresses only where the operator allows them by name or network."""

    def __init__(self, allowed: Iterable[str]) -> None:
        self.hosts = {entry.lower() for entry in allowed if "/" not in entry}
        self.networks = [ipaddress.ip_network(entry, strict=False) for entry in allowed if "/" in entry]

    def check(self, host: str, port: int, *, secure: bool) -> str:
        """Return the address to connect to.

        :raises AddressRefused: the host is private, or asks for plain http, without being allowed.
        :raises OutboundError: the host has no address.
        """
        try:
            found = {info[4][0] for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
        except (OSError, UnicodeError) as error:
            raise OutboundError("unknown-host", f"{host} has no address") from error
        addresses = sorted((ipaddress.ip_address(str(address).partition("%")[0]) for address in found), key=str)
        addresses = [getattr(address, "ipv4_mapped", None) or address for address in addresses]
        for address in addresses:
            if any(address in network for network in _NEVER if network.version == address.version):
                raise AddressRefused(host, "leads to an address that is never allowed")
            named = host.lower() in self.hosts or str(address) in self.hosts
            allowed = named or any(
                address in network for network in self.networks if network.version == address.version
            )
            if not allowed and not address.is_global:
                raise AddressRefused(host, "is a private address")
            if not allowed and not secure:
                raise AddressRefused(host, "is not reached by https")
        # Servers on this machine mostly listen on IPv4 only.
        return str(min(addresses, key=lambda address: address.version))


class _GuardedAdapter(HTTPAdapter):
    """Connects to the very address that was checked, so that a name cannot change its mind in between."""

    def __init__(self, guard: AddressGuard) -> None:
        self._guard = guard
        super().__init__(pool_connections=32, pool_maxsize=16)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        guard = self._guard

        class Plain(HTTPConnection):
            def _new_conn(self) -> socket.socket:
                name, self._dns_host = self._dns_host, _checked(self, guard, secure=False)
                try:
                    return super()._new_conn()
                finally:
                    # The certificate, and the next connection, are checked for the name and not for the address.
                    self._dns_host = name

        class Secure(HTTPSConnection):
            def _new_conn(self) -> socket.socket:
                name, self._dns_host = self._dns_host, _checked(self, guard, secure=True)
                try:
                    return super()._new_conn()
                finally:
                    # The certificate, and the next connection, are checked for the name and not for the address.
                    self._dns_host = name

        plain = type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": Plain})
        secure = type("SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": Secure})
        self.poolmanager.pool_classes_by_scheme = {"http": plain, "https": secure}


class _Refusal(NewConnectionError):
    """Carries our refusal through urllib3, which turns other exceptions into its own."""


def _checked(connection: Any, guard: AddressGuard, *, secure: bool) -> str:
    try:
        return guard.check(connection.host, connection.port, secure=secure)
    except OutboundError as error:
        raise _Refusal(connection, str(error)) from error


class LmsClient:
    """Sends requests to LMSs: no cookies, no redirects, no proxies of the environment."""

    def __init__(self, allowed: Iterable[str], *, session: requests.Session | None = None) -> None:
        self.session = session or requests.Session()
        self.session.trust_env = False
        if session is None:
            self.session.mount("http://", _GuardedAdapter(AddressGuard(tuple(allowed))))
            self.session.mount("https://", _GuardedAdapter(AddressGuard(tuple(allowed))))

    def request(self, method: str, url: str, **options: Any) -> Answer:
        """Send one request and read the whole answer.

        :raises OutboundError: refused, unreachable, too slow, too large or redirected.
        """
        if urlsplit(url).scheme not in {"http", "https"}:
            raise OutboundError("bad-url", "only http and https addresses can be reached")
        try:
            self.session.cookies.clear()
            with self.session.request(
                method, url, timeout=(CONNECT_SECONDS, READ_SECONDS), allow_redirects=False, stream=True, **options
            ) as response:
                body = _read(response)
        except requests.exceptions.Timeout as error:
            raise OutboundError("timeout", f"{urlsplit(url).hostname} did not answer in time") from error
        except requests.exceptions.SSLError as error:
            raise OutboundError("tls", f"the certificate of {urlsplit(url).hostname} is not accepted") from error
        except (requests.exceptions.RequestException, ValueError) as error:
            raise _unwrap(error, urlsplit(url).hostname or "the host") from error
        if 300 <= response.status_code < 400:
            raise OutboundError("redirect", f"{urlsplit(url).hostname} redirects elsewhere, which is not followed")
        return Answer(response.status_code, {name.lower(): value for name, value in response.headers.items()}, body)

    def get(self, url: str, **options: Any) -> Answer:
        """Send a GET."""
        return self.request("GET", url, **options)

    def post(self, url: str, **options: Any) -> Answer:
        """Send a POST."""
        return self.request("POST", url, **options)


def _read(response: requests.Response) -> bytes:
    deadline = time.monotonic() + TOTAL_SECONDS
    parts, size = [], 0
    for part in response.iter_content(65536):
        size += len(part)
        if size > MAX_BYTES:
            raise OutboundError("too-large", "the answer is larger than 1 MB")
        if time.monotonic() > deadline:
            raise OutboundError("timeout", "the answer took too long")
        parts.append(part)
    return b"".join(parts)


def _unwrap(error: Exception, host: str) -> OutboundError:
    seen: BaseException | None = error
    for _ in range(8):
        if isinstance(seen, OutboundError):
            return seen
        reason = getattr(seen, "reason", None) or (seen.args[0] if seen and seen.args else None)
        seen = (seen.__cause__ if seen and seen.__cause__ else None) or (
            reason if isinstance(reason, BaseException) else None
        )
        if seen is None:
            break
    return OutboundError("unreachable", f"{host} cannot be reached")
