"""``python -m lms_bridge`` is the same as ``lms-bridge``."""

from __future__ import annotations

from lms_bridge.cli import bridge

if __name__ == "__main__":
    bridge(prog_name="lms-bridge")
