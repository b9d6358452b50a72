"""Which level a post requires of each competency."""

from __future__ import annotations

import datetime as dt

import pytest
from lms_bridge_competency.models import Requirement
from lms_bridge_competency.reference import FRAMEWORK, post_levels
from lms_bridge_competency.standards import Basis, post_of, resolve_standard
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from lms_bridge.api import Person, PersonRef, Post, competencies, db, person_ref

from .conftest import ANI

M1, M2, S1 = (f"{FRAMEWORK}:{code}" for code in ("M1", "M2", "S1"))
TODAY = dt.date(2026, 11, 24)
RULE = {"rule": "SKJ 12/2026", "version": "1", "valid_from": dt.date(2026, 1, 1)}


def resolve(post_id=None, post_level="AHLI_MUDA", on=TODAY):
    return resolve_standard(competencies(FRAMEWORK), post_id=post_id, post_level=post_level, on=on)


def ani() -> PersonRef:
    return person_ref(db.session.scalar(select(Person.id).where(Person.nip == ANI)))


def ani_s_post() -> int:
    return db.session.scalar(select(Post.id).where(Post.code == "ANI"))


def view(person: PersonRef, *, declared=None, on=TODAY):
    return post_of(person, competencies(FRAMEWORK), on=on, declared_level=declared, locale="id")


@pytest.mark.parametrize("code", list(post_levels()))
def test_shipped_defaults_cover_every_level_of_posts(stored, code):
    with stored.opened():
        standard = resolve(post_level=code)

    assert len(standard) == 9
    assert {one.basis for one in standard.values()} == {Basis.DEFAULT}
    assert standard[M1].level == post_levels()[code].managerial
    assert standard[S1].level == post_levels()[code].sociocultural
    assert standard[M1].confirmed is post_levels()[code].confirmed


def test_a_row_of_the_post_goes_before_one_of_its_level_and_that_before_the_default(stored):
    with stored.opened():
        post = ani_s_post()
        db.session.add_all(
            [
                Requirement(post_level="AHLI_MUDA", competency=M1, level=4, **RULE),
                Requirement(post_level="AHLI_MUDA", competency=M2, level=4, **RULE),
                Requirement(post_id=post, competency=M1, level=2, **RULE),
                Requirement(post_level="PELAKSANA", competency=S1, level=5, **RULE),
            ]
        )
        db.session.flush()

        standard = resolve(post_id=post)

    assert (standard[M1].level, standard[M1].basis) == (2, Basis.POST)
    assert (standard[M2].level, standard[M2].basis) == (4, Basis.POST_LEVEL)
    assert (standard[S1].level, standard[S1].basis) == (3, Basis.DEFAULT)


def test_rows_of_another_agency_do_not_count(stored):
    with stored.opened():
        agencies = db.metadata.tables["core_agency"]
        row = {"code": "other", "name": "Other", "timezone": "Asia/Jakarta", "created_at": dt.datetime.now(dt.UTC)}
        db.session.execute(insert(agencies).values(**row))
    with stored.opened(agency="other"):
        db.session.add(Requirement(post_level="AHLI_MUDA", competency=M1, level=5, **RULE))

    with stored.opened():
        assert resolve()[M1].level == 3


def test_an_unknown_level_of_posts_has_no_standard(stored):
    with stored.opened():
        assert resolve(post_level="EMPEROR") == {}


def test_a_requirement_is_for_a_post_or_for_a_level_never_for_both_or_none(stored):
    for subject in ({}, {"post_level": "AHLI_MUDA", "post": True}):
        with stored.opened():
            post_id = ani_s_post() if subject.pop("post", None) else None
            db.session.add(Requirement(post_id=post_id, competency=M1, level=3, **subject, **RULE))
            with pytest.raises(IntegrityError):
                db.session.flush()
            db.session.rollback()


def test_the_post_that_somebody_holds_goes_before_the_level_they_chose(stored):
    with stored.opened():
        post = view(ani(), declared="JPT_UTAMA")

    assert (post.level, post.declared) == ("AHLI_MUDA", False)


def test_a_chosen_level_counts_while_the_post_has_no_standard(stored):
    with stored.opened():
        db.session.scalar(select(Post).where(Post.code == "ANI")).level = "EMPEROR"

        without, chosen = view(ani()), view(ani(), declared="PENGAWAS")

    assert without is None
    assert (chosen.level, chosen.name, chosen.declared, chosen.id) == ("PENGAWAS", "Pengawas", True, None)


def test_a_post_is_that_of_the_day(stored):
    with stored.opened():
        assert view(ani(), on=dt.date(2020, 1, 1)) is None
