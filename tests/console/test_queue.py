"""The console's page of people to match, as the analyst uses it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from lms_bridge.db import db, now
from lms_bridge.models import Agency, AuditEntry, AuditKind, Person, PlatformUser
from lms_bridge.testing.browser import Browser
from tests.console.conftest import statements

PAGE = "/console/queue"
ANI = "199203142015032004"
USER = PlatformUser.__table__


@pytest.fixture
def maya(bridge_app: Flask, launch_as: Callable[..., Browser]) -> int:
    """Maya, for whom her LMS has no NIP, has launched; returns the id of her record."""
    launch_as("maya")
    return _one(bridge_app, select(USER.c.person_id).where(USER.c.username == "maya"))


def _one(app: Flask, statement: Any) -> Any:
    with app.app_context():
        found = db.session.execute(statement).scalar_one()
        db.session.remove()
    return found


def linked_to(app: Flask, person_id: int) -> int | None:
    return _one(app, select(Person.__table__.c.same_as_id).where(Person.__table__.c.id == person_id))


def candidate(page: str) -> str:
    return re.findall(r'name="known" value="(\d+)"', page)[0]


def test_who_waits_is_shown_with_whoever_has_the_same_address_and_linked_by_one_button(
    bridge_app: Flask, maya: int, console_as: Callable[..., Browser], launch_as: Callable[..., Browser]
) -> None:
    console = console_as("dewi")
    page = console.get(PAGE).text
    done = console.post(f"{PAGE}/{maya}/link", data={"known": candidate(page)})

    assert "maya@nusaraya.example" in page and "Pranata Komputer" in page and "Alamat surel sama" in page
    assert done.status_code == 303
    assert linked_to(bridge_app, maya) == int(candidate(page))
    assert "Tidak ada yang menunggu" in console.get(PAGE).text
    assert "Pranata Komputer" in launch_as("maya").get("/").text


def test_no_page_shows_a_whole_nip(maya: int, console_as: Callable[..., Browser]) -> None:
    page = console_as("dewi").get(PAGE).text

    assert "199411052022212003" not in page
    assert "••••••••2022212003" in page


def test_a_link_is_taken_back(bridge_app: Flask, maya: int, console_as: Callable[..., Browser]) -> None:
    console = console_as("dewi")
    console.post(f"{PAGE}/{maya}/link", data={"known": candidate(console.get(PAGE).text)})
    assert "Batalkan tautan" in console.get(f"{PAGE}?show=linked").text

    console.post(f"{PAGE}/{maya}/unlink")

    assert linked_to(bridge_app, maya) is None
    assert "Maya Puspitasari" in console.get(PAGE).text


def test_who_needs_no_post_is_put_aside_and_called_back(maya: int, console_as: Callable[..., Browser]) -> None:
    console = console_as("dewi")
    console.post(f"{PAGE}/{maya}/dismiss")
    assert "Tidak ada yang menunggu" in console.get(PAGE).text
    assert "Maya Puspitasari" in console.get(f"{PAGE}?show=dismissed").text

    console.post(f"{PAGE}/{maya}/recall")

    assert "Maya Puspitasari" in console.get(PAGE).text


def test_the_analyst_may_type_the_nip_as_it_is_written_anywhere(
    bridge_app: Flask, maya: int, console_as: Callable[..., Browser]
) -> None:
    console_as("dewi").post(f"{PAGE}/{maya}/link", data={"nip": "19920314 201503 2 004"})

    ani = _one(bridge_app, select(Person.__table__.c.id).where(Person.__table__.c.nip == ANI))
    assert linked_to(bridge_app, maya) == ani


@pytest.mark.parametrize("nip", ["", "123", "199203142015032999"])
def test_an_nip_that_nobody_has_is_said_at_its_field(
    bridge_app: Flask, maya: int, console_as: Callable[..., Browser], nip: str
) -> None:
    answer = console_as("dewi").post(f"{PAGE}/{maya}/link", data={"nip": nip})

    assert answer.status_code == 422
    assert f'id="fault-{maya}"' in answer.text and 'aria-invalid="true"' in answer.text
    assert linked_to(bridge_app, maya) is None


@pytest.mark.parametrize("step", ["link", "unlink", "dismiss", "recall"])
def test_nobody_of_another_agency_is_touched(
    bridge_app: Flask, maya: int, console_as: Callable[..., Browser], other_agency: int, step: str
) -> None:
    console = console_as("dewi")
    known = candidate(console.get(PAGE).text)
    other = _one(bridge_app, select(Agency.id).where(Agency.code == "other"))
    with bridge_app.app_context():
        db.session.execute(update(Person.__table__).where(Person.__table__.c.id == maya).values(agency_id=other))
        db.session.commit()
        db.session.remove()

    answer = console.post(f"{PAGE}/{maya}/{step}", data={"known": known})

    assert answer.status_code in {404, 409}
    assert linked_to(bridge_app, maya) is None
    assert "Maya Puspitasari" not in console.get(PAGE).text


def test_two_analysts_at_once_are_told_to_look_again(maya: int, console_as: Callable[..., Browser]) -> None:
    one, two = console_as("dewi"), console_as("dewi")
    known = candidate(two.get(PAGE).text)
    one.post(f"{PAGE}/{maya}/dismiss")
    one.post(f"{PAGE}/{maya}/recall")
    one.post(f"{PAGE}/{maya}/link", data={"known": known})

    answer = two.post(f"{PAGE}/{maya}/link", data={"known": known})

    assert answer.status_code == 409
    assert "Periksa lagi daftarnya" in answer.text


def test_rules_are_off_until_switched_on_and_say_so(bridge_app: Flask, console_as: Callable[..., Browser]) -> None:
    console = console_as("dewi")
    before = console.get(PAGE).text
    console.post(f"{PAGE}/rules", data={"email": "1"})
    after = console.get(PAGE).text

    assert not re.search(r'id="rule-\w+" checked', before)
    assert re.findall(r'id="rule-(\w+)" checked', after) == ["email"]


def test_reading_and_linking_are_in_the_audit_log(
    bridge_app: Flask, maya: int, console_as: Callable[..., Browser]
) -> None:
    console = console_as("dewi")
    known = int(candidate(console.get(PAGE).text))
    console.post(f"{PAGE}/{maya}/link", data={"known": known})

    with bridge_app.app_context():
        rows = db.session.execute(select(AuditEntry.__table__)).all()
        dewi = db.session.execute(
            select(Person.__table__.c.id).where(Person.__table__.c.nip == "198809232012122001")
        ).scalar_one()
        db.session.remove()
    assert {row.subject_id for row in rows if row.kind is AuditKind.READ} >= {maya, known}
    assert [(row.action, row.actor_id) for row in rows if row.subject_id == maya and row.kind is AuditKind.CHANGE] == [
        ("person.linked", dewi)
    ]


@pytest.mark.parametrize("user", ["admin", "ani", "rahmat"])
def test_only_an_analyst_opens_it(launch_as: Callable[..., Browser], console_as: Any, user: str) -> None:
    if user != "admin":
        assert 'id="console"' not in launch_as(user).get("/").text
        return

    assert console_as(user).get(PAGE).status_code == 403


def test_the_operator_of_the_server_opens_it_where_no_analyst_is_yet(operator: Browser, maya: int) -> None:
    assert "Maya Puspitasari" in operator.get(PAGE).text


def test_a_list_that_is_none_is_refused(console_as: Callable[..., Browser]) -> None:
    console = console_as("dewi")

    assert console.get(f"{PAGE}?show=everybody").status_code == 422
    assert console.get(f"{PAGE}?after=-1").status_code == 422


def test_a_page_costs_as_many_statements_for_thirty_as_for_one(
    bridge_app: Flask, maya: int, console_as: Callable[..., Browser], practice_platform: Any, launch_as: Any
) -> None:
    console = console_as("dewi")
    with statements(bridge_app) as for_one:
        console.get(PAGE)
    with bridge_app.app_context():
        agency = db.session.execute(select(Agency.id).where(Agency.code == "demo")).scalar_one()
        for number in range(30):
            row = {"agency_id": agency, "name": f"#{number}", "created_at": now()}
            person_id = db.session.execute(Person.__table__.insert().values(row).returning(Person.__table__.c.id))
            user = {"agency_id": agency, "issuer": "https://x", "sub": str(number), "person_id": person_id.scalar_one()}
            db.session.execute(USER.insert().values(user))
        db.session.commit()
        db.session.remove()
    with statements(bridge_app) as for_thirty:
        console.get(PAGE)

    assert len(for_thirty) == len(for_one) <= 9
