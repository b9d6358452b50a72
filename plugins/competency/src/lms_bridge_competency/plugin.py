"""The plugin as the bridge sees it: its declaration and its answers to hooks."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from lms_bridge.api import (
    BridgeContext,
    Card,
    CatalogItem,
    DeepLinkContext,
    ErasureReceipt,
    EventHandler,
    EvidenceRecorded,
    ExportPart,
    IndicatorSource,
    LineItemOffer,
    Metric,
    Module,
    NavigationItem,
    Permission,
    PersonRef,
    Plugin,
    Retention,
    ScoreMap,
    SettingsChosen,
    Task,
    _l,
    hookimpl,
)
from lms_bridge_competency import file_views, home, indicators, privacy, start_views
from lms_bridge_competency.demo import make_self_ratings
from lms_bridge_competency.dictionary.views import EDIT
from lms_bridge_competency.events import RecomputeWanted, ResultComputed
from lms_bridge_competency.finishing import note_evidence
from lms_bridge_competency.hours import home as hours_home
from lms_bridge_competency.hours import views as hours_views
from lms_bridge_competency.hours.claims import VERIFY
from lms_bridge_competency.hours.demo import make_hours
from lms_bridge_competency.indicator_facts import sources
from lms_bridge_competency.objections import home as objections_home
from lms_bridge_competency.objections import views as objection_views
from lms_bridge_competency.people_to_rate import RATE_OTHERS
from lms_bridge_competency.plan import home as plan_home
from lms_bridge_competency.plan import views as plan_views
from lms_bridge_competency.plan.deciding import APPROVE, CHECK
from lms_bridge_competency.plan.demo import make_plans
from lms_bridge_competency.plan.progress import PROGRESS_EVENTS, note_progress
from lms_bridge_competency.profile import views as profile_views
from lms_bridge_competency.recomputing import note_settings, recompute_some
from lms_bridge_competency.requirements.views import SET
from lms_bridge_competency.rules import grade
from lms_bridge_competency.settings import SettingsSchema
from lms_bridge_competency.unit_map.access import VIEW_EVERY_UNIT, VIEW_UNIT
from lms_bridge_competency.unit_map.views import bp

_TITLE = _l("Competency mapping")
_DESCRIPTION = _l("Rate yourself on the nine official competencies and see level, gap and Job Person Match.")
_COLUMN = _l("Competency mapping: level attained against the standard of the post")
_PLAN_COLUMN = _l("Development plan: JP done of those planned")
_OFFERED = ("self-rating", "profile", "hours", "plan", "rate-people")
DRAFTS_KEPT = dt.timedelta(days=730)


@hookimpl
def plugin() -> Plugin:
    """Declare competency mapping."""
    return Plugin(
        name="competency",
        title=_TITLE,
        version="0.1.0",
        blueprints=(bp,),
        modules=(
            Module(
                name="self-rating",
                title=_TITLE,
                description=_DESCRIPTION,
                endpoint="competency.self_rating",
                icon="level",
                score_map=ScoreMap(maximum=100, label=_COLUMN, to_score=grade),
            ),
            Module(
                name="profile",
                title=_l("My competency profile"),
                description=_l("Levels, gaps and Job Person Match, the post that you aim at, and the rapor as PDF."),
                endpoint="competency.profile",
                icon="level",
            ),
            Module(
                name="rate-people",
                title=_l("Rate my people"),
                description=_l("Rate those whom you lead on the same behaviours as they rate themselves."),
                endpoint="competency.people_to_rate",
                icon="people",
                action=RATE_OTHERS,
            ),
            Module(
                name="objections",
                title=_l("Objections"),
                description=_l("Levels with which your people disagree, and which you decide upon."),
                endpoint="competency.objections",
                icon="level",
                action=objection_views.DECIDE,
            ),
            Module(
                name="hours",
                title=_l("My learning hours"),
                description=_l("What you did this year, how many JP of it count, and what you enter yourself."),
                endpoint="competency.hours",
                icon="clock",
            ),
            Module(
                name="plan",
                title=_l("My development plan"),
                description=_l("What you do this year to close your gaps, in the mix 70:20:10."),
                endpoint="competency.plan",
                icon="calendar",
                score_map=ScoreMap(maximum=100, label=_PLAN_COLUMN, to_score=Decimal),
            ),
            Module(
                name="plans",
                title=_l("Approve development plans"),
                description=_l("Plans of your people that wait for approval, or for the check of money and schedule."),
                endpoint="competency.plans",
                icon="check",
                action=APPROVE,
            ),
            Module(
                name="verify-hours",
                title=_l("Verify activities"),
                description=_l("Activities that your people entered and that count once you verify them."),
                endpoint="competency.verify_list",
                icon="check",
                action=VERIFY,
            ),
            Module(
                name="units",
                title=_l("Competencies of units"),
                description=_l("Gap matrix, counts for each level and the people of a unit."),
                endpoint="competency.units",
                icon="people",
                action=VIEW_UNIT,
            ),
            Module(
                name="dictionary",
                title=_l("Dictionaries of competencies"),
                description=_l(
                    "Versions by decree, levels and behaviours in two languages; files for Moodle and Excel."
                ),
                endpoint="competency.dictionaries",
                icon="book",
                action=EDIT,
            ),
            Module(
                name="requirements",
                title=_l("Requirements of posts"),
                description=_l("Which level each post requires, since when and by which decree."),
                endpoint="competency.requirements",
                icon="list",
                action=SET,
            ),
        ),
        permissions=(
            Permission(start_views.RATE, _l("Rate oneself"), frozenset({"self"})),
            Permission(RATE_OTHERS, _l("Rate those whom one leads"), frozenset({"superior"})),
            Permission(
                profile_views.VIEW,
                _l("See a competency result"),
                frozenset({"self", "superior", "team_superior", "analyst"}),
            ),
            Permission(
                objection_views.DECIDE, _l("Decide upon objections to results"), frozenset({"superior", "analyst"})
            ),
            Permission(SET, _l("Set what posts require"), frozenset({"analyst"})),
            Permission(EDIT, _l("Write and approve dictionaries of competencies"), frozenset({"analyst"})),
            Permission(hours_views.OWN, _l("See and enter one's own learning hours"), frozenset({"self"})),
            Permission(
                file_views.VIEW_HOURS,
                _l("See somebody's learning hours"),
                frozenset({"self", "superior", "team_superior", "analyst"}),
            ),
            Permission(
                VERIFY,
                _l("Verify activities that others entered"),
                frozenset({"superior", "team_superior", "analyst"}),
            ),
            Permission(plan_views.OWN, _l("Write one's own development plan"), frozenset({"self"})),
            Permission(
                plan_views.VIEW,
                _l("See somebody's development plan"),
                frozenset({"self", "superior", "team_superior", "analyst"}),
            ),
            Permission(APPROVE, _l("Approve or return development plans"), frozenset({"superior"})),
            Permission(CHECK, _l("Check money and schedule of approved plans"), frozenset({"analyst"})),
            Permission(VIEW_UNIT, _l("See the figures of the units that one heads"), frozenset({"head", "analyst"})),
            Permission(VIEW_EVERY_UNIT, _l("See the figures and people of every unit"), frozenset({"analyst"})),
        ),
        retention=(
            Retention(
                "drafts", _l("Self-ratings that were begun and never finished"), DRAFTS_KEPT, privacy.delete_drafts
            ),
        ),
        event_types=(ResultComputed, RecomputeWanted),
        event_handlers=(
            EventHandler(EvidenceRecorded.name, note_evidence),
            EventHandler(SettingsChosen.name, note_settings),
            EventHandler(RecomputeWanted.name, recompute_some),
            *(EventHandler(event.name, note_progress) for event in PROGRESS_EVENTS),
        ),
        navigation=(
            NavigationItem(_l("Competency"), "competency.self_rating"),
            NavigationItem(_l("My plan"), "competency.plan"),
            NavigationItem(_l("Learning hours"), "competency.hours"),
        ),
        settings=SettingsSchema,
    )


@hookimpl
def catalog_items(context: DeepLinkContext) -> list[CatalogItem]:
    """Offer what belongs into a course; self-rating and plan with a column of 100 points."""
    return [
        CatalogItem(
            module=f"competency.{one.name}",
            title=one.title,
            description=one.description,
            line_item=_column(one) if one.score_map else None,
            icon=one.icon,
        )
        for one in plugin().modules
        if one.name in _OFFERED
    ]


def _column(module: Module) -> LineItemOffer:
    return LineItemOffer(module.title, score_maximum=100, resource_id=f"competency.{module.name}", tag=module.name)


@hookimpl
def home_cards(context: BridgeContext) -> list[Card]:
    """Say where the person's self-rating and learning hours stand."""
    return [*home.cards(context), hours_home.card(context)]


@hookimpl
def tasks(context: BridgeContext) -> list[Task]:
    """Remind of a self-rating that is not finished, and of activities and plans to decide upon or to correct."""
    return [
        *home.tasks(context),
        *hours_home.tasks(context),
        *plan_home.tasks(context),
        *objections_home.tasks(context),
    ]


@hookimpl
def metrics(context: BridgeContext) -> list[Metric]:
    """Say what the numbers of units mean."""
    return indicators.declared()


@hookimpl
def indicator_facts() -> list[IndicatorSource]:
    """Give all results anew."""
    return sources()


@hookimpl
def export_person(person: PersonRef) -> list[ExportPart]:
    """Hand over assessments, answers, examples, results, claims and plans."""
    return privacy.export_rows(person)


@hookimpl
def erase_person(person: PersonRef) -> ErasureReceipt:
    """Delete assessments, answers, examples, results, claims and plans."""
    return privacy.erase_rows(person)


@hookimpl
def demo_data(today: dt.date) -> list[str]:
    """Fill the demo agency with self-ratings, their results, learning hours and plans."""
    return [*make_self_ratings(today), *make_hours(today), *make_plans(today)]
