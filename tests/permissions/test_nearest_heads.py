"""Who is under whom by structure alone, against the rule read out word by word, in agencies made by chance."""

from __future__ import annotations

import random

import pytest
from sqlalchemy import select

from lms_bridge.db import acting_as, db
from lms_bridge.models import Person, Placement, PlacementKind, Post, Unit
from lms_bridge.services.heads import superiors_of
from lms_bridge.services.people import person_ref
from lms_bridge.services.permissions import may, visible_people
from lms_bridge.services.unit_tree import derive_closure

from .conftest import LONG_AGO, TODAY, _person

UNITS, PEOPLE = 10, 14


class Chance:
    """An agency in which who works where, and who heads what, fell out by chance."""

    def __init__(self, seed: int) -> None:
        dice = random.Random(seed)
        self.above = {0: None} | {unit: dice.randrange(unit) for unit in range(1, UNITS)}
        # Some head no unit, some several, some units have two heads, and many none.
        self.works_in = {person: dice.randrange(UNITS) for person in range(PEOPLE)}
        self.heads = {(dice.randrange(PEOPLE), dice.randrange(UNITS)) for _ in range(dice.randrange(4, 12))}

    def under(self, actor: int) -> set[int]:
        """The rule: the nearest unit from one's own upwards that somebody else heads is headed by the actor."""
        return {one for one in range(PEOPLE) if one != actor and actor in self.superiors(one)}

    def superiors(self, person: int) -> set[int]:
        unit = self.works_in[person]
        while unit is not None:
            heads = {head for head, headed in self.heads if headed == unit} - {person}
            if heads:
                return heads
            unit = self.above[unit]
        return set()

    def store(self, world) -> list[int]:
        """Store it; return the ids of the people."""
        units = [Unit(code=f"N{unit}", name="x", valid_from=LONG_AGO) for unit in range(UNITS)]
        db.session.add_all(units)
        posts = [
            Post(code=f"N{heads}", name="x", type="JA", level="PENGAWAS", heads_unit=heads == 1) for heads in (0, 1)
        ]
        db.session.add_all(posts)
        db.session.flush()
        for unit, above in self.above.items():
            units[unit].parent_id = None if above is None else units[above].id
        people = [_person(world, f"somebody {person}") for person in range(PEOPLE)]
        # Heads hold the post of a head as Plt, so that where they work is what chance says.
        held = [(person, unit, PlacementKind.DEFINITIVE, 0) for person, unit in self.works_in.items()]
        held += [(person, unit, PlacementKind.PLT, 1) for person, unit in sorted(self.heads)]
        for person, unit, kind, post in held:
            ids = {"person_id": people[person], "unit_id": units[unit].id, "post_id": posts[post].id}
            db.session.add(Placement(**ids, kind=kind, valid_from=LONG_AGO))
        db.session.flush()
        derive_closure()
        return people


@pytest.mark.parametrize("seed", range(4))
def test_the_nearest_head_is_found_as_the_rule_says(world, seed):
    chance = Chance(seed)
    with acting_as(world.agencies["own"].id):
        people = chance.store(world)
        refs = [person_ref(one) for one in people]
        listed, allowed, told = {}, {}, {}
        for one in range(PEOPLE):
            actor = world.actor(f"somebody {one}")
            ids = set(
                db.session.scalars(select(Person.id).where(Person.id.in_(visible_people(actor, "probe.superior"))))
            )
            listed[one] = {other for other, number in enumerate(people) if number in ids}
            told[one] = {people.index(head.person_id) for head in superiors_of(refs[one], on=TODAY)}
        for one in range(0, PEOPLE, 7):
            actor = world.actor(f"somebody {one}")
            allowed[one] = {other for other, ref in enumerate(refs) if may(actor, "probe.superior", ref)}

    right = {one: chance.under(one) for one in range(PEOPLE)}
    assert listed == right
    assert allowed == {one: right[one] for one in allowed}
    assert told == {one: chance.superiors(one) for one in range(PEOPLE)}
