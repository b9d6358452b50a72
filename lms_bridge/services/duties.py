"""The duties of plugins to the people whose data they keep: each is asked, and one that does not answer is named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from lms_bridge.context import PersonRef
from lms_bridge.db import db
from lms_bridge.models import SchemaLedger
from lms_bridge.plugin_host import host
from lms_bridge.plugin_host.dispatch import ask_one


@dataclass(frozen=True, slots=True)
class Answers:
    """What the plugins answered, by their names, and those that keep tables and did not answer."""

    given: dict[str, list[Any]]
    missing: tuple[str, ...]


def ask_duty(hook: str, person: PersonRef) -> Answers:
    """Ask every plugin, also one that the agency has switched off: what it kept before is still there.

    A plugin that fails, that does not answer the hook, that is set aside or not installed any more, but has tables in
    the database, is missing from the answer.
    """
    given: dict[str, list[Any]] = {}
    failed: set[str] = set()
    for name in sorted(declared.name for declared in host().declarations):
        try:
            answer = ask_one(name, hook, person=person)
        except (Exception, SystemExit) as error:
            host().note_failure(name, hook, error)
            failed.add(name)
        else:
            if answer is not None:
                given[name] = answer
    branches = set(db.session.connection().scalars(select(SchemaLedger.__table__.c.branch).distinct()))
    return Answers(given, tuple(sorted(failed | branches - {"core"} - given.keys())))
