"""What learning hours say on the home page."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from flask_babel import format_decimal
from sqlalchemy import func, select

from lms_bridge.api import (
    BridgeContext,
    Card,
    Task,
    _,
    agency_settings,
    current,
    db,
    may_for_others,
    ngettext,
    now,
    url_for,
)
from lms_bridge_competency.hours.claims import VERIFY, to_decide
from lms_bridge_competency.hours.ledger import total_of
from lms_bridge_competency.hours.models import Claim, ClaimState


def card(context: BridgeContext) -> Card:
    """Say how many JP count this year."""
    zone = ZoneInfo(context.agency.timezone)
    year = now().astimezone(zone).year
    target = agency_settings("competency")["jp_target"]
    total = total_of(context.person, year=year, zone=zone, target=target)
    return Card(
        title=_("Learning hours %(year)s", year=year),
        sentence=_("%(jp)s of %(target)s JP count this year.", jp=_jp(total.counted), target=_jp(total.target)),
        link=url_for("competency.hours"),
        link_text=_("See what counts"),
        chip=_("Target reached") if total.reached else _("%(jp)s JP to go", jp=_jp(total.left)),
        chip_kind="ok" if total.reached else "info",
        order=30,
    )


def _jp(value: object) -> str:
    return str(format_decimal(value, "#,##0.##"))


def tasks(context: BridgeContext) -> list[Task]:
    """Remind of what waits to be verified, and of own entries that were sent back."""
    found = []
    returned = db.session.scalar(
        select(func.count()).where(Claim.person_id.in_(context.person.ids), Claim.state == ClaimState.RETURNED)
    )
    if returned:
        title = ngettext("Correct %(num)s returned activity", "Correct %(num)s returned activities", returned)
        link = url_for("competency.hours")
        found.append(Task(title=title, detail=_("Your superior has said what is missing"), link=link, count=returned))
    if may_for_others(current, VERIFY):
        waiting = db.session.scalar(select(func.count()).select_from(to_decide(current).order_by(None).subquery()))
        if waiting:
            title = ngettext("Verify %(num)s activity", "Verify %(num)s activities", waiting)
            link = url_for("competency.verify_list")
            found.append(Task(title=title, detail=_("They count as JP once verified"), link=link, count=waiting))
    return found
