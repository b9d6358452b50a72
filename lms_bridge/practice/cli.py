"""The command ``practice-lms``: serve a practice LMS on this machine."""

from __future__ import annotations

import errno
import signal
import socket
import threading
import time
from pathlib import Path
from types import FrameType

import click
from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from lms_bridge.practice.app import DataUnusable, create_practice_app
from lms_bridge.practice.profiles import PROFILES
from lms_bridge.practice.register_tool import RegistrationFailed, register_tool, registered_at

PATIENCE = 30.0
"""Seconds to wait for a tool that is only starting."""


class _QuietHandler(WSGIRequestHandler):
    """Writes no line for each request; the trace page shows what passed."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


@click.command("practice-lms")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8001, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--base-url", help="Address as browsers and tools see it; by default http://localhost:PORT.")
@click.option(
    "--data",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("instance/practice.sqlite"),
    show_default=True,
    help="SQLite file; made if it is not there.",
)
@click.option(
    "--profile", type=click.Choice(sorted(PROFILES)), default="plain", show_default=True, help="How the LMS behaves."
)
@click.option("--register", "invitation", metavar="URL", help="Register the tool of this invitation, unless it is.")
@click.option("--tool-host", "tool_hosts", multiple=True, metavar="HOST", help="Host besides this machine for tools.")
def practice_lms(
    host: str,
    port: int,
    base_url: str | None,
    data: Path,
    profile: str,
    invitation: str | None,
    tool_hosts: tuple[str, ...],
) -> None:
    """Serve a small LMS for practice, with invented people, until Ctrl-C.

    It has a gradebook, a roster, a readable trace of every LTI message, and faults on purpose. Not for real people:
    whoever can reach it can be anybody in it.

    Example: lms-bridge practice-lms --profile moodle
    """
    address = base_url or f"http://localhost:{port}"
    try:
        app = create_practice_app(data=data, base_url=address, profile=profile, tool_hosts=tool_hosts)
        server = _listen(app, host, port)
    except (DataUnusable, ValueError, OSError) as error:
        raise click.ClickException(_explained(error, port, data)) from error
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    signal.signal(signal.SIGTERM, _stop)
    try:
        click.echo(f"Practice LMS ({profile}): {address}/")
        if invitation:
            _register(app, invitation)
        while serving.is_alive():
            serving.join(0.5)
    except KeyboardInterrupt:
        click.echo("Practice LMS stopped.")
    finally:
        server.shutdown()
        server.server_close()


def _listen(app: Flask, host: str, port: int) -> BaseWSGIServer:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Bound here, because the server itself would end the program where the port is taken.
    with socket.create_server((host, port), family=family) as bound:
        return make_server(host, port, app, threaded=True, request_handler=_QuietHandler, fd=bound.fileno())


def _explained(error: Exception, port: int, data: Path) -> str:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return f"Port {port} is in use. Stop what listens there, or choose another with --port."
    if isinstance(error, OSError):
        return f"{data} or port {port} cannot be used: {error.strerror or error}."
    return str(error)


def _stop(number: int, frame: FrameType | None) -> None:
    """End as with Ctrl-C."""
    raise KeyboardInterrupt


def _register(app: Flask, invitation: str) -> None:
    """Register the tool, waiting a while for one that is only starting."""
    if known := registered_at(app, invitation):
        click.echo(f"Registered already: {known.name}")
        return
    ends = time.monotonic() + PATIENCE
    while True:
        try:
            tool = register_tool(app, invitation)
            break
        except RegistrationFailed as error:
            if not error.unreachable or time.monotonic() > ends:
                raise click.ClickException(f"The tool could not be registered: {error}.") from error
            time.sleep(0.5)
    click.echo(f"Registered: {tool.name}")
    if tool.state != "active":
        click.echo("It is pending: sign in as the administrator, activate it and show it in the activity chooser.")
