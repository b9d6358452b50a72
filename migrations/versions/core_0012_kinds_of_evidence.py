"""Who is behind a piece of evidence, so that each group of raters can weigh as an agency decides."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core_0012"
down_revision = "core_0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("core_evidence") as batch:
        batch.add_column(sa.Column("kind", sa.String(length=32), server_default="other", nullable=False))
    evidence = sa.table("core_evidence", sa.column("kind"), sa.column("source"))
    rated = evidence.c.source == "competency.self-rating"
    op.execute(evidence.update().where(rated).values(kind="self"))


def downgrade() -> None:
    with op.batch_alter_table("core_evidence") as batch:
        batch.drop_column("kind")
