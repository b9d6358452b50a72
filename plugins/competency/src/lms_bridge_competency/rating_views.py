"""The pages of a rating, of oneself or of one's people: answer, look over, finish."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, jsonify, request

from lms_bridge.api import (
    NotFound,
    PersonRef,
    _,
    current,
    db,
    ensure,
    flash,
    load,
    now,
    person_ref,
    redirect,
    render_template,
    url_for,
)
from lms_bridge_competency.errors import NotBegun, NoteMissing
from lms_bridge_competency.files import files_of_rating
from lms_bridge_competency.finishing import finish_rating
from lms_bridge_competency.people_to_rate import RATE_OTHERS
from lms_bridge_competency.progress import Rung, Step
from lms_bridge_competency.ratings import Rating, SaveAnswers, example_of, load_rating, save_answers
from lms_bridge_competency.results import latest_result, settled_result
from lms_bridge_competency.schemas import LONGEST_EXAMPLE, LONGEST_NOTE, FinishSchema, SaveAnswersSchema, grouped
from lms_bridge_competency.sources import large_differences
from lms_bridge_competency.views import bp

RATE = "competency.rate-self"


def rated_by_me(person_id: int | None) -> PersonRef | None:
    """Return whom the page is about, if the person of the session may rate them; nothing in a self-rating.

    :raises Refused: they may not.
    """
    if person_id is None:
        ensure(RATE)
        return None
    person = person_ref(person_id)
    ensure(RATE_OTHERS, person)
    return person


def _url(rating: Rating, page: str, **values: Any) -> str:
    """Return a page of this rating."""
    return url_for(f"competency.{page}", **values, **_who(rating))


def _who(rating: Rating) -> dict[str, int]:
    return {"person_id": rating.of.id} if rating.of else {}


@bp.get("/self-rating/<code>")
@bp.get("/ratings/<int:person_id>/<code>")
def competency(code: str, person_id: int | None = None) -> Any:
    """Open a competency at the level that is asked."""
    rating, step = open_step(code, of=rated_by_me(person_id))
    return redirect(_page_url(rating, step, step.current_level()))


@bp.get("/self-rating/<code>/<int:level>")
@bp.get("/ratings/<int:person_id>/<code>/<int:level>")
def question(code: str, level: int, person_id: int | None = None) -> Any:
    """Ask about one level of one competency."""
    rating, step = open_step(code, of=rated_by_me(person_id))
    rung = step.rung(level)
    if rung is None or level not in step.open_levels():
        return redirect(_page_url(rating, step, step.current_level()))
    return _question_page(rating, step, rung)


@bp.post("/self-rating/<code>/<int:level>")
@bp.post("/ratings/<int:person_id>/<code>/<int:level>")
def answer(code: str, level: int, person_id: int | None = None) -> Any:
    """Keep an answer that saves itself, or the whole page, and go where its button points."""
    command: SaveAnswers = load(SaveAnswersSchema, grouped(request.form))
    moment, of = now(), rated_by_me(person_id)
    rating, step = open_step(code, of=of, lock=True)
    save_answers(command, assessment=rating.assessment, step=step, now=moment)
    db.session.commit()
    if command.go is None:
        return _saved(rating, code, level)
    rating = load_rating(current, now=moment, of=of)
    step = rating.step(code) or step
    rung = step.rung(level)
    if command.go == "continue" and rung is not None and _insists(step, rung):
        return _question_page(rating, step, rung, open_questions=True), 422
    return redirect(_after(rating, step, level, command.go), 303)


def _insists(step: Step, rung: Rung) -> bool:
    """Say whether the page asks for the answers that are missing; an offered level may be left out as a whole."""
    left_out = step.offered and rung.level == step.asked and not rung.answered
    return rung.answered < len(rung.questions) and not left_out


def _saved(rating: Rating, code: str, level: int) -> Response:
    """Tell the page that posted one answer by itself when it was saved."""
    if request.accept_mimetypes.best == "application/json":
        return jsonify(at=render_template("competency/saved_at.txt", moment=now()))
    return redirect(_url(rating, "question", code=code, level=level), 303)  # type: ignore[return-value]


def open_step(code: str, *, of: PersonRef | None, lock: bool = False) -> tuple[Rating, Step]:
    """Return a competency of a rating that has begun.

    :raises NotBegun: it has not.
    :raises NotFound: the post does not ask for it.
    """
    rating = load_rating(current, now=now(), of=of, lock=lock)
    if rating.assessment is None or not rating.steps:
        raise NotBegun
    step = rating.step(code)
    if step is None or not step.can_be_rated:
        raise NotFound(_("Your post does not ask for this competency. Go back to the overview of the self-rating."))
    return rating, step


def _question_page(rating: Rating, step: Step, rung: Rung, *, open_questions: bool = False) -> str:
    files, shown_files = files_of_rating(rating, step.key)
    return render_template(
        "competency/question.html",
        files=files,
        shown_files=shown_files,
        rating=rating,
        who=_who(rating),
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


def _page_url(rating: Rating, step: Step, level: int) -> str:
    return _url(rating, "question", code=step.code, level=level)


def next_open(rating: Rating) -> str:
    step = next(iter(rating.missing), None)
    return _page_url(rating, step, step.current_level()) if step else _url(rating, "overview")


def _after(rating: Rating, step: Step, level: int, go: str) -> str:
    """Return the page that a button leads to."""
    overview = _url(rating, "overview")
    if go == "overview":
        return overview
    if go == "previous":
        pages = rating.pages()
        place = pages.index((step, level)) if (step, level) in pages else 0
        return _page_url(rating, *pages[place - 1]) if place else overview
    if go == "continue" and step.asked is not None and step.asked != level:
        return _page_url(rating, step, step.asked)
    later = [one for one in rating.steps if one.position > step.position and one.can_be_rated]
    return _page_url(rating, later[0], later[0].current_level()) if later else overview


@bp.get("/self-rating/overview")
@bp.get("/ratings/<int:person_id>/overview")
def overview(person_id: int | None = None) -> Any:
    """Look over all competencies before finishing, or to correct one afterwards."""
    rating = load_rating(current, now=now(), of=rated_by_me(person_id))
    if rating.assessment is None or not rating.steps:
        return redirect(url_for("competency.people_to_rate" if rating.of else "competency.self_rating"))
    return _overview_page(rating, {})


def _overview_page(rating: Rating, notes: Mapping[str, str], *, refused: NoteMissing | None = None) -> str:
    settled = settled_result(rating, rating.of or current.person)
    before = None if settled or rating.missing else latest_result(rating.of or current.person)
    return render_template(
        "competency/overview.html",
        rating=rating,
        who=_who(rating),
        settled=settled,
        differences=large_differences(rating, before),
        notes=notes,
        refused=refused,
        longest_note=LONGEST_NOTE,
        next_open=next_open(rating),
    )


@bp.post("/self-rating/finish")
@bp.post("/ratings/<int:person_id>/finish")
def finish(person_id: int | None = None) -> Any:
    """Compute the result and show it."""
    of = rated_by_me(person_id)
    notes: Mapping[str, str] = load(FinishSchema, grouped(request.form))["notes"]
    try:
        result = finish_rating(current, now=now(), of=of, notes=notes)
    except NoteMissing as error:
        return _overview_page(load_rating(current, now=now(), of=of), notes, refused=error), error.status
    db.session.commit()
    if of:
        flash(_("Your rating of %(name)s is finished. This is the result.", name=of.name))
    else:
        flash(_("Your self-rating is finished. This is your result."))
    return redirect(url_for("competency.result", result_id=result.id), 303)
