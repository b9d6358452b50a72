"""The contract that every plugin keeps."""

from __future__ import annotations

from decimal import Decimal

from lms_bridge_leadership.models import Action, ActionKind
from sqlalchemy import select

from lms_bridge.api import Unit, acting_as, db, now, publish_indicators, quarter_of
from lms_bridge.testing import PluginContract
from lms_bridge.testing.instance import Outbox

from .conftest import SHORT, facts


class TestContract(PluginContract):
    plugin = "leadership"
    most_statements = 30

    def use(self, launch):
        """Let the unit of the learner, which their superior heads, have numbers and a deed of the learner."""
        app = launch(user="dewi").client.application
        with app.app_context(), acting_as(1):
            unit = db.session.scalar(select(Unit.id).where(Unit.code == "SELURUH"))
            publish_indicators(facts(unit, 12, 9, quarter_of(now().date())))
            db.session.add(
                Action(
                    unit_id=unit,
                    kind=ActionKind.TARGET,
                    metric=SHORT,
                    competency="",
                    period=quarter_of(now().date()),
                    target=Decimal("0.2"),
                    actor_id=launch.person.id,
                    acted_at=now(),
                )
            )
            db.session.commit()
        Outbox(app).drain()
