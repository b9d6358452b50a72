"""What the tests of the plugin share: a unit with a head, people in two units below, and numbers about them."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace

import pytest
from sqlalchemy import event, select

from lms_bridge.api import IndicatorFact, Unit, acting_as, db, now, publish_indicators, quarter_of

SHORT, GAP, JPM, RATED = (f"competency.{name}" for name in ("below-standard", "mean-gap", "jpm", "rated"))
COMPETENCY = "asn-38-2017:M3"


@pytest.fixture
def period() -> str:
    """The present quarter."""
    return quarter_of(now().date())


@pytest.fixture
def bureau(bridge_app, make_person, outbox, period) -> SimpleNamespace:
    """BIRO with units SATU (12 people, far below), DUA (10, well) and TIGA (3), headed by a person of the LMS."""
    head = make_person("Sekar Ayu", post_level="ADMINISTRATOR", post_type="JA", heads_unit=True, unit="BIRO")
    for code in ("SATU", "DUA", "TIGA"):
        make_person(post_level="AHLI_MUDA", unit=code)
    make_person.put_below("BIRO", "SATU", "DUA", "TIGA")
    with bridge_app.app_context(), acting_as(1):
        units = dict(db.session.execute(select(Unit.code, Unit.id)).all())
        for code, people, short in (("SATU", 12, 9), ("DUA", 10, 1), ("TIGA", 3, 3)):
            publish_indicators(facts(units[code], people, short, period))
        db.session.commit()
    outbox.drain()
    return SimpleNamespace(head=head, units=units, id=units["BIRO"])


def facts(unit: int, people: int, short: int, period: str) -> list[IndicatorFact]:
    count, group = Decimal(people), "JF_KEAHLIAN"
    return [
        IndicatorFact(RATED, unit, period, count, count, people, group),
        IndicatorFact(JPM, unit, period, 90 * count - 10 * short, count, people, group),
        IndicatorFact(SHORT, unit, period, Decimal(short), count, people, group, COMPETENCY),
        IndicatorFact(GAP, unit, period, Decimal(2 * short), count, people, group, COMPETENCY),
    ]


@pytest.fixture
def statements(bridge_app):
    """Every statement since the list was last cleared, the session's own included."""
    seen: list[str] = []
    with bridge_app.app_context():
        engine = db.engine

    def listen(connection, cursor, statement, parameters, context, many):
        if statement.startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")):
            seen.append(statement)

    event.listen(engine, "before_cursor_execute", listen)
    yield seen
    event.remove(engine, "before_cursor_execute", listen)
