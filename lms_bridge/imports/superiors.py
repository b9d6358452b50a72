"""Whose superior somebody is: a list names people, and a superior belongs to the placement that they hold that day."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from lms_bridge.db import current_agency, db
from lms_bridge.imports.faults import Fault
from lms_bridge.models import Placement, PlacementKind
from lms_bridge.services.unit_tree import FOREVER

_P = Placement.__table__


def find_placements(checked: Sequence[tuple[dict[str, Any], list[Fault]]]) -> None:
    """Put the placement in the place of the person, and of the post where one is named; asks the database once.

    Worked example: Ani holds Analis in Bidang A from 1 January 2025, and from 1 March on, as Plt, the post of its head.
    A row for her from 1 April means her placement as Analis; one that also names the other post means that as Plt.
    """
    whole = [(values, faults) for values, faults in checked if values and not faults]
    held = _held({values["placed_id"] for values, _faults in whole})
    for values, faults in whole:
        person, post = values.pop("placed_id"), values.pop("post_id", None)
        if person == values["person_id"]:
            faults.append(Fault("superior", "own-superior"))
            continue
        day = dt.date.fromisoformat(values["valid_from"])
        then = [row for row in held[person] if row.valid_from <= day < (row.valid_to or FOREVER)]
        meant = [row for row in then if (row.kind is PlacementKind.DEFINITIVE if post is None else row.post_id == post)]
        if len(meant) == 1:
            values["placement_id"] = meant[0].id
        else:
            faults.append(Fault("post", "several-placements") if meant else Fault("valid_from", "no-placement"))


def _held(people: set[int]) -> defaultdict[int, list[Any]]:
    held: defaultdict[int, list[Any]] = defaultdict(list)
    rows = select(_P.c.id, _P.c.person_id, _P.c.post_id, _P.c.kind, _P.c.valid_from, _P.c.valid_to)
    for row in db.session.execute(rows.where(_P.c.agency_id == current_agency(), _P.c.person_id.in_(people))):
        held[row.person_id].append(row)
    return held
