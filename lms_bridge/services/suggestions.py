"""Suggestions: which form of development is wanted by or offered to somebody, told between plugins."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from lms_bridge.context import PersonRef
from lms_bridge.db import current_agency, db, insert_new
from lms_bridge.errors import Conflict, Invalid, NotFound
from lms_bridge.events import SuggestionMade, SuggestionSettled
from lms_bridge.models import Programme, Suggestion, SuggestionKind, SuggestionState
from lms_bridge.services.development_forms import development_forms
from lms_bridge.services.outbox import publish

_SETTLED = frozenset({SuggestionState.DISMISSED, SuggestionState.DONE})


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestionDetails:
    """What is suggested: a form of ``development_forms()`` for a competency key, from a level 0-4 to one 1-5, and why
    in both languages; ``programme_id`` where a programme of the agency is meant."""

    competency: str
    form: str
    from_level: int
    to_level: int
    kind: SuggestionKind
    reason_id: str
    reason_en: str
    programme_id: int | None = None


@dataclass(frozen=True, slots=True)
class SuggestionView:
    """A suggestion for a person (``person_id`` is one of ``person.ids``), and what became of it."""

    id: int
    person_id: int
    source: str
    reference: str
    state: SuggestionState
    details: SuggestionDetails


class SuggestionClosed(Conflict):
    """The suggestion was dismissed or carried out in the meantime.

    What helps: Look at the list again; whoever made the suggestion can make it anew.
    """

    code = "suggestion-closed"
    title = _l("The suggestion has been settled already")

    def __init__(self, state: SuggestionState) -> None:
        super().__init__(_("Look at the list again: somebody has settled it in the meantime."), reason=state.value)


def suggest(
    person: PersonRef, details: SuggestionDetails, *, source: str, reference: str, now: dt.datetime
) -> SuggestionView:
    """Suggest a development; or, with the same source and reference, say what is suggested now.

    Saying the same again changes nothing, even where it was settled. Other details keep it open or taken, and open
    it again where it was settled; ``suggestion.made`` is published each time.

    :param source: name of the plugin.
    :param reference: what it is there, such as ``plan-item:7``.
    :raises Invalid: form, levels or programme do not fit.
    """
    _check(details)
    values = {"person_id": person.id, **asdict(details)}
    key = {"agency_id": current_agency(), "source": source, "reference": reference}
    fresh = insert_new(
        Suggestion.__table__, key=key, values={**values, "state": SuggestionState.OPEN, "changed_at": now}
    )
    row = _locked(Suggestion.source == source, Suggestion.reference == reference)
    if fresh is None and (row.person_id in person.ids and _view(row).details == details):
        return _view(row)
    for name, value in values.items():
        setattr(row, name, value)
    row.state = SuggestionState.OPEN if row.state in _SETTLED else row.state
    row.changed_at = now
    db.session.flush()
    publish(SuggestionMade(row.id, row.person_id, row.competency, row.form, row.source))
    return _view(row)


def suggestions_for(
    person: PersonRef | None = None,
    *,
    competency: str | None = None,
    forms: Collection[str] | None = None,
    kind: SuggestionKind | None = None,
    states: Collection[SuggestionState] = (SuggestionState.OPEN,),
) -> list[SuggestionView]:
    """Return suggestions for somebody, or for everybody of the agency, the oldest first; by default the open ones."""
    rows = select(Suggestion).where(Suggestion.state.in_(states)).order_by(Suggestion.changed_at, Suggestion.id)
    if person is not None:
        rows = rows.where(Suggestion.person_id.in_(person.ids))
    if competency is not None:
        rows = rows.where(Suggestion.competency == competency)
    if forms is not None:
        rows = rows.where(Suggestion.form.in_(forms))
    if kind is not None:
        rows = rows.where(Suggestion.kind == kind)
    return [_view(row) for row in db.session.scalars(rows)]


def settle_suggestion(suggestion_id: int, state: SuggestionState, *, now: dt.datetime) -> bool:
    """Say what became of a suggestion: taken, dismissed, done, or open again after it was taken.

    :returns: whether it was not so before; of two who take the same one at once only the first is told yes.
    :raises NotFound: there is none with this id.
    :raises SuggestionClosed: it was dismissed or done, and something else is said now.
    """
    row = _locked(Suggestion.id == suggestion_id)
    if row.state is state:
        return False
    if row.state in _SETTLED:
        raise SuggestionClosed(row.state)
    row.state, row.changed_at = state, now
    db.session.flush()
    publish(SuggestionSettled(row.id, row.person_id, row.competency, row.form, row.source, state.value))
    return True


def _check(details: SuggestionDetails) -> None:
    problems: dict[str, Any] = {}
    if details.form not in development_forms():
        problems["form"] = [_("Choose a form of development from the list.")]
    if not 0 <= details.from_level < details.to_level <= 5:
        problems["to_level"] = [_("The level to reach is 1 to 5 and above the present one.")]
    wanted = details.programme_id
    if wanted is not None and db.session.scalar(select(Programme.id).where(Programme.id == wanted)) is None:
        problems["programme_id"] = [_("There is no such programme.")]
    if problems:
        raise Invalid(problems)


def _locked(*which: Any) -> Suggestion:
    # Two who take the same suggestion at once: the second waits, and then sees that it is taken.
    row = db.session.scalar(
        select(Suggestion).where(*which).with_for_update().execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound(_("There is no such suggestion."))
    return row


def _view(row: Suggestion) -> SuggestionView:
    details = SuggestionDetails(
        competency=row.competency,
        form=row.form,
        from_level=row.from_level,
        to_level=row.to_level,
        kind=row.kind,
        reason_id=row.reason_id,
        reason_en=row.reason_en,
        programme_id=row.programme_id,
    )
    return SuggestionView(row.id, row.person_id, row.source, row.reference, row.state, details)
