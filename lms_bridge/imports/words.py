"""Words of lists that stand for codes: the official ones first, then those that agencies write as well."""

from __future__ import annotations

from collections.abc import Mapping

from lms_bridge.services.development_forms import forms_in

POST_TYPES = {
    "JPT": "JPT",
    "Jabatan pimpinan tinggi": "JPT",
    "JA": "JA",
    "Jabatan administrasi": "JA",
    "JF keahlian": "JF_KEAHLIAN",
    "JF keterampilan": "JF_KETERAMPILAN",
}
POST_LEVELS = {
    "JPT utama": "JPT_UTAMA",
    "JPT madya": "JPT_MADYA",
    "JPT pratama": "JPT_PRATAMA",
    "Administrator": "ADMINISTRATOR",
    "Pengawas": "PENGAWAS",
    "Pelaksana": "PELAKSANA",
    "Ahli utama": "AHLI_UTAMA",
    "Ahli madya": "AHLI_MADYA",
    "Ahli muda": "AHLI_MUDA",
    "Ahli pertama": "AHLI_PERTAMA",
    "Penyelia": "PENYELIA",
    "Mahir": "MAHIR",
    "Terampil": "TERAMPIL",
    "Pemula": "PEMULA",
}
LEVELS_OF = {
    "JPT": {"JPT_UTAMA", "JPT_MADYA", "JPT_PRATAMA"},
    "JA": {"ADMINISTRATOR", "PENGAWAS", "PELAKSANA"},
    "JF_KEAHLIAN": {"AHLI_UTAMA", "AHLI_MADYA", "AHLI_MUDA", "AHLI_PERTAMA"},
    "JF_KETERAMPILAN": {"PENYELIA", "MAHIR", "TERAMPIL", "PEMULA"},
}
EMPLOYMENT = {"PNS": "PNS", "CPNS": "PNS", "PPPK": "PPPK", "P3K": "PPPK"}
GRADES = {
    **{f"{group}/{letter}": f"{group}/{letter}" for group in ("I", "II", "III") for letter in "abcd"},
    **{f"IV/{letter}": f"IV/{letter}" for letter in "abcde"},
}
GRADES |= {
    roman: roman
    for roman in [
        "I",
        "II",
        "III",
        "IV",
        "V",
        "VI",
        "VII",
        "VIII",
        "IX",
        "X",
        "XI",
        "XII",
        "XIII",
        "XIV",
        "XV",
        "XVI",
        "XVII",
    ]
}
PLACEMENT_KINDS = {"Definitif": "definitive", "Plt": "plt", "Plh": "plh"}
SUPERIOR_KINDS = {"Struktural": "structural", "Atasan langsung": "structural", "Ketua tim": "team"}
PROGRAMME_STATUS = {
    "Direncanakan": "planned",
    "Dibuka": "open",
    "Berjalan": "running",
    "Selesai": "finished",
    "Dibatalkan": "cancelled",
}
PARTICIPANT_STATUS = {
    "Terdaftar": "registered",
    "Selesai": "completed",
    "Lulus": "completed",
    "Tidak lulus": "failed",
    "Mengundurkan diri": "withdrawn",
}
YES_NO = ("Ya", "Tidak")


def form_words() -> dict[str, str]:
    """Return the forms of development by their official Indonesian and English names."""
    return {form.name: code for language in ("id", "en") for code, form in forms_in(language).items()}


def first_words(words: Mapping[str, str]) -> tuple[str, ...]:
    """Return one word for each code, the first."""
    firsts: dict[str, str] = {}
    for word, code in words.items():
        firsts.setdefault(code, word)
    return tuple(firsts.values())
