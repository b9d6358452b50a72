"""The WSGI application: ``gunicorn -w 2 -k gthread --threads 4 wsgi:app``."""

from __future__ import annotations

from lms_bridge.app import create_app

app = create_app()
