"""What ``lms-bridge plugin new`` writes is a whole plugin: installed, tested, upgraded, launched, built."""

from __future__ import annotations

import re
import signal
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from click.testing import CliRunner, Result
from setuptools import Distribution

from lms_bridge.cli import bridge
from lms_bridge.practice.forms import forms_of, words_of
from tests.cli.conftest import ROOT, Program, free_port, wait_until
from tests.workshop import Workshop

PACKAGE = "attendance/src/lms_bridge_attendance"


@pytest.fixture
def new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run ``lms-bridge plugin new`` in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(bridge, ["plugin", "new", *arguments])

    return run


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("core", "core is reserved"),
        ("competency", "There is a plugin called competency"),
        ("class", "class is a word of the Python language"),
        ("exit-survey", "such as: exitsurvey"),
        ("Attendance", "such as: attendance"),
        ("3rd", "such as: rd"),
        ("über", "such as: ber"),
        ("x", "Use two or more lower-case letters"),
        ("a" * 28, "Choose a name of at most 27"),
        ("../up", "such as: up"),
    ],
)
def test_a_name_that_no_plugin_can_have_is_refused_with_the_way_out(new, tmp_path, name, sentence):
    refused = new(name)

    assert refused.exit_code == 1
    assert sentence in refused.output
    assert list(tmp_path.iterdir()) == []


def test_the_name_of_a_dropped_in_file_is_taken(new, tmp_path):
    (tmp_path / "instance" / "plugins").mkdir(parents=True)
    (tmp_path / "instance" / "plugins" / "attendance.py").touch()

    assert "There is a plugin called attendance" in new("attendance").output


def test_tables_that_a_plugin_of_this_name_left_are_told(new, tmp_path, monkeypatch):
    file = tmp_path / "bridge.sqlite"
    monkeypatch.setenv("LMS_BRIDGE_DATABASE_URL", f"sqlite:///{file}")
    without = new("survey")
    made_nothing = not file.exists()
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE attendance_visit (id INTEGER)")

    told = new("attendance")

    assert (without.exit_code, told.exit_code, made_nothing) == (0, 0, True)
    assert "Attention" not in without.output
    assert "attendance_visit" in told.output and "lms-bridge plugin forget attendance" in told.output


def test_a_folder_that_is_there_is_left_as_it_is(new, tmp_path):
    (tmp_path / "attendance").mkdir()

    refused = new("attendance")

    assert refused.exit_code == 1
    assert "attendance exists already" in refused.output and "--into FOLDER" in refused.output
    assert list((tmp_path / "attendance").iterdir()) == []


def test_it_is_written_where_it_is_wanted_and_the_next_steps_are_named(new, tmp_path):
    printed = new("attendance", "--into", "mine/plugins").output

    assert (tmp_path / "mine/plugins" / PACKAGE / "plugin.py").is_file()
    assert "pip install --no-build-isolation --no-deps -e ./mine/plugins/attendance\n" in printed
    assert all(step in printed for step in ("lms-bridge db upgrade", "pytest -q ./mine/plugins", "lms-bridge demo run"))


def test_the_next_steps_can_be_copied_when_the_folder_has_a_space(new):
    printed = new("attendance", "--into", "my work").output

    assert "--no-deps -e './my work/attendance'\n" in printed
    assert "pytest -q './my work/attendance'\n" in printed


def test_every_text_has_its_indonesian(new, tmp_path):
    new("attendance")
    package = tmp_path / PACKAGE

    methods = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
    used = {found[2] for found in extract_from_dir(str(package), methods, keywords={"_": None, "_l": None})}
    with next(package.rglob("messages.po")).open("rb") as catalogue:
        translated = {message.id for message in read_po(catalogue) if message.id and message.string}

    assert used == translated


