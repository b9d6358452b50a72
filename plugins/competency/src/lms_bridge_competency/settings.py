"""What an agency sets for competency mapping in the console."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from lms_bridge.api import _l, agency_settings
from lms_bridge_competency.blending import DEFAULT_WEIGHTS, Group
from lms_bridge_competency.reference import bands
from lms_bridge_competency.rules import Band, Method

_YEAR = dt.timedelta(days=365)


def _weight(group: Group, title: Any) -> fields.Integer:
    hint = _l("0-100. Where a group has not rated, the others are taken as the whole.")
    return fields.Integer(
        load_default=DEFAULT_WEIGHTS[group],
        validate=validate.Range(0, 100),
        metadata={"title": title, "hint": hint},
    )


def _bound(code: str, title: Any) -> fields.Decimal:
    shipped = next(band.minimum for band in bands() if band.code == code)
    return fields.Decimal(load_default=shipped, places=2, validate=validate.Range(1, 100), metadata={"title": title})


class SettingsSchema(Schema):
    """Target of learning hours in JP, weights of those who rate, and for how many years a rating counts."""

    jp_target = fields.Decimal(load_default=Decimal(20), validate=validate.Range(1, 400), metadata={"title": "JP"})
    weight_superior = _weight(Group.SUPERIOR, _l("Weight of the superior's rating"))
    weight_peer = _weight(Group.PEER, _l("Weight of what peers say"))
    weight_subordinate = _weight(Group.SUBORDINATE, _l("Weight of what subordinates say"))
    weight_observer = _weight(Group.OBSERVER, _l("Weight of what observers note"))
    weight_course = _weight(Group.COURSE, _l("Weight of levels reached in courses"))
    weight_self = _weight(Group.SELF, _l("Weight of the self-rating"))
    rating_years = fields.Integer(
        load_default=3,
        validate=validate.Range(1, 10),
        metadata={
            "title": _l("Years for which a rating counts"),
            "hint": _l("Older ones are left out of new results."),
        },
    )

    objection_days = fields.Integer(
        load_default=14,
        validate=validate.Range(1, 365),
        metadata={"title": _l("Days in which one may object to a result")},
    )

    jpm_method = fields.String(
        load_default=Method.TOTAL_CAP.value,
        validate=validate.OneOf([one.value for one in Method]),
        metadata={"title": _l("How the JPM is counted"), "hint": _l("total_cap, or no_compensation. Both are shown.")},
    )
    ms_from = _bound("MS", _l("Filling a post: MS from"))
    mms_from = _bound("MMS", _l("Filling a post: MMS from"))
    o_from = _bound("O", _l("Mapping: Optimal (O) from"))
    co_from = _bound("CO", _l("Mapping: Cukup Optimal (CO) from"))

    @validates_schema
    def bounds_rise(self, data: Mapping[str, Any], **kwargs: Any) -> None:
        """Refuse bounds that leave a category empty."""
        for higher, lower in (("ms_from", "mms_from"), ("o_from", "co_from")):
            if data[higher] <= data[lower]:
                raise ValidationError(_l("The better category must begin higher."), higher)

    @validates_schema
    def somebody_counts(self, data: Mapping[str, Any], **kwargs: Any) -> None:
        """Refuse weights by which nobody's rating would count."""
        if not data["weight_superior"] + data["weight_self"]:
            raise ValidationError(_l("Self or superior must weigh something."), "weight_self")


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The figures of an agency by which a result is computed; each result is stored with those of its day."""

    weights: Mapping[Group, int]
    bands: tuple[Band, ...]
    method: Method


def rule_set() -> RuleSet:
    """Return the figures of the agency as they are today."""
    chosen = agency_settings("competency")
    weights = {group: chosen[f"weight_{group.value}"] for group in DEFAULT_WEIGHTS}
    return RuleSet(weights, _bands(chosen), Method(chosen["jpm_method"]))


def agency_bands() -> tuple[Band, ...]:
    """Return the categories of JPM as the agency bounds them, the best of each purpose first."""
    return _bands(agency_settings("competency"))


def _bands(chosen: Mapping[str, Any]) -> tuple[Band, ...]:
    """Bound the shipped categories anew: each begins where the agency says, and ends where the better one begins."""
    found: list[Band] = []
    for band in bands():
        minimum = chosen.get(f"{band.code.lower()}_from", band.minimum)
        better = next((one.minimum for one in reversed(found) if one.purpose is band.purpose), None)
        found.append(Band(band.purpose, band.code, minimum, better))
    return tuple(found)


def rating_validity() -> dt.timedelta:
    """Return for how long a rating counts in the agency."""
    return int(agency_settings("competency")["rating_years"]) * _YEAR


def objection_time() -> dt.timedelta:
    """Return for how long one may object to a result in the agency."""
    return dt.timedelta(days=agency_settings("competency")["objection_days"])
