"""``lms-bridge operator``: the operator's way into the console, and rights by name, given and withdrawn."""

from __future__ import annotations

import click
from flask import current_app

from lms_bridge.cli.common import Unusable, agency_of, with_app
from lms_bridge.db import acting_as, now
from lms_bridge.domain.nip import clean_nip, mask_nip
from lms_bridge.errors import NotFound
from lms_bridge.services.grants import ROLES, NotGrantable, give_grant, grants, scopes, withdraw_grant
from lms_bridge.services.operator_links import make_operator_link


@click.group("operator")
def operator_group() -> None:
    """The operator's way into the console, and rights that the operator gives first."""


@operator_group.command("link")
@click.option("--agency", "code", required=True, help="Code of the agency.")
@with_app
def link(code: str) -> None:
    """Make a link into an agency's console. It opens once, within ten minutes.

    Example: lms-bridge operator link --agency demo
    """
    token = make_operator_link(agency_of(code).id, now=now())
    click.echo(f"{current_app.config['BASE_URL']}/operator/{token}")


@operator_group.command("grant")
@click.argument("role", type=click.Choice(list(ROLES)))
@click.option("--agency", "code", required=True, help="Code of the agency.")
@click.option("--nip", required=True, help="18 digits; a grant to an unknown NIP waits for its first trusted launch.")
@click.option("--for", "scope", default="", help="The programme (its code) of an owner, the action of an officer.")
@with_app
def grant(role: str, code: str, nip: str, scope: str) -> None:
    """Give ROLE to the holder of a NIP, such as to the first HR analyst of an agency. Held already, nothing changes.

    Example: lms-bridge operator grant analyst --agency demo --nip 198809232012122001
    """
    agency, digits = agency_of(code), clean_nip(nip)
    if digits is None:
        raise Unusable("A NIP has 18 digits.")
    with acting_as(agency.id):
        try:
            given = give_grant(role, nip=digits, scope=scope, now=now())
        except NotGrantable as error:
            known = ", ".join(sorted(scopes(role))) or "nothing: there is none yet"
            raise Unusable(f"{role} can be granted --for {known}.") from error
    waits = "" if given.person_id else "; it takes effect at the first launch or import with this NIP"
    click.echo(f"Granted, number {given.id}{waits}.")


@operator_group.command("grants")
@click.option("--agency", "code", required=True, help="Code of the agency.")
@click.option("--all", "everything", is_flag=True, help="Also those that were withdrawn.")
@with_app
def list_grants(code: str, everything: bool) -> None:
    """List the rights that are held or wait in an agency: number, right, from, until, masked NIP.

    Example: lms-bridge operator grants --agency demo
    """
    with acting_as(agency_of(code).id):
        for one in grants(everything=everything):
            right = f"{one.role} {one.scope}".strip()
            until = one.valid_to or ("held" if one.person_id else "waits")
            click.echo(f"{one.id}\t{right}\t{one.valid_from}\t{until}\t{mask_nip(one.nip)}")


@operator_group.command("withdraw")
@click.argument("number", type=int)
@click.option("--agency", "code", required=True, help="Code of the agency.")
@with_app
def withdraw(number: int, code: str) -> None:
    """Withdraw the right with this NUMBER at once.

    Example: lms-bridge operator withdraw 3 --agency demo
    """
    with acting_as(agency_of(code).id):
        try:
            withdraw_grant(number, now=now())
        except NotFound as error:
            raise Unusable(f"There is no grant {number}. See: lms-bridge operator grants --agency {code}") from error
    click.echo("Withdrawn.")
