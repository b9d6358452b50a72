"""What posts require: set from a day on, for one, for several, by a sheet; and technical competencies among it."""

from __future__ import annotations

import datetime as dt
import io
import re

import pytest
from lms_bridge_competency.models import Requirement
from lms_bridge_competency.reference import FRAMEWORK
from lms_bridge_competency.requirements.setting import Basis, LaterStandard, Subject, set_requirements
from lms_bridge_competency.standards import Basis as From
from lms_bridge_competency.standards import resolve_standard
from python_calamine import CalamineWorkbook
from sqlalchemy import func, select

from lms_bridge.api import (
    CompetencyText,
    FrameworkText,
    IndicatorText,
    LevelText,
    Post,
    approve_framework,
    competencies,
    create_framework,
    db,
    frameworks,
    now,
    person_ref,
    replace_entries,
)
from lms_bridge.api import Person as PersonRow

from .conftest import ANI, Learner

REQUIREMENTS = "/p/competency/requirements"
M1, M2 = f"{FRAMEWORK}:M1", f"{FRAMEWORK}:M2"
TODAY = dt.date(2026, 11, 25)
FIRST, SECOND = Basis("SK 1/2026", dt.date(2026, 1, 1)), Basis("SK 2/2026", dt.date(2026, 7, 1))
FORM = {"rule": "SK Bupati 12/2026", "valid_from": "2026-11-01"}


@pytest.fixture
def dewi(launch_as):
    return launch_as("dewi", locale="en")


def post_id(code="ANI"):
    return db.session.scalar(select(Post.id).where(Post.code == code))


def standard(on=TODAY, code="ANI"):
    return resolve_standard(competencies(FRAMEWORK), post_id=post_id(code), post_level="AHLI_MUDA", on=on)


def technical(*, approved=True):
    """Write a dictionary with one technical competency, and approve it; returns its key."""
    dewi = person_ref(db.session.scalar(select(PersonRow.id).where(PersonRow.nip == ANI)))
    made = create_framework(FrameworkText(family="tik", version="2026", title_id="Kamus TIK"), author=dewi)
    levels = tuple(
        LevelText(n, f"Tingkat {n}", "", tuple(IndicatorText(f"Perilaku {n}.{m}", "") for m in (1, 2, 3)))
        for n in range(1, 6)
    )
    replace_entries(made.id, [CompetencyText(code="T1", name_id="Analisis <b>data</b>", levels=levels)])
    if approved:
        approve_framework(made.id, by=dewi, now=now())
    return "tik-2026:T1"


def test_what_was_required_on_an_earlier_day_stays_known(stored):
    with stored.opened():
        subject = Subject(post_id=post_id())
        assert set_requirements({subject: {M1: 4, M2: 4}}, FIRST) == 2
        assert set_requirements({subject: {M1: 5, M2: 4}}, SECOND) == 2, "the decree of the second changed too"
        assert set_requirements({subject: {M1: 5, M2: 4}}, SECOND) == 0

        levels = [standard(on)[M1].level for on in (dt.date(2025, 12, 31), FIRST.valid_from, SECOND.valid_from)]

    assert levels == [3, 4, 5]


def test_taking_a_level_away_lets_the_wider_rule_apply_from_that_day_on(stored):
    with stored.opened():
        subject = Subject(post_id=post_id())
        set_requirements({Subject(post_level="AHLI_MUDA"): {M1: 2}}, FIRST)
        set_requirements({subject: {M1: 5}}, FIRST)
        set_requirements({subject: {M1: None}}, SECOND)

        before, after = standard(dt.date(2026, 6, 30))[M1], standard()[M1]

    assert (before.level, before.basis) == (5, From.POST)
    assert (after.level, after.basis, after.rule) == (2, From.POST_LEVEL, "SK 1/2026")


def test_no_level_is_set_behind_one_that_is_known_already(stored):
    with stored.opened():
        set_requirements({Subject(post_id=post_id()): {M1: 5}}, SECOND)

        with pytest.raises(LaterStandard):
            set_requirements({Subject(post_id=post_id()): {M1: 4}}, FIRST)


def test_an_analyst_sets_what_a_post_requires_in_the_browser(dewi, stored):
    with stored.opened():
        post = post_id()
    page = dewi.get(f"{REQUIREMENTS}/posts/{post}")
    assert "As usual: level 3" in page.text

    answer = dewi.post(f"{REQUIREMENTS}/posts/{post}", data={**FORM, f"level:{M1}": "4", f"level:{M2}": ""})

    assert answer.status_code == 303
    text = dewi.get(answer.headers["Location"].removeprefix(dewi.prefix)).text
    assert "SK Bupati 12/2026" in text
    assert re.search(r'<option value="4" selected>Level 4', text)
    with stored.opened():
        assert (standard()[M1].level, standard()[M2].basis) == (4, From.DEFAULT)


@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        ({**FORM, f"level:{M1}": "6"}, "Choose a level"),
        ({**FORM, "level:tik-2026:T9": "3"}, "no approved dictionary"),
        ({**FORM, "valid_from": "1999-01-01", f"level:{M1}": "4"}, "between 2000"),
        ({**FORM, "rule": " ", f"level:{M1}": "4"}, "rule"),
    ],
)
def test_what_cannot_be_required_is_refused_and_stores_nothing(dewi, stored, sent, fault):
    with stored.opened():
        post = post_id()

    answer = dewi.post(f"{REQUIREMENTS}/posts/{post}", data=sent)

    assert answer.status_code == 422
    assert fault in answer.text
    with stored.opened():
        assert db.session.scalar(select(func.count()).select_from(Requirement)) == 0


