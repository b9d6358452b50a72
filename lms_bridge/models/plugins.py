"""What the server remembers of its plugins."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lms_bridge.db import AgencyOwned, Code, Model


class PluginSetting(Model, AgencyOwned):
    """Whether an agency uses a plugin, and what it has set; no row means yes, and the plugin's defaults."""

    __tablename__ = "core_plugin_setting"
    __table_args__ = (UniqueConstraint("agency_id", "plugin"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    plugin: Mapped[Code]
    enabled: Mapped[bool] = mapped_column(default=True)
    chosen: Mapped[dict[str, Any] | None]


class SchemaLedger(Model):
    """The revisions that were applied, by branch; remembers core's place when a plugin is removed uncleanly."""

    __tablename__ = "core_schema_ledger"
    revision: Mapped[Code] = mapped_column(primary_key=True)
    branch: Mapped[Code]
    applied_at: Mapped[dt.datetime]
