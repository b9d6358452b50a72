"""Pure rules: no web, no database."""

from __future__ import annotations
