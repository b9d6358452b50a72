"""The console in a real browser: what moves there without a click."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from lms_bridge.db import db, now
from lms_bridge.lti.registration import invitation_token, make_invitation
from lms_bridge.models import Agency
from tests.browser.conftest import Windows
from tests.browser.servers import Site

pytestmark = pytest.mark.browser


def test_steps_of_an_invitation_are_ticked_while_somebody_looks_on(site: Site, windows: Windows) -> None:
    with site.bridge.app_context():
        agency_id = db.session.scalars(select(Agency.id).where(Agency.code == "demo")).one()
        invitation = make_invitation(agency_id, now=now())
        number, link = invitation.id, f"/lti/register/{invitation_token(invitation)}"
        db.session.commit()
        db.session.remove()
    page = windows.open(width=1280).new_page()
    page.goto(site.operator_link())
    page.locator("main form button").click()
    page.wait_for_url("**/console/platforms")
    page.goto(page.url.replace("/platforms", f"/invitations/{number}"))
    assert page.locator(".lb-tick-ok").count() == 0

    configuration = f"{site.lms_url}/.well-known/openid-configuration"
    opened = site.bridge.test_client().get(link, query_string={"openid_configuration": configuration})

    assert opened.status_code == 200
    page.locator(".lb-tick-ok").wait_for()
    assert page.locator(".lb-tick-ok").count() == 1
    assert "localhost" in page.locator("#progress li").first.inner_text()
