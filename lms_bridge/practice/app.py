"""The application of the practice LMS."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from flask import Flask
from sqlalchemy.exc import DatabaseError

from lms_bridge.practice.faults import BreakableConnections
from lms_bridge.practice.models import SCHEMA, Setting, prepare_engine, store
from lms_bridge.practice.profiles import profile_named
from lms_bridge.practice.seed import seed
from lms_bridge.practice.services import init_services
from lms_bridge.practice.site import LOOPBACK, Site, check_base_url, make_key_pair
from lms_bridge.practice.trace import init_trace
from lms_bridge.practice.views import activities, admin, course, deep_linking, discovery, grades, login, persona, roster
from lms_bridge.practice.views import trace as trace_view
from lms_bridge.practice.web import init_web

TRACED = {
    "discovery.configuration": "registration",
    "discovery.registration": "registration",
    "discovery.jwks": "keys",
    "discovery.token": "token",
    "login.auth": "auth",
    "deep_linking.returned": "deep-link",
    "grades.line_items": "grades",
    "grades.create": "grades",
    "grades.line_item": "grades",
    "grades.change": "grades",
    "grades.remove": "grades",
    "grades.score": "score",
    "grades.results": "grades",
    "roster.memberships": "roster",
}


class DataUnusable(Exception):
    """The practice LMS's file cannot be used; the text says what to do."""


def create_practice_app(
    *,
    data: Path | str,
    base_url: str = "http://localhost:8001",
    profile: str = "plain",
    http: requests.Session | None = None,
    tool_hosts: Iterable[str] = (),
) -> Flask:
    """Build a practice LMS with its people and courses.

    :param data: the SQLite file, made if it is not there; ``:memory:`` keeps nothing.
    :param base_url: its address, as browsers and tools see it; this is the issuer.
    :param profile: ``plain`` or ``moodle``.
    :param http: the session by which tools are reached; tests hand in one that stays in this process.
    :param tool_hosts: hosts besides this machine that tools may lie on.
    :raises DataUnusable: the file is of another version, or no database.
    :raises ValueError: address or profile cannot be used.
    """
    address, hosts = check_base_url(base_url, tool_hosts)
    chosen = profile_named(profile)
    app = Flask("lms_bridge.practice", static_url_path="/static")
    app.config.update(
        SQLALCHEMY_DATABASE_URI="sqlite://" if str(data) == ":memory:" else f"sqlite:///{Path(data).absolute()}",
        SQLALCHEMY_ENGINE_OPTIONS={"connect_args": {"timeout": 10}},
        SESSION_COOKIE_NAME="practice_lms",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SECURE=address.startswith("https:"),
        MAX_CONTENT_LENGTH=1_000_000,
        TRUSTED_HOSTS=[str(urlsplit(address).hostname), *LOOPBACK],
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    values = _open_store(app, data)
    app.config["SECRET_KEY"] = values["secret_key"]
    session = http or requests.Session()
    session.trust_env = False
    place = Site(
        base_url=address,
        profile=chosen,
        http=session,
        hosts=hosts,
        private_key=values["private_key"],
        public_key=values["public_key"],
        guid=values["guid"],
        secret_key=values["secret_key"],
    )
    app.extensions["practice"] = place
    init_trace(app, TRACED)
    init_services(app)
    init_web(app)
    for module in (discovery, login, grades, roster, deep_linking, persona, course, activities, admin, trace_view):
        app.register_blueprint(module.bp)
    app.wsgi_app = BreakableConnections(app.wsgi_app, place.faults)  # type: ignore[method-assign]
    return app


def _open_store(app: Flask, data: Path | str) -> dict[str, str]:
    """Create or open the tables, seed them, and return the site's lasting values."""
    if str(data) != ":memory:":
        Path(data).absolute().parent.mkdir(parents=True, exist_ok=True)
    store.init_app(app)
    with app.app_context():
        prepare_engine(store.engine)
        try:
            _check_version(str(data))
            store.create_all()
            values = {name: _setting(name) for name in ("guid", "secret_key")}
            values["private_key"], values["public_key"] = _keys()
            seed()
            store.session.commit()
        except DatabaseError as error:
            raise DataUnusable(f"{data} cannot be used ({error.orig}). Choose another file with --data.") from error
        finally:
            store.session.remove()
    return values


def _check_version(data: str) -> None:
    with store.engine.connect() as connection:
        found = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
        tables: Any = connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one()
        if tables and found != SCHEMA:
            raise DataUnusable(f"{data} is of another version of the practice LMS. Remove it, or run: make demo-reset")
        connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA}")
        connection.commit()


def _setting(name: str) -> str:
    found = store.session.get(Setting, name)
    if found is None:
        found = Setting(name=name, value=secrets.token_hex(16))
        store.session.add(found)
        store.session.flush()
    return found.value


def _keys() -> tuple[str, str]:
    private, public = store.session.get(Setting, "private_key"), store.session.get(Setting, "public_key")
    if private is None or public is None:
        pair = make_key_pair()
        private = Setting(name="private_key", value=pair[0])
        public = Setting(name="public_key", value=pair[1])
        store.session.add_all([private, public])
        store.session.flush()
    return private.value, public.value
