"""Reference pages that cannot rot: what the code has, the pages name, and the other way round."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from dataclasses import fields
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import click
import pytest

import lms_bridge.api
from lms_bridge import hookspecs
from lms_bridge.cli import bridge
from lms_bridge.contributions import RELATIONS, Plugin
from lms_bridge.events import CORE_EVENTS
from lms_bridge.plugin_host.discovery import GROUP
from lms_bridge.services.permissions import CORE
from lms_bridge.settings import TABLE
from tests.docs.pages import DOCS, ROOT, blocks, first_cells, headings, read

SOURCES = (ROOT / "lms_bridge", *(ROOT / "plugins").glob("*/src"))
PAGES = sorted(DOCS.rglob("*.md"))


def declarations() -> list[Plugin]:
    """Return what our own plugins declare."""
    ours = {folder.name for folder in (ROOT / "plugins").iterdir()}
    return [entry.load().plugin() for entry in entry_points(group=GROUP) if entry.name in ours]


def test_every_setting_is_documented_and_no_other() -> None:
    assert set(first_cells("settings.md")) == {setting.name for setting in TABLE}


def signature(hook: Any) -> str:
    return f"{hook.__name__}{inspect.signature(hook)}".replace("'", "")


def hooks() -> list[Any]:
    return [value for value in vars(hookspecs).values() if hasattr(value, "lms_bridge_spec")]


def test_the_headings_of_hooks_are_their_signatures_in_order() -> None:
    assert headings("hooks.md") == [signature(hook) for hook in hooks()]


@pytest.mark.parametrize("hook", hooks(), ids=lambda hook: hook.__name__)
def test_every_hook_has_an_example_and_says_when_what_and_what_if(hook: Any) -> None:
    section = read("hooks.md").partition(f"## `{signature(hook)}`")[2].partition("\n## ")[0]

    assert re.search(rf"^@hookimpl\ndef {hook.__name__}\(", section, re.MULTILINE)
    assert all(f"**{word}**" in section for word in ("When", "Return", "May assume", "On failure"))


def test_every_event_is_documented_with_its_fields_and_no_other() -> None:
    types = [*CORE_EVENTS, *(kind for declared in declarations() for kind in declared.event_types)]
    rows = re.findall(r"^\| `([a-z_.]+)` \|.*\| (.+) \|$", read("events.md"), re.MULTILINE)

    documented = {name: re.findall(r"`(\w+)`", listed) for name, listed in rows}

    assert documented == {kind.name: [field.name for field in fields(kind)] for kind in types}


def test_every_permission_and_relation_is_documented_and_no_other() -> None:
    relations, _heading, actions = read("permissions.md").partition("## Actions")
    rows = re.findall(r"^\| `([a-z.-]+)` \| ([^|]+) \|", actions, re.MULTILINE)

    documented = {action: frozenset(re.findall(r"`(\w+)`", listed)) for action, listed in rows}

    actions_of_plugins = [one for declared in declarations() for one in declared.permissions]
    assert documented == {one.action: one.relations for one in (*CORE, *actions_of_plugins)}
    assert set(re.findall(r"^\| `(\w+)` \|", relations, re.MULTILINE)) == RELATIONS


def commands(group: click.Group, prefix: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}", command


def test_every_command_is_documented_and_no_other() -> None:
    documented = headings("commands.md", level=3)

    assert sorted(documented) == sorted(name for name, _command in commands(bridge))


def test_no_page_names_an_option_that_no_command_has() -> None:
    known = {option for _name, command in commands(bridge) for one in command.params for option in one.opts}

    named = set(re.findall(r"`(--[a-z-]+)", read("commands.md")))

    assert named <= known | {"--help"}


def error_codes() -> dict[str, int | None]:
    """Return every stable code in the sources with its status, where the class says it."""
    codes: dict[str, int | None] = {}
    for file in (file for folder in SOURCES for file in folder.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, ast.Constant):
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                name = target.id if isinstance(target, ast.Name) else getattr(target, "attr", "")
                if name == "code" and isinstance(node.value.value, str):
                    codes[node.value.value] = None
    return codes | {kind.code: int(kind.status) for kind in subclasses(lms_bridge.api.BridgeError)}


def subclasses(kind: Any) -> set[Any]:
    """Return a refusal and those derived from it, without what other tests made up."""
    found = {kind} if kind.__module__.startswith("lms_bridge") else set()
    return found.union(*(subclasses(one) for one in kind.__subclasses__()))


def test_every_error_code_is_documented_with_its_status_and_no_other() -> None:
    declarations()

    documented = dict(re.findall(r"^\| `([a-z0-9-]+)` \| (\d{3}) \|", read("errors.md"), re.MULTILINE))

    codes = error_codes()
    assert set(documented) == set(codes)
    assert {code: int(documented[code]) for code, status in codes.items() if status} == {
        code: status for code, status in codes.items() if status
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_on_a_page_compiles_and_uses_only_the_public_surface(page: Path) -> None:
    name = str(page.relative_to(DOCS))
    imported: set[str] = set()
    for block in blocks(name):
        if block.language == "python":
            for node in ast.walk(ast.parse(block.text)):
                if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "lms_bridge":
                    assert node.module == "lms_bridge.api"
                    imported |= {alias.name for alias in node.names}

    assert imported <= set(lms_bridge.api.__all__)


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md", ROOT / "CONTRIBUTING.md"], ids=lambda page: page.name)
def test_links_of_a_page_lead_to_something(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8"))

    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_names_no_setting_that_does_not_exist(page: Path) -> None:
    named = set(re.findall(r"LMS_BRIDGE_([A-Z_]+)", page.read_text("utf-8")))

    assert named <= {setting.name for setting in TABLE}
