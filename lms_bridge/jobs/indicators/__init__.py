"""Summing indicators up: folding what facts add, taking sums anew where units change, and the nightly check."""

from __future__ import annotations

from lms_bridge.jobs.indicators.checking import check_due
from lms_bridge.jobs.indicators.folding import fold_due

__all__ = ["check_due", "fold_due"]
