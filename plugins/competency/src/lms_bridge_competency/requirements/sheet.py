"""Requirements as a sheet: a row for each post and competency, for many posts at once, out and in again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from lms_bridge.api import Column, ColumnKind, Post, Row, Table, _, _l, competencies, competencies_by_key, db
from lms_bridge_competency.reference import FRAMEWORK
from lms_bridge_competency.requirements.setting import Subject, own_levels
from lms_bridge_competency.standards import dictionary_for

HEADINGS = ("kode_jabatan", "jabatan", "jenjang", "kompetensi", "nama_kompetensi", "level")
"""The same in every language, so that a file goes from one office to another."""
_NEEDED = ("kode_jabatan", "kompetensi", "level")
_ROWS_SEARCHED = 30
_SENTENCES: dict[str, Any] = {
    "post": _l("There is no post with the code “%(what)s”.", what="{what}"),
    "competency": _l("There is no competency “%(what)s” in an approved dictionary.", what="{what}"),
    "level": _l("“%(what)s” is no level: 0 to 5, or empty for what applies otherwise.", what="{what}"),
    "twice": _l("The post has “%(what)s” twice.", what="{what}"),
}


@dataclass(frozen=True, slots=True)
class SheetFault:
    """What is wrong in a row, counted as a spreadsheet program shows it; ``reason`` is a stable word."""

    row: int
    reason: str
    what: str

    @property
    def sentence(self) -> str:
        """The fault in the language of the reader."""
        return str(_SENTENCES[self.reason]).replace("{what}", self.what[:80])


@dataclass(frozen=True, slots=True)
class ReadRequirements:
    """What a sheet asks for, and what is wrong in it."""

    wanted: Mapping[Subject, Mapping[str, int | None]]
    faults: tuple[SheetFault, ...]


def read_sheet(rows: Sequence[Row]) -> ReadRequirements | None:
    """Return what the rows of a sheet ask for; nothing where no row has our headings."""
    for place, row in enumerate(rows[:_ROWS_SEARCHED]):
        names = [cell.strip().lower() for cell in row.cells]
        if set(names) >= set(_NEEDED):
            return _read([names.index(name) for name in _NEEDED], rows[place + 1 :])
    return None


def _read(columns: Sequence[int], rows: Sequence[Row]) -> ReadRequirements:
    cells = [(row.number, *_cells(row, columns)) for row in rows]
    posts = {code: post_id for post_id, code in db.session.execute(select(Post.id, Post.code))}
    short = {one.code: one.key for one in competencies(FRAMEWORK)}
    keys = competencies_by_key(short.get(competency, competency) for _number, _post, competency, _level in cells)
    wanted: dict[Subject, dict[str, int | None]] = {}
    faults: list[SheetFault] = []
    for number, post, competency, level in cells:
        key = short.get(competency, competency)
        levels = wanted.setdefault(Subject(posts.get(post)), {})
        if fault := _fault(post in posts, key in keys, level, key in levels):
            what = {"post": post, "level": level}.get(fault, competency)
            faults.append(SheetFault(number, fault, what))
        else:
            levels[key] = int(level) if level else None
    return ReadRequirements(wanted, tuple(faults))


def _cells(row: Row, columns: Sequence[int]) -> tuple[str, str, str]:
    post, competency, level = (row.cells[place].strip() if place < len(row.cells) else "" for place in columns)
    return post, competency, level.removesuffix(".0")


def _fault(post: bool, competency: bool, level: str, twice: bool) -> str | None:
    if not post:
        return "post"
    if not competency:
        return "competency"
    if level not in {"", "0", "1", "2", "3", "4", "5"}:
        return "level"
    return "twice" if twice else None


def sheet_table(posts: Iterable[Post]) -> Table:
    """Return what posts require of their own as a table; an empty level means that the wider rule applies.

    Each post has a row for every official competency, so that the sheet can be filled in and read again.
    """
    listed = list(posts)
    own = own_levels([Subject(post.id) for post in listed])
    return Table(
        name="competency.requirements",
        title=_("Requirements of posts"),
        columns=[*(Column(name) for name in HEADINGS[:-1]), Column(HEADINGS[-1], ColumnKind.WHOLE)],
        rows=_rows(listed, {subject.post_id: rows for subject, rows in own.items()}),
        scope=_("All posts"),
        notes=[
            _("An empty level means that what the agency requires of all posts of that level applies, or the default."),
            _("Rows that you delete change nothing when the sheet is read again."),
        ],
    )


def _rows(posts: Iterable[Post], own: Mapping[int | None, Mapping[str, Any]]) -> Iterator[list[str | int | None]]:
    shown = dictionary_for({key for rows in own.values() for key in rows})
    official = {one.key for one in competencies(FRAMEWORK)}
    for post in posts:
        mine = own.get(post.id, {})
        for one in shown:
            if one.key in official or one.key in mine:
                level = mine[one.key].level if one.key in mine else None
                yield [post.code, post.name, post.level, one.code, one.name, level]
