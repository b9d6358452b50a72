"""What the console calls the states and services that the code knows by a word."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from lms_bridge.lti import ags, nrps
from lms_bridge.lti.advice import advice
from lms_bridge.lti.errors import (
    BrowserNeeded,
    BrowserUnknown,
    ClockDiffers,
    LaunchRefused,
    LaunchUsed,
    OldLaunch,
    PlatformSaysNo,
    PlatformUnknown,
    PlatformUnreachable,
)
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

_NOTHING = _l("Nothing needs to be done here.")
_REFUSED: dict[type[LaunchRefused], Any] = {
    LaunchRefused: _l("The message was incomplete or not genuine. The reason tells which part."),
    LaunchUsed: _NOTHING,
    BrowserUnknown: _l("The browser kept nothing in the frame. Let the LMS open the activity in a new window."),
    ClockDiffers: _CLOCK,
    PlatformUnknown: _l("The LMS names another tool or deployment than it registered. Register it again."),
    PlatformUnreachable: _l("The keys of the LMS could not be fetched. The test of the connection says why."),
    PlatformSaysNo: _NOTHING,
    OldLaunch: _l("The activity still uses LTI 1.1. Make it anew with the tool that was registered."),
    BrowserNeeded: _l("The application of the LMS opened it without a browser. Tell people to use the browser."),
}
REFUSALS = {kind.code: (kind.title, words) for kind, words in _REFUSED.items()}
"""By the code of a refused opening: what the person read, and what its LMS's administrator does."""


def advice_on(reason: str) -> Any:
    """Return the sentence for what went wrong, with the next step."""
    if reason == "clock":
        return _CLOCK
    return _KEY_SET if reason.startswith("keys-") else advice(reason)


def granted(scopes: list[str] | None) -> list[tuple[Any, bool]] | None:
    """Return each service with whether the LMS grants it; nothing where it did not say."""
    return None if scopes is None else [(title, scope in scopes) for scope, title in SERVICES.values()]
