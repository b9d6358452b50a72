"""Whoever connects an LMS reads of a registration, and whoever opens an activity of an activity."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from lms_bridge.db import db, now
from lms_bridge.lti.registration import invite
from lms_bridge.models import Agency

WORDS = {
    "en": ("The registration did not succeed", "came twice or cannot be read", "Paste the link into the LMS again"),
    "id": ("Pendaftaran tidak berhasil", "muncul dua kali atau tidak dapat dibaca", "Tempel kembali tautan"),
}
TWICE = ["x=1&x=2", "registration_token=a&registration_token=b", "openid_configuration=%00"]


@pytest.fixture
def link(bridge_app: Any) -> str:
    """The path of an open invitation."""
    with bridge_app.app_context():
        token = invite(db.session.scalar(select(Agency).where(Agency.code == "demo")), now=now())
        db.session.commit()
        db.session.remove()
    return f"/lti/register/{token}"


@pytest.mark.parametrize("given", TWICE)
@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_unclear_registration_is_refused_in_words_of_a_registration(
    bridge_app: Any, link: str, given: str, language: str, method: str
) -> None:
    sent: dict[str, Any] = {"query_string": given}
    if method == "POST":
        sent = {"data": given, "content_type": "application/x-www-form-urlencoded"}

    page = bridge_app.test_client().open(link, method=method, headers={"Accept-Language": language}, **sent)

    assert page.status_code == 400
    assert "NR-" in page.text
    for words in WORDS[language]:
        assert words in page.text
    assert "activity" not in page.text and "aktivitas" not in page.text


def test_login_with_a_parameter_twice_speaks_of_the_activity(bridge_app: Any) -> None:
    page = bridge_app.test_client().get("/lti/login?iss=a&iss=b", headers={"Accept-Language": "en"})

    assert page.status_code == 400
    assert "The activity could not be opened" in page.text
