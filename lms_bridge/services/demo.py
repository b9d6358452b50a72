"""The demo agency: invented people in a small bureau, enough to see every role."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from lms_bridge.db import acting_as, db, now
from lms_bridge.models import (
    Agency,
    Grant,
    Person,
    Placement,
    PlacementSuperior,
    Post,
    Unit,
    UnitClosure,
)

START = dt.date(2024, 1, 1)
# key, NIP, name, post, type, level, unit, superior
PEOPLE = (
    ("hendra", "197009101996031001", "Dr. Hendra Wijaya, M.M.", "Kepala BKPSDM", "JPT", "JPT_PRATAMA", "bkpsdm", None),
    (
        "rahmat",
        "197805112003121002",
        "Rahmat Hidayat, M.Si.",
        "Kepala Bidang Pengembangan Kompetensi",
        "JA",
        "ADMINISTRATOR",
        "bangkom",
        "hendra",
    ),
    (
        "budi",
        "198107072006041003",
        "Budi Santoso, S.Kom.",
        "Analis Kebijakan Ahli Madya",
        "JF_KEAHLIAN",
        "AHLI_MADYA",
        "bangkom",
        "rahmat",
    ),
    (
        "dewi",
        "198809232012122001",
        "Dewi Anggraini, S.Psi.",
        "Analis SDM Aparatur Ahli Muda",
        "JF_KEAHLIAN",
        "AHLI_MUDA",
        "bangkom",
        "rahmat",
    ),
    (
        "ani",
        "199203142015032004",
        "Ani Lestari, S.A.P.",
        "Analis Kebijakan Ahli Muda",
        "JF_KEAHLIAN",
        "AHLI_MUDA",
        "bangkom",
        "rahmat",
    ),
)


def seed_demo() -> bool:
    """Create the demo agency unless it is there; returns whether it was created."""
    if db.session.scalar(select(Agency.id).where(Agency.code == "demo")):
        return False
    agency = Agency(code="demo", name="Pemerintah Kota Nusaraya", timezone="Asia/Jakarta", created_at=now())
    db.session.add(agency)
    db.session.flush()
    with acting_as(agency.id):
        units = _units()
        people: dict[str, Person] = {}
        for key, nip, name, post_name, kind, level, unit, superior in PEOPLE:
            people[key] = Person(nip=nip, name=name, employment="PNS", created_at=now())
            post = Post(
                code=key.upper(), name=post_name, type=kind, level=level, heads_unit=post_name.startswith("Kepala")
            )
            db.session.add_all([people[key], post])
            db.session.flush()
            placement = Placement(person_id=people[key].id, post_id=post.id, unit_id=units[unit].id, valid_from=START)
            db.session.add(placement)
            db.session.flush()
            if superior:
                db.session.add(
                    PlacementSuperior(placement_id=placement.id, person_id=people[superior].id, valid_from=START)
                )
        dewi = people["dewi"]
        db.session.add(Grant(role="analyst", nip=dewi.nip, person_id=dewi.id, valid_from=START))
        db.session.flush()
    return True


def _units() -> dict[str, Unit]:
    top = Unit(code="BKPSDM", name="Badan Kepegawaian dan Pengembangan SDM", valid_from=START)
    db.session.add(top)
    db.session.flush()
    below = Unit(code="BANGKOM", name="Bidang Pengembangan Kompetensi", parent_id=top.id, valid_from=START)
    db.session.add(below)
    db.session.flush()
    for ancestor, descendant, depth in ((top, top, 0), (below, below, 0), (top, below, 1)):
        db.session.add(UnitClosure(ancestor_id=ancestor.id, descendant_id=descendant.id, depth=depth, valid_from=START))
    return {"bkpsdm": top, "bangkom": below}
