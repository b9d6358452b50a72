"""``lms-bridge doctor``: looks at everything that can be wrong and says how to mend it."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

import click
from flask import Flask, current_app
from flask_babel import force_locale
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from lms_bridge.app import create_app
from lms_bridge.cli.common import explain
from lms_bridge.db import db, now
from lms_bridge.lti import ags
from lms_bridge.lti.advice import advice
from lms_bridge.lti.connection import clock_skew
from lms_bridge.lti.http import LmsClient, OutboundError
from lms_bridge.lti.keys import KeyUnreadable, sign
from lms_bridge.lti.tokens import ServiceAccount, access_token
from lms_bridge.models import Platform, ToolKey
from lms_bridge.plugin_host import host
from lms_bridge.plugin_host.failures import recent_failure
from lms_bridge.services.grades import count_by_state, late_grades, overdue_grades
from lms_bridge.services.outbox import dead_deliveries, overdue_deliveries
from lms_bridge.services.schema import pending_branches, uninstalled_branches
from lms_bridge.settings import TABLE, BadSetting, Settings

LOW_MEGABYTES, FULL_MEGABYTES = 200, 50
OVERDUE = dt.timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: ``ok``, ``warn`` or ``fail``, what was seen, how to mend it."""

    check: str
    state: str
    seen: str
    fix: str = ""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--settings", "show_settings", is_flag=True, help="Also print every setting with its origin.")
def doctor(as_json: bool, show_settings: bool) -> None:
    """Look at everything that can be wrong and say how to mend it; exit 1 when something is broken.

    Settings, disk, database, keys, plugins, LMSs and their clocks, grades, events, and whether a worker takes them.

    Example: lms-bridge doctor
    """
    try:
        app = create_app()
    except (BadSetting, SQLAlchemyError, OSError) as error:
        findings = [
            Finding("settings", "fail", str(error).splitlines()[0], "Correct the setting and run doctor again.")
        ]
    else:
        findings = examine(app)
        if show_settings:
            _print_settings(app.config["SETTINGS"])
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False))
    else:
        for finding in findings:
            click.echo(f"{finding.state.upper():4}  {finding.check}: {finding.seen}")
            if finding.fix:
                click.echo(f"      -> {finding.fix}")
    if any(finding.state == "fail" for finding in findings):
        raise SystemExit(1)


def _print_settings(settings: Settings) -> None:
    for setting in TABLE:
        value = settings.values[setting.name]
        shown = "***" if setting.secret and value else value
        click.echo(f"{setting.name} = {shown}  ({settings.origins[setting.name]})")


def examine(app: Flask) -> list[Finding]:
    """Run every check; one that breaks is a finding itself."""
    findings: list[Finding] = []
    with app.app_context():
        for check in (_instance, _disk, _base_url, _plugins, _database):
            findings += _guarded(check)
        # A database that is broken is said once, and not by everything that would ask it.
        if not any(found.check == "database" and found.state == "fail" for found in findings):
            for check in (_uninstalled, _keys, _platforms, _grades, _events, _worker):
                findings += _guarded(check)
        db.session.remove()
        db.engine.dispose()
    return findings


def _guarded(check: Callable[[], Iterator[Finding]]) -> list[Finding]:
    try:
        return list(check())
    except (SQLAlchemyError, OSError) as error:
        db.session.rollback()
        return [Finding(check.__name__.strip("_"), "fail", "cannot be checked", explain(error))]


def _instance() -> Iterator[Finding]:
    folder = current_app.config["INSTANCE_PATH"]
    if not os.path.isdir(folder):
        yield Finding("instance", "fail", f"{folder} does not exist", "Run: lms-bridge init")
    elif not os.access(folder, os.W_OK):
        yield Finding(
            "instance", "fail", f"{folder} cannot be written", "Give the user of the server the right to write there."
        )
    else:
        yield Finding("instance", "ok", folder)
    if not current_app.config["SETTINGS"]["SECRET_KEY"]:
        yield Finding("secret key", "fail", "there is none", "Run: lms-bridge init, or set LMS_BRIDGE_SECRET_KEY_FILE.")


def _disk() -> Iterator[Finding]:
    folder = current_app.config["INSTANCE_PATH"]
    if not os.path.isdir(folder):
        return
    free = shutil.disk_usage(folder).free // 1_000_000
    state = "fail" if free < FULL_MEGABYTES else "warn" if free < LOW_MEGABYTES else "ok"
    fix = "" if state == "ok" else f"Make space on the disk of {folder}."
    yield Finding("disk", state, f"{free} MB free", fix)


def _base_url() -> Iterator[Finding]:
    url = current_app.config["BASE_URL"]
    local = urlsplit(url).hostname in {"127.0.0.1", "localhost"}
    if urlsplit(url).scheme == "http" and not local:
        yield Finding(
            "base url", "warn", f"{url} is plain http", "Put a TLS proxy in front and set LMS_BRIDGE_BASE_URL to https."
        )
    else:
        yield Finding("base url", "ok", f"{url}{' (loopback: for trying out)' if local else ''}")


