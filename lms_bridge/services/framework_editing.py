"""Writing dictionaries: a draft, its competencies one by one, approval, freezing, and the next version."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import structlog
from sqlalchemy import delete, or_, select, update

from lms_bridge.context import PersonRef
from lms_bridge.db import current_agency, db
from lms_bridge.domain.dictionary import CompetencyText, DictionaryFault, entry_faults, in_circles, missing_levels
from lms_bridge.errors import NotFound
from lms_bridge.models import Competency, CompetencyLevel, Framework, FrameworkState, Grant
from lms_bridge.services.audit import audit
from lms_bridge.services.framework_entries import (
    as_text,
    competency_values,
    dictionary_entries,
    insert_levels,
    next_position,
    open_for_change,
    replace_entries,
)
from lms_bridge.services.framework_errors import CodeTaken, DictionaryFaulty, NotApprovable, StillUsed
from lms_bridge.services.frameworks import FrameworkView, framework, get_framework

log = structlog.get_logger("lms_bridge.frameworks")


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameworkText:
    """What a dictionary is called and where it comes from; its code is family and version, ``tik`` and ``2026``."""

    family: str
    version: str
    title_id: str
    title_en: str = ""
    source: str = ""
    valid_from: dt.date | None = None
    interchange: Mapping[str, Any] = field(default_factory=dict)

    @property
    def code(self) -> str:
        """What the keys of its competencies begin with."""
        return f"{self.family}-{self.version}"


def create_framework(text: FrameworkText, *, author: PersonRef) -> FrameworkView:
    """Begin a dictionary of the agency as a draft.

    :raises CodeTaken: the agency or the program has one with this family and version.
    """
    _refuse_taken(text.code)
    row = Framework(agency_id=current_agency(), author_id=author.id, state=FrameworkState.DRAFT)
    _fill(row, text)
    db.session.add(row)
    db.session.flush()
    audit("framework.created", framework=row.id)
    log.info("framework created", framework=row.id)
    return framework(row.id)


def change_framework(framework_id: int, text: FrameworkText) -> None:
    """Change title, decree and date of a draft; family and version stay.

    :raises FrameworkFixed: it is not a draft.
    """
    row = open_for_change(framework_id)
    _fill(row, replace(text, family=row.family, version=row.version))
    db.session.flush()


def _fill(row: Framework, text: FrameworkText) -> None:
    for name in ("code", "family", "version", "title_id", "title_en", "source", "valid_from"):
        setattr(row, name, getattr(text, name))
    row.interchange = dict(text.interchange)


def _refuse_taken(code: str) -> None:
    owner = or_(Framework.agency_id == current_agency(), Framework.agency_id.is_(None))
    if db.session.scalar(select(Framework.id).where(Framework.code == code, owner)):
        raise CodeTaken(code)


def put_competency(framework_id: int, entry: CompetencyText, *, replacing: str | None = None) -> None:
    """Add a competency to a draft, or put it in the place of the one with the code ``replacing``, which it must keep.

    Its parent may be another than before, which moves it with all below it.

    :raises FrameworkFixed: the dictionary is not a draft.
    :raises CodeTaken: a new one has the code of another.
    :raises NotFound: there is none to replace.
    :raises DictionaryFaulty: with every fault.
    """
    owner = open_for_change(framework_id)
    rows = {one.code: one for one in db.session.scalars(select(Competency).where(Competency.framework_id == owner.id))}
    if replacing is not None and (replacing not in rows or entry.code != replacing):
        raise NotFound
    if replacing is None and entry.code in rows:
        raise CodeTaken(entry.code)
    _refuse_faults(entry, rows)
    row = rows.get(entry.code) or Competency()
    position = row.position if replacing else next_position(owner.id)
    for name, value in competency_values(owner, entry, position=position).items():
        setattr(row, name, value)
    row.parent_id = rows[entry.parent].id if entry.parent is not None else None
    db.session.add(row)
    db.session.flush()
    db.session.execute(delete(CompetencyLevel).where(CompetencyLevel.competency_id == row.id))
    insert_levels([(row.id, entry)])
    db.session.expire(row)


def _refuse_faults(entry: CompetencyText, rows: Mapping[str, Competency]) -> None:
    faults = [DictionaryFault(0, *fault) for fault in entry_faults(entry)]
    if entry.parent is not None and entry.parent not in rows and entry.parent != entry.code:
        faults.append(DictionaryFault(0, "parent-unknown", entry.parent))
    faults += [DictionaryFault(0, "related-unknown", code) for code in entry.related if code not in rows]
    codes = {row.id: row.code for row in rows.values()}
    parents = {code: codes.get(row.parent_id) if row.parent_id else None for code, row in rows.items()}
    if in_circles(parents | {entry.code: entry.parent}):
        faults.append(DictionaryFault(0, "circle", entry.code))
    if faults:
        raise DictionaryFaulty(faults)


def remove_competency(framework_id: int, code: str) -> None:
    """Remove a competency from a draft.

    :raises FrameworkFixed: the dictionary is not a draft.
    :raises StillUsed: others lie below it or refer to it.
    """
    owner = open_for_change(framework_id)
    rows = list(db.session.scalars(select(Competency).where(Competency.framework_id == owner.id)))
    row = next((one for one in rows if one.code == code), None)
    if row is None:
        raise NotFound
    if dependents := [one.code for one in rows if one.parent_id == row.id or code in one.related]:
        raise StillUsed(dependents)
    db.session.execute(delete(Competency).where(Competency.id == row.id))
    db.session.expire_all()


def competency_text(framework_id: int, code: str) -> CompetencyText:
    """Return one entry of a dictionary as it is written.

    :raises NotFound: it is not there, or another agency's.
    """
    get_framework(framework_id)
    row = db.session.scalar(select(Competency).where(Competency.framework_id == framework_id, Competency.code == code))
    if row is None:
        raise NotFound
    return as_text(row, db.session.scalar(select(Competency.code).where(Competency.id == row.parent_id)))


def may_approve_own() -> bool:
    """Say whether the agency has one analyst at most, who then may approve what they wrote."""
    analysts = select(Grant.person_id).where(Grant.role == "analyst", Grant.valid_to.is_(None)).distinct()
    return len(db.session.scalars(analysts.limit(2)).all()) < 2


def approve_framework(framework_id: int, *, by: PersonRef, now: dt.datetime) -> None:
    """Put a draft in force. Two people see it: its author approves it only where there is no other analyst.

    :raises FrameworkFixed: it is no draft.
    :raises NotApprovable: it has no entry, lacks levels, or the author approves although there is another analyst.
    """
    row = open_for_change(framework_id)
    alone = row.author_id in by.ids
    if alone and not may_approve_own():
        raise NotApprovable.by_author()
    entries = dictionary_entries(framework_id)
    if not entries:
        raise NotApprovable.empty()
    if missing := missing_levels(entries):
        raise NotApprovable.without_levels(missing)
    row.state, row.approved_by_id, row.approved_at = FrameworkState.APPROVED, by.id, now
    db.session.flush()
    audit("framework.approved", framework=row.id, alone=alone)
    log.info("framework approved", framework=row.id, alone=alone)


def freeze_frameworks(keys: set[str]) -> None:
    """Fix the dictionaries of these competencies for ever, because a rating or requirement refers to them.

    A draft stays a draft: nothing should refer to it yet.
    """
    owner = or_(Competency.agency_id == current_agency(), Competency.agency_id.is_(None))
    used = select(Competency.framework_id).where(Competency.key.in_(keys), owner)
    db.session.execute(
        update(Framework)
        .where(Framework.id.in_(used), Framework.state == FrameworkState.APPROVED)
        .values(state=FrameworkState.FROZEN)
        .execution_options(synchronize_session="fetch")
    )


def next_version(framework_id: int, version: str, *, author: PersonRef) -> FrameworkView:
    """Begin the next version of a dictionary as a draft that holds all its entries.

    :raises CodeTaken: there is this version already.
    """
    old = get_framework(framework_id)
    text = FrameworkText(
        family=old.family,
        version=version,
        title_id=old.title_id,
        title_en=old.title_en,
        source=old.source,
        interchange=old.interchange,
    )
    made = create_framework(text, author=author)
    replace_entries(made.id, dictionary_entries(framework_id))
    return framework(made.id)


def discard_framework(framework_id: int) -> None:
    """Throw a draft away.

    :raises FrameworkFixed: it is no draft.
    """
    row = open_for_change(framework_id)
    db.session.execute(update(Competency).where(Competency.framework_id == row.id).values(parent_id=None))
    db.session.delete(row)
    db.session.flush()
    audit("framework.discarded", framework=framework_id)
