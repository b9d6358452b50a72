"""Dictionaries of competencies of an agency: versions, states, a tree of entries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core_0011"
down_revision = "core_0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("core_framework") as batch:
        batch.add_column(sa.Column("agency_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("family", sa.String(length=64), nullable=True))
        batch.add_column(sa.Column("version", sa.String(length=64), nullable=True))
        batch.add_column(sa.Column("valid_from", sa.Date(), nullable=True))
        batch.add_column(sa.Column("state", sa.String(length=32), nullable=True))
        batch.add_column(sa.Column("author_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("approved_by_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("interchange", sa.JSON(), server_default="{}", nullable=False))
    # Until now there were shipped ones only.
    frameworks = sa.table("core_framework", *map(sa.column, ("code", "family", "version", "state")))
    op.execute(frameworks.update().values(family=frameworks.c.code, version="1", state="frozen"))
    asn = frameworks.update().where(frameworks.c.code == "asn-38-2017")
    op.execute(asn.values(family="asn", version="38-2017"))
    with op.batch_alter_table("core_framework") as batch:
        for name, length in (("family", 64), ("version", 64), ("state", 32)):
            batch.alter_column(name, existing_type=sa.String(length=length), nullable=False)
        batch.drop_constraint("uq_core_framework_code", type_="unique")
        batch.create_unique_constraint("uq_core_framework_agency_id_code", ["agency_id", "code"])
        batch.create_check_constraint(
            op.f("ck_core_framework_approved"), "(state = 'draft') OR agency_id IS NULL OR approved_at IS NOT NULL"
        )
        batch.create_foreign_key("fk_core_framework_agency_id", "core_agency", ["agency_id"], ["id"])
        batch.create_foreign_key("fk_core_framework_author_id", "core_person", ["author_id"], ["id"])
        batch.create_foreign_key("fk_core_framework_approved_by_id", "core_person", ["approved_by_id"], ["id"])
    for name in ("agency_id", "author_id", "approved_by_id"):
        op.create_index(f"ix_core_framework_{name}", "core_framework", [name])
    shipped = sa.text("agency_id IS NULL")
    op.create_index(
        "uq_core_framework_shipped",
        "core_framework",
        ["code"],
        unique=True,
        sqlite_where=shipped,
        postgresql_where=shipped,
    )
    with op.batch_alter_table("core_programme_competency") as batch:
        batch.drop_constraint("fk_core_programme_competency_competency", type_="foreignkey")
    with op.batch_alter_table("core_competency") as batch:
        batch.add_column(sa.Column("agency_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("parent_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("related", sa.JSON(), server_default="[]", nullable=False))
        batch.add_column(sa.Column("interchange", sa.JSON(), server_default="{}", nullable=False))
        batch.drop_constraint("uq_core_competency_key", type_="unique")
        batch.create_foreign_key("fk_core_competency_agency_id", "core_agency", ["agency_id"], ["id"])
        batch.create_foreign_key("fk_core_competency_parent_id", "core_competency", ["parent_id"], ["id"])
    for name in ("agency_id", "parent_id", "key"):
        op.create_index(f"ix_core_competency_{name}", "core_competency", [name])


def downgrade() -> None:
    frameworks = sa.table("core_framework", sa.column("agency_id"))
    entries = sa.table("core_competency", *map(sa.column, ("agency_id", "parent_id", "key")))
    aims = sa.table("core_programme_competency", sa.column("competency"))
    # Those of agencies cannot be told apart by the columns that stay.
    op.execute(
        aims.delete().where(aims.c.competency.in_(sa.select(entries.c.key).where(entries.c.agency_id.is_not(None))))
    )
    op.execute(entries.update().values(parent_id=None))
    op.execute(entries.delete().where(entries.c.agency_id.is_not(None)))
    op.execute(frameworks.delete().where(frameworks.c.agency_id.is_not(None)))
    for name in ("agency_id", "parent_id", "key"):
        op.drop_index(f"ix_core_competency_{name}", "core_competency")
    with op.batch_alter_table("core_competency") as batch:
        batch.drop_constraint("fk_core_competency_agency_id", type_="foreignkey")
        batch.drop_constraint("fk_core_competency_parent_id", type_="foreignkey")
        batch.create_unique_constraint("uq_core_competency_key", ["key"])
        for name in ("agency_id", "parent_id", "related", "interchange"):
            batch.drop_column(name)
    with op.batch_alter_table("core_programme_competency") as batch:
        batch.create_foreign_key("fk_core_programme_competency_competency", "core_competency", ["competency"], ["key"])
    op.drop_index("uq_core_framework_shipped", "core_framework")
    for name in ("agency_id", "author_id", "approved_by_id"):
        op.drop_index(f"ix_core_framework_{name}", "core_framework")
    with op.batch_alter_table("core_framework") as batch:
        batch.drop_constraint(op.f("ck_core_framework_approved"), type_="check")
        batch.drop_constraint("uq_core_framework_agency_id_code", type_="unique")
        for name in ("agency_id", "author_id", "approved_by_id"):
            batch.drop_constraint(f"fk_core_framework_{name}", type_="foreignkey")
        batch.create_unique_constraint("uq_core_framework_code", ["code"])
        for name in ("agency_id", "family", "version", "valid_from", "state", "author_id", "approved_by_id"):
            batch.drop_column(name)
        batch.drop_column("approved_at")
        batch.drop_column("interchange")
