"""Deep Linking: verifying a tool's answer, and turning chosen content into activities."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate
from sqlalchemy import update

from lms_bridge.practice.errors import AnswerRefused
from lms_bridge.practice.grade_schemas import Points, Text
from lms_bridge.practice.key_sets import NoKeySet, UnknownKey
from lms_bridge.practice.models import Activity, Deployment, Launch, LineItem, Selection, User, changed_rows, now, store
from lms_bridge.practice.registration import HttpUrl
from lms_bridge.practice.site import Site
from lms_bridge.practice.tool_messages import BadSignature, use_once, verified
from lms_bridge.practice.vocabulary import CLAIM, DEEP_LINKING, DEEP_LINKING_ANSWER, DL

LIFETIME = dt.timedelta(hours=2)
LONGEST_ANSWER = dt.timedelta(hours=1)
MOST_ITEMS = 50


class _Extensible(Schema):
    class Meta:
        unknown = EXCLUDE


class _Picture(_Extensible):
    url = HttpUrl(required=True)


class _Column(_Extensible):
    label = Text(load_default="", allow_none=True, validate=validate.Length(max=255))
    scoreMaximum = Points(load_default=Decimal(100), validate=validate.Range(min=0, min_inclusive=False))
    resourceId = Text(load_default="", validate=validate.Length(max=255))
    tag = Text(load_default="", validate=validate.Length(max=255))


class CustomText(Text):
    """The value of a custom parameter: one line."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        given = str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
        text = super()._deserialize(given, *args, **kwargs)
        if len(text) > 1000 or "\n" in text:
            raise ValidationError("must be one line of at most 1,000 characters")
        return text


class ItemSchema(_Extensible):
    """A content item, as far as it becomes an activity. Every address must be http or https."""

    type = Text(required=True, validate=validate.Length(1, 64))
    title = Text(load_default="", allow_none=True, validate=validate.Length(max=255))
    text = Text(load_default="", allow_none=True, validate=validate.Length(max=10_000))
    url = HttpUrl(load_default=None, allow_none=True)
    icon = fields.Nested(_Picture, load_default=None, allow_none=True)
    thumbnail = fields.Nested(_Picture, load_default=None, allow_none=True)
    custom = fields.Dict(keys=Text(validate=validate.Length(1, 255)), values=CustomText(), load_default=dict)
    lineItem = fields.Nested(_Column, load_default=None, allow_none=True)
    window = fields.Raw(load_default=None, allow_none=True)
    iframe = fields.Raw(load_default=None, allow_none=True)


class AnswerSchema(_Extensible):
    """The claims of a Deep Linking answer."""

    message_type = fields.String(
        required=True, data_key=f"{CLAIM}message_type", validate=validate.Equal(DEEP_LINKING_ANSWER)
    )
    version = fields.String(required=True, data_key=f"{CLAIM}version", validate=validate.Equal("1.3.0"))
    deployment_id = fields.String(required=True, data_key=f"{CLAIM}deployment_id")
    data = fields.String(load_default=None, data_key=f"{DL}data", validate=validate.Length(max=2048))
    content_items = fields.List(
        fields.Nested(ItemSchema),
        load_default=list,
        data_key=f"{DL}content_items",
        validate=validate.Length(max=MOST_ITEMS),
    )
    msg = Text(load_default="", data_key=f"{DL}msg", validate=validate.Length(max=1000))
    errormsg = Text(load_default="", data_key=f"{DL}errormsg", validate=validate.Length(max=1000))


_ANSWER = AnswerSchema()


def waiting_launch(site: Site, sealed: str, *, user: User) -> Launch:
    """Return the Deep Linking launch that an answer belongs to.

    :raises AnswerRefused: there is none for this person, or it was answered before.
    """
    launch_id = site.unseal(sealed)
    launch = store.session.get(Launch, launch_id) if launch_id else None
    if launch is None or launch.message != DEEP_LINKING or launch.user_id != user.id:
        raise AnswerRefused(_("This selection was not begun here by you."))
    if launch.answered_at is None or launch.returned_at is not None or launch.begun_at < now() - LIFETIME:
        raise AnswerRefused(_("This selection is over. Begin it again from the course."))
    return launch


