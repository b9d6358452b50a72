"""A leader acts on a number: each deed is audited, and linked with what the number was."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from lms_bridge_leadership.models import Action, ActionKind, Target
from lms_bridge_leadership.privacy import erase_rows, export_rows
from sqlalchemy import func, select

from lms_bridge.api import acting_as, db, now, open_gap, participants, person_ref, programmes

from .conftest import COMPETENCY, SHORT


@pytest.fixture
def short(bureau, make_person, bridge_app):
    """Two people of SATU with an open gap: Wati by two levels, Yusuf by one."""
    people = [make_person(name, post_level="AHLI_MUDA", unit="SATU") for name in ("Yusuf", "Wati")]
    with bridge_app.app_context(), acting_as(1):
        for person, attained in zip(people, (2, 1), strict=True):
            open_gap(person=person_ref(person.id), competency=COMPETENCY, required=3, attained=attained, now=now())
        db.session.commit()
    return people


@pytest.fixture
def leader(short, bureau, launch_as):
    """The head of BIRO in a session."""
    return launch_as(bureau.head.username, module="leadership.home", locale="en")


def path(bureau):
    return f"/p/leadership/units/{bureau.id}/sponsor/{COMPETENCY}"


def form(people, **more):
    return {"seen": "0", "title": "Klinik komunikasi", "form": "B2", "jp": "20", "people": people, **more}


def stored(app, query):
    with app.app_context(), acting_as(1):
        found = list(db.session.execute(query))
        db.session.rollback()
    return found


def test_home_asks_for_a_programme_where_too_many_are_below_the_standard(leader, bureau):
    page = leader.get("/").text

    assert "A gap without a programme" in page and "Communication" in page
    assert path(bureau) in page


def test_participants_are_proposed_with_reasons_the_widest_gap_first(leader, bureau):
    page = leader.get(path(bureau)).text

    assert page.index("Wati") < page.index("Yusuf")
    assert "level 1, the post requires 3" in page
    assert page.count(" checked") == 2


def test_a_sponsored_programme_is_open_has_those_who_were_chosen_and_is_linked_with_the_number(
    leader, bureau, short, bridge_app
):
    answer = leader.post(path(bureau), data=form([str(short[1].id)]))
    page = leader.get(answer.headers["Location"].removeprefix(leader.prefix)).text

    with bridge_app.app_context(), acting_as(1):
        [view] = [one for one in programmes(competency=COMPETENCY) if one.title == "Klinik komunikasi"]
        assert [one.person_id for one in participants(view.id)] == [short[1].id]
        action = db.session.scalars(select(Action)).one()
        assert (action.kind, action.programme_id, action.people) == (ActionKind.SPONSOR, view.id, 1)
        assert action.value_then == Decimal("0.52")
        db.session.rollback()
    assert "Klinik komunikasi was opened for Communication, with 1 person. It was 52 % then and is 52 % now." in page
    assert "A gap without a programme" not in leader.get("/").text


def test_pressing_twice_sponsors_once(leader, bureau, short, bridge_app):
    first, second = (leader.post(path(bureau), data=form([str(short[0].id)])) for _ in range(2))

    assert (first.status_code, second.status_code) == (303, 409)
    assert stored(bridge_app, select(func.count()).select_from(Action)) == [(1,)]


@pytest.mark.parametrize(
    "wrong", [{"people": []}, {"title": ""}, {"form": "nothing"}, {"seats": "1"}, {"programme_id": "999"}, {"jp": "x"}]
)
def test_what_does_not_fit_is_refused_and_stays_on_the_form(leader, bureau, short, bridge_app, wrong):
    answer = leader.post(path(bureau), data=form([str(one.id) for one in short]) | wrong)

    assert answer.status_code == 422
    assert "Klinik komunikasi" in answer.text or wrong == {"title": ""}
    assert stored(bridge_app, select(Action)) == []


def test_nobody_gets_a_seat_who_was_not_proposed(leader, bureau, short, make_person):
    other = make_person(post_level="AHLI_MUDA", unit="LAIN")

    assert leader.post(path(bureau), data=form([str(other.id)])).status_code == 422


def test_a_target_that_a_leader_sets_counts_for_the_unit_from_then_on(leader, bureau, bridge_app):
    number = f"/p/leadership/units/{bureau.id}/numbers/{SHORT}"
    answer = leader.post(f"{number}/target", data={"value": "60,7"})

    assert answer.status_code == 303
    assert stored(bridge_app, select(Target.value)) == [(Decimal("0.607"),)]
    assert "the target was set to 61 %" in leader.get(number).text
    assert "Target reached" in leader.get(f"/p/leadership/units/{bureau.id}").text


def test_analysts_look_and_do_not_act(launch_as, bureau, short):
    dewi = launch_as("dewi")

    assert dewi.get(f"/p/leadership/units/{bureau.id}").status_code == 200
    assert dewi.get(path(bureau)).status_code == 403
    assert dewi.post(path(bureau), data=form([str(short[0].id)])).status_code == 403


def test_a_leader_takes_their_deeds_away_and_is_forgotten_with_them_kept(leader, bureau, short, bridge_app):
    leader.post(path(bureau), data=form([str(short[0].id)]))
    with bridge_app.app_context(), acting_as(1):
        person = person_ref(bureau.head.id)
        [part] = export_rows(person)
        receipt = erase_rows(person)
        left = db.session.scalars(select(Action)).one()

        assert part.rows[0]["action"] == "sponsor" and (receipt.deleted, receipt.anonymised) == (0, 1)
        assert left.actor_id is None and left.people == 1


def test_from_a_red_number_to_a_sponsored_programme_in_five_clicks(leader, bureau, short, open_page):
    page = open_page(leader, "/", width=390)

    page.get_by_role("link", name=re.compile("Leader's home")).click()
    page.get_by_role("link", name="Below the standard", exact=True).click()
    page.get_by_role("link", name=re.compile("Sponsor a programme.*Communication")).click()
    page.get_by_label(re.compile("Yusuf")).uncheck()
    page.get_by_role("button", name="Open the programme").click()

    assert "with 1 person" in page.get_by_role("listitem").filter(has_text="was opened for").inner_text()
