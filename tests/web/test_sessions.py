"""Sessions: the hardening rules of a session whose id stands in the URL, one test each."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from sqlalchemy import event, select, update

from lms_bridge.db import db, now
from lms_bridge.models import Session
from lms_bridge.practice.driver import PracticeDriver
from lms_bridge.testing.browser import Browser

HTTPS = {"base_url": "https://bridge.test"}


@pytest.fixture
def visit(launch_as: Callable[..., Browser]) -> Browser:
    return launch_as()


def change(app: Any, **values: Any) -> None:
    with app.app_context():
        db.session.execute(update(Session.__table__).values(**values))
        db.session.commit()
        db.session.remove()


def test_session_id_is_long_and_stored_only_as_a_hash(bridge_app: Any, visit: Browser) -> None:
    sid = visit.prefix.rpartition("/")[2]

    with bridge_app.app_context():
        stored = db.session.scalars(select(Session.__table__.c.sid_hash)).all()
    assert len(sid) == 43
    assert sid not in stored and len(stored) == 1


def test_address_alone_is_worthless_once_the_cookie_was_seen(bridge_app: Any, visit: Browser) -> None:
    thief = Browser(bridge_app)
    thief.prefix = visit.prefix

    assert thief.get("/").status_code == 401
    assert visit.get("/").status_code == 200


def test_session_without_cookie_is_bound_to_the_browser_s_name(bridge_app: Any, visit: Browser) -> None:
    change(bridge_app, cookie_hash=None)
    same, other = Browser(bridge_app), Browser(bridge_app, agent="another browser")
    same.prefix = other.prefix = visit.prefix

    assert same.get("/").status_code == 200
    assert other.get("/").status_code == 401


def test_session_ends_after_thirty_idle_minutes_and_after_eight_hours(bridge_app: Any, visit: Browser) -> None:
    change(bridge_app, seen_at=now() - dt.timedelta(minutes=31))
    assert visit.get("/").status_code == 401

    change(bridge_app, seen_at=now(), expires_at=now() - dt.timedelta(seconds=1))
    assert visit.get("/").status_code == 401


def test_an_ended_session_on_a_plugin_s_page_is_told_readably(bridge_app: Any, visit: Browser) -> None:
    change(bridge_app, seen_at=now() - dt.timedelta(minutes=31))

    page = visit.get("/p/competency/self-rating")

    assert page.status_code == 401
    assert "sesi berakhir setelah 30 menit" in page.text


def test_use_keeps_the_session_alive(bridge_app: Any, visit: Browser) -> None:
    change(bridge_app, seen_at=now() - dt.timedelta(minutes=20))
    visit.get("/")

    with bridge_app.app_context():
        seen = db.session.scalar(select(Session.__table__.c.seen_at))
    assert now() - seen < dt.timedelta(minutes=1)


def test_pages_are_not_stored_and_tell_no_other_site_their_address(visit: Browser) -> None:
    headers = visit.get("/").headers

    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "X-Frame-Options" not in headers
    assert "frame-ancestors http://lms.test" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]


def test_login_cookies_are_flagged(browser: Browser, practice_platform: PracticeDriver) -> None:
    cookies = browser.login(practice_platform.begin_launch("ani")).headers.getlist("Set-Cookie")

    assert all("HttpOnly" in cookie for cookie in cookies)
    assert any("Partitioned" in cookie and "SameSite=None" in cookie and "Secure" in cookie for cookie in cookies)


def test_https_gives_one_host_cookie(browser: Browser, practice_platform: PracticeDriver) -> None:
    query = {"iss": practice_platform.site.base_url, "login_hint": "5", "target_link_uri": "https://bridge.test/"}
    cookies = browser.client.get("/lti/login", query_string=query, **HTTPS).headers.getlist("Set-Cookie")

    assert len(cookies) == 1
    assert cookies[0].startswith("__Host-lmsb=")
    assert all(flag in cookies[0] for flag in ("Secure", "HttpOnly", "SameSite=None", "Partitioned", "Path=/"))


def test_post_from_another_site_is_refused(visit: Browser) -> None:
    data = {"language": "en", "next": "/"}

    assert visit.post("/language", data=data, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert visit.post("/language", data=data, headers={"Origin": "https://evil.example"}).status_code == 403
    assert visit.post("/language", data=data, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 303


@pytest.mark.parametrize(
    "target", ["//evil.example/", "https://evil.example/", "\\\\evil.example", "javascript:alert(1)"]
)
def test_language_switch_never_leaves_the_session(visit: Browser, target: str) -> None:
    answer = visit.post("/language", data={"language": "en", "next": target})

    assert answer.headers["Location"] == f"{visit.prefix}/"


def test_sign_out_ends_the_session(visit: Browser) -> None:
    assert visit.post("/leave").status_code == 200
    assert visit.get("/").status_code == 401


def test_ticket_posted_by_another_site_opens_nothing(bridge_app: Any, visit: Browser) -> None:
    """Else a stranger could put somebody into the stranger's own session."""
    ticket = re.search(r'name="ticket" value="([^"]+)"', visit.get("/").text)
    assert ticket

    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        page = bridge_app.test_client().post("/window", data={"ticket": ticket[1]}, headers=headers)
        assert page.status_code == 403


