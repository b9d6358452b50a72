"""Both languages are complete."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lms_bridge.testing.browser import Browser

TOOL = Path(__file__).parents[2] / "tools" / "translations.py"


def translations() -> Any:
    spec = importlib.util.spec_from_file_location("translations", TOOL)
    assert spec and spec.loader
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool


def test_every_message_has_its_indonesian_and_is_compiled() -> None:
    tool = translations()

    assert [fault for package in tool.packages() for fault in tool.missing(package)] == []


def test_a_sentence_means_the_same_in_core_and_in_its_plugins() -> None:
    tool = translations()
    core, _practice, *plugins = ({m.id: m.string for m in tool.load(tool.po_file(p)) if m.id} for p in tool.packages())

    clashes = {text for plugin in plugins for text in plugin.keys() & core.keys() if plugin[text] != core[text]}

    assert clashes == set()


def test_launch_locale_decides_and_the_person_may_change_it(launch_as: Callable[..., Browser]) -> None:
    browser = launch_as()
    assert 'lang="id"' in browser.page.text and "Yang perlu Anda kerjakan" in browser.page.text

    changed = browser.post("/language", data={"language": "en", "next": "/"})

    assert changed.status_code == 303
    assert "What you need to do" in browser.get("/").text


def test_error_page_speaks_the_browser_s_language(browser: Browser) -> None:
    indonesian = browser.client.get("/lti/login", headers={"Accept-Language": "id"}).text
    english = browser.client.get("/lti/login", headers={"Accept-Language": "en"}).text

    assert "Kegiatan tidak dapat dibuka" in indonesian
    assert "The activity could not be opened" in english
