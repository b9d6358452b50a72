"""What can be imported. To add a kind: its columns, its key, and the rules that are its own."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from lms_bridge.imports import grants, participants, placements, tree
from lms_bridge.imports.cells import Cell, ChoiceCell, CodeCell, DayCell, EmailCell, NipCell, NumberCell, YesNoCell
from lms_bridge.imports.kinds import Column, Kind, Reference
from lms_bridge.imports.rows import DatedRows, ParticipantRows, PersonRows, PostRows, ProgrammeRows, schema_of
from lms_bridge.imports.words import (
    EMPLOYMENT,
    GRADES,
    PARTICIPANT_STATUS,
    PLACEMENT_KINDS,
    POST_LEVELS,
    POST_TYPES,
    PROGRAMME_STATUS,
    YES_NO,
    first_words,
    form_words,
)
from lms_bridge.models import (
    ParticipantStatus,
    Person,
    Placement,
    PlacementKind,
    Post,
    Programme,
    ProgrammeParticipant,
    ProgrammeStatus,
    Unit,
)

NIP_HEADINGS = ("nip baru", "nomor induk pegawai", "ni pppk", "nip nippppk", "nip ni pppk")
_UNITS = (
    Column(
        "code", _l("Unit code"), CodeCell(required=True), ("kode unit", "kode unit kerja", "kode unor", "code"), "B01"
    ),
    Column(
        "name", _l("Unit name"), Cell(required=True), ("nama unit kerja", "unit kerja", "nama unor", "name"), "Bidang A"
    ),
    Column(
        "parent",
        _l("Code of the unit above"),
        CodeCell(),
        ("kode unit induk", "kode unit atasan", "parent code", "parent"),
        "B00",
    ),
    Column(
        "valid_from",
        _l("Valid from"),
        DayCell(required=True),
        ("tanggal mulai", "tmt", "berlaku mulai", "start date"),
        "01-01-2026",
    ),
    Column("valid_to", _l("Valid until before"), DayCell(), ("tanggal berakhir", "berlaku sampai", "end date"), ""),
)
_POSTS = (
    Column("code", _l("Post code"), CodeCell(required=True), ("kode jabatan", "code"), "J001"),
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
        first_words(POST_TYPES),
    ),
    Column(
        "level",
        _l("Post level"),
        ChoiceCell(POST_LEVELS, required=True),
        ("jenjang jabatan", "jenjang", "level"),
        "Ahli muda",
        first_words(POST_LEVELS),
    ),
    Column("unit", _l("Unit code"), CodeCell(), ("kode unit", "kode unit kerja", "kode unor"), "B01"),
    Column(
        "heads_unit",
        _l("Heads its unit"),
        YesNoCell(),
        ("memimpin unit", "kepala unit", "head of unit"),
        "Tidak",
        YES_NO,
    ),
)
_PEOPLE = (
    Column("nip", _l("NIP"), NipCell(required=True), NIP_HEADINGS, "198809232012122001"),
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
        first_words(EMPLOYMENT),
    ),
    Column(
        "grade",
        _l("Grade"),
        ChoiceCell(GRADES),
        ("golongan", "gol", "golongan ruang", "gol ruang", "pangkat golongan"),
        "III/c",
        tuple(GRADES),
    ),
    Column("email", _l("E-mail"), EmailCell(), ("surel", "email", "alamat email", "e mail"), "dewi@example.go.id"),
)
_PLACEMENTS = (
    Column("person", _l("NIP"), NipCell(required=True), NIP_HEADINGS, "198809232012122001"),
    Column("post", _l("Post code"), CodeCell(required=True), ("kode jabatan",), "J001"),
    Column("unit", _l("Unit code"), CodeCell(required=True), ("kode unit", "kode unit kerja", "kode unor"), "B01"),
    Column(
        "kind",
        _l("Held as"),
        ChoiceCell(PLACEMENT_KINDS, load_default=PlacementKind.DEFINITIVE.value),
        ("status jabatan", "jenis penempatan", "sifat penempatan", "kind"),
        "Definitif",
        first_words(PLACEMENT_KINDS),
    ),
    Column(
        "valid_from",
        _l("Holds it from"),
        DayCell(required=True),
        ("tmt jabatan", "tmt", "tanggal mulai", "start date"),
        "01-01-2026",
    ),
    Column("valid_to", _l("Until before"), DayCell(), ("tanggal berakhir", "sampai", "selesai", "end date"), ""),
)
_PROGRAMMES = (
    Column(
        "code", _l("Programme code"), CodeCell(required=True), ("kode program", "kode kegiatan", "code"), "P-2026-01"
    ),
    Column(
        "title",
        _l("Programme title"),
        Cell(required=True),
        ("nama program", "judul", "nama kegiatan", "nama pelatihan", "title"),
        "Workshop Komunikasi Publik",
    ),
    Column(
        "form",
        _l("Form of development"),
        ChoiceCell(form_words(), required=True),
        ("bentuk", "jalur", "jenis pengembangan", "form"),
        "Workshop/lokakarya",
        first_words(form_words()),
    ),
    Column(
        "jp",
        _l("JP"),
        NumberCell(places=2, largest=10_000, required=True),
        ("jumlah jp", "jam pelajaran", "hours"),
        "15",
    ),
    Column(
        "cost", _l("Cost (rupiah)"), NumberCell(places=2, largest=10**12), ("biaya", "anggaran", "cost"), "12.500.000"
    ),
    Column("starts_on", _l("First day"), DayCell(), ("tanggal mulai", "mulai", "start date"), "02-03-2026"),
    Column("ends_on", _l("Last day"), DayCell(), ("tanggal selesai", "selesai", "end date"), "04-03-2026"),
    Column(
        "seats",
        _l("Seats"),
        NumberCell(places=0, largest=1_000_000, least=1),
        ("kuota", "kapasitas", "jumlah peserta", "seats"),
        "30",
    ),
    Column(
        "status",
        _l("Programme status"),
        ChoiceCell(PROGRAMME_STATUS),
        ("status", "keadaan"),
        "Direncanakan",
        first_words(PROGRAMME_STATUS),
    ),
)
_PARTICIPANTS = (
    Column(
        "programme",
        _l("Programme code"),
        CodeCell(required=True),
        ("kode program", "kode kegiatan", "code"),
        "P-2026-01",
    ),
    Column("person", _l("NIP"), NipCell(required=True), NIP_HEADINGS, "198809232012122001"),
    Column(
        "registered_on",
        _l("Registered on"),
        DayCell(required=True),
        ("tanggal daftar", "tanggal mendaftar", "registration date"),
        "10-02-2026",
    ),
    Column(
        "status",
        _l("Participation"),
        ChoiceCell(PARTICIPANT_STATUS, load_default=ParticipantStatus.REGISTERED.value),
        ("status", "hasil", "keterangan"),
        "Terdaftar",
        first_words(PARTICIPANT_STATUS),
    ),
    Column("ended_on", _l("Completed or failed on"), DayCell(), ("tanggal selesai", "tanggal lulus", "end date"), ""),
)
_PERSON = Reference(Person.__table__, "nip", "person_id")
_UNIT = Reference(Unit.__table__, "code", "unit_id")

KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "units",
            _l("Units"),
            Unit.__table__,
            _UNITS,
            key=("code",),
            sets=("code", "name", "valid_from", "valid_to"),
            keeps=frozenset({"valid_from", "valid_to"}),
            schema=schema_of(DatedRows, _UNITS),
            within="parent",
            owned=frozenset({"core_unit_closure"}),
            check=tree.check,
            after=tree.attach,
            before_undo=tree.detach,
        ),
        Kind(
            "posts",
            _l("Posts"),
            Post.__table__,
            _POSTS,
            key=("code",),
            sets=("code", "name", "type", "level", "unit_id", "heads_unit"),
            schema=schema_of(PostRows, _POSTS),
            references={"unit": _UNIT},
            defaults={"heads_unit": False},
        ),
        Kind(
            "people",
            _l("People"),
            Person.__table__,
            _PEOPLE,
            key=("nip",),
            sets=("nip", "name", "employment", "grade", "email"),
            schema=schema_of(PersonRows, _PEOPLE),
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
            schema=schema_of(DatedRows, _PLACEMENTS),
            references={
                "person": _PERSON,
                "post": Reference(Post.__table__, "code", "post_id"),
                "unit": _UNIT,
            },
            check=placements.check,
        ),
        Kind(
            "programmes",
            _l("Programmes"),
            Programme.__table__,
            _PROGRAMMES,
            key=("code",),
            sets=("code", "title", "form", "jp", "cost", "starts_on", "ends_on", "seats", "status"),
            keeps=frozenset({"status"}),
            schema=schema_of(ProgrammeRows, _PROGRAMMES),
            defaults={"status": ProgrammeStatus.PLANNED},
        ),
        Kind(
            "participants",
            _l("Participants"),
            ProgrammeParticipant.__table__,
            _PARTICIPANTS,
            key=("programme_id", "person_id"),
            sets=("programme_id", "person_id", "status", "registered_on", "ended_on"),
            schema=schema_of(ParticipantRows, _PARTICIPANTS),
            references={"person": _PERSON, "programme": Reference(Programme.__table__, "code", "programme_id")},
            check=participants.check,
        ),
    )
}
