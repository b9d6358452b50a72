"""The pages: begin, answer, look over, finish; the result and why its numbers are what they are."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, jsonify, request

from lms_bridge.api import (
    NotFound,
    PersonRef,
    _,
    competencies,
    current,
    db,
    ensure,
    flash,
    load,
    now,
    person_ref,
    redirect,
    render_template,
    require_permission,
    url_for,
)
from lms_bridge_competency.errors import NotBegun
from lms_bridge_competency.models import Result
from lms_bridge_competency.progress import Rung, Step
from lms_bridge_competency.ratings import Rating, SaveAnswers, begin_rating, example_of, load_rating, save_answers
from lms_bridge_competency.reading import ShownResult, show_result
from lms_bridge_competency.reference import (
    FRAMEWORK,
    band_names,
    confirmed_purposes,
    level_meanings,
    level_names,
    post_levels,
)
from lms_bridge_competency.results import finish_rating, is_outdated, lines_of, result_history, settled_result
from lms_bridge_competency.rules import Mark, Method, Purpose, marks_needed
from lms_bridge_competency.schemas import LONGEST_EXAMPLE, BeginRatingSchema, SaveAnswersSchema, grouped
from lms_bridge_competency.standards import dictionary_for

bp = Blueprint("competency", __name__, template_folder="templates")
RATE, VIEW = "competency.rate-self", "competency.view-result"


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
        "Mark": Mark,
        "Method": Method,
        "Purpose": Purpose,
    }


def _day_of(moment: dt.datetime) -> dt.date:
    """Return the day of a moment in the agency's zone."""
    return moment.astimezone(ZoneInfo(current.agency.timezone)).date()


@bp.get("/self-rating")
@require_permission(RATE)
def self_rating() -> Any:
    """Open the self-rating where the person stands: at the start, at the first open question, or at the result."""
    rating = load_rating(current, now=now())
    if rating.assessment is None or not rating.steps:
        return _start_page(rating)
    result = settled_result(rating)
    if result is not None:
        return redirect(url_for("competency.result", result_id=result.id))
    return redirect(_next_open(rating))


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
    return redirect(_next_open(rating), 303)


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


@bp.get("/self-rating/<code>")
@require_permission(RATE)
def competency(code: str) -> Any:
    """Open a competency at the level that is asked."""
    _rating, step = _open_step(code)
    return redirect(_page_url(step, step.current_level()))


@bp.get("/self-rating/<code>/<int:level>")
@require_permission(RATE)
def question(code: str, level: int) -> Any:
    """Ask about one level of one competency."""
    rating, step = _open_step(code)
    rung = step.rung(level)
    if rung is None or level not in step.open_levels():
        return redirect(_page_url(step, step.current_level()))
    return _question_page(rating, step, rung)


@bp.post("/self-rating/<code>/<int:level>")
@require_permission(RATE)
def answer(code: str, level: int) -> Any:
    """Keep an answer that saves itself, or the whole page, and go where its button points."""
    command: SaveAnswers = load(SaveAnswersSchema, grouped(request.form))
    moment = now()
    rating, step = _open_step(code, lock=True)
    save_answers(command, assessment=rating.assessment, step=step, now=moment)
    db.session.commit()
    if command.go is None:
        return _saved(code, level)
    rating = load_rating(current, now=moment)
    step = rating.step(code) or step
    rung = step.rung(level)
    if command.go == "continue" and rung is not None and _insists(step, rung):
        return _question_page(rating, step, rung, open_questions=True), 422
    return redirect(_after(rating, step, level, command.go), 303)


def _insists(step: Step, rung: Rung) -> bool:
    """Say whether the page asks for the answers that are missing; an offered level may be left out as a whole."""
    left_out = step.offered and rung.level == step.asked and not rung.answered
    return rung.answered < len(rung.questions) and not left_out


def _saved(code: str, level: int) -> Response:
    """Tell the page that posted one answer by itself when it was saved."""
    if request.accept_mimetypes.best == "application/json":
        return jsonify(at=render_template("competency/saved_at.txt", moment=now()))
    return redirect(url_for("competency.question", code=code, level=level), 303)  # type: ignore[return-value]


def _open_step(code: str, *, lock: bool = False) -> tuple[Rating, Step]:
    rating = load_rating(current, now=now(), lock=lock)
    if rating.assessment is None or not rating.steps:
        raise NotBegun
    step = rating.step(code)
    if step is None or not step.can_be_rated:
        raise NotFound(_("Your post does not ask for this competency. Go back to the overview of the self-rating."))
    return rating, step


def _question_page(rating: Rating, step: Step, rung: Rung, *, open_questions: bool = False) -> str:
    return render_template(
        "competency/question.html",
        rating=rating,
        step=step,
        rung=rung,
        example=example_of(rating.assessment, step.key),
        longest_example=LONGEST_EXAMPLE,
        first=rating.pages()[0] == (step, rung.level),
        onward=_onward(rating, step, rung),
        last=step.position == len(rating.steps),
        open_questions=open_questions,
    )


def _onward(rating: Rating, step: Step, rung: Rung) -> str:
    """Say where the main button leads, as far as that is known before the page is answered."""
    if rung.answered < len(rung.questions):
        return _("Save and continue")
    if step.asked is not None:
        return _("Next: level %(level)s", level=step.asked)
    if step.position < len(rating.steps):
        return _("Next: competency %(position)s", position=step.position + 1)
    return _("Next: overview")


def _page_url(step: Step, level: int) -> str:
    return url_for("competency.question", code=step.code, level=level)


def _next_open(rating: Rating) -> str:
    step = next(iter(rating.missing), None)
    return _page_url(step, step.current_level()) if step else url_for("competency.overview")


def _after(rating: Rating, step: Step, level: int, go: str) -> str:
    """Return the page that a button leads to."""
    if go == "overview":
        return url_for("competency.overview")
    if go == "previous":
        pages = rating.pages()
        place = pages.index((step, level)) if (step, level) in pages else 0
        return _page_url(*pages[place - 1]) if place else url_for("competency.overview")
    if go == "continue" and step.asked is not None and step.asked != level:
        return _page_url(step, step.asked)
    later = [one for one in rating.steps if one.position > step.position and one.can_be_rated]
    return _page_url(later[0], later[0].current_level()) if later else url_for("competency.overview")


@bp.get("/self-rating/overview")
@require_permission(RATE)
def overview() -> Any:
    """Look over all competencies before finishing, or to correct one afterwards."""
    rating = load_rating(current, now=now())
    if rating.assessment is None or not rating.steps:
        return redirect(url_for("competency.self_rating"))
    settled = settled_result(rating)
    return render_template("competency/overview.html", rating=rating, settled=settled, next_open=_next_open(rating))


@bp.post("/self-rating/finish")
@require_permission(RATE)
def finish() -> Any:
    """Compute the result and show it."""
    result = finish_rating(current, now=now())
    db.session.commit()
    flash(_("Your self-rating is finished. This is your result."))
    return redirect(url_for("competency.result", result_id=result.id), 303)


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
        rating=rating,
        outdated=rating is not None and is_outdated(shown.result, rating),
    )


@bp.get("/results/<int:result_id>/explanation")
def explanation(result_id: int) -> str:
    """Explain each number of a result from its inputs."""
    shown, person = _visible(result_id)
    return render_template("competency/explanation.html", shown=shown, person=person)


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
