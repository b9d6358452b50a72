"""The log of a whole journey: what anybody did stands in it, and nothing that tells who they are or what they said."""

from __future__ import annotations

import io
import logging
import re

import pytest
import structlog

from lms_bridge.db import acting_as, db, now
from lms_bridge.models import Person
from lms_bridge.services.people import person_ref
from lms_bridge.services.privacy import erase_person

SAID = "Saya pernah menolak gratifikasi"
PERSONAL = {
    "a NIP": r"\d{18}",
    "a name": r"Lestari|Hidayat|Anggraini|Puspitasari",
    "an e-mail address": r"[\w.]+@[\w.]+",
    "a token": r"eyJ[\w-]{10,}|Bearer ",
    "a session": r"/s/[\w-]{43}",
    "an answer": f"{SAID}|not_shown",
}


@pytest.fixture
def everything_logged(bridge_app, caplog):
    """Log all that there is to log, also of libraries; returns what was written so far."""
    written = io.StringIO()
    structlog.configure(
        processors=structlog.get_config()["processors"],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        logger_factory=structlog.PrintLoggerFactory(file=written),
    )
    caplog.set_level(logging.DEBUG)
    return lambda: written.getvalue() + caplog.text


def test_the_log_of_a_journey_tells_nobodys_name_nip_token_or_answer(everything_logged, bridge_app, launch_as, outbox):
    visit = launch_as("ani")
    visit.post("/p/competency/self-rating/start")
    for code in ("M1", "M2", "M3", "M4", "M5", "M6", "M7", "M8", "S1"):
        marks = {f"answers:asn-38-2017:{code}:3:{place}": "shown" for place in (1, 2, 3)}
        visit.post(f"/p/competency/self-rating/{code}/3", data={**marks, "example": SAID})
    finished = visit.post("/p/competency/self-rating/finish")
    result = finished.headers["Location"].removeprefix(visit.prefix)
    assert launch_as("rahmat").get(result).status_code == 200
    assert launch_as("maya", role="learner").get(result).status_code == 403
    assert visit.get("/nowhere?nip=199203142015032004").status_code == 404
    assert visit.post("/p/competency/self-rating/M1/3", data={"answers:x": SAID, "example": SAID}).status_code >= 400
    assert visit.post("/my-data/file").status_code == 200
    outbox.drain()
    with bridge_app.app_context():
        people = Person.__table__
        row = db.session.execute(people.select().where(people.c.nip == "199203142015032004")).one()
        with acting_as(row.agency_id):
            erase_person(person_ref(row.id), now=now())
            db.session.commit()
        db.session.remove()

    log = everything_logged()

    assert '"refused"' in log and "not-allowed" in log
    found = {what: re.findall(rf".*(?:{pattern}).*", log)[:2] for what, pattern in PERSONAL.items()}
    assert {what: lines for what, lines in found.items() if lines} == {}
