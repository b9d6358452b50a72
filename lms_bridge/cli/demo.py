"""``lms-bridge demo``: a demo agency to try things with."""

from __future__ import annotations

import click

from lms_bridge.cli.common import with_app
from lms_bridge.services.demo import seed_demo


@click.group()
def demo() -> None:
    """The demo agency."""


@demo.command()
@with_app
def seed() -> None:
    """Create the demo agency with its people, posts and units. Run again it changes nothing."""
    click.echo("Demo agency created." if seed_demo() else "Demo agency exists.")
