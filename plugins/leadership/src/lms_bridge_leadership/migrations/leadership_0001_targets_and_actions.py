"""Targets that leaders set, and what they did about numbers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "leadership_0001"
down_revision = None
branch_labels = ("leadership",)
depends_on = ("core_0010",)


def upgrade() -> None:
    op.create_table(
        "leadership_target",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("metric", sa.String(64), nullable=False),
        sa.Column("value", sa.Numeric(18, 4), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["core_agency.id"], name="fk_leadership_target_agency_id"),
        sa.ForeignKeyConstraint(["unit_id"], ["core_unit.id"], name="fk_leadership_target_unit_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_leadership_target"),
        sa.UniqueConstraint("unit_id", "metric", name="uq_leadership_target_unit_id_metric"),
    )
    op.create_index("ix_leadership_target_agency_id", "leadership_target", ["agency_id"])
    op.create_table(
        "leadership_action",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("metric", sa.String(64), nullable=False),
        sa.Column("competency", sa.String(255), nullable=False),
        sa.Column("period", sa.String(64), nullable=False),
        sa.Column("value_then", sa.Numeric(18, 4), nullable=True),
        sa.Column("target", sa.Numeric(18, 4), nullable=True),
        sa.Column("programme_id", sa.Integer(), nullable=True),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("acted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("people >= 0", name="ck_leadership_action_people"),
        sa.ForeignKeyConstraint(["agency_id"], ["core_agency.id"], name="fk_leadership_action_agency_id"),
        sa.ForeignKeyConstraint(["unit_id"], ["core_unit.id"], name="fk_leadership_action_unit_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["programme_id"], ["core_programme.id"], name="fk_leadership_action_programme_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["actor_id"], ["core_person.id"], name="fk_leadership_action_actor_id"),
        sa.PrimaryKeyConstraint("id", name="pk_leadership_action"),
    )
    op.create_index("ix_leadership_action_agency_id", "leadership_action", ["agency_id"])
    op.create_index("ix_leadership_action_unit_id_acted_at", "leadership_action", ["unit_id", "acted_at"])
    op.create_index("ix_leadership_action_programme_id", "leadership_action", ["programme_id"])
    op.create_index("ix_leadership_action_actor_id", "leadership_action", ["actor_id"])


def downgrade() -> None:
    op.drop_table("leadership_action")
    op.drop_table("leadership_target")
