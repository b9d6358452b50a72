"""``lms-bridge plugin check``: the contract against a distribution, as it would be installed."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

import click

from lms_bridge.cli.common import Unusable
from lms_bridge.db import now
from lms_bridge.plugin_host.discovery import GROUP
from lms_bridge.plugin_host.names import is_plugin_name
from lms_bridge.services.plugin_grades import GRADES, NONE, Check, Verdict, judge, keep_verdict
from lms_bridge.settings import load_settings

_LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "venv", "build", "dist", "*.egg-info", "__pycache__", "node_modules"
)
_PASSED, _FAILED = 0, 1
"""How pytest ends when it could run the tests."""
_READY = """from lms_bridge.testing import PluginContract


class TestContract(PluginContract):
    plugin = "{name}"
"""


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A distribution, built and unpacked where only the check sees it."""

    name: str
    version: str
    source: Path
    site: Path


@click.command("check")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--at-least", type=click.Choice(GRADES), default="bronze", show_default=True, help="End with 1 below it.")
def check(path: Path, at_least: str) -> None:
    """Check the plugin whose distribution lies at PATH, and grade it: bronze, silver or gold.

    Builds and unpacks it aside, so that nothing is installed and what a wheel would lack is seen. Runs the author's own
    contract in tests/ where there is one.

    Example: lms-bridge plugin check ./lms-bridge-survey
    """
    if importlib.util.find_spec("pytest") is None:
        raise Unusable("The check needs pytest: pip install 'lms-bridge[test]'")
    with tempfile.TemporaryDirectory() as folder:
        plugin = _unpack(path, Path(folder))
        click.echo(f"Checking {plugin.name} {plugin.version}; this takes a minute or two ...", err=True)
        checks = _run(plugin, Path(folder))
    verdict = judge(plugin.name, plugin.version, checks, now=now())
    if is_plugin_name(plugin.name):
        keep_verdict(verdict, load_settings().instance)
    _tell(verdict, checks)
    if verdict.grade not in GRADES[GRADES.index(at_least) :]:
        raise SystemExit(1)


def _unpack(path: Path, folder: Path) -> Unpacked:
    """Build a copy of a distribution, so that its own folder stays as it is."""
    if path.is_file():
        raise Unusable(f"{path} is a file. Name the folder of the plugin's sources, in which its pyproject.toml lies.")
    if not any((path / name).exists() for name in ("pyproject.toml", "setup.py")):
        raise Unusable(f"{path} holds no distribution: there is no pyproject.toml.")
    source, site = folder / "source", folder / "site"
    shutil.copytree(path, source, ignore=_LEFT_OUT)
    options = [
        "--quiet",
        "--disable-pip-version-check",
        "--no-index",
        "--no-deps",
        "--no-build-isolation",
        "--no-compile",
    ]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(site), str(source)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise Unusable(f"It cannot be built:\n{done.stderr.strip()[-2000:]}")
    found = [
        (entry.name, distribution.version)
        for distribution in distributions(path=[str(site)])
        for entry in distribution.entry_points.select(group=GROUP)
    ]
    if len(found) != 1:
        raise Unusable(
            f"It must have one entry point in the group {GROUP}, and has {len(found)}. See docs/first-plugin.md"
        )
    return Unpacked(*found[0], source, site)


def _run(plugin: Unpacked, folder: Path) -> list[Check]:
    """Run the contract in a process of its own; returns what each check says."""
    written = [file for file in plugin.source.glob("tests/**/test_*.py") if "PluginContract" in file.read_text("utf-8")]
    if not written:
        written = [folder / "test_contract.py"]
        written[0].write_text(_READY.format(name=plugin.name), "utf-8")
    report = folder / "report.json"
    options = ["-p", "lms_bridge.testing.report", "--contract-report", str(report), "-p", "no:cacheprovider"]
    # Neither the folder of the source nor the author's own options may change what is looked at.
    runner = [sys.executable, "-P", "-m", "pytest", "-q", "--import-mode=importlib", "-o", "addopts="]
    # The operator's settings stay outside, but where the databases and the browser are.
    kept = {"LMS_BRIDGE_TEST_DATABASE_URL", "LMS_BRIDGE_CHROMIUM"}
    environment = {
        name: value for name, value in os.environ.items() if name in kept or not name.startswith("LMS_BRIDGE_")
    }
    environment["PYTHONPATH"] = os.pathsep.join([str(plugin.site), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [*runner, *options, *map(str, written)], cwd=plugin.source, env=environment, capture_output=True, text=True
    )
    if done.returncode not in {_PASSED, _FAILED}:
        raise Unusable(f"The contract could not be run:\n{(done.stdout + done.stderr).strip()[-2000:]}")
    return [Check(**row) for row in json.loads(report.read_text("utf-8"))]


def _tell(verdict: Verdict, checks: list[Check]) -> None:
    click.echo(f"{verdict.plugin} {verdict.version}: {verdict.grade if verdict.grade != NONE else 'no grade yet'}")
    if not verdict.next_grade:
        return
    click.echo(f"\nMissing for {verdict.next_grade}:")
    for missing in verdict.missing:
        first, *others = missing.splitlines()
        click.echo("\n    ".join([f"- {first}", *(other.strip() for other in others)]))
    for grade in GRADES[GRADES.index(verdict.next_grade) + 1 :]:
        if later := sum(bool(one.missing) for one in checks if one.grade == grade):
            click.echo(f"\nThen {later} more for {grade}.")
