"""What can be imported: for each kind its columns, its natural key, and the table it fills."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import Schema, ValidationError, post_load
from sqlalchemy import Table

from lms_bridge.domain.nip import BadNip, employment_of, read_nip
from lms_bridge.imports import grants
from lms_bridge.imports.cells import Cell, ChoiceCell, CodeCell, DayCell, EmailCell, NipCell, YesNoCell
from lms_bridge.models import Person, Placement, PlacementKind, Post, Unit

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
YES_NO = {"Ya": "yes", "Tidak": "no"}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a list. ``headings`` are other names by which agencies know it, Indonesian and English."""

    field: str
    title: Any
    cell: Cell
    headings: tuple[str, ...] = ()
    example: str = ""
    choices: tuple[str, ...] = ()

    @property
    def required(self) -> bool:
        return self.cell.required


@dataclass(frozen=True, slots=True)
class Reference:
    """That a field names a row of another table by its code: ``column`` takes that row's id."""

    table: Table
    key: str
    column: str


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of list. ``key`` are columns of the table by which a row is the same one in the next import."""

    name: str
    title: Any
    table: Table
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    sets: tuple[str, ...]
    """Columns of the table that a row of the list fills, the key among them."""
    schema: Schema
    references: Mapping[str, Reference] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    """What a new row holds where the list says nothing."""
    owned: frozenset[str] = frozenset()
    """Tables whose rows hang on a row of this one without being anybody's work."""
    check: Callable[[int], None] | None = None
    """Looks at all staged rows together and marks the faulty."""
    after: Callable[[int], None] | None = None
    """Completes new rows, within the transaction that made them; ``before_undo`` takes that back."""
    before_undo: Callable[[int], None] | None = None

    def column(self, name: str) -> Column | None:
        """Return the column of a field, or nothing when the kind has none such."""
        return next((column for column in self.columns if column.field == name), None)


class _Rows(Schema):
    """Rows of a list; every field is a cell of text that is not empty."""


class _PersonRows(_Rows):
    @post_load
    def agree(self, data: dict[str, Any], **options: Any) -> dict[str, Any]:
        """The month digits of the NIP and the status must say the same; where the list says no status, they do."""
        try:
            read_nip(data["nip"], employment=data.setdefault("employment", employment_of(data["nip"])))
        except BadNip as error:
            raise ValidationError(error.fault.value, "nip") from error
        return data


class _PostRows(_Rows):
    @post_load
    def agree(self, data: dict[str, Any], **options: Any) -> dict[str, Any]:
        if data["level"] not in LEVELS_OF[data["type"]]:
            raise ValidationError("level-of-type", "level")
        return data


class _DatedRows(_Rows):
    @post_load
    def in_order(self, data: dict[str, Any], **options: Any) -> dict[str, Any]:
        if "valid_to" in data and data["valid_to"] <= data["valid_from"]:
            raise ValidationError("days-order", "valid_to")
        return data


def _schema(base: type[Schema], columns: tuple[Column, ...]) -> Schema:
    return type(base.__name__.strip("_"), (base,), {column.field: column.cell for column in columns})()


def _choices(words: Mapping[str, str]) -> tuple[str, ...]:
    """Return one word for each code, the first."""
    firsts: dict[str, str] = {}
    for word, code in words.items():
        firsts.setdefault(code, word)
    return tuple(firsts.values())


