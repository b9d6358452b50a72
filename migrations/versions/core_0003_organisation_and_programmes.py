"""Organisation with its history, matching of people, programmes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core_0003"
down_revision = "core_0002"
branch_labels = None
depends_on = None

_DATES = "valid_to IS NULL OR valid_to > valid_from"


def upgrade() -> None:
    _change_people()
    _change_units()
    _change_placements()
    _make_unit_history()
    _make_programmes()


def _change_people() -> None:
    with op.batch_alter_table("core_agency") as batch:
        batch.add_column(sa.Column("match_email", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch.add_column(sa.Column("match_username", sa.Boolean(), server_default=sa.false(), nullable=False))
    with op.batch_alter_table("core_person") as batch:
        batch.add_column(sa.Column("matching", sa.String(length=32), server_default="automatic", nullable=False))
        batch.create_check_constraint(op.f("ck_core_person_not_itself"), "same_as_id <> id")
        batch.create_index(op.f("ix_core_person_agency_id_email"), ["agency_id", "email"])
    with op.batch_alter_table("core_platform_user") as batch:
        batch.add_column(sa.Column("username", sa.String(length=255), nullable=True))


def _change_units() -> None:
    with op.batch_alter_table("core_unit") as batch:
        batch.create_check_constraint(op.f("ck_core_unit_dates"), _DATES)
        batch.create_check_constraint(op.f("ck_core_unit_not_itself"), "parent_id <> id")
    with op.batch_alter_table("core_unit_closure") as batch:
        batch.drop_constraint(op.f("ck_core_unit_closure_depth"), type_="check")
        batch.create_check_constraint(
            op.f("ck_core_unit_closure_depth"),
            "(depth = 0) = (ancestor_id = descendant_id) AND depth BETWEEN 0 AND 64",
        )
        for end in ("ancestor_id", "descendant_id"):
            name = op.f(f"fk_core_unit_closure_{end}")
            batch.drop_constraint(name, type_="foreignkey")
            batch.create_foreign_key(name, "core_unit", [end], ["id"], ondelete="CASCADE")


def _change_placements() -> None:
    with op.batch_alter_table("core_post") as batch:
        batch.add_column(sa.Column("unit_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(op.f("fk_core_post_unit_id"), "core_unit", ["unit_id"], ["id"])
        batch.create_index(op.f("ix_core_post_unit_id"), ["unit_id"])
    with op.batch_alter_table("core_placement") as batch:
        batch.create_unique_constraint(
            op.f("uq_core_placement_person_id_post_id_unit_id_kind_valid_from"),
            ["person_id", "post_id", "unit_id", "kind", "valid_from"],
        )
        batch.drop_index(op.f("ix_core_placement_person_id"))
    with op.batch_alter_table("core_placement_superior") as batch:
        batch.drop_constraint(op.f("uq_core_placement_superior_placement_id_person_id_kind"), type_="unique")
        batch.create_unique_constraint(
            op.f("uq_core_placement_superior_placement_id_person_id_kind_valid_from"),
            ["placement_id", "person_id", "kind", "valid_from"],
        )
        batch.create_check_constraint(op.f("ck_core_placement_superior_dates"), _DATES)


def _make_unit_history() -> None:
    op.create_table(
        "core_unit_history",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("valid_to > valid_from", name=op.f("ck_core_unit_history_dates")),
        sa.ForeignKeyConstraint(["agency_id"], ["core_agency.id"], name=op.f("fk_core_unit_history_agency_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["core_unit.id"], name=op.f("fk_core_unit_history_parent_id")),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["core_unit.id"], name=op.f("fk_core_unit_history_unit_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_unit_history")),
        sa.UniqueConstraint("unit_id", "valid_from", name=op.f("uq_core_unit_history_unit_id_valid_from")),
    )
    op.create_index(op.f("ix_core_unit_history_agency_id"), "core_unit_history", ["agency_id"])
    op.create_index(op.f("ix_core_unit_history_parent_id"), "core_unit_history", ["parent_id"])
    op.create_table(
        "core_unit_succession",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("predecessor_id", sa.Integer(), nullable=False),
        sa.Column("successor_id", sa.Integer(), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["core_agency.id"], name=op.f("fk_core_unit_succession_agency_id")),
        sa.ForeignKeyConstraint(
            ["predecessor_id"],
            ["core_unit.id"],
            name=op.f("fk_core_unit_succession_predecessor_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["successor_id"], ["core_unit.id"], name=op.f("fk_core_unit_succession_successor_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_unit_succession")),
        sa.UniqueConstraint(
            "predecessor_id", "successor_id", name=op.f("uq_core_unit_succession_predecessor_id_successor_id")
        ),
    )
    op.create_index(op.f("ix_core_unit_succession_agency_id"), "core_unit_succession", ["agency_id"])
    op.create_index(op.f("ix_core_unit_succession_successor_id"), "core_unit_succession", ["successor_id"])


def _make_programmes() -> None:
    op.create_table(
        "core_programme",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("form", sa.String(length=64), nullable=False),
        sa.Column("jp", sa.Numeric(precision=7, scale=2), nullable=False),
        sa.Column("cost", sa.Numeric(precision=15, scale=2), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("seats", sa.Integer(), nullable=True),
        sa.Column("course_id", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_core_programme_dates")),
        sa.CheckConstraint("jp >= 0", name=op.f("ck_core_programme_jp")),
        sa.CheckConstraint("cost >= 0", name=op.f("ck_core_programme_cost")),
        sa.CheckConstraint("seats > 0", name=op.f("ck_core_programme_seats")),
        sa.ForeignKeyConstraint(["agency_id"], ["core_agency.id"], name=op.f("fk_core_programme_agency_id")),
        sa.ForeignKeyConstraint(
            ["course_id"], ["core_course.id"], name=op.f("fk_core_programme_course_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_programme")),
        sa.UniqueConstraint("agency_id", "code", name=op.f("uq_core_programme_agency_id_code")),
    )
    op.create_index(op.f("ix_core_programme_agency_id"), "core_programme", ["agency_id"])
    op.create_index(op.f("ix_core_programme_course_id"), "core_programme", ["course_id"])
    op.create_table(
        "core_programme_competency",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("competency", sa.String(length=255), nullable=False),
        sa.Column("level", sa.Integer(), nullable=True),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("level BETWEEN 1 AND 5", name=op.f("ck_core_programme_competency_level")),
        sa.ForeignKeyConstraint(["agency_id"], ["core_agency.id"], name=op.f("fk_core_programme_competency_agency_id")),
        sa.ForeignKeyConstraint(
            ["competency"], ["core_competency.key"], name=op.f("fk_core_programme_competency_competency")
        ),
        sa.ForeignKeyConstraint(
            ["programme_id"],
            ["core_programme.id"],
            name=op.f("fk_core_programme_competency_programme_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_programme_competency")),
        sa.UniqueConstraint(
            "programme_id", "competency", name=op.f("uq_core_programme_competency_programme_id_competency")
        ),
    )
    op.create_index(op.f("ix_core_programme_competency_agency_id"), "core_programme_competency", ["agency_id"])
    op.create_index(op.f("ix_core_programme_competency_competency"), "core_programme_competency", ["competency"])
    op.create_table(
        "core_programme_participant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("registered_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(status IN ('completed', 'failed')) = (ended_on IS NOT NULL)",
            name=op.f("ck_core_programme_participant_ended"),
        ),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["core_agency.id"], name=op.f("fk_core_programme_participant_agency_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["core_person.id"], name=op.f("fk_core_programme_participant_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["programme_id"],
            ["core_programme.id"],
            name=op.f("fk_core_programme_participant_programme_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_programme_participant")),
        sa.UniqueConstraint(
            "programme_id", "person_id", name=op.f("uq_core_programme_participant_programme_id_person_id")
        ),
    )
    op.create_index(op.f("ix_core_programme_participant_agency_id"), "core_programme_participant", ["agency_id"])
    op.create_index(op.f("ix_core_programme_participant_person_id"), "core_programme_participant", ["person_id"])


def downgrade() -> None:
    for table in ("participant", "competency"):
        op.drop_table(f"core_programme_{table}")
    op.drop_table("core_programme")
    op.drop_table("core_unit_succession")
    op.drop_table("core_unit_history")
    with op.batch_alter_table("core_placement_superior") as batch:
        batch.drop_constraint(op.f("ck_core_placement_superior_dates"), type_="check")
        batch.drop_constraint(op.f("uq_core_placement_superior_placement_id_person_id_kind_valid_from"), type_="unique")
        batch.create_unique_constraint(
            op.f("uq_core_placement_superior_placement_id_person_id_kind"), ["placement_id", "person_id", "kind"]
        )
    with op.batch_alter_table("core_placement") as batch:
        batch.create_index(op.f("ix_core_placement_person_id"), ["person_id"])
        batch.drop_constraint(op.f("uq_core_placement_person_id_post_id_unit_id_kind_valid_from"), type_="unique")
    with op.batch_alter_table("core_post") as batch:
        batch.drop_index(op.f("ix_core_post_unit_id"))
        batch.drop_constraint(op.f("fk_core_post_unit_id"), type_="foreignkey")
        batch.drop_column("unit_id")
    with op.batch_alter_table("core_unit_closure") as batch:
        batch.drop_constraint(op.f("ck_core_unit_closure_depth"), type_="check")
        batch.create_check_constraint(op.f("ck_core_unit_closure_depth"), "depth >= 0")
        for end in ("ancestor_id", "descendant_id"):
            name = op.f(f"fk_core_unit_closure_{end}")
            batch.drop_constraint(name, type_="foreignkey")
            batch.create_foreign_key(name, "core_unit", [end], ["id"])
    with op.batch_alter_table("core_unit") as batch:
        batch.drop_constraint(op.f("ck_core_unit_not_itself"), type_="check")
        batch.drop_constraint(op.f("ck_core_unit_dates"), type_="check")
    with op.batch_alter_table("core_platform_user") as batch:
        batch.drop_column("username")
    with op.batch_alter_table("core_person") as batch:
        batch.drop_index(op.f("ix_core_person_agency_id_email"))
        batch.drop_constraint(op.f("ck_core_person_not_itself"), type_="check")
        batch.drop_column("matching")
    with op.batch_alter_table("core_agency") as batch:
        batch.drop_column("match_username")
        batch.drop_column("match_email")
