"""What an operator's commands do, told by what they print and what they leave behind."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from lms_bridge.app import create_app
from lms_bridge.cli import bridge
from lms_bridge.testing.instance import close_app

HEAD = max(file.stem[:9] for file in (Path(__file__).parents[2] / "migrations" / "versions").glob("core_*.py"))
"""Core's last revision."""
PLUGIN = """
from lms_bridge.api import Plugin, hookimpl


@hookimpl
def plugin():
    return Plugin(name="{name}", title="{name}", version="1.0.0")
"""
MIGRATION = """
revision, down_revision, branch_labels, depends_on = "{name}_0001", None, ("{name}",), "core_0001"


def upgrade():
    {does}


def downgrade():
    pass
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Install a plugin as a package of its own; returns its folder."""
    site = tmp_path / "site"
    monkeypatch.syspath_prepend(site)

    def make(name: str, migration: str | None = None) -> Path:
        package = site / f"bridge_{name}"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text(PLUGIN.format(name=name))
        about = site / f"bridge_{name}-1.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: bridge-{name}\nVersion: 1\n")
        (about / "entry_points.txt").write_text(f"[lms_bridge]\n{name} = bridge_{name}\n")
        if migration is not None:
            (package / "migrations").mkdir()
            (package / "migrations" / f"{name}_0001_first.py").write_text(migration)
        monkeypatch.delitem(sys.modules, f"bridge_{name}", raising=False)
        _forget_heads()
        return package

    def _forget_heads() -> None:
        from lms_bridge.services import schema

        schema._heads.cache_clear()

    return make


def migration(name: str, does: str = "pass") -> str:
    return MIGRATION.format(name=name, does=does)


def test_an_upgrade_goes_on_branch_by_branch_when_plugins_fail(command, ask, install):
    install("aaa", "this is no Python")
    install("bbb", migration("bbb", "raise RuntimeError('no')"))
    install("ccc", migration("ccc"))

    done = command("db", "upgrade")

    assert done.exit_code == 1
    assert "aaa: failed (SyntaxError" in done.output
    assert "bbb: failed (RuntimeError: no)" in done.output
    assert "Traceback" not in done.output
    assert ("ccc_0001",) in ask("SELECT revision FROM core_schema_ledger")


def test_an_upgrade_goes_on_after_a_plugin_was_uninstalled_and_keeps_cores_place(command, ask, install):
    ask("INSERT INTO core_schema_ledger VALUES ('gone_0001', 'gone', '2026-01-01 00:00:00')")
    ask("UPDATE alembic_version SET version_num = 'gone_0001' WHERE version_num LIKE 'core_%'")
    install("ccc", migration("ccc"))

    done = command("db", "upgrade")

    assert done.exit_code == 0, done.output
    assert (HEAD,) in ask("SELECT version_num FROM alembic_version")
    assert ("gone_0001",) in ask("SELECT revision FROM core_schema_ledger")


def test_the_first_migration_of_a_plugin_makes_its_folder(command, install):
    package = install("ddd")

    done = command("db", "makemigration", "ddd", "-m", "First tables")

    assert done.exit_code == 0, done.output
    (file,) = (package / "migrations").glob("*.py")
    assert file.name == "ddd_0001_first_tables.py"
    assert HEAD in file.read_text()


def test_a_migration_for_an_unknown_branch_names_the_known_ones(command):
    done = command("db", "makemigration", "nothing", "-m", "x")

    assert done.exit_code == 1
    assert "There is no branch nothing. Known: core, competency" in done.output


def published() -> list[str]:
    """Return the ids of the keys that LMSs are given."""
    app = create_app()
    keys = app.test_client().get("/lti/jwks.json").json["keys"]
    close_app(app)
    return [key["kid"] for key in keys]


def test_a_new_key_is_published_beside_the_old_one_until_every_lms_has_seen_it(command):
    (old,) = published()

    done = command("keys", "rotate")

    assert done.exit_code == 0
    assert len(published()) == 2
    assert old in published()


def test_a_stolen_key_is_withdrawn_at_once_and_so_is_one_that_was_to_follow_it(command):
    command("keys", "rotate")
    before = published()

    done = command("keys", "rotate", "--now")

    (new,) = published()
    assert f"Key {new} is published" in done.output
    assert new not in before


