"""The tutorial works as it is written: from file to launch to grade."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from lms_bridge.db import db
from lms_bridge.plugin_host import PluginHost
from tests.docs.pages import blocks
from tests.workshop import Workshop

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


def test_the_commands_of_the_page_lead_from_nothing_to_an_evaluation_of_one_s_own_with_a_grade(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path)
    # Both databases are tried where the scaffold is tested.
    workshop.environment["PYTEST_ADDOPTS"] = "-k 'not postgresql'"
    # What the first `make demo` of the page leaves behind.
    workshop.run("LMS_BRIDGE_INSTANCE_PATH=$PWD/instance/demo lms-bridge init --yes")
    said = []

    for block in blocks(PAGE):
        if block.language == "sh":
            said.append(workshop.run(block.text))
        elif block.file and block.file != DROPPED_IN:
            workshop.write(block.file, block.text, mode="a" if block.language == "po" else "w")

    assert "plugin attendance: 0.1.0" in said[-1]
    assert all(" passed" in text and "failed" not in text for text in (said[1], said[-1]))
