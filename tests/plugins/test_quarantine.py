"""A plugin that is not fit is set aside with its reason; launches and the other plugins go on."""

from __future__ import annotations

import pytest

from lms_bridge.plugin_host.discovery import Found
from lms_bridge.plugin_host.names import RESERVED

UNFIT = {
    "import error": ("import no_such_module_anywhere", "No module named 'no_such_module_anywhere'"),
    "SystemExit at import": ("raise SystemExit(3)", "tried to end the server"),
    "syntax error": ("def plugin(:\n    pass", "invalid syntax"),
    "any error at import": ("1 / 0", "see the log"),
    "an error without a word": ("raise ImportError", "see the log"),
    "no plugin()": ("", "plugin() is missing"),
    "misspelt hook": (
        """
        from lms_bridge.api import Plugin, hookimpl

        @hookimpl
        def plugin():
            return Plugin("bad", "Bad", "1")

        @hookimpl
        def home_crads(context):
            return []
        """,
        "home_crads",
    ),
    "wrong argument name": (
        """
        from lms_bridge.api import Plugin, hookimpl

        @hookimpl
        def plugin():
            return Plugin("bad", "Bad", "1")

        @hookimpl
        def home_cards(kontext):
            return []
        """,
        "kontext",
    ),
    "wrapper": (
        """
        from lms_bridge.api import Plugin, hookimpl

        @hookimpl
        def plugin():
            return Plugin("bad", "Bad", "1")

        @hookimpl(wrapper=True)
        def home_cards(context):
            return (yield)
        """,
        "wrappers are not supported",
    ),
    "garbage from plugin()": (
        """
        from lms_bridge.api import hookimpl

        @hookimpl
        def plugin():
            return {"name": "bad"}
        """,
        "must return a Plugin",
    ),
    "plugin() raises": (
        """
        from lms_bridge.api import hookimpl

        @hookimpl
        def plugin():
            raise RuntimeError("no configuration")
        """,
        "see the log",
    ),
    "another name": (
        """
        from lms_bridge.api import Plugin, hookimpl

        @hookimpl
        def plugin():
            return Plugin("good", "Bad", "1")
        """,
        "calls itself 'good'",
    ),
    "API of the future": (
        """
        from lms_bridge.api import Plugin, hookimpl

        @hookimpl
        def plugin():
            return Plugin("bad", "Bad", "1", requires_api=(99, 0))
        """,
        "written for API 99.0",
    ),
    "API version that is no pair": (
        """
        from lms_bridge.api import Plugin, hookimpl

        @hookimpl
        def plugin():
            return Plugin("bad", "Bad", "1", requires_api="1.0")
        """,
        "requires_api",
    ),
    "garbage in the declaration": (
        """
        from lms_bridge.api import Plugin, hookimpl

        @hookimpl
        def plugin():
            return Plugin("bad", "Bad", "1", modules=("self-rating",))
        """,
        "modules",
    ),
    "permission of another plugin": (
        """
        from lms_bridge.api import Permission, Plugin, hookimpl

        @hookimpl
        def plugin():
            return Plugin("bad", "Bad", "1", permissions=(Permission("core.all", "All", frozenset({"self"})),))
        """,
        "must start with bad.",
    ),
    "module without a view": (
        """
        from flask import Blueprint
        from lms_bridge.api import Module, Plugin, hookimpl

        bp = Blueprint("bad", __name__)

        @bp.get("/page")
        def page():
            return "served"

        @hookimpl
        def plugin():
            return Plugin("bad", "Bad", "1", blueprints=(bp,), modules=(Module("m", "M", "", "bad.other"),))
        """,
        "bad.other",
    ),
    "menu entry without a view": (
        """
        from lms_bridge.api import NavigationItem, Plugin, hookimpl

        @hookimpl
        def plugin():
            return Plugin("bad", "Bad", "1", navigation=(NavigationItem("Bad", "bad.index"),))
        """,
        "bad.index",
    ),
    "two views of one name": (
        """
        from flask import Blueprint
        from lms_bridge.api import Plugin, hookimpl

        one, two = Blueprint("bad", __name__), Blueprint("bad", __name__)

        @hookimpl
        def plugin():
            return Plugin("bad", "Bad", "1", blueprints=(one, two))
        """,
        "see the log",
    ),
    "tables in a dropped-in file": (
        """
        from sqlalchemy.orm import Mapped, mapped_column
        from lms_bridge.api import Plugin, hookimpl, plugin_base

        class Thing(plugin_base("bad")):
            __tablename__ = "bad_thing"
            id: Mapped[int] = mapped_column(primary_key=True)

        @hookimpl
        def plugin():
            return Plugin("bad", "Bad", "1")
        """,
        "cannot bring tables",
    ),
}


