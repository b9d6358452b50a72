"""The contract of a plugin: ready tests that its author gets by one line.

``class TestContract(PluginContract): plugin = "survey"``
"""

from __future__ import annotations

from lms_bridge.testing.contract.bronze import Bronze
from lms_bridge.testing.contract.gold import Gold
from lms_bridge.testing.contract.silver import Silver
from lms_bridge.testing.contract.subject import Launch

__all__ = ["Launch", "PluginContract"]


class PluginContract(Gold, Silver, Bronze):
    """Subclass it as ``TestContract`` and set ``plugin``. Each test that fails says what to do."""
