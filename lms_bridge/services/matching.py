"""Which of the agency's people somebody is whom an LMS brought: by trusted NIP, or by the rules that the agency allows.

Rows are never merged. ``same_as_id`` links the row that an LMS brought to the one of the agency's data, whose own rows
then show together; taking the link back leaves both as they were. Never by name, and never by a custom value of an
activity, which a teacher can edit.

Links form stars: the row in the middle points nowhere. What is linked has no NIP and no placement, what it is linked to
has one or the other, so that no row is ever both; and a row is linked to the middle of a star, never to its rim.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import structlog
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import and_, or_, select, update

from lms_bridge.context import PersonRef
from lms_bridge.db import changed_rows, current_agency, db
from lms_bridge.domain.nip import clean_nip
from lms_bridge.errors import Conflict, NotFound
from lms_bridge.models import Agency, Matching, Person, Placement, PlatformUser
from lms_bridge.services.audit import audit
from lms_bridge.services.grants import take_grants

log = structlog.get_logger("lms_bridge.matching")


@dataclass(frozen=True, slots=True)
class MatchingRules:
    """What else than a trusted NIP may link somebody by itself; both are off until the agency switches them on."""

    email: bool
    username: bool


class CannotLink(Conflict):
    """Two records cannot be linked, or a link cannot be taken back, as they stand now.

    What helps: Look at the list again; another analyst may have been faster.
    """

    code = "cannot-link"
    title = _l("These records cannot be linked as they are")


def matching_rules() -> MatchingRules:
    """Return the rules of the agency."""
    row = db.session.execute(
        select(Agency.match_email, Agency.match_username).where(Agency.id == current_agency())
    ).one()
    return MatchingRules(email=row.match_email, username=row.match_username)


def set_matching_rules(rules: MatchingRules) -> None:
    """Change the rules of the agency; they hold from the next launch or roster on, and take back no link."""
    values = {"match_email": rules.email, "match_username": rules.username}
    db.session.execute(update(Agency).where(Agency.id == current_agency()).values(**values))
    audit("matching.changed", email=rules.email, username=rules.username)


def known() -> Any:
    """Return the condition that the agency's data knows a person: by NIP or by a placement, now or ever."""
    return or_(
        Person.nip.is_not(None), select(Placement.id).where(Placement.person_id == Person.id).correlate(Person).exists()
    )


def find_by_nip(text: str) -> int | None:
    """Return who has the NIP that was written, with or without spaces; nothing where it is none, or nobody's."""
    nip = clean_nip(text)
    return db.session.scalar(select(Person.id).where(Person.nip == nip)) if nip else None


def learn_nip(person_id: int, nip: str) -> None:
    """Take note of a trusted NIP of somebody who had none: theirs from now on, or that of a record they are linked to.

    A link that an analyst took back is not made again. Where others are linked to this row already, the record with the
    NIP is linked to it instead; where others are linked to both, it is left to an analyst.
    """
    other = db.session.execute(select(Person.id, Person.same_as_id).where(Person.nip == nip)).first()
    if other is None:
        db.session.execute(update(Person).where(Person.id == person_id).values(nip=nip))
        take_grants(person_id, nip)
        return
    middle = other.same_as_id or other.id
    if middle == person_id:
        return
    rows = _locked(person_id, middle)
    if rows[person_id].matching is Matching.BY_HAND or rows[person_id].same_as_id is not None:
        return
    if not _followed(person_id):
        rows[person_id].same_as_id = middle
        _note_link(person_id, middle, by="nip")
    elif not _followed(middle) and rows[middle].same_as_id is None:
        rows[middle].same_as_id = person_id
        _note_link(middle, person_id, by="nip")
    else:
        log.warning("two groups of records have one NIP", person=person_id, other=middle)
    db.session.flush()


def match_by_rules(person_id: int, rules: MatchingRules, *, email: str, username: str) -> bool:
    """Link somebody without NIP as the agency's rules allow; says whether it did.

    A login name counts when it is the NIP of somebody. An e-mail address counts when exactly one person of the agency's
    data has it for whom nobody was ever launched: then it came with that data, and no user of an LMS chose it.
    """
    found, by = (find_by_nip(username) if rules.username else None), "username"
    if found is None and rules.email:
        found, by = _by_email(email), "email"
    if found is None or found == person_id:
        return False
    try:
        link_person(person_id, found, by=by)
    except CannotLink:
        return False
    return True


