"""Work behind the scenes, done by ``lms-bridge worker``: grades, events, rosters, housekeeping."""

from __future__ import annotations
