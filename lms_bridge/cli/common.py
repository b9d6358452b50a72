"""What commands share: an application around them, and faults told in a sentence."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from lms_bridge.app import create_app
from lms_bridge.database_faults import Fault, fault_of
from lms_bridge.db import db
from lms_bridge.models import Agency
from lms_bridge.settings import BadSetting


class Unusable(click.ClickException):
    """Something is missing or wrong; the message says what to do."""


class BridgeGroup(click.Group):
    """A group whose faults, where somebody can mend them, are told in a sentence."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (BadSetting, DBAPIError, OSError) as error:
            if isinstance(error, DBAPIError) and fault_of(error) is Fault.STATEMENT:
                raise
            raise Unusable(explain(error)) from error


_DATABASE = {
    Fault.UNPREPARED: "The database has no tables yet, or old ones. Run: lms-bridge init, or lms-bridge db upgrade",
    Fault.READ_ONLY: "The database cannot be written ({text}). Check the owner and the rights of its file and folder.",
    Fault.FULL: "The database cannot grow ({text}). Make space on its disk.",
    Fault.DAMAGED: "The database is damaged or is no database ({text}). Put a backup in its place, or move it away and "
    "run: lms-bridge init",
    Fault.AWAY: "The database cannot be used ({text}). Check LMS_BRIDGE_DATABASE_URL and that its server runs.",
}


def explain(error: Exception) -> str:
    """Say what a fault of the settings, the database or the files means and what to do."""
    text = str(getattr(error, "orig", error)).strip().splitlines()[0]
    if isinstance(error, SQLAlchemyError):
        fault = fault_of(error) if isinstance(error, DBAPIError) else Fault.AWAY
        return _DATABASE.get(fault, _DATABASE[Fault.AWAY]).format(text=text)
    if isinstance(error, OSError):
        return f"{text}. Check the owner, the rights and the free space of the folder."
    return text


def with_app(function: Callable[..., Any], *, safe_mode: bool = False) -> Callable[..., Any]:
    """Run a command inside the application, in safe mode without plugins, and commit what it did."""

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        with create_app(safe_mode=safe_mode).app_context():
            try:
                result = function(*args, **kwargs)
                db.session.commit()
                return result
            finally:
                db.session.remove()
                db.engine.dispose()

    return run


with_bare_app = functools.partial(with_app, safe_mode=True)
"""For what must work before the tables are there, and whatever a plugin does."""


def agency_of(code: str) -> Agency:
    """Return the agency with this code.

    :raises Unusable: there is none.
    """
    agency = db.session.scalar(select(Agency).where(Agency.code == code))
    if agency is None:
        raise Unusable(f'There is no agency {code}. Create it: lms-bridge agency create {code} --name "..."')
    return agency
