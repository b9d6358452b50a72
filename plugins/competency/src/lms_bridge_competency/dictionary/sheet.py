"""Our own sheet of a dictionary: a row for each competency, with five levels and their behaviours in both languages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest

from lms_bridge.api import (
    Column,
    CompetencyText,
    FrameworkView,
    IndicatorText,
    LevelText,
    Row,
    Table,
    _,
    faults_of,
)
from lms_bridge_competency.dictionary.reading import ReadDictionary, RowFault

FIRST = ("kode", "induk", "rumpun", "nama_id", "nama_en", "definisi_id", "definisi_en", "rujukan")
"""Headings that are the same in every language, so that a file goes from one office to another."""
NEEDED = frozenset({"kode", "nama_id"})
_ROWS_SEARCHED = 30


def headings() -> list[str]:
    """Return all headings in their order."""
    parts = ("level{}_id", "level{}_en", "indikator{}_id", "indikator{}_en")
    return [*FIRST, *(part.format(level) for level in range(1, 6) for part in parts)]


def read_sheet(rows: Sequence[Row]) -> ReadDictionary | None:
    """Return what the rows of a sheet hold; nothing where no row has our headings."""
    for place, row in enumerate(rows[:_ROWS_SEARCHED]):
        names = [cell.strip().lower() for cell in row.cells]
        if set(names) >= NEEDED:
            return _read([*names], rows[place + 1 :])
    return None


def _read(names: list[str], rows: Sequence[Row]) -> ReadDictionary:
    faults: list[RowFault] = []
    entries: list[CompetencyText] = []
    for row in rows:
        cells = {name: cell.strip() for name, cell in zip(names, row.cells, strict=False)}
        entry = _entry(cells)
        faults += [RowFault(row.number, "level-text", str(one.level)) for one in entry.levels if not one.title_id]
        entries.append(entry)
    numbers = [row.number for row in rows]
    faults += [
        RowFault(numbers[min(fault.place, len(numbers) - 1)], fault.reason, fault.what) for fault in faults_of(entries)
    ]
    return ReadDictionary(None, tuple(entries), tuple(sorted(faults, key=lambda fault: fault.row)))


def _entry(cells: Mapping[str, str]) -> CompetencyText:
    def cell(name: str) -> str:
        return cells.get(name, "")

    return CompetencyText(
        code=cell("kode"),
        parent=cell("induk") or None,
        cluster=cell("rumpun"),
        name_id=cell("nama_id"),
        name_en=cell("nama_en"),
        definition_id=cell("definisi_id"),
        definition_en=cell("definisi_en"),
        related=tuple(code.strip() for code in cell("rujukan").split(";") if code.strip()),
        levels=tuple(_levels(cells)),
    )


def _levels(cells: Mapping[str, str]) -> Iterator[LevelText]:
    for level in range(1, 6):
        texts = [
            cells.get(f"{kind}{level}_{language}", "") for kind in ("level", "indikator") for language in ("id", "en")
        ]
        if any(texts):
            yield LevelText(level, texts[0], texts[1], behaviours(texts[2], texts[3]))


def behaviours(indonesian: str, english: str) -> tuple[IndicatorText, ...]:
    """Return behaviours that are written one a line, in both languages in the same order."""
    pairs = zip_longest(indonesian.splitlines(), english.splitlines(), fillvalue="")
    return tuple(IndicatorText(one.strip(), other.strip()) for one, other in pairs if one.strip() or other.strip())


def sheet_table(framework: FrameworkView, entries: Iterable[CompetencyText]) -> Table:
    """Return a dictionary as a table to take away; the template is the one without entries."""
    return Table(
        name="competency.dictionary",
        title=framework.title,
        columns=[Column(heading) for heading in headings()],
        rows=(_row(entry) for entry in entries),
        scope=framework.code,
        facts={"framework": framework.id},
        notes=[
            _("One row for each competency. Behaviours stand one a line, in both languages in the same order."),
            _("“rujukan” holds the codes of related competencies with semicolons between them."),
        ],
    )


def _row(entry: CompetencyText) -> list[str | None]:
    levels = {level.level: level for level in entry.levels}
    cells = [entry.code, entry.parent, entry.cluster, entry.name_id, entry.name_en]
    cells += [entry.definition_id, entry.definition_en, ";".join(entry.related)]
    for number in range(1, 6):
        level = levels.get(number, LevelText(number, "", ""))
        cells += [level.title_id, level.title_en]
        cells += [
            "\n".join(one.text_id for one in level.indicators),
            "\n".join(one.text_en for one in level.indicators),
        ]
    return [cell or None for cell in cells]
