"""An agency with everybody whom a permission may concern, and another agency beside it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, insert, select

from lms_bridge.context import AbsentActor, AgencyRef, CourseRef
from lms_bridge.contributions import RELATIONS, Permission, Plugin, Relation
from lms_bridge.db import acting_as, db, now
from lms_bridge.models import (
    Agency,
    Course,
    Enrolment,
    Grant,
    ParticipantStatus,
    Person,
    Placement,
    PlacementKind,
    PlacementSuperior,
    Platform,
    PlatformUser,
    Post,
    Programme,
    ProgrammeParticipant,
    ProgrammeStatus,
    SuperiorKind,
    Unit,
    UnitClosure,
)
from lms_bridge.plugin_host.discovery import Found
from lms_bridge.plugin_host.host import PluginState
from lms_bridge.services.people import person_ref

TODAY = dt.date(2026, 11, 25)
LONG_AGO, YESTERDAY = dt.date(2024, 1, 1), TODAY - dt.timedelta(days=1)
DEFINITIVE, PLT, PLH = PlacementKind.DEFINITIVE, PlacementKind.PLT, PlacementKind.PLH

UNITS = {"top": None, "a": "top", "a1": "a", "b": "top", "c": "top"}
# who, unit, heads it, kind, from, until before
PLACEMENTS = (
    ("chief", "top", True, DEFINITIVE, LONG_AGO, None),
    ("head a", "a", True, DEFINITIVE, LONG_AGO, None),
    ("yesterday's head a", "a", True, DEFINITIVE, LONG_AGO, TODAY),
    ("tomorrow's head a", "a", True, DEFINITIVE, TODAY + dt.timedelta(days=1), None),
    ("plh a1", "a1", True, PLH, YESTERDAY, TODAY + dt.timedelta(days=3)),
    ("plt b", "b", True, PLT, YESTERDAY, None),
    ("ended plt b", "b", True, PLT, LONG_AGO, TODAY),
    ("retired head b", "b", True, DEFINITIVE, LONG_AGO, YESTERDAY),
    ("xena", "a", False, DEFINITIVE, LONG_AGO, None),
    ("yoga", "a1", False, DEFINITIVE, LONG_AGO, None),
    ("zaki", "b", False, DEFINITIVE, LONG_AGO, None),
    ("moved", "a", False, DEFINITIVE, LONG_AGO, TODAY),
    ("moved", "c", False, DEFINITIVE, TODAY, None),
    ("team leader", "c", False, DEFINITIVE, LONG_AGO, None),
    ("analyst", "c", False, DEFINITIVE, LONG_AGO, None),
    ("mentor", "c", False, DEFINITIVE, LONG_AGO, None),
)
# whose superior, who, kind, until before
SUPERIORS = (
    ("xena", "head a", SuperiorKind.STRUCTURAL, None),
    ("xena", "yesterday's head a", SuperiorKind.STRUCTURAL, TODAY),
    ("yoga", "team leader", SuperiorKind.TEAM, None),
    ("zaki", "team leader", SuperiorKind.TEAM, TODAY),
    # Nobody ended this row when the head of B retired; Plt B acts in that post.
    ("zaki", "retired head b", SuperiorKind.STRUCTURAL, None),
)
# role, scope, who, until before
GRANTS = (
    ("analyst", "", "analyst", None),
    ("analyst", "", "withdrawn analyst", TODAY),
    ("owner", "T-1", "owner", None),
    ("owner", "T-1", "yesterday's owner", TODAY),
    ("owner", "T-2", "owner of another programme", None),
    ("officer", "probe.officer", "officer", None),
    ("officer", "probe.other", "officer of another matter", None),
)


class World:
    """People by name, and what they may."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.people: dict[str, int] = {}
        self.agencies: dict[str, AgencyRef] = {}
        self.course: CourseRef

    def actor(self, name: str) -> AbsentActor:
        """Return somebody as an actor, in the roles in which they come from the LMS."""
        agency = self.agencies["other" if name.startswith("other") else "own"]
        roles = frozenset({"teacher": {"instructor"}, "administrator": {"administrator"}}.get(name, {"learner"}))
        with acting_as(agency.id):
            return AbsentActor(agency, person_ref(self.people[name]), roles, self.course)

    def name(self, person_id: int) -> str:
        return next(name for name, number in self.people.items() if number == person_id)


@pytest.fixture
def statements(bridge_app: Flask) -> Callable[[], Any]:
    """Count the statements that are executed within."""

    @contextmanager
    def counted() -> Iterator[list[str]]:
        seen: list[str] = []

        def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
            seen.append(statement)

        with bridge_app.app_context():
            engine = db.engine
        event.listen(engine, "before_cursor_execute", note)
        yield seen
        event.remove(engine, "before_cursor_execute", note)

    return counted


@pytest.fixture
def result(launch_as: Callable[..., Any]) -> str:
    """The address of Ani's competency result."""
    visit = launch_as("ani")
    visit.post("/p/competency/self-rating/start")
    for code in ("M1", "M2", "M3", "M4", "M5", "M6", "M7", "M8", "S1"):
        marks = {f"answers:asn-38-2017:{code}:3:{place}": "shown" for place in (1, 2, 3)}
        visit.post(f"/p/competency/self-rating/{code}/3", data=marks)
    answer = visit.post("/p/competency/self-rating/finish")
    return str(answer.headers["Location"].removeprefix(visit.prefix))


