"""Requirements from a day on, so that what was required before stays known."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "competency_0003"
down_revision = "competency_0002"
branch_labels = None
depends_on = None

_SUBJECTS = ("post_id", "post_level")


def upgrade() -> None:
    with op.batch_alter_table("competency_requirement") as table:
        # What stands there held always; the release before this one goes on writing such rows.
        table.add_column(sa.Column("valid_from", sa.Date(), nullable=False, server_default="2000-01-01"))
        table.alter_column("level", existing_type=sa.Integer(), nullable=True)
        for subject in _SUBJECTS:
            table.drop_constraint(f"uq_competency_requirement_agency_id_{subject}_competency", type_="unique")
            table.create_unique_constraint(
                f"uq_competency_requirement_{subject}_day",
                ["agency_id", subject, "competency", "valid_from"],
            )


def downgrade() -> None:
    requirement = sa.table("competency_requirement", sa.column("id"), sa.column("level"))
    op.execute(requirement.delete().where(requirement.c.level.is_(None)))
    _keep_newest()
    with op.batch_alter_table("competency_requirement") as table:
        for subject in _SUBJECTS:
            table.drop_constraint(f"uq_competency_requirement_{subject}_day", type_="unique")
            table.create_unique_constraint(
                f"uq_competency_requirement_agency_id_{subject}_competency", ["agency_id", subject, "competency"]
            )
        table.alter_column("level", existing_type=sa.Integer(), nullable=False)
        table.drop_column("valid_from")


def _keep_newest() -> None:
    names = ("id", "agency_id", "post_id", "post_level", "competency", "valid_from")
    row = sa.table("competency_requirement", *(sa.column(name) for name in names))
    later = row.alias("later")
    same = (getattr(later.c, name).is_not_distinct_from(getattr(row.c, name)) for name in names[1:5])
    op.execute(row.delete().where(sa.exists().where(*same, later.c.valid_from > row.c.valid_from)))
