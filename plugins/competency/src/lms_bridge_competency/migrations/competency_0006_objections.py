"""Objections to results, and what was decided."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "competency_0006"
down_revision = "competency_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "competency_objection",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("result_id", sa.Integer(), nullable=False),
        sa.Column("cycle", sa.String(64), nullable=False),
        sa.Column("competency", sa.String(255), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("settled", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("level BETWEEN 0 AND 5", name="ck_competency_objection_level"),
        sa.CheckConstraint("(level IS NOT NULL) = (state = 'upheld')", name="ck_competency_objection_upheld"),
        sa.ForeignKeyConstraint(["agency_id"], ["core_agency.id"], name="fk_competency_objection_agency_id"),
        sa.ForeignKeyConstraint(["person_id"], ["core_person.id"], name="fk_competency_objection_person_id"),
        sa.ForeignKeyConstraint(
            ["result_id"], ["competency_result.id"], name="fk_competency_objection_result_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["decided_by_id"], ["core_person.id"], name="fk_competency_objection_decided_by_id"),
        sa.PrimaryKeyConstraint("id", name="pk_competency_objection"),
        sa.UniqueConstraint(
            "person_id", "competency", "settled", name="uq_competency_objection_person_id_competency_settled"
        ),
    )
    for column in ("agency_id", "person_id", "result_id", "decided_by_id"):
        op.create_index(f"ix_competency_objection_{column}", "competency_objection", [column])
    op.create_index("ix_competency_objection_waiting", "competency_objection", ["agency_id", "state"])


def downgrade() -> None:
    op.drop_table("competency_objection")
