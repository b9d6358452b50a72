"""Dictionaries: files that come and go without loss, and the analyst's pages."""

from __future__ import annotations

import csv
import dataclasses
import io

import pytest
from lms_bridge_competency.dictionary.moodle import HEADINGS, left_out, looks_like_moodle, read_moodle, write_moodle
from lms_bridge_competency.dictionary.sheet import headings, read_sheet, sheet_table
from sqlalchemy import event

from lms_bridge.api import (
    CompetencyText,
    FrameworkState,
    FrameworkText,
    FrameworkView,
    IndicatorText,
    LevelText,
    Row,
    db,
)

SCALE = "Belum,Cukup,Mahir"
SCALE_JSON = '[{"scaleid":"1"},{"id":1,"scaledefault":1,"proficient":0},{"id":3,"scaledefault":0,"proficient":1}]'
OWNER = [
    "",
    "tik 2026",
    "Kamus TIK",
    "<p>Isi</p>",
    "1",
    SCALE,
    SCALE_JSON,
    "",
    "",
    "",
    "",
    "7",
    "1",
    "domain,competency",
]
RULE = "core_competency\\competency_rule_all"
ROWS = [
    ["", "T", "Teknologi", "Rumpun & isi", "1", "", "", RULE, "2", "null", "", "11", "", ""],
    ["T", "T1", "Analisis", "<p>a &amp; b</p>", "1", SCALE, SCALE_JSON, "", "0", "null", "T2,x%2Cy", "12", "", ""],
    ["T", "T2", "Uji", "tanpa format", "2", "", "", "", "", "", "", "", "", ""],
    ["T", "x,y", "Koma", "a &lt; b", "1", "", "", "", "", "", "", "", "", ""],
]


def written(*rows, mark=","):
    target = io.StringIO(newline="")
    csv.writer(target, delimiter=mark).writerows([HEADINGS, *rows])
    return target.getvalue().encode("utf-8-sig")


def test_a_file_of_moodle_comes_and_goes_without_loss():
    read = read_moodle(written(OWNER, *ROWS))
    again = read_moodle(write_moodle(read.framework, read.entries))

    assert read.faults == ()
    assert again == read
    given = list(csv.reader(io.StringIO(write_moodle(read.framework, read.entries).decode(), newline="")))
    assert given[1] == OWNER
    assert given[3] == ROWS[1]
    assert read.entries[1].related == ("T2", "x,y")


def test_semicolons_and_any_order_of_rows_are_taken():
    read = read_moodle(written(*reversed(ROWS), OWNER, mark=";"))

    assert read.faults == ()
    assert looks_like_moodle(written(OWNER, *ROWS, mark="\t"))


def test_our_own_dictionary_goes_to_moodle_with_a_scale_of_five_levels():
    text = FrameworkText(family="tik", version="2026", title_id="Kamus", source="Keputusan 1 <2026>")
    entries = (CompetencyText(code="A", name_id="A & B", definition_id="lebih dari 3 > 2", parent=None),)

    given = list(csv.reader(io.StringIO(write_moodle(text, entries).decode(), newline="")))

    assert [len(row) for row in given] == [14, 14, 14]
    assert given[1][5] == "Belum menunjukkan,Level 1,Level 2,Level 3,Level 4,Level 5"
    assert read_moodle(write_moodle(text, entries)).faults == ()
    assert read_moodle(write_moodle(text, entries)).entries == entries


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ([OWNER, ["X", "A", "A", *[""] * 11]], (3, "parent-unknown")),
        ([OWNER, ROWS[0], ROWS[0]], (4, "code-twice")),
        ([OWNER, ["", "", "A", *[""] * 11]], (3, "code-missing")),
        ([OWNER, OWNER], (3, "frameworks")),
        ([ROWS[0]], (1, "frameworks")),
        ([OWNER, ["a"]], (3, "columns")),
        ([[*OWNER[:5], "", *OWNER[6:]]], (2, "scale")),
        ([[*OWNER[:6], "[]", *OWNER[7:]]], (2, "scale-configuration")),
        ([[*OWNER[:6], "{", *OWNER[7:]]], (2, "scale-configuration")),
        ([[*OWNER[:13], "planet"]], (2, "taxonomy")),
    ],
)
def test_what_moodle_would_drop_in_silence_is_told_with_its_row(rows, fault):
    faults = read_moodle(written(*rows)).faults

    assert fault in [(one.row, one.reason) for one in faults]
    assert all(one.sentence for one in faults)


LEVELS = tuple(LevelText(n, f"L{n}", f"E{n}", (IndicatorText("a", "b"), IndicatorText("c", ""))) for n in range(1, 6))
ENTRIES = (
    CompetencyText(code="T", name_id="Teknologi"),
    CompetencyText(
        code="T1", name_id="=Analisis", name_en="Analysis", cluster="teknis", parent="T", related=("T",), levels=LEVELS
    ),
)
VIEW = FrameworkView(1, "x-1", "x", "1", "X", "", "", None, FrameworkState.DRAFT, False, None, None, None, 2)


