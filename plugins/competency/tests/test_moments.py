"""What happens over time and at once: years, posts that become known, two tabs, many at a time."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal

import pytest
from lms_bridge_competency.computing import compute_lines
from lms_bridge_competency.finishing import finish_rating
from lms_bridge_competency.models import Answer, Assessment, Requirement, Result
from lms_bridge_competency.ratings import SaveAnswers, begin_rating, cycle_at, load_rating, save_answers
from lms_bridge_competency.rules import Mark, job_person_match
from sqlalchemy import select

from lms_bridge.api import (
    AgencyRef,
    BridgeContext,
    EvidenceKind,
    Person,
    Placement,
    Post,
    Unit,
    db,
    person_ref,
    record_evidence,
)
from lms_bridge.jobs import events
from lms_bridge.testing.browser import Browser

from .conftest import ANI, CODES, answers

NEW_YEAR_IN_JAKARTA = dt.datetime(2026, 12, 31, 17, 0, tzinfo=dt.UTC)


def test_the_cycle_is_the_year_in_the_agency_s_zone():
    moment = NEW_YEAR_IN_JAKARTA

    assert cycle_at(moment, timezone="Asia/Jakarta") == "2027"
    assert cycle_at(moment - dt.timedelta(seconds=1), timezone="Asia/Jakarta") == "2026"
    assert cycle_at(moment, timezone="UTC") == "2026"


@contextmanager
def visit(bridge_app, stored):
    """Work as Ani inside a request, with the context that a launch would give."""
    with bridge_app.test_request_context(), stored.opened() as agency:
        person = person_ref(db.session.scalar(select(Person.id).where(Person.nip == ANI)))
        place = AgencyRef(agency, "demo", "Demo", "Asia/Jakarta")
        yield BridgeContext(
            place,
            None,
            person,
            frozenset({"learner"}),
            None,
            None,
            None,
            "",
            locale="en",
            framed=False,
            request_id="test",
        )


def rate_all(context, *, now):
    for step in load_rating(context, now=now).steps:
        rating = load_rating(context, now=now, lock=True)
        marks = {question.indicator: Mark.SHOWN for question in step.rung(3).questions}
        save_answers(SaveAnswers(marks), assessment=rating.assessment, step=step, now=now)


def test_a_rating_begun_in_december_is_finished_in_its_own_year(bridge_app, stored):
    before, after = NEW_YEAR_IN_JAKARTA - dt.timedelta(minutes=5), NEW_YEAR_IN_JAKARTA + dt.timedelta(minutes=5)
    with visit(bridge_app, stored) as ani:
        begin_rating(ani, declared_level=None, now=before)
        rate_all(ani, now=after)

        result = finish_rating(ani, now=after)

        assert result.cycle == "2026"
        assert load_rating(ani, now=after).assessment is None


def test_each_year_has_its_own_rating_and_the_earlier_result_stays(bridge_app, stored):
    with visit(bridge_app, stored) as ani:
        for year in (2026, 2027):
            now = dt.datetime(year, 6, 1, tzinfo=dt.UTC)
            begin_rating(ani, declared_level=None, now=now)
            rate_all(ani, now=now)
            finish_rating(ani, now=now)

    results = stored.all(select(Result).order_by(Result.id))
    assert [(row.cycle, row.number) for row in results] == [("2026", 1), ("2027", 1)]
    assert stored.count(Answer) == 54


def test_once_the_post_is_known_it_replaces_the_chosen_level_and_the_answers_stay(learner, stored):
    person = learner("maya")
    person.begin(post_level="PENGAWAS")
    person.answer("M1", 2)
    with stored.opened():
        maya = db.session.scalar(select(Assessment.person_id))
        post = db.session.scalar(select(Post).where(Post.code == "DEWI"))
        unit = db.session.scalar(select(Unit).limit(1))
        db.session.add(Placement(person_id=maya, post_id=post.id, unit_id=unit.id, valid_from=dt.date(2024, 1, 1)))

    overview = person.get("/self-rating/overview").text

    assert "Analis SDM Aparatur Ahli Muda" in overview
    assert "self-declared" not in overview
    assert "Begun: level 3 is open" in overview
    assert stored.count(Answer) == 3


def test_a_post_abolished_in_mid_cycle_keeps_the_result_and_asks_for_a_level(ani, stored, bridge_app):
    ani.rate({"M3": 2})
    ani.finish()
    result = ani.result_id()
    with stored.opened():
        person = person_ref(db.session.scalar(select(Person.id).where(Person.nip == ANI)))
        for placement in db.session.scalars(select(Placement).where(Placement.person_id.in_(person.ids))):
            placement.valid_to = dt.date.today()
        record_evidence(
            person=person, competency="asn-38-2017:M3", value=Decimal(1), source="survey.wave-1",
            seen_at=dt.datetime.now(dt.UTC), kind=EvidenceKind.PEER,
        )  # fmt: skip
    with bridge_app.app_context():
        events.deliver_due()
        db.session.remove()

    assert ani.get(f"/results/{result}").status_code == 200
    assert stored.count(Result) == 1
    page = ani.get("/self-rating/start")
    assert "What is the level of your post?" in page.text
    assert "96.30" in ani.get("/profile").text


def test_a_self_declared_result_is_renewed_once_the_post_is_known(learner, stored):
    person = learner("maya")
    person.begin(post_level="AHLI_MUDA")
    person.rate()
    assert "Post level self-declared" in person.finish().text
    with stored.opened():
        maya = db.session.scalar(select(Assessment.person_id))
        post = db.session.scalar(select(Post).where(Post.code == "DEWI"))
        unit = db.session.scalar(select(Unit).limit(1))
        db.session.add(Placement(person_id=maya, post_id=post.id, unit_id=unit.id, valid_from=dt.date(2024, 1, 1)))

    assert "Look over your self-rating again" in person.browser.get("/").text

    page = person.finish()
    assert "Analis SDM Aparatur Ahli Muda" in page.text
    assert "Post level self-declared" not in page.text


@pytest.fixture
def promoted(ani, stored):
    """Ani finished as Ahli Muda with all levels at 3, and holds a post of Ahli Madya, which requires 4, since today."""
    ani.rate()
    ani.finish()
    with stored.opened():
        placement = db.session.scalar(select(Placement).join(Post).where(Post.code == "ANI"))
        post = db.session.scalar(select(Post).where(Post.code == "BUDI"))
        placement.valid_to = dt.date(2024, 6, 1)
        db.session.add(
            Placement(
                person_id=placement.person_id,
                post_id=post.id,
                unit_id=placement.unit_id,
                valid_from=dt.date(2024, 6, 1),
            )
        )
    return ani


def test_a_change_of_post_after_a_result_asks_only_for_what_is_missing_and_keeps_the_result(promoted, stored):
    before = promoted.result_id()
    assert "Look over your self-rating again" in promoted.browser.get("/").text
    assert "Your post or its standard has changed since this result" in promoted.get(f"/results/{before}").text
    assert "M1/4" in promoted.browser.get("/p/competency/self-rating").headers["Location"]

    for code in CODES:
        promoted.answer(code, 4, 3 if code == "M1" else 0)
    page = promoted.finish()

    assert "28 levels reached in total of 36 required." in page.text
    assert "This is an earlier result" in promoted.get(f"/results/{before}").text
    assert [(row.post_level, row.jpm_total_cap) for row in stored.all(select(Result).order_by(Result.id))] == [
        ("AHLI_MUDA", 100),
        ("AHLI_MADYA", Decimal("77.78")),
    ]


def test_a_change_of_the_standard_after_a_result_offers_to_finish_again_with_the_same_answers(ani, stored):
    ani.rate({"M3": 2})
    ani.finish()
    first = stored.one(select(Result))
    with stored.opened():
        db.session.add(
            Requirement(
                post_level="AHLI_MUDA",
                competency="asn-38-2017:M3",
                level=2,
                rule="SKJ 12/2026",
                version="1",
                valid_from=dt.date(2026, 1, 1),
            )
        )

    overview = ani.get("/self-rating")

    assert ani.location.endswith("/overview")
    assert "The post or its standard has changed since the last result." in overview.text
    assert "26 levels reached in total of 26 required." in ani.finish().text
    kept = stored.one(select(Result).where(Result.id == first.id))
    assert (kept.jpm_total_cap, kept.inputs) == (Decimal("96.30"), first.inputs)
    assert job_person_match(compute_lines(kept.inputs), method=kept.method).value == Decimal("96.30")
    assert "Your post or its standard" not in ani.browser.get("/").text


@pytest.fixture
def tabs(ani, bridge_app):
    """Tabs of one browser, each in a thread of its own."""

    def act(path: str, *forms: dict[str, str]) -> list[int]:
        def post(form: dict[str, str]) -> int:
            tab = Browser(bridge_app)
            tab.client._cookies.update(ani.browser.client._cookies)
            tab.prefix = ani.browser.prefix
            return tab.post(f"/p/competency{path}", data=form).status_code

        with ThreadPoolExecutor(len(forms)) as pool:
            return list(pool.map(post, forms))

    return act


def test_many_posts_of_the_same_answer_at_once_make_one_row(tabs, stored):
    statuses = tabs("/self-rating/M1/3", *[answers("M1", 3, shown) for shown in (0, 1, 2, 3) * 2])

    assert set(statuses) == {303}
    assert stored.count(Answer) == 3


def test_finishing_in_many_tabs_at_once_makes_one_result(tabs, ani, stored):
    ani.rate()

    statuses = tabs("/self-rating/finish", *[{}] * 6)

    assert set(statuses) == {303}
    assert stored.count(Result) == 1
    assert len(stored.rows("core_evidence")) == 9


def test_beginning_in_many_tabs_at_once_makes_one_rating(bridge_app, learner, stored):
    people = [learner() for _ in range(4)]

    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(lambda one: one.browser.post("/p/competency/self-rating/start").status_code, people))

    assert statuses == [303] * 4
    assert stored.count(Assessment) == 1


PAGES = {
    "/": 22,
    "/p/competency/self-rating/start": 6,
    "/p/competency/self-rating/M1/3": 8,
    "/p/competency/self-rating/overview": 7,
    "/p/competency/results/1": 9,
    "/p/competency/results/1/explanation": 7,
}
"""The most statements of each page, the two of the session included."""


@pytest.mark.parametrize(("path", "most"), PAGES.items())
@pytest.mark.parametrize("changed", [False, True], ids=["finished", "changed"])
def test_each_page_asks_the_database_a_few_times_however_much_is_answered(ani, statements, path, most, changed):
    ani.rate()
    ani.finish()
    if changed:
        ani.save("M1", 3, 1, "not_shown")
    ani.browser.get(path)
    statements.clear()

    page = ani.browser.get(path)

    assert page.status_code == 200
    assert 0 < len(statements) <= most, "\n".join(statements)


def test_saving_an_answer_asks_the_database_a_few_times(ani, statements):
    ani.answer(CODES[0], 3)
    statements.clear()

    ani.save("M2", 3, 1, "shown")

    assert len(statements) <= 9, "\n".join(statements)
