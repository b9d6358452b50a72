"""Learning hours: what people did, how many JP of it count, and how far they are this year."""

from __future__ import annotations
