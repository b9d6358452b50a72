"""NIP, the number of a civil servant: 18 digits that tell birth, appointment and sex, hence personal data."""

from __future__ import annotations

import datetime as dt
import re
from enum import Enum

_NIP = re.compile(r"\d{18}")
_NUMBER_FORMAT = re.compile(r"\d([.,]\d+)?[eE]\+?\d+")
PPPK_FROM = 21
"""Digits 13 and 14 of an NI PPPK are a frequency code from 21 on; of a PNS they are the month of appointment."""
YOUNGEST = 16


class NipFault(Enum):
    """Why a text is no NIP; the value is the stable code that error files explain."""

    LENGTH = "nip-length"
    NUMBER_FORMAT = "nip-number-format"
    TRAILING_ZEROS = "nip-trailing-zeros"
    BIRTH = "nip-birth"
    APPOINTMENT = "nip-appointment"
    SEX = "nip-sex"
    NOT_PNS = "nip-not-pns"
    NOT_PPPK = "nip-not-pppk"


class BadNip(ValueError):
    """A text is no NIP; ``fault`` says why."""

    def __init__(self, fault: NipFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


def clean_nip(text: str | None) -> str | None:
    """Return the 18 digits of a NIP without spaces or a leading apostrophe, or nothing when it is none."""
    digits = _bare(text or "")
    return digits if _NIP.fullmatch(digits) and digits.isascii() else None


def read_nip(text: str) -> str:
    """Return the 18 digits of a NIP from a list, checked as far as a number without check digit allows.

    :raises BadNip: Excel has made a number of it, or its digits tell no birth, appointment or sex.
    """
    digits = _bare(text)
    if _NUMBER_FORMAT.fullmatch(digits):
        raise BadNip(NipFault.NUMBER_FORMAT)
    if not _NIP.fullmatch(digits) or not digits.isascii():
        raise BadNip(NipFault.LENGTH)
    if digits.endswith("000"):
        # Fifteen digits are all that a number in Excel keeps; no serial number is 000.
        raise BadNip(NipFault.TRAILING_ZEROS)
    born = _day(digits[:8])
    if born is None:
        raise BadNip(NipFault.BIRTH)
    year, month = int(digits[8:12]), int(digits[12:14])
    if not (1 <= month <= 12 or month >= PPPK_FROM) or not born.year + YOUNGEST <= year <= born.year + 65:
        raise BadNip(NipFault.APPOINTMENT)
    if digits[14] not in "12":
        raise BadNip(NipFault.SEX)
    return digits


def employment_of(nip: str, *, told: str | None = None) -> str:
    """Return ``PNS`` or ``PPPK``, as the month digits of a valid NIP say.

    :param told: what the list says, which must be the same.
    :raises BadNip: it is not.
    """
    employment = "PPPK" if int(nip[12:14]) >= PPPK_FROM else "PNS"
    if told is not None and told != employment:
        raise BadNip(NipFault.NOT_PPPK if told == "PPPK" else NipFault.NOT_PNS)
    return employment


def mask_nip(nip: str) -> str:
    """Hide the birth date, the first eight digits."""
    return "•" * 8 + nip[8:]


def spaced_nip(nip: str) -> str:
    """Write a NIP in its official groups, ``19780511 200312 1 002``; anything else stays as it is."""
    return f"{nip[:8]} {nip[8:14]} {nip[14]} {nip[15:]}" if len(nip) == 18 and " " not in nip else nip


def _bare(text: str) -> str:
    return "".join(text.split()).replace("\N{NO-BREAK SPACE}", "").lstrip("'’`")


def _day(digits: str) -> dt.date | None:
    try:
        day = dt.date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None
    return day if 1900 <= day.year <= 2100 else None
