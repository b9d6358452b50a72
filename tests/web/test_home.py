"""Everyone's door: what a person's placements and grants open."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from lms_bridge.contributions import Module, Permission, Plugin
from lms_bridge.plugin_host.discovery import Found
from lms_bridge.plugin_host.fitness import Unfit, check_declaration
from lms_bridge.plugin_host.host import PluginState
from lms_bridge.testing.browser import Browser

RELATIONS = frozenset({"self", "superior", "head", "analyst"})
REPORTS = Module("reports", "Laporan bawahan", "Hasil mereka", "home.index", action="team.view")
TEAM = Plugin("team", "Tim", "1", modules=(REPORTS,), permissions=(Permission("team.view", "Lihat", RELATIONS),))


@pytest.fixture
def team(bridge_app: Flask) -> Flask:
    """The bridge with a plugin that has a page about other people."""
    bridge_app.extensions["lms_bridge.plugins"].states["team"] = PluginState(Found("team", "team"), TEAM)
    return bridge_app


@pytest.mark.parametrize(
    ("user", "shown"),
    [("rahmat", True), ("hendra", True), ("dewi", True), ("ani", False), ("sari", False), ("admin", False)],
)
def test_page_about_others_is_a_door_for_superiors_heads_and_analysts(
    team: Flask, launch_as: Callable[..., Browser], user: str, shown: bool
) -> None:
    assert ("Laporan bawahan" in launch_as(user).page.text) is shown


def test_module_may_need_only_what_its_plugin_declares() -> None:
    with pytest.raises(Unfit, match=r"team\.view"):
        check_declaration(Plugin("team", "Tim", "1", modules=(REPORTS,)), "team")
