"""Measurements of speed and memory, as ratios to the floor of the same machine. Nothing here gates a test."""

from __future__ import annotations
