"""A platform that only signs: the load generator shares two cores with the server that it measures."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from lti1p3platform.registration import Registration

from lms_bridge.practice.site import make_key_pair

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
AGS = "https://purl.imsglobal.org/spec/lti-ags/"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/"


@dataclass
class SigningPlatform:
    """An LMS with one course and one activity, as far as launches need it."""

    url: str
    client_id: str = "client-1"
    deployment_id: str = "1"
    keys: tuple[str, str] = field(default_factory=make_key_pair)

    @cached_property
    def _signer(self) -> tuple[Any, str]:
        return load_pem_private_key(self.keys[0].encode(), None), self.key_set["keys"][0]["kid"]

    @cached_property
    def key_set(self) -> dict[str, Any]:
        """The public key, as it is published."""
        return {"keys": [Registration.get_jwk(self.keys[1])]}

    def id_token(self, *, nonce: str, user: str, name: str, module: str) -> str:
        """Return the signed message of a learner's launch, as large as a real one."""
        moment = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.url,
            "aud": self.client_id,
            "sub": user,
            "iat": moment,
            "exp": moment + 60,
            "nonce": nonce,
            "name": name,
            "email": f"{user}@agency.example",
            f"{CLAIM}message_type": "LtiResourceLinkRequest",
            f"{CLAIM}version": "1.3.0",
            f"{CLAIM}deployment_id": self.deployment_id,
            f"{CLAIM}target_link_uri": "http://bridge.test/lti/launch",
            f"{CLAIM}roles": ["http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"],
            f"{CLAIM}context": {"id": "2", "label": "BANGKOM", "title": "Pengembangan Kompetensi ASN"},
            f"{CLAIM}resource_link": {"id": "5", "title": "Pemetaan kompetensi"},
            f"{CLAIM}launch_presentation": {"locale": "id", "document_target": "iframe", "return_url": self.url},
            f"{CLAIM}custom": {"module": module},
            f"{AGS}claim/endpoint": {
                "scope": [f"{AGS}scope/lineitem", f"{AGS}scope/score", f"{AGS}scope/result.readonly"],
                "lineitems": f"{self.url}/lineitems?type_id=1",
                "lineitem": f"{self.url}/lineitems/6/lineitem?type_id=1",
            },
            f"{NRPS}claim/namesroleservice": {
                "context_memberships_url": f"{self.url}/members",
                "service_versions": ["2.0"],
            },
        }
        key, kid = self._signer
        return jwt.encode(claims, key, algorithm="RS256", headers={"kid": kid})
