"""The page about one's own data: the file, and who looked."""

from __future__ import annotations

import io
import json
import re
import zipfile

import pytest
from sqlalchemy import insert, select

from lms_bridge.db import db, now
from lms_bridge.models import AuditEntry, AuditKind, Person

ANI, RAHMAT, DEWI = "199203142015032004", "197805112003121002", "198809232012122001"


def number(nip):
    people = Person.__table__
    return db.session.scalar(select(people.c.id).where(people.c.nip == nip))


@pytest.fixture
def looked(bridge_app):
    """Put looks at Ani's data into the audit log: ``looked(actor, times)``."""

    def make(actor, times=1):
        with bridge_app.app_context():
            people = Person.__table__
            agency = db.session.scalar(select(people.c.agency_id).where(people.c.nip == ANI))
            row = {
                "agency_id": agency,
                "happened_at": now(),
                "kind": AuditKind.READ,
                "action": "competency.view-result",
                "actor_id": number(actor) if actor else None,
                "subject_id": number(ANI),
                "facts": {},
            }
            db.session.execute(insert(AuditEntry.__table__), [row] * times)
            db.session.commit()
            db.session.remove()

    return make


def test_home_leads_to_the_page(launch_as):
    home = launch_as("ani", module=None, locale="en").page.text

    assert "/my-data" in home


def test_the_page_says_who_looked_and_at_what(result, launch_as):
    launch_as("rahmat").get(result)

    page = launch_as("ani", module=None, locale="en").get("/my-data")

    assert "Rahmat Hidayat, M.Si." in page.text
    assert "Read: See a competency result" in page.text


def test_who_looks_at_themselves_is_not_listed_and_nothing_of_others_is(looked, launch_as):
    looked(ANI)
    looked(DEWI)

    own = launch_as("ani", module=None, locale="en").get("/my-data").text
    other = launch_as("rahmat", module=None, locale="en").get("/my-data").text

    assert own.count("Read: See a competency result") == 1
    assert "Dewi Anggraini" in own
    assert "Nobody has looked yet" in other


def test_what_the_server_did_is_said_to_be_the_servers(looked, launch_as):
    looked(None)

    assert "The server or its operator" in launch_as("ani", module=None, locale="en").get("/my-data").text


def test_a_long_list_is_shown_in_parts(looked, launch_as, statements):
    looked(RAHMAT, times=120)
    visit = launch_as("ani", module=None, locale="en")

    counts, path = [], "/my-data"
    with statements() as seen:
        for _part in range(3):
            page = visit.get(path).text
            counts.append(page.count("Read: See a competency result"))
            older = re.search(r'<a href="[^"]+(/my-data\?before=\d+)"', page)
            path = older[1] if older else ""

    assert (counts, path) == ([50, 50, 20], "")
    # For each part the session and the list.
    assert len([one for one in seen if one != "BEGIN"]) == 6


@pytest.mark.parametrize("before", ["0", "-1", "x", "99999999999999999999"])
def test_a_place_in_the_list_that_is_none_is_refused(launch_as, before):
    assert launch_as("ani", module=None).get(f"/my-data?before={before}").status_code == 422


def test_the_file_is_handed_over_and_noted(result, launch_as, bridge_app):
    visit = launch_as("ani", module=None)

    answer = visit.post("/my-data/file")

    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=data-saya-")
    assert answer.headers["Cache-Control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        told = json.loads(archive.read("data.json"))
        assert '<html lang="id">' in archive.read("data.html").decode()
    assert told["data"]["core"]["person"][0]["nip"] == ANI
    with bridge_app.app_context():
        entry = db.session.execute(select(AuditEntry.__table__)).one()
        assert (entry.action, entry.actor_id, entry.subject_id) == ("privacy.exported", number(ANI), number(ANI))
        db.session.remove()


def test_the_file_is_made_by_a_form_of_ours_only(launch_as):
    visit = launch_as("ani", module=None)

    assert visit.post("/my-data/file", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert visit.get("/my-data/file").status_code == 405
