"""Three years of placements in the demo city: promotions, rotations, retirements, acting heads."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import insert, select

from lms_bridge.db import current_agency, db
from lms_bridge.models import Placement, PlacementKind, PlacementSuperior, SuperiorKind
from lms_bridge.services.demo.organisation import REFORM, START, UNITS
from lms_bridge.services.demo.people import Somebody
from lms_bridge.services.demo.posts import head_of, make_posts, staff_post

# Units whose head changed, and when; the one before retired.
CHANGED = {
    "SETDA": dt.date(2024, 9, 1),
    "BAG-UMUM": dt.date(2025, 2, 1),
    "DINKES": dt.date(2025, 6, 1),
    "PKM-MAWAR": dt.date(2024, 7, 1),
    "DISDIK": dt.date(2026, 2, 1),
    "SMPN-2": dt.date(2025, 8, 1),
    "IZIN": dt.date(2025, 11, 1),
    "IKP": dt.date(2024, 12, 1),
    "BAPPEDA": dt.date(2026, 6, 1),
    "RENCANA": dt.date(2025, 4, 1),
    "IRBAN-2": dt.date(2026, 3, 1),
    "KINERJA": dt.date(2026, 4, 5),
}
VACANT = "P2P"
"""Its head retired and nobody is appointed yet: somebody acts."""
LEFT_YESTERDAY = "MUTASI"
ACTED = "KINERJA"
"""Somebody acted there until the new head came."""
ACTING_SINCE, TERM_ENDED = dt.date(2026, 1, 5), dt.date(2026, 4, 5)
RETIRED = dt.date(2026, 9, 1)
PROMOTED, ROTATED, JOINED = dt.date(2025, 4, 1), dt.date(2025, 2, 1), dt.date(2025, 3, 1)
# Where the personas and their colleagues of the practice LMS work.
PLACES = {
    "BANGKOM": ("budi", "dewi", "ani"),
    "DIKLAT": ("sari", "tono", "putri"),
    "MUTASI": ("agus", "fitri", "gunawan"),
    "KINERJA": ("indah", "joko", "kartika"),
    "SEKR-BKPSDM": ("lukman", "oka", "nurul"),
    "APTIKA": ("maya",),
}


@dataclass(frozen=True, slots=True)
class Job:
    """A placement to be stored, by codes."""

    person_id: int
    post: str
    unit: str
    since: dt.date
    until: dt.date | None = None
    kind: PlacementKind = PlacementKind.DEFINITIVE


def place_everybody(everybody: list[Somebody], units: dict[str, int], *, today: dt.date) -> None:
    """Store the posts, the placements of everybody and their superiors."""
    posts = make_posts(units)
    known = {one.key: one.person_id for one in everybody if one.key}
    others = iter([one.person_id for one in everybody if not one.key])
    jobs = [job for code, *_rest in UNITS for job in _heads(code, known, others, today=today)]
    acting: list[Job] = []
    standing = [code for code, *_rest in UNITS if code != "DIKLAT"]
    for code, _name, _up, size in UNITS:
        staff = [known[key] for key in PLACES.get(code, ())]
        staff += [next(others) for _ in range(size - len(staff))]
        for number, person_id in enumerate(staff):
            key = PLACES[code][number] if number < len(PLACES.get(code, ())) else ""
            elsewhere = standing[(standing.index(code) + 7) % len(standing)] if code in standing else ""
            jobs += _career(person_id, key, code, number, elsewhere=elsewhere)
        if code in {VACANT, ACTED}:
            ended = (RETIRED, today + dt.timedelta(days=60)) if code == VACANT else (ACTING_SINCE, TERM_ENDED)
            acting.append(Job(staff[3], head_of(code), code, *ended, PlacementKind.PLT))
    _store(jobs + acting, posts, units)
    _store_superiors(jobs, units)


def _heads(unit: str, known: dict[str, int], others: Iterator[int], *, today: dt.date) -> Iterator[Job]:
    post = head_of(unit)
    if post.lower() in known:
        yield Job(known[post.lower()], post, unit, START)
    elif unit == LEFT_YESTERDAY:
        before = next(others)
        yield Job(before, post, unit, START, today)
        yield Job(before, "AK-2", "SETDA", today)
        yield Job(next(others), post, unit, today)
    elif unit == VACANT:
        yield Job(next(others), post, unit, START, RETIRED)
    elif unit == "DIKLAT":
        head = next(others)
        yield Job(head, post, unit, START, REFORM)
        yield Job(head, "WI-2", "BKPSDM", REFORM)
    elif unit in CHANGED:
        yield Job(next(others), post, unit, START, ACTING_SINCE if unit == ACTED else CHANGED[unit])
        yield Job(next(others), post, unit, CHANGED[unit])
    else:
        yield Job(next(others), post, unit, START)


def _career(person_id: int, key: str, unit: str, number: int, *, elsewhere: str) -> Iterator[Job]:
    """What somebody held: most stay, some are promoted, come from another unit, or join later."""
    step = number % 2
    post = staff_post(unit, number, step=step)
    if key.upper() in {"BUDI", "DEWI", "ANI"}:
        yield Job(person_id, key.upper(), unit, START)
    elif number % 5 == 3 or key or unit == "DIKLAT":
        yield Job(person_id, post, unit, START)
    elif number % 5 == 0:
        yield Job(person_id, staff_post(unit, number, step=0), unit, START, PROMOTED)
        yield Job(person_id, staff_post(unit, number, step=1), unit, PROMOTED)
    elif number % 5 == 1:
        yield Job(person_id, staff_post(elsewhere, number, step=step), elsewhere, START, ROTATED)
        yield Job(person_id, post, unit, ROTATED)
    elif number % 5 == 2:
        yield Job(person_id, staff_post(unit, number, step=0), unit, JOINED)
    else:
        yield Job(person_id, staff_post(unit, number, step=2), unit, START)


def _store(jobs: list[Job], posts: dict[str, int], units: dict[str, int]) -> None:
    rows = [
        {
            "agency_id": current_agency(),
            "person_id": job.person_id,
            "post_id": posts[job.post],
            "unit_id": units[job.unit],
            "kind": job.kind,
            "valid_from": job.since,
            "valid_to": job.until,
        }
        for job in jobs
    ]
    db.session.execute(insert(Placement), rows)


def _store_superiors(jobs: list[Job], units: dict[str, int]) -> None:
    """Name whoever headed the unit as superior, for heads that of the unit above, as long as both held their posts."""
    above = {code: up for code, _name, up, _staff in UNITS}
    heads = {code: [job for job in jobs if job.unit == code and job.post == head_of(code)] for code in units}
    ids = {
        (row.person_id, row.unit_id, row.valid_from): row.id
        for row in db.session.execute(
            select(Placement.id, Placement.person_id, Placement.unit_id, Placement.valid_from).where(
                Placement.kind == PlacementKind.DEFINITIVE
            )
        )
    }
    rows = []
    for job in jobs:
        own = job.post == head_of(job.unit)
        # Statistics moved to another unit: there the structure of the day tells who is superior.
        for head in heads.get(above[job.unit] if own else job.unit, []) if job.unit != "STATISTIK" else ():
            since, until = max(job.since, head.since), _first(job.until, head.until)
            if until is None or since < until:
                placement_id = ids[job.person_id, units[job.unit], job.since]
                rows.append(_superior(placement_id, head.person_id, SuperiorKind.STRUCTURAL, since, until))
    team = [job for job in jobs if job.unit == "APTIKA" and job.until is None and job.post != head_of("APTIKA")]
    for job in team[1:4]:
        placement_id = ids[job.person_id, units["APTIKA"], job.since]
        rows.append(_superior(placement_id, team[0].person_id, SuperiorKind.TEAM, dt.date(2025, 6, 1), None))
    db.session.execute(insert(PlacementSuperior), rows)


def _superior(
    placement_id: int, person_id: int, kind: SuperiorKind, since: dt.date, until: dt.date | None
) -> dict[str, object]:
    return {
        "agency_id": current_agency(),
        "placement_id": placement_id,
        "person_id": person_id,
        "kind": kind,
        "valid_from": since,
        "valid_to": until,
    }


def _first(one: dt.date | None, other: dt.date | None) -> dt.date | None:
    return min(one or dt.date.max, other or dt.date.max) if one or other else None