def test_no_key_is_made_without_a_secret_key(command, ask, monkeypatch, tmp_path):
    monkeypatch.delenv("LMS_BRIDGE_SECRET_KEY")
    (tmp_path / "instance" / "secret_key").unlink(missing_ok=True)

    done = command("keys", "rotate")

    assert done.exit_code == 1
    assert "There is no secret key" in done.output
    assert "lms-bridge init" in done.output
    assert ask("SELECT count(*) FROM core_tool_key WHERE retired_at IS NULL") == [(1,)]


def test_an_agency_is_created_once(command, ask):
    first = command("agency", "create", "bkd", "--name", "BKD")
    second = command("agency", "create", "bkd", "--name", "Other")

    assert (first.output, second.output) == ("Agency bkd created.\n", "Agency bkd exists.\n")
    assert ask("SELECT name FROM core_agency WHERE code = 'bkd'") == [("BKD",)]


def test_a_platform_is_added_by_hand_listed_and_switched_off(command):
    given = {"issuer": "https://lms.test", "client-id": "c", "deployment-id": "1"}
    urls = {f"{name}-url": f"https://lms.test/{name}" for name in ("authorization", "token", "jwks")}
    options = [part for name, value in {**given, **urls}.items() for part in (f"--{name}", value)]

    added = command("platform", "add", "--agency", "demo", *options)
    again = command("platform", "add", "--agency", "demo", *options)
    number = command("platform", "list").output.split("\t")[0]
    off = command("platform", "switch", number, "off")

    assert added.exit_code == 0
    assert "/lti/login" in added.output
    assert "registered already" in again.output
    assert off.exit_code == 0
    assert "\tdemo\toff\thttps://lms.test\tc" in command("platform", "list").output


def test_an_analyst_is_granted_once_also_before_the_first_launch(command, ask):
    words = ["operator", "grant", "analyst", "--agency", "demo", "--nip", "199912312025011009"]

    first, second = command(*words), command(*words)
    wrong = command(*words[:-1], "12")

    assert first.exit_code == second.exit_code == 0
    assert "takes effect at the first launch" in first.output
    assert ask("SELECT count(*) FROM core_grant WHERE nip = '199912312025011009'") == [(1,)]
    assert "A NIP has 18 digits." in wrong.output


def test_an_unknown_setting_is_named(command, monkeypatch):
    monkeypatch.setenv("LMS_BRIDGE_DATABSE_URL", "x")

    done = command("platform", "list")

    assert done.exit_code == 1
    assert "LMS_BRIDGE_DATABSE_URL (environment) is no setting" in done.output


def test_init_on_a_fresh_machine_says_nothing_about_plugins_and_copies_a_relative_database(tmp_path, monkeypatch):
    monkeypatch.setenv("LMS_BRIDGE_INSTANCE_PATH", str(tmp_path))
    monkeypatch.setenv("LMS_BRIDGE_DATABASE_URL", "sqlite:///own.sqlite")

    done = CliRunner().invoke(bridge, ["init", "--yes"])

    assert done.exit_code == 0
    assert "quarantined" not in done.output
    assert (tmp_path / "own.sqlite").is_file()


def test_an_operator_gives_lists_and_withdraws_a_right(command, ask):
    given = command("operator", "grant", "analyst", "--agency", "demo", "--nip", "1992 0314 2015 032004")
    number = given.output.split()[2].rstrip(".")
    listed = command("operator", "grants", "--agency", "demo").output
    withdrawn = command("operator", "withdraw", number, "--agency", "demo")
    after = command("operator", "grants", "--agency", "demo").output

    assert given.exit_code == withdrawn.exit_code == 0
    assert f"{number}\tanalyst\t" in listed and "••••••••2015032004" in listed
    assert f"{number}\t" not in after
    assert [row[0] for row in ask("SELECT action FROM core_audit_entry ORDER BY id")] == [
        "grant.given",
        "grant.withdrawn",
    ]


def test_a_right_that_does_not_exist_is_told_in_a_sentence(command):
    officer = command("operator", "grant", "officer", "--agency", "demo", "--nip", "199203142015032004")
    gone = command("operator", "withdraw", "99999", "--agency", "demo")

    assert (officer.exit_code, gone.exit_code) == (1, 1)
    assert "officer can be granted --for nothing: there is none yet" in officer.output
    assert "There is no grant 99999" in gone.output


