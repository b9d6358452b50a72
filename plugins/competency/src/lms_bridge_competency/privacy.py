"""The plugin's duties to the people it keeps data about: hand it over, delete it, and keep it no longer than needed."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import delete, or_, select, update

from lms_bridge.api import ErasureReceipt, ExportPart, PersonRef, db
from lms_bridge_competency.files import forget_files_of_rating
from lms_bridge_competency.hours.models import Claim
from lms_bridge_competency.models import Answer, Assessment, Example, RatingSource, Result, ResultLine
from lms_bridge_competency.objections.models import Objection
from lms_bridge_competency.plan.models import Plan, PlanItem, PlanStep
from lms_bridge_competency.profile.models import Target


def export_rows(person: PersonRef) -> list[ExportPart]:
    """Return everything kept about a person, a part for each kind of row."""
    # What somebody else has not finished yet is no rating of the person so far.
    settled = or_(Assessment.source == RatingSource.SELF, Assessment.finished_at.is_not(None))
    assessments = list(db.session.scalars(select(Assessment).where(Assessment.person_id.in_(person.ids), settled)))
    results = list(db.session.scalars(select(Result).where(Result.person_id.in_(person.ids))))
    rated = [assessment.id for assessment in assessments]
    answers = db.session.scalars(select(Answer).where(Answer.assessment_id.in_(rated)))
    examples = db.session.scalars(select(Example).where(Example.assessment_id.in_(rated)))
    lines = db.session.scalars(select(ResultLine).where(ResultLine.result_id.in_([result.id for result in results])))
    return [
        ExportPart("competency_assessments", [_assessment(row) for row in assessments]),
        ExportPart(
            "competency_answers",
            [
                {"assessment": row.assessment_id, "indicator": row.indicator, "answer": row.mark.value}
                | {"answered_at": row.answered_at.isoformat()}
                for row in answers
            ],
        ),
        ExportPart(
            "competency_examples",
            [{"assessment": row.assessment_id, "competency": row.competency, "text": row.text} for row in examples],
        ),
        ExportPart("competency_results", [_result(row) for row in results]),
        ExportPart(
            "competency_result_lines",
            [
                {"result": row.result_id, "competency": row.competency}
                | {"required": row.required, "attained": row.attained, "gap": row.gap}
                for row in lines
            ],
        ),
        ExportPart("competency_objections", [_objection(row) for row in _objections(person)]),
        ExportPart("competency_targets", [_target(row) for row in _targets(person)]),
        ExportPart("competency_claims", [_claim(row) for row in _claims(person)]),
        ExportPart("competency_plans", [_plan(row) for row in _plans(person)]),
        ExportPart("competency_plan_items", [_plan_item(row) for row in _plan_items(person)]),
    ]


def _objections(person: PersonRef) -> list[Objection]:
    return list(db.session.scalars(select(Objection).where(Objection.person_id.in_(person.ids)).order_by(Objection.id)))


def _objection(row: Objection) -> dict[str, Any]:
    return {
        "objection": row.id,
        "result": row.result_id,
        "competency": row.competency,
        "reason": row.reason,
        "raised_at": row.raised_at.isoformat(),
        "state": row.state.value,
        "level": row.level,
        "answer": row.answer,
        "decided_at": row.decided_at.isoformat() if row.decided_at else None,
    }


def _targets(person: PersonRef) -> list[Target]:
    return list(db.session.scalars(select(Target).where(Target.person_id.in_(person.ids))))


def _target(row: Target) -> dict[str, Any]:
    return {"post": row.post_id, "chosen_at": row.chosen_at.isoformat()}


def _claims(person: PersonRef) -> list[Claim]:
    return list(db.session.scalars(select(Claim).where(Claim.person_id.in_(person.ids)).order_by(Claim.id)))


def _claim(row: Claim) -> dict[str, Any]:
    return {
        "claim": row.id,
        "form": row.form,
        "title": row.title,
        "starts_at": row.starts_at.isoformat(),
        "minutes": row.minutes,
        "units": _text(row.units),
        "scope": row.scope.value,
        "proof": row.proof,
        "state": row.state.value,
        "note": row.note,
        "sent_at": row.sent_at.isoformat(),
        "decided_at": row.decided_at.isoformat() if row.decided_at else None,
    }


def _plans(person: PersonRef) -> list[Plan]:
    return list(db.session.scalars(select(Plan).where(Plan.person_id.in_(person.ids)).order_by(Plan.id)))


def _plan(row: Plan) -> dict[str, Any]:
    return {
        "plan": row.id,
        "year": row.year,
        "state": row.state.value,
        "changed_at": row.changed_at.isoformat(),
        "sent_at": row.sent_at.isoformat() if row.sent_at else None,
    }


def _plan_items(person: PersonRef) -> list[PlanItem]:
    mine = select(PlanItem).join(Plan, Plan.id == PlanItem.plan_id).where(Plan.person_id.in_(person.ids))
    return list(db.session.scalars(mine.order_by(PlanItem.id)))


def _plan_item(row: PlanItem) -> dict[str, Any]:
    return {
        "plan": row.plan_id,
        "competency": row.competency,
        "to_level": row.to_level,
        "form": row.form,
        "title": row.title,
        "jp": _text(row.jp),
        "quarter": row.quarter,
        "organiser": row.organiser,
        "cost": _text(row.cost),
    }


def _assessment(row: Assessment) -> dict[str, Any]:
    return {
        "assessment": row.id,
        "cycle": row.cycle,
        "source": row.source.value,
        "state": row.state.value,
        "declared_level": row.declared_level,
        "started_at": row.started_at.isoformat(),
        "changed_at": row.changed_at.isoformat(),
        "finished_at": row.finished_at.isoformat() if row.finished_at else None,
    }


def _result(row: Result) -> dict[str, Any]:
    return {
        "result": row.id,
        "cycle": row.cycle,
        "number": row.number,
        "computed_at": row.computed_at.isoformat(),
        "post": row.post_name,
        "post_level": row.post_level,
        "self_declared": row.self_declared,
        "jpm_total_cap": _text(row.jpm_total_cap),
        "jpm_no_compensation": _text(row.jpm_no_compensation),
        "grade": _text(row.grade),
        "inputs": row.inputs,
    }


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def delete_drafts(before: dt.datetime) -> int:
    """Delete ratings, with their files, that were last changed before a moment and never led to a result."""
    never_finished = select(Assessment.id).where(Assessment.finished_at.is_(None), Assessment.changed_at < before)
    ids = list(db.session.scalars(never_finished))
    for assessment_id in ids:
        forget_files_of_rating(assessment_id)
    for statement in (
        delete(Answer).where(Answer.assessment_id.in_(ids)),
        delete(Example).where(Example.assessment_id.in_(ids)),
        delete(Assessment).where(Assessment.id.in_(ids)),
    ):
        db.session.execute(statement, execution_options={"synchronize_session": False})
    return len(ids)


def erase_rows(person: PersonRef) -> ErasureReceipt:
    """Delete everything kept about a person. Nothing of it can be kept without them."""
    assessments = select(Assessment.id).where(Assessment.person_id.in_(person.ids))
    results = select(Result.id).where(Result.person_id.in_(person.ids))
    plans = select(Plan.id).where(Plan.person_id.in_(person.ids))
    statements = (
        delete(PlanStep).where(PlanStep.plan_id.in_(plans)),
        delete(PlanItem).where(PlanItem.plan_id.in_(plans)),
        delete(Plan).where(Plan.person_id.in_(person.ids)),
        update(PlanStep).where(PlanStep.by_id.in_(person.ids)).values(by_id=None),
        delete(Target).where(Target.person_id.in_(person.ids)),
        delete(Objection).where(Objection.person_id.in_(person.ids)),
        update(Objection).where(Objection.decided_by_id.in_(person.ids)).values(decided_by_id=None),
        delete(ResultLine).where(ResultLine.result_id.in_(results)),
        delete(Result).where(Result.person_id.in_(person.ids)),
        delete(Answer).where(Answer.assessment_id.in_(assessments)),
        delete(Example).where(Example.assessment_id.in_(assessments)),
        delete(Assessment).where(Assessment.person_id.in_(person.ids)),
        delete(Claim).where(Claim.person_id.in_(person.ids)),
        update(Claim).where(Claim.decided_by_id.in_(person.ids)).values(decided_by_id=None),
    )
    deleted = 0
    for statement in statements:
        outcome: Any = db.session.execute(statement, execution_options={"synchronize_session": False})
        deleted += outcome.rowcount
    db.session.expire_all()
    return ErasureReceipt(deleted=deleted)
