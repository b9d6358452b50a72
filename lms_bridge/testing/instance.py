"""Making instances and databases for tests."""

from __future__ import annotations

from pathlib import Path

import requests
from flask import Flask
from sqlalchemy import create_engine, select, text

from lms_bridge.app import create_app
from lms_bridge.cli.database import upgrade_all
from lms_bridge.db import acting_as, db, now
from lms_bridge.jobs import events, grades, rosters
from lms_bridge.lti import tokens
from lms_bridge.lti.http import LmsClient
from lms_bridge.lti.keys import create_key
from lms_bridge.models import Agency, Deployment, Platform, ToolKey
from lms_bridge.services.demo import seed_demo
from lms_bridge.settings import load_settings
from lms_bridge.testing.platform import TestPlatform
from lms_bridge.testing.wsgi_adapter import WsgiAdapter

BASE_URL = "http://bridge.test"


def prepare_instance(folder: Path, url: str) -> None:
    """Create the tables, the keys and the demo agency."""
    app = make_app(folder, url, None)
    with app.app_context():
        upgrade_all()
        if db.session.scalar(select(ToolKey.kid).limit(1)) is None:
            create_key(signs_from=now())
        seed_demo()
        db.session.commit()
        db.session.remove()
        db.engine.dispose()


def make_app(folder: Path, url: str, platform: TestPlatform | None, *, base_url: str = BASE_URL) -> Flask:
    """Return the bridge on a database, its outgoing requests ending at the platform in this process."""
    settings = load_settings(
        {},
        INSTANCE_PATH=str(folder),
        DATABASE_URL=url,
        BASE_URL=base_url,
        SECRET_KEY="test secret",
        LOG_LEVEL="CRITICAL",
    )
    session = requests.Session()
    if platform is not None:
        session.mount(f"{platform.url}/", WsgiAdapter(platform.app()))
    tokens._tokens.clear()
    return create_app(settings, http=LmsClient((), session=session))


def register_platform(platform: TestPlatform, *, agency: str = "demo") -> int:
    """Register a platform with an agency, as an operator does by hand."""
    agency_id = db.session.scalar(select(Agency.id).where(Agency.code == agency))
    with acting_as(agency_id):
        row = Platform(
            issuer=platform.url,
            client_id=platform.client_id,
            name="lms.test",
            product=platform.product,
            authorization_url=f"{platform.url}/auth",
            token_url=f"{platform.url}/token",
            token_audience=f"{platform.url}/token",
            jwks_url=platform.jwks_url,
            created_at=now(),
        )
        db.session.add(row)
        db.session.flush()
        db.session.add(Deployment(platform_id=row.id, deployment_id=platform.deployment_id))
        db.session.commit()
        return row.id


def copy_database(server: str, name: str, *, template: str | None) -> str:
    """Create a PostgreSQL database, empty or as a copy, and return its URL."""
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        source = f' TEMPLATE "{template.rpartition("/")[2]}"' if template else ""
        connection.execute(text(f'CREATE DATABASE "{name}"{source}'))
    engine.dispose()
    return f"{server.rpartition('/')[0]}/{name}"


def drop_database(server: str, name: str) -> None:
    """Drop a PostgreSQL database whoever still uses it."""
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
    engine.dispose()


class Outbox:
    """The worker of a test."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def drain(self) -> int:
        """Deliver grades, events and rosters that are due now; returns how many were tried."""
        with self.app.app_context():
            done = sum(act() for act in (events.deliver_due, grades.deliver_due, rosters.sync_wanted))
            db.session.remove()
        return done
