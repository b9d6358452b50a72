"""The contract fits plugins that lack what most have: pages, tables, rows about people."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lms_bridge.cli.database import upgrade_all
from lms_bridge.testing import PluginContract
from lms_bridge.testing.contract.subject import Subject
from lms_bridge.testing.instance import close_app, make_app
from tests.contract.notes import MIGRATION, README
from tests.contract.test_contract import CHECKS, SQLITE, run
from tests.plugins.conftest import install  # noqa: F401

LISTENER = """
from lms_bridge.api import Card, Plugin, _l, hookimpl

@hookimpl
def plugin():
    return Plugin("notes", _l("Notes"), "1")

@hookimpl
def home_cards(context):
    return []
"""
ROOMS = """
from sqlalchemy.orm import Mapped, mapped_column
from lms_bridge.api import AgencyOwned, Plugin, _l, hookimpl, plugin_base

class Room(AgencyOwned, plugin_base("notes")):
    __tablename__ = "notes_note"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]

@hookimpl
def plugin():
    return Plugin("notes", _l("Notes"), "1")
"""
ABOUT_ROOMS = "".join(line for line in MIGRATION.splitlines(keepends=True) if "person_id" not in line)
SHAPES: dict[str, tuple[str, dict[str, str]]] = {
    "without pages and tables": (LISTENER, {}),
    "without rows about people": (ROOMS, {"notes_0001": ABOUT_ROOMS}),
}


class ShapeContract(PluginContract):
    """The contract, by the one line."""

    plugin = "notes"


@SQLITE
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("check", [name for name in CHECKS if "fits" not in name and "languages" not in name])
def test_what_a_plugin_has_not_does_not_count_against_it(
    check: str,
    shape: str,
    install: Callable[..., Path],  # noqa: F811
    database: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    source, migrations = SHAPES[shape]
    about = install("notes", source, **migrations).parent / "zoo_notes-1.dist-info" / "METADATA"
    about.write_text(f"{about.read_text('utf-8')}\n{README}", "utf-8")
    app = make_app(tmp_path / "instance", database, None)
    with app.app_context():
        upgrade_all()
    close_app(app)
    given: list[Any] = [request.getfixturevalue(name) for name in ("bridge_app", "practice_platform", "make_person")]
    try:
        run(check.removeprefix("test_"), ShapeContract(), Subject("notes", *given), request)
    except pytest.skip.Exception as skipped:
        assert str(skipped).startswith("does not apply")