def _by_email(email: str) -> int | None:
    if not email:
        return None
    launched = select(PlatformUser.id).where(PlatformUser.person_id == Person.id)
    rows = db.session.execute(
        select(Person.id, launched.exists().label("launched"))
        .where(Person.email.in_({email, email.lower()}), known())
        .limit(2)
    ).all()
    return rows[0].id if len(rows) == 1 and not rows[0].launched else None


def link_person(person_id: int, known_id: int, *, by: str = "hand") -> None:
    """Say that somebody whom an LMS brought is a person of the agency's data; nothing moves, so it can be taken back.

    :param by: the rule, for the audit log; ``hand`` where the person of the session says so.
    :raises NotFound: one of them does not exist.
    :raises CannotLink: the first is matched already or has a placement, or the agency's data does not know the second.
    """
    middle = db.session.scalar(select(Person.same_as_id).where(Person.id == known_id)) or known_id
    rows = _locked(person_id, middle)
    mine = rows[person_id]
    if person_id == middle or mine.same_as_id is not None or _is_known(person_id) or _followed(person_id):
        raise CannotLink(_("This person is matched already. Look at the list again."))
    if rows[middle].same_as_id is not None or not (_is_known(known_id) or _is_known(middle)):
        raise CannotLink(_("Choose somebody who is in the agency's data, with an NIP or a placement."))
    mine.same_as_id = middle
    db.session.flush()
    _note_link(person_id, middle, by=by)


def unlink_person(person_id: int) -> None:
    """Take a link back: both records are as before, the person waits again, and no rule links them a second time.

    :raises NotFound: there is no such person.
    :raises CannotLink: they are not linked.
    """
    mine = _locked(person_id)[person_id]
    if mine.same_as_id is None:
        raise CannotLink(_("This person is linked to nobody. Look at the list again."))
    audit("person.unlinked", subject=person_id, was=mine.same_as_id)
    mine.same_as_id, mine.matching = None, Matching.BY_HAND
    db.session.flush()


def dismiss(person_id: int) -> None:
    """Take somebody who needs no post out of the queue, such as a guest speaker; ``recall`` undoes it.

    :raises CannotLink: they do not wait any more.
    """
    waits = and_(Person.id == person_id, Person.nip.is_(None), Person.same_as_id.is_(None))
    if not changed_rows(
        update(Person).where(waits, Person.matching != Matching.DISMISSED).values(matching=Matching.DISMISSED)
    ):
        raise CannotLink(_("This person does not wait any more. Look at the list again."))
    audit("person.dismissed", subject=person_id)


def recall(person_id: int) -> None:
    """Let somebody who was dismissed wait again.

    :raises CannotLink: they were not dismissed.
    """
    dismissed = and_(Person.id == person_id, Person.matching == Matching.DISMISSED)
    if not changed_rows(update(Person).where(dismissed).values(matching=Matching.BY_HAND)):
        raise CannotLink(_("This person was not dismissed. Look at the list again."))
    audit("person.recalled", subject=person_id)


def _note_link(person_id: int, middle: int, *, by: str) -> None:
    # What a rule does at a launch, whoever launches does.
    actor = None if by == "hand" else PersonRef(person_id, "", (person_id,))
    audit("person.linked", subject=person_id, actor=actor, to=middle, by=by)


def _locked(*ids: int) -> dict[int, Person]:
    """Read people for a change that nobody else makes meanwhile; always in one order, so that two cannot block."""
    rows = db.session.scalars(
        select(Person)
        .where(Person.id.in_(ids))
        .order_by(Person.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    if len(rows) < len(set(ids)):
        raise NotFound(_("There is no such person."))
    return {row.id: row for row in rows}


def _is_known(person_id: int) -> bool:
    return db.session.scalar(select(Person.id).where(Person.id == person_id, known())) is not None


def _followed(person_id: int) -> bool:
    return db.session.scalar(select(Person.id).where(Person.same_as_id == person_id).limit(1)) is not None
