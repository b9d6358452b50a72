"""What is published reaches every unit above, once, and follows the units when these change."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from sqlalchemy import func, select, update

from lms_bridge.db import db, now
from lms_bridge.jobs.indicators import check_due, fold_due, folding
from lms_bridge.models import IndicatorCell, IndicatorDelta, IndicatorState
from lms_bridge.services.indicators import indicators_as_of
from lms_bridge.services.reorganisation import UnitPart, merge_units, split_unit
from lms_bridge.services.units import create_unit, move_unit
from tests.indicators.conftest import START, one, sums

TODAY = dt.date.today()


def test_a_fact_counts_to_its_unit_and_all_above_once_folded(tree, add):
    add(tree.leaf, "400.5")
    add(tree.right, "300")

    assert sums(tree.top) == [None]
    assert fold_due() > 0
    assert sums(tree.top, tree.left, tree.right) == [Decimal("700.5"), Decimal("400.5"), 300]
    assert one(tree.top).value == Decimal("70.05") and one(tree.top).n == 10
    assert fold_due() == 0


def test_a_fact_that_is_taken_back_leaves_nothing(tree, add):
    add(tree.leaf, "400.5")
    add(tree.leaf, "-400.5", -5)
    fold_due()

    assert one(tree.top).value is None and one(tree.top).n == 0


def test_a_fold_that_is_cut_off_is_done_wholly_by_the_next(tree, add, monkeypatch):
    add(tree.leaf, "400")

    with monkeypatch.context() as cut:
        cut.setattr(folding, "add_batch", lambda *_, **__: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            fold_due()
    db.session.rollback()
    fold_due()
    fold_due()

    assert sums(tree.top, tree.leaf) == [400, 400]
    assert db.session.scalar(select(func.count()).select_from(IndicatorDelta)) == 0


def test_the_data_date_is_the_last_fold_while_facts_wait(tree, add):
    assert indicators_as_of() is None
    add(tree.leaf, "400")
    fold_due()
    db.session.execute(update(IndicatorState).values(folded_at=now() - dt.timedelta(hours=1)))

    assert indicators_as_of() > now() - dt.timedelta(minutes=1)
    add(tree.leaf, "1", 1)
    assert indicators_as_of() < now() - dt.timedelta(minutes=59)


def test_a_moved_unit_takes_its_numbers_along(tree, add):
    add(tree.leaf, "400")
    add(tree.left, "100")
    fold_due()
    move_unit(tree.leaf, tree.right, on=TODAY)
    db.session.commit()
    add(tree.leaf, "50")
    fold_due()

    assert sums(tree.top, tree.left, tree.right, tree.leaf) == [550, 100, 450, 450]


def test_a_merged_unit_counts_to_the_one_in_which_it_goes_on(tree, add):
    add(tree.left, "400")
    fold_due()
    merge_units([tree.left], tree.right, on=TODAY)
    db.session.commit()
    fold_due()
    add(tree.leaf, "20")
    add(tree.left, "3")
    fold_due()

    assert sums(tree.top, tree.right) == [423, 423]


def test_a_split_unit_counts_to_what_lay_above_it(tree, add):
    add(tree.right, "400")
    fold_due()
    split_unit(tree.right, [UnitPart("R1", "R1"), UnitPart("R2", "R2")], on=TODAY)
    db.session.commit()
    fold_due()

    assert sums(tree.top) == [400]


def test_a_unit_made_later_counts_too(tree, add):
    deep = create_unit("DEEP", "Deep", parent_id=tree.leaf, valid_from=START).id
    db.session.commit()
    add(deep, "75")
    fold_due()

    assert sums(tree.top, tree.left, deep) == [75, 75, 75]


def test_the_nightly_check_puts_sums_right_that_were_changed_behind_its_back(tree, add):
    add(tree.leaf, "400")
    fold_due()
    broken = IndicatorCell.unit_id.in_([tree.top, tree.left])
    db.session.execute(update(IndicatorCell).where(broken).values(numerator=Decimal(7), n=1))
    db.session.commit()
    check_due()

    assert sums(tree.top, tree.left, tree.leaf) == [400, 400, 400]
    assert db.session.scalar(select(IndicatorState.repaired)) == 2
