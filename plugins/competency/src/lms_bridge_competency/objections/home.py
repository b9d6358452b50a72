"""What objections say on the home page."""

from __future__ import annotations

from sqlalchemy import func, select

from lms_bridge.api import BridgeContext, Task, _, current, db, may_for_others, ngettext, url_for
from lms_bridge_competency.objections.deciding import DECIDE, to_decide


def tasks(context: BridgeContext) -> list[Task]:
    """Remind of objections that wait for a decision."""
    if not may_for_others(current, DECIDE):
        return []
    count = db.session.scalar(select(func.count()).select_from(to_decide(current).order_by(None).subquery()))
    if not count:
        return []
    title = ngettext("Decide upon %(num)s objection", "Decide upon %(num)s objections", count)
    link = url_for("competency.objections")
    return [Task(title=title, detail=_("Somebody disagrees with a level"), link=link, icon="level", count=count)]
