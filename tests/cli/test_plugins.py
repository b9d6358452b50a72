"""``lms-bridge plugin``: list what there is, forget what is gone, grade what is to come."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lms_bridge.services.plugin_grades import GRADES, Check, judge, keep_verdict, kept_grade
from tests.cli.conftest import clean_environment, lms_bridge
from tests.contract.conftest import install_notes  # noqa: F401
from tests.contract.notes import GOOD, NEWEST
from tests.plugins.conftest import install  # noqa: F401

NOW = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)


class Bridge:
    """Commands as processes of their own, on the test's database, with the plugins that are installed for the test."""

    def __init__(self, database: str, folder: Path) -> None:
        self.instance, self.site = folder / "instance", folder / "site"
        self.settings = {"INSTANCE_PATH": str(self.instance), "DATABASE_URL": database, "SECRET_KEY": "test secret"}

    def run(self, *arguments: str, check: bool = True, typed: str = "", **more: str) -> str:
        """Run a command; returns all that it printed."""
        settings = clean_environment(**self.settings, LOG_LEVEL="CRITICAL", **more)
        environment = {**settings, "PYTHONPATH": str(self.site)}
        done = lms_bridge(*arguments, environment=environment, check=check, input=typed)
        assert check or done.returncode == 1
        assert "Traceback (most recent call last)" not in done.stderr
        return done.stdout + done.stderr


@pytest.fixture
def bridge(database: str, tmp_path: Path) -> Bridge:
    """Commands on the test's database."""
    return Bridge(database, tmp_path)


@pytest.fixture
def notes(install_notes: Callable[..., None], bridge: Bridge, ask: Callable[[str], Any]) -> None:  # noqa: F811
    """A plugin with a table in which one row stands, an agency's setting and an event that waits."""
    install_notes()
    bridge.run("db", "upgrade")
    ask(
        "INSERT INTO notes_note (person_id, text, agency_id) VALUES ((SELECT min(id) FROM core_person), 'Rahasia é', 1)"
    )
    ask("INSERT INTO core_plugin_setting (plugin, enabled, agency_id) VALUES ('notes', true, 1), ('other', true, 1)")
    ask(
        "INSERT INTO core_outbox_event (agency_id, name, version, payload, happened_at) "
        "VALUES (1, 'gap.opened', 1, '{}', '2026-01-01 00:00:00')"
    )
    for handler in ("notes:react", "competency:react"):
        ask(
            "INSERT INTO core_outbox_delivery (event_id, handler, state, attempts, next_try_at, agency_id) "
            f"VALUES ((SELECT max(id) FROM core_outbox_event), '{handler}', 'due', 0, '2026-01-01 00:00:00', 1)"
        )


def uninstall(bridge: Bridge) -> None:
    """Remove the plugin as pip does, which asks nobody."""
    for folder in bridge.site.glob("zoo_notes*"):
        shutil.rmtree(folder)


def line_of(printed: str, plugin: str) -> str:
    """Return what a list says of a plugin, the reason included."""
    lines = printed.splitlines()
    place = next(place for place, line in enumerate(lines) if line.startswith(f"{plugin} "))
    reason = lines[place + 1] if lines[place + 1 : place + 2] and lines[place + 1].startswith("    ->") else ""
    return " ".join((lines[place] + reason).split())


def test_list_tells_version_state_tables_and_grade(bridge: Bridge) -> None:
    keep_verdict(judge("competency", "0.1.0", all_passed(), now=NOW), bridge.instance)

    printed = bridge.run("plugin", "list")

    assert line_of(printed, "competency") == "competency 0.1.0 loaded tables up to date gold"


def test_list_tells_why_a_plugin_is_set_aside(bridge: Bridge) -> None:
    folder = bridge.instance / "plugins"
    folder.mkdir(exist_ok=True)
    (folder / "bad.py").write_text("import no_such_module_anywhere", "utf-8")

    said = line_of(bridge.run("plugin", "list"), "bad")

    assert said.startswith("bad - quarantined no tables not checked -> ModuleNotFoundError: No module named")


