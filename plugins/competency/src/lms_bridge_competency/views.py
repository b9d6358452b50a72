"""The pages of a result, and why its numbers are what they are."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint

from lms_bridge.api import (
    AttachmentView,
    NotFound,
    PersonRef,
    _,
    attachments_at,
    current,
    db,
    ensure,
    now,
    person_ref,
    render_template,
)
from lms_bridge_competency.blending import Group
from lms_bridge_competency.files import place_in_rating
from lms_bridge_competency.models import Result
from lms_bridge_competency.objections.deciding import open_until
from lms_bridge_competency.objections.reading import objections_of
from lms_bridge_competency.ratings import load_rating
from lms_bridge_competency.reading import ShownResult, show_result
from lms_bridge_competency.reference import band_names, confirmed_purposes, level_meanings, level_names
from lms_bridge_competency.results import is_outdated, latest_result, lines_of, result_history
from lms_bridge_competency.rules import Mark, Method, Purpose, marks_needed
from lms_bridge_competency.standards import dictionary_for

bp = Blueprint("competency", __name__, template_folder="templates")
VIEW = "competency.view-result"


@bp.context_processor
def _words() -> dict[str, Any]:
    """Give the templates the official words in the language of the page, and the enumerations of the rules."""
    locale = current.locale
    return {
        "level_name": {level: words.in_language(locale) for level, words in level_names().items()},
        "level_meaning": {level: words.in_language(locale) for level, words in level_meanings().items()},
        "band_name": {code: words.in_language(locale) for code, words in band_names().items()},
        "confirmed_purposes": confirmed_purposes(),
        "marks_needed": marks_needed,
        "day_of": _day_of,
        "group_name": _group_names(),
        "Mark": Mark,
        "Method": Method,
        "Purpose": Purpose,
    }


def _group_names() -> dict[Group, str]:
    return {
        Group.DECISION: _("Decision upon an objection"),
        Group.ASSESSOR: _("Assessor"),
        Group.SUPERIOR: _("Superior"),
        Group.PEER: _("Peers"),
        Group.SUBORDINATE: _("Subordinates"),
        Group.OBSERVER: _("Observers"),
        Group.COURSE: _("Courses"),
        Group.SELF: _("Self-rating"),
    }


def _day_of(moment: dt.datetime) -> dt.date:
    """Return the day of a moment in the agency's zone."""
    return moment.astimezone(ZoneInfo(current.agency.timezone)).date()


@bp.get("/results/<int:result_id>")
def result(result_id: int) -> str:
    """Show a result to the person it is about, their superior, or an analyst."""
    shown, person = _visible(result_id)
    own = shown.result.person_id in current.person.ids
    rating = load_rating(current, now=now()) if own else None
    return render_template(
        "competency/result.html",
        shown=shown,
        own=own,
        person=person,
        history=result_history(person),
        objections=objections_of(person),
        rating=rating,
        outdated=rating is not None and is_outdated(shown.result, rating),
    )


@bp.get("/results/<int:result_id>/explanation")
def explanation(result_id: int) -> str:
    """Explain each number of a result from its inputs."""
    shown, person = _visible(result_id)
    own = shown.result.person_id in current.person.ids
    return render_template(
        "competency/explanation.html",
        shown=shown,
        person=person,
        files=_files(shown),
        place_in_rating=place_in_rating,
        waiting={one.competency for one in objections_of(person) if one.waits} if own else set(),
        open_until=_open_until(shown.result) if own else None,
    )


def _files(shown: ShownResult) -> dict[str, list[AttachmentView]]:
    """Return the files of every rating behind a result, by their places."""
    rated = ((one.assessment, line.key) for line in shown.lines for one in line.ratings if one.assessment)
    return attachments_at(place_in_rating(*pair) for pair in rated)


def _open_until(result: Result) -> dt.datetime | None:
    """Return until when the person may object to their own result; nothing where they may not."""
    newest = latest_result(current.person)
    until = open_until(result)
    return until if newest is not None and newest.id == result.id and now() < until else None


def _visible(result_id: int) -> tuple[ShownResult, PersonRef]:
    """Return a result that the person of the session may see, and whom it is about.

    :raises NotFound: there is no such result in this agency.
    :raises Refused: there is, but not for them.
    """
    found = db.session.get(Result, result_id)
    if found is None:
        raise NotFound(_("This result does not exist. Open the competency mapping from the menu."))
    person = current.person if found.person_id in current.person.ids else person_ref(found.person_id)
    ensure(VIEW, person)
    lines = lines_of(found)
    return show_result(found, lines, dictionary_for(line.competency for line in lines)), person
