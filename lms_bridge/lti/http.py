"""The one client through which the server reaches out: checked addresses, time limits, size limits, no redirects."""

from __future__ import annotations

import contextlib
import ipaddress
import json
import math
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, NewConnectionError, ReadTimeoutError

CONNECT_SECONDS, READ_SECONDS, TOTAL_SECONDS = 3.0, 8.0, 20.0
MAX_BYTES = 1_000_000
_NEVER = [ipaddress.ip_network(net) for net in ("0.0.0.0/8", "169.254.0.0/16", "fe80::/10", "::/128")]
_PRIVATE_TOO = [ipaddress.ip_network(net) for net in ("fec0::/10", "64:ff9b:1::/48")]
"""Private by their standards (site-local, local NAT64), though Python calls them global."""
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_COMPATIBLE = ipaddress.ip_network("::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_deadline: ContextVar[float] = ContextVar("lms_bridge_outbound_deadline", default=math.inf)


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Let all requests inside share this many seconds, or fewer where a limit around it says so.

    What has not ended then is broken off, except that a body may lag behind by one ``READ_SECONDS``.
    """
    token = _deadline.set(min(_deadline.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _deadline.reset(token)


def _seconds_left(at_most: float = math.inf) -> float:
    left = _deadline.get() - time.monotonic()
    if left <= 0:
        raise TimeoutError("the time for this request is over")
    return min(left, at_most)


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
        addresses = [_plain(ipaddress.ip_address(str(address).partition("%")[0])) for address in found]
        for address in (inner for outer in addresses for inner in _with_embedded(outer)):
            if address.is_multicast or _within(address, _NEVER):
                raise AddressRefused(host, "leads to an address that is never allowed")
            allowed = host.lower() in self.hosts or str(address) in self.hosts or _within(address, self.networks)
            if not allowed and (not address.is_global or _within(address, _PRIVATE_TOO)):
                raise AddressRefused(host, "is a private address")
            if not allowed and not secure:
                raise AddressRefused(host, "is not reached by https")
        # Servers on this machine mostly listen on IPv4 only.
        return str(min(addresses, key=lambda address: (address.version, str(address))))


def _within(address: Address, networks: Iterable[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    return any(address in network for network in networks if network.version == address.version)


def _plain(address: Address) -> Address:
    return getattr(address, "ipv4_mapped", None) or address


def _with_embedded(address: Address) -> Iterator[Address]:
    """Yield an address and the IPv4 one to which a tunnel or translator would carry it (6to4, Teredo, NAT64)."""
    yield address
    if isinstance(address, ipaddress.IPv6Address):
        if address.sixtofour:
            yield address.sixtofour
        if address.teredo:
            yield from address.teredo
        if address in _NAT64 or (address in _COMPATIBLE and int(address) > 1):
            yield ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)


class _Guarded:
    """A connection to the very address that was checked, so that a name cannot change its mind in between.

    An LMS may close a kept connection just as we use it again. A GET that met that is sent once more, on a new one.
    """

    guard: AddressGuard
    secure: bool
    timeout: float
    _dns_host: str
    sock: socket.socket | None
    _kept = False
    _send_again: Callable[[], None] | None = None

    def _new_conn(self) -> socket.socket:
        self._kept = False
        name = self._dns_host
        self._dns_host = _checked(self, self.guard, secure=self.secure)
        try:
            return super()._new_conn()  # type: ignore[misc]
        finally:
            # The name stays what the certificate is checked against and what the Host header says.
            self._dns_host = name

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]
        _seconds_left()  # looking up a name or greeting may have taken all of it: then nothing is sent any more

    def request(self, method: str, url: str, **options: Any) -> None:
        send = partial(super().request, method, url, **options)  # type: ignore[misc]
        self._send_again = send if method == "GET" and self._kept and self.sock is not None else None
        try:
            send()
        except ConnectionError as error:
            self._repeat(error)

    def getresponse(self) -> Any:
        try:
            response = self._answer()
        except ConnectionError as error:
            self._repeat(error)
            response = self._answer()
        self._kept = True
        return response

    def _repeat(self, error: ConnectionError) -> None:
        """Send the request again on a new connection, if it may be; else let the error stand."""
        send, self._send_again = self._send_again, None
        if send is None:
            raise error
        self.close()  # type: ignore[attr-defined]
        reading, self.timeout = self.timeout, _seconds_left(CONNECT_SECONDS)
        send()
        self.timeout = min(reading, _seconds_left())

    def _answer(self) -> Any:
        # The time limit of the socket starts anew with every byte, so a server could drip its headers for hours.
        late = threading.Event()
        watchdog = threading.Timer(_seconds_left(), self._hang_up, [late])
        watchdog.daemon = True
        watchdog.start()
        try:
            response = super().getresponse()  # type: ignore[misc]
        except OSError as error:
            if late.is_set():
                raise TimeoutError("the headers took too long") from error
            raise
        finally:
            watchdog.cancel()
        if late.is_set():
            response.close()
            raise TimeoutError("the headers took too long")
        return response

    def _hang_up(self, late: threading.Event) -> None:
        late.set()
        if self.sock is not None:
            with contextlib.suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)


class _GuardedAdapter(HTTPAdapter):
    """Makes only guarded connections."""

    def __init__(self, guard: AddressGuard) -> None:
        self._guard = guard
        super().__init__(pool_connections=32, pool_maxsize=16)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        plain = type("Plain", (_Guarded, HTTPConnection), {"guard": self._guard, "secure": False})
        secure = type("Secure", (_Guarded, HTTPSConnection), {"guard": self._guard, "secure": True})
        self.poolmanager.pool_classes_by_scheme = {
            "http": type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
        }


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
        host = _host(url)
        try:
            self.session.cookies.clear()
            with (
                time_limit(TOTAL_SECONDS),
                self.session.request(
                    method,
                    url,
                    timeout=(_seconds_left(CONNECT_SECONDS), _seconds_left(READ_SECONDS)),
                    allow_redirects=False,
                    stream=True,
                    **options,
                ) as response,
            ):
                body = _read(response)
        except (TimeoutError, requests.exceptions.Timeout) as error:
            raise OutboundError("timeout", f"{host} did not answer in time") from error
        except requests.exceptions.SSLError as error:
            raise OutboundError("tls", f"the certificate of {host} is not accepted") from error
        except (requests.exceptions.RequestException, ValueError) as error:
            raise _unwrap(error, host) from error
        if 300 <= response.status_code < 400:
            raise OutboundError("redirect", f"{host} redirects elsewhere, which is not followed")
        return Answer(response.status_code, {name.lower(): value for name, value in response.headers.items()}, body)

    def get(self, url: str, **options: Any) -> Answer:
        """Send a GET."""
        return self.request("GET", url, **options)

    def post(self, url: str, **options: Any) -> Answer:
        """Send a POST."""
        return self.request("POST", url, **options)


def _host(url: str) -> str:
    """Return the host of an address that can be asked at all; a password in it would replace our own token."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and parts.hostname and "@" not in parts.netloc and parts.port != 0
    except ValueError:
        usable = None
    if not usable:
        raise OutboundError("bad-url", "only plain http and https addresses can be reached")
    return str(parts.hostname)


def _read(response: requests.Response) -> bytes:
    parts, size = [], 0
    try:
        # Whatever has arrived is taken at once, so that a server that drips bytes is noticed.
        while part := response.raw.read1(16384, decode_content=True):
            size += len(part)
            if size > MAX_BYTES:
                raise OutboundError("too-large", "the answer is larger than 1 MB")
            _seconds_left()
            parts.append(part)
    except TimeoutError as error:
        raise OutboundError("timeout", "the answer took too long") from error
    except ReadTimeoutError as error:
        raise OutboundError("timeout", "the answer did not come whole in time") from error
    except (HTTPError, OSError) as error:
        raise OutboundError("cut-short", "the answer did not come whole") from error
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