_POSTS = (
    Column(
        "code",
        _l("Post code"),
        CodeCell(required=True),
        ("kode jabatan", "code"),
        "J001",
    ),
    Column(
        "name",
        _l("Post name"),
        Cell(required=True),
        ("nama jabatan", "jabatan", "name", "position"),
        "Analis Kebijakan Ahli Muda",
    ),
    Column(
        "type",
        _l("Post type"),
        ChoiceCell(POST_TYPES, required=True),
        ("jenis jabatan", "kelompok jabatan", "type"),
        "JF keahlian",
        _choices(POST_TYPES),
    ),
    Column(
        "level",
        _l("Post level"),
        ChoiceCell(POST_LEVELS, required=True),
        ("jenjang jabatan", "jenjang", "level"),
        "Ahli muda",
        _choices(POST_LEVELS),
    ),
    Column(
        "heads_unit",
        _l("Heads its unit"),
        YesNoCell(),
        ("memimpin unit", "kepala unit", "head of unit"),
        "Tidak",
        ("Ya", "Tidak"),
    ),
)
_PEOPLE = (
    Column(
        "nip",
        _l("NIP"),
        NipCell(required=True),
        ("nip baru", "nomor induk pegawai", "ni pppk", "nip nippppk"),
        "198809232012122001",
    ),
    Column(
        "name",
        _l("Name with degrees"),
        Cell(required=True),
        ("nama", "nama lengkap", "nama pegawai", "nama dan gelar", "name", "full name"),
        "Dewi Anggraini, S.Psi.",
    ),
    Column(
        "employment",
        _l("Employment status"),
        ChoiceCell(EMPLOYMENT),
        ("status kepegawaian", "status pegawai", "status asn", "kedudukan", "status"),
        "PNS",
        _choices(EMPLOYMENT),
    ),
    Column(
        "grade",
        _l("Grade"),
        ChoiceCell(GRADES),
        ("golongan", "gol", "golongan ruang", "gol ruang", "pangkat golongan"),
        "III/c",
        tuple(GRADES),
    ),
    Column(
        "email",
        _l("E-mail"),
        EmailCell(),
        ("surel", "email", "alamat email", "e mail"),
        "dewi@example.go.id",
    ),
)
_PLACEMENTS = (
    Column(
        "person",
        _l("NIP"),
        NipCell(required=True),
        ("nip baru", "nomor induk pegawai", "ni pppk"),
        "198809232012122001",
    ),
    Column(
        "post",
        _l("Post code"),
        CodeCell(required=True),
        ("kode jabatan",),
        "J001",
    ),
    Column(
        "unit",
        _l("Unit code"),
        CodeCell(required=True),
        ("kode unit", "kode unit kerja", "kode unor"),
        "B01",
    ),
    Column(
        "kind",
        _l("Held as"),
        ChoiceCell(PLACEMENT_KINDS, load_default=PlacementKind.DEFINITIVE.value),
        ("status jabatan", "jenis penempatan", "sifat penempatan", "kind"),
        "Definitif",
        _choices(PLACEMENT_KINDS),
    ),
    Column(
        "valid_from",
        _l("Holds it from"),
        DayCell(required=True),
        ("tmt jabatan", "tmt", "tanggal mulai", "start date"),
        "01-01-2026",
    ),
    Column(
        "valid_to",
        _l("Until before"),
        DayCell(),
        ("tanggal berakhir", "sampai", "selesai", "end date"),
        "",
    ),
)
_PERSON = Reference(Person.__table__, "nip", "person_id")

KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "posts",
            _l("Posts"),
            Post.__table__,
            _POSTS,
            key=("code",),
            sets=("code", "name", "type", "level", "heads_unit"),
            schema=_schema(_PostRows, _POSTS),
            defaults={"heads_unit": False},
        ),
        Kind(
            "people",
            _l("People"),
            Person.__table__,
            _PEOPLE,
            key=("nip",),
            sets=("nip", "name", "employment", "grade", "email"),
            schema=_schema(_PersonRows, _PEOPLE),
            after=grants.hand_out,
            before_undo=grants.take_back,
        ),
        Kind(
            "placements",
            _l("Placements"),
            Placement.__table__,
            _PLACEMENTS,
            key=("person_id", "post_id", "unit_id", "kind", "valid_from"),
            sets=("person_id", "post_id", "unit_id", "kind", "valid_from", "valid_to"),
            schema=_schema(_DatedRows, _PLACEMENTS),
            references={
                "person": _PERSON,
                "post": Reference(Post.__table__, "code", "post_id"),
                "unit": Reference(Unit.__table__, "code", "unit_id"),
            },
        ),
    )
}
