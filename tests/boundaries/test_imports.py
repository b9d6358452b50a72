"""The direction of imports, read from the syntax trees."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CORE = ROOT / "lms_bridge"
ORDER = ("domain", "models", "services")
"""Each may import those before it and none after it; everything else lies further out."""
OUTER = frozenset({"web", "cli", "jobs", "testing", "practice", "app", "api"})


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def inner(name: str) -> str:
    parts = name.split(".")
    return parts[1] if parts[0] == "lms_bridge" and len(parts) > 1 else ""


@pytest.mark.parametrize("layer", ORDER)
def test_inner_layers_do_not_import_outer_ones(layer: str) -> None:
    forbidden = OUTER | set(ORDER[ORDER.index(layer) + 1 :])

    faults = {
        f"{file.name}: {name}"
        for file in (CORE / layer).rglob("*.py")
        for name in imported(file)
        if inner(name) in forbidden
    }

    assert faults == set()


def test_domain_is_pure() -> None:
    faults = {
        f"{file.name}: {name}"
        for file in (CORE / "domain").rglob("*.py")
        for name in imported(file)
        if name.partition(".")[0] in {"flask", "sqlalchemy", "flask_sqlalchemy", "requests"}
    }

    assert faults == set()


def test_core_never_imports_a_plugin() -> None:
    faults = {
        f"{file}: {name}" for file in CORE.rglob("*.py") for name in imported(file) if name.startswith("lms_bridge_")
    }

    assert faults == set()


def test_plugins_import_only_the_api_and_never_each_other() -> None:
    faults = set()
    for plugin in (ROOT / "plugins").iterdir() if (ROOT / "plugins").is_dir() else ():
        own = f"lms_bridge_{plugin.name}"
        for file in (plugin / "src").rglob("*.py"):
            for name in imported(file):
                foreign = name.startswith("lms_bridge_") and name.split(".")[0] != own
                past_api = name.split(".")[0] == "lms_bridge" and inner(name) != "api"
                if foreign or past_api:
                    faults.add(f"{file.name}: {name}")

    assert faults == set()


def test_hooks_are_asked_only_through_the_plugin_host() -> None:
    faults = {
        str(file)
        for file in CORE.rglob("*.py")
        if "plugin_host" not in file.parts and re.search(r"(?<!\bconfig)\.hook\.", file.read_text("utf-8"))
    }

    assert faults == set()


def test_every_package_is_in_the_wheel() -> None:
    listed = {
        line.strip()
        for line in (ROOT / "setup.cfg").read_text("utf-8").splitlines()
        if line.startswith("    lms_bridge")
    }

    packages = {".".join(file.parent.relative_to(ROOT).parts) for file in CORE.rglob("__init__.py")}

    assert packages <= listed
