"""The names that a plugin can have: each stands in addresses, tables, revisions and folders."""

from __future__ import annotations

import re

LONGEST_NAME = 27
"""Alembic keeps revisions such as ``<name>_0001`` in 32 characters."""
NAME = re.compile(rf"[a-z][a-z0-9]{{1,{LONGEST_NAME - 1}}}")
RESERVED = frozenset(
    {
        "core",
        "bridge",
        "home",
        "mydata",
        "console",
        "operator",
        "session",
        "window",
        "lti",
        "static",
        "health",
        "alembic",
    }
)
"""Names of core's own blueprints, branches and folders, and the beginning of Alembic's own table."""


def is_plugin_name(name: str) -> bool:
    """Say whether a plugin can be called so."""
    return bool(NAME.fullmatch(name)) and name not in RESERVED
