"""What an agency sets for competency mapping in the console."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from lms_bridge.api import _l, agency_settings
from lms_bridge_competency.blending import DEFAULT_WEIGHTS, Group

_YEAR = dt.timedelta(days=365)


def _weight(group: Group, title: Any) -> fields.Integer:
    hint = _l("0-100. Where a group has not rated, the others are taken as the whole.")
    return fields.Integer(
        load_default=DEFAULT_WEIGHTS[group],
        validate=validate.Range(0, 100),
        metadata={"title": title, "hint": hint},
    )


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

    @validates_schema
    def somebody_counts(self, data: Mapping[str, Any], **kwargs: Any) -> None:
        """Refuse weights by which nobody's rating would count."""
        if not data["weight_superior"] + data["weight_self"]:
            raise ValidationError(_l("Self or superior must weigh something."), "weight_self")


def weights() -> dict[Group, int]:
    """Return what each group weighs in the agency."""
    chosen = agency_settings("competency")
    return {group: chosen[f"weight_{group.value}"] for group in DEFAULT_WEIGHTS}


def rating_validity() -> dt.timedelta:
    """Return for how long a rating counts in the agency."""
    return int(agency_settings("competency")["rating_years"]) * _YEAR


def objection_time() -> dt.timedelta:
    """Return for how long one may object to a result in the agency."""
    return dt.timedelta(days=agency_settings("competency")["objection_days"])
