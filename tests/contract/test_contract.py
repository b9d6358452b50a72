"""Each check of the contract passes for a plugin that keeps it, and fails for one that breaks just that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from inspect import signature
from typing import Any

import pytest

from lms_bridge.testing import PluginContract
from lms_bridge.testing.contract.subject import Subject
from tests.contract.conftest import NotesContract, Spoilt

CHECKS = sorted(name for name in dir(PluginContract) if name.startswith("test_"))
SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
GUARD = '@require_permission("notes.write")\ndef index'
ENSURE = '    ensure("notes.write", person_ref(note.person_id))\n'
MINE = ".where(Note.person_id.in_(person.ids))"
SELECT = "db.session.scalar(select(Note).where(Note.id == note_id))"
UNFILTERED = "db.session.scalar(select(Note).where(Note.id == note_id), execution_options={'all_agencies': True})"


@dataclass(frozen=True)
class Bad:
    """A plugin that breaks one rule, the check that finds it, and what the check says."""

    check: str
    says: str
    spoilt: Spoilt = field(default_factory=dict)
    contract: type[PluginContract] = NotesContract


class Idle(NotesContract):
    """Does not use the plugin at all."""

    def use(self, launch: Any) -> None:
        """Open nothing."""


class Strict(NotesContract):
    """Allows fewer statements than any page needs."""

    most_statements = 1


def source(*changes: tuple[str, str]) -> Spoilt:
    """Spoil the source."""
    return {"source": list(changes)}


BAD = {
    "does not load": Bad("it_loads", "notes is not loaded", source(("Base =", "import nowhere_at_all\nBase ="))),
    "imports core": Bad(
        "it_imports_only_the_api",
        "imports lms_bridge.models.Agency",
        source(("Base =", "from lms_bridge.models import Agency\nBase =")),
    ),
    "has a template that others could have": Bad(
        "its_templates_lie_in_a_folder_of_its_name", "templates/layout.html", {"stray": [("", "layout.html")]}
    ),
    "imports core by its name as text": Bad(
        "it_imports_only_the_api",
        "imports lms_bridge.models",
        source(("Base =", "import importlib\nimportlib.import_module('lms_bridge.models')\nBase =")),
    ),
    "imports another plugin": Bad(
        "it_imports_only_the_api",
        "imports lms_bridge_competency.rules",
        source(("Base =", "import lms_bridge_competency.rules\nBase =")),
    ),
    "adds a page elsewhere": Bad(
        "it_stays_at_its_own_address",
        "/open",
        source(
            (
                "@hookimpl\ndef plugin",
                "bp.record_once(lambda s: s.app.add_url_rule('/open', 'health.open', found))\n@hookimpl\ndef plugin",
            )
        ),
    ),
    "makes a table of another name": Bad(
        "its_tables_carry_its_name",
        "scratch",
        {
            "migration": [
                ("def upgrade():", "def upgrade():\n    op.create_table('scratch', sa.Column('id', sa.Integer()))"),
                ("def downgrade():", "def downgrade():\n    op.drop_table('scratch')"),
            ]
        },
    ),
    "does not go down": Bad(
        "its_migrations_go_down_and_up", "drop these tables", {"migration": [('op.drop_table("notes_note")', "pass")]}
    ),
    "raises on the way down": Bad(
        "its_migrations_go_down_and_up",
        "downgrade() raises",
        {"migration": [('op.drop_table("notes_note")', 'op.drop_table("nothing")')]},
    ),
    "does not come up again": Bad(
        "its_migrations_go_down_and_up",
        "the upgrade fails",
        {
            "migration": [
                ("def upgrade():", "def upgrade():\n    op.create_table('notes_old', sa.Column('id', sa.Integer()))")
            ]
        },
    ),
    "has a column without migration": Bad(
        "its_migrations_make_what_its_models_say",
        "add column notes_note mood",
        source(("    text: Mapped[str]", "    text: Mapped[str]\n    mood: Mapped[str | None]")),
    ),
    "is not used": Bad("an_export_holds_what_it_keeps", "override use(self, launch)", contract=Idle),
    "exports nothing": Bad(
        "an_export_holds_what_it_keeps", "hands over no row", source(('[{"text": row.text} for row in rows]', "[]"))
    ),
    "exports everybody": Bad(
        "an_export_holds_what_it_keeps", "somebody who has none", source((f"select(Note){MINE}", "select(Note)"))
    ),
    "has no erasure": Bad(
        "erasing_leaves_no_row", "erase_person() is missing", source(("@hookimpl\ndef erase", "def erase"))
    ),
    "raises in the erasure": Bad(
        "erasing_leaves_no_row", "erase_person() raises ZeroDivisionError", source(("deleted=1", "deleted=1 / 0"))
    ),
    "gives no receipt": Bad(
        "erasing_leaves_no_row",
        "must return ErasureReceipt",
        source(("return ErasureReceipt(deleted=1)", "return True")),
    ),
    "erases nothing": Bad(
        "erasing_leaves_no_row", "1 in notes_note", source((f"delete(Note){MINE}", "delete(Note).where(Note.id < 0)"))
    ),
    "erases everybody": Bad("erasing_leaves_no_row", "somebody else", source((f"delete(Note){MINE}", "delete(Note)"))),
    "keeps the name": Bad(
        "erasing_leaves_no_row",
        "notes_note.text",
        {
            "source": [
                ("person_id: Mapped[int]", "person_id: Mapped[int | None]"),
                ('request.form["text"]))', "current.person.name))"),
                (f"delete(Note){MINE}", f"__import__('sqlalchemy').update(Note){MINE}.values(person_id=None)"),
            ],
            "migration": [('"person_id", sa.Integer(), nullable=False', '"person_id", sa.Integer(), nullable=True')],
        },
    ),
    "has rows of no agency": Bad(
        "rows_about_people_belong_to_an_agency",
        "notes_note",
        source(("class Note(AgencyOwned, Base)", "class Note(Base)")),
    ),
    "switches the filter off": Bad(
        "it_goes_no_way_around_the_agency_filter", "the option all_agencies", source((SELECT, UNFILTERED))
    ),
    "asks the table": Bad(
        "it_goes_no_way_around_the_agency_filter", "__table__", source((SELECT, "Note.__table__.select()"))
    ),
    "sends SQL": Bad(
        "it_goes_no_way_around_the_agency_filter", "raw SQL", source(("import ForeignKey", "import text, ForeignKey"))
    ),
    "shows a row to another agency": Bad(
        "another_agency_sees_nothing", "/p/notes/1", source((SELECT, UNFILTERED), (ENSURE, ""))
    ),
    "counts over agencies": Bad(
        "another_agency_sees_nothing",
        "/p/notes/ (as a learner)",
        {
            "source": [
                (
                    "notes=db.session.scalars(mine).all()",
                    "notes=db.session.scalars(mine).all(), count=db.session.scalar(select(func.count(Note.id)), "
                    "execution_options={'all_agencies': True})",
                )
            ],
            "index": [("<ul>", "<p>{{ count }}</p><ul>")],
        },
    ),
    "lets another agency change a row": Bad(
        "another_agency_changes_nothing", "POST /p/notes/1", source((SELECT, UNFILTERED), (ENSURE, ""))
    ),
    "has a page for everybody": Bad("each_page_asks_for_a_right", "- /p/notes/", source((GUARD, "def index"))),
    "has a page that is not asked for a right": Bad(
        "each_page_asks_for_a_right", "POST /p/notes/1", source((ENSURE, ""))
    ),
    "has a page to which nothing leads": Bad(
        "each_page_asks_for_a_right",
        "GET /p/notes/hidden/<name>",
        source(
            (
                "@hookimpl\ndef plugin",
                "@bp.get('/hidden/<name>')\ndef hidden(name):\n    return name\n\n@hookimpl\ndef plugin",
            )
        ),
    ),
    "serves strangers": Bad(
        "a_visitor_without_a_session_is_refused",
        "served without a launch",
        source(
            (
                "@hookimpl\ndef plugin",
                "bp.record_once(lambda s: s.app.before_request_funcs[None].insert(0, lambda: 'welcome' if "
                "request.path.startswith('/p/') and '/s/' not in request.root_url else None))\n@hookimpl\ndef plugin",
            )
        ),
    ),
    "is not translated": Bad(
        "each_page_speaks_both_languages",
        "not translated: Anything else",
        {"index": [("<ul>", '{{ _("Anything else") }}<ul>')]},
    ),
    "has a page in one language": Bad(
        "each_page_speaks_both_languages",
        "/p/notes/ says the same",
        {
            "index": [
                ('<h1>{{ _("Notes") }}', "<h1>Catatan"),
                ('{{ _("New note") }}', "Baru"),
                ('{{ _("Write") }}', "Tulis"),
            ]
        },
    ),
    "has a page without the shell": Bad(
        "each_page_speaks_both_languages",
        'not marked as lang="id"',
        {"index": [('{% extends "bridge/page.html" %}', "")]},
    ),
    "has a page that raises": Bad(
        "each_page_speaks_both_languages", "answers 500", source((GUARD, f"{GUARD}():\n    1 / 0\n\ndef other"))
    ),
    "has a style in the page": Bad(
        "no_page_has_inline_code", "the attribute style of <ul>", {"index": [("<ul>", '<ul style="color: red">')]}
    ),
    "has a script in the page": Bad(
        "no_page_has_inline_code", "a script in the page", {"index": [("<ul>", "<script>1</script><ul>")]}
    ),
    "has code in an attribute": Bad(
        "no_page_has_inline_code", "the attribute onclick of <ul>", {"index": [("<ul>", '<ul onclick="go()">')]}
    ),
    "loads from elsewhere": Bad(
        "no_page_has_inline_code",
        "<img> from cdn.example",
        {"index": [("<ul>", '<img alt="" src="https://cdn.example/x"><ul>')]},
    ),
    "asks for each row": Bad(
        "each_page_asks_the_database_a_few_times",
        "/p/notes/: 2",
        source(
            ("notes=db.session.scalars(mine).all()", "notes=[db.session.scalars(mine).all() for _n in range(20)][0]")
        ),
    ),
    "allows fewer": Bad("each_page_asks_the_database_a_few_times", "At most 1 statements", contract=Strict),
    "has a short README": Bad(
        "its_readme_says_what_it_is_for",
        "fewer than 300",
        {"readme": [("Notes that a learner writes and that nobody else reads. ", "")]},
    ),
}
LOOKS = {
    "is too wide": Bad(
        "each_page_fits_and_is_accessible",
        "px wide on 320 px",
        {"index": [("<ul>", '<svg width="900" height="9"></svg><ul>')]},
    ),
    "has a field without a name": Bad(
        "each_page_fits_and_is_accessible", "critical label", {"index": [('<label for="text">', '<label for="other">')]}
    ),
    "breaks the content policy": Bad(
        "each_page_fits_and_is_accessible", "Content Security Policy", {"index": [("<ul>", '<ul style="color: red">')]}
    ),
}


def run(check: str, contract: PluginContract, subject: Subject, request: pytest.FixtureRequest) -> None:
    """Run one check with the fixtures that it asks for."""
    function = getattr(contract, f"test_{check}")
    others = [name for name in signature(function).parameters if name not in {"subject", "language"}]
    given = {name: request.getfixturevalue(name) for name in others}
    function(subject=subject, **given, **({"language": "id"} if "language" in signature(function).parameters else {}))


@pytest.mark.parametrize("check", [name.removeprefix("test_") for name in CHECKS if "fits" not in name])
def test_a_plugin_that_keeps_the_contract_passes(
    check: str, subject_of: Callable[..., Subject], request: pytest.FixtureRequest
) -> None:
    run(check, NotesContract(), subject_of(), request)


@SQLITE
@pytest.mark.parametrize("bad", BAD)
def test_a_plugin_that_breaks_it_is_told_what_to_do(
    bad: str, subject_of: Callable[..., Subject], request: pytest.FixtureRequest
) -> None:
    case = BAD[bad]

    with pytest.raises(pytest.fail.Exception) as failed:
        run(case.check, case.contract(), subject_of(**case.spoilt), request)

    assert case.says in str(failed.value)


@SQLITE
@pytest.mark.browser
@pytest.mark.parametrize("bad", LOOKS)
def test_a_page_that_does_not_fit_everybody_is_named(
    bad: str, subject_of: Callable[..., Subject], request: pytest.FixtureRequest
) -> None:
    case = LOOKS[bad]

    with pytest.raises(pytest.fail.Exception) as failed:
        run(case.check, case.contract(), subject_of(**case.spoilt), request)

    assert "/p/notes/" in str(failed.value) and case.says in str(failed.value)


@SQLITE
@pytest.mark.browser
def test_a_page_for_everybody_passes(subject_of: Callable[..., Subject], request: pytest.FixtureRequest) -> None:
    run("each_page_fits_and_is_accessible", NotesContract(), subject_of(), request)


def test_every_check_can_fail() -> None:
    """No check is here that no bad plugin has ever failed."""
    tried = {case.check for case in (*BAD.values(), *LOOKS.values())}

    assert tried == {name.removeprefix("test_") for name in CHECKS}


@SQLITE
def test_a_plugin_that_is_not_installed_is_told_how_to_be(
    bridge_app: Any, practice_platform: Any, make_person: Any, request: pytest.FixtureRequest
) -> None:
    with pytest.raises(pytest.fail.Exception, match="No plugin called notes is installed here"):
        run("it_loads", NotesContract(), Subject("notes", bridge_app, practice_platform, make_person), request)
