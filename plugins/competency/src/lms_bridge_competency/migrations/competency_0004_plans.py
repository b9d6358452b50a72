"""Development plans: what people plan for a year, and what is decided upon it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "competency_0004"
down_revision = "competency_0003"
branch_labels = None
depends_on = ("core_0003",)


def upgrade() -> None:
    _create_plan()
    _create_item()
    _create_step()


def _create_plan() -> None:
    op.create_table(
        "competency_plan",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("checked_at IS NULL OR state = 'approved'", name="ck_competency_plan_checked"),
        sa.ForeignKeyConstraint(["agency_id"], ["core_agency.id"], name="fk_competency_plan_agency_id"),
        sa.ForeignKeyConstraint(["person_id"], ["core_person.id"], name="fk_competency_plan_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_competency_plan"),
        sa.UniqueConstraint("person_id", "year", name="uq_competency_plan_person_id_year"),
    )
    op.create_index("ix_competency_plan_agency_id", "competency_plan", ["agency_id"])
    op.create_index("ix_competency_plan_waiting", "competency_plan", ["agency_id", "state"])


def _create_item() -> None:
    op.create_table(
        "competency_plan_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("competency", sa.String(255), nullable=False),
        sa.Column("to_level", sa.Integer(), nullable=False),
        sa.Column("form", sa.String(64), nullable=False),
        sa.Column("title", sa.String(255), nullable=False),
        sa.Column("programme_id", sa.Integer(), nullable=True),
        sa.Column("jp", sa.Numeric(precision=7, scale=2), nullable=False),
        sa.Column("quarter", sa.Integer(), nullable=False),
        sa.Column("organiser", sa.String(255), nullable=False),
        sa.Column("cost", sa.Numeric(precision=15, scale=2), nullable=True),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("quarter BETWEEN 1 AND 4", name="ck_competency_plan_item_quarter"),
        sa.CheckConstraint("to_level BETWEEN 1 AND 5", name="ck_competency_plan_item_to_level"),
        sa.CheckConstraint("jp > 0", name="ck_competency_plan_item_jp"),
        sa.CheckConstraint("cost >= 0", name="ck_competency_plan_item_cost"),
        sa.ForeignKeyConstraint(["agency_id"], ["core_agency.id"], name="fk_competency_plan_item_agency_id"),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["competency_plan.id"], name="fk_competency_plan_item_plan_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["programme_id"], ["core_programme.id"], name="fk_competency_plan_item_programme_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_competency_plan_item"),
    )
    for column in ("agency_id", "plan_id", "programme_id"):
        op.create_index(f"ix_competency_plan_item_{column}", "competency_plan_item", [column])


def _create_step() -> None:
    op.create_table(
        "competency_plan_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["core_agency.id"], name="fk_competency_plan_step_agency_id"),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["competency_plan.id"], name="fk_competency_plan_step_plan_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["by_id"], ["core_person.id"], name="fk_competency_plan_step_by_id"),
        sa.PrimaryKeyConstraint("id", name="pk_competency_plan_step"),
    )
    for column in ("agency_id", "plan_id", "by_id"):
        op.create_index(f"ix_competency_plan_step_{column}", "competency_plan_step", [column])


def downgrade() -> None:
    for table in ("competency_plan_step", "competency_plan_item", "competency_plan"):
        op.drop_table(table)
