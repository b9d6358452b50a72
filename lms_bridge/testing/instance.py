"""Making instances and databases for tests."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import requests
from flask import Flask
from sqlalchemy import select, text

from lms_bridge.app import create_app
from lms_bridge.cli.database import upgrade_all
from lms_bridge.db import acting_as, db, now
from lms_bridge.jobs import events, grades, imports, indicators, rosters
from lms_bridge.jobs.indicators.checking import check_cells
from lms_bridge.lti import tokens
from lms_bridge.lti.http import LmsClient
from lms_bridge.lti.keys import create_key
from lms_bridge.lti.registration import tool_document
from lms_bridge.models import Agency, Deployment, Platform, ToolKey
from lms_bridge.practice.app import create_practice_app
from lms_bridge.practice.driver import PracticeDriver
from lms_bridge.practice.models import store
from lms_bridge.services.demo import seed_demo
from lms_bridge.settings import load_settings
from lms_bridge.testing.compiled import compile_once
from lms_bridge.testing.wsgi_adapter import WsgiAdapter

BASE_URL = "http://bridge.test"
LMS_URL = "http://lms.test"
CLIENT_ID = "client-1"


def prepare_instance(folder: Path, url: str) -> None:
    """Create the tables, the keys and the demo agency."""
    app = make_app(folder, url, None)
    with app.app_context():
        upgrade_all()
        if db.session.scalar(select(ToolKey.kid).limit(1)) is None:
            create_key(signs_from=now())
        seed_demo()
        db.session.commit()
        if db.engine.dialect.name == "postgresql":
            # As its autovacuum does within a minute; a test is over before.
            db.session.execute(text("ANALYZE"))
            db.session.commit()
        db.session.remove()
        db.engine.dispose()


def make_app(folder: Path, url: str, platform: PracticeDriver | None, *, base_url: str = BASE_URL) -> Flask:
    """Return the bridge on a database; it and the practice LMS reach each other inside this process."""
    settings = load_settings(
        {},
        INSTANCE_PATH=str(folder),
        DATABASE_URL=url,
        BASE_URL=base_url,
        SECRET_KEY="test secret",
        LOG_LEVEL="CRITICAL",
    )
    session = requests.Session()
    tokens._tokens.clear()
    app = create_app(settings, http=LmsClient((), session=session))
    with app.app_context():
        compile_once(app, db.engine)
    if platform is not None:
        connect(app, platform)
    return app


def connect(app: Flask, platform: PracticeDriver) -> None:
    """Let the bridge and a practice LMS reach each other inside this process."""
    app.extensions["lms_bridge.http"].session.mount(f"{platform.site.base_url}/", WsgiAdapter(platform.app))
    platform.site.http.mount(f"{app.config['BASE_URL']}/", WsgiAdapter(app))


def close_app(app: Flask) -> None:
    """Let go of the database."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def open_platform(file: Path, profile: str, *, url: str = LMS_URL, tool_url: str = BASE_URL) -> PracticeDriver:
    """Return the practice LMS of a file, made if it is not there; it may reach a tool at one address."""
    hosts = (str(urlsplit(tool_url).hostname),)
    http = requests.Session()
    app = create_practice_app(data=file, base_url=url, profile=profile, http=http, tool_hosts=hosts)
    with app.app_context():
        compile_once(app, store.engine)
    return PracticeDriver(app)


def prepare_platform(file: Path, profile: str) -> None:
    """Make a practice LMS that has the bridge among its tools."""
    platform = open_platform(file, profile)
    add_tool(platform)
    platform.close()


def add_tool(platform: PracticeDriver, *, client_id: str = CLIENT_ID, base_url: str = BASE_URL) -> None:
    """Make the bridge a tool of a practice LMS, as its administrator would by hand."""
    platform.register_document(tool_document(base_url, scopes=()), client_id=client_id)


def register_platform(platform: PracticeDriver, *, agency: str = "demo", client_id: str = CLIENT_ID) -> int:
    """Register a practice LMS that has the bridge among its tools with an agency, as an operator does by hand."""
    agency_id = db.session.scalar(select(Agency.id).where(Agency.code == agency))
    site, tool = platform.site, platform.tool(client_id)
    with acting_as(agency_id):
        row = Platform(
            issuer=site.base_url,
            client_id=tool.client_id,
            name=urlsplit(site.base_url).hostname or "",
            product=site.profile.product_family,
            authorization_url=f"{site.base_url}/auth",
            token_url=f"{site.base_url}/token",
            token_audience=f"{site.base_url}/token",
            jwks_url=f"{site.base_url}/jwks",
            created_at=now(),
        )
        db.session.add(row)
        db.session.flush()
        db.session.add(Deployment(platform_id=row.id, deployment_id=tool.deployment_id))
        db.session.commit()
        return row.id


ACTS = (events.deliver_due, grades.deliver_due, rosters.sync_wanted, imports.run_due, indicators.fold_due)


class Outbox:
    """The worker of a test."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def drain(self) -> int:
        """Do what is due now, as the worker does; returns how many things were tried."""
        with self.app.app_context():
            done = sum(act() for act in ACTS)
            db.session.remove()
        return done

    def check_indicators(self, agency_id: int = 1) -> int:
        """Compare an agency's indicators with the facts, as the worker does at night; returns how many differed."""
        with self.app.app_context(), acting_as(agency_id):
            return check_cells()
