"""The guarded client against servers that are hostile, slow, large or simply on https."""

from __future__ import annotations

import datetime as dt
import gzip
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from lms_bridge.lti import http
from lms_bridge.lti.http import AddressGuard, AddressRefused, LmsClient, OutboundError

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@contextmanager
def serving(act: Callable[[socket.socket], None], *, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Run a server that does ``act`` with each connection; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def run() -> None:
            while True:
                try:
                    connection, _address = server.accept()
                except OSError:
                    return
                try:
                    with context.wrap_socket(connection, server_side=True) if context else connection as wrapped:
                        act(wrapped)
                except OSError:
                    connection.close()

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
    thread.join(5)


@contextmanager
def resolving(monkeypatch: pytest.MonkeyPatch, **names: str) -> Iterator[None]:
    """Let host names lead to addresses, as a name server would."""
    real = socket.getaddrinfo

    def lookup(host: str, *args: Any, **kwargs: Any) -> Any:
        return real(names.get(str(host).replace(".", "_"), host), *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    yield


def answering(answer: bytes, heard: list[bytes] | None = None, *, keep: int = 1) -> Callable[[socket.socket], None]:
    """Answer ``keep`` requests of a connection with these bytes."""

    def act(connection: socket.socket) -> None:
        for _ in range(keep):
            request = connection.recv(65536)
            if not request:
                return
            if heard is not None:
                heard.append(request)
            connection.sendall(answer)

    return act


def certificate(folder: Path, name: str) -> Path:
    """Make a certificate for a host name, with its key in one file."""
    key = generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    moment = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment - dt.timedelta(days=1))
        .not_valid_after(moment + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{name}.pem"
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(pem + made.public_bytes(serialization.Encoding.PEM))
    return file


def test_https_is_checked_against_the_host_name_and_not_the_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = certificate(tmp_path, "lms.example")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    client = LmsClient(("lms.example",))
    client.session.verify = str(file)
    with resolving(monkeypatch, lms_example="127.0.0.1"), serving(answering(OK), context=context) as port:
        assert client.get(f"https://lms.example:{port}/").status == 200


def test_https_with_the_certificate_of_another_host_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = certificate(tmp_path, "other.example")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    client = LmsClient(("lms.example",))
    client.session.verify = str(file)
    with (
        resolving(monkeypatch, lms_example="127.0.0.1"),
        serving(answering(OK), context=context) as port,
        pytest.raises(OutboundError) as caught,
    ):
        client.get(f"https://lms.example:{port}/")

    assert caught.value.kind == "tls"


def test_every_request_of_a_kept_connection_names_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[bytes] = []
    client = LmsClient(("lms.example",))
    with resolving(monkeypatch, lms_example="127.0.0.1"), serving(answering(OK, heard, keep=2)) as port:
        for _ in range(4):
            assert client.get(f"http://lms.example:{port}/").status == 200

        assert len(heard) == 4
        assert all(f"Host: lms.example:{port}".encode() in request for request in heard)


SLOW = {
    "drips its body": b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n",
    "drips its headers": b"HTTP/1.1 200 OK\r\n",
    "drips its status": b"",
}


@pytest.mark.parametrize("case", SLOW)
def test_server_that_drips_cannot_hold_us(monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    monkeypatch.setattr(http, "TOTAL_SECONDS", 0.4)
    stop = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(SLOW[case])
        while not stop.wait(0.05):
            connection.sendall(b"x")

    with serving(drip) as port, pytest.raises(OutboundError):
        begun = time.monotonic()
        try:
            LmsClient(("127.0.0.1",)).get(f"http://127.0.0.1:{port}/")
        finally:
            stop.set()

    assert time.monotonic() - begun < 5


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1200000\r\n\r\n" + b"x" * 1_200_000, "too-large"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n", "redirect"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\nConnection: close\r\n\r\nhalf", "cut-short"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", "cut-short"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope", "cut-short"),
        (b"garbage\r\n\r\n", "unreachable"),
        (b"", "unreachable"),
    ],
    ids=["too large", "redirect", "half an answer", "half a chunk", "broken gzip", "garbage", "reset"],
)
def test_bad_answer_is_an_error_with_a_kind(answer: bytes, kind: str) -> None:
    def once(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(answer)
        connection.shutdown(socket.SHUT_RDWR)

    with serving(once) as port, pytest.raises(OutboundError) as caught:
        LmsClient(("127.0.0.1",)).get(f"http://127.0.0.1:{port}/")

    assert caught.value.kind == kind


def test_answer_comes_whole_chunked_and_packed() -> None:
    body = gzip.compress(b"[1, 2]")
    packed = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:5], body[5:])) + b"0\r\n\r\n"
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
    with serving(answering(head + packed)) as port:
        assert LmsClient(("127.0.0.1",)).get(f"http://127.0.0.1:{port}/").json() == [1, 2]