@pytest.mark.parametrize("fault", UNFIT)
def test_a_dropped_in_plugin_that_is_not_fit_is_set_aside_with_the_reason(fault, install, drop_in, neighbour, start):
    source, reason = UNFIT[fault]
    drop_in("bad", source)

    server = start()
    home = server.launch_home()

    assert server.state("bad").state == "quarantined"
    assert reason in server.state("bad").hint
    assert home.status_code == 200
    assert "The neighbour answers" in home.text


def test_a_plugin_set_aside_serves_nothing(drop_in, start):
    drop_in("bad", UNFIT["module without a view"][0])

    browser = start().browser()

    assert browser.get("/p/bad/page").status_code == 404


@pytest.mark.parametrize("name", ["core", "lti", "session", "home", "alembic", "Bad", "bad_name", "a" * 28])
def test_a_reserved_or_malformed_name_is_refused(name, drop_in, neighbour, start):
    drop_in(name, "")

    server = start()

    assert f"the name {name!r} is reserved, or not of" in server.state(name).hint
    assert "The neighbour answers" in server.launch_home().text


def test_every_blueprint_of_core_is_reserved(start):
    endpoints = start(SAFE_MODE="true").app.view_functions

    assert {endpoint.partition(".")[0] for endpoint in endpoints} <= RESERVED


@pytest.mark.parametrize("name", ["core", "odd(name"])
def test_migrations_below_a_name_that_no_plugin_can_have_are_not_looked_at(name, install, neighbour, start):
    install(name, "", core_9999="revision, down_revision = 'core_9999', None\n")

    server = start()

    assert server.upgrade() == {}
    assert server.state(name).state == "quarantined"
    assert server.doctor("database").state == "ok"
    assert "The neighbour answers" in server.launch_home().text


def test_an_entry_point_that_names_no_package_has_no_folders():
    assert Found("odd", ".plugin").folder("migrations") is None


def test_a_hidden_file_that_an_editor_leaves_is_no_plugin(drop_in, neighbour, start):
    drop_in(".#neighbour", "")

    assert set(start().app.extensions["lms_bridge.plugins"].states) == {"competency", "leadership", "neighbour"}


def test_two_plugins_of_one_name_are_both_set_aside_because_neither_is_surely_meant(install, drop_in, neighbour, start):
    install("twin", "")
    drop_in("twin", "")

    server = start()

    assert "two plugins are called twin" in server.state("twin").hint
    assert "The neighbour answers" in server.launch_home().text


MODELS = """
    from sqlalchemy import ForeignKey
    from sqlalchemy.orm import Mapped, mapped_column, relationship
    from lms_bridge.api import AgencyOwned, Plugin, db, hookimpl, plugin_base

    Base = plugin_base("{name}")

    @hookimpl
    def plugin():
        return Plugin("{name}", "Bad", "1")

"""


def models(name: str, text: str) -> str:
    """Return the source of a plugin that brings models."""
    return MODELS.format(name=name) + text


def test_a_table_without_the_plugins_prefix_is_refused(install, neighbour, start):
    source = models(
        "prefix",
        """
    class Thing(Base):
        __tablename__ = "thing"
        id: Mapped[int] = mapped_column(primary_key=True)

    class Other(Base):
        __tablename__ = "other"
        id: Mapped[int] = mapped_column(primary_key=True)
        """,
    )
    install("prefix", source)

    server = start()

    assert "must start with prefix_" in server.state("prefix").hint
    assert "The neighbour answers" in server.launch_home().text


