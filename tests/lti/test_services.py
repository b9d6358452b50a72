"""Deep Linking, rosters, tokens and the guarded client."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import jwt
import pytest

from lms_bridge.contributions import CatalogItem, LineItemOffer
from lms_bridge.db import db
from lms_bridge.lti.deep_linking import content_item
from lms_bridge.lti.http import AddressGuard, AddressRefused, LmsClient, OutboundError
from lms_bridge.lti.keys import rotate, sign
from lms_bridge.lti.services import next_page
from lms_bridge.practice.vocabulary import DL
from lms_bridge.testing.browser import Browser


def select_content(launch_as: Callable[..., Browser], **options: Any) -> Browser:
    """Begin to select content as a teacher."""
    return launch_as(**{"user": "sari", "deep_link": True, **options})


def deep_linking_settings(**more: Any) -> dict[str, Any]:
    return {f"{DL}deep_linking_settings": {"accept_types": ["ltiResourceLink"], **more}}


def test_teacher_s_choice_goes_back_signed_with_the_data(launch_as: Callable[..., Browser]) -> None:
    settings = deep_linking_settings(deep_link_return_url="http://lms.test/return?course=2", data="opaque")
    browser = select_content(launch_as, **settings)
    assert browser.page.status_code == 200

    page = browser.post("/pick", data={"cancel": "1"})

    token = page.text.split('name="JWT" value="')[1].split('"')[0]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["iss"], claims["aud"], claims[f"{DL}data"]) == ("client-1", "http://lms.test", "opaque")
    assert claims[f"{DL}content_items"] == []
    assert "form-action 'self' http://lms.test" in page.headers["Content-Security-Policy"]


def test_nothing_chosen_is_asked_for_again(launch_as: Callable[..., Browser]) -> None:
    page = select_content(launch_as).post("/pick", data={})

    assert page.status_code == 422
    assert "Pilih sedikitnya satu modul" in page.text
    assert "Tambahkan ke kursus" in page.text


def test_learner_cannot_choose_content(launch_as: Callable[..., Browser]) -> None:
    assert select_content(launch_as, user="ani").page.status_code == 403


def test_deep_linking_without_return_address_is_refused(launch_as: Callable[..., Browser]) -> None:
    assert select_content(launch_as, **deep_linking_settings()).page.status_code == 400


def test_item_has_no_url_and_names_its_module_in_custom() -> None:
    item = CatalogItem("competency.self-rating", "Pemetaan", "…", line_item=LineItemOffer("Pemetaan"))

    content = content_item(item, with_line_item=True)

    assert "url" not in content
    assert content["custom"] == {"module": "competency.self-rating"}
    assert content["lineItem"]["scoreMaximum"] == 100
    assert "lineItem" not in content_item(item, with_line_item=False)


@pytest.mark.parametrize(
    "header",
    [
        '<http://lms.test/m?from=2>; rel="next"',
        "<http://lms.test/m?from=2>; rel=next",
        "<http://lms.test/m?from=2>; rel=“next”",
        "<http://lms.test/m?from=2>; rel=\u00e2\u0080\u009cnext\u00e2\u0080\u009d",
        '<http://lms.test/x>; rel="differences", <http://lms.test/m?from=2>; title="a"; rel="next"',
        '</m?from=2>; rel="next"',
    ],
)
def test_next_page_is_found_however_it_is_written(header: str) -> None:
    assert next_page(header, base="http://lms.test/m") == "http://lms.test/m?from=2"


def test_ampersands_of_html_in_a_link_are_undone() -> None:
    assert (
        next_page('<http://lms.test/m?a=1&amp;b=2>; rel="next"', base="http://lms.test") == "http://lms.test/m?a=1&b=2"
    )


def test_no_next_page_ends_the_list() -> None:
    assert next_page('<http://lms.test/m>; rel="prev"', base="http://lms.test") is None


@pytest.mark.parametrize("host", ["127.0.0.1", "10.1.2.3", "192.168.0.1", "::1", "::ffff:127.0.0.1"])
def test_private_addresses_are_refused_with_the_setting_that_allows_them(host: str) -> None:
    with pytest.raises(AddressRefused, match="LMS_BRIDGE_ALLOW_PRIVATE_HOSTS"):
        AddressGuard(()).check(host, 443, secure=True)


@pytest.mark.parametrize("allowed", ["127.0.0.1", "127.0.0.0/8", "localhost"])
def test_private_host_can_be_allowed_by_name_or_network(allowed: str) -> None:
    host = "localhost" if allowed == "localhost" else "127.0.0.1"

    assert AddressGuard((allowed,)).check(host, 80, secure=False) == "127.0.0.1"


@pytest.mark.parametrize("host", ["0.0.0.0", "169.254.169.254"])
def test_some_addresses_are_never_allowed(host: str) -> None:
    with pytest.raises(AddressRefused):
        AddressGuard((host, "0.0.0.0/0")).check(host, 443, secure=True)


def test_client_connects_to_the_checked_address_only() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        with pytest.raises(AddressRefused):
            LmsClient(()).get(f"http://127.0.0.1:{server.getsockname()[1]}/")


def test_unreachable_host_is_told_from_a_refused_one() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]

    with pytest.raises(OutboundError) as caught:
        LmsClient(("127.0.0.1",)).get(f"http://127.0.0.1:{port}/")

    assert caught.value.kind == "unreachable"


def test_rotated_key_is_published_before_it_signs(bridge_app: Any) -> None:
    client = bridge_app.test_client()
    before = {key["kid"] for key in client.get("/lti/jwks.json").json["keys"]}

    with bridge_app.app_context():
        new = rotate().kid
        db.session.commit()
        signing = jwt.get_unverified_header(sign({"a": 1}))["kid"]

    after = {key["kid"] for key in client.get("/lti/jwks.json").json["keys"]}
    assert after == before | {new}
    assert signing in before
    assert all(key["alg"] == "RS256" and key["use"] == "sig" for key in client.get("/lti/jwks.json").json["keys"])
