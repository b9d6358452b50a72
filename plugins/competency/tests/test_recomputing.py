"""An agency changes its rules: what is computed anew, in pieces, and what stays as it was."""

from __future__ import annotations

from decimal import Decimal

import pytest
from lms_bridge_competency import recomputing
from lms_bridge_competency.indicator_facts import sources
from lms_bridge_competency.indicators import CLOSED
from lms_bridge_competency.models import Result, ResultLine
from lms_bridge_competency.reading import categories, stored_bands
from lms_bridge_competency.rules import Method, Purpose
from sqlalchemy import select

from lms_bridge.api import EvidenceKind, Invalid, Person, db, gaps_of, now, person_ref, record_evidence
from lms_bridge.jobs import events
from lms_bridge.services.plugin_settings import choose_settings

from .conftest import ANI


def work(app):
    with app.app_context():
        while events.deliver_due():
            pass
        db.session.remove()


def choose(stored, app, **chosen):
    with stored.opened():
        choose_settings("competency", chosen)
    work(app)


def results(stored):
    return stored.all(select(Result).order_by(Result.id))


@pytest.fixture
def rated(ani, stored, bridge_app):
    """Ani sees herself at 3 in integrity, her peers at 5; her match is 85.19 of 100."""
    ani.rate({"M3": 2, "M4": 2, "M5": 2, "M7": 1})
    ani.finish()
    with stored.opened():
        person = person_ref(db.session.scalar(select(Person.id).where(Person.nip == ANI)))
        record_evidence(
            person=person, competency="asn-38-2017:M1", value=Decimal(1), source="survey.wave-1", seen_at=now(),
            kind=EvidenceKind.PEER,
        )  # fmt: skip
    work(bridge_app)
    return ani


def test_other_weights_give_other_levels_and_a_new_result(rated, stored, bridge_app):
    before = results(stored)
    choose(stored, bridge_app, weight_self="80")

    newest = results(stored)[-1]
    line = stored.one(select(ResultLine).where(ResultLine.result_id == newest.id, ResultLine.position == 1))
    # (20 x 5 + 80 x 3) / 100
    assert (line.blended, line.attained) == (Decimal("3.40"), 3)
    assert newest.inputs["weights"]["self"] == 80
    assert len(results(stored)) == len(before) + 1


def test_weights_that_change_no_level_store_no_result(rated, stored, bridge_app):
    before = len(results(stored))

    choose(stored, bridge_app, weight_peer="21")

    assert len(results(stored)) == before


def test_other_bounds_give_another_category_and_the_earlier_result_keeps_its_own(rated, stored, bridge_app):
    old = results(stored)[-1]
    assert categories(old)[Purpose.FILLING].code == "MS"

    choose(stored, bridge_app, ms_from="90")

    newest = results(stored)[-1]
    assert categories(newest)[Purpose.FILLING].code == "MMS"
    assert next(band for band in stored_bands(newest) if band.code == "MMS").below == Decimal(90)
    again = stored.one(select(Result).where(Result.id == old.id))
    assert categories(again)[Purpose.FILLING].code == "MS"


def test_the_other_method_decides_the_categories(rated, stored, bridge_app):
    choose(stored, bridge_app, jpm_method="no_compensation")

    newest = results(stored)[-1]
    assert newest.method is Method.NO_COMPENSATION
    assert "100 × 22 ÷ 27 = 81.48" in rated.get(f"/results/{newest.id}").text


def test_everybody_is_looked_at_in_pieces(rated, stored, bridge_app, monkeypatch, launch_as):
    other = launch_as("rahmat")
    other.post("/p/competency/self-rating/start")
    monkeypatch.setattr(recomputing, "AT_ONCE", 1)
    with stored.opened():
        person = person_ref(db.session.scalar(select(Person.id).where(Person.name.like("Rahmat%"))))
        for code in ("M1", "M2"):
            record_evidence(
                person=person, competency=f"asn-38-2017:{code}", value=Decimal("0.6"), source="survey.wave-1",
                seen_at=now(), kind=EvidenceKind.PEER,
            )  # fmt: skip
    work(bridge_app)
    before = len(results(stored))

    choose(stored, bridge_app, jpm_method="no_compensation")

    assert {one.person_id for one in results(stored)[before:]} == {one.person_id for one in results(stored)[:before]}


def test_settings_of_another_plugin_change_nothing(rated, stored, bridge_app):
    before = len(results(stored))
    with stored.opened():
        recomputing.note_settings(recomputing.SettingsChosen(plugin="leadership"))
    work(bridge_app)

    assert len(results(stored)) == before


@pytest.mark.parametrize(
    "chosen",
    [
        {"ms_from": "60"},
        {"co_from": "95"},
        {"ms_from": "101"},
        {"weight_self": "0", "weight_superior": "0"},
        {"jpm_method": "best"},
    ],
)
def test_rules_that_leave_a_category_or_everybody_out_are_refused(stored, chosen):
    with stored.opened(), pytest.raises(Invalid):
        choose_settings("competency", chosen)


def test_where_nobody_s_word_counts_any_more_what_is_known_stays(ani, stored, bridge_app):
    ani.rate({"M3": 2})
    ani.finish()
    work(bridge_app)

    choose(stored, bridge_app, weight_self="0")

    assert stored.count(Result) == 1
    with stored.opened():
        assert len(gaps_of(person_ref(db.session.scalar(select(Person.id).where(Person.nip == ANI))))) == 1
    ani.answer("M1", 3, 0)
    ani.answer("M1", 2, 3)
    ani.finish()
    assert [row.value for row in stored.rows("core_person_score")] == [Decimal("0.9630")]


def test_changed_rules_close_no_gap_of_anybody_s_in_the_numbers(rated, stored, bridge_app):
    def closed():
        with stored.opened():
            return [one for source in sources() for one in source.read() if one.metric == CLOSED]

    before = closed()

    choose(stored, bridge_app, weight_self="80")

    assert results(stored)[-1].by_rules
    assert closed() == before


def test_somebody_known_twice_has_one_newest_result(rated, stored, bridge_app):
    with stored.opened():
        ani = db.session.scalar(select(Person).where(Person.nip == ANI))
        other = Person(name=ani.name, same_as_id=ani.id, created_at=now())
        db.session.add(other)
        db.session.flush()
        old = db.session.scalars(select(Result).order_by(Result.id)).first()
        old.person_id = other.id
    before = len(results(stored))

    choose(stored, bridge_app, jpm_method="no_compensation")

    assert len(results(stored)) == before + 1
    assert results(stored)[-1].inputs["sources"].keys() == results(stored)[-2].inputs["sources"].keys()
