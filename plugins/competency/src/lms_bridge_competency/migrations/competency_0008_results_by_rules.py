"""Results that were computed anew because rules changed, while nobody rated."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "competency_0008"
down_revision = "competency_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("competency_result") as table:
        table.add_column(sa.Column("by_rules", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("competency_result") as table:
        table.drop_column("by_rules")
