"""Commands by which an operator sets the server up and keeps it going."""

from __future__ import annotations

import datetime as dt
import secrets
from pathlib import Path
from urllib.parse import urlsplit

import click
from flask import current_app
from flask_babel import force_locale
from sqlalchemy import select

from lms_bridge.cli.common import Unusable, agency_of, with_app, with_bare_app
from lms_bridge.cli.database import upgrade_all
from lms_bridge.db import acting_as, db, now, upsert
from lms_bridge.lti.advice import advice
from lms_bridge.lti.keys import create_key, rotate
from lms_bridge.lti.registration import INVITATION_LIFETIME, invite
from lms_bridge.models import Agency, Deployment, Platform, ToolKey
from lms_bridge.services.grades import parked_grades, requeue_grades
from lms_bridge.services.outbox import dead_deliveries, requeue_deliveries
from lms_bridge.settings import FILE_NAME, NAMES, load_settings


@click.command()
@click.option("--yes", is_flag=True, help="Ask nothing; take the environment's settings and the defaults.")
def init(yes: bool) -> None:
    """Write configuration and secrets, create or upgrade the database. May be run again: what is there stays.

    Example: LMS_BRIDGE_BASE_URL=https://kompetensi.example.go.id lms-bridge init --yes
    """
    settings = load_settings()
    instance = settings.instance
    instance.mkdir(parents=True, exist_ok=True)
    (instance / "plugins").mkdir(exist_ok=True)
    base_url, file = settings["BASE_URL"], instance / FILE_NAME
    if not yes and not file.exists():
        base_url = click.prompt("Public address of this server", default=base_url, value_proc=_address, err=True)
    _write_secret(instance / "secret_key", needed=not settings["SECRET_KEY"])
    if not file.exists():
        chosen = settings.origins["BASE_URL"] != "default" or not yes
        file.write_text(f'BASE_URL = "{base_url}"\n' if chosen else f'# BASE_URL = "{base_url}"\n', "utf-8")
    _prepare_database()
    click.echo(f"Ready in {instance}.")
    if settings.origins["BASE_URL"] == "default" and yes:
        click.echo(
            f"LMS_BRIDGE_BASE_URL is not set: the loopback default {base_url} is in use. "
            "LMSs on other machines cannot reach it; set the public https address before you invite one.",
            err=True,
        )


@with_bare_app
def _prepare_database() -> None:
    failed = upgrade_all()
    if not db.session.scalar(select(ToolKey.kid).limit(1)):
        create_key(signs_from=now() - dt.timedelta(minutes=1))
    for branch, reason in failed.items():
        click.echo(f"{branch}: its tables could not be made ({reason}); see lms-bridge doctor", err=True)


def _write_secret(path: Path, *, needed: bool) -> None:
    if needed and not (path.exists() and path.read_text("utf-8").strip()):
        # Whole or not at all; an empty one is what a broken start left behind.
        part = path.with_name(f"{path.name}.part")
        part.unlink(missing_ok=True)
        part.touch(mode=0o600)
        part.write_text(secrets.token_urlsafe(48), "utf-8")
        part.replace(path)


def _address(text: str) -> str:
    try:
        return str(NAMES["BASE_URL"].parse(text.strip()))
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.group("agency")
def agency_group() -> None:
    """Agencies that this server serves."""


@agency_group.command("create")
@click.argument("code")
@click.option("--name", required=True, help="Full name of the agency.")
@click.option(
    "--timezone", default="Asia/Jakarta", show_default=True, help="Asia/Jakarta, Asia/Makassar or Asia/Jayapura."
)
@with_app
def create_agency(code: str, name: str, timezone: str) -> None:
    """Create an agency. The same CODE again changes nothing.

    Example: lms-bridge agency create demo --name "Pemerintah Kota Nusaraya"
    """
    if not code.replace("-", "").isalnum() or len(code) > 64 or not code.isascii():
        raise Unusable("CODE is made of letters, digits and hyphens.")
    if db.session.scalar(select(Agency.id).where(Agency.code == code)):
        click.echo(f"Agency {code} exists.")
        return
    db.session.add(Agency(code=code, name=name, timezone=timezone, created_at=now()))
    click.echo(f"Agency {code} created.")


