"""The profile of one person: the newest result, a second gap to the post one aims at, and the rapor."""

from __future__ import annotations

import datetime as dt
import io
import re

import pytest
from lms_bridge_competency.models import Requirement
from lms_bridge_competency.profile.models import Target
from pypdf import PdfReader
from sqlalchemy import select

from lms_bridge.api import Person, Post, db, person_ref

from .conftest import ANI

PROFILE = "/p/competency/profile"


@pytest.fixture
def rated(ani):
    """Ani reaches level 4 in integrity and lacks a level in communication."""
    ani.answer("M1", 3)
    ani.answer("M1", 4)
    ani.rate({"M3": 2})
    ani.finish()
    return ani


@pytest.fixture
def higher_post(stored):
    """A post whose level usually requires 4 of each competency, and by decree 5 of change."""
    with stored.opened():
        post = db.session.scalars(select(Post).where(Post.level == "JPT_PRATAMA")).first()
        db.session.add(
            Requirement(
                post_id=post.id, competency="asn-38-2017:M7", level=5, rule="SK 1", version="1",
                valid_from=dt.date(2026, 1, 1),
            )
        )  # fmt: skip
        return post.id, post.name


def test_before_a_result_the_profile_leads_to_the_self_rating(learner):
    page = learner(module=None).get("/profile").text

    assert "There is no result yet" in page
    assert "Open the self-rating" in page


def test_the_profile_shows_match_levels_strengths_and_areas(rated):
    page = rated.get("/profile").text

    assert "100.00" in page
    assert "Above the standard: Integrity." in page
    assert "Below the standard: Communication." in page


def test_the_second_gap_is_measured_by_the_post_one_aims_at(rated, higher_post, stored):
    post_id, name = higher_post
    found = rated.get(f"/profile/target?q={name[:12]}").text
    assert f'value="{post_id}"' in found

    page = rated.post("/profile/target", post_id=str(post_id)).text

    assert f"Target post: {name}" in page
    # Integrity reaches 4; communication lacks two, change two, the other six one each.
    assert "8 competencies are below what this post requires." in page
    assert page.count("Short by 2") == 2
    assert stored.count(Target) == 1


def test_another_aim_takes_the_place_of_the_first_and_can_be_taken_back(rated, higher_post, stored):
    with stored.opened():
        other = db.session.scalars(select(Post.id).where(Post.id != higher_post[0])).first()
    rated.post("/profile/target", post_id=str(higher_post[0]))
    rated.post("/profile/target", post_id=str(other))
    assert [one.post_id for one in stored.all(select(Target))] == [other]

    page = rated.post("/profile/target").text

    assert "No post is chosen." in page
    assert stored.count(Target) == 0


@pytest.mark.parametrize("post_id", ["999999", "99999999999999", "0", "x"])
def test_a_post_that_is_not_there_is_no_aim(rated, stored, post_id):
    answer = rated.browser.post(f"{PROFILE}/target", data={"post_id": post_id})

    assert answer.status_code in {404, 422}
    assert stored.count(Target) == 0


def test_the_rapor_is_a_document_with_levels_match_and_signatures(rated, higher_post):
    rated.post("/profile/target", post_id=str(higher_post[0]))

    answer = rated.browser.get(f"{PROFILE}.pdf")

    assert answer.mimetype == "application/pdf"
    words = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages)
    for word in ("Individual competency profile", "100.00", "Communication", "Rahmat Hidayat", "Target post"):
        assert word in words


def test_the_profile_goes_out_as_a_table_with_both_gaps(rated, higher_post):
    rated.post("/profile/target", post_id=str(higher_post[0]))

    lines = rated.browser.get(f"{PROFILE}.csv").text.splitlines()

    communication = next(line for line in lines if "Communication" in line)
    assert re.split("[;,]", communication)[-5:] == ["3", "2", "1", "4", "2"]
    assert rated.browser.get(f"{PROFILE}.xlsx").status_code == 200
    assert rated.browser.get(f"{PROFILE}.exe").status_code == 404


def test_without_a_result_there_is_no_rapor(learner):
    assert learner(module=None).browser.get(f"{PROFILE}.pdf").status_code == 404


@pytest.mark.parametrize(("user", "status"), [("rahmat", 200), ("dewi", 200), ("budi", 403)])
def test_superior_and_analyst_see_the_profile_others_do_not(rated, stored, launch_as, user, status):
    with stored.opened():
        person = person_ref(db.session.scalar(select(Person.id).where(Person.nip == ANI)))
    browser = launch_as(user)

    for path in (f"{PROFILE}/of/{person.id}", f"{PROFILE}/of/{person.id}.pdf"):
        assert browser.get(path).status_code == status


def test_the_profile_asks_the_database_a_few_times(rated, higher_post, statements):
    rated.post("/profile/target", post_id=str(higher_post[0]))
    rated.get("/profile")
    statements.clear()

    rated.get("/profile")

    assert 0 < len(statements) <= 9, "\n".join(statements)
