"""What all service routes share: the caller, the refusal, faults on purpose."""

from __future__ import annotations

from flask import Flask, Request, Response, request
from marshmallow import ValidationError

from lms_bridge.practice.access import caller
from lms_bridge.practice.errors import ServiceRefused, TokenRefused
from lms_bridge.practice.faults import FLAG
from lms_bridge.practice.models import Tool, store
from lms_bridge.practice.site import site
from lms_bridge.practice.trace import note

TOOL_ENDPOINTS = frozenset({"grades", "roster", "discovery"})
"""Blueprints whose routes are called by tools, not by browsers."""


def calling_tool(*scopes: str) -> Tool:
    """Return the tool that calls, with one of these scopes.

    :raises ServiceRefused: it may not.
    """
    tool = caller(site(), request.headers.get("Authorization", ""), *scopes)
    note(tool=tool.name)
    return tool


def single_query(sent: Request) -> dict[str, str]:
    """Return the query's parameters.

    :raises ServiceRefused: one comes twice.
    """
    values = sent.args.to_dict(flat=False)
    if any(len(given) > 1 for given in values.values()):
        raise ServiceRefused(400, "a parameter comes twice")
    return {name: given[0] for name, given in values.items()}


def whole_number(query: dict[str, str], name: str, *, least: int) -> int | None:
    """Return a parameter that is a whole number.

    :raises ServiceRefused: it is none, or too small.
    """
    text = query.get(name)
    if text is None or text == "":
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 9 or int(text) < least:
        raise ServiceRefused(400, f"{name} must be a whole number from {least}")
    return int(text)


def init_services(app: Flask) -> None:
    """Turn refusals into answers, and break every call of a tool off while the site is down."""

    @app.before_request
    def down() -> Response | None:
        if site().faults.down and (request.blueprint in TOOL_ENDPOINTS):
            request.environ[FLAG] = "reset"
            note(summary="down")
            return Response(status=503)
        return None

    @app.errorhandler(ServiceRefused)
    def refused(error: ServiceRefused) -> Response:
        store.session.rollback()
        note(summary=error.reason)
        accept = request.headers.get("Accept", "")
        return site().profile.service_refusal(error, method=request.method, url=request.full_path, accept=accept)

    @app.errorhandler(TokenRefused)
    def no_token(error: TokenRefused) -> Response:
        store.session.rollback()
        note(summary=error.text)
        return site().profile.token_refusal(error)

    @app.errorhandler(ValidationError)
    def bad_body(error: ValidationError) -> Response:
        store.session.rollback()
        faults = ", ".join(sorted(map(str, error.normalized_messages())))
        refusal = ServiceRefused(400, f"missing or wrong: {faults}")
        note(summary=refusal.reason)
        return site().profile.service_refusal(refusal, method=request.method, url=request.full_path, accept="")