@click.group("platform")
def platform_group() -> None:
    """LMSs that may launch modules."""


@platform_group.command("invite")
@click.option("--agency", "code", required=True, help="Code of the agency.")
@click.option("--plain", is_flag=True, help="Print the link and nothing else.")
@with_app
def invite_platform(code: str, plain: bool) -> None:
    """Make a link by which one LMS registers once, within seven days. The registration is active at once.

    Example: lms-bridge platform invite --agency demo --plain
    """
    url = f"{current_app.config['BASE_URL']}/lti/register/{invite(agency_of(code), now=now())}"
    if plain:
        click.echo(url)
        return
    click.echo(f"\n  {url}\n")
    click.echo(
        f"Works once, for {INVITATION_LIFETIME.days} days. In Moodle: Site administration > Plugins > External tool >"
    )
    click.echo(
        "Manage tools, paste it as tool URL and press Add LTI Advantage. Then press Activate on the tool's card."
    )


@platform_group.command("add")
@click.option("--agency", "code", required=True, help="Code of the agency.")
@click.option("--issuer", required=True, help="What the LMS calls itself, mostly its address.")
@click.option("--client-id", required=True, help="Which the LMS gave the tool.")
@click.option("--deployment-id", required=True, help="Which the LMS gave the tool's deployment.")
@click.option("--authorization-url", required=True, help="Authentication request URL.")
@click.option("--token-url", required=True, help="Access token URL.")
@click.option("--jwks-url", required=True, help="Public keyset URL.")
@click.option("--token-audience", help="Audience of the token request, where it is not the token URL.")
@with_app
def add_platform(code: str, issuer: str, client_id: str, deployment_id: str, **urls: str | None) -> None:
    """Register by hand an LMS that has no Dynamic Registration. Prints the three addresses that the LMS needs.

    Example: lms-bridge platform add --agency demo --issuer https://lms.example.go.id --client-id abc --deployment-id 1
    --authorization-url https://lms.example.go.id/auth --token-url https://lms.example.go.id/token --jwks-url
    https://lms.example.go.id/jwks
    """
    agency = agency_of(code)
    for name in ("authorization_url", "token_url", "jwks_url"):
        if urlsplit(urls[name] or "").scheme not in {"http", "https"}:
            raise Unusable(f"--{name.replace('_', '-')} must be an http or https address.")
    with acting_as(agency.id):
        if db.session.scalar(
            select(Platform.id).where(Platform.issuer == issuer, Platform.client_id == client_id),
            execution_options={"all_agencies": True},
        ):
            raise Unusable("This issuer and client id are registered already; a registration never changes hands.")
        platform = Platform(
            issuer=issuer,
            client_id=client_id,
            name=urlsplit(issuer).hostname or issuer[:255],
            product="",
            authorization_url=urls["authorization_url"],
            token_url=urls["token_url"],
            token_audience=urls["token_audience"] or urls["token_url"],
            jwks_url=urls["jwks_url"],
            created_at=now(),
        )
        db.session.add(platform)
        db.session.flush()
        key = {"platform_id": platform.id, "deployment_id": deployment_id}
        upsert(Deployment.__table__, key=key, values={"agency_id": agency.id, "active": True})
    base = current_app.config["BASE_URL"]
    click.echo(f"Registered. In the LMS: tool URL and redirect URI {base}/lti/launch,")
    click.echo(f"initiate login URL {base}/lti/login, public keyset URL {base}/lti/jwks.json")


