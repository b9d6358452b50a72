"""The nginx sample: a whole launch through TLS, whom the bridge believes, and what the logs hold."""

from __future__ import annotations

import http.client
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from werkzeug.serving import make_server

from lms_bridge.app import MAX_BODY
from lms_bridge.practice.app import create_practice_app
from lms_bridge.practice.driver import PracticeDriver
from tests.docs.nginx import Bridge, Proxy, free_port, nginx_program, running_bridge, running_nginx

RATING = "competency.self-rating"
SID = secrets.token_urlsafe(32)


@pytest.fixture(scope="module")
def bridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Bridge, Proxy]]:
    """gunicorn with nginx before it."""
    nginx_program()
    port, folder = free_port(), tmp_path_factory.mktemp("nginx")
    instance = tmp_path_factory.mktemp("bridge")
    with (
        running_bridge(instance, base_url=f"https://localhost:{port}") as served,
        running_nginx(folder, port=port, upstream=served.port) as proxy,
    ):
        yield served, proxy


@pytest.fixture(scope="module")
def proxy(bridge: tuple[Bridge, Proxy]) -> Proxy:
    return bridge[1]


@dataclass
class Site:
    """The bridge behind nginx, registered with an LMS that reaches it through nginx too."""

    bridge: Bridge
    proxy: Proxy
    lms: PracticeDriver
    invitation: str

    def open(self, user: str) -> tuple[requests.Session, list[requests.Response]]:
        """Launch the self-rating as somebody; returns the browser, and its answers: login, launch, first page."""
        browser = self.proxy.browser()
        login = browser.get(self.lms.begin_launch(user, module=RATING), allow_redirects=False)
        form = self.lms.answer_auth(login.headers["Location"], user)
        launch = browser.post(form.action_url, data=form.fields, allow_redirects=False)
        first = browser.get(self.proxy.url + launch.headers["Location"])
        return browser, [login, launch, first]


