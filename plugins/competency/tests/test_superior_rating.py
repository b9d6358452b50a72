"""Superiors rate their people: who may, what it changes, and what both are asked when they lie far apart."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from lms_bridge_competency.computing import compute_lines
from lms_bridge_competency.models import Assessment, Requirement, Result, ResultLine
from sqlalchemy import select

from lms_bridge.api import Person, db, gaps_of, person_ref
from lms_bridge.services.plugin_settings import choose_settings

from .conftest import ANI, CODES, answers

RATINGS = "/p/competency/ratings"


@pytest.fixture
def rahmat(launch_as):
    return launch_as("rahmat", locale="en")


def person_of(stored, nip=ANI):
    with stored.opened():
        return person_ref(db.session.scalar(select(Person.id).where(Person.nip == nip)))


def rate_ani(browser, person, attained=None, *, required=3):
    """Rate Ani in every competency, by default at the required level."""
    root = f"{RATINGS}/{person.id}"
    assert browser.post(f"{root}/start").status_code == 303
    for code in CODES:
        level = (attained or {}).get(code, required)
        for asked in range(required, max(level, 1) - 1, -1):
            shown = 3 if asked == level else 0
            browser.post(f"{root}/{code}/{asked}", data={**answers(code, asked, shown), "go": "continue"})
        for asked in range(required + 1, level + 1):
            browser.post(f"{root}/{code}/{asked - 1}", data=answers(code, asked - 1, 3))
            browser.post(f"{root}/{code}/{asked}", data=answers(code, asked, 3))


def finish(browser, person, **notes):
    fields = {f"notes:asn-38-2017:{code}": note for code, note in notes.items()}
    return browser.post(f"{RATINGS}/{person.id}/finish", data=fields)


def lines(stored):
    rows = stored.all(select(ResultLine).order_by(ResultLine.result_id.desc(), ResultLine.position).limit(9))
    return {row.competency.partition(":")[2]: row for row in rows}


def newest(stored):
    return stored.one(select(Result).order_by(Result.id.desc()))


def test_a_superior_finds_who_waits_and_rates_on_the_same_behaviours(ani, rahmat, stored):
    ani.rate()
    ani.finish()
    person = person_of(stored)

    assert "Rate 1 person whom you lead" in rahmat.get("/").text
    listed = rahmat.get(RATINGS).text
    assert "Waits for you" in listed
    question = rahmat.get(rahmat.post(f"{RATINGS}/{person.id}/start").headers["Location"].removeprefix(rahmat.prefix))

    assert f"Rating of {person.name}" in question.text
    assert "Has shown this" in question.text
    assert "I have shown this" not in question.text


def test_superior_and_self_become_one_level_and_the_result_says_how(ani, rahmat, stored):
    ani.rate({"M1": 4})
    ani.finish()
    person = person_of(stored)
    rate_ani(rahmat, person, {"M1": 3, "M3": 2})

    page = rahmat.get(finish(rahmat, person).headers["Location"].removeprefix(rahmat.prefix)).text

    found = lines(stored)
    assert (found["M1"].blended, found["M1"].attained) == (Decimal("3.28"), 3)
    assert (found["M3"].blended, found["M3"].attained) == (Decimal("2.28"), 2)
    assert "weight 50 of 70" in page
    explanation = ani.get(f"/results/{newest(stored).id}/explanation").text
    assert "(50 × 3 + 20 × 4) ÷ 70 = 3.28" in explanation
    assert "Superior: level 2" in explanation
    with stored.opened():
        assert [gap.competency for gap in gaps_of(person)] == ["asn-38-2017:M3"]


def test_nothing_waits_any_more_once_the_superior_has_finished(ani, rahmat, stored):
    ani.rate()
    ani.finish()
    person = person_of(stored)
    rate_ani(rahmat, person)
    finish(rahmat, person)

    assert "person whom you lead" not in rahmat.get("/").text
    assert "rated by you" in rahmat.get(RATINGS).text


def test_the_one_who_rates_second_says_why_where_two_levels_lie_between(ani, rahmat, stored):
    ani.rate({"M2": 3})
    ani.finish()
    person = person_of(stored)
    rate_ani(rahmat, person, {"M2": 1, "M3": 2})

    overview = rahmat.get(f"{RATINGS}/{person.id}/overview").text
    without = finish(rahmat, person, M2=" ")
    still = len(stored.all(select(Result.id)))
    done = finish(rahmat, person, M2="Jarang <b>berbagi</b> tugas")

    assert overview.count("<textarea") == 1
    assert "Your rating: level 1; self-rating: level 3" in overview
    assert (without.status_code, still) == (409, 1)
    assert done.status_code == 303
    explanation = ani.get(f"/results/{newest(stored).id}/explanation").text
    assert "Jarang &lt;b&gt;berbagi&lt;/b&gt; tugas" in explanation


def test_a_learner_who_rates_second_is_asked_too(ani, rahmat, stored):
    person = person_of(stored)
    rate_ani(rahmat, person, {"M2": 1})
    assert finish(rahmat, person).status_code == 303

    ani.rate()
    refused = ani.finish()

    assert refused.status_code == 409
    assert "Your rating: level 3; superior: level 1" in refused.text
    assert ani.post("/self-rating/finish", **{"notes:asn-38-2017:M2": "Saya memimpin dua tim"}).status_code == 200
    assert lines(stored)["M2"].blended == Decimal("1.57")


def test_a_learner_gets_no_grade_before_they_rated_themselves(rahmat, learner, stored):
    person = person_of(stored)
    rate_ani(rahmat, person)
    finish(rahmat, person)

    assert stored.rows("core_person_score") == []
    ani = learner()
    ani.begin()
    ani.rate()
    ani.finish()
    assert [row.value for row in stored.rows("core_person_score")] == [Decimal("1.0000")]


@pytest.mark.parametrize("user", ["budi", "dewi", "ani"])
def test_only_the_superior_may_rate(user, launch_as, stored):
    person = person_of(stored)
    browser = launch_as(user, locale="en")

    answer = browser.post(f"{RATINGS}/{person.id}/start")

    assert answer.status_code == 403
    assert stored.all(select(Assessment.id)) == []


def test_a_superior_corrects_and_the_earlier_result_stays(ani, rahmat, stored):
    ani.rate()
    ani.finish()
    person = person_of(stored)
    rate_ani(rahmat, person, {"M3": 2})
    finish(rahmat, person)
    rahmat.post(f"{RATINGS}/{person.id}/M3/3", data=answers("M3", 3, 3))
    finish(rahmat, person)

    numbers = stored.all(select(Result).order_by(Result.number))
    assert [one.number for one in numbers] == [1, 2, 3]
    assert [sorted(one.inputs["sources"]) for one in numbers[:2]] == [
        ["self"],
        ["self", next(key for key in numbers[1].inputs["sources"] if key != "self")],
    ]
    assert lines(stored)["M3"].attained == 3


def test_finishing_twice_gives_one_result(ani, rahmat, stored):
    ani.rate()
    ani.finish()
    person = person_of(stored)
    rate_ani(rahmat, person)

    first, second = finish(rahmat, person), finish(rahmat, person)

    assert first.headers["Location"] == second.headers["Location"]
    assert stored.count(Result) == 2


def test_an_agency_s_own_weights_count_and_are_stored_with_the_result(ani, rahmat, stored):
    with stored.opened():
        choose_settings("competency", {"weight_self": "0", "weight_superior": "100"})
    ani.rate({"M1": 4})
    ani.finish()
    person = person_of(stored)
    rate_ani(rahmat, person, {"M1": 3})
    finish(rahmat, person)

    result = newest(stored)
    assert result.inputs["weights"]["superior"] == 100
    assert lines(stored)["M1"].blended == Decimal("3.00")
    with stored.opened():
        choose_settings("competency", {})
    assert {line.competency: line.attained for line in compute_lines(result.inputs)}["asn-38-2017:M1"] == 3


def test_a_rating_older_than_the_agency_s_years_counts_no_more(ani, rahmat, stored):
    person = person_of(stored)
    rate_ani(rahmat, person, {"M1": 2})
    finish(rahmat, person)
    with stored.opened():
        old = db.session.scalar(select(Result))
        key, source = next(iter(old.inputs["sources"].items()))
        then = dt.datetime.fromisoformat(source["rated_at"]) - dt.timedelta(days=3 * 365)
        old.inputs = {**old.inputs, "sources": {key: {**source, "rated_at": then.isoformat()}}}
    ani.rate()
    ani.finish()

    assert list(newest(stored).inputs["sources"]) == ["self"]


def test_a_superior_s_rating_stays_at_the_level_it_gave_when_the_standard_rises(ani, rahmat, stored):
    person = person_of(stored)
    rate_ani(rahmat, person)
    finish(rahmat, person)
    with stored.opened():
        db.session.add(
            Requirement(
                post_level="AHLI_MUDA", competency="asn-38-2017:M1", level=4, rule="SK 1", version="1",
                valid_from=dt.date(2026, 1, 1),
            )
        )  # fmt: skip
    ani.rate({"M1": 3}, required=3)
    ani.post("/self-rating/M1/4", **answers("M1", 4, 0))
    ani.finish()

    found = lines(stored)["M1"]
    assert (found.required, found.blended, found.gap) == (4, Decimal("3.00"), 1)


def test_the_list_of_somebody_without_people_is_refused(learner):
    assert learner("ani", module=None).browser.get(RATINGS).status_code == 403


def test_a_superior_of_somebody_without_a_post_is_told_why(rahmat, stored):
    person = person_of(stored)
    with stored.opened():
        for code in CODES:
            db.session.add(
                Requirement(
                    post_level="AHLI_MUDA", competency=f"asn-38-2017:{code}", level=0, rule="SK 1", version="1",
                    valid_from=dt.date(2026, 1, 1),
                )
            )  # fmt: skip

    answer = rahmat.post(f"{RATINGS}/{person.id}/start")

    assert answer.status_code == 409
    assert stored.all(select(Assessment.id)) == []


def test_a_learner_and_a_superior_who_finish_at_once_are_both_counted(ani, rahmat, stored):
    person = person_of(stored)
    ani.rate()
    rate_ani(rahmat, person)

    with ThreadPoolExecutor(2) as pool:
        done = [
            pool.submit(ani.browser.post, "/p/competency/self-rating/finish"),
            pool.submit(finish, rahmat, person),
        ]

    assert [one.result().status_code for one in done] == [303, 303]
    assert len(newest(stored).inputs["sources"]) == 2
    assert [one.number for one in stored.all(select(Result).order_by(Result.number))] == [1, 2]


@pytest.mark.parametrize(("page", "most"), [("", 8), ("/M1/3", 13), ("/overview", 11)])
def test_each_page_of_a_superior_asks_the_database_a_few_times(ani, rahmat, stored, statements, page, most):
    ani.rate()
    ani.finish()
    person = person_of(stored)
    rate_ani(rahmat, person)
    rahmat.get(RATINGS)
    statements.clear()

    answer = rahmat.get(f"{RATINGS}/{person.id}{page}" if page else RATINGS)

    assert answer.status_code == 200
    assert 0 < len(statements) <= most, "\n".join(statements)


def test_a_draft_of_last_year_does_not_swallow_this_year_s_rating(rahmat, stored):
    person = person_of(stored)
    rahmat.post(f"{RATINGS}/{person.id}/start")
    with stored.opened():
        left = db.session.scalar(select(Assessment))
        this_year, left.cycle = left.cycle, str(int(left.cycle) - 1)
    rate_ani(rahmat, person)
    finish(rahmat, person)

    assert [one.cycle for one in stored.all(select(Result))] == [this_year]
    assert "rated by you" in rahmat.get(RATINGS).text
