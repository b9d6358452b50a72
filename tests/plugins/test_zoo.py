"""A zoo of bad plugins. Each is named by the doctor, harms nobody else, and works once it is mended."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from lms_bridge.db import db

DECLARED = """
from flask import Blueprint
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy import text
from lms_bridge.api import Card, Module, Plugin, db, hookimpl, plugin_base

bp = Blueprint("{name}", __name__)

@bp.get("/page")
def page():
    return "the page"

@hookimpl
def plugin():
    return Plugin("{name}", "Animal", "1", blueprints=(bp,), modules=(Module("page", "Page", "", "{name}.page"),))

"""
MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "{name}_0001", None, ("{name}",), "core_0001"

def upgrade():
    op.create_table("{name}_thing", sa.Column("id", sa.Integer, primary_key=True))

def downgrade():
    op.drop_table("{name}_thing")
"""
TABLE = """
class Thing(plugin_base("{name}")):
    __tablename__ = "{name}_thing"
    id: Mapped[int] = mapped_column(primary_key=True)
"""
NAMES_SERVER = "the plugin tried to end the server while it was loaded"


@dataclass(frozen=True)
class Animal:
    """A bad plugin: what is wrong with it, put at its end or in the place of something, and what the doctor says."""

    name: str
    fault: str
    told: str
    instead: str = ""
    packaged: bool = False

    def source(self, *, mended: bool = False) -> str:
        good = DECLARED + (TABLE if self.packaged else "")
        bad = good.replace(self.instead, self.fault) if self.instead else good + self.fault
        return (good if mended else bad).replace("{name}", self.name)


def answers(body: str) -> str:
    """Return a card hook with this body."""
    return f"@hookimpl\ndef home_cards(context):\n    {body}\n"


ANIMALS = {
    "import error": Animal("stork", "import no_such_module", "No module named 'no_such_module'"),
    "SystemExit at import": Animal("lemming", "raise SystemExit(3)", NAMES_SERVER),
    "wrong hook name": Animal("parrot", "@hookimpl\ndef home_crads(context):\n    return []\n", "home_crads"),
    "wrong argument": Animal("magpie", "@hookimpl\ndef home_cards(kontext):\n    return []\n", "kontext"),
    "built for a newer API": Animal("mammoth", '"1", requires_api=(99, 0),', "written for API 99.0", instead='"1",'),
    "bad SQL": Animal(
        "mole", answers("db.session.execute(text('SELECT nothing FROM nowhere'))"), "failed in home_cards"
    ),
    "dirty session": Animal(
        "pig",
        answers("db.session.add(__import__('lms_bridge').models.Agency(code='demo', name='Twice'))"),
        "failed in home",
    ),
    "commit inside a hook": Animal("cuckoo", answers("db.session.commit()"), "failed in home_cards (TransactionOwned"),
    "a page that raises": Animal(
        "skunk",
        "raise RuntimeError('secret detail')",
        "failed in skunk.page (RuntimeError)",
        instead='return "the page"',
    ),
    "table outside its prefix": Animal(
        "locust",
        '__tablename__ = "core_field"',
        "must start with locust_",
        '__tablename__ = "{name}_thing"',
        packaged=True,
    ),
    "broken relationship": Animal("swan", '    mate: Mapped["Gone"] = relationship("Gone")\n', "'Gone'", packaged=True),
}


@pytest.fixture
def keep(install: Callable[..., Path], drop_in: Callable[[str, str], None]) -> Callable[..., None]:
    """Take an animal in, as it is or mended."""

    def take_in(animal: Animal, *, mended: bool = False) -> None:
        if animal.packaged:
            name = animal.name
            install(name, animal.source(mended=mended), **{f"{name}_0001": MIGRATION.format(name=name)})
        else:
            drop_in(animal.name, animal.source(mended=mended))

    return take_in


@pytest.mark.parametrize("kind", ANIMALS)
def test_a_bad_plugin_is_named_contained_and_mended(kind, keep, neighbour, start):
    animal = ANIMALS[kind]
    keep(animal)

    server = start()
    server.upgrade()
    server.browser(module=f"{animal.name}.page")
    home = server.launch_home()
    finding = server.doctor(f"plugin {animal.name}")

    assert home.status_code == 200 and "The neighbour answers" in home.text
    assert finding.state in {"warn", "fail"}
    assert animal.told in f"{finding.seen} {finding.fix}"
    assert "secret" not in f"{finding.seen} {finding.fix}"
    assert server.doctor("plugin neighbour").state == "ok"

    keep(animal, mended=True)
    server = start()

    assert server.doctor(f"plugin {animal.name}").state == "ok"
    assert server.browser(module=f"{animal.name}.page").page.text == "the page"


def packaged(name: str) -> Animal:
    """Return a plugin with a table in which nothing is wrong."""
    return Animal(name, "", "", packaged=True)


def things(server: Any, name: str) -> list[int]:
    """Return what a plugin's table holds."""
    with server.app.app_context():
        found = list(db.session.scalars(text(f"SELECT id FROM {name}_thing")))
        db.session.remove()
    return found


BROKEN_MIGRATIONS = {
    "at once": MIGRATION.replace("op.create_table", "op.create_tabel"),
    "half way": MIGRATION.replace("def downgrade", "    op.create_tabel()\n\ndef downgrade"),
}


@pytest.mark.parametrize("broken", BROKEN_MIGRATIONS.values(), ids=BROKEN_MIGRATIONS)
def test_a_migration_that_fails_is_named_contained_and_mended(broken, keep, install, neighbour, start):
    tortoise = packaged("tortoise")
    install("tortoise", tortoise.source(), tortoise_0001=broken.format(name="tortoise"))

    failed = start().upgrade()
    server = start()

    assert "create_tabel" in failed["tortoise"]
    assert server.doctor("tables of tortoise").fix == "Run: lms-bridge db upgrade"
    assert server.doctor("plugin tortoise").state == "fail"
    assert "The neighbour answers" in server.launch_home().text

    keep(tortoise)
    start().upgrade()
    server = start()

    assert server.doctor("plugin tortoise").state == "ok"
    assert things(server, "tortoise") == []


def test_two_of_one_name_are_named_contained_and_mended(keep, drop_in, neighbour, start, tmp_path):
    twin = packaged("twin")
    keep(twin)
    keep(replace(twin, packaged=False))
    start().upgrade()

    server = start()

    assert server.doctor("plugin twin").fix == "two plugins are called twin; remove one"
    assert "The neighbour answers" in server.launch_home().text

    (tmp_path / "instance" / "plugins" / "twin.py").unlink()

    assert start().doctor("plugin twin").state == "ok"


def test_one_that_was_uninstalled_is_named_and_finds_its_data_again(keep, neighbour, start, tmp_path):
    salmon = packaged("salmon")
    keep(salmon)
    start().upgrade()
    server = start()
    with server.app.app_context():
        db.session.execute(text("INSERT INTO salmon_thing VALUES (7)"))
        db.session.commit()
        db.session.remove()

    shutil.rmtree(tmp_path / "site" / "zoo_salmon")
    shutil.rmtree(tmp_path / "site" / "zoo_salmon-1.dist-info")
    server = start()

    assert server.upgrade() == {}
    assert "its tables are still there" in server.doctor("plugin salmon").seen
    assert "lms-bridge plugin forget salmon" in server.doctor("plugin salmon").fix
    assert server.browser(module="salmon.page").page.status_code == 404
    assert "The neighbour answers" in server.launch_home().text

    keep(salmon)
    server = start()

    assert server.doctor("plugin salmon").state == "ok"
    assert things(server, "salmon") == [7]
