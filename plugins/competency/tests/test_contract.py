"""The contract that every plugin keeps."""

from __future__ import annotations

from lms_bridge.testing import PluginContract

from .conftest import Learner


class TestContract(PluginContract):
    plugin = "competency"
    # Only in a draft can a competency be removed.
    pages = ("/p/competency/dictionary/2/entry/T1",)

    def use(self, launch):
        learner = Learner(launch())
        learner.begin()
        learner.answer("M1", 3, example="I spoke up.")
        learner.rate()
        learner.finish()
        learner.post("/hours/enter", form="B6", title="Seminar", day="2026-01-05", amount="1", proof="Letter 1")
        analyst = launch(user="dewi")
        analyst.post("/p/competency/dictionary", data={"family": "tik", "version": "1", "title_id": "Kamus TIK"})
        analyst.post("/p/competency/dictionary/2/entry", data={"code": "T1", "name_id": "Basis data"})
