"""Into the console: who may, by which door, and what they find there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from flask import Flask
from sqlalchemy import select, update

from lms_bridge.db import db, now
from lms_bridge.models import OperatorLink, Session, SessionKind
from lms_bridge.testing.browser import Browser
from lms_bridge.web.console import SECTIONS
from tests.console.conftest import ticket


def kinds(app: Flask) -> list[SessionKind]:
    with app.app_context():
        found = list(db.session.scalars(select(Session.__table__.c.kind).order_by(Session.__table__.c.id)))
        db.session.remove()
    return found


def test_administrator_of_the_lms_opens_the_console_in_a_window_of_its_own(
    bridge_app: Flask, console_as: Callable[..., Browser]
) -> None:
    window = console_as("admin")

    assert window.page.status_code == 200
    assert window.path == "/console/platforms"
    assert "lms.test" in window.page.text
    assert kinds(bridge_app) == [SessionKind.LAUNCH, SessionKind.CONSOLE]
    assert "frame-ancestors 'none'" in window.page.headers["Content-Security-Policy"]


def test_learner_and_teacher_are_offered_no_console(launch_as: Callable[..., Browser]) -> None:
    for user in ("ani", "sari", "hendra"):
        assert 'id="console"' not in launch_as(user).page.text


def test_launched_session_is_no_console(launch_as: Callable[..., Browser]) -> None:
    home = launch_as("admin")

    assert home.get("/console/").status_code == 403
    assert home.get("/console/platforms").status_code == 403


def test_ticket_of_the_console_works_once(bridge_app: Flask, launch_as: Callable[..., Browser]) -> None:
    given = ticket(launch_as("admin").page)

    answers = [Browser(bridge_app)._open("/window", "POST", data={"ticket": given}).status_code for _ in range(2)]

    assert answers == [303, 401]


def test_analyst_without_administration_sees_no_platform(console_as: Callable[..., Browser]) -> None:
    assert console_as("dewi").get("/console/platforms").status_code == 403


def test_administrator_sees_only_their_own_agency_s_platforms(
    other_agency: int, console_as: Callable[..., Browser]
) -> None:
    assert "lain.test" not in console_as("admin").get("/console/platforms").text


def test_home_of_a_console_session_is_the_console(console_as: Callable[..., Browser]) -> None:
    answer = console_as("admin").get("/")

    assert answer.status_code == 302 and answer.headers["Location"].endswith("/console/")


def test_every_page_of_the_console_belongs_to_a_section(bridge_app: Flask) -> None:
    names = {f"console.{section.pages.name}" for section in SECTIONS}
    pages = {rule.endpoint for rule in bridge_app.url_map.iter_rules() if rule.endpoint.startswith("console.")}

    assert {page.rpartition(".")[0] for page in pages - {"console.index"}} == names


def test_operator_enters_by_a_link_that_asks_for_a_click(bridge_app: Flask, operator_link: Callable[..., str]) -> None:
    link = operator_link()
    window = Browser(bridge_app)

    asked = window._open(link, "GET")
    opened = window.follow(window._open(link, "POST"))

    assert asked.status_code == 200 and "Pemerintah Kota Nusaraya" in asked.text
    assert opened.status_code == 200
    assert kinds(bridge_app) == [SessionKind.CONSOLE]


def test_operator_link_opens_once_and_is_stored_only_as_a_hash(
    bridge_app: Flask, operator_link: Callable[..., str]
) -> None:
    link = operator_link()
    with bridge_app.app_context():
        stored = db.session.scalars(select(OperatorLink.__table__.c.token_hash)).all()
        db.session.remove()

    first = Browser(bridge_app)._open(link, "POST")
    again = [Browser(bridge_app)._open(link, method).status_code for method in ("GET", "POST")]

    assert link.rpartition("/")[2] not in stored and len(stored) == 1
    assert first.status_code == 303
    assert again == [410, 410]


def test_operator_link_ends_after_ten_minutes(bridge_app: Flask, operator_link: Callable[..., str]) -> None:
    link = operator_link()
    with bridge_app.app_context():
        expires = db.session.scalars(select(OperatorLink.__table__.c.expires_at)).one()
        db.session.execute(update(OperatorLink.__table__).values(expires_at=now() - dt.timedelta(seconds=1)))
        db.session.commit()
        db.session.remove()

    assert dt.timedelta(minutes=9) < expires - now() <= dt.timedelta(minutes=10)
    assert Browser(bridge_app)._open(link, "POST").status_code == 410


def test_operator_sees_every_section_and_nothing_that_is_about_a_person(operator: Browser) -> None:
    menu = operator.get("/console/platforms").text
    pages = {path: operator.get(path).status_code for path in ("/p/competency/self-rating", "/module", "/pick")}

    assert all(f"/console/{section.pages.name}" in menu for section in SECTIONS)
    assert pages == {"/p/competency/self-rating": 403, "/module": 404, "/pick": 403}


def test_operator_changes_the_language_and_leaves(operator: Browser) -> None:
    changed: Any = operator.post("/language", data={"language": "en", "next": "/console/platforms"})

    assert changed.status_code == 303
    assert "Operator of the server" in operator.get("/console/platforms").text
    assert operator.post("/leave").status_code == 200
    assert operator.get("/console/platforms").status_code == 401


def test_operator_of_one_agency_sees_no_other(other_agency: int, operator: Browser) -> None:
    page = operator.get("/console/platforms").text

    assert "lms.test" in page and "lain.test" not in page
