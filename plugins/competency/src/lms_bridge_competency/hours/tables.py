"""What is taken away of learning hours."""

from __future__ import annotations

from typing import Any

from lms_bridge.api import Column, ColumnKind, PersonRef, Table, _
from lms_bridge_competency.hours.ledger import Ledger
from lms_bridge_competency.hours.rules import RULE, Limit


def limit_words(limit: Limit) -> Any:
    """Return why less counts than was done."""
    return {
        Limit.DAY: _("the most of this form on one day is reached"),
        Limit.MONTH: _("the most of this form in one month is reached"),
        Limit.NO_RATE: _("the agency has not said how much this form counts"),
    }[limit]


def hours_table(ledger: Ledger, person: PersonRef) -> Table:
    """Return a year of somebody, entry by entry."""
    return Table(
        name="competency.hours",
        title=_("Learning hours %(year)s", year=ledger.year),
        columns=(
            Column(_("Day"), ColumnKind.DATE),
            Column(_("Activity")),
            Column(_("Form")),
            Column(_("JP by conversion"), ColumnKind.DECIMAL, _("1 JP is 45 minutes, or what the form fixes")),
            Column(_("JP that count"), ColumnKind.DECIMAL, _("Within the caps of the form for a day and a month")),
            Column(_("Why less")),
        ),
        rows=[
            (
                entry.day,
                entry.deed.title,
                ledger.forms[entry.deed.form].name,
                entry.raw,
                entry.counted,
                "; ".join(limit_words(limit) for limit in sorted(entry.limits, key=lambda one: one.value)),
            )
            for entry in ledger.entries
        ],
        scope=person.name,
        facts={"person": person.id, "year": ledger.year},
        notes=(
            _("Sum: %(jp)s of %(target)s JP", jp=ledger.total.counted, target=ledger.total.target),
            _("Rule: %(rule)s", rule=RULE),
        ),
        numbered=True,
    )
