"""Which post somebody aims at."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from lms_bridge.api import AgencyOwned
from lms_bridge_competency.models import Base


class Target(AgencyOwned, Base):
    """The post that somebody wants to hold one day (PP 11/2017 art. 206: post held *and* to be held)."""

    __tablename__ = "competency_target"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("core_person.id"), unique=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("core_post.id", ondelete="CASCADE"), index=True)
    chosen_at: Mapped[dt.datetime]
