"""pytest plugin of ``lms-bridge plugin check``: runs the checks of the contract only, and writes what each says.

``pytest -p lms_bridge.testing.report --contract-report FILE``
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

NOT_APPLICABLE = "does not apply"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Know where to write."""
    parser.addoption("--contract-report", type=Path, required=True)


def pytest_configure(config: pytest.Config) -> None:
    """Begin the report."""
    config.pluginmanager.register(_Report(config.getoption("--contract-report")))


class _Report:
    """What each check says: nothing where it passed or does not apply."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.checks: dict[str, dict[str, str]] = {}
        self.run: set[str] = set()

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Leave out the author's other tests."""
        others = [item for item in items if item.get_closest_marker("grade") is None]
        told = config.hook
        told.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in others]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
        """Note what is missing; the first word on a check counts, as a teardown often only follows from it."""
        report: pytest.TestReport = yield
        marker = item.get_closest_marker("grade")
        if marker is not None:
            self.run.add(getattr(item, "originalname", item.name))
            check = {"grade": marker.args[0], "name": _words(item.name), "missing": ""}
            noted = self.checks.setdefault(item.nodeid, check)
            noted["missing"] = noted["missing"] or _missing(report)
        return report

    def pytest_sessionfinish(self) -> None:
        """Write the report, with the checks that an author has taken out."""
        from lms_bridge.testing import PluginContract

        checks = list(self.checks.values())
        for name, marker in _checks_of(PluginContract):
            if name not in self.run:
                checks.append({"grade": marker.args[0], "name": _words(name), "missing": "it was not run"})
        self.file.write_text(json.dumps(checks), "utf-8")


def _checks_of(contract: type) -> Iterator[tuple[str, pytest.Mark]]:
    for name in dir(contract):
        if name.startswith("test_"):
            yield name, next(mark for mark in getattr(contract, name).pytestmark if mark.name == "grade")


def _words(name: str) -> str:
    return name.removeprefix("test_").replace("_", " ")


def _missing(report: pytest.TestReport) -> str:
    """Return why a check is not passed; one that was left out is not passed either."""
    if report.passed:
        return ""
    if report.skipped:
        reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
        reason = reason.removeprefix("Skipped: ")
        return "" if reason.startswith(NOT_APPLICABLE) else f"left out, {reason}"
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(crash.message if crash else report.longreprtext).removeprefix("Failed: ").strip()
