"""A small LMS for tests: it signs launches with lti1p3platform and serves tokens, grades and rosters over WSGI."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from flask import Flask, Response, jsonify, request
from lti1p3platform.registration import Registration

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
AGS = "https://purl.imsglobal.org/spec/lti-ags/"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/"
DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership#"


@cache
def key_pair(name: str) -> tuple[str, str]:
    """Return a key pair (private, public PEM), made once a process for each name."""
    private = generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return pem, public.decode()


@cache
def signer(name: str) -> tuple[Any, str]:
    """Return the parsed private key and the key id that lti1p3platform publishes for it."""
    private, public = key_pair(name)
    return load_pem_private_key(private.encode(), None), str(Registration.get_jwk(public)["kid"])


@dataclass
class TestPlatform:
    """An LMS with one course. ``faults`` is a list of what the score service does next, in place of accepting."""

    __test__ = False
    url: str = "http://lms.test"
    client_id: str = "client-1"
    deployment_id: str = "1"
    product: str = "moodle"
    key: str = "platform"
    token_seconds: int = 3600
    scores: list[dict[str, Any]] = field(default_factory=list)
    results: dict[str, tuple[float, int]] = field(default_factory=dict)
    members: list[dict[str, Any]] = field(default_factory=list)
    faults: list[Any] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    registrations: list[dict[str, Any]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)

    @property
    def registration(self) -> Registration:
        """The registration as lti1p3platform understands it: keys, key set and signing."""
        private, public = key_pair(self.key)
        registration = Registration().set_iss(self.url).set_client_id(self.client_id)
        return registration.set_platform_private_key(private).set_platform_public_key(public)

    @property
    def jwks_url(self) -> str:
        return f"{self.url}/jwks"

    @property
    def line_item(self) -> str:
        return f"{self.url}/lineitems/6/lineitem?type_id=1"

    def claims(self, *, nonce: str, user: str = "5", role: str = "Learner", **changes: Any) -> dict[str, Any]:
        """Return the claims of a launch. A change named with ``claim_`` meets an LTI claim; None removes."""
        moment = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.url,
            "aud": self.client_id,
            "sub": user,
            "iat": moment,
            "exp": moment + 60,
            "nonce": nonce,
            "name": "Ani Lestari, S.A.P.",
            "email": "ani@agency.example",
            f"{CLAIM}message_type": "LtiResourceLinkRequest",
            f"{CLAIM}version": "1.3.0",
            f"{CLAIM}deployment_id": self.deployment_id,
            f"{CLAIM}target_link_uri": "http://bridge.test/lti/launch",
            f"{CLAIM}roles": [f"{MEMBERSHIP}{role}"],
            f"{CLAIM}context": {"id": "2", "label": "BANGKOM", "title": "Pengembangan Kompetensi ASN"},
            f"{CLAIM}resource_link": {"id": "5", "title": "Pemetaan kompetensi"},
            f"{CLAIM}launch_presentation": {
                "locale": "id",
                "document_target": "iframe",
                "return_url": f"{self.url}/course",
            },
            f"{CLAIM}lis": {"person_sourcedid": "199203142015032004"},
            f"{CLAIM}custom": {"module": "competency.self-rating"},
            f"{AGS}claim/endpoint": {
                "scope": [f"{AGS}scope/lineitem", f"{AGS}scope/score", f"{AGS}scope/result.readonly"],
                "lineitems": f"{self.url}/lineitems?type_id=1",
                "lineitem": self.line_item,
            },
            f"{NRPS}claim/namesroleservice": {
                "context_memberships_url": f"{self.url}/members",
                "service_versions": ["2.0"],
            },
        }
        for name, value in changes.items():
            full = f"{CLAIM}{name.removeprefix('claim_')}" if name.startswith("claim_") else name
            if value is None:
                claims.pop(full, None)
            else:
                claims[full] = value
        return claims

    def sign(self, claims: dict[str, Any]) -> str:
        """Sign claims as the platform."""
        private, kid = signer(self.key)
        return jwt.encode(claims, private, algorithm="RS256", headers={"kid": kid})

    def app(self) -> Flask:
        """Return the LMS as a WSGI application."""
        app = Flask("test_platform")
        app.add_url_rule("/jwks", view_func=self._jwks)
        app.add_url_rule("/token", view_func=self._token, methods=["POST"])
        app.add_url_rule("/.well-known/openid-configuration", view_func=self._configuration)
        app.add_url_rule("/register", view_func=self._register, methods=["POST"])
        app.add_url_rule("/lineitems/6/lineitem/scores", view_func=self._score, methods=["POST"])
        app.add_url_rule("/lineitems/6/lineitem/results", view_func=self._results)
        app.add_url_rule("/members", view_func=self._members)
        app.before_request(lambda: self.calls.append(request.path))
        return app

    def _jwks(self) -> Response:
        return jsonify(keys=self.registration.get_jwks())

    def _configuration(self) -> Response:
        return jsonify(
            {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/auth",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": self.jwks_url,
                "registration_endpoint": f"{self.url}/register",
                "https://purl.imsglobal.org/spec/lti-platform-configuration": {"product_family_code": self.product},
            }
        )

    def _register(self) -> Any:
        if request.headers.get("Authorization") != "Bearer registration-token":
            return "token_already_used", 401
        self.registrations.append(request.get_json())
        tool = {"deployment_id": self.deployment_id}
        return jsonify({"client_id": self.client_id, "https://purl.imsglobal.org/spec/lti-tool-configuration": tool})

    def _token(self) -> Any:
        claims = jwt.decode(request.form["client_assertion"], options={"verify_signature": False})
        if claims["sub"] != self.client_id:
            return {"error": "invalid_client"}, 400
        token = secrets.token_urlsafe(8)
        self.tokens.add(token)
        document = {"access_token": token, "token_type": "Bearer", "expires_in": self.token_seconds}
        response = jsonify({**document, "scope": request.form["scope"]})
        response.mimetype = "text/html"  # as one widespread LMS does
        return response

    def _authorised(self) -> bool:
        return request.headers.get("Authorization", "").removeprefix("Bearer ") in self.tokens

    def _score(self) -> Any:
        if not self._authorised():
            return {"status": 401}, 401
        fault = self.faults.pop(0) if self.faults else None
        if isinstance(fault, tuple):
            status, headers = fault
            return {"status": status}, status, headers
        score = request.get_json(force=True)
        seconds = int(time.mktime(time.strptime(score["timestamp"][:19], "%Y-%m-%dT%H:%M:%S")))
        if score["userId"] in self.results and self.results[score["userId"]][1] >= seconds:
            return {"status": 409}, 409
        self.results[score["userId"]] = (score["scoreGiven"] / score["scoreMaximum"], seconds)
        self.scores.append(score)
        if fault == "accept-then-fail":
            return {"status": 502}, 502
        return "", 200

    def _results(self) -> Any:
        if not self._authorised():
            return {"status": 401}, 401
        user = request.args.get("user_id", "")
        if user not in self.results:
            return jsonify([])
        value, seconds = self.results[user]
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.localtime(seconds))
        return jsonify(
            [{"id": "r", "userId": user, "resultScore": value * 100, "resultMaximum": 100, "timestamp": stamp}]
        )

    def _members(self) -> Any:
        if not self._authorised():
            return {"status": 401}, 401
        start = int(request.args.get("from", 0))
        response = jsonify(id="x", context={"id": "2"}, members=self.members[start : start + 2])
        if start + 2 < len(self.members):
            response.headers["Link"] = f'<{self.url}/members?limit=2&from={start + 2}>; rel="next"'
        return response
