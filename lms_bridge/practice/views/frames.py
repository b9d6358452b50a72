"""Which other sites a page may show in a frame."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import g


def allow_frames(*urls: str) -> None:
    """Let this page frame the sites of these addresses."""
    parts = [urlsplit(url) for url in urls if url]
    g.frame_origins = {f"{part.scheme}://{part.netloc}" for part in parts if part.scheme and part.netloc}
