"""An audit log that only grows, grants for one matter, and a mark on people whose data was erased."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core_0005"
down_revision = "core_0004"
branch_labels = None
depends_on = None

_OPEN = sa.text("valid_to IS NULL")
_REFUSAL = "the audit log only grows"


def upgrade() -> None:
    op.create_table(
        "core_audit_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("subject_id", sa.Integer(), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["core_person.id"], name="fk_core_audit_entry_actor_id"),
        sa.ForeignKeyConstraint(["subject_id"], ["core_person.id"], name="fk_core_audit_entry_subject_id"),
        sa.ForeignKeyConstraint(["agency_id"], ["core_agency.id"], name="fk_core_audit_entry_agency_id"),
        sa.PrimaryKeyConstraint("id", name="pk_core_audit_entry"),
    )
    for columns in (["agency_id"], ["actor_id"], ["agency_id", "happened_at"], ["subject_id", "happened_at"]):
        op.create_index(f"ix_core_audit_entry_{'_'.join(columns)}", "core_audit_entry", columns)
    _let_it_only_grow()
    op.add_column("core_person", sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("core_grant") as grant:
        grant.add_column(sa.Column("scope", sa.String(length=64), nullable=False, server_default=""))
        grant.create_check_constraint(op.f("ck_core_grant_scope"), "(role = 'analyst') = (scope = '')")
    for holder in ("nip", "person_id"):
        op.create_index(
            f"uq_core_grant_open_{holder}",
            "core_grant",
            ["agency_id", "role", "scope", holder],
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        )


def _let_it_only_grow() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER core_audit_entry_no_{verb.lower()} BEFORE {verb} ON core_audit_entry "
                f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION core_audit_only_grows() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER core_audit_entry_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON core_audit_entry "
        "FOR EACH STATEMENT EXECUTE FUNCTION core_audit_only_grows()"
    )


def downgrade() -> None:
    for holder in ("nip", "person_id"):
        op.drop_index(f"uq_core_grant_open_{holder}", "core_grant")
    with op.batch_alter_table("core_grant") as grant:
        grant.drop_constraint(op.f("ck_core_grant_scope"), type_="check")
        grant.drop_column("scope")
    op.drop_column("core_person", "erased_at")
    op.drop_table("core_audit_entry")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION core_audit_only_grows()")
