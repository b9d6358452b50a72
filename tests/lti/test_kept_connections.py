"""LMSs close kept connections all the time: a GET that met a closed one is sent once more, a POST never."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from lms_bridge.lti import http
from lms_bridge.lti.http import LmsClient, OutboundError, time_limit

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
CLOSE, HANG, HALF = b"", b"hang", b"HTTP/1.1 20"


class Lms:
    """A server whose connections answer by a script: bytes, ``CLOSE`` after having read, or ``HANG``."""

    def __init__(self, *connections: list[bytes]) -> None:
        self.scripts = list(connections)
        self.heard: list[bytes] = []
        self.over = threading.Event()
        self.server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.server.getsockname()[1]}/"

    def serve(self) -> None:
        for script in self.scripts:
            try:
                connection, _address = self.server.accept()
            except OSError:
                return  # the test is over
            with connection:
                for answer in script:
                    self.heard.append(connection.recv(65536).split(b" ")[0])
                    if answer == HANG:
                        self.over.wait(10)
                    else:
                        connection.sendall(answer)


@contextmanager
def serving(*connections: list[bytes]) -> Iterator[Lms]:
    lms = Lms(*connections)
    with lms.server:
        thread = threading.Thread(target=lms.serve, daemon=True)
        thread.start()
        yield lms
        lms.over.set()
        lms.server.shutdown(socket.SHUT_RDWR)
    thread.join(5)


@pytest.fixture
def client() -> LmsClient:
    return LmsClient(("127.0.0.1",))


def kind_of(act: Callable[[str], object], url: str) -> str:
    with pytest.raises(OutboundError) as caught:
        act(url)
    return caught.value.kind


def test_get_that_met_a_closed_connection_is_sent_once_more(client: LmsClient) -> None:
    with serving([OK, CLOSE], [OK]) as lms:
        client.get(lms.url)

        assert client.get(lms.url).status == 200
        assert lms.heard == [b"GET"] * 3


def test_connection_closed_again_is_given_up(client: LmsClient) -> None:
    with serving([OK, CLOSE], [CLOSE], [OK]) as lms:
        client.get(lms.url)

        assert kind_of(client.get, lms.url) == "unreachable"
        assert lms.heard == [b"GET"] * 3


def test_post_is_never_sent_again(client: LmsClient) -> None:
    with serving([OK, CLOSE], [OK]) as lms:
        client.get(lms.url)

        assert kind_of(client.post, lms.url) == "unreachable"
        assert lms.heard == [b"GET", b"POST"]


def test_get_over_a_new_connection_is_not_sent_again(client: LmsClient) -> None:
    with serving([CLOSE], [OK]) as lms:
        assert kind_of(client.get, lms.url) == "unreachable"
        assert lms.heard == [b"GET"]


def test_answer_that_had_begun_is_not_asked_for_again(client: LmsClient) -> None:
    with serving([OK, HALF], [OK]) as lms:
        client.get(lms.url)

        assert kind_of(client.get, lms.url) == "unreachable"
        assert lms.heard == [b"GET"] * 2


@pytest.mark.parametrize("limit", ["READ_SECONDS", "TOTAL_SECONDS"])
def test_get_that_timed_out_is_not_sent_again(client: LmsClient, monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    with serving([OK, HANG], [OK]) as lms:
        client.get(lms.url)
        monkeypatch.setattr(http, limit, 0.3)

        assert kind_of(client.get, lms.url) == "timeout"
        assert lms.heard == [b"GET"] * 2


def test_second_sending_has_no_more_time_than_was_left(client: LmsClient, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving([OK, CLOSE], [HANG]) as lms:
        client.get(lms.url)
        monkeypatch.setattr(http, "TOTAL_SECONDS", 0.5)
        begun = time.monotonic()

        assert kind_of(client.get, lms.url) == "timeout"
        assert time.monotonic() - begun < 3


def test_requests_within_a_time_limit_share_it(client: LmsClient) -> None:
    with serving([OK, HANG]) as lms, time_limit(0.3):
        client.get(lms.url)

        assert kind_of(client.post, lms.url) == "timeout"
        assert kind_of(client.post, lms.url) == "timeout"
        assert lms.heard == [b"GET", b"POST"]
