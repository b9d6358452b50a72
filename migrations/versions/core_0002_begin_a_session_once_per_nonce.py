"""Begin a session once per nonce; logins are no longer stored. No release has used their table, so it goes at once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core_0002"
down_revision = "core_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_table("core_login")
    op.add_column("core_session", sa.Column("nonce", sa.String(length=64), nullable=True))
    op.create_index("ix_core_session_nonce", "core_session", ["nonce"], unique=True)


def downgrade() -> None:
    op.drop_index("ix_core_session_nonce", "core_session")
    op.drop_column("core_session", "nonce")
    op.create_table(
        "core_login",
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("platform_id", sa.Integer(), nullable=False),
        sa.Column("binding_hash", sa.String(length=64), nullable=False),
        sa.Column("scripted", sa.Boolean(), nullable=False),
        sa.Column("storage_target", sa.String(length=255), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["platform_id"], ["core_platform.id"], name="fk_core_login_platform_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("state", name="pk_core_login"),
    )
    op.create_index("ix_core_login_expires_at", "core_login", ["expires_at"])
