"""The bridge and the practice LMS on two sites, served to a real browser."""

from __future__ import annotations

import datetime as dt
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from flask import Flask
from requests.adapters import HTTPAdapter
from sqlalchemy import func, select
from werkzeug.serving import make_server

from lms_bridge.db import acting_as, db, now
from lms_bridge.lti.registration import invite, make_invitation
from lms_bridge.models import Agency, Platform, Unit
from lms_bridge.practice.app import create_practice_app
from lms_bridge.practice.driver import PracticeDriver
from lms_bridge.services.operator_links import make_operator_link
from lms_bridge.testing import instance
from lms_bridge.testing.serving import QuietHandler
from tests.imports.standing import import_lists

RATING = "competency.self-rating"


class _Nearby(HTTPAdapter):
    """Finds every host on this machine, as the browser of the tests does."""

    def send(self, request: requests.PreparedRequest, *arguments: Any, **options: Any) -> requests.Response:
        parts = urlsplit(request.url or "")
        request.headers["Host"] = parts.netloc
        request.url = parts._replace(netloc=f"127.0.0.1:{parts.port}").geturl()
        return super().send(request, *arguments, **options)


class Site:
    """Both servers. By default the bridge is at 127.0.0.1 and the LMS at localhost: two sites for a browser."""

    def __init__(
        self, folder: Path, *, profile: str = "moodle", bridge_host: str = "127.0.0.1", lms_host: str = "localhost"
    ) -> None:
        self.servers = [
            make_server("127.0.0.1", 0, Flask("waiting"), threaded=True, request_handler=QuietHandler) for _ in "12"
        ]
        bridge_server, lms_server = self.servers
        self.bridge_url = f"http://{bridge_host}:{bridge_server.server_port}"
        self.lms_url = f"http://{lms_host}:{lms_server.server_port}"
        database = f"sqlite:///{folder / 'lms_bridge.sqlite'}"
        self.bridge = instance.make_app(folder, database, None, base_url=self.bridge_url)
        http = requests.Session()
        practice = create_practice_app(
            data=folder / "practice.sqlite",
            base_url=self.lms_url,
            profile=profile,
            http=http,
            tool_hosts=(bridge_host,),
        )
        for session in (http, self.bridge.extensions["lms_bridge.http"].session):
            session.mount("http://", _Nearby())
        self.lms = PracticeDriver(practice)
        bridge_server.app, lms_server.app = self.bridge, practice
        for server in self.servers:
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Stop both servers."""
        for server in self.servers:
            server.shutdown()
            server.server_close()
        for app in (self.bridge, self.lms.app):
            with app.app_context():
                app.extensions["sqlalchemy"].session.remove()
                app.extensions["sqlalchemy"].engine.dispose()

    def invitation(self) -> str:
        """Return a new registration link of the demo agency."""
        with self.bridge.app_context():
            agency = db.session.scalars(select(Agency).where(Agency.code == "demo")).one()
            link = f"{self.bridge_url}/lti/register/{invite(agency, now=now())}"
            db.session.commit()
            db.session.remove()
        return link

    def operator_link(self) -> str:
        """Return a link into the console of the demo agency."""
        with self.bridge.app_context():
            agency_id = db.session.scalars(select(Agency.id).where(Agency.code == "demo")).one()
            link = f"{self.bridge_url}/operator/{make_operator_link(agency_id, now=now())}"
            db.session.commit()
            db.session.remove()
        return link

    def work(self) -> None:
        """Do what the worker does: deliver grades and events, fetch rosters."""
        instance.Outbox(self.bridge).drain()

    def end_sessions(self, name: str) -> None:
        """Let everything that somebody has open be unused for an hour."""
        sessions, people = (db.metadata.tables[table] for table in ("core_session", "core_person"))
        theirs = select(people.c.id).where(people.c.name == name)
        with self.bridge.app_context():
            ended = sessions.update().where(sessions.c.person_id.in_(theirs))
            db.session.execute(ended.values(seen_at=now() - dt.timedelta(hours=1)))
            db.session.commit()
            db.session.remove()

    def sessions_of(self, name: str) -> int:
        """Count the sessions that somebody has."""
        sessions, people = (db.metadata.tables[table] for table in ("core_session", "core_person"))
        query = select(func.count()).select_from(sessions.join(people)).where(people.c.name == name)
        with self.bridge.app_context():
            counted = db.session.execute(query).scalar_one()
            db.session.remove()
        return int(counted)

    def register(self) -> None:
        """Register the bridge, and give the course what the tests open."""
        self.lms.register(self.invitation())
        with self.bridge.app_context():
            self.platform = db.session.scalars(select(Platform.__table__.c.id)).one()
            agency_id = db.session.scalars(select(Agency.id).where(Agency.code == "demo")).one()
            self.invited = make_invitation(agency_id, now=now()).id
            db.session.commit()
            with acting_as(agency_id):
                self.unit = db.session.scalars(select(Unit.id).where(Unit.code == "MUTASI")).one()
                self.imports = import_lists(Path(self.bridge.config["INSTANCE_PATH"]))
            db.session.remove()
        self.rating = self.lms.add_activity("Penilaian mandiri", module=RATING)
        self.home = self.lms.add_activity("Beranda")
        self.unknown = self.lms.add_activity("Modul lama", module="gone.module")

    def learner(self, name: str) -> str:
        """Enrol somebody of whom no post is known; returns the username."""
        username = name.lower().replace(" ", "-")
        self.lms.add_user(username, name=name)
        return username
