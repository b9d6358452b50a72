"""Make the workbook that nobody wants to get: ``python -m tests.imports.messy FILE``, 1,000 people, every usual fault.

It has titles and merged cells above the headings, a column "No", names with degrees and with one word only, text that a
spreadsheet would take for a formula, days in four forms, and rows with each fault that a list of people can have.
"""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Any

import xlsxwriter

ROWS = 1_000
EVERY = 19
"""One row in so many has a fault, each kind of fault in turn."""
HEADINGS = ("No", "NIP/NI PPPK", "Nama dan Gelar", "Status Pegawai", "Gol.", "Surel", "Keterangan")
FAULTS = (
    "nip-number-format",
    "nip-trailing-zeros",
    "nip-length",
    "nip-birth",
    "nip-appointment",
    "nip-sex",
    "nip-not-pns",
    "nip-not-pppk",
    "missing",
    "twice",
    "choice",
    "email",
    "too-long",
)


def nip_of(number: int, *, pppk: bool = False) -> str:
    """Return the NIP of an invented person; each number has its own."""
    born = dt.date(1970, 1, 1) + dt.timedelta(days=number * 7)
    month = "21" if pppk else f"{number % 12 + 1:02}"
    return f"{born:%Y%m%d}{born.year + 25}{month}{number % 2 + 1}{number % 900 + 1:03}"


def good_row(number: int) -> list[Any]:
    """Return a row without fault, written in one of the ways that are accepted."""
    pppk = number % 4 == 0
    nip = nip_of(number, pppk=pppk)
    written = (nip, f"'{nip}", f"{nip[:8]} {nip[8:14]} {nip[14]} {nip[15:]}", f" {nip} ")[number % 4]
    name = ("Suharto", "Dr. Ani Lestari, S.E., M.Si.", "=Budi", "Ni Luh  Putu", "@siti", "André")[number % 6]
    return [
        number,
        written,
        f"{name} {number}" if number % 6 else "Suharto",
        "PPPK" if pppk else "PNS",
        "IX" if pppk else "III/b",
        f"pegawai{number}@example.go.id",
        "+62 811 000",
    ]


def faulty_row(number: int, fault: str) -> list[Any]:
    """Return the row of a person with a fault; ``good_row`` with the same number is how it should have been."""
    row, pppk = good_row(number), number % 4 == 0
    nip = nip_of(number, pppk=pppk)
    if fault == "nip-number-format":
        row[1] = int(nip)
    elif fault == "nip-trailing-zeros":
        row[1] = f"{nip[:15]}000"
    elif fault == "nip-length":
        row[1] = nip[:17]
    elif fault == "nip-birth":
        row[1] = f"{nip[:4]}1399{nip[8:]}"
    elif fault == "nip-appointment":
        row[1] = f"{nip[:12]}13{nip[14:]}"
    elif fault == "nip-sex":
        row[1] = f"{nip[:14]}7{nip[15:]}"
    elif fault == "nip-not-pns":
        row[1], row[3] = f"{nip[:12]}21{nip[14:]}", "PNS"
    elif fault == "nip-not-pppk":
        row[1], row[3] = f"{nip[:12]}05{nip[14:]}", "PPPK"
    elif fault == "missing":
        row[2] = ""
    elif fault == "twice":
        row[1], row[3] = nip_of(1), "PNS"
    elif fault == "choice":
        row[4] = "III/z"
    elif fault == "email":
        row[5] = "tidak ada"
    elif fault == "too-long":
        row[2] = "Nama " * 100
    return row


def faults_by_number() -> dict[int, str]:
    """Return which of the numbered people has which fault."""
    places = range(EVERY, ROWS + 1, EVERY)
    return {number: FAULTS[place % len(FAULTS)] for place, number in enumerate(places)}


def write(path: Path) -> None:
    """Write the workbook."""
    book = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet("Pegawai 2026")
    sheet.merge_range("A1:G1", "DAFTAR PEGAWAI PEMERINTAH KOTA NUSARAYA")
    sheet.merge_range("A2:G2", "Keadaan 1 Januari 2026")
    sheet.write_row(3, 0, HEADINGS)
    faulty = faults_by_number()
    for number in range(1, ROWS + 1):
        row = faulty_row(number, faulty[number]) if number in faulty else good_row(number)
        sheet.write_row(number + 3 + number // 100, 0, row)  # a blank row after each hundred
    book.close()


if __name__ == "__main__":
    write(Path(sys.argv[1]))