@platform_group.command("list")
@with_app
def list_platforms() -> None:
    """List the registered LMSs: number, agency, active or off, issuer, client id.

    Example: lms-bridge platform list
    """
    rows = db.session.execute(
        select(Platform, Agency.code).join(Agency, Agency.id == Platform.agency_id),
        execution_options={"all_agencies": True},
    )
    for platform, code in rows:
        click.echo(
            f"{platform.id}\t{code}\t{'active' if platform.active else 'off'}\t{platform.issuer}\t{platform.client_id}"
        )


@platform_group.command("switch")
@click.argument("platform_id", type=int)
@click.argument("state", type=click.Choice(["on", "off"]))
@with_app
def switch_platform(platform_id: int, state: str) -> None:
    """Switch an LMS on or off; off ends its sessions and stops its launches and grades at once.

    Example: lms-bridge platform switch 1 off
    """
    platform = db.session.get(Platform, platform_id, execution_options={"all_agencies": True})
    if platform is None:
        raise Unusable(f"There is no platform {platform_id}. See: lms-bridge platform list")
    platform.active = state == "on"
    click.echo(f"{platform.issuer}: {state}")


@click.group("grades")
def grades_group() -> None:
    """Grades on their way to LMSs."""


@grades_group.command("parked")
@with_app
def parked() -> None:
    """List the grades that an LMS refused and that wait for somebody, each with the reason.

    Example: lms-bridge grades parked
    """
    rows = parked_grades()
    for row in rows:
        click.echo(f"{row.id}\t{row.reason}\ttries {row.attempts}\tuser {row.sub}\t{row.url}")
        with force_locale("en"):
            click.echo(f"\t{advice(row.reason or '')}")
    if not rows:
        click.echo("No grade is parked.", err=True)


@grades_group.command("requeue")
@click.argument("ids", nargs=-1, type=int)
@click.option("--all", "everything", is_flag=True, help="All parked grades.")
@with_app
def requeue(ids: tuple[int, ...], everything: bool) -> None:
    """Send parked grades again.

    Example: lms-bridge grades requeue --all
    """
    if not ids and not everything:
        raise Unusable("Name the grades, or --all. See: lms-bridge grades parked")
    click.echo(f"{requeue_grades(None if everything else list(ids), now=now())} grades will be sent again.")


@click.group("events")
def events_group() -> None:
    """Events on their way to the plugins that handle them."""


@events_group.command("dead")
@with_app
def dead() -> None:
    """List the events that a plugin failed to handle five times, with the kind of the failure.

    The whole failure is in the worker's log.

    Example: lms-bridge events dead
    """
    rows = dead_deliveries()
    for row in rows:
        click.echo(f"{row.id}\t{row.name}\t{row.handler}\ttries {row.attempts}\t{row.error}")
    if not rows:
        click.echo("No event is set aside.", err=True)


@events_group.command("requeue")
@click.argument("ids", nargs=-1, type=int)
@click.option("--all", "everything", is_flag=True, help="All that were set aside.")
@with_app
def requeue_events(ids: tuple[int, ...], everything: bool) -> None:
    """Hand events that were set aside to their plugins again, once the fault is mended.

    Example: lms-bridge events requeue --all
    """
    if not ids and not everything:
        raise Unusable("Name the events, or --all. See: lms-bridge events dead")
    click.echo(f"{requeue_deliveries(None if everything else list(ids), now=now())} events will be handled again.")


@click.group("keys")
def keys_group() -> None:
    """The tool's own keys."""


@keys_group.command("rotate")
@click.option(
    "--now", "at_once", is_flag=True, help="For a stolen key: sign with the new one and withdraw the old one at once."
)
@with_app
def rotate_keys(at_once: bool) -> None:
    """Publish a new key. It signs after two hours, when every LMS has seen it; the old one stays two hours longer.

    Example: lms-bridge keys rotate --now
    """
    key = rotate(at_once=at_once)
    click.echo(f"Key {key.kid} is published and signs from {key.signs_from:%Y-%m-%d %H:%M} UTC.")
