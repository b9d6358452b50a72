"""``lms-bridge plugin``: begin one, what is here, what it is worth, what is left."""

from __future__ import annotations

import click

from lms_bridge.cli.plugin_check import check
from lms_bridge.cli.plugin_forget import forget
from lms_bridge.cli.plugin_list import list_plugins
from lms_bridge.cli.plugin_new import new


@click.group("plugin")
def plugin_group() -> None:
    """Plugins of this server."""


for command in (new, list_plugins, check, forget):
    plugin_group.add_command(command)
