"""The units of the demo city, and what became of some of them."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import insert, select, update

from lms_bridge.db import current_agency, db
from lms_bridge.models import Unit
from lms_bridge.services.reorganisation import merge_units
from lms_bridge.services.unit_tree import derive_closure
from lms_bridge.services.units import move_unit, rename_unit

START = dt.date(2024, 1, 1)
REFORM = dt.date(2025, 1, 1)
"""The day on which Bidang Pendidikan dan Pelatihan went on in Bidang Pengembangan Kompetensi, and statistics moved."""
RENAMING = dt.date(2025, 7, 1)
# code, name, unit above, staff beside the head
UNITS = (
    ("NUSARAYA", "Pemerintah Kota Nusaraya", "", 0),
    ("SETDA", "Sekretariat Daerah", "NUSARAYA", 3),
    ("BAG-ORG", "Bagian Organisasi", "SETDA", 7),
    ("BAG-HUKUM", "Bagian Hukum", "SETDA", 6),
    ("BAG-UMUM", "Bagian Umum", "SETDA", 8),
    ("BAG-PBJ", "Bagian Pengadaan Barang dan Jasa", "SETDA", 6),
    ("BKPSDM", "Badan Kepegawaian dan Pengembangan SDM", "NUSARAYA", 2),
    ("SEKR-BKPSDM", "Sekretariat BKPSDM", "BKPSDM", 6),
    ("BANGKOM", "Bidang Pengembangan Kompetensi", "BKPSDM", 3),
    ("DIKLAT", "Bidang Pendidikan dan Pelatihan", "BKPSDM", 6),
    ("MUTASI", "Bidang Mutasi dan Promosi", "BKPSDM", 6),
    ("KINERJA", "Bidang Penilaian Kinerja dan Penghargaan", "BKPSDM", 6),
    ("DINKES", "Dinas Kesehatan", "NUSARAYA", 2),
    ("SEKR-DINKES", "Sekretariat Dinas Kesehatan", "DINKES", 6),
    ("KESMAS", "Bidang Kesehatan Masyarakat", "DINKES", 7),
    ("YANKES", "Bidang Pelayanan Kesehatan", "DINKES", 6),
    ("P2P", "Bidang Pencegahan dan Pengendalian Penyakit", "DINKES", 6),
    ("PKM-MELATI", "Puskesmas Melati", "YANKES", 14),
    ("PKM-MAWAR", "Puskesmas Mawar", "YANKES", 13),
    ("DISDIK", "Dinas Pendidikan", "NUSARAYA", 2),
    ("SEKR-DISDIK", "Sekretariat Dinas Pendidikan", "DISDIK", 6),
    ("DIKDAS", "Bidang Pendidikan Dasar", "DISDIK", 5),
    ("GTK", "Bidang Guru dan Tenaga Kependidikan", "DISDIK", 6),
    ("SMPN-1", "SMP Negeri 1 Nusaraya", "DIKDAS", 16),
    ("SMPN-2", "SMP Negeri 2 Nusaraya", "DIKDAS", 15),
    ("DPMPTSP", "Dinas Penanaman Modal", "NUSARAYA", 2),
    ("SEKR-DPMPTSP", "Sekretariat DPMPTSP", "DPMPTSP", 5),
    ("IZIN", "Bidang Perizinan", "DPMPTSP", 9),
    ("ADUAN", "Bidang Pengaduan dan Informasi", "DPMPTSP", 6),
    ("DISKOMINFO", "Dinas Komunikasi dan Informatika", "NUSARAYA", 2),
    ("SEKR-DISKOMINFO", "Sekretariat Dinas Komunikasi dan Informatika", "DISKOMINFO", 5),
    ("APTIKA", "Bidang Aplikasi Informatika", "DISKOMINFO", 8),
    ("IKP", "Bidang Informasi dan Komunikasi Publik", "DISKOMINFO", 6),
    ("BAPPEDA", "Badan Perencanaan Pembangunan Daerah", "NUSARAYA", 2),
    ("STATISTIK", "Bidang Statistik Sektoral", "BAPPEDA", 6),
    ("SEKR-BAPPEDA", "Sekretariat Bappeda", "BAPPEDA", 5),
    ("EKOBANG", "Bidang Ekonomi dan Pembangunan", "BAPPEDA", 6),
    ("RENCANA", "Bidang Perencanaan dan Pengendalian", "BAPPEDA", 6),
    ("INSPEKTORAT", "Inspektorat Daerah", "NUSARAYA", 3),
    ("IRBAN-1", "Inspektur Pembantu Wilayah I", "INSPEKTORAT", 6),
    ("IRBAN-2", "Inspektur Pembantu Wilayah II", "INSPEKTORAT", 6),
)


def make_units() -> dict[str, int]:
    """Create the units as they were at the start; returns their ids by code."""
    agency_id = current_agency()
    db.session.execute(
        insert(Unit),
        [{"agency_id": agency_id, "code": code, "name": name, "valid_from": START} for code, name, _up, _n in UNITS],
    )
    ids = {code: unit_id for code, unit_id in db.session.execute(select(Unit.code, Unit.id))}
    for code, _name, above, _staff in UNITS:
        if above:
            db.session.execute(update(Unit).where(Unit.id == ids[code]).values(parent_id=ids[above]))
    derive_closure()
    return ids


def reorganise(units: dict[str, int]) -> None:
    """Let happen what happened: a merger and a move on the day of the reform, later another name."""
    merge_units([units["DIKLAT"]], units["BANGKOM"], on=REFORM)
    move_unit(units["STATISTIK"], units["DISKOMINFO"], on=REFORM)
    rename_unit(units["DPMPTSP"], "Dinas Penanaman Modal dan Pelayanan Terpadu Satu Pintu", on=RENAMING)
