"""What people say that they did, before it counts."""

from __future__ import annotations

import datetime as dt
from enum import Enum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lms_bridge.api import ActivityScope, AgencyOwned, Code, Hours, Name
from lms_bridge_competency.models import Base


class ClaimState(Enum):
    """Where a claim stands: it waits, was sent back, counts, or was taken back by its owner."""

    SENT = "sent"
    RETURNED = "returned"
    VERIFIED = "verified"
    WITHDRAWN = "withdrawn"


class Claim(AgencyOwned, Base):
    """A development activity that somebody enters with its proof. Kept as long as the person.

    Once it is verified, it is one of core's activities, whose reference is ``claim:<id>``; only that counts.
    """

    __tablename__ = "competency_claim"
    __table_args__ = (
        # The same thing twice is a mistake, unless the first one was taken back.
        UniqueConstraint("person_id", "form", "title", "starts_at", "taken_back"),
        Index("ix_competency_claim_waiting", "agency_id", "state"),
        CheckConstraint("minutes > 0", name="minutes"),
        CheckConstraint("units > 0", name="units"),
        CheckConstraint("minutes IS NOT NULL OR units IS NOT NULL", name="amount"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("core_person.id"))
    form: Mapped[Code]
    title: Mapped[Name]
    starts_at: Mapped[dt.datetime]
    minutes: Mapped[int | None]
    units: Mapped[Hours | None]
    scope: Mapped[ActivityScope] = mapped_column(default=ActivityScope.NATIONAL)
    proof: Mapped[Name]
    """Number and issuer of the certificate or letter, or where it can be seen."""
    state: Mapped[ClaimState] = mapped_column(default=ClaimState.SENT)
    taken_back: Mapped[int] = mapped_column(default=0)
    """The own id once it is withdrawn, so that the same can be entered anew."""
    note: Mapped[str]
    """Why it was sent back."""
    version: Mapped[int] = mapped_column(default=1)
    """Rises with each change, so that nobody decides upon what they have not seen."""
    sent_at: Mapped[dt.datetime]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("core_person.id"), index=True)
    decided_at: Mapped[dt.datetime | None]
