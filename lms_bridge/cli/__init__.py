"""The command ``lms-bridge``."""

from __future__ import annotations

import click

from lms_bridge.cli import backup as backup  # adds its commands to db_group
from lms_bridge.cli.common import BridgeGroup
from lms_bridge.cli.database import db_group
from lms_bridge.cli.demo import demo
from lms_bridge.cli.doctor import doctor
from lms_bridge.cli.grants import operator_group
from lms_bridge.cli.operate import (
    agency_group,
    events_group,
    grades_group,
    init,
    keys_group,
    platform_group,
)
from lms_bridge.cli.people import people_group
from lms_bridge.cli.plugins import plugin_group
from lms_bridge.cli.privacy import privacy_group
from lms_bridge.cli.worker import worker
from lms_bridge.practice.cli import practice_lms


@click.group(cls=BridgeGroup)
@click.version_option(package_name="lms-bridge")
def bridge() -> None:
    """Extension server for an agency's LMS: competency mapping and more, over LTI 1.3 Advantage."""


for command in (
    init,
    db_group,
    agency_group,
    platform_group,
    operator_group,
    people_group,
    grades_group,
    events_group,
    keys_group,
    privacy_group,
    worker,
    doctor,
    plugin_group,
    demo,
    practice_lms,
):
    bridge.add_command(command)