def test_list_shows_what_is_behind_switched_off_and_gone(
    bridge: Bridge,
    install_notes: Callable[..., None],  # noqa: F811
) -> None:
    install_notes()

    behind = bridge.run("plugin", "list")
    off = bridge.run("plugin", "list", DISABLED_PLUGINS="notes")
    bridge.run("db", "upgrade")
    uninstall(bridge)
    gone = bridge.run("plugin", "list")

    assert "notes - quarantined tables behind" in line_of(behind, "notes")
    assert "notes - switched off" in line_of(off, "notes")
    assert line_of(gone, "notes").endswith("install it again, or run: lms-bridge plugin forget notes")


def test_forget_writes_what_goes_and_leaves_nothing(notes: None, bridge: Bridge, ask: Callable[[str], Any]) -> None:
    uninstall(bridge)
    kept = [bridge.instance / "plugin_grades" / "notes.json", bridge.instance / "plugin-failures" / "notes"]
    for file in kept:
        file.parent.mkdir(exist_ok=True)
        file.write_text("of the one that goes")

    printed = bridge.run("plugin", "forget", "notes", "--yes")

    assert not any(file.exists() for file in kept)
    (folder,) = (bridge.instance / "forgotten").iterdir()
    assert "notes_note: 1 rows" in printed and str(folder) in printed
    assert json.loads((folder / "notes_note.jsonl").read_text("utf-8"))["text"] == "Rahasia é"
    assert folder.stat().st_mode & 0o077 == 0
    assert ask("SELECT plugin FROM core_plugin_setting") == [("other",)]
    assert ask("SELECT handler FROM core_outbox_delivery") == [("competency:react",)]
    assert ask("SELECT count(*) FROM core_schema_ledger WHERE branch = 'notes'") == [(0,)]
    assert "notes" not in bridge.run("plugin", "list")
    assert "Nothing is left of notes" in bridge.run("plugin", "forget", "notes", "--yes", check=False)


def test_after_forgetting_core_knows_its_place_and_the_plugin_may_come_back(
    notes: None,
    bridge: Bridge,
    ask: Callable[[str], Any],
    install_notes: Callable[..., None],  # noqa: F811
) -> None:
    marks = set(ask("SELECT version_num FROM alembic_version"))
    uninstall(bridge)
    bridge.run("plugin", "forget", "notes", "--yes")

    assert ("notes_0001",) in marks and (NEWEST,) not in marks
    assert "notes_0001" not in str(ask("SELECT version_num FROM alembic_version"))
    assert (NEWEST,) in ask("SELECT version_num FROM alembic_version")

    (bridge.site / "again").mkdir()
    shutil.rmtree(bridge.site)
    bridge.site.mkdir()
    install_notes()
    bridge.run("db", "upgrade")

    assert "notes 1 loaded tables up to date" in line_of(bridge.run("plugin", "list"), "notes")
    assert ask("SELECT count(*) FROM notes_note") == [(0,)]


def test_forget_asks_for_the_name_and_drops_nothing_on_another(
    notes: None, bridge: Bridge, ask: Callable[[str], Any]
) -> None:
    uninstall(bridge)

    refused = bridge.run("plugin", "forget", "notes", typed="yes\n", check=False)
    rows = ask("SELECT count(*) FROM notes_note")
    bridge.run("plugin", "forget", "notes", typed="notes\n")

    assert "Nothing was dropped" in refused
    assert rows == [(1,)]
    assert "notes" not in bridge.run("plugin", "list")


def test_forget_refuses_what_is_installed_and_what_is_core(
    notes: None, bridge: Bridge, ask: Callable[[str], Any]
) -> None:
    installed = bridge.run("plugin", "forget", "notes", "--yes", check=False)
    core = bridge.run("plugin", "forget", "core", "--yes", check=False)

    assert "still installed" in installed and "pip uninstall" in installed
    assert "core is no plugin" in core
    assert ask("SELECT count(*) FROM notes_note") == [(1,)]


@pytest.mark.parametrize("name", ["core_placement", "alembic", "Notes", ""])
def test_forget_drops_nothing_by_a_name_that_no_plugin_can_have(
    name: str, bridge: Bridge, ask: Callable[[str], Any]
) -> None:
    refused = bridge.run("plugin", "forget", name, "--yes", check=False)

    assert "is no plugin" in refused
    assert ask("SELECT count(*) FROM core_placement_superior")
    assert ask("SELECT count(*) FROM alembic_version")


