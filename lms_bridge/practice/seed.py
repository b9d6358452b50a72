"""The people and courses that the practice LMS starts with. All of them are invented."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import select

from lms_bridge.practice.models import (
    Activity,
    Course,
    Deployment,
    Enrolment,
    LineItem,
    Setting,
    Tool,
    User,
    store,
)

COURSE, SECOND_COURSE = 2, 3
SEEDED = "activities seeded"
DOMAIN = "nusaraya.example"

# username, given name, family name with degrees, idnumber (NIP), role in the course, persona
PEOPLE = (
    ("admin", "Admin", "LMS", "", "", "admin"),
    ("sari", "Sari", "Widyastuti, M.Pd.", "198512012010122003", "teacher", "teacher"),
    ("ani", "Ani", "Lestari, S.A.P.", "199203142015032004", "student", "learner"),
    ("rahmat", "Rahmat", "Hidayat, M.Si.", "197805112003121002", "student", "superior"),
    ("budi", "Budi", "Santoso, S.Kom.", "198107072006041003", "student", "mentor"),
    ("dewi", "Dewi", "Anggraini, S.Psi.", "198809232012122001", "student", "analyst"),
    ("hendra", "Dr. Hendra", "Wijaya, M.M.", "197009101996031001", "student", "head"),
    ("agus", "Agus", "Prasetyo, S.E.", "198403172009021004", "student", ""),
    ("fitri", "Fitri", "Handayani, S.Sos.", "199105222014022003", "student", ""),
    ("gunawan", "Gunawan", "", "197702281999031005", "student", ""),
    ("indah", "Indah", "Permatasari, S.H.", "199507302019032006", "student", ""),
    ("joko", "Joko", "Susilo, S.T.", "198011152005011002", "student", ""),
    ("kartika", "Kartika", "Dewanti, S.STP., M.Si.", "198609042007012001", "student", ""),
    ("lukman", "Lukman", "Hakim, S.I.P.", "199311112018011003", "student", ""),
    ("maya", "Maya", "Puspitasari, A.Md.", "", "student", ""),
    ("nurul", "Nurul", "Aini, S.K.M.", "199008192015042002", "student", ""),
    ("oka", "I Made Oka", "Wirawan, S.Kom.", "198702062011011004", "student", ""),
    ("putri", "Putri", "Ramadhani, S.Pd.", "199602242021212001", "student", ""),
    ("tono", "Tono", "Supriadi, M.Pd.", "198306182008011002", "assistant", ""),
)
COURSES = (
    (
        COURSE,
        "Pengembangan Kompetensi ASN 2026",
        "BANGKOM-2026",
        "BKPSDM-2026-01",
        "Pemetaan kompetensi, rencana pengembangan, dan pembelajaran bagi pegawai.",
    ),
    (SECOND_COURSE, "Orientasi Pegawai Baru", "ORIENTASI", "", "Pengenalan tugas dan nilai dasar bagi pegawai baru."),
)


def seed() -> None:
    """Create people and courses unless they are there."""
    if store.session.scalar(select(Course.id).limit(1)) is not None:
        return
    for number, title, label, idnumber, description in COURSES:
        store.session.add(Course(id=number, title=title, label=label, idnumber=idnumber, description=description))
    store.session.flush()
    # Numbers start behind the accounts that an LMS makes for itself.
    for number, (username, given, family, idnumber, role, persona) in enumerate(PEOPLE, start=2):
        store.session.add(
            User(
                id=number,
                username=username,
                given_name=given,
                family_name=family,
                email=f"{username}@{DOMAIN}",
                idnumber=idnumber,
                persona=persona,
                is_admin=persona == "admin",
            )
        )
        store.session.flush()
        in_second = username in {"ani", "sari", "indah", "putri"}
        for course_id in (COURSE, SECOND_COURSE) if in_second else (COURSE,):
            if role:
                store.session.add(Enrolment(course_id=course_id, user_id=number, role=role))
    store.session.flush()


def seed_activities(tool: Tool) -> None:
    """Give the first course its activities, once, for the first tool that becomes active."""
    if store.session.get(Setting, SEEDED) is not None:
        return
    store.session.add(Setting(name=SEEDED, value=tool.client_id))
    deployment = store.session.scalars(select(Deployment).filter_by(tool_id=tool.id)).first()
    course = store.session.get(Course, COURSE)
    if deployment is None or course is None:
        return
    rating = Activity(
        course_id=course.id,
        deployment_id=deployment.id,
        title="Pemetaan kompetensi",
        text="Nilai kompetensi Anda dan lihat kesenjangan dengan standar jabatan.",
        custom={"module": "competency.self-rating"},
    )
    home = Activity(
        course_id=course.id,
        deployment_id=deployment.id,
        title="Beranda pengembangan",
        text="Semua tugas dan hasil pengembangan Anda di satu tempat.",
        custom={},
    )
    store.session.add_all([rating, home])
    store.session.flush()
    store.session.add(
        LineItem(
            course_id=course.id,
            tool_id=tool.id,
            activity_id=rating.id,
            coupled=True,
            label=rating.title,
            score_maximum=Decimal(100),
        )
    )
    store.session.flush()
