"""What a launch's own roles allow about other people: a teacher their course, an administrator nobody."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update

from lms_bridge.context import AgencyRef, BridgeContext, CourseRef, PersonRef
from lms_bridge.contributions import Permission, Plugin
from lms_bridge.db import acting_as, db
from lms_bridge.models import Course, Enrolment, PlatformUser
from lms_bridge.plugin_host.discovery import Found
from lms_bridge.plugin_host.host import PluginState
from lms_bridge.services.people import person_ref
from lms_bridge.services.permissions import may
from lms_bridge.testing.browser import Browser


@pytest.fixture
def school(bridge_app: Any, launch_as: Callable[..., Browser], practice_platform: Any) -> Any:
    """A teacher and a learner who both opened a course; ``judge(role, subject)`` asks what the teacher may."""
    declared = Plugin(
        "probe",
        "Probe",
        "1",
        permissions=(
            Permission("probe.teach", "", frozenset({"instructor"})),
            Permission("probe.run", "", frozenset({"administrator"})),
        ),
    )
    bridge_app.extensions["lms_bridge.plugins"].states["probe"] = PluginState(Found("probe", "probe"), declared)
    launch_as("sari")
    launch_as("ani")
    return bridge_app


@dataclasses.dataclass
class Case:
    """Who asks, and about whom."""

    actor: BridgeContext
    learner: PersonRef


def case(app: Any, platform: Any, role: str) -> Case:
    """Return the teacher in a role, as a context, and the learner; within an application context."""
    course = db.session.execute(select(Course.__table__)).one()
    people = {
        name: person_ref(
            db.session.scalar(select(PlatformUser.person_id).where(PlatformUser.sub == platform.user_id(name))) or 0
        )
        for name in ("sari", "ani")
    }
    actor = BridgeContext(
        agency=AgencyRef(course.agency_id, "demo", "", "Asia/Jakarta"),
        platform=None,
        person=people["sari"],
        roles=frozenset({role}),
        course=CourseRef(course.id, ""),
        resource_link=None,
        module=None,
        item="",
        locale="id",
        framed=False,
        request_id="",
    )
    return Case(actor, people["ani"])


def agency_of(app: Any) -> int:
    with app.app_context():
        found = db.session.execute(select(Course.__table__.c.agency_id)).scalar_one()
        db.session.remove()
    return int(found)


@pytest.mark.parametrize("in_roster", [True, False])
def test_teacher_may_about_those_who_are_in_the_course_now(
    school: Any, practice_platform: Any, in_roster: bool
) -> None:
    agency = agency_of(school)
    with school.app_context(), acting_as(agency):
        met = case(school, practice_platform, "instructor")
        db.session.execute(update(Enrolment.__table__).values(in_roster=in_roster))
        db.session.commit()

        assert may(met.actor, "probe.teach", met.learner) is in_roster
        assert may(met.actor, "probe.teach")


def test_administrator_may_about_the_agency_and_about_nobody_in_it(school: Any, practice_platform: Any) -> None:
    agency = agency_of(school)
    with school.app_context(), acting_as(agency):
        met = case(school, practice_platform, "administrator")

        assert may(met.actor, "probe.run")
        assert not may(met.actor, "probe.run", met.learner)
        assert not may(met.actor, "probe.teach", met.learner)
