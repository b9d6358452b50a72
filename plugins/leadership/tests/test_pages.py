"""What a leader sees, and what nobody may see."""

from __future__ import annotations

import io
from zipfile import ZipFile

import pytest

from .conftest import GAP, JPM, SHORT


@pytest.fixture
def leader(bureau, launch_as):
    """The head of BIRO in a session."""
    return launch_as(bureau.head.username, module="leadership.home", locale="en")


def home(bureau):
    return f"/p/leadership/units/{bureau.id}"


def test_a_head_lands_on_the_numbers_of_their_unit_with_people_date_and_target(leader, bureau):
    page = leader.get(home(bureau))

    assert page.status_code == 200
    assert "Leader's home" in page.text and "Waiting for your decision" in page.text
    assert "52 %" in page.text and "n = 25" in page.text and "Target 25 %" in page.text
    assert "Target missed" in page.text and "Data of" in page.text


def test_what_stands_out_is_said_in_words(leader, bureau):
    text = leader.get(home(bureau)).text

    assert "The widest gap is in" in text
    assert "Below the standard: 52 %, the target is 25 %." in text


def test_a_small_unit_and_another_that_would_tell_it_are_held_back_everywhere(leader, bureau):
    page = leader.get(home(bureau)).text
    file = leader.get(f"{home(bureau)}/numbers/{JPM}/units.csv").get_data(as_text=True)
    small, other = (leader.get(f"/p/leadership/units/{bureau.units[code]}").text for code in ("TIGA", "DUA"))

    assert page.count("hidden") >= 2 and "80 %" not in page
    assert file.count("held back") == 4
    assert "n &lt; 5" in small
    assert "n &lt; 5" in other and "n = 10" not in other


def test_a_number_opens_its_parts_its_definition_and_the_list_behind_it(leader, bureau):
    page = leader.get(f"{home(bureau)}/numbers/{SHORT}").text

    assert "By unit" in page and "By competency" in page and "By post group" in page
    assert f'href="{leader.prefix}/p/leadership/metrics/{SHORT}"' in page
    assert f"/p/competency/units/{bureau.id}" in page
    assert "Lower is better." in leader.get(f"/p/leadership/metrics/{SHORT}").text


@pytest.mark.parametrize("what", ["numbers", "matrix"])
@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_each_table_can_be_taken_away(leader, bureau, what, ending):
    answer = leader.get(f"{home(bureau)}/{what}.{ending}")

    assert answer.status_code == 200 and answer.headers["Content-Disposition"].startswith("attachment")


def test_a_file_names_who_took_it_for_which_unit_and_what_the_numbers_mean(leader, bureau):
    csv = leader.get(f"{home(bureau)}/numbers.csv").get_data(as_text=True)
    book = ZipFile(io.BytesIO(leader.get(f"{home(bureau)}/numbers.xlsx").get_data()))
    words = "".join(book.read(name).decode() for name in book.namelist() if name.endswith(".xml"))

    assert "Sekar Ayu" in csv and "Biro" in csv
    assert "Sekar Ayu" in words and "Biro" in words and "Mean of 100" in words


def test_the_trend_shows_the_quarter_that_is_asked_for(leader, bureau):
    assert "no data" in leader.get(f"{home(bureau)}?period=2020-Q1").text
    assert leader.get(f"{home(bureau)}?period=2020").status_code == 422


def test_others_see_nothing_of_it(launch_as, bureau, leader):
    ani = launch_as("ani")

    assert ani.get(home(bureau)).status_code == 403
    assert ani.get(f"/p/leadership/metrics/{GAP}").status_code == 403
    assert "/p/leadership" not in ani.get("/").text
    assert "/p/leadership" in leader.get("/").text


def test_a_unit_above_is_not_opened_by_whoever_heads_one_below(launch_as, make_person, bureau):
    head = make_person(post_level="PENGAWAS", post_type="JA", heads_unit=True, unit="SATU")
    below = launch_as(head.username, module="leadership.home")

    assert below.get(f"/p/leadership/units/{bureau.units['SATU']}").status_code == 200
    assert below.get(home(bureau)).status_code == 403


def test_the_page_asks_the_database_as_often_for_a_bureau_as_for_a_team(leader, bureau, statements):
    leader.get(home(bureau))
    statements.clear()
    leader.get(home(bureau))
    whole = len(statements)

    assert 0 < whole <= 30, "\n".join(statements)
