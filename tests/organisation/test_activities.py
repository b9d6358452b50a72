"""Activities and suggestions: how plugins meet that do not know one another."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from lms_bridge.db import db
from lms_bridge.errors import Invalid, NotFound
from lms_bridge.jobs.retention import CORE
from lms_bridge.models import (
    Activity,
    ActivityState,
    OutboxEvent,
    Person,
    Suggestion,
    SuggestionKind,
    SuggestionState,
)
from lms_bridge.services.activities import (
    ActivityDetails,
    activities_of,
    activity,
    confirm_activity,
    withdraw_activity,
)
from lms_bridge.services.suggestions import (
    SuggestionClosed,
    SuggestionDetails,
    settle_suggestion,
    suggest,
    suggestions_for,
)

MOMENT = dt.datetime(2026, 11, 3, 8, tzinfo=dt.UTC)
LATER = MOMENT + dt.timedelta(days=1)
SESSION = {"source": "mentoring", "reference": "session:12"}
ITEM = {"source": "competency", "reference": "plan-item:7"}
COACHING = ActivityDetails(form="C1", title="Coaching", starts_at=MOMENT, minutes=60, units=Decimal(1))
WISH = SuggestionDetails(
    competency="asn-38-2017:M3",
    form="C1",
    from_level=2,
    to_level=3,
    kind=SuggestionKind.WANTED,
    reason_id="Ada di rencana yang disetujui.",
    reason_en="It stands in the approved plan.",
)


def told() -> list[str]:
    return list(db.session.scalars(select(OutboxEvent.name).order_by(OutboxEvent.id)))


@pytest.fixture
def ani(person):
    return person("Ani")


def test_an_activity_confirmed_twice_is_one_and_told_once(ani):
    first = confirm_activity(ani, COACHING, **SESSION, now=MOMENT)

    again = confirm_activity(ani, COACHING, **SESSION, now=LATER)

    assert again == first == activity(first.id)
    assert told() == ["activity.confirmed"]


def test_a_corrected_activity_stays_the_same_one_and_is_told_as_changed(ani):
    first = confirm_activity(ani, COACHING, **SESSION, now=MOMENT)

    longer = confirm_activity(ani, replace(COACHING, minutes=90), **SESSION, now=LATER)

    assert (longer.id, longer.details.minutes) == (first.id, 90)
    assert told() == ["activity.confirmed", "activity.changed"]


def test_a_withdrawn_activity_counts_no_more_until_it_is_confirmed_anew(ani):
    confirm_activity(ani, COACHING, **SESSION, now=MOMENT)
    year = {"since": MOMENT - dt.timedelta(days=300), "until": LATER}

    withdraw_activity(**SESSION, now=LATER)
    withdraw_activity(**SESSION, now=LATER)
    without = activities_of(ani, **year)
    confirm_activity(ani, COACHING, **SESSION, now=LATER)

    assert without == []
    assert [one.state for one in activities_of(ani, **year)] == [ActivityState.CONFIRMED]
    assert told() == ["activity.confirmed", "activity.withdrawn", "activity.confirmed"]


def test_activities_are_those_that_began_from_a_moment_to_another_of_every_row_of_the_person(ani, person):
    twin = person("Ani of the LMS")
    db.session.get_one(Person, twin.id).same_as_id = ani.id
    for day, who in enumerate((ani, twin, ani)):
        when = MOMENT + dt.timedelta(days=day)
        confirm_activity(who, replace(COACHING, starts_at=when), source="x", reference=str(day), now=LATER)
    both = replace(ani, ids=(ani.id, twin.id))

    found = activities_of(both, since=MOMENT, until=MOMENT + dt.timedelta(days=2))

    assert [one.reference for one in found] == ["0", "1"]


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("form", {"form": "Z9"}),
        ("title", {"title": ""}),
        ("title", {"title": "x" * 256}),
        ("minutes", {"minutes": None, "units": None}),
        ("minutes", {"minutes": 0}),
        ("minutes", {"units": Decimal(-1)}),
    ],
)
def test_what_does_not_fit_is_refused(ani, field, change):
    with pytest.raises(Invalid) as refused:
        confirm_activity(ani, replace(COACHING, **change), **SESSION, now=MOMENT)

    assert list(refused.value.problems) == [field]


def test_nothing_that_was_never_confirmed_is_withdrawn(agency):
    with pytest.raises(NotFound):
        withdraw_activity(**SESSION, now=MOMENT)


def test_the_same_reference_of_another_plugin_is_another_activity(ani):
    ids = {confirm_activity(ani, COACHING, source=name, reference="1", now=MOMENT).id for name in ("survey", "x")}

    assert len(ids) == 2


def test_what_a_plan_wants_is_found_by_who_gives_it(ani, person):
    wish = suggest(ani, WISH, **ITEM, now=MOMENT)
    suggest(person("Budi"), replace(WISH, form="B7"), source="competency", reference="plan-item:8", now=MOMENT)
    offered = suggest(ani, replace(WISH, kind=SuggestionKind.OFFERED), source="survey", reference="1", now=LATER)

    assert suggestions_for(forms=["C1", "C2"], kind=SuggestionKind.WANTED) == [wish]
    assert suggestions_for(ani, competency="asn-38-2017:M3") == [wish, offered]
    assert suggestions_for(ani, competency="asn-38-2017:M1") == []


def test_a_suggestion_made_twice_is_one_and_a_changed_one_is_told_again(ani):
    first = suggest(ani, WISH, **ITEM, now=MOMENT)
    suggest(ani, WISH, **ITEM, now=LATER)

    higher = suggest(ani, replace(WISH, to_level=4), **ITEM, now=LATER)

    assert (higher.id, higher.details.to_level) == (first.id, 4)
    assert told() == ["suggestion.made", "suggestion.made"]


def test_of_two_who_take_a_suggestion_only_the_first_is_told_yes(ani):
    wish = suggest(ani, WISH, **ITEM, now=MOMENT)

    taken = [settle_suggestion(wish.id, SuggestionState.TAKEN, now=LATER) for _ in range(2)]

    assert taken == [True, False]
    assert suggestions_for(ani) == []
    assert told() == ["suggestion.made", "suggestion.settled"]


def test_a_taken_suggestion_stays_taken_when_its_details_change(ani):
    wish = suggest(ani, WISH, **ITEM, now=MOMENT)
    settle_suggestion(wish.id, SuggestionState.TAKEN, now=LATER)

    assert suggest(ani, replace(WISH, to_level=4), **ITEM, now=LATER).state is SuggestionState.TAKEN


def test_a_settled_suggestion_is_closed_until_something_else_is_suggested(ani):
    wish = suggest(ani, WISH, **ITEM, now=MOMENT)
    settle_suggestion(wish.id, SuggestionState.DISMISSED, now=LATER)

    with pytest.raises(SuggestionClosed):
        settle_suggestion(wish.id, SuggestionState.TAKEN, now=LATER)
    same = suggest(ani, WISH, **ITEM, now=LATER)
    other = suggest(ani, replace(WISH, to_level=4), **ITEM, now=LATER)

    assert (same.state, other.state) == (SuggestionState.DISMISSED, SuggestionState.OPEN)


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("form", {"form": "Z9"}),
        ("to_level", {"to_level": 2}),
        ("to_level", {"to_level": 6}),
        ("programme_id", {"programme_id": 99}),
    ],
)
def test_a_suggestion_that_does_not_fit_is_refused(ani, field, change):
    with pytest.raises(Invalid) as refused:
        suggest(ani, replace(WISH, **change), **ITEM, now=MOMENT)

    assert list(refused.value.problems) == [field]


def test_the_database_keeps_levels_and_amounts(ani):
    for row in (
        Activity(person_id=ani.id, form="C1", title="x", starts_at=MOMENT, changed_at=MOMENT, **SESSION),
        Suggestion(
            person_id=ani.id,
            competency="x",
            form="C1",
            from_level=3,
            to_level=3,
            kind=SuggestionKind.WANTED,
            reason_id="",
            reason_en="",
            changed_at=MOMENT,
            **ITEM,
        ),
    ):
        with pytest.raises(IntegrityError), db.session.begin_nested():
            db.session.add(row)
            db.session.flush()


def test_what_was_taken_back_or_settled_goes_after_its_time_and_the_rest_stays(ani):
    for reference in ("stays", "goes"):
        confirm_activity(ani, COACHING, source="x", reference=reference, now=MOMENT)
        wish = suggest(ani, WISH, source="x", reference=reference, now=MOMENT)
    withdraw_activity(source="x", reference="goes", now=MOMENT)
    settle_suggestion(wish.id, SuggestionState.DONE, now=MOMENT)
    rules = {rule.name: rule for rule in CORE}

    early = [rules[name].apply(MOMENT) for name in ("activities", "suggestions")]
    late = [rules[name].apply(LATER) for name in ("activities", "suggestions")]

    assert (early, late) == ([0, 0], [1, 1])
    assert list(db.session.scalars(select(Activity.reference))) == ["stays"]
    assert list(db.session.scalars(select(Suggestion.reference))) == ["stays"]
