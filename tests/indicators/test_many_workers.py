"""Several workers, and facts that arrive while they fold: each fact counts once."""

from __future__ import annotations

import threading
from decimal import Decimal

from lms_bridge.db import acting_as, db
from lms_bridge.jobs.indicators import fold_due
from lms_bridge.jobs.indicators.checking import check_cells
from lms_bridge.services.indicators import IndicatorFact, publish_indicators
from tests.indicators.conftest import PERIOD, sums

WRITERS, FACTS = 3, 20


def test_each_fact_counts_once_while_several_workers_fold_and_one_checks(tree):
    ended = threading.Event()

    def write() -> None:
        with tree.app.app_context(), acting_as(tree.agency):
            for _ in range(FACTS):
                publish_indicators([IndicatorFact("test.jpm", tree.leaf, PERIOD, Decimal(1), Decimal(1), n=1)])
                db.session.commit()

    def fold() -> None:
        with tree.app.app_context():
            while not ended.is_set():
                fold_due()

    def check() -> None:
        with tree.app.app_context(), acting_as(tree.agency):
            check_cells()

    db.session.rollback()
    writers = [threading.Thread(target=write) for _ in range(WRITERS)]
    folders = [threading.Thread(target=fold) for _ in range(1 if "sqlite" in str(db.engine.url) else 3)]
    for thread in writers + folders:
        thread.start()
    for thread in writers:
        thread.join()
    ended.set()
    for thread in folders:
        thread.join()
    check()
    fold_due()

    assert sums(tree.top, tree.leaf) == [WRITERS * FACTS, WRITERS * FACTS]
