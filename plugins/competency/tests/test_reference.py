"""The official lists that come with the plugin."""

from __future__ import annotations

from decimal import Decimal

from lms_bridge_competency.reference import band_names, bands, confirmed_purposes, level_names, post_levels
from lms_bridge_competency.rules import Purpose


def test_categories_of_each_purpose_leave_no_value_out_and_overlap_nowhere():
    for purpose in Purpose:
        falling = [band for band in bands() if band.purpose is purpose]

        assert falling[0].below is None
        assert falling[-1].minimum == 0
        assert [band.minimum for band in falling[:-1]] == [band.below for band in falling[1:]]


def test_categories_are_those_of_the_rules():
    assert {band.code: band.minimum for band in bands()} == {
        "MS": Decimal(80),
        "MMS": Decimal(68),
        "KMS": Decimal(0),
        "O": Decimal(90),
        "CO": Decimal(78),
        "KO": Decimal(0),
    }
    assert band_names()["MS"].indonesian == "Memenuhi Syarat"
    assert confirmed_purposes() == {Purpose.FILLING}


def test_usual_levels_of_posts():
    usual = {code: level.managerial for code, level in post_levels().items()}

    assert usual["JPT_PRATAMA"] == 4
    assert usual["ADMINISTRATOR"] == usual["AHLI_MUDA"] == 3
    assert usual["PELAKSANA"] == 1
    assert not post_levels()["JPT_MADYA"].confirmed


def test_a_level_is_required_by_cluster():
    muda = post_levels()["AHLI_MUDA"]

    assert muda.required("manajerial") == muda.managerial
    assert muda.required("sosial_kultural") == muda.sociocultural


def test_names_are_there_in_both_languages():
    words = [*level_names().values(), *band_names().values(), *(level.name for level in post_levels().values())]

    assert all(one.in_language("id") and one.in_language("en") for one in words)
    assert list(level_names()) == [1, 2, 3, 4, 5]