def all_passed() -> list[Check]:
    return [Check(grade, f"a check of {grade}", "") for grade in GRADES]


@pytest.mark.parametrize(("failing", "grade"), [("bronze", "none"), ("silver", "bronze"), ("gold", "silver")])
def test_a_grade_is_reached_when_no_check_of_it_or_below_misses_something(failing: str, grade: str) -> None:
    verdict = judge("x", "1", [*all_passed(), Check(failing, "one more", "a thing")], now=NOW)

    assert (verdict.grade, verdict.next_grade, verdict.missing) == (grade, failing, ("one more: a thing",))


def test_a_grade_of_which_no_check_was_run_is_not_reached() -> None:
    verdict = judge("x", "1", [check for check in all_passed() if check.grade != "silver"], now=NOW)

    assert (verdict.grade, verdict.missing) == ("bronze", ("none of its checks was run",))


def test_a_kept_grade_belongs_to_its_version(tmp_path: Path) -> None:
    keep_verdict(judge("x", "1", all_passed(), now=NOW), tmp_path)
    (tmp_path / "plugin_grades" / "broken.json").write_text("{", "utf-8")

    assert kept_grade("x", "1", tmp_path) == "gold"
    assert kept_grade("x", "2", tmp_path) == "gold (1)"
    assert kept_grade("y", "1", tmp_path) == kept_grade("broken", "1", tmp_path) == ""


SETUP = """
[metadata]
name = lms-bridge-notes
version = 3
{readme}
[options]
package_dir =
    = src
packages =
    zoo_notes

[options.entry_points]
lms_bridge =
    notes = zoo_notes

[options.package_data]
zoo_notes =
    {data}
"""
DATA = "migrations/*.py\n    templates/**/*.html\n    translations/**/*.mo"
PYPROJECT = '[build-system]\nrequires = ["setuptools>=77"]\nbuild-backend = "setuptools.build_meta"\n'


@pytest.fixture
def distribution(install_notes: Callable[..., None], tmp_path: Path) -> Callable[..., Path]:  # noqa: F811
    """Write the small plugin as a distribution; returns its folder."""

    def write(*, data: str = DATA, readme: str = "") -> Path:
        install_notes()
        folder = tmp_path / "lms-bridge-notes"
        (folder / "src").mkdir(parents=True)
        shutil.move(tmp_path / "site" / "zoo_notes", folder / "src" / "zoo_notes")
        shutil.rmtree(tmp_path / "site")
        (folder / "pyproject.toml").write_text(PYPROJECT, "utf-8")
        (folder / "README.md").write_text(GOOD["readme"], "utf-8")
        (folder / "setup.cfg").write_text(SETUP.format(data=data, readme=readme), "utf-8")
        return folder

    return write


SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@SQLITE
def test_check_grades_a_distribution_and_names_what_is_missing_for_the_next_grade(
    bridge: Bridge, distribution: Callable[..., Path]
) -> None:
    folder = distribution()
    before = sorted(folder.rglob("*"))

    printed = bridge.run(
        "plugin", "check", str(folder), "--at-least", "silver", **servers(CHROMIUM="/nowhere/chromium")
    )

    assert "notes 3: silver" in printed
    assert "Missing for gold:" in printed
    assert "- its readme says what it is for" in printed and "name the file in setup.cfg" in printed
    assert "no Chromium at /nowhere/chromium" in printed
    assert sorted(folder.rglob("*")) == before
    assert kept_grade("notes", "3", bridge.instance) == "silver"


@SQLITE
def test_check_runs_what_would_be_installed_and_the_authors_own_contract(
    bridge: Bridge, distribution: Callable[..., Path]
) -> None:
    folder = distribution(data="migrations/*.py")
    (folder / "tests").mkdir()
    (folder / "tests" / "test_mine.py").write_text(
        "from lms_bridge.testing import PluginContract\n"
        "class TestContract(PluginContract):\n"
        "    plugin = 'notes'\n"
        "    def use(self, launch):\n"
        "        assert launch().page.status_code == 200, 'my own use'\n"
        "def test_else(): assert False, 'not asked'\n"
        # What an author takes out counts as missing.
        "for name in dir(TestContract):\n"
        "    if name.startswith(('test_each', 'test_another', 'test_a_visitor', 'test_no_page', 'test_rows')):\n"
        "        setattr(TestContract, name, None)\n",
        "utf-8",
    )

    printed = bridge.run("plugin", "check", str(folder), "--at-least", "silver", check=False, **servers())

    assert "notes 3: bronze" in printed
    assert "my own use" in printed and "each page asks for a right: it was not run" in printed
    assert "more for gold" in printed
    assert "not asked" not in printed


