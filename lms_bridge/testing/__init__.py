"""Fixtures and helpers for tests of the bridge and of plugins."""
