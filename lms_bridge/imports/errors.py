"""Refusals on the way of an import."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from lms_bridge.errors import Conflict, Invalid
from lms_bridge.models import ImportState


class ImportNotThere(Conflict):
    """The import is in another state than this needs: somebody, or the worker, was faster.

    What helps: Look at it again.
    """

    code = "import-elsewhere"
    title = _l("This import has gone on in the meantime")

    def __init__(self, state: ImportState) -> None:
        super().__init__(_("Look at it again; it stands elsewhere now."), reason=state.value)


class UndoRefused(Conflict):
    """Later work stands on what the import brought. Nothing was taken back.

    What helps: Read what stands in the way, and change that first.
    """

    code = "undo-refused"
    title = _l("This import can no longer be undone")

    def __init__(self, reason: str, what: str) -> None:
        super().__init__(undo_sentence(reason, what), reason=reason)
        self.what = what


class ColumnsMissing(Invalid):
    """Whoever confirms the columns of a list left out one that its kind needs.

    What helps: Choose the column in which it is.
    """

    code = "columns-missing"
    title = _l("The list lacks a column")

    def __init__(self, titles: list[str]) -> None:
        super().__init__({"columns": [_("Choose a column for: %(what)s.", what=", ".join(titles))]})


_UNDO: dict[str, Any] = {
    "used": _l("Since then something was recorded about what this import brought: %(what)s. Nothing was taken back."),
    "changed": _l("What this import wrote has been changed since then, in rows %(what)s. Nothing was taken back."),
    "too-late": _l("The rows of this import are no longer kept, so that it cannot be taken back."),
    "unexpected": _l("Something went wrong on our side; the operator of the server finds the cause in the log."),
}


def undo_sentence(reason: str, what: str) -> str:
    """Return why an import could not be undone, in the language of the reader."""
    return str(_UNDO[reason]).replace("%(what)s", what)
