"""A NIP tells birth date and sex: only those who look after people see it whole."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lms_bridge.web.formats import mask_nip

ROOT = Path(__file__).parents[2]
FOLDERS = (ROOT / "lms_bridge" / "templates" / "bridge", *ROOT.glob("plugins/*/src/*/templates"))
TEMPLATES = sorted(file for folder in FOLDERS for file in folder.rglob("*.html"))


def test_the_birth_date_in_a_nip_is_hidden(bridge_app):
    shown = bridge_app.jinja_env.from_string("{{ nip|nip }}").render(nip="199203142015032004")

    assert shown == mask_nip("199203142015032004") == "••••••••2015032004"


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda file: file.name)
def test_no_page_outside_the_console_prints_a_whole_nip(template):
    assert re.findall(r"\{\{[^}]*\bnip\b(?!\s*\|\s*nip\b)[^}|]*\}\}", template.read_text("utf-8")) == []
