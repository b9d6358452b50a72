"""Reference pages that cannot rot: what the code has, the pages name, and the other way round."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

import lms_bridge.api
import lms_bridge.testing
from lms_bridge import hookspecs
from lms_bridge.cli import bridge
from lms_bridge.contributions import RELATIONS
from lms_bridge.settings import TABLE
from tests.docs.pages import DOCS, ROOT, blocks, read
from tools.reference.kinds import declared_permissions

SOURCES = (ROOT / "lms_bridge", *(ROOT / "plugins").glob("*/src"))
SURFACES = {"lms_bridge.api": lms_bridge.api, "lms_bridge.testing": lms_bridge.testing}
"""What plugins import, and what their tests import."""
PAGES = sorted(DOCS.rglob("*.md"))


def hooks() -> list[Any]:
    return [value for value in vars(hookspecs).values() if hasattr(value, "lms_bridge_spec")]


@pytest.mark.parametrize("hook", hooks(), ids=lambda hook: hook.__name__)
def test_every_hook_has_an_example_and_says_when_what_and_what_if(hook: Any) -> None:
    section = read("hooks.md").partition(f"## `{hook.__name__}(")[2].partition("\n## ")[0]

    assert re.search(rf"^@hookimpl\ndef {hook.__name__}\(", section, re.MULTILINE)
    assert all(f"**{word}**" in section for word in ("When", "Return", "May assume", "On failure"))


def test_the_matrix_of_permissions_says_what_is_declared() -> None:
    relations, _heading, rest = read("permissions.md").partition("## Who may what")
    matrix = rest.partition("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in matrix.splitlines() if line[:2] == "| "]
    columns = [column.strip("`") for column in rows[0][2:]]

    documented = {
        row[1].strip("`"): {column for column, cell in zip(columns, row[2:], strict=True) if cell != "–"}
        for row in rows[2:]
        if row[1]
    }

    assert documented == {one.action: one.relations for one in declared_permissions()}
    assert set(columns) == set(re.findall(r"^\| `(\w+)` \|", relations, re.MULTILINE)) == RELATIONS


def commands(group: click.Group, prefix: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}", command


def test_no_page_names_an_option_that_no_command_has() -> None:
    known = {option for _name, command in commands(bridge) for one in command.params for option in one.opts}

    named = set(re.findall(r"`(--[a-z-]+)", read("commands.md")))

    assert named <= known | {"--help"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_names_no_command_that_does_not_exist(page: Path) -> None:
    named = re.findall(
        r"(?:`|^[$#] |-> Run: )(?:lms-bridge|run) ([a-z][a-z -]*)", page.read_text("utf-8"), re.MULTILINE
    )

    assert [words for words in named if not is_command(words)] == []


def is_command(words: str) -> bool:
    """Return whether these words begin with a command."""
    command: click.Command | None = bridge
    for word in words.split():
        if not isinstance(command, click.Group):
            return True
        command = command.commands.get(word)
        if command is None:
            return False
    return True


def test_every_error_code_belongs_to_a_class() -> None:
    """An error whose code is set on the instance would be in no reference."""
    strays = {
        f"{file.name}: {node.lineno}"
        for folder in SOURCES
        for file in folder.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        if any(getattr(target, "attr", "") == "code" for target in node.targets)
    }

    assert strays == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_on_a_page_compiles_and_uses_only_the_public_surface(page: Path) -> None:
    name = str(page.relative_to(DOCS))
    imported: set[str] = set()
    for block in blocks(name):
        if block.language == "python":
            for node in ast.walk(ast.parse(block.text)):
                if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "lms_bridge":
                    assert node.module in SURFACES
                    imported |= {f"{node.module}.{alias.name}" for alias in node.names}

    assert imported <= {f"{name}.{one}" for name, surface in SURFACES.items() for one in surface.__all__}


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md", ROOT / "CONTRIBUTING.md"], ids=lambda page: page.name)
def test_links_of_a_page_lead_to_something(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8"))

    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_names_no_setting_that_does_not_exist(page: Path) -> None:
    named = set(re.findall(r"LMS_BRIDGE_([A-Z_]+)", page.read_text("utf-8")))

    assert named <= {setting.name for setting in TABLE}
