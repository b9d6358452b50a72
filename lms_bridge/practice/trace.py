"""The trace: every LTI message that passes, readable, with tokens and secrets shortened."""

from __future__ import annotations

from typing import Any

import jwt
from flask import Flask, Response, g, request
from sqlalchemy import delete, func, select

from lms_bridge.practice.models import Trace, now, store

KEPT = 2000
KINDS = ("login", "auth", "launch", "token", "score", "grades", "roster", "deep-link", "registration", "keys")
_SECRETS = frozenset(
    {"id_token", "client_assertion", "access_token", "registration_token", "JWT", "authorization", "lti_message_hint"}
)
_LONG = 4000


def record(
    kind: str,
    direction: str,
    *,
    method: str = "",
    address: str = "",
    status: str = "",
    summary: str = "",
    detail: dict[str, Any] | None = None,
) -> None:
    """Add a line to the trace, in the present transaction."""
    entry = Trace(
        at=now(),
        kind=kind,
        direction=direction,
        method=method,
        address=address[:500],
        status=status,
        summary=summary[:500],
        detail=shortened(detail or {}),
    )
    store.session.add(entry)
    store.session.flush()
    if entry.id % 100 == 0:
        newest = store.session.scalar(select(func.max(Trace.id))) or 0
        store.session.execute(delete(Trace).where(Trace.id <= newest - KEPT))


def shortened(value: Any, name: str = "") -> Any:
    """Return a value for the trace: secrets cut to their beginning, long texts to a readable length."""
    if isinstance(value, dict):
        return {str(key): shortened(part, str(key)) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [shortened(part, name) for part in value[:100]]
    if isinstance(value, str):
        if name in _SECRETS and len(value) > 12:
            return f"{value[:8]}… ({len(value)})"
        return value if len(value) <= _LONG else f"{value[:_LONG]}… ({len(value)})"
    return value


def readable_jwt(token: str) -> dict[str, Any]:
    """Return header and claims of a token for the trace, checked or not."""
    try:
        parts = jwt.decode_complete(token, options={"verify_signature": False})
    except (jwt.exceptions.PyJWTError, RecursionError, ValueError):
        return {"token": token[:8]}
    return {"header": parts["header"], "claims": parts["payload"]}


def note(*, summary: str = "", **detail: Any) -> None:
    """Add to the line that the present request will leave in the trace."""
    if summary:
        g.trace_summary = summary
    g.trace_detail = {**g.get("trace_detail", {}), **detail}


def init_trace(app: Flask, kinds: dict[str, str]) -> None:
    """Leave a line for each request whose endpoint is listed, after its own transaction."""

    @app.after_request
    def leave(response: Response) -> Response:
        kind = kinds.get(request.endpoint or "")
        if kind is None:
            return response
        store.session.rollback()
        detail = {"request": _sent(), **g.get("trace_detail", {})}
        if response.status_code >= 400:
            detail["answer"] = response.get_data(as_text=True)[:1000]
        record(
            kind,
            "in",
            method=request.method,
            address=request.full_path.rstrip("?"),
            status=str(response.status_code),
            summary=g.get("trace_summary", ""),
            detail=detail,
        )
        store.session.commit()
        return response


def _sent() -> dict[str, Any]:
    names = ("Accept", "Content-Type")
    sent: dict[str, Any] = {name: request.headers[name] for name in names if name in request.headers}
    if request.form:
        sent["form"] = request.form.to_dict()
    elif request.mimetype.endswith("json"):
        sent["body"] = request.get_json(silent=True, force=True)
    if request.args:
        sent["query"] = request.args.to_dict()
    return sent
