"""A plan to take away: as a table, and as the document that owner and superior sign."""

from __future__ import annotations

from typing import Any

from lms_bridge.api import Column, ColumnKind, Document, Facts, Grid, Heading, Paragraph, Signature, Table, _
from lms_bridge_competency.plan.reading import PlanView
from lms_bridge_competency.plan.rules import SHARES


def _columns() -> list[Column]:
    return [
        Column(_("Competency")),
        Column(_("Level to reach"), ColumnKind.WHOLE),
        Column(_("Form")),
        Column(_("Activity")),
        Column(_("Quarter"), ColumnKind.WHOLE),
        Column("JP", ColumnKind.DECIMAL),
        Column(_("Organiser")),
        Column(_("Cost in rupiah"), ColumnKind.DECIMAL),
    ]


def _rows(view: PlanView) -> list[list[Any]]:
    return [
        [
            view.names.get(one.competency, one.competency),
            one.to_level,
            view.forms[one.form].name,
            one.title,
            one.quarter,
            one.jp,
            one.organiser or None,
            one.cost,
        ]
        for one in view.items
    ]


def plan_table(view: PlanView) -> Table:
    """Return a plan, activity by activity."""
    return Table(
        name="competency.plan",
        title=_("Development plan %(year)s", year=view.year),
        columns=_columns(),
        rows=_rows(view),
        scope=view.person.name,
        facts={"person": view.person.id, "year": view.year},
        notes=(_("State: %(state)s", state=state_words()[view.state.value]), _("JP in all: %(jp)s", jp=view.jp)),
        numbered=True,
    )


def plan_document(view: PlanView, *, superior: str) -> Document:
    """Return a plan in the house style, with room for both signatures."""
    shares = view.mix
    return Document(
        name="competency.plan",
        title=_("Development plan %(year)s", year=view.year),
        blocks=[
            Facts(
                [
                    (_("Name"), view.person.name),
                    (_("State"), state_words()[view.state.value]),
                    (_("JP planned"), view.jp),
                    (_("Cost in rupiah"), view.cost),
                ]
            ),
            Heading(_("Activities")),
            Grid(_columns(), _rows(view)),
            Paragraph(
                _("Experience at work, learning from others, formal learning: %(shares)s percent of the JP.")
                % {"shares": " : ".join(f"{shares.get(share, 0):.0f}" for share in SHARES)}
            ),
        ],
        scope=view.person.name,
        facts={"person": view.person.id, "year": view.year},
        notes=[_("Rule: %(rule)s", rule="PP 11/2017 art. 205-207")],
        signatures=[
            Signature(_("Superior"), superior),
            Signature(_("Employee"), view.person.name, dated=True),
        ],
        landscape=True,
    )


def state_words() -> dict[str, str]:
    """Return what each state is called on screen."""
    return {
        "draft": _("Draft"),
        "awaiting": _("Waits for approval"),
        "returned": _("Returned"),
        "approved": _("Approved"),
    }
