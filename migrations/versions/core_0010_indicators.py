"""Indicators: deltas, cells, units to be summed up anew, and the state of each agency."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core_0010"
down_revision = "core_0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "core_indicator_delta",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("metric", sa.String(length=64), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("post_group", sa.String(length=64), nullable=False),
        sa.Column("competency", sa.String(length=255), nullable=False),
        sa.Column("period", sa.String(length=64), nullable=False),
        sa.Column("numerator", sa.BigInteger(), nullable=False),
        sa.Column("denominator", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("batch", sa.String(length=64), nullable=True),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["core_agency.id"], name="fk_core_indicator_delta_agency_id"),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["core_unit.id"], name="fk_core_indicator_delta_unit_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_core_indicator_delta"),
    )
    op.create_index("ix_core_indicator_delta_agency_id", "core_indicator_delta", ["agency_id"])
    op.create_index("ix_core_indicator_delta_unit_id", "core_indicator_delta", ["unit_id"])
    op.create_index("ix_core_indicator_delta_batch", "core_indicator_delta", ["batch"])
    op.create_table(
        "core_indicator_cell",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("metric", sa.String(length=64), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("post_group", sa.String(length=64), nullable=False),
        sa.Column("competency", sa.String(length=255), nullable=False),
        sa.Column("period", sa.String(length=64), nullable=False),
        sa.Column("own_numerator", sa.BigInteger(), nullable=False),
        sa.Column("own_denominator", sa.BigInteger(), nullable=False),
        sa.Column("own_n", sa.Integer(), nullable=False),
        sa.Column("numerator", sa.BigInteger(), nullable=False),
        sa.Column("denominator", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["core_agency.id"], name="fk_core_indicator_cell_agency_id"),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["core_unit.id"], name="fk_core_indicator_cell_unit_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_core_indicator_cell"),
        sa.UniqueConstraint(
            "unit_id",
            "metric",
            "period",
            "competency",
            "post_group",
            name="uq_core_indicator_cell_key",
        ),
    )
    op.create_index("ix_core_indicator_cell_agency_id", "core_indicator_cell", ["agency_id"])
    op.create_table(
        "core_indicator_stale",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["core_agency.id"], name="fk_core_indicator_stale_agency_id"),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["core_unit.id"], name="fk_core_indicator_stale_unit_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_core_indicator_stale"),
    )
    op.create_index("ix_core_indicator_stale_agency_id", "core_indicator_stale", ["agency_id"])
    op.create_index("ix_core_indicator_stale_unit_id", "core_indicator_stale", ["unit_id"])
    op.create_table(
        "core_indicator_state",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("folded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checked_on", sa.Date(), nullable=True),
        sa.Column("repaired", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["core_agency.id"], name="fk_core_indicator_state_agency_id"),
        sa.PrimaryKeyConstraint("id", name="pk_core_indicator_state"),
        sa.UniqueConstraint("agency_id", name="uq_core_indicator_state_agency_id"),
    )
    op.create_index("ix_core_indicator_state_agency_id", "core_indicator_state", ["agency_id"])


def downgrade() -> None:
    op.drop_table("core_indicator_state")
    op.drop_table("core_indicator_stale")
    op.drop_table("core_indicator_cell")
    op.drop_table("core_indicator_delta")
