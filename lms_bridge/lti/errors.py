"""Refusals of launches and registrations, each with its code, its sentence and its next step."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask_babel import lazy_gettext as _l

from lms_bridge.errors import BridgeError

REOPEN = _l("Go back to your course and open the activity again.")
TELL_ADMIN = _l("If it happens again, send the reference number to the LMS administrator.")
TRY_WINDOW = _l("If that does not help, let the LMS open the activity in a new window.")


class LaunchRefused(BridgeError):
    """The LMS's message is incomplete or not genuine. Whoever opened the activity sees it; no session begins.

    What helps: Open it again from the course; else the reason is in the log.
    """

    status = HTTPStatus.BAD_REQUEST
    code = "launch-refused"
    title = _l("The activity could not be opened")
    steps: tuple[Any, ...] = (REOPEN, TELL_ADMIN)
    way_back = False

    def __init__(self, reason: str, detail: Any = None) -> None:
        super().__init__(detail or _l("The LMS sent a message that is not complete or not genuine."), reason=reason)


class LaunchUsed(LaunchRefused):
    """Somebody reloaded, went back, double-clicked, or took longer than five minutes.

    What helps: Open it again from the course; nothing is lost.
    """

    status = HTTPStatus.CONFLICT
    code = "launch-used"
    title = _l("This opening was already used")
    steps = (REOPEN, TELL_ADMIN)

    def __init__(self, reason: str) -> None:
        super().__init__(
            reason,
            _l("Each opening of an activity works once, for a few minutes. What you saved before is still there."),
        )


class BrowserUnknown(LaunchRefused):
    """A browser kept neither cookie nor storage, or is another one than the one that began.

    What helps: Open it again; else let the LMS open the activity in a new window.
    """

    status = HTTPStatus.FORBIDDEN
    code = "browser-unknown"
    title = _l("The browser did not keep the opening")
    steps = (REOPEN, TRY_WINDOW, TELL_ADMIN)

    def __init__(self, reason: str) -> None:
        super().__init__(reason, _l("For your safety an activity opens only in the browser where you clicked it."))


class ClockDiffers(LaunchRefused):
    """The LMS's clock differs from ours by more than a minute; the page says by how much. Everybody of the LMS
    sees it.

    What helps: Set both servers' clocks by NTP.
    """

    code = "clock-differs"
    title = _l("The clocks do not agree")
    steps = (
        _l("Ask the LMS administrator to set the clocks of both servers by NTP."),
        _l("Then open the activity again from your course."),
    )

    def __init__(self, *, seconds: int) -> None:
        super().__init__(
            f"clock differs by {seconds} s",
            _l(
                "The clock of the LMS and ours differ by %(seconds)s seconds; at most 60 are accepted.", seconds=seconds
            ),
        )


class PlatformUnknown(LaunchRefused):
    """An LMS, or a deployment in it, is not registered or is switched off. Everybody of the LMS sees it.

    What helps: Register it by an invitation; look at `lms-bridge platform list`.
    """

    status = HTTPStatus.FORBIDDEN
    code = "platform-unknown"
    title = _l("This LMS is not connected")
    steps = (_l("Ask the LMS administrator to register this tool again with an invitation link."), TELL_ADMIN)

    def __init__(self, reason: str) -> None:
        super().__init__(reason, _l("The activity comes from an LMS, or a place in it, that is not registered here."))


class PlatformUnreachable(LaunchRefused):
    """The keys of an LMS cannot be fetched. Everybody of the LMS sees it.

    What helps: `lms-bridge doctor` says why: address, certificate, firewall.
    """

    status = HTTPStatus.FAILED_DEPENDENCY
    code = "platform-unreachable"
    title = _l("The LMS does not answer")
    steps = (_l("Wait a minute and open the activity again."), TELL_ADMIN)

    def __init__(self, reason: str) -> None:
        super().__init__(reason, _l("We could not fetch the keys of the LMS, so the opening could not be checked."))


class PlatformSaysNo(LaunchRefused):
    """Somebody is signed in to the LMS as somebody else, or no longer.

    What helps: Sign in to the LMS again and open it from the course.
    """

    status = HTTPStatus.FORBIDDEN
    code = "platform-says-no"
    title = _l("The LMS refused the opening")
    steps = (_l("Sign in to the LMS again and open the activity from your course."), TELL_ADMIN)

    def __init__(self, reason: str) -> None:
        super().__init__(
            reason, _l("The LMS did not confirm who you are. Perhaps you are signed in with another account.")
        )


class OldLaunch(LaunchRefused):
    """An activity still uses LTI 1.0 or 1.1 (OAuth 1). Everybody who opens it sees it.

    What helps: Register with LTI 1.3 by an invitation and make the activity anew.
    """

    code = "lti-13-needed"
    title = _l("This tool needs LTI 1.3")
    steps = (_l("Ask the LMS administrator to register this tool with LTI 1.3 by an invitation link."),)

    def __init__(self) -> None:
        super().__init__("LTI 1.1 launch", _l("The LMS opened the activity in the old way, LTI 1.1."))


class BrowserNeeded(LaunchRefused):
    """An LMS's phone application opened the activity without the browser.

    What helps: Open the course in the browser of the phone, sign in, and open the activity there.
    """

    code = "browser-needed"
    title = _l("Open the course in a browser")
    steps = (
        _l("Open the LMS in the browser of your phone or computer, sign in, and open the activity from your course."),
        TELL_ADMIN,
    )

    def __init__(self) -> None:
        super().__init__("id_token without state", _l("An opening that does not begin in a browser cannot be checked."))


class RegistrationRefused(BridgeError):
    """The LMS cannot be reached, refused, or has an incomplete configuration; the page says which to its
    administrator.

    What helps: Correct what it says, then paste the link again.
    """

    status = HTTPStatus.BAD_REQUEST
    code = "registration-refused"
    title = _l("The registration did not succeed")
    steps: tuple[Any, ...] = (
        _l("Correct what is said above, then paste the link again."),
        _l("Is the link used up? Ask the operator of this server for a new one."),
    )

    def __init__(self, detail: Any, *, reason: str = "") -> None:
        super().__init__(detail, reason=reason or str(detail))


class RegistrationUnclear(RegistrationRefused):
    """The LMS opened the registration with a part of its address twice, or with one that cannot be read.

    What helps: Paste the link again, exactly as it was given.
    """

    code = "registration-unclear"
    steps = (_l("Paste the link into the LMS again, exactly as you got it."),)

    def __init__(self, reason: str) -> None:
        super().__init__(_l("A part of the registration came twice or cannot be read."), reason=reason)


class InvitationExpired(RegistrationRefused):
    """The link was used, is older than seven days, or is mistyped; or a registration with it runs, or broke off less
    than two minutes ago. The LMS's administrator sees it.

    What helps: Wait two minutes if it broke off; else `lms-bridge platform invite --agency CODE`.
    """

    status = HTTPStatus.GONE
    code = "invitation-expired"
    title = _l("This invitation can no longer be used")
    steps = (
        _l("Was the registration broken off a moment ago? Then the link works again after two minutes."),
        _l("Ask the operator of this server for a new link: lms-bridge platform invite --agency CODE."),
    )

    def __init__(self) -> None:
        super().__init__(_l("An invitation works for one registration, for seven days."), reason="invitation")
