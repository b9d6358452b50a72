"""What an operator's commands do, told by what they print and what they leave behind."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from lms_bridge.app import create_app
from lms_bridge.cli import bridge
from lms_bridge.services.schema import migrations_folder
from lms_bridge.testing.instance import close_app

CORE_HEAD = max(file.name[:9] for file in migrations_folder().glob("versions/core_*.py"))
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
    ask("UPDATE alembic_version SET version_num = 'gone_0001' WHERE version_num = 'core_0002'")
    install("ccc", migration("ccc"))

    done = command("db", "upgrade")

    assert done.exit_code == 0, done.output
    assert (CORE_HEAD,) in ask("SELECT version_num FROM alembic_version")
    assert ("gone_0001",) in ask("SELECT revision FROM core_schema_ledger")


def test_the_first_migration_of_a_plugin_makes_its_folder(command, install):
    package = install("ddd")

    done = command("db", "makemigration", "ddd", "-m", "First tables")

    assert done.exit_code == 0, done.output
    (file,) = (package / "migrations").glob("*.py")
    assert file.name == "ddd_0001_first_tables.py"
    assert CORE_HEAD in file.read_text()


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
