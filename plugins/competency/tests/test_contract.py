"""The contract that every plugin keeps."""

from __future__ import annotations

import io
import re

from lms_bridge.testing import PluginContract

from .conftest import Learner


class TestContract(PluginContract):
    plugin = "competency"
    # Only in a draft can a competency be removed, a plan that waits links to none of its activities, and what a result
    # was computed with stays.
    pages = ("/p/competency/dictionary/2/entry/T1", "/p/competency/plan/items/1", "/p/competency/files/1/remove")

    def use(self, launch):
        learner = Learner(launch())
        learner.begin()
        learner.answer("M1", 3, example="I spoke up.")
        learner.rate()
        learner.finish()
        learner.post("/hours/enter", form="B6", title="Seminar", day="2026-01-05", amount="1", proof="Letter 1")
        item = {
            "competency": "asn-38-2017:M3",
            "to_level": "3",
            "form": "B7",
            "title": "Workshop",
            "jp": "5",
            "quarter": "4",
        }
        learner.post("/plan/items/new", **item)
        learner.post("/plan/send", version="2")
        learner.post("/results/1/objections", competency="asn-38-2017:M3", reason="I wrote three of them.")
        learner.post("/profile/target", post_id="1")
        file = {"file": (io.BytesIO(b"%PDF-1.7"), "letter.pdf")}
        learner.browser.post("/p/competency/self-rating/M1/files", data=file, content_type="multipart/form-data")
        superior = launch(user="rahmat")
        root = re.search(r"/p/competency/ratings/\d+", superior.get("/p/competency/ratings").text)[0]
        superior.post(f"{root}/start")
        analyst = launch(user="dewi")
        analyst.post("/p/competency/dictionary", data={"family": "tik", "version": "1", "title_id": "Kamus TIK"})
        analyst.post("/p/competency/dictionary/2/entry", data={"code": "T1", "name_id": "Basis data"})