@pytest.fixture
def world(bridge_app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The agency, on 25 November 2026; a plugin declares an action ``probe.<relation>`` for each relation."""
    monkeypatch.setattr("lms_bridge.services.permissions.now", lambda: dt.datetime(2026, 11, 25, 3, tzinfo=dt.UTC))
    world = World(bridge_app)
    declare_probe(world)
    with bridge_app.app_context():
        for key, code in (("own", "demo"), ("other", "other")):
            if key == "other":
                db.session.execute(
                    insert(Agency.__table__).values(code=code, name="Other", timezone="Asia/Jakarta", created_at=now())
                )
            row = db.session.scalars(select(Agency).where(Agency.code == code)).one()
            world.agencies[key] = AgencyRef(row.id, row.code, row.name, row.timezone)
        with acting_as(world.agencies["other"].id):
            _another_agency(world)
        with acting_as(world.agencies["own"].id):
            _organisation(world)
            _programmes(world)
            _lms(world)
            db.session.commit()
            yield world
        db.session.remove()


def declare_probe(world: World) -> None:
    """Declare one action for each relation, and that the mentor's mentee is Xena."""

    def mentees(actor: Any, on: dt.date) -> list[int]:
        return [world.people["xena"]] if actor.id == world.people["mentor"] else []

    permissions = tuple(Permission(f"probe.{one}", one, frozenset({one})) for one in sorted(RELATIONS))
    probe = Plugin("probe", "Probe", "1", permissions=permissions, relations=(Relation("mentor", mentees),))
    states = world.app.extensions["lms_bridge.plugins"].states
    states["probe"] = PluginState(Found("probe", "probe"), probe)


def _person(world: World, name: str, **values: Any) -> int:
    person = Person(name=name, created_at=now(), **values)
    db.session.add(person)
    db.session.flush()
    return world.people.setdefault(name, person.id)


def _units(names: dict[str, str | None]) -> dict[str, int]:
    units: dict[str, Unit] = {}
    for name, above in names.items():
        units[name] = Unit(
            code=f"T-{name}", name=name, valid_from=LONG_AGO, parent_id=units[above].id if above else None
        )
        db.session.add(units[name])
        db.session.flush()
        ancestor: str | None = name
        depth = 0
        while ancestor is not None:
            row = UnitClosure(
                ancestor_id=units[ancestor].id, descendant_id=units[name].id, depth=depth, valid_from=LONG_AGO
            )
            db.session.add(row)
            ancestor, depth = names[ancestor], depth + 1
    return {name: unit.id for name, unit in units.items()}


def _organisation(world: World) -> None:
    units, posts, placed = _units(UNITS), {}, {}
    for who in ("withdrawn analyst", "officer", "officer of another matter", "teacher", "administrator", "nobody"):
        _person(world, who)
    for who in ("owner", "yesterday's owner", "owner of another programme"):
        _person(world, who)
    for who, unit, heads, kind, start, end in PLACEMENTS:
        person_id = world.people.get(who) or _person(world, who)
        key = f"head {unit}" if heads else who
        if key not in posts:
            posts[key] = Post(code=f"T-{key}", name=key, type="JA", level="PENGAWAS", heads_unit=heads)
            db.session.add(posts[key])
            db.session.flush()
        row = Placement(
            person_id=person_id, post_id=posts[key].id, unit_id=units[unit], kind=kind, valid_from=start, valid_to=end
        )
        db.session.add(row)
        db.session.flush()
        placed[who] = row.id
    for whose, who, superior_kind, end in SUPERIORS:
        row = PlacementSuperior(
            placement_id=placed[whose],
            person_id=world.people[who],
            kind=superior_kind,
            valid_from=LONG_AGO,
            valid_to=end,
        )
        db.session.add(row)
    for role, scope, who, end in GRANTS:
        db.session.add(Grant(role=role, scope=scope, person_id=world.people[who], valid_from=LONG_AGO, valid_to=end))
    db.session.flush()


def _programmes(world: World) -> None:
    """Xena and Zaki registered for a programme, and Zaki withdrew; nobody for the other."""
    programme, other = (
        Programme(code=code, title=code, form="B7", jp=10, status=ProgrammeStatus.OPEN) for code in ("T-1", "T-2")
    )
    db.session.add_all([programme, other])
    db.session.flush()
    for who, status in (("xena", ParticipantStatus.REGISTERED), ("zaki", ParticipantStatus.WITHDRAWN)):
        row = ProgrammeParticipant(
            programme_id=programme.id, person_id=world.people[who], status=status, registered_on=LONG_AGO
        )
        db.session.add(row)
    db.session.flush()


def _another_agency(world: World) -> None:
    unit = _units({"elsewhere": None})["elsewhere"]
    posts = [Post(code=f"T-{n}", name="x", type="JA", level="PENGAWAS", heads_unit=n == 0) for n in (0, 1)]
    db.session.add_all(posts)
    _person(world, "other head")
    _person(world, "other analyst")
    _person(world, "other staff")
    db.session.flush()
    for who, post in zip(("other head", "other staff"), posts, strict=True):
        db.session.add(Placement(person_id=world.people[who], post_id=post.id, unit_id=unit, valid_from=LONG_AGO))
    db.session.add(Grant(role="analyst", person_id=world.people["other analyst"], valid_from=LONG_AGO))
    db.session.flush()


def _lms(world: World) -> None:
    """Yoga and Zaki are in the course; Zaki stands in its roster no more."""
    platform = db.session.scalars(select(Platform)).first()
    assert platform is not None
    course = Course(platform_id=platform.id, context_id="t", title="Course")
    db.session.add(course)
    db.session.flush()
    world.course = CourseRef(course.id, course.title)
    for who, in_roster in (("teacher", True), ("yoga", True), ("zaki", False)):
        user = PlatformUser(issuer=platform.issuer, sub=f"t-{who}", person_id=world.people[who])
        db.session.add(user)
        db.session.flush()
        db.session.add(
            Enrolment(course_id=course.id, platform_user_id=user.id, roles=[], in_roster=in_roster, seen_at=now())
        )
    db.session.flush()
