"""An agency with a small tree, and the worker that sums up what is published."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from lms_bridge.contributions import Metric, MetricUnit
from lms_bridge.db import acting_as, db
from lms_bridge.models import Agency, Unit
from lms_bridge.services.indicator_reading import IndicatorValue, indicators
from lms_bridge.services.indicators import IndicatorFact, publish_indicators
from lms_bridge.services.units import create_unit
from lms_bridge.testing.instance import close_app, make_app

START, PERIOD = dt.date(2024, 1, 1), "2026-Q4"
JPM = Metric("test.jpm", "JPM", formula="", source="", unit=MetricUnit.MEAN)
SHORT = Metric("test.short", "Short", formula="", source="", unit=MetricUnit.SHARE, standing=True, by_competency=True)


@pytest.fixture
def tree(database: str, tmp_path: Path) -> Iterator[SimpleNamespace]:
    """Units TOP over LEFT and RIGHT, LEFT over LEAF, kept in the database of an agency of their own."""
    app = make_app(tmp_path / "instance", database, None)
    with app.app_context():
        agency = db.session.scalar(select(Agency).where(Agency.code == "demo"))
        assert agency is not None
        with acting_as(agency.id):
            top = create_unit("TOP", "Top", valid_from=START).id
            left = create_unit("LEFT", "Left", parent_id=top, valid_from=START).id
            right = create_unit("RIGHT", "Right", parent_id=top, valid_from=START).id
            leaf = create_unit("LEAF", "Leaf", parent_id=left, valid_from=START).id
            db.session.commit()
            yield SimpleNamespace(app=app, agency=agency.id, top=top, left=left, right=right, leaf=leaf)
        db.session.remove()
    close_app(app)


@pytest.fixture
def add() -> Callable[..., None]:
    """Publish and commit facts about some people of a unit."""

    def publish(unit: int, value: str, n: int = 5, *, metric: str = "test.jpm", **more: str) -> None:
        more.setdefault("period", PERIOD)
        fact = IndicatorFact(metric, unit, numerator=Decimal(value), denominator=Decimal(n), n=n, **more)
        publish_indicators([fact])
        db.session.commit()

    return publish


def one(unit: int, metric: Metric = JPM) -> IndicatorValue:
    """Return the single number of a unit."""
    (value,) = indicators([unit], [metric], until=PERIOD)
    return value


def sums(*units: int) -> list[Decimal | None]:
    """Return the numerators of units, nothing where there is no number."""
    found = {value.unit_id: value.numerator for value in indicators(units, [JPM], until=PERIOD)}
    return [found.get(unit) for unit in units]


def all_units() -> list[int]:
    """Return the ids of the chosen agency's units."""
    return list(db.session.scalars(select(Unit.id)))
