"""Documentation that cannot rot: what the code has, the pages name, and the other way round."""

from __future__ import annotations

import re
from pathlib import Path

from lms_bridge.settings import TABLE

DOCS = Path(__file__).parents[2] / "docs"


def test_every_setting_is_documented_and_no_other() -> None:
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", (DOCS / "settings.md").read_text("utf-8"), re.MULTILINE))

    assert documented == {setting.name for setting in TABLE}