def _database() -> Iterator[Finding]:
    db.session.execute(text("SELECT 1"))
    behind = pending_branches()
    for branch in behind:
        check = "database" if branch == "core" else f"tables of {branch}"
        yield Finding(check, "fail", f"the tables of {branch} are behind", "Run: lms-bridge db upgrade")
    if "core" not in behind:
        yield Finding("database", "ok", f"{db.engine.dialect.name}, core is up to date")


def _keys() -> Iterator[Finding]:
    if db.session.scalar(select(ToolKey.kid).limit(1)) is None:
        yield Finding("tool keys", "fail", "there are none", "Run: lms-bridge init")
        return
    try:
        sign({"check": 1})
    except KeyUnreadable:
        yield Finding(
            "tool keys",
            "fail",
            "they were made with another secret key",
            "Restore the secret key, or run: lms-bridge keys rotate --now",
        )
        return
    yield Finding("tool keys", "ok", "readable")


def _plugins() -> Iterator[Finding]:
    if host().safe_mode:
        seen = "the server is set to start without plugins; activities and events wait for them"
        yield Finding("safe mode", "warn", seen, "Mend or disable the plugin, then unset LMS_BRIDGE_SAFE_MODE.")
    for name, state in host().states.items():
        if state.declaration is None:
            yield Finding(f"plugin {name}", "fail", f"quarantined: {state.reason}", state.hint)
        elif failure := recent_failure(host().instance, state.found):
            seen = f"failed in {failure.place} ({failure.kind}) at {failure.at:%Y-%m-%d %H:%M} UTC"
            fix = "Its author mends it by the server's log. Until then, to switch it off: LMS_BRIDGE_DISABLED_PLUGINS."
            yield Finding(f"plugin {name}", "warn", seen, fix)
        else:
            yield Finding(f"plugin {name}", "ok", f"{state.declaration.version}")


def _uninstalled() -> Iterator[Finding]:
    for name in uninstalled_branches():
        seen = "not installed any more, but its tables are still there"
        fix = f"Install it again, or give its data up: lms-bridge plugin forget {name}"
        yield Finding(f"plugin {name}", "warn", seen, fix)


def _platforms() -> Iterator[Finding]:
    client: LmsClient = current_app.extensions["lms_bridge.http"]
    rows = db.session.scalars(
        select(Platform).where(Platform.active.is_(True)), execution_options={"all_agencies": True}
    ).all()
    platforms = [
        (row.issuer, row.jwks_url, ServiceAccount(row.client_id, row.token_url, row.token_audience)) for row in rows
    ]
    db.session.rollback()
    base = current_app.config["BASE_URL"]
    for issuer, jwks_url, account in platforms:
        if issuer.startswith("https:") and base.startswith("http:"):
            yield Finding(
                f"platform {issuer}",
                "fail",
                "an https LMS cannot show an http tool in its page",
                "Put a TLS proxy in front and set LMS_BRIDGE_BASE_URL to https.",
            )
        try:
            answer = client.get(jwks_url)
        except OutboundError as error:
            yield Finding(f"platform {issuer}", "fail", f"its keys cannot be fetched ({error.kind})", str(error))
            continue
        if skew := clock_skew(answer.headers.get("date")):
            yield Finding(
                f"platform {issuer}",
                "warn",
                f"its clock and this server's differ by {skew} seconds",
                "Let both keep time by NTP: beyond 60 seconds launches and grades are refused.",
            )
        if answer.status == 200:
            yield _token(issuer, account)
        else:
            yield Finding(
                f"platform {issuer}",
                "fail",
                f"its key set answers {answer.status}",
                f"Open {jwks_url} and ask its operator.",
            )
    if not platforms:
        yield Finding("platforms", "warn", "none is registered", "Run: lms-bridge platform invite --agency CODE")


def _token(issuer: str, account: ServiceAccount) -> Finding:
    """Ask for a token, as grades do: launches may work while the LMS cannot fetch our keys."""
    try:
        access_token(account, [ags.SCORE], fresh=True)
    except OutboundError as error:
        return Finding(
            f"platform {issuer}", "warn", f"reachable, but gives no token ({error.kind})", _advice(error.kind)
        )
    return Finding(f"platform {issuer}", "ok", "reachable, gives tokens")


def _advice(reason: str) -> str:
    with force_locale("en"):
        return str(advice(reason))


def _grades() -> Iterator[Finding]:
    counts = count_by_state()
    for reason, count in late_grades().items():
        yield Finding("grades", "warn", f"{count} are late: {reason}", _advice(reason))
    if counts.get("parked"):
        yield Finding("grades", "warn", f"{counts['parked']} are parked", "See: lms-bridge grades parked")
    else:
        yield Finding("grades", "ok", f"{counts.get('due', 0)} due, {counts.get('sent', 0)} delivered")


def _events() -> Iterator[Finding]:
    if dead := len(dead_deliveries()):
        yield Finding("events", "warn", f"{dead} could not be handled", "See: lms-bridge events dead")
    else:
        yield Finding("events", "ok", "none is set aside")


def _worker() -> Iterator[Finding]:
    since = now() - OVERDUE
    if waiting := overdue_grades(since) + overdue_deliveries(since):
        seen = f"{waiting} grades and events have been due for more than {OVERDUE.seconds // 60} minutes"
        yield Finding("worker", "warn", seen, "Start it: lms-bridge worker")
    else:
        yield Finding("worker", "ok", "nothing waits for it")
