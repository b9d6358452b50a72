"""gunicorn with our configuration, where a service may write nowhere but to its instance folder."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from tests.cli.conftest import Program, answers, clean_environment, free_port, lms_bridge, wait_until

GUNICORN = [sys.executable, "-m", "gunicorn", "-w", "1", "-k", "gthread", "wsgi:app"]


def test_web_server_writes_nothing_into_the_home_folder(program: Callable[..., Program], tmp_path: Path) -> None:
    port, home = free_port(), tmp_path / "home"
    home.mkdir()
    settings = {"INSTANCE_PATH": str(tmp_path / "instance"), "BASE_URL": f"http://127.0.0.1:{port}"}
    environment = clean_environment(**settings) | {"HOME": str(home), "GUNICORN_CMD_ARGS": f"--bind 127.0.0.1:{port}"}
    environment.pop("XDG_RUNTIME_DIR", None)
    lms_bridge("init", "--yes", environment=environment)

    web = program(*GUNICORN, environment=environment)
    wait_until(lambda: answers(f"http://127.0.0.1:{port}/readyz"), "the bridge")

    assert web.stop() == 0
    assert list(home.iterdir()) == []
