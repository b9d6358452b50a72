"""What a loaded plugin does wrong is undone and noted; core's work and the other plugins' answers stay."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from lms_bridge.db import db
from lms_bridge.models import Launch

BAD = """
    from sqlalchemy import text
    from lms_bridge.api import Card, Plugin, Task, db, hookimpl

    @hookimpl
    def plugin():
        return Plugin("bad", "Bad", "1")

    @hookimpl
    def home_cards(context):
        {body}
"""

HOOKS = {
    "raises": "raise RuntimeError('secret detail')",
    "ends the server": "raise SystemExit",
    "sends bad SQL": "db.session.execute(text('SELECT nothing FROM nowhere'))",
    "leaves what cannot be stored": "db.session.add(__import__('lms_bridge').models.Agency(code='demo', name='Twice'))",
    "closes the session": "db.session.close(); return []",
    "removes the session": "db.session.remove(); return []",
    "resets the session": "db.session.reset(); return []",
    "commits": "db.session.commit()",
    "rolls back": "db.session.rollback()",
    "returns no list": "return Card('alone', '')",
    "returns nothing": "return None",
    "returns a list of something else": "return ['a card']",
    "returns another hook's things": "return [Task('not a card', '', '/')]",
}


@pytest.mark.parametrize("fault", HOOKS)
def test_a_hook_that_goes_wrong_is_left_out_and_noted(fault, drop_in, neighbour, start):
    drop_in("bad", BAD.format(body=HOOKS[fault]))

    server = start()
    home = server.launch_home()

    assert home.status_code == 200
    assert "The neighbour answers" in home.text
    assert "secret detail" not in home.text
    assert server.state("bad").failures["home_cards"] == 1


UNTIDY = {
    "hides its own bad SQL": """
        try:
            db.session.execute(text('SELECT nothing FROM nowhere'))
        except Exception:
            return []""",
    "leaves a savepoint open": "db.session.begin_nested(); return []",
    "forgets what core has read": "db.session.expunge_all(); return []",
}


@pytest.mark.parametrize("habit", UNTIDY)
def test_a_hook_that_leaves_the_session_untidy_harms_nobody(habit, drop_in, neighbour, start):
    drop_in("bad", BAD.format(body=UNTIDY[habit]))
    server = start()

    browser = server.browser()

    assert "The neighbour answers" in browser.page.text
    assert browser.get("/").status_code == 200


def test_a_hook_that_commits_cannot_keep_what_it_wrote(drop_in, start):
    drop_in("bad", BAD.format(body='db.session.execute(text("DELETE FROM core_launch")); db.session.commit()'))
    server = start()

    browser = server.browser()

    assert browser.page.status_code == 200
    with server.app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Launch.__table__)) == 1


VIEW = """
    from flask import Blueprint
    from sqlalchemy import text
    from lms_bridge.api import Module, Plugin, db, hookimpl

    bp = Blueprint("bad", __name__)

    @bp.get("/page")
    def page():
        {body}

    @hookimpl
    def plugin():
        return Plugin("bad", "Modul Rusak", "1", blueprints=(bp,), modules=(Module("page", "Page", "", "bad.page"),))
"""


@pytest.mark.parametrize(
    "body", ["raise RuntimeError('secret detail')", "db.session.execute(text('SELECT nothing FROM nowhere'))"]
)
def test_a_view_that_raises_shows_a_page_that_names_the_plugin(body, drop_in, start):
    drop_in("bad", VIEW.format(body=body))
    server = start()

    browser = server.browser(module="bad.page")

    assert browser.page.status_code == 500
    assert "Modul Rusak" in browser.page.text
    assert "NR-" in browser.page.text
    assert "secret detail" not in browser.page.text
    assert "nowhere" not in browser.page.text
    assert browser.get("/").status_code == 200


def test_a_view_that_raises_ends_neither_the_next_launch_nor_other_pages(drop_in, neighbour, start):
    drop_in("bad", VIEW.format(body="raise RuntimeError('x')"))
    server = start()
    server.browser(module="bad.page")

    assert "The neighbour answers" in server.launch_home().text
