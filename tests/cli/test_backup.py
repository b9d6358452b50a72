"""``lms-bridge db backup`` and ``restore``: a whole copy while the server runs, and back."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Command = Callable[..., Result]
Ask = Callable[[str], list[tuple]]
LATER = "INSERT INTO core_agency (code, name, timezone, created_at) VALUES ('later', 'n', 'UTC', '2026-01-01')"
CODES = "SELECT code FROM core_agency ORDER BY code"


def test_restored_database_is_as_it_was_when_it_was_copied(command: Command, ask: Ask, tmp_path: Path) -> None:
    file = tmp_path / "copies" / "one.backup"

    saved = command("db", "backup", str(file))
    ask(LATER)
    done = command("db", "restore", "--yes", str(file))

    assert saved.exit_code == 0, saved.output
    assert done.exit_code == 0, done.output
    assert ask(CODES) == [("demo",)]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.iterdir()) == [file]


def test_backup_has_a_name_of_its_own_where_none_is_given(command: Command, tmp_path: Path) -> None:
    done = command("db", "backup")

    (file,) = (tmp_path / "instance" / "backups").iterdir()
    assert done.stdout.splitlines()[-1] == str(file)


def test_backup_overwrites_nothing(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "kept"
    file.write_text("kept")

    done = command("db", "backup", str(file))

    assert done.exit_code == 1 and "never overwritten" in done.output
    assert file.read_text() == "kept"


def test_restore_asks_before_it_replaces_anything(command: Command, ask: Ask, tmp_path: Path) -> None:
    file = tmp_path / "one.backup"
    command("db", "backup", str(file))
    ask(LATER)

    done = command("db", "restore", str(file))

    assert done.exit_code == 1
    assert ask(CODES) == [("demo",), ("later",)]


def test_check_restores_nothing(command: Command, ask: Ask, tmp_path: Path) -> None:
    file = tmp_path / "one.backup"
    command("db", "backup", str(file))
    ask(LATER)

    done = command("db", "restore", "--check", str(file))

    assert done.exit_code == 0 and "can be restored" in done.output
    assert ask(CODES) == [("demo",), ("later",)]


def test_what_is_no_backup_is_refused_in_a_sentence(command: Command, ask: Ask, tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Yth. Kepala Badan" * 100)

    done = command("db", "restore", "--yes", str(file))

    assert done.exit_code == 1 and "Traceback" not in done.output
    assert done.output.startswith("Error: ")
    assert ask(CODES) == [("demo",)]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_without_the_programs_of_postgresql_it_says_what_to_install(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    done = command("db", "backup", str(tmp_path / "one.backup"))

    assert done.exit_code == 1 and "apt install postgresql-client" in done.output
    assert not list(tmp_path.glob("one.backup*"))


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_restore_into_a_database_with_newer_tables_is_refused(command: Command, ask: Ask, tmp_path: Path) -> None:
    file = tmp_path / "one.backup"
    command("db", "backup", str(file))
    ask("CREATE TABLE newer_thing (id integer)")

    done = command("db", "restore", "--yes", str(file))

    assert done.exit_code == 1 and "newer_thing" in done.output
    ask("DROP TABLE newer_thing")
