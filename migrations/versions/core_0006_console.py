"""The console: sessions of the operator, who is no person and was launched by no LMS, and the link that begins them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core_0006"
down_revision = "core_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "core_operator_link",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["core_agency.id"], name="fk_core_operator_link_agency_id"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_core_operator_link"),
    )
    op.create_index("ix_core_operator_link_agency_id", "core_operator_link", ["agency_id"])
    op.create_index("ix_core_operator_link_expires_at", "core_operator_link", ["expires_at"])
    _people_only(False)


def downgrade() -> None:
    # The release before knows no session without a person; the operator opens another link after an upgrade.
    op.execute("DELETE FROM core_session WHERE launch_id IS NULL")
    _people_only(True)
    op.drop_table("core_operator_link")


def _people_only(wanted: bool) -> None:
    with op.batch_alter_table("core_session") as table:
        table.alter_column("person_id", existing_type=sa.Integer(), nullable=not wanted)
        table.alter_column("launch_id", existing_type=sa.Integer(), nullable=not wanted)
