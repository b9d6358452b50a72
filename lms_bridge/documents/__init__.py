"""What people take away: tables as CSV and XLSX, each stamped with who took it, when, and what it covers."""

from __future__ import annotations
