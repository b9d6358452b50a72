"""Levels as the sources give them, before they are rounded down."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "competency_0005"
down_revision = "competency_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("competency_result_line") as table:
        table.add_column(sa.Column("blended", sa.Numeric(precision=3, scale=2), nullable=True))
        table.create_check_constraint(op.f("ck_competency_result_line_blended"), "blended BETWEEN 0 AND 5")


def downgrade() -> None:
    ratings = sa.table("competency_assessment", sa.column("source"))
    op.execute(ratings.delete().where(ratings.c.source != "self"))
    with op.batch_alter_table("competency_result_line") as table:
        table.drop_constraint(op.f("ck_competency_result_line_blended"), type_="check")
        table.drop_column("blended")
