"""The examples of hooks.md and events.md answer when core asks and tells them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from lms_bridge.db import acting_as, db
from lms_bridge.jobs.indicators.checking import check_cells
from lms_bridge.models import IndicatorCell
from lms_bridge.plugin_host import PluginHost, collect
from lms_bridge.services.demo import seed_plugins
from tests.docs.pages import blocks

MORE = ("demo_data", "metrics", "indicator_facts")


@pytest.fixture
def reading(database: str, tmp_path: Path) -> None:
    """The examples of the hooks that need no table, dropped in as one plugin."""
    examples = python_of("hooks.md")
    more = [text for text in examples if any(f"def {hook}" in text for hook in MORE)]
    drop_in(tmp_path / "instance", "reading", examples[:4] + more)


@pytest.fixture
def reader(database: str, tmp_path: Path) -> None:
    """The examples of events, dropped in as one plugin."""
    drop_in(tmp_path / "instance", "reader", python_of("events.md"))


def python_of(page: str) -> list[str]:
    return [block.text for block in blocks(page) if block.language == "python"]


def drop_in(instance: Path, name: str, parts: list[str]) -> None:
    (instance / "plugins").mkdir(exist_ok=True)
    (instance / "plugins" / f"{name}.py").write_text("\n\n".join(parts), "utf-8")


@pytest.fixture
def learner(reading: None, request: pytest.FixtureRequest) -> Any:
    """Somebody who opened one of the texts from the LMS."""
    return request.getfixturevalue("launch_as")("ani", module="reading.text", custom={"item": "asn"})


def test_the_declaration_is_accepted_and_the_module_opens(learner: Any, bridge_app: Flask) -> None:
    plugins: PluginHost = bridge_app.extensions["lms_bridge.plugins"]

    assert plugins.states["reading"].hint == "" and plugins.states["reading"].state == "loaded"
    assert learner.page.text == "UU 20/2023 tentang ASN"


def test_card_and_task_are_on_the_home_page(learner: Any) -> None:
    home = learner.get("/").text

    assert "2 bacaan untuk Pemerintah Kota Nusaraya." in home
    assert "Baca UU ASN" in home


def test_items_are_offered_to_a_teacher(reading: None, request: pytest.FixtureRequest) -> None:
    launch_as = request.getfixturevalue("launch_as")
    teacher = launch_as("sari", deep_link=True)

    assert "UU 20/2023 tentang ASN" in teacher.page.text
    assert "Pengembangan kompetensi ASN" in teacher.page.text


def test_what_is_published_reaches_its_listener_once_the_worker_runs(
    reader: None, request: pytest.FixtureRequest
) -> None:
    learner = request.getfixturevalue("launch_as")()
    app, outbox = request.getfixturevalue("bridge_app"), request.getfixturevalue("outbox")
    learner.post("/p/reader/texts/7/finish")
    before = sources(app)

    outbox.drain()

    assert before == []
    assert sources(app) == ["reader:text:7"]


def test_the_demo_agency_is_filled_by_the_plugin(reading: None, request: pytest.FixtureRequest) -> None:
    app = request.getfixturevalue("bridge_app")
    with app.app_context():
        made = seed_plugins()
        db.session.commit()

    assert "20 people who have read a text" in made
    assert sources(app).count("reading:asn") == 20


def test_the_metric_is_declared_and_its_facts_are_checked(learner: Any, bridge_app: Flask) -> None:
    with bridge_app.app_context(), acting_as(1):
        assert "reading.finished" in [answer.value.code for answer in collect("metrics", context=None)]
        cells = check_cells()
        count = select(func.sum(IndicatorCell.own_n)).where(IndicatorCell.metric == "reading.finished")
        readers = db.session.scalar(count)

    assert cells >= 1 and readers is not None and readers > 0


def sources(app: Flask) -> list[str]:
    evidence = db.metadata.tables["core_evidence"]
    with app.app_context():
        return list(db.session.scalars(select(evidence.c.source)))
