"""The client towards LMSs, over real sockets: it connects to the address it checked, under the name it was given."""

from __future__ import annotations

import datetime as dt
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from lms_bridge.lti.http import AddressRefused, LmsClient


class Lms(BaseHTTPRequestHandler):
    """Answers, and drops the connection without saying so, as an LMS does whose keep-alive time is over."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def serving(certificate: Path | None = None) -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Lms)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for the name localhost, and for no address."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    moment = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment - dt.timedelta(days=1))
        .not_valid_after(moment + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    file = tmp_path / "certificate.pem"
    file.write_bytes(pem + made.public_bytes(serialization.Encoding.PEM))
    return file


def test_an_https_lms_is_reached_under_its_name(certificate: Path) -> None:
    client = LmsClient(["localhost"])
    client.session.verify = str(certificate)

    with serving(certificate) as port:
        answer = client.get(f"https://localhost:{port}/jwks")

    assert answer.status == 200


def test_an_lms_allowed_by_name_stays_allowed_when_its_connection_is_made_anew() -> None:
    client = LmsClient(["localhost"])

    with serving() as port:
        statuses = [client.get(f"http://localhost:{port}/jwks").status for _turn in range(3)]

    assert statuses == [200, 200, 200]


def test_a_private_address_that_is_not_allowed_is_refused() -> None:
    with serving() as port, pytest.raises(AddressRefused, match="LMS_BRIDGE_ALLOW_PRIVATE_HOSTS"):
        LmsClient([]).get(f"http://localhost:{port}/jwks")