MARKED = """
import pytest

@pytest.fixture
def broken():
    pytest.fail("the fixture says why", pytrace=False)

@pytest.mark.grade("bronze")
def test_it_passes(): pass

@pytest.mark.grade("bronze")
def test_it_fails(): pytest.fail("Do this.", pytrace=False)

@pytest.mark.grade("silver")
def test_it_raises(): {}["key"]

@pytest.mark.grade("silver")
def test_it_does_not_apply(): pytest.skip("does not apply: it keeps no tables")

@pytest.mark.grade("gold")
def test_it_is_left_out(): pytest.skip("no PostgreSQL server")

@pytest.mark.grade("gold")
def test_it_is_not_begun(broken): pass

def test_of_the_author(): assert False
"""


def test_a_check_that_was_left_out_counts_as_missing(tmp_path: Path) -> None:
    (tmp_path / "test_marked.py").write_text(MARKED, "utf-8")
    options = ["-p", "lms_bridge.testing.report", "--contract-report", "report.json", "-p", "no:cacheprovider"]

    subprocess.run([sys.executable, "-m", "pytest", "-q", *options], cwd=tmp_path, capture_output=True)

    checks = json.loads((tmp_path / "report.json").read_text("utf-8"))
    said = {check["name"]: (check["grade"], check["missing"]) for check in checks}
    assert said.pop("an export holds what it keeps") == ("silver", "it was not run")
    assert {name: one for name, one in said.items() if one[1] != "it was not run"} == {
        "it passes": ("bronze", ""),
        "it fails": ("bronze", "Do this."),
        "it raises": ("silver", "KeyError: 'key'"),
        "it does not apply": ("silver", ""),
        "it is left out": ("gold", "left out, no PostgreSQL server"),
        "it is not begun": ("gold", "the fixture says why"),
    }


@SQLITE
def test_check_says_why_a_contract_cannot_be_run(bridge: Bridge, distribution: Callable[..., Path]) -> None:
    folder = distribution()
    (folder / "tests").mkdir()
    (folder / "tests" / "test_mine.py").write_text("import no_such_module  # for PluginContract", "utf-8")

    printed = bridge.run("plugin", "check", str(folder), check=False)

    assert "The contract could not be run" in printed and "no_such_module" in printed


def servers(**more: str) -> dict[str, str]:
    """Return where this run's PostgreSQL is, for the run inside."""
    url = os.environ.get("LMS_BRIDGE_TEST_DATABASE_URL")
    return {**({"TEST_DATABASE_URL": url} if url else {}), **more}


@SQLITE
def test_check_says_what_is_no_plugin(bridge: Bridge, tmp_path: Path) -> None:
    empty, plain = tmp_path / "empty", tmp_path / "plain"
    for folder in (empty, plain):
        folder.mkdir()
    (plain / "pyproject.toml").write_text(PYPROJECT, "utf-8")
    (plain / "setup.cfg").write_text("[metadata]\nname = plain\nversion = 1\n", "utf-8")
    (plain / "plain.py").write_text("", "utf-8")

    (tmp_path / "plain-1-py3-none-any.whl").touch()
    wheel = bridge.run("plugin", "check", str(tmp_path / "plain-1-py3-none-any.whl"), check=False)

    assert "there is no pyproject.toml" in bridge.run("plugin", "check", str(empty), check=False)
    assert "is a file. Name the folder of the plugin's sources" in wheel
    assert "must have one entry point in the group lms_bridge" in bridge.run("plugin", "check", str(plain), check=False)

    (plain / "setup.cfg").write_text("[metadata\n", "utf-8")
    assert "cannot be built" in bridge.run("plugin", "check", str(plain), check=False)
