"""Rules between a list of placements and what is there: whose post it is, whether the unit stands, who holds it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from itertools import pairwise
from typing import Any

from sqlalchemy import select

from lms_bridge.db import db
from lms_bridge.imports.faults import Fault
from lms_bridge.models import ImportRow, Placement, Post, Unit
from lms_bridge.services.unit_tree import FOREVER

_R, _P = ImportRow.__table__, Placement.__table__
Period = tuple[dt.date, dt.date, int | None]
"""First day, day of the end, and the row of the list; nothing for what is there already."""


def check(import_id: int) -> dict[int, Fault]:
    """Find placements in a unit that has not this post, or does not stand then, or that overlap with one another."""
    owners = {row.id: row.unit_id for row in db.session.execute(select(Post.id, Post.unit_id))}
    units = {row.id: row for row in db.session.execute(select(Unit.id, Unit.valid_from, Unit.valid_to))}
    faults: dict[int, Fault] = {}
    periods: defaultdict[tuple[Any, ...], list[Period]] = defaultdict(list)
    good = select(_R.c.number, _R.c["values"]).where(_R.c.import_id == import_id, _R.c.faults.is_(None))
    for number, values in db.session.execute(good):
        start, end = _period(values)
        unit = units[values["unit_id"]]
        if owners[values["post_id"]] not in {None, values["unit_id"]}:
            faults[number] = Fault("unit", "post-elsewhere")
        elif start < unit.valid_from or end > (unit.valid_to or FOREVER):
            faults[number] = Fault("valid_from", "unit-not-then")
        else:
            key = (values["person_id"], values["post_id"], values["unit_id"], values["kind"])
            periods[key].append((start, end, number))
    _add_present(import_id, periods)
    for several in periods.values():
        several.sort(key=lambda period: period[:2])
        for (_, end, before), (start, _, number) in pairwise(several):
            if start < end:
                named = number if number is not None else before
                if named is not None:
                    faults[named] = Fault("valid_from", "overlaps")
    return faults


def _add_present(import_id: int, periods: dict[tuple[Any, ...], list[Period]]) -> None:
    """Add placements that are there; one that a row of the list is about counts with what the list says of its end."""
    listed = select(_R.c["values"]["person_id"].as_integer()).where(_R.c.import_id == import_id)
    there = select(_P.c.person_id, _P.c.post_id, _P.c.unit_id, _P.c.kind, _P.c.valid_from, _P.c.valid_to)
    for row in db.session.execute(there.where(_P.c.person_id.in_(listed))):
        several = periods.get((row.person_id, row.post_id, row.unit_id, row.kind.value))
        if several is None:
            continue
        for place, (start, end, number) in enumerate(several):
            if start == row.valid_from:
                if end == FOREVER and row.valid_to is not None:
                    several[place] = (start, row.valid_to, number)
                break
        else:
            several.append((row.valid_from, row.valid_to or FOREVER, None))


def _period(values: dict[str, Any]) -> tuple[dt.date, dt.date]:
    end = values.get("valid_to")
    return dt.date.fromisoformat(values["valid_from"]), dt.date.fromisoformat(end) if end else FOREVER