@pytest.fixture(scope="module")
def site(bridge: tuple[Bridge, Proxy], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The whole: an LMS, nginx and the bridge, registered by an invitation."""
    served, proxy = bridge
    port = free_port()
    app = create_practice_app(
        data=tmp_path_factory.mktemp("lms") / "practice.sqlite",
        base_url=f"http://localhost:{port}",
        http=proxy.browser(),
    )
    server = make_server("127.0.0.1", port, app, threaded=True)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    invitation = served.run("platform", "invite", "--agency", "demo", "--plain").strip()
    lms = PracticeDriver(app)
    lms.register(invitation)
    yield Site(served, proxy, lms, invitation)
    server.shutdown()
    serving.join()
    server.server_close()
    with app.app_context():
        store = app.extensions["sqlalchemy"]
        store.session.remove()
        store.engine.dispose()


def cookies(answer: requests.Response) -> list[str]:
    return answer.raw.headers.getlist("Set-Cookie")


def test_a_launch_goes_through_tls_and_the_grade_comes_back(site: Site) -> None:
    browser, (_login, launch, first) = site.open("ani")
    session = site.proxy.url + "/".join(launch.headers["Location"].split("/")[:3])

    browser.post(f"{session}/p/competency/self-rating/start")
    for code in ("M1", "M2", "M3", "M4", "M5", "M6", "M7", "M8", "S1"):
        marks = {f"answers:asn-38-2017:{code}:3:{place}": "shown" for place in (1, 2, 3)}
        browser.post(f"{session}/p/competency/self-rating/{code}/3", data=marks)
    browser.post(f"{session}/p/competency/self-rating/finish")
    site.bridge.run("worker", "--once")

    assert first.status_code == 200 and "Ani Lestari" in first.text
    assert site.lms.grade("ani", "Pemetaan kompetensi") == 100


def test_the_cookie_is_host_only_secure_and_partitioned(site: Site) -> None:
    _browser, (login, _launch, _first) = site.open("budi")

    (cookie,) = cookies(login)

    assert cookie.startswith("__Host-lmsb=")
    assert {"Secure", "HttpOnly", "Partitioned", "SameSite=None", "Path=/"} <= set(cookie.split("; "))


def test_https_is_believed_only_from_the_proxy(site: Site) -> None:
    login = urlsplit(site.lms.begin_launch("dewi", module=RATING))
    stranger = http.client.HTTPConnection("127.0.0.1", site.bridge.port, source_address=("127.0.0.2", 0))

    stranger.request("GET", f"{login.path}?{login.query}", headers={"X-Forwarded-Proto": "https"})
    names = [value.partition("=")[0] for value in stranger.getresponse().headers.get_all("Set-Cookie", [])]
    stranger.close()

    assert sorted(names) == ["lmsb", "lmsb-p"]


def test_headers_that_a_browser_forges_do_not_reach_the_bridge(proxy: Proxy) -> None:
    forged = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Prefix": "/evil", "X-Forwarded-Proto": "http"}

    page = proxy.browser().get(f"{proxy.url}/", headers=forged)

    assert page.status_code == 200
    assert "evil" not in page.text


def test_no_session_invitation_or_query_lies_in_the_access_log(site: Site) -> None:
    browser, (login, launch, _first) = site.open("rahmat")
    hint = urlsplit(login.request.url).query
    for path in (f"/s/{SID}/p/competency/self-rating?from={SID}", f"/%73/{SID}/", f"//s/{SID}", f"/s/{SID}"):
        browser.get(site.proxy.url + path, headers={"Referer": f"{site.proxy.url}/s/{SID}/"})

    log = site.proxy.log("access")

    assert "GET /s/-/p/competency/self-rating " in log
    assert "POST /lti/register/- 200" in log
    assert SID not in log and launch.headers["Location"].split("/")[2] not in log
    assert site.invitation.rpartition("/")[2] not in log
    assert hint not in log and "login_hint" not in log


def test_the_error_log_holds_no_session_when_the_bridge_is_down(tmp_path: Path) -> None:
    with running_nginx(tmp_path, port=free_port(), upstream=free_port()) as alone:
        answer = alone.browser().get(f"{alone.url}/s/{SID}/")

        assert answer.status_code == 502
        assert SID not in alone.log("access") + alone.log("error")


def test_pages_may_be_framed_by_the_lms_only_and_stay_on_https(site: Site) -> None:
    _browser, (_login, _launch, first) = site.open("hendra")

    assert "X-Frame-Options" not in first.headers
    assert f"frame-ancestors {site.lms.site.base_url}" in first.headers["Content-Security-Policy"]
    assert first.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert first.headers["Content-Encoding"] == "gzip"
    assert "Server" in first.headers and first.headers["Server"] == "nginx"


def test_plain_http_is_sent_to_https(proxy: Proxy) -> None:
    answer = proxy.browser().get(f"http://localhost:{proxy.plain_port}/lti/jwks.json", allow_redirects=False)

    assert answer.status_code == 301
    assert answer.headers["Location"] == "https://localhost/lti/jwks.json"


def test_assets_are_packed_and_kept(proxy: Proxy) -> None:
    page = proxy.browser().get(f"{proxy.url}/").text
    style = next(part for part in page.split('"') if part.startswith("/static/") and ".css" in part)

    answer = proxy.browser().get(proxy.url + style)

    assert answer.headers["Content-Encoding"] == "gzip"
    assert "immutable" in answer.headers["Cache-Control"]
    assert any(file.is_file() for file in (proxy.folder / "cache").rglob("*"))


def test_nginx_takes_as_much_as_the_bridge(proxy: Proxy) -> None:
    def post(size: int) -> requests.Response:
        return proxy.browser().post(f"{proxy.url}/lti/launch", data={"token": "x" * (size - len("token="))})

    assert "NR-" in post(MAX_BODY).text
    assert post(MAX_BODY + 1).status_code == 413


@pytest.mark.parametrize(("method", "length"), [("GET", 6000), ("POST", 8000)])
def test_an_lms_that_begins_with_a_long_message_gets_through(site: Site, method: str, length: int) -> None:
    begun = urlsplit(site.lms.begin_launch("ani", module=RATING))
    told = dict(parse_qsl(begun.query), lti_message_hint="h" * length)
    sent: dict[str, Any] = {"params": told} if method == "GET" else {"data": told}

    answer = site.proxy.browser().request(method, f"{site.proxy.url}/lti/login", allow_redirects=False, **sent)

    assert answer.status_code == 302
    assert "h" * length in answer.headers["Location"]


def test_figures_are_not_for_the_public(bridge: tuple[Bridge, Proxy]) -> None:
    served, proxy = bridge

    assert proxy.browser().get(f"{proxy.url}/metrics").status_code == 404
    assert "lms_bridge_grades" in requests.get(f"http://127.0.0.1:{served.port}/metrics").text
