"""Activities that count and suggestions of development, by which plugins meet."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core_0007"
down_revision = "core_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "core_activity",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("form", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("units", sa.Numeric(precision=7, scale=2), nullable=True),
        sa.Column("scope", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("reference", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("minutes > 0", name="ck_core_activity_minutes"),
        sa.CheckConstraint("units > 0", name="ck_core_activity_units"),
        sa.CheckConstraint("minutes IS NOT NULL OR units IS NOT NULL", name="ck_core_activity_amount"),
        sa.ForeignKeyConstraint(["agency_id"], ["core_agency.id"], name="fk_core_activity_agency_id"),
        sa.ForeignKeyConstraint(["person_id"], ["core_person.id"], name="fk_core_activity_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_core_activity"),
        sa.UniqueConstraint("agency_id", "source", "reference", name="uq_core_activity_agency_id_source_reference"),
    )
    op.create_index("ix_core_activity_agency_id", "core_activity", ["agency_id"])
    op.create_index("ix_core_activity_person_id_starts_at", "core_activity", ["person_id", "starts_at"])
    op.create_table(
        "core_suggestion",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("competency", sa.String(length=255), nullable=False),
        sa.Column("form", sa.String(length=64), nullable=False),
        sa.Column("from_level", sa.Integer(), nullable=False),
        sa.Column("to_level", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("programme_id", sa.Integer(), nullable=True),
        sa.Column("reason_id", sa.Text(), nullable=False),
        sa.Column("reason_en", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("reference", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("from_level BETWEEN 0 AND 4", name="ck_core_suggestion_from_level"),
        sa.CheckConstraint("to_level BETWEEN 1 AND 5 AND to_level > from_level", name="ck_core_suggestion_to_level"),
        sa.ForeignKeyConstraint(["agency_id"], ["core_agency.id"], name="fk_core_suggestion_agency_id"),
        sa.ForeignKeyConstraint(["person_id"], ["core_person.id"], name="fk_core_suggestion_person_id"),
        sa.ForeignKeyConstraint(
            ["programme_id"], ["core_programme.id"], name="fk_core_suggestion_programme_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_core_suggestion"),
        sa.UniqueConstraint("agency_id", "source", "reference", name="uq_core_suggestion_agency_id_source_reference"),
    )
    op.create_index("ix_core_suggestion_agency_id", "core_suggestion", ["agency_id"])
    op.create_index("ix_core_suggestion_person_id", "core_suggestion", ["person_id"])
    op.create_index("ix_core_suggestion_programme_id", "core_suggestion", ["programme_id"])
    op.create_index("ix_core_suggestion_agency_id_state_form", "core_suggestion", ["agency_id", "state", "form"])


def downgrade() -> None:
    op.drop_table("core_suggestion")
    op.drop_table("core_activity")
