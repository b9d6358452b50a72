"""The tool's own key pairs: server-wide, stored encrypted, rotated with an overlap."""

from __future__ import annotations

import base64
import datetime as dt
import json
import threading
from typing import Any

import jwt
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app
from jwt.algorithms import RSAAlgorithm
from sqlalchemy import or_, select, update

from lms_bridge.db import db, now
from lms_bridge.models import ToolKey
from lms_bridge.settings import BadSetting

OVERLAP = dt.timedelta(hours=2)
"""A new key is published this long before it signs, so that every LMS has seen it; the old one stays as long after."""
_parsed: dict[str, RSAPrivateKey] = {}
_lock = threading.Lock()


class KeyUnreadable(Exception):
    """The stored keys were encrypted with another secret key. Restore it, or run ``lms-bridge keys rotate --now``."""


def _vault() -> Fernet:
    secret = current_app.config["SECRET_KEY"].encode()
    derived = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"lms_bridge tool keys").derive(secret)
    return Fernet(base64.urlsafe_b64encode(derived))


def create_key(*, signs_from: dt.datetime) -> ToolKey:
    """Make a key pair that is published at once and signs from the given moment.

    :raises BadSetting: there is no secret key; what is stored under a passing one could never be read again.
    """
    if not current_app.config["SETTINGS"]["SECRET_KEY"]:
        raise BadSetting(
            "There is no secret key to protect the tool keys with. "
            "Run: lms-bridge init, or set LMS_BRIDGE_SECRET_KEY_FILE"
        )
    private = generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    jwk = json.loads(RSAAlgorithm.to_jwk(private.public_key()))
    digest = hashes.Hash(hashes.SHA256())
    digest.update(jwk["n"].encode())
    kid = base64.urlsafe_b64encode(digest.finalize()[:16]).decode().rstrip("=")
    key = ToolKey(
        kid=kid,
        private_pem=_vault().encrypt(pem).decode(),
        public_jwk={"kty": "RSA", "n": jwk["n"], "e": jwk["e"], "kid": kid, "alg": "RS256", "use": "sig"},
        created_at=now(),
        signs_from=signs_from,
    )
    db.session.add(key)
    db.session.flush()
    return key


def rotate(*, at_once: bool = False) -> ToolKey:
    """Publish a new key. It signs after the overlap, and older keys are retired another overlap later.

    :param at_once: sign and retire without overlap, as a stolen key demands: whoever has it could sign in our name.
    :raises BadSetting: there is no secret key.
    """
    begin = now() if at_once else now() + OVERLAP
    retire = begin if at_once else begin + OVERLAP
    older = or_(ToolKey.retired_at.is_(None), ToolKey.retired_at > retire)
    db.session.execute(update(ToolKey).where(older).values(retired_at=retire))
    return create_key(signs_from=begin)


def published_keys() -> dict[str, list[dict[str, Any]]]:
    """Return the key set that LMSs fetch."""
    return {"keys": [key.public_jwk for key in live_keys()]}


def live_keys() -> list[ToolKey]:
    """Return the keys that are published, the oldest first."""
    moment = now()
    keys = db.session.scalars(select(ToolKey).order_by(ToolKey.signs_from))
    return [key for key in keys if key.retired_at is None or key.retired_at > moment]


def sign(payload: dict[str, Any]) -> str:
    """Sign a JWT with the newest key whose time has come.

    :raises KeyUnreadable: the secret key has changed since the keys were made.
    """
    moment = now()
    key = db.session.scalars(
        select(ToolKey)
        .where(ToolKey.signs_from <= moment, or_(ToolKey.retired_at.is_(None), ToolKey.retired_at > moment))
        .order_by(ToolKey.signs_from.desc())
        .limit(1)
    ).one()
    with _lock:
        if key.kid not in _parsed:
            try:
                pem = _vault().decrypt(key.private_pem.encode())
            except InvalidToken as error:
                raise KeyUnreadable("the tool keys cannot be read with this secret key") from error
            private = serialization.load_pem_private_key(pem, None)
            if not isinstance(private, RSAPrivateKey):
                raise KeyUnreadable("the tool key is no RSA key")
            _parsed[key.kid] = private
    return jwt.encode(payload, _parsed[key.kid], algorithm="RS256", headers={"kid": key.kid})
