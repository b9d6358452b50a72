"""What ``make`` says on a machine that lacks something, and that it can be told where to serve."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT

OLD = """#!/bin/sh
case "$*" in
--version) echo "Python 3.9.2" ;;
*version_info*) exit 1 ;;
esac
"""
WITHOUT_VENV = """#!/bin/sh
case "$*" in
*ensurepip*) echo "ModuleNotFoundError: No module named 'ensurepip'" >&2; exit 1 ;;
esac
"""


def make(folder: Path, *arguments: str, python: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run make in a folder that holds nothing but the Makefile and perhaps another ``python3``."""
    shutil.copy(ROOT / "Makefile", folder)
    path = "/usr/bin:/bin"
    if python is not None:
        (folder / "bin").mkdir()
        (folder / "bin" / "python3").write_text(python)
        (folder / "bin" / "python3").chmod(0o755)
        path = f"{folder / 'bin'}:{path}"
    return subprocess.run(["make", *arguments], cwd=folder, env={"PATH": path}, capture_output=True, text=True)


def test_an_old_python_is_named_with_what_is_needed(tmp_path):
    done = make(tmp_path, "demo", python=OLD)

    assert done.returncode != 0
    assert "needs Python 3.11 or later; this is Python 3.9.2" in done.stdout
    assert "make PYTHON=python3.12" in done.stdout
    assert not (tmp_path / ".venv").exists()


def test_a_python_without_venv_says_which_package_brings_it(tmp_path):
    done = make(tmp_path, "demo", python=WITHOUT_VENV)

    assert done.returncode != 0
    assert "apt install python3-venv" in done.stdout
    assert not (tmp_path / ".venv").exists()


def test_a_machine_without_python_is_told_so(tmp_path):
    done = make(tmp_path, "demo", "PYTHON=python-that-is-not-here")

    assert done.returncode != 0
    assert "python-that-is-not-here was not found" in done.stdout
    assert not (tmp_path / ".venv").exists()


def test_the_demo_is_told_other_ports_and_the_profile():
    command = ["make", "-n", "demo", "BRIDGE_PORT=8010", "LMS_PORT=8011", "PROFILE=moodle"]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    assert "demo run --profile moodle --bridge-port 8010 --lms-port 8011" in done.stdout


def test_demo_reset_removes_the_demo_and_nothing_else(tmp_path):
    for name in ("demo", "plugins"):
        (tmp_path / "instance" / name).mkdir(parents=True)

    done = make(tmp_path, "demo-reset")

    assert "make demo" in done.stdout
    assert [path.name for path in (tmp_path / "instance").iterdir()] == ["plugins"]


@pytest.mark.parametrize("target", ["demo", "test", "develop", "install", "bench", "lint", "demo-reset", "help"])
def test_help_lists_what_can_be_made(target, tmp_path):
    assert f"make {target} " in make(tmp_path, "help").stdout
