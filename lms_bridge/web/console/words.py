"""What the console calls the states and services that the code knows by a word."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from lms_bridge.lti import ags, nrps
from lms_bridge.lti.advice import advice
from lms_bridge.services.platforms import Health

HEALTH: dict[Health, tuple[str, Any]] = {
    Health.FINE: ("ok", _l("Healthy")),
    Health.NEW: ("info", _l("Not opened yet")),
    Health.LATE: ("warn", _l("Grades delayed")),
    Health.REFUSED: ("warn", _l("Grades refused")),
    Health.BROKEN: ("bad", _l("Not connected")),
    Health.OFF: ("off", _l("Switched off")),
}
"""The light of a state and its word."""

SERVICES: dict[str, tuple[str, Any]] = {
    "scores": (ags.SCORE, _l("Send grades")),
    "results": (ags.RESULT, _l("Read grades")),
    "columns": (ags.LINE_ITEM, _l("Gradebook columns")),
    "members": (nrps.SCOPE, _l("Course members")),
}
"""The scope of each service and what it is for."""

_CLOCK = _l("Let both servers keep time by NTP: beyond 60 seconds launches and grades are refused.")
_KEY_SET = _l("The key set of the LMS does not answer as it should. Ask the operator of the LMS.")


def advice_on(reason: str) -> Any:
    """Return the sentence for what went wrong, with the next step."""
    if reason == "clock":
        return _CLOCK
    return _KEY_SET if reason.startswith("keys-") else advice(reason)


def granted(scopes: list[str] | None) -> list[tuple[Any, bool]] | None:
    """Return each service with whether the LMS grants it; nothing where it did not say."""
    return None if scopes is None else [(title, scope in scopes) for scope, title in SERVICES.values()]
