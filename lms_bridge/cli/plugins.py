"""``lms-bridge plugin``: begin one, see what is here and what it is worth, drop what is left."""

from __future__ import annotations

import click

from lms_bridge.cli.plugin_check import check
from lms_bridge.cli.plugin_forget import forget
from lms_bridge.cli.plugin_list import list_plugins
from lms_bridge.cli.plugin_new import new


@click.group("plugin")
def plugin_group() -> None:
    """Plugins: begin, check, list and forget them."""


for command in (new, check, list_plugins, forget):
    plugin_group.add_command(command)
