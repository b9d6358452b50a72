"""The audit log: who looked at whose data, what left, and which rights changed."""

from __future__ import annotations

import datetime as dt
from enum import Enum
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from lms_bridge.db import AgencyOwned, Code, Model


class AuditKind(Enum):
    """What kind of deed an entry tells."""

    READ = "read"
    EXPORT = "export"
    RIGHTS = "rights"
    CHANGE = "change"


class AuditEntry(Model, AgencyOwned):
    """One deed. The database refuses to change or delete it; it holds ids and codes, never a name or an answer.

    It outlives the people in it: erasing a person leaves their row without a name, and the entries stay true.
    """

    __tablename__ = "core_audit_entry"
    __table_args__ = (Index(None, "agency_id", "happened_at"), Index(None, "subject_id", "happened_at"))
    id: Mapped[int] = mapped_column(primary_key=True)
    happened_at: Mapped[dt.datetime]
    kind: Mapped[AuditKind]
    action: Mapped[Code]
    """What was done, such as ``grant.given``, or the action of a permission that was used."""
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("core_person.id"), index=True)
    """Nothing where the operator of the server did it by a command, or the worker by itself."""
    subject_id: Mapped[int | None] = mapped_column(ForeignKey("core_person.id"))
    """Whose data it was; nothing where it concerns nobody in particular."""
    request_id: Mapped[Code | None]
    facts: Mapped[dict[str, Any]]
    """Ids, numbers and codes that tell more."""
