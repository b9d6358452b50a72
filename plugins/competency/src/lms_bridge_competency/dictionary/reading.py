"""What was read from a file that holds a dictionary, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lms_bridge.api import CompetencyText, DictionaryFault, FrameworkText, _l, fault_sentence

_SENTENCES: dict[str, Any] = {
    "columns": _l("The row has %(count)s columns and should have 14.", count="{what}"),
    "frameworks": _l(
        "There should be one row with 1 in the column “Is framework”; there are %(count)s.", count="{what}"
    ),
    "scale": _l("The scale needs two values at least, with commas between them."),
    "scale-configuration": _l(
        "The configuration of the scale needs exactly one default, at least one proficient value and only values that "
        "the scale has."
    ),
    "taxonomy": _l("The taxonomy “%(words)s” has words that Moodle does not know.", words="{what}"),
    "level-text": _l("Level %(level)s has behaviours and no description.", level="{what}"),
}


@dataclass(frozen=True, slots=True)
class RowFault:
    """What is wrong in a row, counted as a spreadsheet program shows it; ``reason`` is a stable word."""

    row: int
    reason: str
    what: str = ""

    @property
    def sentence(self) -> str:
        """The fault in the language of the reader."""
        if self.reason in _SENTENCES:
            return str(_SENTENCES[self.reason]).replace("{what}", self.what)
        return fault_sentence(DictionaryFault(0, self.reason, self.what))


@dataclass(frozen=True, slots=True)
class ReadDictionary:
    """A dictionary from a file. ``framework`` is nothing where the file does not say what it is called."""

    framework: FrameworkText | None
    entries: tuple[CompetencyText, ...]
    faults: tuple[RowFault, ...]
