"""What leaders did is theirs to take away; that it was done stays true without their name."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update

from lms_bridge.api import ErasureReceipt, ExportPart, PersonRef, db
from lms_bridge_leadership.models import Action


def export_rows(person: PersonRef) -> list[ExportPart]:
    """Return the deeds of a leader."""
    rows = db.session.scalars(select(Action).where(Action.actor_id.in_(person.ids)).order_by(Action.id))
    return [
        ExportPart(
            "leadership_actions",
            [
                {
                    "action": row.kind.value,
                    "unit": row.unit_id,
                    "metric": row.metric,
                    "competency": row.competency,
                    "programme": row.programme_id,
                    "people": row.people,
                    "target": None if row.target is None else str(row.target),
                    "acted_at": row.acted_at.isoformat(),
                }
                for row in rows
            ],
        )
    ]


def erase_rows(person: PersonRef) -> ErasureReceipt:
    """Forget who acted."""
    done: Any = db.session.execute(
        update(Action).where(Action.actor_id.in_(person.ids)).values(actor_id=None),
        execution_options={"synchronize_session": False},
    )
    db.session.expire_all()
    return ErasureReceipt(deleted=0, anonymised=done.rowcount)
