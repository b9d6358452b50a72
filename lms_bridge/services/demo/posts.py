"""The posts of the demo city: one for each head, and ladders of posts that units share."""

from __future__ import annotations

from sqlalchemy import insert, select

from lms_bridge.db import current_agency, db
from lms_bridge.models import Post
from lms_bridge.services.demo.organisation import UNITS

EXPERT = (("Ahli Pertama", "AHLI_PERTAMA"), ("Ahli Muda", "AHLI_MUDA"), ("Ahli Madya", "AHLI_MADYA"))
SKILLED = (("Terampil", "TERAMPIL"), ("Mahir", "MAHIR"), ("Penyelia", "PENYELIA"))
# short code, name, ladder
LADDERS = (
    ("AK", "Analis Kebijakan", EXPERT),
    ("ASDM", "Analis SDM Aparatur", EXPERT),
    ("WI", "Widyaiswara", EXPERT),
    ("PRC", "Perencana", EXPERT),
    ("AUD", "Auditor", EXPERT),
    ("PK", "Pranata Komputer", EXPERT),
    ("HMS", "Pranata Humas", EXPERT),
    ("STS", "Statistisi", EXPERT),
    ("PRZ", "Penata Perizinan", EXPERT),
    ("AKES", "Administrator Kesehatan", EXPERT),
    ("DOK", "Dokter", EXPERT),
    ("GURU", "Guru", EXPERT),
    ("PBJ", "Pengelola Pengadaan Barang/Jasa", EXPERT),
    ("ARS", "Arsiparis", SKILLED),
    ("PRW", "Perawat", SKILLED),
    ("BDN", "Bidan", SKILLED),
)
STAFF = "PTK"
# Which ladders a unit has, by the beginning of its code; the others have those of the last line.
WHERE = (
    ("PKM", ("PRW", "DOK", "BDN")),
    ("SMPN", ("GURU",)),
    ("IRBAN", ("AUD",)),
    ("INSPEKTORAT", ("AUD",)),
    ("APTIKA", ("PK",)),
    ("DISKOMINFO", ("PK",)),
    ("IKP", ("HMS",)),
    ("ADUAN", ("HMS", "AK")),
    ("STATISTIK", ("STS",)),
    ("IZIN", ("PRZ",)),
    ("BAG-PBJ", ("PBJ",)),
    ("DIKLAT", ("WI",)),
    ("BANGKOM", ("ASDM",)),
    ("MUTASI", ("ASDM",)),
    ("KINERJA", ("ASDM",)),
    ("EKOBANG", ("PRC",)),
    ("RENCANA", ("PRC",)),
    ("KESMAS", ("AKES",)),
    ("YANKES", ("AKES",)),
    ("P2P", ("AKES",)),
    ("", ("AK", "ARS", "")),
)
# Posts of the personas: code, name, type, level, whether it heads the unit
OWN = (
    ("HENDRA", "Kepala BKPSDM", "JPT", "JPT_PRATAMA", True),
    ("RAHMAT", "Kepala Bidang Pengembangan Kompetensi", "JA", "ADMINISTRATOR", True),
    ("BUDI", "Analis Kebijakan Ahli Madya", "JF_KEAHLIAN", "AHLI_MADYA", False),
    ("DEWI", "Analis SDM Aparatur Ahli Muda", "JF_KEAHLIAN", "AHLI_MUDA", False),
    ("ANI", "Analis Kebijakan Ahli Muda", "JF_KEAHLIAN", "AHLI_MUDA", False),
)
HEAD_OF = {"BKPSDM": "HENDRA", "BANGKOM": "RAHMAT"}


def make_posts(units: dict[str, int]) -> dict[str, int]:
    """Create the posts; returns their ids by code."""
    rows: list[dict[str, object]] = [
        {"code": code, "name": name, "type": kind, "level": level, "heads_unit": heads, "unit_id": None}
        for code, name, kind, level, heads in OWN
    ]
    rows += [_head(code, name, units[code]) for code, name, _up, _staff in UNITS if code not in HEAD_OF]
    for short, name, steps in LADDERS:
        kind = "JF_KEAHLIAN" if steps is EXPERT else "JF_KETERAMPILAN"
        rows += [
            {"code": f"{short}-{n}", "name": f"{name} {step}", "type": kind, "level": level}
            | {"heads_unit": False, "unit_id": None}
            for n, (step, level) in enumerate(steps)
        ]
    rows.append(
        {"code": STAFF, "name": "Penelaah Teknis Kebijakan", "type": "JA", "level": "PELAKSANA"}
        | {"heads_unit": False, "unit_id": None}
    )
    db.session.execute(insert(Post), [{**row, "agency_id": current_agency()} for row in rows])
    return {code: post_id for code, post_id in db.session.execute(select(Post.code, Post.id))}


def head_of(unit: str) -> str:
    """Return the code of the post that heads a unit."""
    return HEAD_OF.get(unit, f"KEPALA-{unit}")


def staff_post(unit: str, number: int, *, step: int) -> str:
    """Return the code of the post of a unit's staff member: ``step`` counts up the ladder from 0 to 2."""
    ladders = next(ladders for begin, ladders in WHERE if unit.startswith(begin))
    short = ladders[number % len(ladders)]
    return f"{short}-{step}" if short else STAFF


def _head(code: str, name: str, unit_id: int) -> dict[str, object]:
    if code == "NUSARAYA":
        title, kind, level = "Sekretaris Daerah", "JPT", "JPT_PRATAMA"
    elif code == "SETDA":
        title, kind, level = "Asisten Administrasi Umum", "JPT", "JPT_PRATAMA"
    elif code == "INSPEKTORAT":
        title, kind, level = "Inspektur Daerah", "JPT", "JPT_PRATAMA"
    elif name.startswith(("Dinas", "Badan")):
        title, kind, level = f"Kepala {name}", "JPT", "JPT_PRATAMA"
    elif name.startswith("Sekretariat"):
        title, kind, level = f"Sekretaris {name.removeprefix('Sekretariat ')}", "JA", "ADMINISTRATOR"
    elif name.startswith(("Puskesmas", "SMP")):
        title, kind, level = f"Kepala {name}", "JF_KEAHLIAN", "AHLI_MADYA"
    elif name.startswith("Inspektur"):
        title, kind, level = name, "JA", "ADMINISTRATOR"
    else:
        title, kind, level = f"Kepala {name}", "JA", "ADMINISTRATOR"
    return {
        "code": f"KEPALA-{code}",
        "name": title,
        "type": kind,
        "level": level,
        "heads_unit": True,
        "unit_id": unit_id,
    }