def test_posts_without_any_standard_are_listed(dewi, stored):
    with stored.opened():
        db.session.scalar(select(Post).where(Post.code == "ANI")).level = "EMPEROR"
        name = db.session.scalar(select(Post.name).where(Post.code == "ANI"))

    before = dewi.get(f"{REQUIREMENTS}?show=none").text
    dewi.post(f"{REQUIREMENTS}/levels/AHLI_MUDA", data={**FORM, f"level:{M1}": "4"})
    dewi.post(f"{REQUIREMENTS}/posts/{re.search(r'posts/([0-9]+)', before)[1]}", data={**FORM, f"level:{M1}": "4"})
    after = dewi.get(f"{REQUIREMENTS}?show=none").text

    assert name in before
    assert "no standard" in before
    assert "Every post has a standard" in after


def test_requirements_are_copied_to_several_posts(dewi, stored):
    with stored.opened():
        source, others = post_id(), [post_id("RAHMAT"), post_id("BUDI")]
        set_requirements({Subject(post_id=source): {M1: 5, M2: 1}}, FIRST)

    answer = dewi.post(f"{REQUIREMENTS}/copy", data={**FORM, "source": "ANI", "posts": others})
    nothing = dewi.post(f"{REQUIREMENTS}/copy", data={**FORM, "source": "BUDI2", "posts": others})

    assert (answer.status_code, nothing.status_code) == (303, 422)
    with stored.opened():
        assert [standard(code=code)[M1].level for code in ("RAHMAT", "BUDI")] == [5, 5]


def test_a_sheet_goes_out_and_comes_back_with_what_was_changed(dewi, stored):
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(dewi.get(f"{REQUIREMENTS}/export.xlsx").data)).get_sheet_by_index(
        0
    )
    rows = [row for row in sheet.to_python() if row]
    place = next(number for number, row in enumerate(rows) if "kode_jabatan" in row)
    mine = [row for row in rows[place + 1 :] if row[0] == "ANI"]
    text = "\n".join(
        ";".join(str(cell) for cell in row)
        for row in (rows[place], [*mine[0][:5], 5], [*mine[1][:5], ""], ["ANI", "", "", M2.replace("M2", "M3"), "", 0])
    )

    answer = dewi.post(f"{REQUIREMENTS}/import", data={**FORM, "file": (io.BytesIO(text.encode()), "standar.csv")})

    assert len(mine) == 9
    assert answer.status_code == 303
    with stored.opened():
        assert {key[-2:]: one.level for key, one in standard().items() if one.basis is From.POST} == {"M1": 5, "M3": 0}


def test_every_fault_of_a_sheet_is_told_with_its_row_and_nothing_is_stored(dewi, stored):
    text = "kode_jabatan;kompetensi;level\nANI;M1;4\nTIADA;M1;4\nANI;X9;4\nANI;M2;enam\nANI;M1;3\n"

    answer = dewi.post(f"{REQUIREMENTS}/import", data={**FORM, "file": (io.BytesIO(text.encode()), "standar.csv")})

    assert answer.status_code == 422
    for fault in ("Row 3: There is no post", "Row 4: There is no competency", "Row 5: “enam”", "Row 6: The post has"):
        assert fault in answer.text
    with stored.opened():
        assert db.session.scalar(select(func.count()).select_from(Requirement)) == 0


def test_a_technical_competency_is_required_rated_and_its_dictionary_fixed(dewi, launch_as, stored):
    with stored.opened():
        key, post = technical(), post_id()
    found = dewi.get(f"{REQUIREMENTS}/posts/{post}?q=analisis").text
    dewi.post(f"{REQUIREMENTS}/posts/{post}", data={**FORM, f"level:{key}": "2"})

    ani = Learner(launch_as("ani", module="competency.self-rating", locale="en"))
    ani.begin()
    ani.rate()
    ani.browser.post(
        f"/p/competency/self-rating/{key}/2",
        data={f"answers:{key}:2:{place}": "shown" for place in (1, 2, 3)},
    )
    page = ani.finish()

    assert "1 competency found" in found
    assert "Analisis &lt;b&gt;data&lt;/b&gt;" in page.text
    with stored.opened():
        assert next(one for one in frameworks() if one.code == "tik-2026").state.value == "frozen"


def test_nothing_of_a_draft_is_required_or_planned(dewi, launch_as, stored):
    with stored.opened():
        key, post = technical(approved=False), post_id()
    sheet = f"kode_jabatan;kompetensi;level\nANI;{key};3\n".encode()
    item = {"competency": key, "to_level": "3", "form": "B7", "title": "Lokakarya", "jp": "5", "quarter": "4"}

    answers = [
        dewi.post(f"{REQUIREMENTS}/posts/{post}", data={**FORM, f"level:{key}": "3"}),
        dewi.post(f"{REQUIREMENTS}/import", data={**FORM, "file": (io.BytesIO(sheet), "standar.csv")}),
        launch_as("ani").post("/p/competency/plan/items/new", data=item),
    ]

    assert [answer.status_code for answer in answers] == [422, 422, 422]
    with stored.opened():
        assert db.session.scalar(select(func.count()).select_from(Requirement)) == 0


def test_only_analysts_set_requirements(launch_as, stored):
    with stored.opened():
        post = post_id()
    for name in ("ani", "rahmat", "hendra", "admin", "sari"):
        browser = launch_as(name)
        for path in ("", f"/posts/{post}", "/levels/AHLI_MUDA", "/export.csv"):
            assert browser.get(REQUIREMENTS + path).status_code == 403
        assert browser.post(f"{REQUIREMENTS}/posts/{post}", data={**FORM, f"level:{M1}": "4"}).status_code == 403
