"""Claims: what people say that they did, before it counts as JP."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "competency_0002"
down_revision = "competency_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "competency_claim",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("form", sa.String(64), nullable=False),
        sa.Column("title", sa.String(255), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("units", sa.Numeric(precision=7, scale=2), nullable=True),
        sa.Column("scope", sa.String(32), nullable=False),
        sa.Column("proof", sa.String(255), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("taken_back", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("minutes > 0", name="ck_competency_claim_minutes"),
        sa.CheckConstraint("units > 0", name="ck_competency_claim_units"),
        sa.CheckConstraint("minutes IS NOT NULL OR units IS NOT NULL", name="ck_competency_claim_amount"),
        sa.ForeignKeyConstraint(["agency_id"], ["core_agency.id"], name="fk_competency_claim_agency_id"),
        sa.ForeignKeyConstraint(["person_id"], ["core_person.id"], name="fk_competency_claim_person_id"),
        sa.ForeignKeyConstraint(["decided_by_id"], ["core_person.id"], name="fk_competency_claim_decided_by_id"),
        sa.PrimaryKeyConstraint("id", name="pk_competency_claim"),
        sa.UniqueConstraint(
            "person_id",
            "form",
            "title",
            "starts_at",
            "taken_back",
            name="uq_competency_claim_person_id_form_title_starts_at_taken_back",
        ),
    )
    op.create_index("ix_competency_claim_agency_id", "competency_claim", ["agency_id"])
    op.create_index("ix_competency_claim_decided_by_id", "competency_claim", ["decided_by_id"])
    op.create_index("ix_competency_claim_waiting", "competency_claim", ["agency_id", "state"])


def downgrade() -> None:
    op.drop_table("competency_claim")