def test_window_ends_when_the_session_it_came_from_does(bridge_app: Any, visit: Browser) -> None:
    ends = now() + dt.timedelta(minutes=2)
    change(bridge_app, expires_at=ends)
    ticket = re.search(r'name="ticket" value="([^"]+)"', visit.get("/").text)
    assert ticket

    bridge_app.test_client().post("/window", data={"ticket": ticket[1]})

    with bridge_app.app_context():
        found = db.session.scalars(select(Session.__table__.c.expires_at)).all()
    assert found == [ends, ends]


def test_new_window_ticket_works_once_and_begins_a_session_of_its_own(bridge_app: Any, visit: Browser) -> None:
    ticket = re.search(r'name="ticket" value="([^"]+)"', visit.get("/").text)
    assert ticket
    window = Browser(bridge_app)

    opened = window.client.post(
        "/window", data={"ticket": ticket[1]}, headers=window.headers, base_url="http://bridge.test"
    )

    assert opened.status_code == 303
    assert window.follow(opened).status_code == 200
    assert window.prefix != visit.prefix
    again = Browser(bridge_app)
    assert again.client.post("/window", data={"ticket": ticket[1]}, headers=again.headers).status_code == 401
    assert again.client.post("/window", data={"ticket": "forged"}, headers=again.headers).status_code == 401


def test_framed_login_leaves_the_secret_in_the_frame_and_accepts_it_as_proof(
    bridge_app: Any, practice_platform: PracticeDriver
) -> None:
    framed = Browser(bridge_app)
    page = framed.login(practice_platform.begin_launch("ani"), headers={"Sec-Fetch-Dest": "iframe"})
    assert page.status_code == 200
    left = dict(re.findall(r'data-(proof|state|authorize)="([^"]+)"', page.text))
    form = practice_platform.answer_auth(unescape(left["authorize"]), "ani").fields
    cookieless = Browser(bridge_app)

    ladder = cookieless.post_launch(**form)
    assert ladder.status_code == 403 and 'id="proof"' in ladder.text
    assert cookieless.post_launch(**form, proof="wrong" * 9).status_code == 403
    opened = cookieless.post_launch(**form, proof=left["proof"])

    assert cookieless.follow(opened).status_code == 200


def test_page_without_session_says_how_to_open_it(browser: Browser) -> None:
    page = browser.client.get("/s/" + "x" * 43 + "/")

    assert page.status_code == 401
    assert "NR-" in page.text


def test_program_that_asks_for_json_gets_a_problem(browser: Browser) -> None:
    answer = browser.client.get("/lti/login", headers={"Accept": "application/json"})

    assert answer.mimetype == "application/problem+json"
    assert answer.json["type"] == "urn:lms-bridge:problem:launch-refused"


def test_home_page_costs_a_known_number_of_queries(bridge_app: Any, visit: Browser) -> None:
    statements: list[str] = []
    with bridge_app.app_context():
        engine = db.engine

    def count(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if not statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK")):
            statements.append(statement)

    event.listen(engine, "before_cursor_execute", count)
    visit.get("/")
    event.remove(engine, "before_cursor_execute", count)

    assert len(statements) <= 19
