"""The competencies of a unit: gap matrix of what lies below it, counts for each level, and its people."""

from __future__ import annotations
