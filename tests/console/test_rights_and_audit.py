"""The console's pages of rights and of the audit log, for analysts and the operator of the server."""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from lms_bridge.db import db
from lms_bridge.models import AuditEntry, Person

from .conftest import statements

ANI, UNKNOWN = "199203142015032004", "199001012015011009"


@pytest.fixture
def analyst(console_as):
    return console_as("dewi", module=None, locale="en")


def number(app, nip):
    people = Person.__table__
    with app.app_context():
        found = db.session.scalar(select(people.c.id).where(people.c.nip == nip))
        db.session.remove()
    return found


def log(app):
    entries = AuditEntry.__table__
    with app.app_context():
        rows = db.session.execute(select(entries.c.action, entries.c.actor_id).order_by(entries.c.id)).all()
        db.session.remove()
    return [tuple(row) for row in rows]


def test_an_analyst_gives_a_right_and_withdraws_it(analyst, bridge_app):
    dewi = number(bridge_app, "198809232012122001")

    given = analyst.post("/console/grants", data={"right": "analyst:", "nip": "1992 0314 2015 032004"})
    page = analyst.get("/console/grants").text
    assert given.status_code == 303
    assert "Ani Lestari" in page and ANI in page
    address = re.search(r'action="[^"]+(/console/grants/\d+/withdraw)"', page)[1]
    analyst.post(address)

    assert "Ani Lestari" not in analyst.get("/console/grants").text
    assert log(bridge_app) == [("grant.given", dewi), ("grant.withdrawn", dewi)]


def test_a_right_for_an_unknown_nip_is_shown_as_waiting(analyst):
    analyst.post("/console/grants", data={"right": "analyst:", "nip": UNKNOWN})

    page = analyst.get("/console/grants").text

    assert "waits for the first launch or import" in page
    assert UNKNOWN in page
    assert "Waits" in page


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"right": "analyst:", "nip": "123"}, "A NIP has 18 digits."),
        ({"right": "king:", "nip": ANI}, "Choose a right from the list."),
        ({"right": "owner:", "nip": ANI}, "Choose a right from the list."),
    ],
)
def test_a_form_with_faults_comes_back_with_what_was_filled_in(analyst, bridge_app, sent, told):
    page = analyst.post("/console/grants", data=sent)

    assert page.status_code == 422
    assert told in page.text
    assert f'value="{sent["nip"]}"' in page.text
    assert log(bridge_app) == []


@pytest.mark.parametrize("path", ["/console/grants", "/console/audit"])
def test_an_lms_administrator_sees_neither_rights_nor_log(console_as, path):
    assert console_as("admin").get(path).status_code == 403


def test_the_operator_of_the_server_gives_the_first_right(operator, bridge_app):
    assert operator.post("/console/grants", data={"right": "analyst:", "nip": ANI}).status_code == 303
    assert log(bridge_app) == [("grant.given", None)]


def test_the_log_is_shown_and_narrowed_without_a_nip_in_the_address(analyst, bridge_app):
    analyst.post("/console/grants", data={"right": "analyst:", "nip": ANI})
    ani = number(bridge_app, ANI)

    everything = analyst.get("/console/audit").text
    led = analyst.post("/console/audit", data={"kind": "rights", "subject": ANI, "actor": "", "since": "2020-01-01"})
    address = led.headers["Location"].removeprefix(analyst.prefix)
    narrowed = analyst.get(address).text
    nothing = analyst.get("/console/audit?kind=export").text

    assert "Change of rights: Right given" in everything
    assert f"subject={ani}" in address and ANI not in address
    assert "Change of rights: Right given" in narrowed and f'value="{ANI}"' in narrowed
    assert "There is no such entry." in nothing


def test_the_last_day_of_a_filter_is_included(analyst):
    analyst.post("/console/grants", data={"right": "analyst:", "nip": ANI})
    today = dt.datetime.now(ZoneInfo("Asia/Jakarta")).date()

    assert "Right given" in analyst.get(f"/console/audit?since={today}&until={today}").text
    assert "Right given" not in analyst.get("/console/audit?until=2020-01-01").text


@pytest.mark.parametrize(
    "sent", [{"subject": "123"}, {"kind": "x"}, {"since": "yesterday"}, {"until": "9999-12-31"}, {"actor": UNKNOWN}]
)
def test_a_filter_with_faults_is_told_beside_its_field(analyst, sent):
    page = analyst.post("/console/audit", data=sent)

    assert page.status_code == 422
    assert "needs correcting" in page.text


def test_the_pages_cost_few_statements(analyst, bridge_app):
    analyst.post("/console/grants", data={"right": "analyst:", "nip": ANI})
    analyst.get("/console/grants")

    with statements(bridge_app) as asked:
        analyst.get("/console/grants")
    rights = len(asked)
    with statements(bridge_app) as asked:
        analyst.get("/console/audit?actor=1")

    # The session, the guard, two for the menu, the rows; and the codes of programmes, or the NIP of the filter.
    assert (rights, len(asked)) == (6, 6)
