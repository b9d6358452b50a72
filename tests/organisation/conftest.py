"""An agency of its own, without people, on both databases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lms_bridge.context import PersonRef
from lms_bridge.db import acting_as, db, now
from lms_bridge.models import Agency, Person, Placement, PlacementKind, Post
from lms_bridge.services.people import person_ref
from lms_bridge.services.placements import place
from lms_bridge.services.units import create_unit
from lms_bridge.testing.instance import close_app, make_app

START = dt.date(2024, 1, 1)


@pytest.fixture
def agency(database: str, tmp_path: Path) -> Iterator[int]:
    """Work for an empty agency in a transaction that is not kept; gives its id."""
    app = make_app(tmp_path / "instance", database, None)
    with app.app_context():
        row = Agency(code="empty", name="Empty", created_at=now())
        db.session.add(row)
        db.session.flush()
        with acting_as(row.id):
            yield row.id
        db.session.rollback()
    close_app(app)


@pytest.fixture
def unit(agency: int) -> Callable[..., int]:
    """Make a unit, named by its code, since 2024; returns its id."""

    def make(code: str, parent: int | None = None, *, since: dt.date = START, until: dt.date | None = None) -> int:
        return create_unit(code, f"Unit {code}", parent_id=parent, valid_from=since, valid_to=until).id

    return make


@pytest.fixture
def person(agency: int) -> Callable[..., PersonRef]:
    """Make somebody known by name."""

    def make(name: str, *, nip: str | None = None, email: str | None = None) -> PersonRef:
        row = Person(name=name, nip=nip, email=email, created_at=now())
        db.session.add(row)
        db.session.flush()
        return person_ref(row.id)

    return make


@pytest.fixture
def post(agency: int) -> Callable[..., int]:
    """Make a post; returns its id."""

    def make(name: str, *, heads: bool = False, unit: int | None = None) -> int:
        row = Post(code=name.upper(), name=name, type="JA", level="PENGAWAS", heads_unit=heads, unit_id=unit)
        db.session.add(row)
        db.session.flush()
        return row.id

    return make


@pytest.fixture
def placed(person: Callable[..., PersonRef], post: Callable[..., int]) -> Callable[..., PersonRef]:
    """Make somebody with a post of their own in a unit, since 2024."""

    def make(
        name: str,
        unit: int,
        *,
        heads: bool = False,
        since: dt.date = START,
        until: dt.date | None = None,
        kind: PlacementKind = PlacementKind.DEFINITIVE,
    ) -> PersonRef:
        who = person(name)
        place(who, post_id=post(f"Post {name}", heads=heads), unit_id=unit, valid_from=since, valid_to=until, kind=kind)
        return who

    return make


@pytest.fixture
def placement() -> Callable[[PersonRef], Placement]:
    """Return the newest placement of somebody."""

    def find(who: PersonRef) -> Placement:
        db.session.expire_all()
        rows = db.session.query(Placement).where(Placement.person_id.in_(who.ids))
        return rows.order_by(Placement.valid_from.desc(), Placement.id.desc()).first()  # type: ignore[return-value]

    return find
