"""Refusals of the plugin."""

from __future__ import annotations

from lms_bridge.api import Conflict, _, _l


class NotBegun(Conflict):
    """Answers came for a rating that was never begun, or was erased in the meantime. Shown to the learner."""

    code = "rating-not-begun"
    title = _l("This self-rating has not been started")

    def __init__(self) -> None:
        super().__init__(_("Open the competency mapping from the menu and start the self-rating there."))


class NotComplete(Conflict):
    """Somebody finishes while a required competency has no level yet. Shown to the learner with what is missing."""

    code = "rating-not-complete"
    title = _l("Some competencies have no answer yet")

    def __init__(self, missing: list[str]) -> None:
        names = ", ".join(missing)
        super().__init__(
            _("Still open: %(names)s. Go back to the overview, answer them and finish again.", names=names),
            reason=f"{len(missing)} competencies open",
        )


class NoStandard(Conflict):
    """The post of the person requires nothing, or is not known, so there is nothing to rate against."""

    code = "no-standard"
    title = _l("Your post has no standard yet")

    def __init__(self) -> None:
        super().__init__(_("Choose the level of your post first. Your HR analyst can enter its standard."))
