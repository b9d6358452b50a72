"""The letterhead of an agency's documents."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core_0009"
down_revision = "core_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "core_letterhead",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.Column("city", sa.String(length=255), nullable=False),
        sa.Column("paper", sa.String(length=32), nullable=False),
        sa.Column("logo", sa.LargeBinary(), nullable=True),
        sa.Column("logo_kind", sa.String(length=64), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["core_agency.id"], name="fk_core_letterhead_agency_id"),
        sa.PrimaryKeyConstraint("id", name="pk_core_letterhead"),
        sa.UniqueConstraint("agency_id", name="uq_core_letterhead_agency_id"),
    )
    op.create_index("ix_core_letterhead_agency_id", "core_letterhead", ["agency_id"])


def downgrade() -> None:
    op.drop_table("core_letterhead")
