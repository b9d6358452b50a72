"""Without Chromium a run says what it left out; where everything is required it fails."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ONE = "tests/browser/test_pages.py::test_page_has_no_fault[id-390-framed-landing]"


@pytest.mark.parametrize(("ci", "fails"), [("", False), ("true", True)])
def test_a_missing_chromium_is_told_and_fails_where_it_is_required(ci: str, fails: bool) -> None:
    environment = {**os.environ, "LMS_BRIDGE_CHROMIUM": "/nowhere/chromium", "CI": ci}

    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", ONE], cwd=ROOT, env=environment, capture_output=True, text=True
    )

    assert "no Chromium at /nowhere/chromium" in run.stdout
    assert bool(run.returncode) is fails
