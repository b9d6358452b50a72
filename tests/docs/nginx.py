"""A real nginx with the sample of the documentation, before a real gunicorn, with a certificate made here."""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.docs.pages import ROOT, read

PATIENCE = 30.0
MAIN = """
{user}
pid {folder}/nginx.pid;
error_log {folder}/main.log crit;
events {{ worker_connections 64; }}
http {{
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    include {folder}/sample.conf;
}}
"""


def nginx_program() -> str:
    """Return nginx, or say that what needs it was left out; with CI=true that is a failure."""
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        missing = "nginx is not installed (Debian: apt-get install nginx-light); its sample is not tested"
        pytest.fail(missing) if os.environ.get("CI") == "true" else pytest.skip(missing)
    return program


def free_port() -> int:
    """Return a port on which nobody listens now."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def make_certificate(folder: Path) -> Path:
    """Make a certificate for localhost that signs itself, with its key beside it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    moment = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment - dt.timedelta(days=1))
        .not_valid_after(moment + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    file = folder / "fullchain.pem"
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return file


@dataclass(frozen=True)
class Proxy:
    """A running nginx."""

    folder: Path
    port: int
    plain_port: int

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    def browser(self) -> requests.Session:
        """Return a browser that accepts our certificate."""
        session = requests.Session()
        session.trust_env = False
        session.verify = str(self.folder / "fullchain.pem")
        return session

    def log(self, name: str) -> str:
        """Return what it logged so far."""
        return (self.folder / f"lms_bridge.{name}.log").read_text("utf-8")


@contextmanager
def running_nginx(folder: Path, *, port: int, upstream: int) -> Iterator[Proxy]:
    """Run nginx with the sample, changed only in the places that its first lines tell an operator to change."""
    program, plain_port = nginx_program(), free_port()
    make_certificate(folder)
    sample = read("samples/nginx.conf")
    for there, here in {
        "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
        "listen 80;": f"listen 127.0.0.1:{plain_port};",
        "server 127.0.0.1:8000;": f"server 127.0.0.1:{upstream};",
        "kompetensi.example.go.id": "localhost",
        "/etc/ssl/lms_bridge/": f"{folder}/",
        "/var/log/nginx/": f"{folder}/",
        "/var/cache/nginx/lms_bridge": f"{folder}/cache",
    }.items():
        assert there in sample
        sample = sample.replace(there, here)
    (folder / "sample.conf").write_text(sample, "utf-8")
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder, user=user), "utf-8")
    command = [program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "start.log")]
    with _running([*command, "-g", "daemon off;"], port=port, log=folder / "nginx.log"):
        yield Proxy(folder, port, plain_port)


@dataclass(frozen=True)
class Bridge:
    """An instance with its environment, served by gunicorn."""

    port: int
    environment: dict[str, str]

    def run(self, *arguments: str) -> str:
        """Run a command of ``lms-bridge`` and return what it printed."""
        command = [sys.executable, "-m", "lms_bridge", *arguments]
        done = subprocess.run(command, env=self.environment, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout


@contextmanager
def running_bridge(folder: Path, *, base_url: str) -> Iterator[Bridge]:
    """Start as the documentation says: init, then gunicorn, believing the proxy on 127.0.0.1."""
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LMS_BRIDGE_")}
    settings = {
        "BASE_URL": base_url,
        "INSTANCE_PATH": str(folder),
        "TRUSTED_PROXIES": "127.0.0.1",
        "ALLOW_PRIVATE_HOSTS": "localhost",
    }
    bridge = Bridge(port, kept | {f"LMS_BRIDGE_{name}": value for name, value in settings.items()})
    bridge.run("init", "--yes")
    bridge.run("demo", "seed")
    command = [sys.executable, "-m", "gunicorn", "-w", "2", "-k", "gthread", "--threads", "4", "-b"]
    log = folder / "gunicorn.log"
    with _running([*command, f"127.0.0.1:{port}", "wsgi:app"], port=port, log=log, environment=bridge.environment):
        yield bridge


@contextmanager
def _running(command: list[str], *, port: int, log: Path, environment: dict[str, str] | None = None) -> Iterator[None]:
    with (
        log.open("wb") as stream,
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=stream, stderr=stream) as server,
    ):
        try:
            ends = time.monotonic() + PATIENCE
            while not _listens(port):
                assert server.poll() is None and time.monotonic() < ends, log.read_text("utf-8")
                time.sleep(0.05)
            yield
        finally:
            server.terminate()


def _listens(port: int) -> bool:
    with socket.socket() as trial:
        return trial.connect_ex(("127.0.0.1", port)) == 0
