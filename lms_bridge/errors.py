"""Refusals that a person or a program can act on, and the one place that turns errors into answers."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from flask import Flask, Response, current_app, g, jsonify, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import Schema, ValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from werkzeug.exceptions import HTTPException

from lms_bridge.database_faults import Fault, fault_of
from lms_bridge.db import db, now

log = structlog.get_logger("lms_bridge")
# Without letters and digits that are mistaken for each other on the phone.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


class BridgeError(Exception):
    """A refusal: a status, a stable code, a title, and in ``detail`` what happened and what to do next.

    By itself: a request that cannot be understood.

    What helps: Open the activity again.
    """

    status: HTTPStatus = HTTPStatus.BAD_REQUEST
    code: str = "refused"
    title: Any = _l("This cannot be done")
    steps: tuple[Any, ...] = ()
    way_back: bool = True
    """Whether the page before can still be used, so that a button may lead there."""

    def __init__(
        self, detail: Any = "", *, steps: tuple[Any, ...] | None = None, reason: str = "", **facts: Any
    ) -> None:
        super().__init__(reason or str(self.code))
        self.detail = detail
        self.reason = reason
        self.facts = facts
        self.reference = new_reference()
        if steps is not None:
            self.steps = steps


class Invalid(BridgeError):
    """A form was sent with faults; ``problems`` lists every one by its field.

    What helps: Correct what is marked and send again.
    """

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "invalid"
    title = _l("Something needs correcting")

    def __init__(self, problems: Mapping[str, Any]) -> None:
        super().__init__(
            _("Please correct the fields that are marked and send again."),
            reason=f"fields {sorted(map(str, problems))}",
        )
        self.problems = problems


class NotFound(BridgeError):
    """An address leads nowhere, or to something that is not for this person to see.

    What helps: Open the activity again.
    """

    status = HTTPStatus.NOT_FOUND
    code = "not-found"
    title = _l("This page does not exist")


class Refused(BridgeError):
    """Somebody lacks the permission, or their form came from another page.

    What helps: See the page on permissions.
    """

    status = HTTPStatus.FORBIDDEN
    code = "not-allowed"
    title = _l("You may not open this")


class Conflict(BridgeError):
    """Somebody changes what somebody else, or they elsewhere, changed in the meantime.

    What helps: Look at the new state and do it again.
    """

    status = HTTPStatus.CONFLICT
    code = "conflict"
    title = _l("This has changed in the meantime")


class TooLarge(BridgeError):
    """Somebody sends more than 1 MB; behind the nginx sample, nginx itself says it.

    What helps: Make it smaller.
    """

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "too-large"


class MethodNotAllowed(BridgeError):
    """Somebody opens the address of a form.

    What helps: Open the activity again.
    """

    status = HTTPStatus.METHOD_NOT_ALLOWED
    code = "method-not-allowed"


class Unavailable(BridgeError):
    """The database does not answer; everybody sees it, through no fault of theirs.

    What helps: Wait; the operator: `lms-bridge doctor`.
    """

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "unavailable"
    title = _l("Please try again in a moment")
    steps = (_l("Wait a minute and open the activity again."), _l("What was saved before is still there."))


class Broken(BridgeError):
    """Somebody met a fault of ours, or of a plugin, which is then named.

    What helps: Report it with the reference number and the log's traceback.
    """

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    code = "internal"
    title = _l("Something went wrong on our side")
    steps = (
        _l("Open the activity again from your course."),
        _l("If it happens again, send the reference number to the LMS administrator."),
    )


def load(schema: type[Schema] | Schema, data: Mapping[str, Any]) -> Any:
    """Validate what came from outside, once.

    :raises Invalid: with all problems, each beside its field.
    """
    # No database keeps the character 0 in a text, and nobody types it.
    if broken := [name for name, value in data.items() if isinstance(value, str) and "\x00" in value]:
        raise Invalid({name: [_("This text has a character that cannot be stored. Type it anew.")] for name in broken})
    try:
        return (schema() if isinstance(schema, type) else schema).load(data)
    except ValidationError as error:
        raise Invalid(_in_words(error.normalized_messages())) from error


def _in_words(problems: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return each field's faults as a list of texts: marshmallow makes none of a late translation."""
    return {
        name: _in_words(faults)
        if isinstance(faults, Mapping)
        else [str(fault) for fault in (faults if isinstance(faults, list) else [faults])]
        for name, faults in problems.items()
    }


