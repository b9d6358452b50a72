"""What the plugin keeps: requirements of posts, answers of people, and the results computed from them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from enum import Enum
from typing import Any

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Numeric, UniqueConstraint, case, false
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from lms_bridge.api import AgencyOwned, Code, Name, Percent, Score, plugin_base
from lms_bridge_competency.rules import Mark, Method

Base = plugin_base("competency")


class Requirement(AgencyOwned, Base):
    """The level of one competency that an agency requires from a day on, in a post or in all posts of a level.

    Of several rows the one that began last counts, so that what was required on an earlier day stays known. Where an
    agency has no row of its own, the shipped defaults apply. Level 0 says that the post does not require it; a row
    without a level, that from this day on the next wider rule applies again.
    """

    __tablename__ = "competency_requirement"
    __table_args__ = (
        UniqueConstraint(
            "agency_id", "post_id", "competency", "valid_from", name="uq_competency_requirement_post_id_day"
        ),
        UniqueConstraint(
            "agency_id", "post_level", "competency", "valid_from", name="uq_competency_requirement_post_level_day"
        ),
        CheckConstraint("(post_id IS NULL) <> (post_level IS NULL)", name="one_subject"),
        CheckConstraint("level BETWEEN 0 AND 5", name="level"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int | None] = mapped_column(ForeignKey("core_post.id", ondelete="CASCADE"), index=True)
    post_level: Mapped[Code | None]
    competency: Mapped[Name]
    level: Mapped[int | None]
    rule: Mapped[Name]
    """The decree or decision that it comes from."""
    version: Mapped[Code]
    valid_from: Mapped[dt.date]


class RatingSource(Enum):
    """Who rates by answering. Other sources are told by evidence; the column holds text."""

    SELF = "self"
    SUPERIOR = "superior"


class AssessmentState(Enum):
    """Whether answers have been given or changed since the last result."""

    DRAFT = "draft"
    FINISHED = "finished"


class Assessment(AgencyOwned, Base):
    """One rater's rating of one person in one cycle; kept, with its answers, as long as the person's results."""

    __tablename__ = "competency_assessment"
    __table_args__ = (UniqueConstraint("person_id", "cycle", "source", "rater_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("core_person.id"))
    rater_id: Mapped[int] = mapped_column(ForeignKey("core_person.id"), index=True)
    cycle: Mapped[Code]
    """By default the year in the agency's zone, such as 2026."""
    source: Mapped[RatingSource] = mapped_column(default=RatingSource.SELF)
    framework: Mapped[Code]
    state: Mapped[AssessmentState] = mapped_column(default=AssessmentState.DRAFT)
    declared_level: Mapped[Code | None]
    """The post level that the person chose because no post with a standard was known of them."""
    started_at: Mapped[dt.datetime]
    changed_at: Mapped[dt.datetime]
    finished_at: Mapped[dt.datetime | None]


class Answer(AgencyOwned, Base):
    """What the rater says of one behaviour; the last answer wins."""

    __tablename__ = "competency_answer"
    __table_args__ = (UniqueConstraint("assessment_id", "indicator"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    assessment_id: Mapped[int] = mapped_column(ForeignKey("competency_assessment.id", ondelete="CASCADE"))
    indicator: Mapped[Name]
    mark: Mapped[Mark]
    answered_at: Mapped[dt.datetime]


class Example(AgencyOwned, Base):
    """The example that the rater tells to support the answers about one competency."""

    __tablename__ = "competency_example"
    __table_args__ = (UniqueConstraint("assessment_id", "competency"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    assessment_id: Mapped[int] = mapped_column(ForeignKey("competency_assessment.id", ondelete="CASCADE"))
    competency: Mapped[Name]
    text: Mapped[str]
    written_at: Mapped[dt.datetime]


class Result(AgencyOwned, Base):
    """What was computed of one person in one cycle. Never changed: a correction computes the next number.

    ``inputs`` holds the answers with their source, the bands and the names of the rules, so that the numbers can be
    computed again.
    """

    __tablename__ = "competency_result"
    __table_args__ = (UniqueConstraint("person_id", "cycle", "number"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("core_person.id"))
    cycle: Mapped[Code]
    number: Mapped[int]
    computed_at: Mapped[dt.datetime]
    post_id: Mapped[int | None] = mapped_column(ForeignKey("core_post.id", ondelete="SET NULL"), index=True)
    post_name: Mapped[Name]
    post_level: Mapped[Code]
    self_declared: Mapped[bool]
    method: Mapped[Method]
    """The method that decides the categories shown first; both are stored."""
    jpm_total_cap: Mapped[Percent | None]
    jpm_no_compensation: Mapped[Percent | None]
    grade: Mapped[Score]
    by_rules: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether only the agency's rules had changed since the result before: nobody rated anew."""
    inputs: Mapped[dict[str, Any]]

    @hybrid_property
    def jpm(self) -> Decimal | None:
        """The Job Person Match by the method of the result."""
        return self.jpm_total_cap if self.method is Method.TOTAL_CAP else self.jpm_no_compensation

    @jpm.inplace.expression
    @classmethod
    def _jpm(cls) -> ColumnElement[Decimal | None]:
        return case((cls.method == Method.TOTAL_CAP, cls.jpm_total_cap), else_=cls.jpm_no_compensation)


class ResultLine(AgencyOwned, Base):
    """One competency of a result. ``attained`` is empty where it could not be rated; that is not 0.

    ``blended`` is what the sources give before it is rounded down to ``attained``.
    """

    __tablename__ = "competency_result_line"
    __table_args__ = (
        UniqueConstraint("result_id", "competency"),
        CheckConstraint("required BETWEEN 0 AND 5", name="required"),
        CheckConstraint("attained BETWEEN 0 AND 5", name="attained"),
        CheckConstraint("blended BETWEEN 0 AND 5", name="blended"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    result_id: Mapped[int] = mapped_column(ForeignKey("competency_result.id", ondelete="CASCADE"))
    position: Mapped[int]
    competency: Mapped[Name]
    required: Mapped[int]
    attained: Mapped[int | None]
    blended: Mapped[Decimal | None] = mapped_column(Numeric(3, 2))
    gap: Mapped[int | None]
