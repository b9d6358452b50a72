"""The reference is made from the code: whatever is missing, gone or old is noticed."""

from __future__ import annotations

import inspect
import re
from dataclasses import replace

import pytest

from tools.reference.kinds import KINDS, refusals
from tools.reference.pages import Page, faults, pages

SHOWN = {
    "setting": "BASE_URL",
    "command": "worker",
    "hook": "home_cards",
    "event": "gap.opened",
    "permission": "competency.rate-self",
    "error": "launch-used",
    "surface": "publish",
}


def changed(kind: str, names: str) -> list[Page]:
    """Return a page with other names in its first part of a kind."""
    opening = re.compile(rf"(<!-- generated: {kind}) .+? -->")
    page = next(page for page in pages() if opening.search(page.text))
    return [replace(page, text=opening.sub(rf"\1 {names} -->", page.text, count=1))]


def test_everything_is_documented_nothing_else_and_as_it_is() -> None:
    assert faults(pages()) == []


@pytest.mark.parametrize("refusal", refusals(), ids=lambda kind: kind.code)
def test_the_docstring_of_a_refusal_ends_with_what_helps(refusal: type) -> None:
    assert re.search(r"\S\n\nWhat helps: \S", inspect.getdoc(refusal) or "")


def test_every_kind_is_tried() -> None:
    assert SHOWN.keys() == KINDS.keys()


@pytest.mark.parametrize("kind", SHOWN)
def test_what_no_page_shows_is_named(kind: str) -> None:
    without = [name for name in KINDS[kind].entries() if name != SHOWN[kind]]
    empty = [replace(page, text=re.sub(rf"<!-- generated: {kind} ", "<!-- ", page.text)) for page in pages()]
    listed = " ".join(f'"{name}"' for name in without)
    page = Page(pages()[0].file, f"<!-- generated: {kind} {listed} -->\n<!-- end -->\n")

    assert f"{kind} {SHOWN[kind]!r} is in no page of docs/" in faults([*empty, page])


@pytest.mark.parametrize("kind", SHOWN)
def test_what_is_documented_but_gone_is_named(kind: str) -> None:
    assert f"{kind} 'bygone' is documented but gone" in faults(changed(kind, "bygone"))


@pytest.mark.parametrize(
    ("page", "as_it_is", "otherwise"),
    [
        ("hooks.md", "tasks(context: BridgeContext)", "tasks(context: DeepLinkContext)"),
        ("settings.md", "`http://127.0.0.1:8000`", "`http://127.0.0.1:9000`"),
        ("errors.md", "| `launch-used` | 409 |", "| `launch-used` | 400 |"),
        ("api.md", "source: str", "source: int"),
    ],
)
def test_a_page_that_says_something_else_than_the_code_is_named(page: str, as_it_is: str, otherwise: str) -> None:
    other = [replace(one, text=one.text.replace(as_it_is, otherwise)) for one in pages() if one.file.name == page]

    assert f"{page} is not up to date: python -m tools.reference" in faults(other)


def test_renewing_mends_a_page_and_leaves_what_people_wrote() -> None:
    page = next(page for page in pages() if page.file.name == "hooks.md")
    old = replace(page, text=page.text.replace("## `home_cards(", "## `home_cars("))

    assert old.renewed() == page.text
