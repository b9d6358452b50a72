"""``lms-bridge demo``: a demo agency to try things with, alone or with everything around it."""

from __future__ import annotations

from pathlib import Path

import click

from lms_bridge.cli.common import with_app
from lms_bridge.cli.demo_servers import Demo, serve_demo
from lms_bridge.cli.processes import Stopped
from lms_bridge.services.demo import seed_demo, seed_plugins


@click.group()
def demo() -> None:
    """The demo agency."""


@demo.command()
@with_app
def seed() -> None:
    """Create the demo agency in the database of the settings: 300 people in forty units, four programmes, and
    what the plugins add.

    Run again it only ties the programme that has a course to the LMS, once one is registered.

    Example: lms-bridge demo seed
    """
    made = seed_demo()
    click.echo("Demo agency created." if made else "Demo agency exists.")
    for words in seed_plugins() if made else ():
        click.echo(f"  {words}")


@demo.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=Path("instance/demo"),
    show_default=True,
    help="Folder that keeps everything; remove it to start over.",
)
@click.option(
    "--bridge-port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port of the bridge."
)
@click.option("--lms-port", default=8001, show_default=True, type=click.IntRange(1, 65535), help="Port of the LMS.")
@click.option("--profile", default="plain", show_default=True, help="How the practice LMS behaves: plain or moodle.")
def run(data: Path, bridge_port: int, lms_port: int, profile: str) -> None:
    """Serve the demo agency beside a practice LMS until Ctrl-C, and print one link for each person.

    What ``make demo`` runs. A plugin's file that is new or changed starts the bridge again.

    Example: lms-bridge demo run --profile moodle
    """
    try:
        serve_demo(Demo(data.absolute(), bridge_port, lms_port, profile))
    except Stopped as error:
        raise click.ClickException(str(error)) from error