@pytest.mark.parametrize(
    "url",
    [
        "ftp://lms.example/",
        "file:///etc/passwd",
        "http://user:word@lms.example/",
        "http://lms.example@127.0.0.1/",
        "http://[::1",
        "http://:80/",
        "http:///x",
        "http://lms.example:99999/",
        "lms.example",
        "",
    ],
)
def test_odd_address_is_not_asked(url: str) -> None:
    with pytest.raises(OutboundError) as caught:
        LmsClient(()).get(url)

    assert caught.value.kind == "bad-url"


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "::ffff:10.0.0.1",
        "::ffff:7f00:1",
        "::127.0.0.1",
        "64:ff9b::10.0.0.1",
        "2002:7f00:1::",
        "2001:0:7f00:1::",
        "fd00::1",
        "fec0::1",
        "64:ff9b:1::10.0.0.1",
        "100.64.0.1",
        "198.18.0.1",
        "192.168.1.1",
        "172.16.0.1",
        "240.0.0.1",
        "255.255.255.255",
    ],
)
def test_private_address_is_refused_however_it_is_written(host: str) -> None:
    with pytest.raises(AddressRefused, match="LMS_BRIDGE_ALLOW_PRIVATE_HOSTS"):
        AddressGuard(()).check(host, 443, secure=True)


@pytest.mark.parametrize(
    "host",
    ["0", "0.0.0.0", "::", "169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "224.0.0.1", "ff02::1"],
)
def test_some_addresses_are_refused_even_when_allowed(host: str) -> None:
    with pytest.raises(AddressRefused):
        AddressGuard((host, "0.0.0.0/0", "::/0")).check(host, 443, secure=True)


def test_name_with_one_private_address_among_public_ones_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in ("93.184.215.14", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: found)

    with pytest.raises(AddressRefused):
        AddressGuard(()).check("lms.example", 443, secure=True)


def test_name_that_changes_its_mind_is_asked_once_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """X-11: the connection goes to the address that was checked, not to what a second question would answer."""
    answers = iter(["127.0.0.1", "127.0.0.2", "127.0.0.3"])
    real = socket.getaddrinfo

    def lookup(host: str, *args: Any, **kwargs: Any) -> Any:
        return real(next(answers) if host == "lms.example" else host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    with serving(answering(OK)) as port:
        assert LmsClient(("lms.example",)).get(f"http://lms.example:{port}/").status == 200

    assert next(answers) == "127.0.0.2"


@pytest.mark.parametrize("entry", ["10.0.0.0/8", "LMS.Example", "10.1.2.3"])
def test_intranet_host_is_allowed_by_network_name_or_address(monkeypatch: pytest.MonkeyPatch, entry: str) -> None:
    with resolving(monkeypatch, lms_example="10.1.2.3"):
        assert AddressGuard((entry,)).check("lms.example", 80, secure=False) == "10.1.2.3"


def test_plain_http_to_a_public_host_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        resolving(monkeypatch, lms_example="93.184.215.14"),
        pytest.raises(AddressRefused, match="https"),
    ):
        AddressGuard(()).check("lms.example", 80, secure=False)


def test_cookies_of_one_lms_never_travel() -> None:
    heard: list[bytes] = []
    answer = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 2\r\n\r\n{}"
    client = LmsClient(("127.0.0.1",))
    with serving(answering(answer, heard, keep=2)) as port:
        for _ in range(2):
            client.get(f"http://127.0.0.1:{port}/")

    assert len(heard) == 2
    assert not any(b"Cookie:" in request for request in heard)
