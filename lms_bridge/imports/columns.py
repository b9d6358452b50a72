"""The columns of each list: how agencies call them, what may stand in them, an example."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from lms_bridge.imports.cells import Cell, ChoiceCell, CodeCell, DayCell, EmailCell, NipCell, NumberCell, YesNoCell
from lms_bridge.imports.kinds import Column
from lms_bridge.imports.words import (
    EMPLOYMENT,
    GRADES,
    PARTICIPANT_STATUS,
    PLACEMENT_KINDS,
    POST_LEVELS,
    POST_TYPES,
    PROGRAMME_STATUS,
    SUPERIOR_KINDS,
    YES_NO,
    first_words,
    form_words,
)
from lms_bridge.models import ParticipantStatus, PlacementKind, SuperiorKind

NIP_HEADINGS = ("nip baru", "nomor induk pegawai", "ni pppk", "nip nippppk", "nip ni pppk")
UNITS = (
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
POSTS = (
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
PEOPLE = (
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
PLACEMENTS = (
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
SUPERIORS = (
    Column("person", _l("NIP"), NipCell(required=True), NIP_HEADINGS, "198809232012122001"),
    Column(
        "superior",
        _l("NIP of the superior"),
        NipCell(required=True),
        ("nip atasan", "nip atasan langsung", "nip pejabat penilai", "nip ketua tim", "superior nip"),
        "197505122000031002",
    ),
    Column(
        "kind",
        _l("Superior by"),
        ChoiceCell(SUPERIOR_KINDS, load_default=SuperiorKind.STRUCTURAL.value),
        ("jenis atasan", "kind"),
        "Struktural",
        first_words(SUPERIOR_KINDS),
    ),
    Column("post", _l("Post code"), CodeCell(), ("kode jabatan",), "J001"),
    Column(
        "valid_from",
        _l("Superior from"),
        DayCell(required=True),
        ("tmt atasan", "tmt", "tanggal mulai", "start date"),
        "01-01-2026",
    ),
    Column("valid_to", _l("Until before"), DayCell(), ("tanggal berakhir", "sampai", "selesai", "end date"), ""),
)
PROGRAMMES = (
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
AIMS = (
    Column(
        "programme",
        _l("Programme code"),
        CodeCell(required=True),
        ("kode program", "kode kegiatan", "code"),
        "P-2026-01",
    ),
    Column(
        "competency",
        _l("Competency"),
        Cell(required=True),
        ("kompetensi", "kode kompetensi", "nama kompetensi", "competency"),
        "asn-38-2017:M2",
    ),
    Column(
        "level",
        _l("Level aimed at"),
        NumberCell(places=0, least=1, largest=5),
        ("level", "level kompetensi", "target level"),
        "3",
    ),
)
PARTICIPANTS = (
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