def test_a_broken_relationship_breaks_only_its_own_plugin(install, neighbour, start):
    source = models(
        "poison",
        """
    class Thing(AgencyOwned, Base):
        __tablename__ = "poison_thing"
        id: Mapped[int] = mapped_column(primary_key=True)
        missing: Mapped["Nothing"] = relationship("Nothing")
        """,
    )
    install("poison", source, poison_0001="revision = 'poison_0001'")

    server = start()

    assert server.state("poison").state == "quarantined"
    assert "Nothing" in server.state("poison").hint
    assert "The neighbour answers" in server.launch_home().text


def test_a_model_on_cores_own_base_is_refused_before_it_can_poison_core(install, neighbour, start):
    source = models(
        "squatter",
        """
    class Thing(db.Model):
        __tablename__ = "squatter_thing"
        id: Mapped[int] = mapped_column(primary_key=True)
        missing: Mapped["Nothing"] = relationship("Nothing")
        """,
    )
    install("squatter", source)

    server = start()

    assert "Thing must use plugin_base" in server.state("squatter").hint
    assert "The neighbour answers" in server.launch_home().text


def test_a_plugin_whose_tables_are_behind_is_set_aside_until_the_upgrade(install, neighbour, start):
    source = models(
        "late",
        """
    class Thing(Base):
        __tablename__ = "late_thing"
        id: Mapped[int] = mapped_column(primary_key=True)
        """,
    )
    install("late", source, late_0001="revision = 'late_0001'")

    server = start()

    assert "lms-bridge db upgrade" in server.state("late").hint
    assert "The neighbour answers" in server.launch_home().text


def test_tables_without_migrations_are_refused(install, neighbour, start):
    source = models(
        "bare",
        """
    class Thing(Base):
        __tablename__ = "bare_thing"
        id: Mapped[int] = mapped_column(primary_key=True)
        """,
    )
    install("bare", source)

    server = start()

    assert "lms-bridge db makemigration bare" in server.state("bare").hint


def test_a_plugin_that_imports_the_proxy_of_the_context_loads(drop_in, start):
    source = """
        from lms_bridge.api import Card, Plugin, current, hookimpl

        @hookimpl
        def plugin():
            return Plugin("here", "Here", "1")

        @hookimpl
        def home_cards(context):
            return [Card(f"You are at {current.agency.name}", "")]
    """
    drop_in("here", source)

    server = start()

    assert server.state("here").state == "loaded"
    assert "You are at Pemerintah Kota Nusaraya" in server.launch_home().text


def test_a_plugin_that_the_settings_ask_for_but_nobody_installed_is_named(neighbour, start):
    server = start(LOAD_PLUGINS="neighbour, servey")

    assert server.state("servey").state == "quarantined"
    assert "LMS_BRIDGE_LOAD_PLUGINS" in server.state("servey").hint
    assert "neighbour" in server.state("servey").hint
    assert "The neighbour answers" in server.launch_home().text


def test_health_shows_states_and_never_reasons(drop_in, neighbour, start):
    drop_in("bad", "import no_such_module_anywhere")

    answer = start().app.test_client().get("/healthz")

    assert answer.json["plugins"]["bad"] == "quarantined"
    assert answer.json["plugins"]["neighbour"] == "loaded"
    assert "no_such_module" not in answer.text


def test_an_activity_whose_plugin_is_set_aside_says_so_in_words(drop_in, start):
    drop_in("bad", "import no_such_module_anywhere")

    page = start().browser(module="bad.page").page

    assert page.status_code == 404
    assert "bad.page" in page.text
    assert "NR-" in page.text
    assert "no_such_module" not in page.text


GREETER = """
    from lms_bridge.api import Plugin, hookimpl

    @hookimpl
    def plugin():
        return Plugin("greeter", "Greeter", "1")
"""


def test_a_catalogue_that_cannot_be_read_sets_its_plugin_aside(install, neighbour, start):
    folder = install("greeter", GREETER) / "translations" / "id" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "messages.mo").write_bytes(b"no catalogue")

    server = start()
    home = server.launch_home()

    assert home.status_code == 200 and "The neighbour answers" in home.text
    assert "translations" in server.state("greeter").hint
