"""The contract that every plugin keeps."""

from __future__ import annotations

from lms_bridge.testing import PluginContract

from .conftest import Learner


class TestContract(PluginContract):
    plugin = "competency"

    def use(self, launch):
        learner = Learner(launch())
        learner.begin()
        learner.answer("M1", 3, example="I spoke up.")
        learner.rate()
        learner.finish()
        learner.post("/hours/enter", form="B6", title="Seminar", day="2026-01-05", amount="1", proof="Letter 1")
