"""What is taken away from the map of a unit: the gap matrix, the counts for each level, the people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from lms_bridge.api import Column, ColumnKind, Table, _, audit_reads, db, mask_nip
from lms_bridge_competency.unit_map.access import VIEW_RESULT
from lms_bridge_competency.unit_map.figures import Group, UnitFigures
from lms_bridge_competency.unit_map.reading import jpm_by_result, lines_by_result

LEVELS = range(6)
BATCH = 500


def matrix_table(figures: UnitFigures, *, on: dt.date, facts: dict[str, Any], small: bool) -> Table:
    """Return the gap matrix (matriks gap): for each unit the mean gap of each competency and who is below standard."""
    columns = [
        Column(_("Unit")),
        Column(_("People"), ColumnKind.WHOLE, _("Who hold a post there by appointment")),
        Column(_("Rated"), ColumnKind.WHOLE, _("Who have a result; others are left out and not counted as 0")),
        Column(_("Mean JPM"), ColumnKind.PERCENT, _("Mean of 100 × levels reached ÷ levels required, at most 100")),
    ]
    for key in figures.competencies:
        meaning = _("Mean of level required less level reached; above 0 is below the standard")
        columns.append(
            Column(_("%(competency)s: mean gap", competency=figures.names[key]), ColumnKind.DECIMAL, meaning)
        )
        columns.append(Column(_("%(competency)s: below standard", competency=figures.names[key]), ColumnKind.PERCENT))
    return Table(
        name="competency.gap-matrix",
        title=_("Gap matrix"),
        columns=columns,
        rows=[_matrix_row(group, figures.competencies) for group in (*figures.groups, figures.whole)],
        scope=figures.whole.name,
        facts=facts,
        notes=_notes(small=small),
        data_date=on,
    )


def _matrix_row(group: Group, competencies: Sequence[str]) -> list[Any]:
    if group.hidden:
        return [group.name, *[_("hidden")] * (3 + 2 * len(competencies))]
    row: list[Any] = [group.name, group.standing.people, group.standing.rated, group.standing.mean_jpm]
    for key in competencies:
        cell = group.cells.get(key)
        row += [cell.mean_gap, cell.short_share] if cell else [None, None]
    return row


def levels_table(figures: UnitFigures, *, on: dt.date, facts: dict[str, Any], small: bool) -> Table:
    """Return how many people reached which level of each competency."""
    whole = figures.whole
    rows = [
        [figures.names[key], *[_("hidden")] * 8]
        if whole.hidden
        else [
            figures.names[key],
            *(whole.cells[key].levels.get(level, 0) for level in LEVELS),
            whole.cells[key].people,
            whole.cells[key].short,
        ]
        for key in figures.competencies
    ]
    return Table(
        name="competency.levels",
        title=_("People at each level"),
        columns=[
            Column(_("Competency")),
            *(Column(_("Level %(level)s", level=level), ColumnKind.WHOLE) for level in LEVELS),
            Column(_("Rated"), ColumnKind.WHOLE),
            Column(_("Below standard"), ColumnKind.WHOLE),
        ],
        rows=rows,
        scope=whole.name,
        facts=facts,
        notes=_notes(small=small),
        data_date=on,
        numbered=True,
    )


def people_table(query: Any, figures: UnitFigures, *, on: dt.date, facts: dict[str, Any], whole_nip: bool) -> Table:
    """Return the map of people (peta kompetensi): of each, level reached and required in each competency.

    Whoever is written into it is noted in the audit log as seen.
    """
    columns = [
        Column(_("Name")),
        Column(_("NIP"), ColumnKind.NIP if whole_nip else ColumnKind.TEXT),
        Column(_("Post")),
        Column(_("Unit")),
        Column(_("JPM"), ColumnKind.PERCENT),
    ]
    for key in figures.competencies:
        columns.append(Column(_("%(competency)s: reached", competency=figures.names[key]), ColumnKind.WHOLE))
        columns.append(Column(_("%(competency)s: required", competency=figures.names[key]), ColumnKind.WHOLE))
    return Table(
        name="competency.map",
        title=_("Competency map"),
        columns=columns,
        rows=_people_rows(query, figures.competencies, whole_nip=whole_nip),
        scope=figures.whole.name,
        facts=facts,
        data_date=on,
        numbered=True,
        notes=(_("Empty: not rated, or not required by the post."),),
    )


def _people_rows(query: Any, competencies: Sequence[str], *, whole_nip: bool) -> Iterator[list[Any]]:
    for batch in db.session.execute(query.execution_options(yield_per=BATCH)).partitions():
        results = [row.result_id for row in batch if row.result_id]
        lines, jpm = lines_by_result(results), jpm_by_result(results)
        audit_reads(VIEW_RESULT, [row.person_id for row in batch if row.result_id])
        for row in batch:
            nip = row.nip if whole_nip else mask_nip(row.nip) if row.nip else None
            cells: list[Any] = [row.name, nip, row.post, row.unit, jpm.get(row.result_id)]
            for key in competencies:
                line = lines.get(row.result_id, {}).get(key)
                cells += [line.attained, line.required] if line else [None, None]
            yield cells


def _notes(*, small: bool) -> tuple[str, ...]:
    rule = _("The newest result of each person counts, against the post that they held then.")
    hidden = _("Units with fewer than 5 rated people are hidden, and others where a difference would tell about them.")
    return (rule, hidden) if small else (rule,)
