"""Moodle's file of a competency framework: fourteen columns, one row for the framework and one for each competency.

Columns are matched by order, as Moodle's import form begins with; the headings are free. What we do not use of a row is
kept and written back, so that a file that comes and goes loses nothing.
"""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lms_bridge.api import CompetencyText, FrameworkText, faults_of
from lms_bridge_competency.dictionary.reading import ReadDictionary, RowFault

HEADINGS = (
    "Parent ID number",
    "ID number",
    "Short name",
    "Description",
    "Description format",
    "Scale values",
    "Scale configuration",
    "Rule type (optional)",
    "Rule outcome (optional)",
    "Rule config (optional)",
    "Cross-referenced competency ID numbers",
    "Exported ID (optional)",
    "Is framework",
    "Taxonomy",
)
SCALE = "Belum menunjukkan,Level 1,Level 2,Level 3,Level 4,Level 5"
SCALE_CONFIGURATION = json.dumps(
    [{"scaleid": "1"}]
    + [{"id": place, "scaledefault": int(place == 1), "proficient": int(place > 1)} for place in range(1, 7)],
    separators=(",", ":"),
)
TAXONOMY = "competency,competency,competency,competency"
_TAXONOMIES = frozenset(
    {"behaviour", "competency", "concept", "domain", "indicator", "level", "outcome", "practice"}
    | {"proficiency", "skill", "value"}
)
_HTML = "1"
_CUT_AT = 100
"""Characters of a name that Moodle keeps."""
_KEPT = {"scale": 5, "scale_configuration": 6, "rule": 7, "rule_outcome": 8, "rule_config": 9, "exported_id": 11}
_LONGEST_CELL = 1_000_000


def looks_like_moodle(content: bytes) -> bool:
    """Say whether a file has fourteen columns and a row that says it is a framework."""
    try:
        rows = _rows(content)
        return len(next(rows)) == len(HEADINGS) and any(row[12].strip() == "1" for row in rows if len(row) > 12)
    except (StopIteration, UnicodeDecodeError, csv.Error):
        return False


def read_moodle(content: bytes) -> ReadDictionary:
    """Return what a file holds, with every fault and the row it stands in."""
    faults: list[RowFault] = []
    owners: list[tuple[int, list[str]]] = []
    entries: list[tuple[int, list[str]]] = []
    rows = _rows(content)
    next(rows)
    for number, row in enumerate(rows, start=2):
        if not any(row):
            continue
        if len(row) != len(HEADINGS):
            faults.append(RowFault(number, "columns", str(len(row))))
        else:
            (owners if row[12].strip() == "1" else entries).append((number, row))
    if len(owners) != 1:
        faults.append(RowFault(owners[1][0] if owners else 1, "frameworks", str(len(owners))))
    framework = None
    if owners:
        faults += _framework_faults(*owners[0])
        framework = _framework(owners[0][1])
    texts = [_entry(row) for _number, row in entries]
    for number, row in entries:
        if row[5] or row[6]:
            faults += _scale_faults(number, row)
    faults += [
        RowFault(entries[min(fault.place, len(entries) - 1)][0], fault.reason, fault.what) for fault in faults_of(texts)
    ]
    return ReadDictionary(framework, tuple(texts), tuple(sorted(faults, key=lambda fault: fault.row)))


def _rows(content: bytes) -> Iterator[list[str]]:
    text = content.decode("utf-8-sig")
    first = text.partition("\n")[0]
    csv.field_size_limit(_LONGEST_CELL)
    return csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))


def _framework(row: Sequence[str]) -> FrameworkText:
    family, version = _parts(row[1])
    kept = {"idnumber": row[1], "description": row[3], "format": row[4], "taxonomy": row[13]}
    return FrameworkText(
        family=family, version=version, title_id=row[2][:255], interchange={"moodle": kept | _kept(row)}
    )


def _parts(idnumber: str) -> tuple[str, str]:
    """Return family and version that an ID number names; one without a hyphen is a first version."""
    family, dash, version = re.sub(r"[\s:/?#]+", "-", idnumber).strip("-").rpartition("-")
    return (family[:31], version[:31]) if dash else (version[:31], "1")


