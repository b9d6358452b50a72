"""Counting a unit: one statement, whatever its size; the newest result of each person counts."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import CTE, Integer, Select, String, case, cast, func, null, or_, select, union_all
from sqlalchemy.orm import aliased

from lms_bridge.api import (
    Person,
    Post,
    Unit,
    UnitView,
    _,
    child_units,
    db,
    person_rows,
    placed_below,
    plan_for_these_values,
)
from lms_bridge_competency.models import Result, ResultLine
from lms_bridge_competency.rules import Purpose
from lms_bridge_competency.settings import agency_bands
from lms_bridge_competency.standards import dictionary_for
from lms_bridge_competency.unit_map.figures import Cell, Group, Standing, UnitFigures, together

PAGE = 50


def count_unit(unit: UnitView, *, on: dt.date) -> UnitFigures:
    """Return what is counted for a unit and each one directly below it; its own people stand first."""
    standings, cells = _counted(_members(unit.id, on=on))
    branches = [unit, *child_units(unit.id, on=on)]
    groups = [
        Group(one.id, _own_people(one) if one is unit else one.name, standings[one.id], cells[one.id])
        for one in branches
        if one.id in standings
    ]
    found = {key for group in groups for key in group.cells}
    known = {one.key: one.name for one in dictionary_for(found)}
    in_order = [key for key in known if key in found] + sorted(found - set(known))
    names = {key: known.get(key, key) for key in in_order}
    return UnitFigures(groups, together(groups, unit_id=unit.id, name=unit.name), in_order, names)


def _own_people(unit: UnitView) -> str:
    return _("%(unit)s itself", unit=unit.name)


def _members(unit_id: int, *, on: dt.date) -> CTE:
    """Return who is in which branch, with their newest result if there is one, by whichever of their rows it was made.

    Columns: ``branch_id``, ``person_id``, ``result_id``, ``jpm``. Who holds two posts in a branch is one person there.

    PostgreSQL takes a subtree for much smaller than it is. Joined step by step, each by an index, that does no harm;
    two lists of thousands that are joined to each other would be walked through once for each row.
    """
    placed = placed_below(unit_id, on=on)
    found = select(placed.c.branch_id, placed.c.person_id).distinct().cte("found")
    rows = person_rows(found)
    newest_first = (Result.id.is_(None), Result.computed_at.desc(), Result.id.desc())
    ranked = (
        select(
            rows.c.branch_id,
            rows.c.person_id,
            Result.id.label("result_id"),
            Result.jpm.label("jpm"),
            func.row_number()
            .over(partition_by=(rows.c.branch_id, rows.c.person_id), order_by=newest_first)
            .label("place"),
        )
        .outerjoin(Result, Result.person_id == rows.c.row_id)
        .subquery()
    )
    return select(ranked).where(ranked.c.place == 1).cte("members")


def _counted(members: CTE) -> tuple[dict[int, Standing], dict[int, dict[str, Cell]]]:
    """Return people and categories of each branch, and its cells, from one walk over the members."""
    plan_for_these_values()
    standings: dict[int, Standing] = defaultdict(Standing)
    cells: dict[int, dict[str, Cell]] = defaultdict(dict)
    for branch_id, competency, required, attained, people, code, rated, jpm_sum in db.session.execute(
        union_all(_standings(members), _cells(members))
    ):
        if competency is not None:
            cell = cells[branch_id].setdefault(competency, Cell())
            cell.add(required=required, attained=attained, people=people)
            continue
        one = standings[branch_id]
        one.people += people
        one.rated += rated
        one.jpm_sum += jpm_sum or Decimal(0)
        if code is not None:
            one.categories[code] += rated
    return standings, cells


def _standings(members: CTE) -> Select[Any]:
    jpm, none = members.c.jpm, cast(null(), Integer)
    category = _category(jpm)
    counted = (func.count(), category, func.count(jpm), func.sum(jpm))
    no_cell = (cast(null(), ResultLine.competency.type), none.label("required"), none.label("attained"))
    return select(members.c.branch_id, *no_cell, *counted).group_by(members.c.branch_id, category)


def _category(jpm: Any) -> Any:
    """Return the category for filling posts in SQL; the bands are those in force, the highest first."""
    filling = [band for band in agency_bands() if band.purpose is Purpose.FILLING]
    falling = sorted(filling, key=lambda band: band.minimum, reverse=True)
    return case((jpm.is_(None), None), *((jpm >= band.minimum, band.code) for band in falling))


def _cells(members: CTE) -> Select[Any]:
    kinds = (members.c.branch_id, ResultLine.competency, ResultLine.required, ResultLine.attained)
    no_standing = (cast(null(), String), cast(null(), Integer), cast(null(), Result.jpm_total_cap.type))
    return (
        select(*kinds, func.count(), *no_standing)
        .join(ResultLine, ResultLine.result_id == members.c.result_id)
        .where(ResultLine.attained.is_not(None), ResultLine.required > 0)
        .group_by(*kinds)
    )


def people_of(unit_id: int, *, on: dt.date, visible: Select[int] | None = None) -> Select[Any]:
    """Return the query for the people in a unit and below it, by name, with their newest result if there is one.

    Columns: ``person_id``, ``name``, ``nip``, ``post``, ``unit``, ``result_id``.

    :param visible: of whom names may be shown; by default of all.
    """
    placed = placed_below(unit_id, on=on)
    rows = aliased(Person)
    newest = (
        select(Result.id)
        .join(rows, rows.id == Result.person_id)
        .where(or_(rows.id == Person.id, rows.same_as_id == Person.id))
        .order_by(Result.computed_at.desc(), Result.id.desc())
        .limit(1)
        .correlate(Person)
        .scalar_subquery()
    )
    query = (
        select(
            Person.id.label("person_id"),
            Person.name,
            Person.nip,
            Post.name.label("post"),
            Unit.name.label("unit"),
            newest.label("result_id"),
        )
        .join(placed, placed.c.person_id == Person.id)
        .join(Post, Post.id == placed.c.post_id)
        .join(Unit, Unit.id == placed.c.unit_id)
        .order_by(Person.name, Person.id, Post.id)
    )
    return query if visible is None else query.where(Person.id.in_(visible))


def jpm_by_result(result_ids: Sequence[int]) -> dict[int, Decimal | None]:
    """Return the JPM of results, in percent."""
    found = db.session.execute(select(Result.id, Result.jpm).where(Result.id.in_(result_ids)))
    return {result_id: jpm for result_id, jpm in found}


def lines_by_result(result_ids: Sequence[int]) -> dict[int, dict[str, ResultLine]]:
    """Return the lines of results by competency."""
    lines: dict[int, dict[str, ResultLine]] = defaultdict(dict)
    for line in db.session.scalars(select(ResultLine).where(ResultLine.result_id.in_(result_ids))):
        lines[line.result_id][line.competency] = line
    return lines
