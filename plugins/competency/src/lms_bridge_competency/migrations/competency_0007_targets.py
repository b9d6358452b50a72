"""Posts that people aim at."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "competency_0007"
down_revision = "competency_0006"
branch_labels = None
depends_on = ("core_0003",)


def upgrade() -> None:
    op.create_table(
        "competency_target",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["core_agency.id"], name="fk_competency_target_agency_id"),
        sa.ForeignKeyConstraint(["person_id"], ["core_person.id"], name="fk_competency_target_person_id"),
        sa.ForeignKeyConstraint(["post_id"], ["core_post.id"], name="fk_competency_target_post_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_competency_target"),
        sa.UniqueConstraint("person_id", name="uq_competency_target_person_id"),
    )
    for column in ("agency_id", "post_id"):
        op.create_index(f"ix_competency_target_{column}", "competency_target", [column])


def downgrade() -> None:
    op.drop_table("competency_target")
