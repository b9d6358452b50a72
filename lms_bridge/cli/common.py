"""What commands share: an application around them, and faults told in a sentence."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click
from sqlalchemy.exc import DBAPIError, NoSuchModuleError, SQLAlchemyError

from lms_bridge.app import create_app
from lms_bridge.db import db


class Unusable(click.ClickException):
    """Something is missing or wrong; the message says what to do."""


class BridgeGroup(click.Group):
    """A group whose database faults are told in a sentence."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (DBAPIError, NoSuchModuleError, OSError) as error:
            raise Unusable(explain(error)) from error


def explain(error: Exception) -> str:
    """Say what a database or file fault means and what to do."""
    text = str(getattr(error, "orig", error)).splitlines()[0]
    if "no such table" in text or ("does not exist" in text and "relation" in text):
        return "The database has no tables yet. Run: lms-bridge db upgrade"
    if "readonly" in text or "read-only" in text.lower() or "unable to open database" in text:
        return f"The database cannot be written ({text}). Check the folder's owner, rights and free space."
    if isinstance(error, SQLAlchemyError):
        return f"The database cannot be used ({text}). Check LMS_BRIDGE_DATABASE_URL and that the server runs."
    return f"{text}. Check the folder's owner, rights and free space."


def with_app(function: Callable[..., Any]) -> Callable[..., Any]:
    """Run a command inside the application, and commit what it did."""

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        with create_app().app_context():
            result = function(*args, **kwargs)
            db.session.commit()
            return result

    return run