@pytest.mark.parametrize("check", [["check", "--ignore", "S101"], ["format", "--check"]], ids=lambda check: check[0])
def test_it_is_written_as_our_own_code_is(new, tmp_path, check):
    new("attendance")

    command = [sys.executable, "-m", "ruff", *check, "--config", "ruff.toml", str(tmp_path / "attendance")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout


def test_an_installed_bridge_has_all_of_it(monkeypatch):
    monkeypatch.chdir(ROOT)
    core = Distribution()
    core.parse_config_files(["setup.cfg"])
    build = core.get_command_obj("build_py")
    build.ensure_finalized()

    [packed] = [set(files) for package, _folder, _to, files in build.data_files if package == "lms_bridge.scaffold"]

    templates = ROOT / "lms_bridge" / "scaffold" / "plugin"
    assert packed == {str(file.relative_to(templates.parent)) for file in templates.rglob("*") if file.is_file()}


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """An environment in which the new plugin is installed, by the commands that its making printed."""
    made = Workshop(tmp_path_factory.mktemp("workshop"))
    printed = made.run("lms-bridge plugin new attendance")
    install, upgrade = re.findall(r"^  (\S*(?:pip|lms-bridge) .*)$", printed, re.MULTILINE)[:2]
    made.run(f"{install}\n{upgrade}")
    return made


def test_its_own_tests_pass_on_both_databases_and_it_keeps_the_contract(workshop):
    # The contract itself is tried on PostgreSQL with our own plugins; once is enough here.
    passed = workshop.run("pytest -q attendance -k 'not (Contract and postgresql)'")

    assert re.search(r"^\d+ passed", passed, re.MULTILINE)


def test_its_wheel_holds_pages_languages_and_migrations(workshop):
    workshop.run("pip wheel -q --no-build-isolation --no-deps -w wheels ./attendance")

    [wheel] = (workshop.folder / "wheels").glob("lms_bridge_attendance-0.1.0-*.whl")
    held = {name.removeprefix("lms_bridge_attendance/") for name in zipfile.ZipFile(wheel).namelist()}
    assert held >= {
        "templates/attendance/evaluation.html",
        "translations/id/LC_MESSAGES/messages.po",
        "translations/id/LC_MESSAGES/messages.mo",
        "migrations/attendance_0001_responses.py",
        "py.typed",
    }


class Visitor:
    """Somebody at the practice LMS, with a browser that submits what a browser submits by itself."""

    def __init__(self, lms: str, username: str) -> None:
        self.lms = lms
        self.session = requests.Session()
        self.session.get(f"{lms}/as/{username}")

    def open(self, path: str) -> requests.Response:
        return self.follow(self.session.get(f"{self.lms}{path}"))

    def post(self, url: str, **fields: str) -> requests.Response:
        return self.follow(self.session.post(url, data=fields))

    def follow(self, page: requests.Response) -> requests.Response:
        while forms := [form for form in forms_of(page.text) if {"id_token", "JWT"} & form.fields.keys()]:
            page = self.session.post(forms[0].action, data=forms[0].fields)
        return page


@pytest.fixture
def lms(workshop: Workshop) -> Iterator[str]:
    """The address of the demo's LMS, after the demo was started with the new plugin."""
    bridge_port, lms_port = free_port(), free_port()
    ports = ["--bridge-port", str(bridge_port), "--lms-port", str(lms_port)]
    python = str(workshop.folder / "venv" / "bin" / "python")
    command = [python, "-m", "lms_bridge", "demo", "run", "--data", str(workshop.folder / "demo"), *ports]
    demo = Program(command, workshop.folder / "demo.out", env=workshop.environment, cwd=workshop.folder)
    try:
        demo.wait_for("Ctrl-C stops everything.")
        yield f"http://localhost:{lms_port}"
    finally:
        demo.stop(signal.SIGINT)


def test_the_demo_offers_it_and_the_grade_comes_back(lms):
    teacher, learner = Visitor(lms, "sari"), Visitor(lms, "ani")
    picker = teacher.open("/courses/2/content/1/open")
    selected = teacher.post(picker.url, item="attendance.evaluation ")
    [selection] = set(re.findall(r"/selections/\d+", selected.text + selected.url))
    course = teacher.post(f"{lms}{selection}")
    activity = re.findall(r'"(/activities/\d+)"', course.text)[-1]

    page = learner.open(f"{activity}/launch")
    answered = learner.post(page.url, known="2", done="1", shared="0")

    assert "Evaluasi Attendance" in page.text
    assert "Jawaban Anda tersimpan." in answered.text
    wait_until(lambda: "Evaluasi Attendance 50" in words_of(learner.open("/courses/2/grades").text), "the grade")
