"""The tool side of LTI 1.3 Advantage: login, launch, registration, deep linking, grades (AGS) and rosters (NRPS)."""

from __future__ import annotations
