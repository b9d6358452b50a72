"""Refusals about development plans."""

from __future__ import annotations

from lms_bridge.api import Conflict, _, _l


class PlanChanged(Conflict):
    """A plan was changed, sent, taken back or decided upon since the page was opened.

    What helps: Look at it again and decide anew.
    """

    code = "plan-changed"
    title = _l("This has changed in the meantime")

    def __init__(self) -> None:
        super().__init__(_("Somebody changed it or decided upon it since you opened the page. Nothing was done."))


class PlanClosed(Conflict):
    """A plan that waits or is approved is changed, or one without activities is sent.

    What helps: Take the plan back first, or begin a change of the approved plan; add an activity before sending.
    """

    code = "plan-closed"
    title = _l("The plan does not allow this now")

    def __init__(self) -> None:
        super().__init__(_("Take the plan back or reopen it before you change it; add an activity before you send it."))
