"""NIP, the number of a civil servant: 18 digits that tell birth, appointment and sex, hence personal data."""

from __future__ import annotations

import re

_NIP = re.compile(r"\d{18}")


def clean_nip(text: str | None) -> str | None:
    """Return the 18 digits of a NIP without spaces or a leading apostrophe, or nothing when it is none."""
    digits = (text or "").replace(" ", "").lstrip("'")
    return digits if _NIP.fullmatch(digits) and digits.isascii() else None


def mask_nip(nip: str) -> str:
    """Hide the birth date, the first eight digits."""
    return "•" * 8 + nip[8:]
