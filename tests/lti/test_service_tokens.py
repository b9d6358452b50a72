"""How long the bridge uses an access token, whatever the LMS says of its life."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from lms_bridge.lti import ags, tokens
from lms_bridge.lti.http import Answer
from lms_bridge.lti.tokens import MARGIN, ServiceAccount, access_token

ACCOUNT = ServiceAccount("client-1", "http://lms.test/token", "http://lms.test/token")
HOUR, DAY = 3600, 86400


class Clock:
    """A clock that stands still until a test moves it; assertions carry the real time."""

    def __init__(self) -> None:
        self.moment = 1000.0

    def monotonic(self) -> float:
        return self.moment

    def time(self) -> float:
        return time.time()


class TokenEndpoint:
    """Gives tokens that say of their life what a test says; None leaves it out."""

    def __init__(self) -> None:
        self.life: str | None = None
        self.given = 0

    def post(self, url: str, **options: Any) -> Answer:
        self.given += 1
        life = "" if self.life is None else f', "expires_in": {self.life}'
        return Answer(200, {}, f'{{"access_token": "t{self.given}"{life}}}'.encode())


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(tokens, "time", clock)
    return clock


@pytest.fixture
def endpoint(bridge_app: Any) -> Iterator[TokenEndpoint]:
    endpoint = bridge_app.extensions["lms_bridge.http"] = TokenEndpoint()
    with bridge_app.app_context():
        yield endpoint


LIVES: dict[str, tuple[str | None, int]] = {
    "an hour": ("3600", HOUR),
    "as text": ('"600"', 600),
    "with a fraction": ("600.0", 600),
    "not said": (None, HOUR),
    "null": ("null", HOUR),
    "a word": ('"soon"', HOUR),
    "empty": ('""', HOUR),
    "a truth value": ("true", HOUR),
    "a list": ("[600]", HOUR),
    "an object": ('{"seconds": 600}', HOUR),
    "infinite": ("1e400", HOUR),
    "infinite as text": ('"inf"', HOUR),
    "no number as text": ('"nan"', HOUR),
    "400 digits": ("9" * 400, HOUR),
    "a year": ("31536000", DAY),
}


@pytest.mark.parametrize("case", LIVES)
def test_token_is_used_until_shortly_before_its_end(clock: Clock, endpoint: TokenEndpoint, case: str) -> None:
    endpoint.life, life = LIVES[case]
    first = access_token(ACCOUNT, [ags.SCORE])

    clock.moment += life - MARGIN - 1
    kept = access_token(ACCOUNT, [ags.SCORE])
    clock.moment += 1
    following = access_token(ACCOUNT, [ags.SCORE])

    assert (first, kept, following) == ("t1", "t1", "t2")


@pytest.mark.parametrize("life", ["0", "-1", "-1e300", "1", str(MARGIN)])
def test_token_that_ends_within_the_margin_serves_once(clock: Clock, endpoint: TokenEndpoint, life: str) -> None:
    endpoint.life = life

    found = [access_token(ACCOUNT, [ags.SCORE]) for _ in range(3)]

    assert found == ["t1", "t2", "t3"]


def test_token_of_some_scopes_is_not_used_for_others(clock: Clock, endpoint: TokenEndpoint) -> None:
    endpoint.life = "3600"

    asked = ([ags.SCORE], [ags.RESULT], [ags.RESULT, ags.SCORE], [ags.SCORE, ags.RESULT], [ags.SCORE])
    found = [access_token(ACCOUNT, scopes) for scopes in asked]

    assert found == ["t1", "t2", "t3", "t3", "t1"]