def test_our_sheet_comes_and_goes_without_loss_below_a_title():
    rows = [Row(1, ["Kamus"])] + [
        Row(number, [cell or "" for cell in cells])
        for number, cells in enumerate([headings(), *sheet_table(VIEW, ENTRIES).rows], start=2)
    ]

    assert read_sheet(rows).entries == ENTRIES
    assert read_sheet(rows[2:]) is None


def test_a_fault_of_our_sheet_names_the_row_of_the_spreadsheet():
    read = read_sheet([Row(4, ["kode", "nama_id", "indikator2_id"]), Row(7, ["A", "Nama", "perilaku"])])

    assert [(fault.row, fault.reason, fault.what) for fault in read.faults] == [(7, "level-text", "2")]


def test_what_moodle_cannot_hold_is_counted():
    assert left_out(ENTRIES) == {"english": 1, "levels": 1, "clusters": 1}


@pytest.fixture
def analyst(launch_as):
    return launch_as("dewi", locale="en")


def send(browser, content, **names):
    """Post a file to the page of imports, and return where the draft is, or the page with the faults."""
    data = {"file": (io.BytesIO(content), "kamus.csv"), **names}
    answer = browser.post("/p/competency/dictionary/import", data=data)
    if answer.status_code != 303:
        return answer
    return answer.headers["Location"].removeprefix(browser.prefix)


def states(stored):
    return {row.code: row.state for row in stored.rows("core_framework")}


def test_an_analyst_imports_changes_and_approves_a_technical_dictionary(analyst, stored):
    draft = send(analyst, written(OWNER, *ROWS))
    page = analyst.get(draft)
    assert "4 entries" in page.text
    assert "Rumpun" not in page.text

    fields = {"code": "T3", "name_id": "<script>Nama</script>", "parent": "T"} | {
        f"level{n}_id": f"Tingkat {n}" for n in range(1, 6)
    }
    assert analyst.post(f"{draft}/entry", data=fields | {"behaviours1_id": "satu\r\ndua"}).status_code == 303
    assert "&lt;script&gt;Nama" in analyst.get(draft).text
    assert "satu\ndua" in analyst.get(f"{draft}/entry/T3").text
    assert analyst.post(f"{draft}/entry/T1", data={"code": "T1", "name_id": "Baru"}).status_code == 303
    assert analyst.post(f"{draft}/entry/T2/remove").status_code == 303
    assert analyst.post(f"{draft}/approve").status_code == 303

    assert states(stored)["tik-2026"] is FrameworkState.APPROVED
    assert analyst.post(f"{draft}/entry", data=fields | {"code": "T4"}).status_code == 409
    assert analyst.post(f"{draft}/version", data={"version": "2027"}).status_code == 303
    assert states(stored)["tik-2027"] is FrameworkState.DRAFT


def test_a_file_with_faults_stores_nothing_and_names_each_row(analyst, stored):
    answer = send(analyst, written(OWNER, ROWS[0], ROWS[0], ["X", "A", "A", *[""] * 11]))

    assert answer.status_code == 422
    assert "Row 4" in answer.text
    assert "Row 5" in answer.text
    assert set(states(stored)) == {"asn-38-2017"}


def test_our_sheet_needs_its_names_from_the_form(analyst, stored):
    sheet = b"kode,nama_id\nA,Nama\n"
    assert send(analyst, sheet).status_code == 422

    draft = send(analyst, sheet, family="hk", version="1", title_id="Hukum", valid_from="2026-01-01")

    assert analyst.get(f"{draft}/export.csv").status_code == 200
    assert analyst.get(f"{draft}/moodle.csv").status_code == 200
    assert analyst.post(f"{draft}/discard").status_code == 303
    assert set(states(stored)) == {"asn-38-2017"}


def test_a_file_that_is_no_dictionary_is_refused(analyst):
    assert send(analyst, b"a,b\n1,2\n", family="x", version="1", title_id="X").status_code == 422


def test_only_an_analyst_opens_dictionaries(launch_as):
    assert launch_as("ani").get("/p/competency/dictionary").status_code == 403
    assert launch_as("rahmat").get("/p/competency/dictionary").status_code == 403


def test_a_next_version_has_a_number_of_its_own_in_moodle():
    read = read_moodle(written(OWNER, *ROWS))
    later = dataclasses.replace(read.framework, version="2027")

    assert read_moodle(write_moodle(later, read.entries)).framework.code == "tik-2027"


def test_pages_of_dictionaries_ask_a_fixed_number_of_statements(analyst, stored):
    small = send(analyst, written(OWNER, *ROWS))
    many = [["T", f"M{number}", f"Nama {number}", *[""] * 11] for number in range(300)]
    large = send(analyst, written([OWNER[0], "besar 1", *OWNER[2:]], ROWS[0], *many))

    def asked(path):
        statements = []
        with stored.app.app_context():
            engine = db.engine

        def note(_connection, _cursor, statement, *_more):
            statements.append(statement)

        event.listen(engine, "before_cursor_execute", note)
        try:
            assert analyst.get(path).status_code == 200
        finally:
            event.remove(engine, "before_cursor_execute", note)
        return len(statements)

    assert max(asked(large), asked(small)) <= 14
    assert asked("/p/competency/dictionary") <= 14
