"""The console's page of keys: everybody who looks after LMSs sees them, only the operator renews them."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask

from lms_bridge.testing.browser import Browser


def published(app: Flask) -> int:
    return len(app.test_client().get("/lti/jwks.json").json["keys"])


def test_operator_publishes_a_new_key_that_waits(bridge_app: Flask, operator: Browser) -> None:
    done = operator.post("/console/keys")

    page = operator.get("/console/keys").text
    assert done.status_code == 303
    assert published(bridge_app) == 2
    assert "Menunggu" in page and "Diganti" in page


def test_administrator_of_one_agency_renews_no_key_of_the_server(
    bridge_app: Flask, console_as: Callable[..., Browser]
) -> None:
    console = console_as("admin")

    assert "Operator server yang melakukannya" in console.get("/console/keys").text
    assert console.post("/console/keys").status_code == 403
    assert published(bridge_app) == 1
