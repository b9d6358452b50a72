"""An invented agency of any size, stored by one statement a table."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass

from sqlalchemy import text

from lms_bridge.db import acting_as, db, now
from lms_bridge.models import Agency
from lms_bridge.services.unit_tree import derive_closure

IN_A_UNIT = 40
"""People of a unit with its head. Unit 1 is at the top, the first branches right below it, and 8 below each other."""
FIRST = 1_000_000
"""Ids count from here, so that whatever is there already does no harm."""
SINCE, CHANGED = dt.date(2024, 1, 1), dt.date(2025, 7, 1)

SERIES = "WITH RECURSIVE series(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM series WHERE i < :count) "
UNITS = """
INSERT INTO core_unit (id, agency_id, code, name, parent_id, valid_from)
SELECT :first + i, :agency, 'U' || i, 'Bidang ' || i, CASE WHEN i = 1 THEN NULL WHEN i <= :branches + 1 THEN :first + 1
       ELSE :first + (i - :branches - 2) / 8 + 2 END, :since
FROM series ORDER BY i"""
POSTS = """
INSERT INTO core_post (id, agency_id, code, name, type, level, unit_id, heads_unit)
SELECT :first + i, :agency, 'P' || i, 'Jabatan ' || i, 'JF_KEAHLIAN', 'AHLI_MUDA',
       CASE WHEN i <= :units THEN :first + i END, i <= :units
FROM series"""
PEOPLE = """
INSERT INTO core_person (id, agency_id, nip, name, employment, created_at)
SELECT :first + i, :agency, CAST(100000000000000000 + i AS VARCHAR(64)), 'Pegawai ' || i, 'PNS', :now FROM series"""
PLACEMENTS = """
INSERT INTO core_placement (id, agency_id, person_id, post_id, unit_id, kind, valid_from)
SELECT :first + i, :agency, :first + i, :first + CASE WHEN i <= :units THEN i ELSE :units + 1 + i % 50 END,
       :first + 1 + (i - 1) % :units, 'definitive', CASE WHEN i % 3 = 0 THEN :changed ELSE :since END
FROM series"""
EARLIER = """
INSERT INTO core_placement (id, agency_id, person_id, post_id, unit_id, kind, valid_from, valid_to)
SELECT :first + :people + i, :agency, :first + 3 * i, :first + :units + 1 + i % 50,
       :first + 1 + (3 * i) % :units, 'definitive', :since, :changed
FROM series"""
SUPERIORS = """
INSERT INTO core_placement_superior (id, agency_id, placement_id, person_id, kind, valid_from)
SELECT :first + i, :agency, :first + :units + 5 * i, :first + 1 + (:units + 5 * i - 1) % :units, 'structural', :changed
FROM series WHERE :units + 5 * i <= :people"""


@dataclass(frozen=True, slots=True)
class LargeAgency:
    """An agency of ``people`` people. Number n (from 1) heads unit n as long as there is one."""

    id: int
    people: int
    units: int

    def number(self, n: int) -> int:
        """Return the id of person, unit or placement n."""
        return FIRST + n

    def beside(self, unit: int) -> int:
        """Return the number of somebody who works in a unit without heading it."""
        return unit + self.units


def store_agency(people: int, *, branches: int = 8, in_a_unit: int = IN_A_UNIT) -> tuple[LargeAgency, dict[str, float]]:
    """Store an agency; return it and how many seconds each step took.

    One person in three was in another unit before July 2025, and for one in five the head is named as superior.
    """
    row = Agency(code="large", name="Large", timezone="Asia/Jakarta", created_at=now())
    db.session.add(row)
    db.session.flush()
    made = LargeAgency(row.id, people, people // in_a_unit)
    values = {"agency": row.id, "first": FIRST, "people": people, "units": made.units, "now": now()}
    values |= {"since": SINCE, "changed": CHANGED, "branches": branches}
    seconds: dict[str, float] = {}
    for name, statement, count in (
        ("units", UNITS, made.units),
        ("posts", POSTS, made.units + 50),
        ("people", PEOPLE, people),
        ("placements", PLACEMENTS, people),
        ("earlier placements", EARLIER, people // 3),
        ("superiors", SUPERIORS, people // 5),
    ):
        begun = time.perf_counter()
        db.session.execute(text(SERIES + statement), values | {"count": count})
        seconds[name] = time.perf_counter() - begun
    begun = time.perf_counter()
    with acting_as(row.id):
        derive_closure()
    seconds["tree"] = time.perf_counter() - begun
    db.session.commit()
    if db.engine.dialect.name == "postgresql":
        # As its autovacuum does within a minute; nobody does so for SQLite.
        db.session.execute(text("ANALYZE"))
        db.session.commit()
    return made, seconds
