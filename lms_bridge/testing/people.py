"""People of an agency, made for a test: known to the agency, and with an account in its LMS."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import count

from flask import Flask
from sqlalchemy import select

from lms_bridge.db import acting_as, db, now
from lms_bridge.models import Agency, Person, Placement, PlacementSuperior, Post, Unit, UnitClosure
from lms_bridge.practice.driver import PracticeDriver
from lms_bridge.services.units import move_unit

START = dt.date(2024, 1, 1)


@dataclass(frozen=True, slots=True)
class MadePerson:
    """Somebody of an agency; ``launch_as(person.username)`` opens modules as them."""

    id: int
    username: str
    name: str
    nip: str


class PeopleMaker:
    """Makes people of one agency, each with a NIP of their own."""

    def __init__(self, app: Flask, platform: PracticeDriver, *, agency: str = "demo") -> None:
        self.app, self.platform, self.agency = app, platform, agency
        self._numbers = count(1)

    def __call__(
        self,
        name: str = "",
        *,
        post_level: str | None = None,
        post_type: str = "JF_KEAHLIAN",
        post: str = "",
        heads_unit: bool = False,
        unit: str | None = None,
        superior: MadePerson | None = None,
        role: str = "learner",
    ) -> MadePerson:
        """Make a person.

        :param post_level: level of the post that they hold, such as AHLI_MUDA; without it no post is known of them.
        :param post: name of the post; by default it is called after them.
        :param unit: code of the unit of the post, made where there is none; by default a unit of the whole agency.
        :param superior: whose staff they are; needs a post.
        :param role: in the course of the practice LMS.
        """
        number = next(self._numbers)
        name, username = name or f"Orang Percobaan {number}", f"orang-{number}"
        nip = f"19900101201501{number:04}"
        with self.app.app_context():
            agency_id = db.session.scalar(select(Agency.id).where(Agency.code == self.agency))
            with acting_as(agency_id):
                person = Person(nip=nip, name=name, employment="PNS", created_at=now())
                db.session.add(person)
                db.session.flush()
                if post_level is not None:
                    held = Post(
                        code=username,
                        name=post or f"Jabatan {name}",
                        type=post_type,
                        level=post_level,
                        heads_unit=heads_unit,
                    )
                    _place(person, held, unit or "SELURUH", superior)
                person_id = person.id
                db.session.commit()
            db.session.remove()
        self.platform.add_user(username, name=name, nip=nip, role=role)
        return MadePerson(person_id, username, name, nip)

    def put_below(self, above: str, *units: str) -> None:
        """Put units, which people were made in, below another since the beginning; all by code."""
        with self.app.app_context():
            with acting_as(db.session.scalar(select(Agency.id).where(Agency.code == self.agency))):
                ids = {code: unit_id for code, unit_id in db.session.execute(select(Unit.code, Unit.id))}
                for code in units:
                    move_unit(ids[code], ids[above], on=START)
                db.session.commit()
            db.session.remove()


def _place(person: Person, post: Post, unit_code: str, superior: MadePerson | None) -> None:
    """Let somebody hold a post since the beginning."""
    unit = db.session.scalar(select(Unit).where(Unit.code == unit_code))
    if unit is None:
        unit = Unit(code=unit_code, name=unit_code.title(), valid_from=START)
        db.session.add(unit)
        db.session.flush()
        db.session.add(UnitClosure(ancestor_id=unit.id, descendant_id=unit.id, depth=0, valid_from=START))
    db.session.add(post)
    db.session.flush()
    placement = Placement(person_id=person.id, post_id=post.id, unit_id=unit.id, valid_from=START)
    db.session.add(placement)
    db.session.flush()
    if superior is not None:
        db.session.add(PlacementSuperior(placement_id=placement.id, person_id=superior.id, valid_from=START))
