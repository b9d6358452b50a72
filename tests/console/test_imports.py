"""The console's pages of imports: an analyst sends a list, says what it means, looks, decides, and takes it back."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from lms_bridge.db import acting_as, db
from lms_bridge.models import Agency, Person
from lms_bridge.spreadsheets import read_rows
from lms_bridge.testing.browser import Browser
from tests.console.conftest import statements
from tests.imports import messy
from tests.spreadsheets import files

SITI = ["199001012015032001", "Siti Aminah, S.E."]


@pytest.fixture
def send(console_as: Callable[..., Browser], outbox: Any, tmp_path: Path) -> Callable[..., Browser]:
    """Send a list as the analyst and let the worker read its headings; returns the browser at the import's page."""

    def send(rows: list[list[Any]], *, kind: str = "people", user: str = "dewi") -> Browser:
        content = files.workbook(tmp_path / "list.xlsx", rows).read_bytes()
        console = console_as(user)
        sent = console.post("/console/imports", data={"kind": kind, "file": (io.BytesIO(content), "pegawai.xlsx")})
        assert sent.status_code == 303
        outbox.drain()
        console.get(sent.headers["Location"].removeprefix(console.prefix))
        return console

    return send


def go_on(console: Browser, outbox: Any, verb: str, **form: Any) -> str:
    """Press a button of the import's page, let the worker do it, and look again."""
    here = console.path
    assert console.post(f"{here}/{verb}", data=form).status_code == 303
    outbox.drain()
    return console.get(here).text


def people(app: Flask) -> set[str | None]:
    with app.app_context():
        agency = db.session.scalar(select(Agency.id).where(Agency.code == "demo"))
        with acting_as(agency):
            found = set(db.session.scalars(select(Person.nip)))
        db.session.remove()
    return found


def test_a_list_is_sent_understood_looked_at_applied_and_taken_back(bridge_app, send, outbox):
    console = send([["NIP", "Sebutan", "Nama"], [*SITI[:1], "x", SITI[1]], ["1.97809E+17", "", "Rusak"]])
    before, asked = people(bridge_app), console.page.text
    looked = go_on(console, outbox, "columns", columns=["nip", "", "name"])
    between = people(bridge_app)
    done = go_on(console, outbox, "apply")
    after = people(bridge_app)
    back = go_on(console, outbox, "undo")

    assert "Arti setiap kolom" in asked and "Sebutan" in asked
    assert "telah diubah Excel menjadi bilangan" in looked and "Siti Aminah, S.E." in looked
    assert "Terapkan 1 baris" in looked
    assert between == before
    assert "Sudah diterapkan" in done
    assert after == before | {SITI[0]}
    assert "Sudah dibatalkan" in back
    assert people(bridge_app) == before


def test_the_error_file_has_the_faulty_rows_and_the_template_its_headings(send, outbox, tmp_path):
    console = send([["NIP", "Nama"], ["1.97809E+17", "Rusak"]])
    go_on(console, outbox, "columns", columns=["nip", "name"])
    here = console.path

    for name, path in (("errors", f"{here}/errors.xlsx"), ("template", "/console/imports/template/people.xlsx")):
        answer = console.get(path)
        (tmp_path / name).write_bytes(answer.data)
        assert "no-store" in answer.headers["Cache-Control"]

    assert [row.cells[:2] for row in read_rows(tmp_path / "errors")] == [["NIP", "Nama"], ["1.97809E+17", "Rusak"]]
    assert next(read_rows(tmp_path / "template")).cells[0] == "NIP *"


def test_progress_renews_itself_until_the_worker_is_done(console_as, outbox, tmp_path):
    console = console_as("dewi")
    content = files.workbook(tmp_path / "list.xlsx", [["NIP", "Nama"], SITI]).read_bytes()
    sent = console.post("/console/imports", data={"kind": "people", "file": (io.BytesIO(content), "a.xlsx")})
    here = sent.headers["Location"].removeprefix(console.prefix)

    first, polled = console.get(here).text, console.get(f"{here}/progress")
    outbox.drain()
    ended = console.get(f"{here}/progress")

    assert f'hx-get="{console.prefix}{here}/progress"' in first
    assert "HX-Refresh" not in polled.headers
    assert ended.headers["HX-Refresh"] == "true"
    assert "hx-get" not in ended.text


def test_a_list_may_be_larger_than_other_forms_and_not_without_end(console_as):
    console = console_as("dewi")
    line = b"199001012015032001;Siti Aminah\n"

    def form(size: int) -> dict[str, Any]:
        head = '--x\r\nContent-Disposition: form-data; name="kind"\r\n\r\npeople\r\n--x\r\n'
        head += 'Content-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
        body = head.encode() + line * (size // len(line)) + b"\r\n--x--\r\n"
        return {"data": body, "content_type": "multipart/form-data; boundary=x"}

    large = console.post("/console/imports", **form(3_000_000))
    huge = console.post("/console/imports", **form(36_000_000))

    assert large.status_code == 303
    assert huge.status_code == 413


def test_a_file_that_cannot_be_read_says_why_and_can_be_thrown_away(console_as, outbox):
    console = console_as("dewi")
    old = io.BytesIO(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
    sent = console.post("/console/imports", data={"kind": "people", "file": (old, "lama.xlsx")})
    here = sent.headers["Location"].removeprefix(console.prefix)
    outbox.drain()

    page = console.get(here).text
    gone = console.post(f"{here}/discard")

    assert "berkas Excel lama" in page and "Simpan sebagai" in page
    assert gone.status_code == 303
    assert "Dibuang" in console.get("/console/imports").text


def test_only_an_analyst_or_the_operator_imports(console_as, operator):
    answers = [window.get("/console/imports").status_code for window in (operator, console_as("admin"))]

    assert answers == [200, 403]


def test_an_import_of_another_agency_does_not_exist(bridge_app, send, operator_link, other_agency):
    console = send([["NIP", "Nama"], SITI])
    stranger = Browser(bridge_app)
    stranger.follow(stranger._open(operator_link("other"), "POST"))

    answers = [stranger.get(console.path).status_code, stranger.post(f"{console.path}/discard").status_code]

    assert answers == [404, 404]


def test_columns_of_another_list_are_refused(send):
    console = send([["NIP", "Nama"], SITI])

    answers = [
        console.post(f"{console.path}/columns", data={"columns": columns}).status_code
        for columns in (["nip"], ["nip", "jabatan"])
    ]
    missing = console.send("POST", console.path.replace("/columns", "") + "/columns", data={"columns": ["nip", ""]})

    assert answers == [404, 404]
    assert missing.status_code == 422


def test_pages_cost_the_same_however_long_the_list_is(bridge_app, send, outbox):
    costs = []
    for rows in (3, 40):
        console = send([["No", "NIP", "Nama"], *(messy.good_row(number)[:3] for number in range(1, rows))])
        go_on(console, outbox, "columns", columns=["", "nip", "name"])
        with statements(bridge_app) as asked:
            console.get(console.path)
        costs.append(len(asked))

    assert costs[0] == costs[1] <= 8
