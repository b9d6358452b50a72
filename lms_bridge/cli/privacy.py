"""``lms-bridge privacy``: a person's data in one file, and its erasure, when they ask for it outside the product."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from sqlalchemy import select
from sqlalchemy.exc import NoResultFound

from lms_bridge.cli.common import Unusable, agency_of, with_app
from lms_bridge.context import PersonRef
from lms_bridge.db import acting_as, db, now
from lms_bridge.domain.nip import clean_nip
from lms_bridge.models import Person
from lms_bridge.services.people import person_ref
from lms_bridge.services.privacy import erase_person, export_person, export_zip


@click.group("privacy")
def privacy_group() -> None:
    """The rights of people to their data."""


def _of_a_person(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say whom a command is about."""
    for option in (
        click.option("--person", "number", type=int, help="Number of the person, as a receipt or a list shows it."),
        click.option("--nip", help="18 digits."),
        click.option("--agency", "code", required=True, help="Code of the agency."),
    ):
        command = option(command)
    return command


def _person(nip: str | None, number: int | None) -> PersonRef:
    if (nip is None) == (number is None):
        raise Unusable("Say who it is: --nip or --person.")
    if nip is not None:
        number = db.session.scalar(select(Person.id).where(Person.nip == clean_nip(nip)))
    try:
        return person_ref(number or 0)
    except NoResultFound as error:
        raise Unusable("The agency knows nobody with this NIP or number.") from error


@privacy_group.command("export")
@_of_a_person
@click.option("--output", type=click.Path(path_type=Path), required=True, help="The ZIP file to write.")
@with_app
def export(code: str, nip: str | None, number: int | None, output: Path) -> None:
    """Write everything that is kept about a person into a ZIP file, as JSON and as a page to read.

    Ends with 1 when a plugin did not hand over its part; the file says so too.

    Example: lms-bridge privacy export --agency demo --nip 199203142015032004 --output data.zip
    """
    with acting_as(agency_of(code).id):
        made = export_person(_person(nip, number), now=now())
        output.touch(mode=0o600)
        output.write_bytes(export_zip(made))
        db.session.commit()
    if made.missing:
        raise Unusable(f"Written, but incomplete: {', '.join(made.missing)} did not answer. See: lms-bridge doctor")
    click.echo("Written.")


@privacy_group.command("erase")
@_of_a_person
@click.option("--yes", is_flag=True, help="Ask nothing.")
@with_app
def erase(code: str, nip: str | None, number: int | None, yes: bool) -> None:
    """Delete what is kept about a person, and take the name from what must stay; prints the receipt (JSON).

    It cannot be undone. Ends with 1 when a plugin did not erase its part: mend it, and run this again with the number
    of the person, which the receipt tells.

    Example: lms-bridge privacy erase --agency demo --nip 199203142015032004 --yes > receipt.json
    """
    with acting_as(agency_of(code).id):
        person = _person(nip, number)
        if not yes:
            click.confirm(f"Erase person {person.id} for good?", abort=True, err=True)
        receipt = erase_person(person, now=now())
        db.session.commit()
    click.echo(receipt.as_json())
    if receipt.missing:
        raise Unusable(f"Incomplete: {', '.join(receipt.missing)} did not answer. See: lms-bridge doctor")
