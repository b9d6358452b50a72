"""The console: sessions of the operator, progress of invitations, what LMSs granted, what agencies set for plugins."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core_0006"
down_revision = "core_0005"
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
    op.add_column("core_platform", sa.Column("scopes", sa.JSON(), nullable=True))
    op.add_column("core_plugin_setting", sa.Column("chosen", sa.JSON(), nullable=True))
    op.add_column("core_invitation", sa.Column("seed", sa.String(length=64), nullable=True))
    op.add_column("core_invitation", sa.Column("created_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("core_invitation", sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("core_invitation", sa.Column("opened_from", sa.String(length=255), nullable=True))
    op.execute("UPDATE core_invitation SET created_at = expires_at")
    with op.batch_alter_table("core_invitation") as table:
        table.alter_column("created_at", existing_type=sa.DateTime(timezone=True), nullable=False)
    op.create_index("ix_core_launch_platform_id_launched_at", "core_launch", ["platform_id", "launched_at"])
    op.drop_index("ix_core_launch_platform_id", "core_launch")


def downgrade() -> None:
    op.create_index("ix_core_launch_platform_id", "core_launch", ["platform_id"])
    op.drop_index("ix_core_launch_platform_id_launched_at", "core_launch")
    for column in ("opened_from", "opened_at", "created_at", "seed"):
        op.drop_column("core_invitation", column)
    op.drop_column("core_plugin_setting", "chosen")
    op.drop_column("core_platform", "scopes")
    # The release before knows no session without a person; the operator opens another link after an upgrade.
    op.execute("DELETE FROM core_session WHERE launch_id IS NULL")
    _people_only(True)
    op.drop_table("core_operator_link")


def _people_only(wanted: bool) -> None:
    with op.batch_alter_table("core_session") as table:
        table.alter_column("person_id", existing_type=sa.Integer(), nullable=not wanted)
        table.alter_column("launch_id", existing_type=sa.Integer(), nullable=not wanted)
