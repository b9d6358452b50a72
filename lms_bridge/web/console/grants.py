"""Rights by name: analysts, owners of programmes, named officers; given and withdrawn here, each step audited."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from marshmallow import Schema, fields, post_load, validate
from werkzeug.wrappers import Response

from lms_bridge.db import db, now
from lms_bridge.domain.nip import clean_nip
from lms_bridge.errors import Invalid, load
from lms_bridge.services.audit_log import deed_title
from lms_bridge.services.grants import ROLES, give_grant, grants, scopes, withdraw_grant

bp = Blueprint("grants", __name__)


class GiveSchema(Schema):
    """What the form sends: a right with what it is for, as its list says it, and the NIP of the holder."""

    right = fields.String(required=True, validate=validate.Length(max=200))
    nip = fields.String(required=True, validate=validate.Length(max=40))

    @post_load
    def parts(self, data: dict[str, str], **kwargs: Any) -> tuple[str, str, str]:
        """Return role, scope and the 18 digits."""
        digits = clean_nip(data["nip"])
        role, _colon, scope = data["right"].partition(":")
        problems = {} if digits else {"nip": [_("A NIP has 18 digits.")]}
        if scope not in scopes(role):
            problems["right"] = [_("Choose a right from the list.")]
        if problems:
            raise Invalid(problems)
        return role, scope, digits or ""


@bp.get("")
def index() -> str:
    """Show who holds which right, those that wait, and the form."""
    return _page()


@bp.post("")
def give() -> Any:
    """Give a right to whoever has a NIP."""
    try:
        role, scope, nip = load(GiveSchema, request.form)
    except Invalid as error:
        return _page(problems=error.problems, sent=request.form), error.status
    given = give_grant(role, scope=scope, nip=nip, now=now())
    db.session.commit()
    flash(_("The right is given.") if given.person_id else _("The right waits for the first launch or import with it."))
    return redirect(url_for(".index"), code=303)


@bp.post("/<int:grant_id>/withdraw")
def withdraw(grant_id: int) -> Response:
    """Withdraw a right at once."""
    withdraw_grant(grant_id, now=now())
    db.session.commit()
    flash(_("The right is withdrawn."))
    return redirect(url_for(".index"), code=303)


def _page(*, problems: Any = None, sent: Any = None) -> str:
    rights = [(f"{role}:{scope}", right_title(role, scope)) for role in ROLES for scope in sorted(scopes(role))]
    return render_template(
        "console/grants.html",
        held=grants(),
        rights=rights,
        right_title=right_title,
        problems=problems or {},
        sent=sent or {},
    )


def right_title(role: str, scope: str) -> str:
    """Return what a right is called: the role, and what it is for."""
    words = str(ROLES.get(role, role))
    return f"{words}: {deed_title(scope)}" if scope else words
