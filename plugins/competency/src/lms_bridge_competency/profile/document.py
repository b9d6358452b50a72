"""The rapor of one person: the profile as a document in house style, with room for signatures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from flask_babel import format_date, format_decimal

from lms_bridge.api import Column, ColumnKind, Document, Facts, Grid, Heading, Paragraph, Signature, Table, _
from lms_bridge_competency.profile.reading import Profile
from lms_bridge_competency.profile.targets import TargetView
from lms_bridge_competency.reading import ShownResult
from lms_bridge_competency.reference import band_names
from lms_bridge_competency.rules import Method, Purpose

_HISTORY = 5


def rapor(profile: Profile, shown: ShownResult, *, superior: str, locale: str, on: dt.date) -> Document:
    """Return the rapor of somebody who has a result (the individual profile of the domain study 2.1).

    :param on: the day of the result in the agency's zone.
    """
    result = shown.result
    return Document(
        name="competency.rapor",
        title=_("Individual competency profile"),
        subtitles=[profile.person.name],
        blocks=list(_blocks(profile, shown, locale)),
        scope=profile.person.name,
        facts={"person": profile.person.id, "result": result.id},
        notes=[
            _("Rule: %(rule)s", rule=f"PermenPANRB 38/2017; {result.inputs['rules']['bands']}"),
            _("Levels: 1 to 5; − means that it was not rated or is not required, which is not 0."),
        ],
        signatures=[
            Signature(_("Superior"), superior),
            Signature(_("Employee"), profile.person.name, dated=True),
        ],
        data_date=on,
    )


def profile_table(profile: Profile, shown: ShownResult, *, on: dt.date) -> Table:
    """Return the levels of a profile, competency by competency, with what the target post requires beside."""
    aims = {one.competency.key: one for one in profile.target.lines} if profile.target else {}
    rows = []
    for line in shown.lines:
        aim = aims.get(line.key)
        beside = [aim.required if aim else None, aim.gap if aim else None] if profile.target else []
        rows.append([line.name, line.required or None, line.attained, line.gap, *beside])
    more = [Column(_("Required by the target post"), ColumnKind.WHOLE), Column(_("Gap to it"), ColumnKind.WHOLE)]
    return Table(
        name="competency.profile",
        title=_("Competency profile"),
        columns=[*_columns(), *(more if profile.target else [])],
        rows=rows,
        scope=profile.person.name,
        facts={"person": profile.person.id, "result": shown.result.id},
        data_date=on,
        notes=[_("Post: %(post)s", post=shown.result.post_name)],
        numbered=True,
    )


def _blocks(profile: Profile, shown: ShownResult, locale: str) -> Iterator[Any]:
    result = shown.result
    unit = profile.placement.unit_name if profile.placement else ""
    yield Facts(
        [
            (_("Name"), profile.person.name),
            (_("Post"), result.post_name),
            *([(_("Unit"), unit)] if unit else []),
            (_("Cycle"), result.cycle),
            *_match(shown, locale),
        ]
    )
    yield Heading(_("Each competency"))
    yield Grid(_columns(), _rows(profile, shown))
    names = [line.name for line in profile.strengths]
    yield Heading(_("Strengths and areas to develop"))
    yield Paragraph(_("Above the standard: %(names)s.", names=", ".join(names) or "–"))
    short = [f"{line.name} (−{line.gap})" for line in shown.short]
    yield Paragraph(_("Below the standard: %(names)s.", names=", ".join(short) or "–"))
    if profile.target:
        yield from _aim(profile.target)
    if len(profile.history) > 1:
        yield Heading(_("Earlier results"))
        yield Grid([Column(_("Day")), Column(_("Post")), Column("JPM", ColumnKind.DECIMAL)], list(_earlier(profile)))


def _match(shown: ShownResult, locale: str) -> Iterator[tuple[str, str]]:
    value, names = shown.main.match.value, band_names()
    if value is None:
        yield "JPM", "–"
        return
    method = _("capped in total") if shown.result.method is Method.TOTAL_CAP else _("without compensation")
    yield "JPM", f"{format_decimal(value, '#,##0.00')} ({method})"
    for purpose, words in ((Purpose.FILLING, _("For filling a post")), (Purpose.MAPPING, _("For mapping"))):
        band = shown.main.categories[purpose]
        yield words, f"{names[band.code].in_language(locale)} ({band.code})"


def _columns() -> list[Column]:
    return [
        Column(_("Competency")),
        Column(_("Standard"), ColumnKind.WHOLE),
        Column(_("Reached"), ColumnKind.WHOLE),
        Column(_("Gap"), ColumnKind.WHOLE),
    ]


def _rows(profile: Profile, shown: ShownResult) -> list[list[Any]]:
    return [[line.name, line.required or None, line.attained, line.gap] for line in shown.lines]


def _aim(target: TargetView) -> Iterator[Any]:
    yield Heading(_("Target post: %(post)s", post=target.name))
    yield Grid(_columns(), [[one.competency.name, one.required, one.attained, one.gap] for one in target.lines])


def _earlier(profile: Profile) -> Iterator[list[Any]]:
    for one in profile.history[1 : _HISTORY + 1]:
        yield [format_date(one.computed_at, "d MMMM y"), one.post_name, one.jpm]
