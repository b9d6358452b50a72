"""Rules of lists: NIP, days, and text that must not act in a spreadsheet."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms_bridge.domain.days import read_day
from lms_bridge.domain.nip import BadNip, clean_nip, employment_of, read_nip
from lms_bridge.domain.spreadsheet import plain_cell, safe_cell

PNS = "197805112003121002"
PPPK = "199003152022212001"


@pytest.mark.parametrize("text", [PNS, f"'{PNS}", "19780511 200312 1 002", " 19780511\N{NO-BREAK SPACE}200312 1002 "])
def test_a_nip_is_taken_with_spaces_and_apostrophe(text):
    assert read_nip(text) == PNS
    assert clean_nip(text) == PNS


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("1.97809E+17", "nip-number-format"),
        ("1,97809E+17", "nip-number-format"),
        ("197805112003121000", "nip-trailing-zeros"),
        ("19780511200312100", "nip-length"),
        ("1978051120031210023", "nip-length"),
        ("19780511200312100x", "nip-length"),
        ("١٩٧٨٠٥١١٢٠٠٣١٢١٠٠٢", "nip-length"),
        ("197813112003121002", "nip-birth"),
        ("197802302003121002", "nip-birth"),
        ("197805112003131002", "nip-appointment"),
        ("197805112003001002", "nip-appointment"),
        ("197805111980121002", "nip-appointment"),
        ("197805112003123002", "nip-sex"),
    ],
)
def test_a_text_that_is_no_nip_is_refused_with_the_reason(text, fault):
    with pytest.raises(BadNip) as refused:
        read_nip(text)

    assert refused.value.fault.value == fault


def test_the_month_digits_tell_pns_from_pppk_and_must_agree_with_the_list():
    assert (employment_of(PNS), employment_of(PPPK)) == ("PNS", "PPPK")
    assert employment_of(PNS, told="PNS") == "PNS"
    assert employment_of(PPPK, told="PPPK") == "PPPK"
    with pytest.raises(BadNip, match="nip-not-pns"):
        employment_of(PPPK, told="PNS")
    with pytest.raises(BadNip, match="nip-not-pppk"):
        employment_of(PNS, told="PPPK")


@pytest.mark.parametrize(
    "text", ["02-01-2024", "2/1/2024", "02.01.2024", "2024-01-02", "2024-01-02 00:00:00", "2024-01-02T00:00", "45293"]
)
def test_a_day_is_read_in_every_usual_form_day_first(text):
    assert read_day(text) == dt.date(2024, 1, 2)


@pytest.mark.parametrize("text", ["", "31-02-2024", "02-13-2024", "1-1-24", "besok", "2024", "12345678", "00000"])
def test_what_is_no_day_is_refused(text):
    with pytest.raises(ValueError):
        read_day(text)


@pytest.mark.parametrize("text", ["=1+1", "+62812", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1"])
def test_text_that_would_act_is_made_harmless_and_comes_back(text):
    assert safe_cell(text) == f"'{text}"
    assert plain_cell(f"'{text}") == text


@given(st.text())
def test_every_text_comes_back_and_none_acts(text):
    written = str(safe_cell(text))

    assert written.strip(" ")[:1] not in {"=", "+", "-", "@", "\t", "\r"}
    assert plain_cell(written) == text or text.startswith("'")


def test_numbers_and_days_stay_what_they_are():
    assert safe_cell(-1) == -1
    assert safe_cell(dt.date(2024, 1, 2)) == dt.date(2024, 1, 2)
