"""The small plugin, installed as it is or spoilt, on a running bridge."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from lms_bridge.cli.database import upgrade_all
from lms_bridge.testing import PluginContract
from lms_bridge.testing.contract.subject import Subject
from lms_bridge.testing.instance import close_app, make_app
from tests.contract.notes import GOOD, INDONESIAN
from tests.plugins.conftest import install  # noqa: F401

Spoilt = dict[str, list[tuple[str, str]]]


class NotesContract(PluginContract):
    """The contract of the small plugin, by the one line."""

    plugin = "notes"


@pytest.fixture
def install_notes(install: Callable[..., Path]) -> Callable[..., None]:  # noqa: F811
    """Install the small plugin with some of its text replaced: ``install_notes(index=[("old", "new")])``."""

    def write(**spoilt: list[tuple[str, str]]) -> None:
        parts = dict(GOOD)
        for part, changes in spoilt.items():
            for old, new in changes:
                assert old in parts[part]
                parts[part] = parts[part].replace(old, new)
        package = install("notes", parts["source"], notes_0001=parts["migration"])
        (package / "templates" / "notes").mkdir(parents=True)
        for page in ("index", "show"):
            (package / "templates" / "notes" / f"{page}.html").write_text(parts[page], "utf-8")
        if stray := parts["stray"]:
            (package / "templates" / stray).write_text("", "utf-8")
        catalogue = Catalog(locale="id", domain="messages")
        for english, indonesian in INDONESIAN.items():
            catalogue.add(english, indonesian)
        folder = package / "translations" / "id" / "LC_MESSAGES"
        folder.mkdir(parents=True)
        with (folder / "messages.mo").open("wb") as stream:
            write_mo(stream, catalogue)
        about = package.parent / "zoo_notes-1.dist-info" / "METADATA"
        about.write_text(f"{about.read_text('utf-8')}\n{parts['readme']}", "utf-8")

    return write


@pytest.fixture
def subject_of(
    install_notes: Callable[..., None], database: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Callable[..., Subject]:
    """Start the bridge with the small plugin, spoilt as in ``install_notes``."""

    def start(**spoilt: list[tuple[str, str]]) -> Subject:
        install_notes(**spoilt)
        app = make_app(tmp_path / "instance", database, None)
        with app.app_context():
            upgrade_all()
        close_app(app)
        given: list[Any] = [
            request.getfixturevalue(name) for name in ("bridge_app", "practice_platform", "make_person")
        ]
        return Subject("notes", *given)

    return start
