"""Refusals of the plugin."""

from __future__ import annotations

from lms_bridge.api import Conflict, _, _l


class NotBegun(Conflict):
    """A learner answers a rating that was never begun, or has been erased.

    What helps: Open competency mapping from the menu and begin.
    """

    code = "rating-not-begun"
    title = _l("This self-rating has not been started")

    def __init__(self) -> None:
        super().__init__(_("Open the competency mapping from the menu and start the self-rating there."))


class NotComplete(Conflict):
    """A learner finishes while something is open; the page names it.

    What helps: Answer what is open.
    """

    code = "rating-not-complete"
    title = _l("Some competencies have no answer yet")

    def __init__(self, missing: list[str]) -> None:
        names = ", ".join(missing)
        super().__init__(
            _("Still open: %(names)s. Go back to the overview, answer them and finish again.", names=names),
            reason=f"{len(missing)} competencies open",
        )


class FileCounts(Conflict):
    """Somebody removes a file of a rating that a result was computed from.

    What helps: Leave it; add another one that says it better.
    """

    code = "file-counts"
    title = _l("This file belongs to a result")

    def __init__(self) -> None:
        super().__init__(_("A result was computed with this rating, so its evidence stays. You can add another file."))


class NoStandard(Conflict):
    """A learner's post has no standard, or is not known.

    What helps: Choose the level of the post; the HR analyst enters its standard.
    """

    code = "no-standard"
    title = _l("Your post has no standard yet")

    def __init__(self) -> None:
        super().__init__(_("Choose the level of your post first. Your HR analyst can enter its standard."))


class NoteMissing(Conflict):
    """A rater finishes while their rating lies far from the other side's and they have not said why.

    What helps: Write a short note for each competency that the page names.
    """

    code = "rating-note-missing"
    title = _l("Say why you see it so differently")

    def __init__(self, unexplained: list[str]) -> None:
        names = ", ".join(unexplained)
        super().__init__(
            _("The ratings differ by two levels or more in: %(names)s. Write a short note for each.", names=names),
            reason=f"{len(unexplained)} notes missing",
        )
