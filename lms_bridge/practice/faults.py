"""Faults on purpose: the score service fails the next times as told, or the whole LMS is down for tools.

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

Break = Literal["hang", "reset"]
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
    queue: deque[Fault] = field(default_factory=deque)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def next_scores(self, faults: Iterable[int | str | Fault | tuple[int, int]]) -> None:
        """Let the next calls of the score service meet these faults, one each, in this order."""
        ready = [fault(one) for one in faults]
        with self._lock:
            self.queue.extend(ready)

    def take(self) -> Fault | None:
        """Return the fault that this call meets, if any."""
        with self._lock:
            return self.queue.popleft() if self.queue else None

    def clear(self) -> None:
        """Behave again."""
        with self._lock:
            self.queue.clear()
            self.down = False


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
