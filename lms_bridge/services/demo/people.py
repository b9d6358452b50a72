"""The people of the demo city. All are invented, and so are their NIPs, which only look as real ones do."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from dataclasses import dataclass
from random import Random

from sqlalchemy import insert, select

from lms_bridge.db import current_agency, db, now
from lms_bridge.models import Person

ANALYST = "198809232012122001"
SIZE = 300
# key of a persona or user name in the practice LMS, NIP, name
KNOWN = (
    ("hendra", "197009101996031001", "Dr. Hendra Wijaya, M.M."),
    ("rahmat", "197805112003121002", "Rahmat Hidayat, M.Si."),
    ("budi", "198107072006041003", "Budi Santoso, S.Kom."),
    ("dewi", ANALYST, "Dewi Anggraini, S.Psi."),
    ("ani", "199203142015032004", "Ani Lestari, S.A.P."),
    ("sari", "198512012010122003", "Sari Widyastuti, M.Pd."),
    ("tono", "198306182008011002", "Tono Supriadi, M.Pd."),
    ("putri", "199602242021212001", "Putri Ramadhani, S.Pd."),
    ("nurul", "199008192015042002", "Nurul Aini, S.K.M."),
    ("agus", "198403172009021004", "Agus Prasetyo, S.E."),
    ("fitri", "199105222014022003", "Fitri Handayani, S.Sos."),
    ("gunawan", "197702281999031005", "Gunawan"),
    ("indah", "199507302019032006", "Indah Permatasari, S.H."),
    ("joko", "198011152005011002", "Joko Susilo, S.T."),
    ("kartika", "198609042007012001", "Kartika Dewanti, S.STP., M.Si."),
    ("lukman", "199311112018011003", "Lukman Hakim, S.I.P."),
    ("oka", "198702062011011004", "I Made Oka Wirawan, S.Kom."),
)
# Who has no NIP in the practice LMS: their address is all that speaks for them.
MAYA = ("maya", "199411052022212003", "Maya Puspitasari, A.Md.Kom.")
MEN = (
    "Adi Andi Anton Ari Arif Asep Bagus Bambang Bayu Cahyo Dani Darma Dedi Deni Dimas Dodi Eko Fajar Faisal Galih Hadi "
    "Hari Heru Iwan Jaka Krisna Made Ketut Mulyadi Nanang Nur Panji Rahman Reza Rian Rizal Rudi Samsul Sigit Slamet "
    "Suryo Taufik Teguh Wahyu Wawan Yanto Yogi Yusuf Zainal"
)
WOMEN = (
    "Aisyah Amelia Anisa Asih Ayu Citra Dian Diah Eka Elly Endang Erna Esti Farida Hana Hesti Ida Ika Indri Intan Ira "
    "Kiki Laila Lestari Lina Lia Mega Mira Murni Nia Nina Novi Ratna Rina Rini Rosa Santi Sinta Siti Sri Tari Tika "
    "Tuti Umi Vina Wati Wulan Yanti Yuni Zahra"
)
FAMILY = (
    "Abdullah Adiputra Anwar Budiman Darmawan Effendi Firmansyah Ginting Hakim Halim Harahap Hartono Hasibuan Hidayat "
    "Irawan Iskandar Kurniawan Kusuma Lubis Maulana Nainggolan Nasution Nugroho Pangestu Pratama Purnama Rahayu "
    "Ramadhan Saputra Saragih Setiawan Siregar Sitompul Subagyo Sugiarto Suharto Sukmawati Suryani Susanto Syahputra "
    "Tanjung Utami Wardana Wibowo Widodo Wijaya Yulianti Yuliana"
)
DEGREES = (
    "S.A.P. S.E. S.H. S.Kom. S.IP. S.Sos. S.T. S.Si. S.STP. S.Ak. A.Md. M.Si. M.M. M.A.P. "
    "S.H.~M.H. S.E.~M.Ak. S.T.~M.T. S.STP.~M.Si."
)
GRADES = ("II/c", "III/a", "III/b", "III/c", "III/d", "IV/a", "IV/b")


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person of the demo: ``key`` names a persona, and nobody else."""

    person_id: int
    key: str
    nip: str


def make_people() -> list[Somebody]:
    """Create everybody; returns them with the personas first."""
    rows = [(key, _row(nip, name, email=None)) for key, nip, name in KNOWN]
    key, nip, name = MAYA
    rows.append((key, _row(nip, name, email=f"{key}@nusaraya.example")))
    rows += [("", row) for row in _invented(SIZE - len(rows))]
    agency_id, moment = current_agency(), now()
    db.session.execute(insert(Person), [{**row, "agency_id": agency_id, "created_at": moment} for _key, row in rows])
    ids = {nip: person_id for nip, person_id in db.session.execute(select(Person.nip, Person.id))}
    return [Somebody(ids[row["nip"]], key, str(row["nip"])) for key, row in rows]


def _row(nip: str, name: str, *, email: str | None) -> dict[str, str | None]:
    contract = int(nip[12:14]) > 12
    return {
        "nip": nip,
        "name": name,
        "email": email,
        "employment": "PPPK" if contract else "PNS",
        "grade": "IX" if contract else GRADES[min(len(GRADES) - 1, max(0, (2026 - int(nip[8:12])) // 4))],
    }


def _invented(count: int) -> list[dict[str, str | None]]:
    # Random for variety, not for secrecy; the seed makes it the same city every time.
    chance = Random(2024)  # noqa: S311
    men, women, families, degrees = MEN.split(), WOMEN.split(), FAMILY.split(), DEGREES.split()
    serials: Counter[str] = Counter()
    rows: dict[str, dict[str, str | None]] = {}
    while len(rows) < count:
        female = chance.random() < 0.52
        name = chance.choice(women if female else men)
        if chance.random() < 0.92:  # some have one name only
            name += f" {chance.choice(families)}"
        if name not in rows:
            nip = _nip(chance, serials, female=female)
            title = chance.choice(degrees).replace("~", ", ")
            address = f"{re.sub('[^a-z]+', '.', name.lower())}@nusaraya.example"
            rows[name] = _row(nip, f"{name}, {title}" if chance.random() < 0.9 else name, email=address)
    return list(rows.values())


def _nip(chance: Random, serials: Counter[str], *, female: bool) -> str:
    """Return a NIP as BKN builds it: birth, appointment (PPPK: year and a number from 21 on), sex, serial number."""
    born = dt.date(1969, 1, 1) + dt.timedelta(days=chance.randrange(30 * 365))
    appointed = min(2023, born.year + chance.randint(22, 32))
    month = 21 if appointed >= 2021 and chance.random() < 0.6 else chance.randint(1, 12)
    front = f"{born:%Y%m%d}{appointed}{month:02d}{2 if female else 1}"
    serials[front] += 1
    return f"{front}{serials[front]:03d}"
