"""Refusals about dictionaries of competencies, and their faults in words."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from lms_bridge.domain.dictionary import LEVELS, DictionaryFault
from lms_bridge.errors import BridgeError, Conflict

_SENTENCES: dict[str, Any] = {
    "too-many": _l("The dictionary has more than %(limit)s competencies.", limit="{what}"),
    "code-missing": _l("There is no code."),
    "code-form": _l("The code “%(code)s” is too long or holds one of the signs : / ? #.", code="{what}"),
    "code-twice": _l("The code “%(code)s” occurs more than once.", code="{what}"),
    "name-missing": _l("There is no name in Indonesian."),
    "name-long": _l("A name is longer than %(limit)s characters.", limit="{what}"),
    "cluster-long": _l("The cluster is longer than %(limit)s characters.", limit="{what}"),
    "level-range": _l("Level %(level)s does not exist; levels are 1 to 5.", level="{what}"),
    "level-twice": _l("Level %(level)s is described more than once.", level="{what}"),
    "indicators-many": _l("A level has more than %(limit)s behaviours.", limit="{what}"),
    "text-long": _l("A text is longer than %(limit)s characters.", limit="{what}"),
    "parent-unknown": _l("The competency above, “%(code)s”, is not in the dictionary.", code="{what}"),
    "related-unknown": _l("It refers to “%(code)s”, which is not in the dictionary.", code="{what}"),
    "circle": _l("“%(code)s” lies below itself.", code="{what}"),
}


def fault_sentence(fault: DictionaryFault) -> str:
    """Return what is wrong with an entry, in the language of the reader."""
    return str(_SENTENCES[fault.reason]).replace("{what}", fault.what)


class DictionaryFaulty(BridgeError):
    """An analyst stores a dictionary or a competency with faults; ``faults`` lists every one, nothing is stored.

    What helps: Correct what the page names and store it again.
    """

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "dictionary-faulty"
    title = _l("The dictionary has faults")

    def __init__(self, faults: list[DictionaryFault]) -> None:
        shown = " ".join(fault_sentence(fault) for fault in faults[:5])
        super().__init__(
            _("%(faults)s Nothing was stored. Correct it and store it again.", faults=shown),
            reason=f"{len(faults)} faults",
        )
        self.faults = faults


class FrameworkFixed(Conflict):
    """An analyst changes a dictionary that is approved, in use or shipped.

    What helps: Make a new version of it and change that.
    """

    code = "framework-fixed"
    title = _l("This dictionary is not changed any more")

    def __init__(self) -> None:
        super().__init__(_("It is approved, in use or came with the program. Make a new version and change that."))


class CodeTaken(Conflict):
    """A dictionary or competency is stored under a code that another has.

    What helps: Choose another code or version.
    """

    code = "code-taken"
    title = _l("This code is taken")

    def __init__(self, code: str) -> None:
        super().__init__(_("Another one has the code %(code)s already. Choose another.", code=code), reason=code)


class NotApprovable(Conflict):
    """An analyst approves a dictionary that has no entries, lacks levels, or that they wrote themselves.

    What helps: Add what is missing, or ask another analyst to approve it.
    """

    code = "not-approvable"
    title = _l("This dictionary cannot be approved yet")

    @classmethod
    def empty(cls) -> NotApprovable:
        """It has no competency."""
        return cls(_("It has no competency yet. Add one first."), reason="empty")

    @classmethod
    def without_levels(cls, missing: dict[str, tuple[int, ...]]) -> NotApprovable:
        """Some competencies describe some levels and not others."""
        named = "; ".join(
            f"{code}: {', '.join(map(str, levels))}" for code, levels in list(missing.items())[: len(LEVELS)]
        )
        return cls(
            _(
                "Levels without a description: %(levels)s. Describe all five levels of a competency, or none.",
                levels=named,
            ),
            reason=f"{len(missing)} competencies without levels",
        )

    @classmethod
    def by_author(cls) -> NotApprovable:
        """The author may not approve it, because there is another analyst."""
        return cls(
            _("You wrote it yourself. Ask another analyst of your agency to read and approve it."), reason="author"
        )


class StillUsed(Conflict):
    """An analyst removes a competency that others lie below or refer to.

    What helps: Move or remove those first.
    """

    code = "competency-still-used"
    title = _l("Others depend on this competency")

    def __init__(self, codes: list[str]) -> None:
        super().__init__(
            _("These lie below it or refer to it: %(codes)s. Move or change them first.", codes=", ".join(codes[:10])),
            reason=f"{len(codes)} competencies",
        )
