"""The console's page of plugins: state, switch of the agency, settings from the declared schema."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from marshmallow import Schema, fields, validate
from sqlalchemy import select

from lms_bridge.contributions import Plugin
from lms_bridge.db import acting_as, db
from lms_bridge.models import Agency
from lms_bridge.plugin_host.discovery import Found
from lms_bridge.plugin_host.fitness import Unfit, check_declaration
from lms_bridge.plugin_host.host import PluginState
from lms_bridge.services.plugin_settings import agency_settings
from lms_bridge.testing.browser import Browser

RATING = "/p/competency/self-rating"


class PollSettings(Schema):
    """Settings of every kind of field."""

    least = fields.Integer(load_default=5, validate=validate.Range(3, 50), metadata={"title": "Jumlah terkecil"})
    tone = fields.String(load_default="calm", validate=validate.OneOf(["calm", "loud"], labels=["Tenang", "Keras"]))
    open = fields.Boolean(load_default=True)
    begins = fields.Date(load_default=None, allow_none=True)
    greeting = fields.String(load_default="", validate=validate.Length(max=500), metadata={"hint": "Boleh kosong"})


@pytest.fixture
def poll(bridge_app: Flask) -> Flask:
    """The bridge with a plugin that has settings, and one that is set aside."""
    states = bridge_app.extensions["lms_bridge.plugins"].states
    states["poll"] = PluginState(Found("poll", "poll"), Plugin("poll", "Jajak pendapat", "2.1", settings=PollSettings))
    states["broken"] = PluginState(Found("broken", "broken"), reason="ImportError", hint="No module named 'nothing'")
    return bridge_app


def chosen(app: Flask, agency: str = "demo") -> Any:
    with app.app_context():
        with acting_as(db.session.scalars(select(Agency.id).where(Agency.code == agency)).one()):
            found = agency_settings("poll")
        db.session.remove()
    return found


def test_list_shows_version_state_and_why_a_plugin_was_set_aside(
    poll: Flask, console_as: Callable[..., Browser]
) -> None:
    page = console_as("admin").get("/console/plugins").text

    assert "Jajak pendapat" in page and "Versi 2.1" in page
    assert "Disisihkan" in page and "No module named" in page


def test_plugin_that_is_switched_off_disappears_for_the_agency_and_comes_back(
    console_as: Callable[..., Browser], launch_as: Callable[..., Browser]
) -> None:
    console, learner = console_as("admin"), launch_as("ani")

    console.post("/console/plugins/competency/switch", data={"on": "0"})
    home, page = learner.get("/").text, learner.get(RATING)
    opened = launch_as("ani", module="competency.self-rating").page
    console.post("/console/plugins/competency/switch", data={"on": "1"})

    assert "self-rating" not in home
    assert page.status_code == 404 and "mematikan layanan ini" in page.text
    assert opened.status_code == 404
    assert "self-rating" in learner.get("/").text


def test_plugin_switched_off_by_one_agency_stays_on_for_another(
    poll: Flask, other_agency: int, launch_as: Callable[..., Browser], operator_link: Callable[..., str]
) -> None:
    learner, stranger = launch_as("ani"), Browser(poll)
    stranger.follow(stranger._open(operator_link("other"), "POST"))

    stranger.post("/console/plugins/competency/switch", data={"on": "0"})

    assert "self-rating" in learner.get("/").text


def test_settings_have_the_defaults_of_the_schema(poll: Flask, console_as: Callable[..., Browser]) -> None:
    page = console_as("admin").get("/console/plugins/poll").text

    assert "Jumlah terkecil" in page and 'value="5"' in page and "Boleh kosong" in page
    assert '<option value="calm" selected>Tenang' in page
    assert chosen(poll) == {"least": 5, "tone": "calm", "open": True, "begins": None, "greeting": ""}


def test_settings_are_stored_for_the_agency_alone(
    poll: Flask, other_agency: int, console_as: Callable[..., Browser]
) -> None:
    console = console_as("admin")
    typed = {"least": "7", "tone": "loud", "open": "false", "begins": "2027-01-31", "greeting": ""}

    saved = console.post("/console/plugins/poll", data=typed)
    page = console.get("/console/plugins/poll").text

    wanted = {"least": 7, "tone": "loud", "open": False, "begins": dt.date(2027, 1, 31), "greeting": ""}
    assert saved.status_code == 303
    assert chosen(poll) == wanted
    assert 'value="7"' in page and '<option value="false" selected>' in page
    assert chosen(poll, "other")["least"] == 5


def test_wrong_settings_are_told_beside_their_fields_and_change_nothing(
    poll: Flask, console_as: Callable[..., Browser]
) -> None:
    answer = console_as("admin").post("/console/plugins/poll", data={"least": "2", "tone": "shrill"})

    assert answer.status_code == 422
    assert 'id="fault-least"' in answer.text and 'id="fault-tone"' in answer.text and 'value="2"' in answer.text
    assert chosen(poll)["least"] == 5


def test_settings_of_a_plugin_that_has_none_are_not_there(console_as: Callable[..., Browser]) -> None:
    console = console_as("admin")

    answers = [console.post(f"/console/plugins/{name}") for name in ("leadership", "nothing")]

    assert [answer.status_code for answer in answers] == [404, 404]


class _NoDefault(Schema):
    needed = fields.Integer(required=True)


class _Strange(Schema):
    listed = fields.List(fields.Integer(), load_default=list)


@pytest.mark.parametrize("schema", [_NoDefault, _Strange, dict])
def test_settings_that_no_form_can_show_set_the_plugin_aside(schema: Any) -> None:
    with pytest.raises(Unfit, match="setting"):
        check_declaration(Plugin("poll", "Poll", "1", settings=schema), "poll")


def test_in_safe_mode_the_list_says_why_it_is_empty(bridge_app: Flask, operator: Browser) -> None:
    host = bridge_app.extensions["lms_bridge.plugins"]
    host.safe_mode = True
    host.states.clear()

    assert "modus aman" in operator.get("/console/plugins").text
