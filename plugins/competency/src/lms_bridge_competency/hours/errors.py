"""Refusals about learning hours."""

from __future__ import annotations

from lms_bridge.api import Conflict, _, _l


class ClaimTwice(Conflict):
    """Somebody enters the same activity of the same day a second time.

    What helps: Look at the one that is there; correct it, or take it back.
    """

    code = "claim-twice"
    title = _l("This activity is entered already")

    def __init__(self) -> None:
        super().__init__(_("The same form, title and beginning are in your list. Correct that one, or take it back."))


class ClaimChanged(Conflict):
    """A claim was changed, taken back or decided upon since the page was opened.

    What helps: Look at it again and decide anew.
    """

    code = "claim-changed"
    title = _l("This has changed in the meantime")

    def __init__(self) -> None:
        super().__init__(_("Somebody changed it or decided upon it since you opened the page. Nothing was done."))
