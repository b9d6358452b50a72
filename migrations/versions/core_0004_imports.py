"""Imports of lists: the file, its rows, the remembered columns."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core_0004"
down_revision = "core_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "core_import",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("heading_row", sa.Integer(), nullable=False),
        sa.Column("headings", sa.JSON(), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("rows_total", sa.Integer(), nullable=False),
        sa.Column("rows_read", sa.Integer(), nullable=False),
        sa.Column("rows_faulty", sa.Integer(), nullable=False),
        sa.Column("rows_new", sa.Integer(), nullable=False),
        sa.Column("rows_changed", sa.Integer(), nullable=False),
        sa.Column("last_row", sa.Integer(), nullable=False),
        sa.Column("refusal", sa.String(length=64), nullable=True),
        sa.Column("refused_at", sa.String(length=255), nullable=True),
        sa.Column("lease", sa.String(length=64), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["core_agency.id"], name="fk_core_import_agency_id"),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["core_person.id"], name="fk_core_import_created_by_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_core_import"),
    )
    op.create_index("ix_core_import_agency_id", "core_import", ["agency_id"])
    op.create_index("ix_core_import_created_by_id", "core_import", ["created_by_id"])
    op.create_index("ix_core_import_state_lease_until", "core_import", ["state", "lease_until"])
    _create_part(
        "core_import_file",
        sa.Column("content", sa.LargeBinary(), nullable=False),
    )
    _create_part(
        "core_import_row",
        sa.Column("values", sa.JSON(), nullable=True),
        sa.Column("cells", sa.JSON(), nullable=True),
        sa.Column("faults", sa.JSON(), nullable=True),
        sa.Column("change", sa.String(length=64), nullable=True),
        sa.Column("target_id", sa.Integer(), nullable=True),
        sa.Column("before", sa.JSON(), nullable=True),
    )
    op.create_table(
        "core_import_mapping",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["core_agency.id"], name="fk_core_import_mapping_agency_id"),
        sa.PrimaryKeyConstraint("id", name="pk_core_import_mapping"),
        sa.UniqueConstraint("agency_id", "kind", name="uq_core_import_mapping_agency_id_kind"),
    )
    op.create_index("ix_core_import_mapping_agency_id", "core_import_mapping", ["agency_id"])


def _create_part(name: str, *columns: sa.Column) -> None:
    op.create_table(
        name,
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        *columns,
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["core_agency.id"], name=f"fk_{name}_agency_id"),
        sa.ForeignKeyConstraint(["import_id"], ["core_import.id"], name=f"fk_{name}_import_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("import_id", "number", name=f"pk_{name}"),
    )
    op.create_index(f"ix_{name}_agency_id", name, ["agency_id"])


def downgrade() -> None:
    op.drop_table("core_import_mapping")
    op.drop_table("core_import_row")
    op.drop_table("core_import_file")
    op.drop_table("core_import")
