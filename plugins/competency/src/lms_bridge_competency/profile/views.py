"""The pages of the profile: one's own, that of somebody whom one leads, the rapor, and the post one aims at."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, request

from lms_bridge.api import (
    NotFound,
    PersonRef,
    _,
    current,
    db,
    ensure,
    export_document,
    export_table,
    flash,
    load,
    now,
    person_ref,
    redirect,
    render_template,
    require_permission,
    superiors_of,
    url_for,
)
from lms_bridge_competency.profile.document import profile_table, rapor
from lms_bridge_competency.profile.reading import profile_of
from lms_bridge_competency.profile.schemas import SearchSchema, TargetSchema
from lms_bridge_competency.profile.targets import choose_target, drop_target, find_posts
from lms_bridge_competency.rating_views import RATE
from lms_bridge_competency.views import VIEW, bp


def _today() -> dt.date:
    return now().astimezone(ZoneInfo(current.agency.timezone)).date()


@bp.get("/profile")
@require_permission(RATE)
def profile() -> str:
    """Show one's own profile."""
    return _page(current.person, own=True)


@bp.get("/profile/of/<int:person_id>")
def profile_of_person(person_id: int) -> str:
    """Show the profile of somebody whom the reader leads or looks after."""
    person = person_ref(person_id)
    ensure(VIEW, person)
    return _page(person, own=False)


def _page(person: PersonRef, *, own: bool) -> str:
    return render_template("competency/profile/profile.html", profile=profile_of(person, on=_today()), own=own)


@bp.get("/profile.<ending>")
@require_permission(RATE)
def profile_file(ending: str) -> Response:
    """Hand one's own profile out: as PDF the rapor to be signed, else as a table."""
    return _file(current.person, ending)


@bp.get("/profile/of/<int:person_id>.<ending>")
def profile_file_of_person(person_id: int, ending: str) -> Response:
    """Hand out the profile of somebody whom the reader leads or looks after."""
    person = person_ref(person_id)
    ensure(VIEW, person)
    return _file(person, ending)


def _file(person: PersonRef, ending: str) -> Response:
    found = profile_of(person, on=_today())
    if found.shown is None:
        raise NotFound(_("There is no result yet. Finish the self-rating first."))
    day = found.shown.result.computed_at.astimezone(ZoneInfo(current.agency.timezone)).date()
    if ending != "pdf":
        return export_table(profile_table(found, found.shown, on=day), ending)
    superiors = superiors_of(person, on=_today())
    superior = superiors[0].name if superiors else ""
    return export_document(rapor(found, found.shown, superior=superior, locale=current.locale, on=day))


@bp.get("/profile/target")
@require_permission(RATE)
def target() -> str:
    """Look for the post that one aims at."""
    words = load(SearchSchema, request.args)["q"]
    posts = find_posts(words) if words.strip() else []
    return render_template("competency/profile/target.html", words=words, posts=posts)


@bp.post("/profile/target")
@require_permission(RATE)
def set_target() -> Any:
    """Aim at a post, or at none."""
    post_id = load(TargetSchema, request.form)["post_id"]
    if post_id is None:
        drop_target(current.person)
    else:
        choose_target(post_id, person=current.person, now=now())
    db.session.commit()
    flash(_("Stored."))
    return redirect(url_for("competency.profile"), 303)
