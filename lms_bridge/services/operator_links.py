"""How the operator of the server, who has no account, enters an agency's console: by a link that opens once."""

from __future__ import annotations

import datetime as dt
import secrets

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, insert, select

from lms_bridge.db import changed_rows, db
from lms_bridge.errors import BridgeError
from lms_bridge.lti.login import hash_secret
from lms_bridge.models import OperatorLink, SessionKind
from lms_bridge.services.sessions import begin_session

OPERATOR_LINK_LIFETIME = dt.timedelta(minutes=10)
_LINKS = OperatorLink.__table__


class OperatorLinkExpired(BridgeError):
    """The operator of the server opens a link into the console that was used, is older than ten minutes, or mistyped.

    What helps: `lms-bridge operator link --agency CODE`.
    """

    status = 410  # type: ignore[assignment]
    code = "operator-link-expired"
    title = _l("This link can no longer be used")
    way_back = False
    steps = (_l("Make a new one on the server: lms-bridge operator link --agency CODE"),)

    def __init__(self) -> None:
        super().__init__(_("It opens the console once, within ten minutes after it was made."))


def make_operator_link(agency_id: int, *, now: dt.datetime) -> str:
    """Return the token of a link that opens an agency's console once within ten minutes; only its hash is kept."""
    token = secrets.token_urlsafe(32)
    row = {"token_hash": hash_secret(token), "agency_id": agency_id, "expires_at": now + OPERATOR_LINK_LIFETIME}
    db.session.execute(insert(_LINKS).values(row))
    return token


def linked_agency(token: str, *, now: dt.datetime) -> int:
    """Return the id of the agency whose console a link opens.

    :raises OperatorLinkExpired: it was opened, is too old or unknown.
    """
    usable = (_LINKS.c.token_hash == hash_secret(token), _LINKS.c.expires_at > now)
    agency_id = db.session.scalar(select(_LINKS.c.agency_id).where(*usable))
    if agency_id is None:
        raise OperatorLinkExpired
    return int(agency_id)


def enter_as_operator(token: str, *, agent: str, cookie: str, now: dt.datetime) -> str:
    """Use up a link and begin the operator's session of the console; returns the session's id.

    :raises OperatorLinkExpired: it was opened, perhaps this moment in another window, is too old or unknown.
    """
    agency_id = linked_agency(token, now=now)
    # The deletion decides: of two windows that open one link at once, one gets in.
    if not changed_rows(delete(_LINKS).where(_LINKS.c.token_hash == hash_secret(token))):
        raise OperatorLinkExpired
    return begin_session(
        None,
        agency_id=agency_id,
        person_id=None,
        agent=agent,
        cookie=cookie,
        cookie_seen=False,
        now=now,
        kind=SessionKind.CONSOLE,
    )
