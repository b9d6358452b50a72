"""Where ratings begin: the self-rating, and those of one's people."""

from __future__ import annotations

from typing import Any

from flask import request

from lms_bridge.api import (
    _,
    audit_reads,
    competencies,
    current,
    db,
    ensure,
    load,
    may_for_others,
    now,
    redirect,
    render_template,
    require_permission,
    url_for,
)
from lms_bridge_competency.people_to_rate import RATE_OTHERS, find_people
from lms_bridge_competency.rating_views import RATE, next_open, rated_by_me
from lms_bridge_competency.ratings import Rating, begin_rating, cycle_at, load_rating
from lms_bridge_competency.reference import FRAMEWORK, post_levels
from lms_bridge_competency.results import settled_result
from lms_bridge_competency.schemas import BeginRatingSchema
from lms_bridge_competency.views import VIEW, bp


@bp.get("/self-rating")
@require_permission(RATE)
def self_rating() -> Any:
    """Open the self-rating where the person stands: at the start, at the first open question, or at the result."""
    rating = load_rating(current, now=now())
    if rating.assessment is None or not rating.steps:
        return _start_page(rating)
    result = settled_result(rating, current.person)
    if result is not None:
        return redirect(url_for("competency.result", result_id=result.id))
    return redirect(next_open(rating))


@bp.get("/self-rating/start")
@require_permission(RATE)
def start() -> str:
    """Show what the self-rating is; without a known post, ask for its level."""
    return _start_page(load_rating(current, now=now()))


@bp.post("/self-rating/start")
@require_permission(RATE)
def begin() -> Any:
    """Begin the self-rating, or go on with the one that has begun."""
    command = load(BeginRatingSchema, request.form)
    rating = begin_rating(current, declared_level=command.post_level, now=now())
    db.session.commit()
    return redirect(next_open(rating), 303)


def _start_page(rating: Rating) -> str:
    return render_template(
        "competency/start.html", rating=rating, dictionary=competencies(FRAMEWORK), post_levels=_choices()
    )


def _choices() -> dict[str, list[tuple[str, str]]]:
    """Return the levels of posts under the names of their types, in the official order."""
    types = {
        "JPT": _("Senior leadership posts (JPT)"),
        "JA": _("Administrative posts (JA)"),
        "JF_KEAHLIAN": _("Functional posts, expert (JF keahlian)"),
        "JF_KETERAMPILAN": _("Functional posts, skilled (JF keterampilan)"),
    }
    groups: dict[str, list[tuple[str, str]]] = {name: [] for name in types.values()}
    for level in post_levels().values():
        official = level.name.indonesian
        english = level.name.english
        groups[types[level.type]].append(
            (level.code, f"{official} ({english})" if current.locale == "en" and english != official else official)
        )
    return groups


@bp.get("/ratings")
def people_to_rate() -> str:
    """List whom the person of the session may rate as their superior, and how far each rating is."""
    if not may_for_others(current, RATE_OTHERS):
        ensure(RATE_OTHERS)
    cycle = cycle_at(now(), timezone=current.agency.timezone)
    people = find_people(current, cycle=cycle)
    audit_reads(VIEW, [one.person_id for one in people])
    return render_template("competency/people_to_rate.html", people=people, cycle=cycle)


@bp.post("/ratings/<int:person_id>/start")
def begin_for(person_id: int) -> Any:
    """Begin to rate somebody, or go on with the rating that has begun."""
    rating = begin_rating(current, now=now(), of=rated_by_me(person_id))
    db.session.commit()
    return redirect(next_open(rating), 303)
