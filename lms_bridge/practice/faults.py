"""Faults on purpose: a service fails the next times as told, or the whole LMS is down for tools.

They are switched on from tests or by the administrator's page, never by a request of a tool.
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

import requests
from flask import Response, request

from lms_bridge.practice.trace import note

Break = Literal["hang", "reset"]
Service = Literal["score", "roster"]
FLAG = "practice.break"


@dataclass(frozen=True, slots=True)
class Fault:
    """What one call meets: an answer with a status, or a connection that hangs or breaks off.

    ``accepted`` says that the score is stored before.
    """

    status: int = 0
    retry_after: int | None = None
    breaks: Break | None = None
    accepted: bool = False

    @property
    def word(self) -> str:
        """The fault in a word, as it is given and shown."""
        if self.breaks:
            return f"accept-then-{self.breaks}" if self.accepted else self.breaks
        return f"{self.status}" if self.retry_after is None else f"{self.status} Retry-After {self.retry_after}"


def fault(given: int | str | Fault | tuple[int, int]) -> Fault:
    """Return a fault from its short form.

    A status, ``(429, seconds)``, ``"hang"``, ``"reset"``, ``"accept-then-reset"`` or ``"accept-then-hang"``.

    :raises ValueError: there is no such fault.
    """
    match given:
        case Fault():
            return given
        case bool():
            raise ValueError(f"{given!r} is no fault")
        case int() if 400 <= given <= 599:
            return Fault(status=given)
        case (int(status), int(seconds)):
            return Fault(status=status, retry_after=seconds)
        case "hang" | "reset":
            return Fault(breaks=given)
        case "accept-then-reset":
            return Fault(breaks="reset", accepted=True)
        case "accept-then-hang":
            return Fault(breaks="hang", accepted=True)
    raise ValueError(f"{given!r} is no fault")


@dataclass
class Faults:
    """The switch. ``down`` breaks off every call of a tool; ``hang_seconds`` is how long a hanging one hangs."""

    down: bool = False
    hang_seconds: float = 30.0
    queues: dict[Service, deque[Fault | None]] = field(default_factory=lambda: {"score": deque(), "roster": deque()})
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def next_calls(self, service: Service, faults: Iterable[int | str | Fault | tuple[int, int] | None]) -> None:
        """Let the next calls of a service meet these faults, one each, in this order; None lets one pass."""
        ready = [None if one is None else fault(one) for one in faults]
        with self._lock:
            self.queues[service].extend(ready)

    def take(self, service: Service) -> Fault | None:
        """Return the fault that this call meets, if any."""
        with self._lock:
            return self.queues[service].popleft() if self.queues[service] else None

    def clear(self) -> None:
        """Behave again."""
        with self._lock:
            for queue in self.queues.values():
                queue.clear()
            self.down = False


def broken_answer(ordered: Fault) -> Response:
    """Return the answer that a fault orders, or break the connection of the present request off."""
    note(summary=f"fault: {ordered.word}")
    if ordered.breaks is not None:
        request.environ[FLAG] = ordered.breaks
        return Response(status=500)
    headers = {} if ordered.retry_after is None else {"Retry-After": str(ordered.retry_after)}
    return Response("a fault on purpose", status=ordered.status, mimetype="text/plain", headers=headers)


class BreakableConnections:
    """WSGI middleware that breaks a connection off where a view asked for it.

    On a real server the socket is reset. In a process without sockets the caller meets the error that ``requests``
    would have raised.
    """

    def __init__(self, app: Any, faults: Faults) -> None:
        self.app = app
        self.faults = faults

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        body: Iterable[bytes] = self.app(environ, _Held(environ, start_response))
        if FLAG not in environ:
            return body
        getattr(body, "close", lambda: None)()
        self._break_off(environ)
        return []

    def _break_off(self, environ: dict[str, Any]) -> None:
        connection: socket.socket | None = environ.get("werkzeug.socket")
        hangs = environ[FLAG] == "hang"
        if connection is None:
            if hangs:
                raise requests.exceptions.ReadTimeout("the practice LMS hangs")
            raise requests.exceptions.ConnectionError("the practice LMS broke the connection off")
        if hangs:
            time.sleep(self.faults.hang_seconds)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
        raise ConnectionResetError("broken off on purpose")


class _Held:
    """Hands the start of the answer on, unless the connection is to break."""

    def __init__(self, environ: dict[str, Any], start_response: Any) -> None:
        self.environ = environ
        self.start_response = start_response

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return (lambda data: None) if FLAG in self.environ else self.start_response(*args, **kwargs)