def take_answer(site: Site, launch: Launch, token: str, *, sealed: str) -> Selection:
    """Verify a tool's answer and keep what it offers until the teacher saves it.

    :raises AnswerRefused: it cannot be trusted.
    """
    tool, deployment = launch.deployment.tool, launch.deployment
    try:
        claims = verified(site, tool, token, audience=[site.base_url], required=["nonce"], longest=LONGEST_ANSWER)
        answer = _ANSWER.load(claims)
    except (BadSignature, UnknownKey, NoKeySet) as error:
        raise AnswerRefused(_("The tool's answer cannot be verified (%(why)s).", why=str(error))) from error
    except ValidationError as error:
        faults = ", ".join(sorted(name.rpartition("/")[2] for name in map(str, error.normalized_messages())))
        raise AnswerRefused(_("The tool's answer has a wrong form (%(what)s).", what=faults)) from error
    if answer["deployment_id"] != deployment.deployment_id:
        raise AnswerRefused(_("The tool's answer is for another deployment."))
    if site.profile.sends_deep_linking_data and answer["data"] != sealed:
        raise AnswerRefused(_("The tool's answer does not carry back what was sent along."))
    until = now() + LONGEST_ANSWER * 2
    if not use_once("answer", owner=tool.client_id, value=str(claims["nonce"]), until=until):
        raise AnswerRefused(_("The tool's answer was used before."))
    return _kept(site, launch, answer)


def _kept(site: Site, launch: Launch, answer: dict[str, Any]) -> Selection:
    for item in answer["content_items"]:
        if not site.profile.accepts_item(item["type"]):
            raise AnswerRefused(
                _("The tool offers content of a kind that is not accepted (%(kind)s).", kind=item["type"])
            )
        if item["url"] and not site.may_reach(item["url"]):
            raise AnswerRefused(_("The tool offers an address that is not on this machine."))
    taken = update(Launch).where(Launch.id == launch.id, Launch.returned_at.is_(None)).values(returned_at=now())
    if changed_rows(taken) != 1:
        raise AnswerRefused(_("This selection is over. Begin it again from the course."))
    name = launch.deployment.tool.name
    items = [_planned(site, item, item["title"] or name) for item in answer["content_items"]]
    selection = Selection(launch_id=launch.id, items=items, message=answer["msg"], error=answer["errormsg"])
    store.session.add(selection)
    store.session.flush()
    return selection


def _planned(site: Site, item: dict[str, Any], title: str) -> dict[str, Any]:
    """Return what becomes of an item, as JSON."""
    column = site.profile.item_column(item, title)
    if column is not None:
        column["score_maximum"] = str(column["score_maximum"])
    return {
        "title": title,
        "text": item["text"] or "",
        "url": item["url"],
        "custom": item["custom"],
        "container": site.profile.item_container(item),
        "column": column,
    }


def save_selection(selection: Selection) -> list[Activity]:
    """Make the chosen content activities of the course. Saved again it does nothing."""
    chosen = update(Selection).where(Selection.id == selection.id, Selection.saved.is_(False)).values(saved=True)
    if changed_rows(chosen) != 1:
        return []
    launch = selection.launch
    return [_activity(launch.course_id, launch.deployment, item) for item in selection.items]


def _activity(course_id: int, deployment: Deployment, item: dict[str, Any]) -> Activity:
    activity = Activity(
        course_id=course_id,
        deployment_id=deployment.id,
        title=item["title"],
        text=item["text"],
        url=item["url"],
        custom=item["custom"],
        container=item["container"],
    )
    store.session.add(activity)
    store.session.flush()
    if item["column"] is not None:
        column = {**item["column"], "score_maximum": Decimal(item["column"]["score_maximum"])}
        store.session.add(
            LineItem(course_id=course_id, tool_id=deployment.tool_id, activity_id=activity.id, coupled=True, **column)
        )
        store.session.flush()
    return activity
