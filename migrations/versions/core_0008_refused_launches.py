"""Why openings from an LMS were refused, counted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core_0008"
down_revision = "core_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "core_launch_refusal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("platform_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=255), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["core_agency.id"], name="fk_core_launch_refusal_agency_id"),
        sa.ForeignKeyConstraint(
            ["platform_id"], ["core_platform.id"], name="fk_core_launch_refusal_platform_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_core_launch_refusal"),
        sa.UniqueConstraint("platform_id", "code", name="uq_core_launch_refusal_platform_id_code"),
    )
    op.create_index("ix_core_launch_refusal_agency_id", "core_launch_refusal", ["agency_id"])


def downgrade() -> None:
    op.drop_table("core_launch_refusal")
