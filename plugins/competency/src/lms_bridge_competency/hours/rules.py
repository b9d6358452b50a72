"""How activities become JP: conversion and caps of Peraturan LAN 10/2018. Pure; days are those of the agency's zone."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum
from fractions import Fraction
from zoneinfo import ZoneInfo

from lms_bridge.api import ActivityScope, DevelopmentForm

RULE = "Peraturan LAN 10/2018"
MINUTES_OF_A_JP = 45
TARGET = Decimal(20)
"""JP that everybody needs in a year (PP 11/2017 art. 203(4))."""
_CENT = Decimal("0.01")


class Limit(Enum):
    """Why less counts than was done."""

    DAY = "day"
    MONTH = "month"
    NO_RATE = "no_rate"
    """The agency has not said how much the form counts."""


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that somebody did: an activity, or a programme that they completed.

    ``minutes`` or ``units`` (of the form: days of a seminar, times of a coaching, JP of a training) say how much. Of a
    programme its ``jp`` are known, and over how many ``days`` it went.
    """

    key: str
    form: str
    title: str
    starts_at: dt.datetime
    minutes: int | None = None
    units: Decimal | None = None
    scope: ActivityScope = ActivityScope.NATIONAL
    jp: Decimal | None = None
    days: int = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """What counts of a deed in one year: ``raw`` JP by conversion, ``counted`` JP within the caps, and why less."""

    deed: Deed
    day: dt.date
    raw: Decimal
    counted: Decimal
    limits: frozenset[Limit] = frozenset()


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of a deed that lies on one day, in JP; a month's cap counts pieces."""

    deed: Deed
    day: dt.date
    raw: Fraction
    cap: Fraction | None = None


def count(deeds: Iterable[Deed], forms: Mapping[str, DevelopmentForm], *, year: int, zone: ZoneInfo) -> list[Entry]:
    """Return what counts in a calendar year, in the order of time: ``counted = min(raw, what is left of the cap)``.

    Caps hold for each form and calendar day or month in the zone, whoever confirmed the deeds. Worked examples: three
    coaching sessions in a month count 2 + 2 + 0 JP; five hours of e-learning on one day are 6.67 JP, of which 3 count.
    """
    by_day: defaultdict[tuple[str, dt.date], Fraction] = defaultdict(Fraction)
    by_month: Counter[tuple[str, int]] = Counter()
    parts: dict[str, list[tuple[_Piece, Fraction, Limit | None]]] = {}
    ordered = sorted(deeds, key=lambda deed: (deed.starts_at, deed.key))
    for piece in sorted(_pieces_of(ordered, forms, zone), key=lambda piece: piece.day):
        if piece.day.year != year:
            continue
        form = forms[piece.deed.form]
        counted, limit = piece.raw, None
        if form.jp is None:
            counted, limit = Fraction(0), Limit.NO_RATE
        if form.month_times is not None:
            by_month[form.code, piece.day.month] += 1
            if by_month[form.code, piece.day.month] > form.month_times:
                counted, limit = Fraction(0), Limit.MONTH
        if piece.cap is not None:
            left = max(piece.cap - by_day[form.code, piece.day], Fraction(0))
            if counted > left:
                counted, limit = left, Limit.DAY
            by_day[form.code, piece.day] += counted
        parts.setdefault(piece.deed.key, []).append((piece, counted, limit))
    return [_entry(of_one) for of_one in parts.values()]


def _entry(parts: list[tuple[_Piece, Fraction, Limit | None]]) -> Entry:
    first = parts[0][0]
    return Entry(
        deed=first.deed,
        day=first.day,
        raw=_rounded(sum((piece.raw for piece, _counted, _limit in parts), Fraction(0))),
        counted=_rounded(sum((counted for _piece, counted, _limit in parts), Fraction(0))),
        limits=frozenset(limit for _piece, _counted, limit in parts if limit),
    )


def _rounded(value: Fraction) -> Decimal:
    return (Decimal(value.numerator) / value.denominator).quantize(_CENT, ROUND_HALF_UP)


def _pieces_of(deeds: Iterable[Deed], forms: Mapping[str, DevelopmentForm], zone: ZoneInfo) -> Iterator[_Piece]:
    for deed in deeds:
        if (form := forms.get(deed.form)) is not None:
            yield from _pieces(deed, form, zone)


def _pieces(deed: Deed, form: DevelopmentForm, zone: ZoneInfo) -> Iterator[_Piece]:
    """Cut a deed into days: time at each midnight, days one after another; a session counts where it begins."""
    abroad = deed.scope is ActivityScope.INTERNATIONAL
    start = deed.starts_at.astimezone(zone)
    day_cap = form.day_cap_abroad if abroad else form.day_cap
    cap = None if day_cap is None else Fraction(day_cap) * deed.days
    rate = Fraction((form.jp_abroad if abroad else form.jp) or 0)
    if deed.jp is not None:
        yield _Piece(deed, start.date(), Fraction(deed.jp), cap)
        return
    if form.by_time:
        # Where a day has a cap, the official figure is that cap; time itself counts 45 minutes to a JP.
        per_jp = rate if form.unit == "JP" else Fraction(1)
        if deed.minutes is None:
            yield _Piece(deed, start.date(), Fraction(deed.units or 0) * per_jp, cap)
            return
        for day, minutes in _minutes_by_day(start, deed.minutes, zone):
            yield _Piece(deed, day, Fraction(minutes, MINUTES_OF_A_JP) * per_jp, cap)
        return
    units = Fraction(deed.units) if deed.units is not None else Fraction(1)
    if form.unit != "hari":
        yield _Piece(deed, start.date(), units * rate)
        return
    whole = 0
    while units > 0:
        part = min(units, Fraction(1))
        yield _Piece(deed, start.date() + dt.timedelta(days=whole), part * rate)
        units, whole = units - part, whole + 1


def _minutes_by_day(start: dt.datetime, minutes: int, zone: ZoneInfo) -> Iterator[tuple[dt.date, int]]:
    """Part minutes at each midnight of the zone."""
    while minutes > 0:
        midnight = dt.datetime.combine(start.date() + dt.timedelta(days=1), dt.time(), tzinfo=zone)
        # In UTC: a wall clock may be put forward or back in between.
        left = int((midnight.astimezone(dt.UTC) - start.astimezone(dt.UTC)).total_seconds() // 60)
        part = min(minutes, max(left, 1))
        yield start.date(), part
        start, minutes = midnight, minutes - part


@dataclass(frozen=True, slots=True)
class YearTotal:
    """How a year stands: JP that count, the target, and the JP of each share of 70:20:10."""

    counted: Decimal
    target: Decimal
    shares: Mapping[int, Decimal]

    @property
    def reached(self) -> bool:
        """Whether the target is reached."""
        return self.counted >= self.target

    @property
    def left(self) -> Decimal:
        """JP that are still missing."""
        return max(self.target - self.counted, Decimal(0))

    def percent(self, share: int) -> Decimal | None:
        """Percent of the counted JP that belong to a share (70 experience, 20 social, 10 formal)."""
        return self.shares.get(share, Decimal(0)) * 100 / self.counted if self.counted else None


def total(entries: Iterable[Entry], forms: Mapping[str, DevelopmentForm], *, target: Decimal = TARGET) -> YearTotal:
    """Add a year up."""
    shares: defaultdict[int, Decimal] = defaultdict(Decimal)
    for entry in entries:
        shares[forms[entry.deed.form].share] += entry.counted
    return YearTotal(sum(shares.values(), Decimal(0)), target, dict(shares))
