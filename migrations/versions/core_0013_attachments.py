"""Files that people add as proof."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core_0013"
down_revision = "core_0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "core_attachment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("place", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("media_type", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("size > 0", name="ck_core_attachment_size"),
        sa.ForeignKeyConstraint(["agency_id"], ["core_agency.id"], name="fk_core_attachment_agency_id"),
        sa.ForeignKeyConstraint(["person_id"], ["core_person.id"], name="fk_core_attachment_person_id"),
        sa.ForeignKeyConstraint(["by_id"], ["core_person.id"], name="fk_core_attachment_by_id"),
        sa.PrimaryKeyConstraint("id", name="pk_core_attachment"),
    )
    for column in ("agency_id", "person_id", "by_id"):
        op.create_index(f"ix_core_attachment_{column}", "core_attachment", [column])
    op.create_index("ix_core_attachment_place", "core_attachment", ["agency_id", "place"])
    op.create_table(
        "core_attachment_content",
        sa.Column("attachment_id", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["core_agency.id"], name="fk_core_attachment_content_agency_id"),
        sa.ForeignKeyConstraint(
            ["attachment_id"],
            ["core_attachment.id"],
            name="fk_core_attachment_content_attachment_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("attachment_id", name="pk_core_attachment_content"),
    )
    op.create_index("ix_core_attachment_content_agency_id", "core_attachment_content", ["agency_id"])


def downgrade() -> None:
    op.drop_table("core_attachment_content")
    op.drop_table("core_attachment")
