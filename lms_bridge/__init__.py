"""lms_bridge: an extension server that attaches to an agency's LMS over LTI 1.3 Advantage."""

from __future__ import annotations

__version__ = "0.1.0"
