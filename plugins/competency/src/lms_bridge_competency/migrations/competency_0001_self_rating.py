"""Self-rating: requirements, assessments, answers, examples, results."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "competency_0001"
down_revision = None
branch_labels = ("competency",)
depends_on = ("core_0001",)


def upgrade() -> None:
    _create_requirement()
    _create_assessment()
    _create_answers()
    _create_result()
    _create_result_line()


def _create_requirement() -> None:
    op.create_table(
        "competency_requirement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=True),
        sa.Column("post_level", sa.String(64), nullable=True),
        sa.Column("competency", sa.String(255), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(255), nullable=False),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(post_id IS NULL) <> (post_level IS NULL)", name=op.f("ck_competency_requirement_one_subject")
        ),
        sa.CheckConstraint("level BETWEEN 0 AND 5", name=op.f("ck_competency_requirement_level")),
        sa.ForeignKeyConstraint(["agency_id"], ["core_agency.id"], name=op.f("fk_competency_requirement_agency_id")),
        sa.ForeignKeyConstraint(
            ["post_id"], ["core_post.id"], name=op.f("fk_competency_requirement_post_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_competency_requirement")),
        sa.UniqueConstraint(
            "agency_id", "post_id", "competency", name=op.f("uq_competency_requirement_agency_id_post_id_competency")
        ),
        sa.UniqueConstraint(
            "agency_id",
            "post_level",
            "competency",
            name=op.f("uq_competency_requirement_agency_id_post_level_competency"),
        ),
    )
    op.create_index(op.f("ix_competency_requirement_agency_id"), "competency_requirement", ["agency_id"])
    op.create_index(op.f("ix_competency_requirement_post_id"), "competency_requirement", ["post_id"])


def _create_assessment() -> None:
    op.create_table(
        "competency_assessment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("rater_id", sa.Integer(), nullable=False),
        sa.Column("cycle", sa.String(64), nullable=False),
        sa.Column("source", sa.String(32), nullable=False),
        sa.Column("framework", sa.String(64), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("declared_level", sa.String(64), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["core_agency.id"], name=op.f("fk_competency_assessment_agency_id")),
        sa.ForeignKeyConstraint(["person_id"], ["core_person.id"], name=op.f("fk_competency_assessment_person_id")),
        sa.ForeignKeyConstraint(["rater_id"], ["core_person.id"], name=op.f("fk_competency_assessment_rater_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_competency_assessment")),
        sa.UniqueConstraint(
            "person_id",
            "cycle",
            "source",
            "rater_id",
            name=op.f("uq_competency_assessment_person_id_cycle_source_rater_id"),
        ),
    )
    op.create_index(op.f("ix_competency_assessment_agency_id"), "competency_assessment", ["agency_id"])
    op.create_index(op.f("ix_competency_assessment_rater_id"), "competency_assessment", ["rater_id"])


def _create_answers() -> None:
    op.create_table(
        "competency_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("assessment_id", sa.Integer(), nullable=False),
        sa.Column("indicator", sa.String(255), nullable=False),
        sa.Column("mark", sa.String(32), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["core_agency.id"], name=op.f("fk_competency_answer_agency_id")),
        sa.ForeignKeyConstraint(
            ["assessment_id"],
            ["competency_assessment.id"],
            name=op.f("fk_competency_answer_assessment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_competency_answer")),
        sa.UniqueConstraint("assessment_id", "indicator", name=op.f("uq_competency_answer_assessment_id_indicator")),
    )
    op.create_index(op.f("ix_competency_answer_agency_id"), "competency_answer", ["agency_id"])
    op.create_table(
        "competency_example",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("assessment_id", sa.Integer(), nullable=False),
        sa.Column("competency", sa.String(255), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["core_agency.id"], name=op.f("fk_competency_example_agency_id")),
        sa.ForeignKeyConstraint(
            ["assessment_id"],
            ["competency_assessment.id"],
            name=op.f("fk_competency_example_assessment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_competency_example")),
        sa.UniqueConstraint("assessment_id", "competency", name=op.f("uq_competency_example_assessment_id_competency")),
    )
    op.create_index(op.f("ix_competency_example_agency_id"), "competency_example", ["agency_id"])


def _create_result() -> None:
    op.create_table(
        "competency_result",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("cycle", sa.String(64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=True),
        sa.Column("post_name", sa.String(255), nullable=False),
        sa.Column("post_level", sa.String(64), nullable=False),
        sa.Column("self_declared", sa.Boolean(), nullable=False),
        sa.Column("method", sa.String(32), nullable=False),
        sa.Column("jpm_total_cap", sa.Numeric(5, 2), nullable=True),
        sa.Column("jpm_no_compensation", sa.Numeric(5, 2), nullable=True),
        sa.Column("grade", sa.Numeric(5, 4), nullable=False),
        sa.Column("inputs", sa.JSON(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["core_agency.id"], name=op.f("fk_competency_result_agency_id")),
        sa.ForeignKeyConstraint(["person_id"], ["core_person.id"], name=op.f("fk_competency_result_person_id")),
        sa.ForeignKeyConstraint(
            ["post_id"], ["core_post.id"], name=op.f("fk_competency_result_post_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_competency_result")),
        sa.UniqueConstraint("person_id", "cycle", "number", name=op.f("uq_competency_result_person_id_cycle_number")),
    )
    for column in ("agency_id", "post_id"):
        op.create_index(op.f(f"ix_competency_result_{column}"), "competency_result", [column])


def _create_result_line() -> None:
    op.create_table(
        "competency_result_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("result_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("competency", sa.String(255), nullable=False),
        sa.Column("required", sa.Integer(), nullable=False),
        sa.Column("attained", sa.Integer(), nullable=True),
        sa.Column("gap", sa.Integer(), nullable=True),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("required BETWEEN 0 AND 5", name=op.f("ck_competency_result_line_required")),
        sa.CheckConstraint("attained BETWEEN 0 AND 5", name=op.f("ck_competency_result_line_attained")),
        sa.ForeignKeyConstraint(["agency_id"], ["core_agency.id"], name=op.f("fk_competency_result_line_agency_id")),
        sa.ForeignKeyConstraint(
            ["result_id"],
            ["competency_result.id"],
            name=op.f("fk_competency_result_line_result_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_competency_result_line")),
        sa.UniqueConstraint("result_id", "competency", name=op.f("uq_competency_result_line_result_id_competency")),
    )
    op.create_index(op.f("ix_competency_result_line_agency_id"), "competency_result_line", ["agency_id"])


def downgrade() -> None:
    for table in ("result_line", "result", "example", "answer", "assessment", "requirement"):
        op.drop_table(f"competency_{table}")
