"""The application, built in small steps: settings, logs, database, plugins, web."""

from __future__ import annotations

import ipaddress
import logging
import secrets
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import structlog
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.middleware.proxy_fix import ProxyFix

from lms_bridge import models as models  # maps core's tables
from lms_bridge.db import db
from lms_bridge.engine import engine_options, prepare_engine
from lms_bridge.errors import init_errors
from lms_bridge.lti.http import LmsClient
from lms_bridge.plugin_host.host import PluginHost, init_plugins
from lms_bridge.services.schema import pending_branches, version_folders
from lms_bridge.settings import Settings, load_settings
from lms_bridge.web import console, health, home, lti, my_data, operator, session
from lms_bridge.web.shell import init_shell
from lms_bridge.web.visits import SessionPath, init_visits

MAX_BODY = 1_000_000


class Bridge(Flask):
    """The application. None of its functions is asynchronous, and Flask would ask some 25 of them in each launch."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func


def create_app(settings: Settings | None = None, *, http: LmsClient | None = None, safe_mode: bool = False) -> Flask:
    """Build the bridge.

    :param settings: by default those of the environment and the instance file.
    :param http: the client towards LMSs; tests hand in one that stays in this process.
    :param safe_mode: start without plugins, whatever the settings say.
    :raises BadSetting: a setting cannot be used.
    """
    settings = settings or load_settings()
    app = Bridge("lms_bridge", instance_path=str(settings.instance), static_url_path="/static")
    _configure(app, settings)
    _init_logging(settings)
    _init_database(app, settings)
    app.extensions["lms_bridge.http"] = http or LmsClient(settings["ALLOW_PRIVATE_HOSTS"])
    init_errors(app)
    _init_web(app)
    _init_plugins(app, settings, safe_mode=safe_mode)
    init_shell(app, _translations(settings, app))
    app.wsgi_app = SessionPath(app.wsgi_app)  # type: ignore[method-assign]
    _trust_proxies(app, settings["TRUSTED_PROXIES"])
    return app


def _configure(app: Flask, settings: Settings) -> None:
    app.config.update(
        # Without a secret nothing signed may be guessable; doctor says that there is none.
        SECRET_KEY=settings["SECRET_KEY"] or secrets.token_urlsafe(32),
        BASE_URL=settings["BASE_URL"],
        INSTANCE_PATH=str(settings.instance),
        SETTINGS=settings,
        MAX_CONTENT_LENGTH=MAX_BODY,
        MAX_FORM_MEMORY_SIZE=MAX_BODY,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def _init_logging(settings: Settings) -> None:
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[settings["LOG_LEVEL"].upper()]
        ),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )


def _init_database(app: Flask, settings: Settings) -> None:
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(settings.database_url)
    db.init_app(app)
    with app.app_context():
        prepare_engine(db.engine)


def _init_web(app: Flask) -> None:
    init_visits(app)
    app.before_request(home.refuse_switched_off)
    for blueprint in (lti.bp, home.bp, my_data.bp, console.bp, operator.bp, session.bp, session.window_bp, health.bp):
        app.register_blueprint(blueprint)


def _init_plugins(app: Flask, settings: Settings, *, safe_mode: bool) -> None:
    plugins = PluginHost(
        settings.instance,
        only=settings["LOAD_PLUGINS"],
        disabled=settings["DISABLED_PLUGINS"],
        safe_mode=safe_mode or settings["SAFE_MODE"],
        trace=settings["TRACE_HOOKS"],
    )
    plugins.load()
    with app.app_context():
        try:
            behind = pending_branches()
        except SQLAlchemyError:
            behind = {}
        # Processes that are forked from this one must not share its connections.
        db.engine.dispose()
        branches = version_folders(settings.instance)
    for name, state in plugins.states.items():
        if state.declaration and name in behind and name in branches:
            plugins.quarantine(name, "DatabaseBehind", "run lms-bridge db upgrade")
    init_plugins(app, plugins)


def _translations(settings: Settings, app: Flask) -> list[Path]:
    plugins: PluginHost = app.extensions["lms_bridge.plugins"]
    folders = [state.found.folder("translations") for state in plugins.states.values() if state.declaration]
    # The last one wins: a plugin that uses one of core's sentences cannot change it on core's pages.
    return [*(folder for folder in folders if folder), Path(__file__).parent / "translations"]


def _trust_proxies(app: Flask, trusted: int | tuple[str, ...]) -> None:
    """Believe forwarded headers, but only those that a trusted proxy set."""
    if not trusted:
        return
    plain = app.wsgi_app
    behind = ProxyFix(plain, x_for=1, x_proto=1, x_host=1, x_prefix=1)
    if isinstance(trusted, int):
        app.wsgi_app = ProxyFix(plain, x_for=trusted, x_proto=1, x_host=1, x_prefix=1)  # type: ignore[method-assign]
        return
    networks = [ipaddress.ip_network(entry, strict=False) for entry in trusted]

    def choose(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        try:
            remote = ipaddress.ip_address(environ.get("REMOTE_ADDR", ""))
        except ValueError:
            # A Unix socket has no address; only the operator's own proxy can reach it.
            return behind(environ, start_response)
        known = any(remote in network for network in networks if network.version == remote.version)
        return (behind if known else plain)(environ, start_response)

    app.wsgi_app = choose  # type: ignore[method-assign]
