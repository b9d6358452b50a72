"""Making messages that the practice LMS would never send: its own good ones, changed and signed again."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from lms_bridge.practice.driver import PracticeDriver, read_message
from lms_bridge.practice.vocabulary import CLAIM
from lms_bridge.testing.browser import Browser


@cache
def _private(pem: str) -> Any:
    return load_pem_private_key(pem.encode(), None)


def key_id(platform: PracticeDriver) -> str:
    """Return the id of the key by which the platform signs."""
    return str(platform.site.registration().get_kid())


def sign_bytes(platform: PracticeDriver, payload: bytes, **header: Any) -> str:
    """Sign any bytes as the platform."""
    headers = {"kid": key_id(platform), **header}
    return jwt.PyJWS().encode(payload, _private(platform.site.private_key), "RS256", headers=headers)


def sign_header(platform: PracticeDriver, header: dict[str, Any], payload: bytes) -> str:
    """Sign any bytes under any header, RS256 whatever it says."""
    signed = f"{b64(json.dumps(header).encode())}.{b64(payload)}"
    signature = jwt.get_algorithm_by_name("RS256").sign(signed.encode(), _private(platform.site.private_key))
    return f"{signed}.{b64(signature)}"


def b64(data: bytes) -> str:
    """Return base64url without padding."""
    return jwt.utils.base64url_encode(data).decode()


def asked(browser: Browser, platform: PracticeDriver, **changes: Any) -> dict[str, str]:
    """Begin a login, with parameters changed, and return the parameters of the authorization request."""
    location = browser.login(platform.begin_launch("ani"), **changes).headers["Location"]
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def good_claims(browser: Browser, platform: PracticeDriver, **options: Any) -> tuple[dict[str, Any], str]:
    """Walk through a login; return the claims of the LMS's message and the state that goes with it."""
    form = browser.begin(platform, **options)
    return read_message(form.fields["id_token"]), form.fields["state"]


def full_name(claim: str) -> str:
    """Return the name of a claim; ``claim_roles`` means the LTI claim."""
    return f"{CLAIM}{claim.removeprefix('claim_')}" if claim.startswith("claim_") else claim


def token_for(browser: Browser, platform: PracticeDriver, **claims: Any) -> dict[str, str]:
    """Begin a login and return a form for it, the message good but for these claims; None stays in it as null."""
    good, state = good_claims(browser, platform)
    changed = {full_name(name): value for name, value in claims.items()}
    return {"id_token": sign_bytes(platform, json.dumps({**good, **changed}).encode()), "state": state}


def form_for(browser: Browser, platform: PracticeDriver, **claims: Any) -> dict[str, str]:
    """Begin a login and return a form for it, the message good but for these claims; None takes a claim out."""
    return dict(browser.begin(platform, **claims).fields)


def sign_text(platform: PracticeDriver, browser: Browser, change: Callable[[str], str]) -> Any:
    """Begin a login and post a token whose JSON text was changed."""
    good, state = good_claims(browser, platform)
    token = sign_bytes(platform, change(json.dumps(good)).encode("utf-8", "surrogatepass"))
    return browser.post_launch(id_token=token, state=state)
