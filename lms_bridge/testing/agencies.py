"""A second agency with an LMS of its own, so that a test can see that neither sees the other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Flask

from lms_bridge.db import db, now
from lms_bridge.models import Agency
from lms_bridge.practice.driver import PracticeDriver
from lms_bridge.testing.browser import Browser
from lms_bridge.testing.instance import connect, open_platform, register_platform

CODE, LMS_URL = "other", "http://other-lms.test"


class OtherAgency:
    """An agency beside the demo's: ``launch_as`` opens modules from its own practice LMS."""

    code = CODE

    def __init__(self, app: Flask, file: Path, profile: str) -> None:
        """Register an agency and its LMS.

        :param file: of a practice LMS that has the bridge among its tools.
        """
        self.app = app
        self.platform: PracticeDriver = open_platform(file, profile, url=LMS_URL)
        connect(app, self.platform)
        with app.app_context():
            agency = Agency(code=CODE, name="Pemerintah Kabupaten Sebelah", timezone="Asia/Makassar", created_at=now())
            db.session.add(agency)
            db.session.commit()
            self.id: int = agency.id
            register_platform(self.platform, agency=CODE)
            db.session.remove()

    def launch_as(self, user: str = "ani", role: str | None = None, **options: Any) -> Browser:
        """Launch as a user of this agency's LMS, with options as in the fixture ``launch_as``."""
        browser = Browser(self.app)
        browser.launch(self.platform, user, role=role, **options)
        return browser

    def close(self) -> None:
        """Let go of the practice LMS."""
        self.platform.close()
