"""What the plugin says on the home page."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from flask_babel import format_date, format_decimal

from lms_bridge.api import BridgeContext, Card, Task, _, current, may_for_others, ngettext, now, url_for
from lms_bridge_competency.models import Result
from lms_bridge_competency.people_to_rate import RATE_OTHERS, count_waiting
from lms_bridge_competency.ratings import Rating, load_rating
from lms_bridge_competency.reading import categories
from lms_bridge_competency.reference import band_names
from lms_bridge_competency.results import latest_result, lines_of, settled_result
from lms_bridge_competency.rules import Purpose
from lms_bridge_competency.standards import dictionary_for

_CHIPS = {"O": "ok", "KO": "warn"}


def cards(context: BridgeContext) -> list[Card]:
    """Return one card for the newest result; before there is one, the tasks say what to do."""
    result = latest_result(context.person)
    if result is None:
        return []
    sentence = " ".join([_standing(result), _match(result), _("Result of %(day)s.", day=_day(result, context))])
    band = categories(result).get(Purpose.MAPPING)
    return [
        Card(
            title=_("Competency gap"),
            sentence=sentence,
            link=url_for("competency.result", result_id=result.id),
            link_text=_("See the whole result"),
            chip=band_names()[band.code].in_language(context.locale) if band else None,
            chip_kind=_CHIPS.get(band.code, "info") if band else "info",
            order=20,
        )
    ]


def _standing(result: Result) -> str:
    """Say how many competencies are below the standard, and which."""
    measured = [line for line in lines_of(result) if line.gap is not None]
    short = [line.competency for line in measured if line.gap > 0]  # type: ignore[operator]
    if not measured:
        return _("No competency could be counted.")
    if not short:
        return _("All %(measured)s competencies meet the standard of your post.", measured=len(measured))
    names = {competency.key: competency.name for competency in dictionary_for(short)}
    return ngettext(
        "%(num)s of %(measured)s competencies is below the standard of your post: %(names)s.",
        "%(num)s of %(measured)s competencies are below the standard of your post: %(names)s.",
        len(short),
        measured=len(measured),
        names=", ".join(names.get(key, key) for key in short),
    )


def _match(result: Result) -> str:
    value = result.jpm
    return "" if value is None else _("Job Person Match %(jpm)s.", jpm=format_decimal(value, "#,##0.00"))


def _day(result: Result, context: BridgeContext) -> str:
    return format_date(result.computed_at.astimezone(ZoneInfo(context.agency.timezone)).date(), "d MMMM y")


def tasks(context: BridgeContext) -> list[Task]:
    """Return a task while the self-rating waits for the person, and one while their people wait for them."""
    rating = load_rating(context, now=now())
    words = _first_step(rating) if rating.assessment is None else _next_step(rating)
    own = [Task(title=words[0], detail=words[1], link=url_for("competency.self_rating"), icon="level")] if words else []
    return [*own, *_of_others(rating.cycle)]


def _of_others(cycle: str) -> list[Task]:
    waiting = count_waiting(current, cycle=cycle) if may_for_others(current, RATE_OTHERS) else 0
    if not waiting:
        return []
    title = ngettext("Rate %(num)s person whom you lead", "Rate %(num)s people whom you lead", waiting)
    detail = _("They have rated themselves")
    return [Task(title=title, detail=detail, link=url_for("competency.people_to_rate"), icon="level", count=waiting)]


def _first_step(rating: Rating) -> tuple[str, str] | None:
    """Ask those whose post is known to begin; others may, but nobody waits for them."""
    if rating.post is None or not rating.steps:
        return None
    return _("Fill in your self-rating %(cycle)s", cycle=rating.cycle), _("About 10 minutes; you can stop at any time")


def _next_step(rating: Rating) -> tuple[str, str] | None:
    if settled_result(rating, current.person) is not None:
        return None
    if rating.finished:
        return (
            _("Look over your self-rating again"),
            _("Your post or its standard has changed since your last result"),
        )
    if rating.steps and not rating.missing:
        return _("Finish your self-rating"), _("All competencies answered; finish to see your result")
    return (
        _("Continue your self-rating"),
        _("%(done)s of %(all)s competencies answered", done=rating.done, all=len(rating.steps))
        if rating.steps
        else _("Choose the level of your post first"),
    )
