"""Refusals about objections."""

from __future__ import annotations

from lms_bridge.api import Conflict, _, _l


class ObjectionClosed(Conflict):
    """An objection comes too late, to an earlier result or twice, or was decided or taken back meanwhile.

    What helps: Open the newest result; it shows every objection with its decision.
    """

    code = "objection-closed"
    title = _l("An objection is not possible here")

    def __init__(self) -> None:
        super().__init__(_("Open the newest result: it shows until when you can object, and what was decided."))
