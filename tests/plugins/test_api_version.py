"""The contract with plugins has a version: who needs another one is told what to do, and old names live on a while."""

from __future__ import annotations

from pathlib import Path

import pytest

import lms_bridge.api
from lms_bridge.api import API_VERSION, ApiDeprecated, deprecation
from lms_bridge.api.deprecation import RENAMED, Renamed
from lms_bridge.contributions import version_text

NEWER = (API_VERSION[0], API_VERSION[1] + 1)
HERE = version_text(API_VERSION)

FOREIGN = {
    "a newer version": (
        f"""
        from lms_bridge.api import Plugin, hookimpl

        @hookimpl
        def plugin():
            return Plugin("bad", "Bad", "1", requires_api={NEWER})
        """,
        f"written for API {version_text(NEWER)}, this server has {HERE}. Upgrade lms-bridge, or install",
    ),
    "a version before a removal": (
        f"""
        from lms_bridge.api import Plugin, hookimpl

        @hookimpl
        def plugin():
            return Plugin("bad", "Bad", "1", requires_api={(API_VERSION[0] - 1, 9)})
        """,
        "Install a newer release of the plugin; for its author: UPGRADING.md",
    ),
    "a name of a newer version": (
        "from lms_bridge.api import draw_certificate",
        f"cannot import name 'draw_certificate' from lms_bridge.api {HERE}. If it is a newer one's: Upgrade lms-bridge",
    ),
    "a field of a newer version": (
        """
        from lms_bridge.api import Plugin, hookimpl

        @hookimpl
        def plugin():
            return Plugin("bad", "Bad", "1", certificates=())
        """,
        "unexpected keyword argument 'certificates'",
    ),
}


def test_the_names_of_this_version_are_those_that_plugins_were_promised():
    """A name more raises the second number of API_VERSION, a name less the first; either has a line in UPGRADING.md.

    The list of a version that was released is never changed: the new version gets a list of its own.
    """
    promised = Path(__file__).with_name(f"surface-{HERE}.txt").read_text("utf-8").split()

    assert sorted(lms_bridge.api.__all__) == promised


@pytest.mark.parametrize("asked", FOREIGN)
def test_a_plugin_for_another_version_is_set_aside_with_the_way_out(asked, drop_in, neighbour, start):
    source, reason = FOREIGN[asked]
    drop_in("bad", source)

    server = start()

    assert server.state("bad").state == "quarantined"
    assert reason in server.state("bad").hint
    assert "The neighbour answers" in server.launch_home().text


@pytest.fixture
def renamed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server on which ``announce`` is the old name of ``publish``."""
    monkeypatch.setitem(RENAMED, "announce", Renamed("publish", since=(1, 1), removed_in=(2, 0)))


def test_an_old_name_works_and_warns_at_the_line_that_uses_it(renamed):
    with pytest.warns(ApiDeprecated, match=r"since API 1\.1 and will be removed in 2\.0; use publish") as warned:
        assert lms_bridge.api.announce is lms_bridge.api.publish

    assert warned[0].filename == __file__


@pytest.mark.filterwarnings("ignore::lms_bridge.api.ApiDeprecated")
def test_a_plugin_that_uses_an_old_name_loads(renamed, drop_in, start):
    drop_in(
        "old",
        """
        from lms_bridge.api import Plugin, announce, hookimpl

        @hookimpl
        def plugin():
            return Plugin("old", "Old", "1")
        """,
    )

    assert start().state("old").state == "loaded"


def faults(renamed: dict[str, Renamed], version: tuple[int, int]) -> list[str]:
    """Return what is wrong with the table of old names at a version."""
    found = []
    for old, row in renamed.items():
        if row.removed_in <= version:
            found.append(f"{old}: its removal is due; take it out and tell UPGRADING.md")
        if row.removed_in <= row.since:
            found.append(f"{old}: nobody would be warned before it is removed")
        if row.new not in lms_bridge.api.__all__ or old in lms_bridge.api.__all__:
            found.append(f"{old}: must lead from a name that is gone to one that is there")
    return found


def test_no_old_name_outlives_its_time():
    assert faults(deprecation.RENAMED, API_VERSION) == []


def test_a_removal_that_is_due_is_noticed():
    row = Renamed("publish", since=(1, 1), removed_in=(2, 0))

    assert faults({"announce": row}, (1, 1)) == []
    assert faults({"announce": row}, (2, 0)) == ["announce: its removal is due; take it out and tell UPGRADING.md"]


def test_what_is_no_name_of_the_surface_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no 'nonsense'"):
        lms_bridge.api.nonsense  # noqa: B018
