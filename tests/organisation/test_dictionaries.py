"""Dictionaries of an agency: written, approved by a second person, frozen, followed by a version."""

from __future__ import annotations

import datetime as dt

import pytest

from lms_bridge.db import acting_as, db
from lms_bridge.domain.dictionary import (
    CompetencyText,
    IndicatorText,
    LevelText,
    faults_of,
    in_circles,
    missing_levels,
)
from lms_bridge.errors import NotFound
from lms_bridge.models import Agency, FrameworkState, Grant
from lms_bridge.services.framework_editing import (
    FrameworkText,
    approve_framework,
    competency_text,
    create_framework,
    discard_framework,
    freeze_frameworks,
    next_version,
    put_competency,
    remove_competency,
)
from lms_bridge.services.framework_entries import dictionary_entries, replace_entries
from lms_bridge.services.framework_errors import (
    CodeTaken,
    DictionaryFaulty,
    FrameworkFixed,
    NotApprovable,
    StillUsed,
    fault_sentence,
)
from lms_bridge.services.frameworks import competencies, framework, frameworks, known_keys, load_shipped_framework
from lms_bridge.services.people import person_ref

NOW = dt.datetime(2026, 11, 25, tzinfo=dt.UTC)
LEVELS = tuple(
    LevelText(level, f"Tingkat {level}", f"Level {level}", (IndicatorText("Menulis <b>uji</b>", "Writes tests"),))
    for level in range(1, 6)
)


def entry(code, **more):
    return CompetencyText(code=code, name_id=f"Kompetensi {code}", levels=more.pop("levels", LEVELS), **more)


@pytest.fixture
def draft(agency, person):
    """A draft of two competencies below a group."""
    view = create_framework(
        FrameworkText(family="tik", version="2026", title_id="Kamus teknis TIK"), author=person("Dewi")
    )
    group = CompetencyText(code="T", name_id="Teknologi")
    replace_entries(view.id, [entry("T1", parent="T", related=("T2",)), group, entry("T2", parent="T")])
    return view.id


def test_every_fault_of_a_dictionary_is_listed_with_its_place():
    entries = [
        entry("A", parent="B"),
        entry("B", parent="A"),
        entry("B"),
        CompetencyText(code="", name_id=""),
        entry("C", parent="X", related=("Y",), levels=(LEVELS[0], LEVELS[0], LevelText(9, "", ""))),
        entry("D:1"),
    ]

    found = [(fault.place, fault.reason) for fault in faults_of(entries)]

    assert (0, "parent-unknown") not in found
    assert {(2, "code-twice"), (3, "code-missing"), (3, "name-missing")} <= {*found}
    assert {(4, "parent-unknown"), (5, "code-form")} <= {*found}
    assert {(4, "related-unknown"), (4, "level-twice"), (4, "level-range")} <= {*found}
    assert all("{what}" not in fault_sentence(fault) for fault in faults_of(entries))


def test_only_the_codes_in_a_circle_are_named_and_a_long_chain_is_none():
    chain = {str(number): str(number + 1) for number in range(10_000)}

    assert in_circles({"a": "b", "b": "c", "c": "b", "d": None}) == ["b", "c"]
    assert in_circles(chain) == []


def test_a_competency_with_some_levels_lacks_the_others_and_one_without_any_lacks_none():
    assert missing_levels([entry("A", levels=LEVELS[:3]), entry("B", levels=())]) == {"A": (4, 5)}


def test_entries_come_back_as_they_were_stored_with_markup_as_text(draft):
    first, _group, second = dictionary_entries(draft)

    assert (first.parent, first.related, second.parent) == ("T", ("T2",), "T")
    assert first.levels == LEVELS
    assert competencies("tik-2026")[0].levels[0].indicators[0].text == "Menulis <b>uji</b>"
    assert known_keys({"tik-2026:T1", "tik-2026:T9"}) == {"tik-2026:T1"}


def test_nothing_of_a_faulty_dictionary_is_stored(draft):
    with pytest.raises(DictionaryFaulty):
        replace_entries(draft, [entry("N1"), entry("N1")])

    assert [one.code for one in dictionary_entries(draft)] == ["T1", "T", "T2"]


def test_a_competency_is_changed_moved_and_removed_but_never_below_itself(draft):
    put_competency(draft, entry("T3", parent="T1"))
    put_competency(draft, entry("T2", definition_id="Baru", levels=()), replacing="T2")

    with pytest.raises(DictionaryFaulty):
        put_competency(draft, entry("T1", parent="T3"), replacing="T1")
    with pytest.raises(StillUsed):
        remove_competency(draft, "T1")
    remove_competency(draft, "T3")

    assert competency_text(draft, "T2") == entry("T2", definition_id="Baru", levels=())
    assert framework(draft).entries == 3


def test_another_person_approves_what_somebody_wrote(draft, person):
    author, other = framework(draft).author, person("Other")
    for who in (author, other.id):
        db.session.add(Grant(role="analyst", scope="", person_id=who, valid_from=NOW.date()))
    db.session.flush()

    with pytest.raises(NotApprovable):
        approve_framework(draft, by=person_ref(author), now=NOW)
    approve_framework(draft, by=other, now=NOW)

    assert framework(draft).state is FrameworkState.APPROVED


def test_the_only_analyst_approves_their_own(draft):
    approve_framework(draft, by=person_ref(framework(draft).author), now=NOW)

    assert framework(draft).approved_by == framework(draft).author


def test_levels_that_are_missing_keep_a_dictionary_from_approval(draft, person):
    put_competency(draft, entry("T4", levels=LEVELS[:2]))

    with pytest.raises(NotApprovable) as refused:
        approve_framework(draft, by=person("Other"), now=NOW)

    assert "T4: 3, 4, 5" in refused.value.detail


def test_what_is_used_is_frozen_and_followed_by_a_version_that_copies_it(draft, person):
    approve_framework(draft, by=person("Other"), now=NOW)
    freeze_frameworks({"tik-2026:T1"})
    with pytest.raises(FrameworkFixed):
        put_competency(draft, entry("T9"))

    new = next_version(draft, "2027", author=person("Dewi"))

    assert framework(draft).state is FrameworkState.FROZEN
    assert (new.code, new.state) == ("tik-2027", FrameworkState.DRAFT)
    assert dictionary_entries(new.id) == dictionary_entries(draft)
    with pytest.raises(CodeTaken):
        next_version(draft, "2027", author=person("Dewi"))


def test_a_shipped_dictionary_is_everybodys_and_nobody_changes_it(agency, person):
    load_shipped_framework()
    shipped = frameworks()[0]

    with pytest.raises(FrameworkFixed):
        discard_framework(shipped.id)
    with pytest.raises(CodeTaken):
        create_framework(FrameworkText(family="asn", version="38-2017", title_id="x"), author=person("Dewi"))

    assert (shipped.shipped, shipped.state, shipped.entries) == (True, FrameworkState.FROZEN, 9)


def test_an_agency_neither_sees_nor_meets_the_dictionary_of_another(draft):
    other = Agency(code="other", name="Other", created_at=NOW)
    db.session.add(other)
    db.session.flush()

    with acting_as(other.id):
        seen = [one.code for one in frameworks() if not one.shipped]
        keys, texts = known_keys({"tik-2026:T1"}), competencies("tik-2026")
        with pytest.raises(NotFound):
            dictionary_entries(draft)

    assert (seen, keys, texts) == ([], set(), [])


def test_a_draft_is_thrown_away_with_its_tree(draft):
    discard_framework(draft)

    assert [one.code for one in frameworks() if not one.shipped] == []
