"""The LTI endpoints: login, launch, key set, registration by invitation, deep linking."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, g, jsonify, redirect, render_template, request
from flask_babel import gettext as _
from marshmallow import ValidationError
from werkzeug.wrappers import Response as AnyResponse

from lms_bridge.db import db, now
from lms_bridge.lti.errors import LaunchRefused, RegistrationUnclear
from lms_bridge.lti.keys import published_keys
from lms_bridge.lti.launch import ProofNeeded, accept
from lms_bridge.lti.login import LoginSchema, begin_login, single_values
from lms_bridge.lti.platforms import forget_platforms
from lms_bridge.lti.registration import fetch_configuration, note_opened, open_invitation, register
from lms_bridge.models import Agency
from lms_bridge.services.arrivals import receive_launch
from lms_bridge.services.refusals import note_refusal
from lms_bridge.services.sessions import begin_session
from lms_bridge.web.landing import landing_path
from lms_bridge.web.visits import browser_cookies, browser_secret, frame_origins, give_cookie, writes_on_get

bp = Blueprint("lti", __name__, url_prefix="/lti")
_LOGIN = LoginSchema()


def _redirect_uri() -> str:
    return f"{current_app.config['BASE_URL']}/lti/launch"


def _needs_script() -> bool:
    """Whether this browser may lose our cookie, so that a page must leave the secret in the frame itself.

    In a frame always; and over plain http off this machine, where browsers neither keep secure cookies nor say
    whether they are framed.
    """
    destination = request.headers.get("Sec-Fetch-Dest")
    if destination is not None:
        return destination in {"iframe", "frame"}
    local = request.host.partition(":")[0] in {"127.0.0.1", "localhost"}
    return not request.is_secure and not local and "text/html" in request.headers.get("Accept", "")


@bp.route("/login", methods=["GET", "POST"])
def login() -> AnyResponse:
    """Begin a launch: the LMS says that somebody wants in."""
    given = request.form if request.method == "POST" else request.args
    try:
        wanted = _LOGIN.load(single_values(given.to_dict(flat=False)))
    except ValidationError as error:
        names = ", ".join(sorted(map(str, error.normalized_messages())))
        raise LaunchRefused(f"login: {names}", _("The LMS began the opening without all that is needed.")) from error
    secret, scripted = browser_secret(), _needs_script()
    begun = begin_login(wanted, redirect_uri=_redirect_uri(), binding=secret, scripted=scripted)
    if scripted:
        g.frame_ancestors = "*"
        page = render_template(
            "bridge/launch_login.html",
            state=begun.state,
            proof=secret,
            authorize_url=begun.authorize_url,
            storage_target=begun.storage_target or "",
            platform_origin=begun.platform_origin,
        )
        response: AnyResponse = Response(page, mimetype="text/html")
    else:
        response = redirect(begun.authorize_url)
    give_cookie(response, secret)  # type: ignore[arg-type]
    return response


@bp.post("/launch")
def launch() -> AnyResponse:
    """Finish a launch: the browser brings the signed message of the LMS."""
    form = single_values(request.form.to_dict(flat=False))
    if request.args:
        raise LaunchRefused("launch parameters in the query")
    try:
        return _begin(form)
    except LaunchRefused as refusal:
        db.session.rollback()
        note_refusal(refusal, state=form.get("state", ""), now=now())
        db.session.commit()
        raise


def _begin(form: dict[str, str]) -> AnyResponse:
    """Check the message and begin the session.

    :raises LaunchRefused: any check fails.
    """
    cookies = browser_cookies()
    try:
        accepted = accept(form, cookies=cookies, proof=form.get("proof"))
    except ProofNeeded as needed:
        return _ladder(needed)
    moment = now()
    arrival = receive_launch(accepted, now=moment)
    secret = browser_secret()
    sid = begin_session(
        arrival.launch,
        agency_id=arrival.agency_id,
        person_id=arrival.person_id,
        agent=request.headers.get("User-Agent", ""),
        cookie=secret,
        cookie_seen=bool(cookies) and "proof" not in form,
        now=moment,
        nonce=accepted.nonce,
    )
    db.session.commit()
    root = request.environ.get("lms_bridge.script_root", "")
    response = redirect(f"{root}/s/{sid}{landing_path(arrival)}", code=303)
    give_cookie(response, secret)  # type: ignore[arg-type]
    return response


def _ladder(needed: ProofNeeded) -> Response:
    g.frame_ancestors = "*"
    page = render_template(
        "bridge/launch_ladder.html",
        action=_redirect_uri(),
        state=needed.state,
        id_token=needed.id_token,
        storage_target=needed.storage_target or "",
        platform_origin=needed.platform_origin,
    )
    return Response(page, status=403, mimetype="text/html")


@bp.get("/launch")
def bare_launch() -> str:
    """Answer a bare GET, which some LMSs send to see what is here."""
    if request.args:
        raise LaunchRefused("launch by GET")
    g.frame_ancestors = "*"
    return render_template("bridge/landing.html")


@bp.get("/jwks.json")
def jwks() -> Response:
    """Publish the tool's key set."""
    response = jsonify(published_keys())
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


@bp.get("/register/<invitation>")
@writes_on_get
def begin_registration(invitation: str) -> str:
    """Show the LMS administrator what will be registered, and ask for a click."""
    found = open_invitation(invitation, now=now())
    query = single_values(request.args.to_dict(flat=False), refusal=RegistrationUnclear)
    configuration_url = query.get("openid_configuration", "")
    agency = db.session.get_one(Agency, found.agency_id)
    if not configuration_url:
        link = f"{current_app.config['BASE_URL']}/lti/register/{invitation}"
        return render_template("bridge/register_how.html", agency=agency, link=link)
    configuration = fetch_configuration(configuration_url)
    note_opened(invitation, host=urlsplit(configuration.issuer).netloc, now=now())
    db.session.commit()
    g.frame_ancestors = frame_origins(configuration_url)
    return render_template(
        "bridge/register_confirm.html",
        agency=agency,
        lms=urlsplit(configuration.issuer).netloc,
        product=configuration.product,
        configuration_url=configuration_url,
        registration_token=query.get("registration_token", ""),
    )


@bp.post("/register/<invitation>")
def finish_registration(invitation: str) -> str:
    """Register with the LMS and show its administrator the next steps."""
    found = open_invitation(invitation, now=now())
    form: dict[str, Any] = single_values(request.form.to_dict(flat=False), refusal=RegistrationUnclear)
    configuration_url = form.get("openid_configuration", "")
    agency_id = found.agency_id
    platform = register(
        found, configuration_url=configuration_url, token=form.get("registration_token") or None, now=now()
    )
    forget_platforms()
    g.frame_ancestors = frame_origins(configuration_url)
    return render_template(
        "bridge/register_done.html",
        agency=db.session.get_one(Agency, agency_id),
        lms=platform.name,
        product=platform.product,
    )
