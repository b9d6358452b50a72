"""People whom an LMS brought and the agency's data does not know: an analyst links or dismisses them, or undoes it."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from marshmallow import Schema, fields, validate
from werkzeug.wrappers import Response

from lms_bridge.context import current
from lms_bridge.db import db, now
from lms_bridge.domain.nip import mask_nip
from lms_bridge.errors import Invalid, load
from lms_bridge.services.audit import audit_reads
from lms_bridge.services.matching import (
    MatchingRules,
    dismiss,
    find_by_nip,
    link_person,
    matching_rules,
    recall,
    set_matching_rules,
    unlink_person,
)
from lms_bridge.services.people_queue import PAGE, Queue, count_waiting, queued_people

bp = Blueprint("queue", __name__)
_ID = validate.Range(1, 2**31 - 1)


class ListSchema(Schema):
    """Which list, and after whom its page begins."""

    show = fields.Enum(Queue, by_value=True, load_default=Queue.WAITING)
    after = fields.Integer(load_default=0, validate=validate.Range(0, 2**31 - 1))


class LinkSchema(Schema):
    """Whom somebody is: a candidate, or whoever has the NIP that was typed."""

    known = fields.Integer(load_default=None, validate=_ID)
    nip = fields.String(load_default="", validate=validate.Length(max=64))


@bp.get("")
def index() -> str:
    """Show who waits, was linked, or was dismissed."""
    chosen = load(ListSchema, request.args.to_dict())
    return _page(chosen["show"], after=chosen["after"], problems={})


def _page(queue: Queue, *, after: int, problems: dict[int, str]) -> str:
    today = now().astimezone(ZoneInfo(current.agency.timezone)).date()
    people = queued_people(queue, today=today, after=after)
    audit_reads(
        "core.manage-people",
        {one.person_id for one in people} | {other.person_id for one in people for other in one.candidates},
        page="queue",
    )
    return render_template(
        "console/queue.html",
        queue=queue,
        lists=tuple(Queue),
        people=people,
        waiting=count_waiting(),
        after=after,
        more=len(people) == PAGE,
        rules=matching_rules(),
        problems=problems,
        mask=mask_nip,
    )


@bp.post("/<int:person_id>/link")
def link(person_id: int) -> Response | tuple[str, int]:
    """Link somebody to the candidate that was pressed, or to whoever has the NIP that was typed."""
    chosen: dict[str, Any] = load(LinkSchema, request.form.to_dict())
    known_id = chosen["known"] or find_by_nip(chosen["nip"])
    if known_id is None:
        fault = _("Nobody in the agency's data has this NIP. It has 18 digits.")
        # The page begins with the person, so that the fault is seen with its field.
        return _page(Queue.WAITING, after=person_id - 1, problems={person_id: fault}), Invalid.status
    link_person(person_id, known_id)
    return _done(_("Linked. You can take it back in the list of those who are linked."))


@bp.post("/<int:person_id>/unlink")
def unlink(person_id: int) -> Response:
    """Take a link back."""
    unlink_person(person_id)
    return _done(_("The link is taken back. Both records are as they were."), Queue.LINKED)


@bp.post("/<int:person_id>/dismiss")
def dismiss_person(person_id: int) -> Response:
    """Take somebody who needs no post out of the queue."""
    dismiss(person_id)
    return _done(_("Dismissed. The person can go on using what needs no post."))


@bp.post("/<int:person_id>/recall")
def call_back(person_id: int) -> Response:
    """Let somebody wait again."""
    recall(person_id)
    return _done(_("The person waits again."), Queue.DISMISSED)


@bp.post("/rules")
def change_rules() -> Response:
    """Say what may link people by itself."""
    set_matching_rules(MatchingRules(email="email" in request.form, username="username" in request.form))
    return _done(_("The rules are saved. They hold from the next launch on."))


def _done(words: str, queue: Queue = Queue.WAITING) -> Response:
    db.session.commit()
    flash(words)
    return redirect(url_for(".index", **({} if queue is Queue.WAITING else {"show": queue.value})), code=303)