def new_reference() -> str:
    """Return a reference number that can be read over the telephone and says nothing about anybody."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    return f"NR-{letters[:4]}-{letters[4:]}"


def init_errors(app: Flask) -> None:
    """Register the handlers: every error becomes a readable page, or problem+json for a program that asks for JSON."""
    app.register_error_handler(BridgeError, respond)
    app.register_error_handler(
        HTTPException, lambda error: respond(_from_http(error)) if error.code and error.code >= 400 else error
    )
    app.register_error_handler(DBAPIError, _database_failed)
    app.register_error_handler(PoolExhausted, _database_away)
    app.register_error_handler(Exception, _unexpected)


def respond(error: BridgeError) -> Response:
    """Turn a refusal into its answer, log it under a reference number, and leave nothing half done in the database."""
    db.session.rollback()
    event = log.error if error.status >= 500 else log.info
    event(
        "refused",
        code=error.code,
        status=int(error.status),
        reason=error.reason,
        reference=error.reference,
        endpoint=request.endpoint,
    )
    g.setdefault("frame_ancestors", "*")
    best = request.accept_mimetypes.best_match(
        ["text/html", "application/json", "application/problem+json"], "text/html"
    )
    response = _page(error) if best == "text/html" else _problem(error)
    response.status_code = int(error.status)
    return response


def _page(error: BridgeError) -> Response:
    # Only core's own words: what a plugin adds to its pages may need the very session that is missing here.
    context: dict[str, Any] = {}
    for process in current_app.template_context_processors[None]:
        context.update(current_app.ensure_sync(process)())
    page = current_app.jinja_env.get_template("bridge/error.html").render(
        context,
        title=error.title,
        detail=error.detail,
        steps=list(error.steps),
        way_back=error.way_back,
        problems=getattr(error, "problems", None),
        reference=error.reference,
        when=now(),
        code=error.code,
        facts=list(error.facts.items()),
    )
    return Response(page, mimetype="text/html")


def _problem(error: BridgeError) -> Response:
    response = jsonify(
        type=f"urn:lms-bridge:problem:{error.code}",
        title=str(error.title),
        status=int(error.status),
        detail=str(error.detail),
        reference=error.reference,
        **({"problems": error.problems} if isinstance(error, Invalid) else {}),
    )
    response.mimetype = "application/problem+json"
    return response


def _from_http(error: HTTPException) -> BridgeError:
    status = HTTPStatus(error.code or 500)
    if status == HTTPStatus.NOT_FOUND:
        return NotFound(_("The address leads nowhere. Open the activity again from your course."))
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return TooLarge(_("What was sent is too large. Make it smaller and send again."), reason=status.phrase)
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        sentence = _("This address cannot be used in that way. Open the activity again from your course.")
        return MethodNotAllowed(sentence, reason=status.phrase)
    sentence = _("The request could not be understood. Open the activity again from your course.")
    refusal = BridgeError(sentence, reason=status.phrase)
    refusal.status = status
    return refusal


def _database_failed(error: DBAPIError) -> Response:
    fault = fault_of(error)
    if fault is Fault.STATEMENT or (fault is Fault.UNPREPARED and _plugin_of_request()):
        return _unexpected(error)
    return _database_unprepared(error) if fault is Fault.UNPREPARED else _database_away(error)


def _database_away(error: Exception) -> Response:
    log.error("database failed", kind=type(getattr(error, "orig", error)).__name__)
    return respond(
        Unavailable(_("The data store does not answer just now. Nothing that was saved is lost."), reason="database")
    )


def _database_unprepared(error: DBAPIError) -> Response:
    log.error("database not prepared; run lms-bridge db upgrade", kind=type(error.orig).__name__)
    return respond(
        Unavailable(
            _("The server is being prepared: its data store is not up to date yet."),
            steps=(
                _l("Wait a minute and open the activity again."),
                _l("The operator of the server finds the cause with lms-bridge doctor."),
            ),
            reason="database behind",
        )
    )


def _plugin_of_request() -> Any:
    """Return the declaration of the plugin whose page this is, or nothing for core's pages."""
    state = current_app.extensions["lms_bridge.plugins"].states.get(request.blueprint)
    return state and state.declaration


def _unexpected(error: Exception) -> Response:
    plugin = _plugin_of_request()
    if plugin:
        current_app.extensions["lms_bridge.plugins"].note_failure(plugin.name, str(request.endpoint), error)
        sentence = _(
            "The part “%(part)s” failed. The other parts work, and what was saved before is still there.",
            part=plugin.title,
        )
    else:
        log.exception("unexpected error", kind=type(error).__name__)
        sentence = _("This was not your fault. What was saved before is still there.")
    return respond(Broken(sentence, reason=type(error).__name__))
