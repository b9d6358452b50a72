"""What can be wrong with a row, told so that whoever made the list can mend it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

_SENTENCES: dict[str, Any] = {
    "missing": _l("must be filled in"),
    "too-long": _l("is longer than %(what)s characters"),
    "invalid": _l("has a form that is not known"),
    "nip-length": _l("is no NIP: it must have exactly 18 digits"),
    "nip-number-format": _l(
        "was turned into a number by Excel (1.97809E+17), and its last digits are lost. Set the column to the format "
        "Text, then type or paste the NIP again from its source"
    ),
    "nip-trailing-zeros": _l(
        "ends in 000: Excel keeps only 15 digits of a number and has replaced the last three by zeros. Set the column "
        "to the format Text, then type or paste the NIP again from its source"
    ),
    "nip-birth": _l("is no NIP: its first eight digits are no birth date (yyyymmdd)"),
    "nip-appointment": _l(
        "is no NIP: digits 9 to 14 must be year and month of appointment (PNS), or a year and a code from 21 on (PPPK)"
    ),
    "nip-sex": _l("is no NIP: digit 15 must be 1 or 2"),
    "nip-not-pns": _l("is the number of a PPPK (digits 13 and 14 are 21 or more), but the status says PNS"),
    "nip-not-pppk": _l("is the number of a PNS (digits 13 and 14 are a month), but the status says PPPK"),
    "day": _l("is no date. Write 31-12-2026, 31/12/2026 or 2026-12-31"),
    "days-order": _l("must be later than the day on which it begins"),
    "choice": _l("is none of the words of the list in the template"),
    "yes-no": _l("must be Ya or Tidak"),
    "number": _l("is no number that can stand here"),
    "email": _l("is no e-mail address"),
    "level-of-type": _l("does not belong to this type of post"),
    "unknown": _l("“%(what)s” is not known. Import it first, or correct the code"),
    "twice": _l("stands already in row %(what)s of the same file"),
    "circle": _l("leads in a circle back to the unit itself"),
    "ended": _l("must be filled in for whoever completed or failed, and only for them"),
    "status-back": _l("would take back a result that is recorded already. Correct it in the console"),
    "post-elsewhere": _l("is not the unit that has this post for itself"),
    "unit-not-then": _l("lies outside the time in which the unit exists"),
    "overlaps": _l("begins while the same person holds this very post in this unit already; end that first"),
    "own-superior": _l("is the NIP of the person themselves"),
    "no-placement": _l("is a day on which this person holds no such post. Import the placement first"),
    "several-placements": _l("must be filled in: this person holds several posts on that day"),
    "unit-moves": _l("differs from where the unit lies now. Move the unit in the console, which asks for the day"),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of one row: the field, a stable code, and what the sentence needs."""

    field: str
    code: str
    what: str = ""

    def __str__(self) -> str:
        return f"{self.field}:{self.code}:{self.what}"

    @classmethod
    def parse(cls, text: str) -> Fault:
        """Return the fault that was stored as text."""
        return cls(*text.split(":", 2))

    def sentence(self, title: Any) -> str:
        """Return what is wrong and what to do, in the language of the reader; ``title`` is the column's."""
        return f"{title}: {str(_SENTENCES[self.code]).replace('%(what)s', self.what)}."
