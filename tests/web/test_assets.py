"""Committed assets are what the manifest says, and pages load nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path

import lms_bridge

PACKAGE = Path(lms_bridge.__file__).parent
VENDOR = PACKAGE / "static" / "vendor"


def test_vendored_files_hash_to_the_manifest() -> None:
    listed = {row["file"]: row["integrity"] for row in json.loads((VENDOR / "manifest.json").read_text())}

    there = {
        str(file.relative_to(VENDOR)): "sha384-" + base64.b64encode(hashlib.sha384(file.read_bytes()).digest()).decode()
        for file in VENDOR.rglob("*.*")
        if file.is_file() and file.name != "manifest.json"
    }

    assert there == listed


def test_no_template_or_style_reaches_another_host_or_writes_inline_code() -> None:
    inline = re.compile(r"<script>|<style|\sstyle=|\son(click|change|submit|load)=|(src|href)=\"https?://")
    # A person takes the export away and opens it without a server: it carries its style with it.
    pages = [file for file in PACKAGE.rglob("*.html") if file.name != "person_export.html"]
    faults = [str(file) for file in pages if inline.search(file.read_text("utf-8"))]
    imports = [
        str(file) for file in PACKAGE.rglob("*.css") if re.search(r"@import|url\(.?https?:", file.read_text("utf-8"))
    ]

    assert faults == [] and imports == []