def test_a_persons_data_is_written_and_then_erased_with_a_receipt(command, ask, tmp_path):
    file = tmp_path / "data.zip"
    whose = ("--agency", "demo", "--nip", "199203142015032004")

    exported = command("privacy", "export", *whose, "--output", str(file))
    erased = command("privacy", "erase", *whose, "--yes")
    gone = command("privacy", "export", *whose, "--output", str(file))

    assert (exported.exit_code, erased.exit_code, gone.exit_code) == (0, 0, 1)
    assert file.stat().st_mode & 0o77 == 0
    receipt = json.loads(erased.output)
    assert receipt["complete"] is True
    assert "The agency knows nobody" in gone.output
    assert ask("SELECT count(*) FROM core_person WHERE nip = '199203142015032004'") == [(0,)]
    again = command("privacy", "erase", "--agency", "demo", "--person", str(receipt["person"]), "--yes")
    assert again.exit_code == 0


def test_an_erasure_that_is_not_confirmed_erases_nothing(command, ask):
    done = command("privacy", "erase", "--agency", "demo", "--nip", "199203142015032004")

    assert done.exit_code == 1
    assert ask("SELECT count(*) FROM core_person WHERE nip = '199203142015032004'") == [(1,)]


def test_an_incomplete_export_is_written_and_ends_with_a_failure(command, ask, tmp_path):
    ask(
        "INSERT INTO core_schema_ledger (revision, branch, applied_at) "
        "VALUES ('bygone_0001', 'bygone', '2026-01-01 00:00:00')"
    )
    file = tmp_path / "data.zip"

    done = command("privacy", "export", "--agency", "demo", "--nip", "199203142015032004", "--output", str(file))

    assert done.exit_code == 1
    assert "incomplete: bygone did not answer" in done.output
    assert file.exists()


def test_the_worker_applies_the_rules_of_retention(command, ask):
    ask(
        "INSERT INTO core_outbox_event (name, version, payload, happened_at, agency_id) "
        "SELECT 'old', 1, '{}', '2020-01-01 00:00:00', id FROM core_agency"
    )

    done = command("worker", "--once")

    assert done.exit_code == 0, done.output
    assert ask("SELECT count(*) FROM core_outbox_event") == [(0,)]
    assert ask("SELECT action FROM core_audit_entry") == [("retention.applied",)]


def test_init_goes_on_where_a_broken_start_left_an_empty_secret_key(command, monkeypatch, tmp_path):
    monkeypatch.delenv("LMS_BRIDGE_SECRET_KEY")
    key = tmp_path / "instance" / "secret_key"
    key.write_text("")

    first = command("init", "--yes")
    made = key.read_text()
    again = command("init", "--yes")

    assert first.exit_code == again.exit_code == 0, first.output + again.output
    assert len(made) == 64 and key.read_text() == made
    assert key.stat().st_mode & 0o077 == 0


@pytest.mark.usefixtures("command")
def test_init_asks_for_the_address_once(tmp_path):
    answers = "kompetensi\nhttps://kompetensi.example.go.id\n"

    first = CliRunner().invoke(bridge, ["init"], input=answers)
    again = CliRunner().invoke(bridge, ["init"], input="")

    assert first.exit_code == 0, first.output
    assert "write the public address" in first.output
    assert 'BASE_URL = "https://kompetensi.example.go.id"' in (tmp_path / "instance" / "lms_bridge.toml").read_text()
    assert again.exit_code == 0, again.output


def test_an_operator_s_link_is_the_only_thing_printed(command, ask):
    done = command("operator", "link", "--agency", "demo")

    assert done.exit_code == 0
    assert done.output.startswith("http://127.0.0.1:8000/operator/") and done.output.count("\n") == 1
    assert ask("SELECT count(*) FROM core_operator_link") == [(1,)]


def commands(group: click.Group, *before: str) -> Iterator[tuple[str, ...]]:
    for name, one in group.commands.items():
        yield from commands(one, *before, name) if isinstance(one, click.Group) else [(*before, name)]


@pytest.mark.parametrize("words", list(commands(bridge)), ids=" ".join)
def test_every_command_explains_itself_with_an_example(words):
    shown = CliRunner().invoke(bridge, [*words, "--help"])

    assert shown.exit_code == 0
    assert re.search(rf"Examples?:[^$]*lms-bridge {' '.join(words)}", " ".join(shown.output.split()))
