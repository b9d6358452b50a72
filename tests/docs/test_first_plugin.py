"""The tutorial works as it is written: from file to launch to grade."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from lms_bridge.db import db
from lms_bridge.plugin_host import PluginHost
from tests.docs.pages import blocks

PAGE = "first-plugin.md"
DROPPED_IN = "instance/plugins/integrity.py"
QUESTION = "/p/integrity/question"


@pytest.fixture
def dropped_in(database: str, tmp_path: Path) -> None:
    """The tutorial's file lies in the instance before the bridge starts."""
    block = next(block for block in blocks(PAGE) if block.file == DROPPED_IN)
    (tmp_path / "instance" / "plugins").mkdir(exist_ok=True)
    (tmp_path / DROPPED_IN).write_text(block.text, "utf-8")


@pytest.fixture
def learner(dropped_in: None, request: pytest.FixtureRequest) -> Any:
    """Somebody who opened the module from the LMS."""
    return request.getfixturevalue("launch_as")("ani", module="integrity.question")


def test_a_dropped_in_file_is_a_plugin_with_a_page(learner: Any, bridge_app: Flask) -> None:
    plugins: PluginHost = bridge_app.extensions["lms_bridge.plugins"]

    assert plugins.states["integrity"].state == "loaded"
    assert learner.page.status_code == 200
    assert "Seorang tamu meninggalkan hadiah" in learner.page.text


@pytest.mark.parametrize(("choice", "grade"), [("report", 1), ("tell", 0.5), ("keep", 0)])
def test_what_is_answered_there_reaches_the_gradebook(
    learner: Any, bridge_app: Flask, outbox: Any, choice: str, grade: float
) -> None:
    learner.post(QUESTION, data={"choice": choice})

    outbox.drain()

    grades = db.metadata.tables["core_grade"]
    with bridge_app.app_context():
        assert float(db.session.execute(select(grades.c.sent)).scalar_one()) == grade


def test_an_unknown_answer_is_refused_beside_its_field(learner: Any) -> None:
    refused = learner.post(QUESTION, data={"choice": "sell"})

    assert refused.status_code == 422
    assert "Pilih satu jawaban." in refused.text


def test_its_card_is_on_the_home_page_and_its_item_in_the_catalogue(
    learner: Any, request: pytest.FixtureRequest
) -> None:
    launch_as: Callable[..., Any] = request.getfixturevalue("launch_as")

    home = learner.get("/").text
    picker = launch_as("sari", deep_link=True).page.text

    assert "Satu situasi tentang gratifikasi" in home
    assert "Integritas: hadiah dari tamu" in picker


class Workshop:
    """A plugin author's folder and environment: what is installed there is not seen by other tests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        home = folder / "venv"
        venv.create(home, symlinks=True)
        packages = next(home.glob("lib/python*/site-packages"))
        # The author's environment sees everything of this one, as if the bridge were installed in it too.
        places = [path for path in sys.path if path.endswith("site-packages")]
        lines = [f"import site; site.addsitedir({place!r})" for place in places]
        (packages / "zz_bridge.pth").write_text("\n".join(lines), "utf-8")
        for command, module in {
            "lms-bridge": "lms_bridge",
            "pip": "pip",
            "pybabel": "babel.messages.frontend",
            "pytest": "pytest",
        }.items():
            script = home / "bin" / command
            script.write_text(f'#!/bin/sh\nexec "{home}/bin/python" -m {module} "$@"\n', "utf-8")
            script.chmod(0o755)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("LMS_BRIDGE_INST", "PYTHON"))}
        self.environment = {**kept, "PATH": f"{home}/bin:{os.environ['PATH']}", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}

    def write(self, name: str, text: str) -> None:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")

    def run(self, script: str) -> str:
        done = subprocess.run(
            ["sh", "-ec", script],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout}"
        return done.stdout


def test_the_package_goes_from_files_to_migration_to_grade_by_the_commands_of_the_page(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path)
    said = []

    for block in blocks(PAGE):
        if block.language == "sh":
            said.append(workshop.run(block.text))
        elif block.file and block.file != DROPPED_IN:
            workshop.write(block.file, block.text)

    migration = tmp_path / "lms-bridge-integrity/src/lms_bridge_integrity/migrations/integrity_0001_answers.py"
    assert "integrity_answer" in migration.read_text("utf-8")
    assert "plugin integrity: 0.2.0" in "".join(said)
    assert "passed" in said[-1] and "failed" not in said[-1]


def test_the_catalogue_of_the_page_lacks_no_text_of_the_package(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path)
    for block in blocks(PAGE):
        if block.file and block.file != DROPPED_IN:
            workshop.write(block.file, block.text)
    workshop.run("cd lms-bridge-integrity && pybabel -q extract -F babel.cfg -k _l -o messages.pot src")

    used = messages(tmp_path / "lms-bridge-integrity/messages.pot")
    translated = messages(next(tmp_path.rglob("messages.po")))

    assert used == translated


def messages(file: Path) -> set[str]:
    from babel.messages.pofile import read_po

    with file.open("rb") as stream:
        return {str(message.id) for message in read_po(stream) if message.id}
