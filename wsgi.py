"""The WSGI application: ``gunicorn -w 2 -k gthread --threads 4 wsgi:app``."""

from __future__ import annotations

import sys

from lms_bridge.app import create_app
from lms_bridge.settings import BadSetting

try:
    app = create_app()
except BadSetting as error:
    print(f"lms_bridge cannot start: {error}", file=sys.stderr, flush=True)
    # With this code gunicorn gives up; with others it would start new workers again and again.
    sys.exit(3)