def _kept(row: Sequence[str]) -> dict[str, str]:
    return {name: row[place] for name, place in _KEPT.items() if row[place]}


def _entry(row: Sequence[str]) -> CompetencyText:
    marked = "<" in row[3] or row[4] not in {"", _HTML}
    kept = _kept(row) | ({"format": row[4]} if marked else {})
    return CompetencyText(
        code=row[1],
        name_id=row[2],
        definition_id=row[3] if marked else html.unescape(row[3]),
        parent=row[0] or None,
        related=tuple(code.replace("%2C", ",") for code in row[10].split(",") if code),
        interchange={"moodle": kept} if kept else {},
    )


def _framework_faults(number: int, row: Sequence[str]) -> Iterator[RowFault]:
    if not row[1].strip():
        yield RowFault(number, "code-missing")
    if not row[2].strip():
        yield RowFault(number, "name-missing")
    yield from _scale_faults(number, row)
    words = [word.strip() for word in row[13].split(",") if word.strip()]
    if len(words) > 4 or not set(words) <= _TAXONOMIES:
        yield RowFault(number, "taxonomy", row[13][:80])


def _scale_faults(number: int, row: Sequence[str]) -> Iterator[RowFault]:
    values = [value for value in row[5].split(",") if value.strip()]
    if len(values) < 2:
        yield RowFault(number, "scale", row[5][:80])
        return
    try:
        places = [one for one in json.loads(row[6]) if "id" in one]
        defaults = [one for one in places if int(one.get("scaledefault") or 0)]
        proficient = [one for one in places if int(one.get("proficient") or 0)]
        fits = all(1 <= int(one["id"]) <= len(values) for one in places)
    except (ValueError, TypeError, AttributeError):
        fits, defaults, proficient = False, [], []
    if not fits or len(defaults) != 1 or not proficient:
        yield RowFault(number, "scale-configuration")


def write_moodle(framework: FrameworkText, entries: Sequence[CompetencyText]) -> bytes:
    """Return the file of a dictionary, in UTF-8 with commas, as Moodle takes it."""
    target = io.StringIO(newline="")
    writer = csv.writer(target)
    writer.writerow(HEADINGS)
    writer.writerow(_framework_row(framework))
    writer.writerows(_entry_row(entry) for entry in entries)
    return target.getvalue().encode()


def _framework_row(framework: FrameworkText) -> list[str]:
    kept = framework.interchange.get("moodle", {})
    row = [""] * len(HEADINGS)
    # A next version keeps what its file said, but not the number, which is of the version before.
    told = kept.get("idnumber", "")
    row[1] = told if _parts(told) == (framework.family, framework.version) else framework.code
    row[2] = framework.title_id
    row[3], row[4] = kept.get("description", html.escape(framework.source, quote=False)), kept.get("format", _HTML)
    row[12], row[13] = "1", kept.get("taxonomy", TAXONOMY)
    return _with_kept(row, {"scale": SCALE, "scale_configuration": SCALE_CONFIGURATION} | kept)


def _entry_row(entry: CompetencyText) -> list[str]:
    kept = entry.interchange.get("moodle", {})
    row = [""] * len(HEADINGS)
    row[0], row[1], row[2] = entry.parent or "", entry.code, entry.name_id
    row[3] = entry.definition_id if "format" in kept else html.escape(entry.definition_id, quote=False)
    row[4] = kept.get("format", _HTML)
    row[10] = ",".join(code.replace(",", "%2C") for code in entry.related)
    return _with_kept(row, kept)


def _with_kept(row: list[str], kept: Mapping[str, Any]) -> list[str]:
    for name, place in _KEPT.items():
        row[place] = kept.get(name, "")
    return row


def left_out(entries: Sequence[CompetencyText]) -> dict[str, int]:
    """Count what a dictionary holds and Moodle's file cannot, by a stable word; only what there is."""
    counted = {
        "english": sum(bool(entry.name_en or entry.definition_en) for entry in entries),
        "levels": sum(bool(entry.levels) for entry in entries),
        "clusters": sum(bool(entry.cluster) for entry in entries),
        "long-names": sum(len(entry.name_id) > _CUT_AT for entry in entries),
    }
    return {word: number for word, number in counted.items() if number}
