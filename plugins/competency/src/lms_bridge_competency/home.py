"""What the plugin says on the home page."""

from __future__ import annotations

from flask_babel import format_decimal

from lms_bridge.api import BridgeContext, Card, Task, _, ngettext, now, url_for
from lms_bridge_competency.models import AssessmentState
from lms_bridge_competency.ratings import cycle_at, find_assessment, load_rating
from lms_bridge_competency.reading import categories
from lms_bridge_competency.reference import band_names
from lms_bridge_competency.results import count_short, latest_result
from lms_bridge_competency.rules import Purpose

_CHIPS = {"O": "ok", "KO": "warn"}


def cards(context: BridgeContext) -> list[Card]:
    """Return one card: the newest result, or how to get one."""
    result = latest_result(context.person)
    if result is None:
        begun = find_assessment(context.person, cycle=cycle_at(now(), timezone=context.agency.timezone))
        return [
            Card(
                title=_("Competency gap"),
                sentence=_("You see level, gap and Job Person Match as soon as your self-rating is finished.")
                if begun
                else _("You have not rated yourself yet. It takes about 10 minutes and can be interrupted."),
                link=url_for("competency.self_rating"),
                link_text=_("Continue") if begun else _("Open competency mapping"),
                order=20,
            )
        ]
    short, measured = count_short(result)
    if short:
        sentence = ngettext(
            "%(num)s of %(measured)s competencies is below the standard of your post.",
            "%(num)s of %(measured)s competencies are below the standard of your post.",
            short,
            measured=measured,
        )
    else:
        sentence = _("All %(measured)s competencies meet the standard of your post.", measured=measured)
    if result.jpm_total_cap is not None:
        sentence += " " + _("Job Person Match %(jpm)s.", jpm=format_decimal(result.jpm_total_cap, "#,##0.00"))
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


def tasks(context: BridgeContext) -> list[Task]:
    """Return a task while a self-rating is open."""
    moment = now()
    begun = find_assessment(context.person, cycle=cycle_at(moment, timezone=context.agency.timezone))
    if begun is None or begun.state is not AssessmentState.DRAFT:
        return []
    rating = load_rating(context, now=moment)
    return [
        Task(
            title=_("Continue your self-rating"),
            detail=_("%(done)s of %(all)s competencies answered", done=rating.done, all=len(rating.steps))
            if rating.missing or not rating.steps
            else _("All competencies answered; finish to see your result"),
            link=url_for("competency.self_rating"),
            icon="level",
        )
    ]
