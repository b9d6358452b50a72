"""What every refusal has in common."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from lms_bridge.db import db
from lms_bridge.models import Launch, Session


def count(app: Any, model: Any) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(model.__table__)) or 0


def assert_refused(app: Any, page: Any) -> None:
    """A refusal: 4xx, readable, with a reference, not cached, shown in any frame, leaving nothing behind."""
    assert 400 <= page.status_code < 500, page.status_code
    assert "NR-" in page.text
    assert "Traceback" not in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert "frame-ancestors *" in page.headers["Content-Security-Policy"]
    assert "Set-Cookie" not in page.headers
    assert count(app, Session) == count(app, Launch) == 0
