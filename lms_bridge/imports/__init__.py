"""Imports of lists: from a file of rows to people, posts and units, and exactly back."""

from __future__ import annotations
