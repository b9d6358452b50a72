"""Cells become values: marshmallow fields whose errors are codes, so that a row's faults can be told in any language.

What they return can be kept as JSON as it is: text, whole numbers, true and false; days and decimals as text.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from marshmallow import ValidationError, fields

from lms_bridge.domain.days import read_day
from lms_bridge.domain.nip import BadNip, read_nip

_CODES: dict[str, str | list[Any] | dict[Any, Any]] = {
    "required": "missing",
    "null": "missing",
    "validator_failed": "invalid",
}


class Cell(fields.Field[Any]):
    """A cell of text. Blanks around and within are one space."""

    default_error_messages = _CODES

    def __init__(self, *, longest: int = 255, **options: Any) -> None:
        super().__init__(**options)
        self.longest = longest

    def _deserialize(self, value: str, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> Any:
        text = " ".join(value.split())
        if len(text) > self.longest:
            raise ValidationError(f"too-long:{self.longest}")
        return self.read(text)

    def read(self, text: str) -> Any:
        """Return the value of a text that is not empty."""
        return text


class CodeCell(Cell):
    """A short code. Case is kept, for codes are the agency's own."""

    def __init__(self, **options: Any) -> None:
        super().__init__(longest=64, **options)


class NipCell(Cell):
    """A NIP of 18 digits."""

    def read(self, text: str) -> str:
        try:
            return read_nip(text)
        except BadNip as error:
            raise ValidationError(error.fault.value) from error


class DayCell(Cell):
    """A day, kept as ISO text."""

    def read(self, text: str) -> str:
        try:
            return read_day(text).isoformat()
        except ValueError as error:
            raise ValidationError("day") from error


class ChoiceCell(Cell):
    """One of several words; the official words and the codes are taken, whatever their case."""

    def __init__(self, words: Mapping[str, str], **options: Any) -> None:
        super().__init__(**options)
        self.codes = {folded(word): code for word, code in words.items()} | {
            folded(code): code for code in words.values()
        }

    def read(self, text: str) -> str:
        code = self.codes.get(folded(text))
        if code is None:
            raise ValidationError("choice")
        return code


class YesNoCell(Cell):
    """Ya or tidak."""

    words = {"ya": True, "yes": True, "y": True, "true": True, "1": True}
    others = {"tidak": False, "no": False, "t": False, "n": False, "false": False, "0": False, "-": False}

    def read(self, text: str) -> bool:
        answer = (self.words | self.others).get(text.lower())
        if answer is None:
            raise ValidationError("yes-no")
        return answer


class NumberCell(Cell):
    """A number that is not negative, with decimal comma or point; thousands may be parted by points."""

    def __init__(self, *, places: int, largest: int, least: int = 0, **options: Any) -> None:
        super().__init__(**options)
        self.places, self.least, self.largest = places, least, largest

    def read(self, text: str) -> str | int:
        bare = text.replace(" ", "").removeprefix("Rp").removeprefix(".")
        if "," in bare or bare.count(".") > 1:
            bare = bare.replace(".", "").replace(",", ".")
        try:
            number = Decimal(bare)
        except InvalidOperation as error:
            raise ValidationError("number") from error
        if not number.is_finite() or not self.least <= number <= self.largest or number != round(number, self.places):
            raise ValidationError("number")
        return str(number) if self.places else int(number)


class EmailCell(Cell):
    """An address as it is written; that it has the form of one is all that is checked."""

    def read(self, text: str) -> str:
        name, at, domain = text.partition("@")
        if not (name and at and "." in domain and " " not in text):
            raise ValidationError("email")
        return text


def folded(text: str) -> str:
    """Return a word or heading as it is compared: lower case, only letters and digits, single spaces."""
    return " ".join("".join(sign if sign.isalnum() else " " for sign in text.casefold()).split())
