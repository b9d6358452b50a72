"""The page for those who test a plugin has every fixture and every check, and no other."""

from __future__ import annotations

import re
from collections.abc import Iterator

from _pytest.fixtures import FixtureFunctionDefinition

from lms_bridge.testing import PluginContract, pytest_plugin
from lms_bridge.testing.contract.base import Contract
from tests.docs.pages import headings, read

PAGE = "plugin-testing.md"


def test_every_fixture_is_documented_and_no_other() -> None:
    fixtures = {name for name, value in vars(pytest_plugin).items() if isinstance(value, FixtureFunctionDefinition)}

    documented = headings(PAGE, level=3)

    assert set(documented) == {name for name in fixtures if not name.startswith("_")}


def checks() -> Iterator[tuple[str, str]]:
    for name in dir(PluginContract):
        if name.startswith("test_"):
            (mark,) = (one for one in getattr(PluginContract, name).pytestmark if one.name == "grade")
            yield mark.args[0], name.removeprefix("test_")


def test_every_check_is_documented_below_its_grade_and_no_other() -> None:
    grades = re.split(r"^\*\*(Bronze|Silver|Gold): ", read(PAGE), flags=re.MULTILINE)[1:]

    documented = [
        (grade.lower(), name)
        for grade, text in zip(grades[::2], grades[1::2], strict=True)
        for name in re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)
    ]

    assert sorted(documented) == sorted(checks())


def test_what_an_author_may_set_is_documented() -> None:
    settable = {name for name in vars(Contract) if not name.startswith("_")} - {"used", "subject"}

    assert [
        name for name in sorted(settable) if f"{name} = " not in read(PAGE) and f"def {name}(" not in read(PAGE)
    ] == []
