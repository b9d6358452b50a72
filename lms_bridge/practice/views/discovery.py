"""Routes that a tool needs first: configuration, key set, registration, access tokens."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from lms_bridge.practice.access import LIFETIME, issue_token
from lms_bridge.practice.errors import RegistrationRefused, TokenRefused
from lms_bridge.practice.models import store
from lms_bridge.practice.registration import present_registration, register, supported_scopes
from lms_bridge.practice.site import site
from lms_bridge.practice.trace import note, readable_jwt
from lms_bridge.practice.variables import VARIABLES
from lms_bridge.practice.vocabulary import DEEP_LINKING, PLATFORM_BLOCK, RESOURCE_LINK

bp = Blueprint("discovery", __name__)


@bp.get("/.well-known/openid-configuration")
def configuration() -> Response:
    """Describe the platform."""
    here = site()
    profile = here.profile
    document: dict[str, Any] = {
        "issuer": here.base_url,
        "token_endpoint": here.url("discovery.token"),
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
        "jwks_uri": here.url("discovery.jwks"),
        "authorization_endpoint": here.url("login.auth"),
        "registration_endpoint": here.url("discovery.registration"),
        "scopes_supported": [*profile.announced_extra_scopes, *supported_scopes(), "openid"],
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public", "pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "claims_supported": ["sub", "iss", "name", "given_name", "family_name", "email"],
        PLATFORM_BLOCK: {
            "product_family_code": profile.product_family,
            "version": profile.product_version,
            "messages_supported": [{"type": RESOURCE_LINK}, {"type": DEEP_LINKING, "placements": ["ContentArea"]}],
            "variables": sorted(VARIABLES),
        },
    }
    return jsonify(document)


@bp.get("/jwks")
def jwks() -> Response:
    """Publish the platform's key."""
    return jsonify(keys=site().registration().get_jwks())


@bp.post("/token")
def token() -> Response:
    """Give a tool an access token."""
    form = request.form.to_dict(flat=False)
    if request.mimetype != "application/x-www-form-urlencoded" or any(len(values) > 1 for values in form.values()):
        raise TokenRefused("invalid_request", "send a form, each parameter once")
    sent = {name: values[0] for name, values in form.items()}
    if "client_assertion" in sent:
        note(assertion=readable_jwt(sent["client_assertion"]))
    given, scopes, tool = issue_token(site(), sent)
    store.session.commit()
    answer = {
        "access_token": given,
        "token_type": "Bearer",
        "expires_in": int(LIFETIME.total_seconds()),
        "scope": " ".join(scopes),
    }
    note(summary=tool.name, answer=answer)
    response = jsonify(answer)
    response.mimetype = site().profile.token_mimetype
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.route("/register", methods=["GET", "POST", "PUT"])
def registration() -> Any:
    """Register a tool, or show the present registration to who may change it."""
    if request.method == "PUT":
        raise RegistrationRefused(400, "Unsupported operation")
    bearer = request.headers.get("Authorization", "").partition(" ")[2].strip()
    if request.method == "GET":
        return jsonify(present_registration(site(), bearer))
    document = register(site(), bearer, request.get_json(silent=True, force=True))
    store.session.commit()
    note(summary=document["client_name"], answer=document)
    return jsonify(document)


@bp.app_errorhandler(RegistrationRefused)
def registration_refused(error: RegistrationRefused) -> Response:
    """Answer a refused registration with its short word, as plain text."""
    store.session.rollback()
    note(summary=error.code)
    body = f"<!DOCTYPE html><html><body>{error.code}</body></html>" if error.html else error.code
    return Response(body, status=error.status, mimetype="text/html" if error.html else "text/plain")
