"""Registrations as logins and launches need them; each process remembers them for half a minute."""

from __future__ import annotations

import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import current_app
from sqlalchemy import bindparam, select

from lms_bridge.db import db
from lms_bridge.engine import only_reading
from lms_bridge.lti.errors import PlatformUnknown
from lms_bridge.models import Platform

REMEMBERED = 30.0
"""Seconds. A login asks no database, so that strangers who begin logins cost little; whether the registration is still
active is asked again with each launch."""


@dataclass(frozen=True, slots=True)
class PlatformRow:
    """An active registration."""

    id: int
    agency_id: int
    issuer: str
    client_id: str
    jwks_url: str
    authorization_url: str
    product: str

    @property
    def origin(self) -> str:
        """The origin of the page that signs people in: who may speak to us from around the frame."""
        parts = urlsplit(self.authorization_url)
        return f"{parts.scheme}://{parts.netloc}"


_P = Platform.__table__.c
# Built once: putting a statement together costs more than running it.
_COLUMNS = (_P.id, _P.agency_id, _P.issuer, _P.client_id, _P.jwks_url, _P.authorization_url, _P.product)
_OF_ISSUER = select(*_COLUMNS).where(_P.issuer == bindparam("issuer"), _P.active.is_(True)).limit(2)
_OF_CLIENT = _OF_ISSUER.where(_P.client_id == bindparam("client_id"))


def find_platform(issuer: str, client_id: str | None) -> PlatformRow:
    """Return the active registration that an LMS means; without ``client_id`` the only one of the issuer.

    :raises PlatformUnknown: none fits, or several do and the LMS does not say which.
    """
    remembered: dict[tuple[str, str | None], tuple[float, PlatformRow]]
    remembered = current_app.extensions.setdefault("lms_bridge.platforms", {})
    until, platform = remembered.get((issuer, client_id), (0.0, None))
    if platform is not None and until > time.monotonic():
        return platform
    statement = _OF_ISSUER if client_id is None else _OF_CLIENT
    with only_reading():
        found = db.session.execute(statement, {"issuer": issuer, "client_id": client_id}).all()
        # No transaction stays open while keys are fetched.
        db.session.rollback()
    if len(found) != 1:
        remembered.pop((issuer, client_id), None)
        raise PlatformUnknown("several registrations of this issuer" if found else "unknown issuer or client_id")
    platform = PlatformRow(*found[0])
    remembered[issuer, client_id] = (time.monotonic() + REMEMBERED, platform)
    return platform


def forget_platforms() -> None:
    """Make this process read registrations anew, because one was made or changed."""
    current_app.extensions.pop("lms_bridge.platforms", None)
