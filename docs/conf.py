"""Sphinx builds these pages with ``make docs``; they read as well as plain Markdown."""

from __future__ import annotations

from importlib.metadata import version as version_of

project = "lms_bridge"
copyright = "the lms_bridge authors, MIT"
release = version = version_of("lms-bridge")
extensions = ["myst_parser"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence"]
highlight_language = "text"
# Every heading is a target, so that one page may point into another.
myst_heading_anchors = 3
nitpicky = True

html_theme = "furo"
html_title = f"lms_bridge {release}"
html_copy_source = False
html_show_sphinx = False
