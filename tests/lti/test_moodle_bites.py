"""The twenty ways in which Moodle surprises a tool: each handled, each with a test whose id carries its number."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import jwt
import pytest
from sqlalchemy import select, update

from lms_bridge.cli.doctor import _token
from lms_bridge.contributions import CatalogItem, LineItemOffer, Module, Plugin, ScoreMap
from lms_bridge.db import acting_as, db, now
from lms_bridge.domain.roles import roles_from_claim
from lms_bridge.jobs import grades
from lms_bridge.lti import ags, nrps
from lms_bridge.lti.advice import advice
from lms_bridge.lti.deep_linking import content_item
from lms_bridge.lti.http import Answer, OutboundError
from lms_bridge.lti.services import next_page
from lms_bridge.lti.tokens import ServiceAccount, access_token
from lms_bridge.models import Course, Enrolment, Grade, GradeState, Person, PlatformUser
from lms_bridge.models import Platform as PlatformRow
from lms_bridge.plugin_host.discovery import Found
from lms_bridge.plugin_host.host import PluginState
from lms_bridge.practice.driver import PracticeDriver
from lms_bridge.practice.vocabulary import AGS_CLAIM, MEMBERSHIP, NRPS_CLAIM
from lms_bridge.services.grades import record_score
from lms_bridge.services.people import person_ref
from lms_bridge.testing.browser import Browser
from tests.lti.forge import asked

MODULE = "quiz.first"
ACCOUNT = ServiceAccount("client-1", "http://lms.test/token", "http://lms.test/token")
NIP, OTHER = "199203142015032004", "198501012010012001"
Launch = Callable[..., Browser]


class Wire:
    """Stands for the network: notes every request, answers as it is told, gives tokens by itself."""

    def __init__(self, *answers: tuple[int, str, dict[str, str]]) -> None:
        self.answers = list(answers)
        self.requests: list[tuple[str, str, dict[str, Any]]] = []

    def request(self, method: str, url: str, **options: Any) -> Answer:
        if url.endswith("/token"):
            return Answer(200, {}, b'{"access_token": "t", "expires_in": 3600}')
        self.requests.append((method, url, options))
        status, body, headers = self.answers.pop(0) if self.answers else (200, "[]", {})
        return Answer(status, headers, body.encode())

    def post(self, url: str, **options: Any) -> Answer:
        return self.request("POST", url, **options)


@pytest.fixture
def wired(bridge_app: Any) -> Callable[..., Wire]:
    """Put a wire in place of the network."""

    def wire(*answers: tuple[int, str, dict[str, str]]) -> Wire:
        bridge_app.extensions["lms_bridge.http"] = Wire(*answers)
        return bridge_app.extensions["lms_bridge.http"]

    return wire


@pytest.fixture
def graded(bridge_app: Any) -> Any:
    """The bridge with a graded module."""
    score_map = ScoreMap(100, "Quiz", lambda outcome: Decimal(outcome))
    declared = Plugin("quiz", "Quiz", "1", modules=(Module("first", "Quiz", "", "home.index", score_map=score_map),))
    bridge_app.extensions["lms_bridge.plugins"].states["quiz"] = PluginState(Found("quiz", "quiz"), declared)
    return bridge_app


def rows(app: Any, what: Any) -> list[Any]:
    with app.app_context():
        found = list(db.session.execute(select(what.__table__)))
        db.session.remove()
    return found


def settle(app: Any, value: str, *, in_progress: bool = False) -> None:
    with app.app_context():
        row = db.session.execute(select(Person.__table__).where(Person.__table__.c.nip == NIP)).one()
        with acting_as(row.agency_id):
            ref = person_ref(row.id)
            record_score(value, module=MODULE, person=ref, settled_at=now(), in_progress=in_progress)
        db.session.commit()
        db.session.remove()


def nips(app: Any) -> set[str | None]:
    with app.app_context():
        statement = select(Person.nip).join(PlatformUser, PlatformUser.person_id == Person.id)
        found = set(db.session.scalars(statement, execution_options={"all_agencies": True}))
        db.session.remove()
    return found


def product(app: Any, name: str) -> None:
    with app.app_context():
        db.session.execute(update(PlatformRow.__table__).values(product=name))
        db.session.commit()
        db.session.remove()


def test_01_redirect_uri_is_always_the_registered_one_and_the_message_routes(
    browser: Browser, practice_platform: PracticeDriver
) -> None:
    request = asked(browser, practice_platform, target_link_uri="http://bridge.test/elsewhere?module=x.y")
    target = "http://bridge.test/lti/launch?module=nowhere.there"
    page = browser.launch(practice_platform, claim_custom={}, claim_target_link_uri=target)

    assert request["redirect_uri"] == "http://bridge.test/lti/launch"
    assert "nowhere.there" in page.text


@pytest.mark.parametrize("skew", [-59, -30, 5, 59])
def test_02_clock_skew_within_a_minute_is_taken_of_tokens_that_live_60_seconds(
    browser: Browser, practice_platform: PracticeDriver, skew: int
) -> None:
    moment = int(time.time()) + skew

    assert browser.launch(practice_platform, claim_custom={}, iat=moment, exp=moment + 60).status_code == 200


def test_02_our_assertion_is_valid_on_a_clock_half_a_minute_behind(bridge_app: Any) -> None:
    seen: dict[str, Any] = {}

    class Noting(Wire):
        def post(self, url: str, **options: Any) -> Answer:
            seen.update(jwt.decode(options["data"]["client_assertion"], options={"verify_signature": False}))
            return super().post(url, **options)

    bridge_app.extensions["lms_bridge.http"] = Noting()
    with bridge_app.app_context():
        access_token(ACCOUNT, [ags.SCORE], fresh=True)

    assert time.time() - 35 < seen["iat"] <= time.time() - 29
    assert 0 < seen["exp"] - time.time() <= 300
    assert seen["iss"] == seen["sub"] == "client-1"
    assert seen["aud"] == ACCOUNT.audience and seen["jti"]


def test_03_pages_may_be_framed_by_their_own_lms_only(browser: Browser, practice_platform: PracticeDriver) -> None:
    page = browser.launch(practice_platform, claim_custom={})

    assert "frame-ancestors http://lms.test;" in page.headers["Content-Security-Policy"] + ";"
    assert "X-Frame-Options" not in page.headers


def test_04_cookie_on_https_is_partitioned(bridge_app: Any, practice_platform: PracticeDriver) -> None:
    """X-04, OIDC-13."""
    query = {"iss": "http://lms.test", "login_hint": "5", "client_id": "client-1"}
    page = bridge_app.test_client().get("/lti/login", query_string=query, base_url="https://bridge.test")

    cookie = page.headers["Set-Cookie"]
    assert {"Secure", "HttpOnly", "SameSite=None", "Partitioned"} <= set(cookie.split("; "))


def test_05_accept_headers_are_exactly_what_each_service_wants(bridge_app: Any, wired: Callable[..., Wire]) -> None:
    wire = wired((200, "[]", {}), (200, "[]", {}), (200, '{"members": []}', {}), (200, "", {}))
    message = ags.ScoreMessage("5", Decimal("0.5"), 100, now())
    with bridge_app.app_context():
        ags.line_items(ACCOUNT, "http://lms.test/lineitems")
        ags.read_result(ACCOUNT, "http://lms.test/6/lineitem", user_id="5")
        list(nrps.members(ACCOUNT, "http://lms.test/members"))
        ags.post_score(ACCOUNT, "http://lms.test/6/lineitem", message)

    headers = [options["headers"] for _method, _url, options in wire.requests]
    assert [one.get("Accept") for one in headers] == [
        "application/vnd.ims.lis.v2.lineitemcontainer+json",
        "application/vnd.ims.lis.v2.resultcontainer+json",
        "application/vnd.ims.lti-nrps.v2.membershipcontainer+json",
        None,
    ]
    assert headers[3]["Content-Type"] == "application/vnd.ims.lis.v1.score+json"


def test_06_two_scores_of_one_second_leave_a_whole_second_apart(
    graded: Any, launch_as: Launch, monkeypatch: pytest.MonkeyPatch, practice_platform: PracticeDriver
) -> None:
    moment = now().replace(microsecond=700_000)
    monkeypatch.setattr(grades, "now", lambda: moment)
    launch_as(module=MODULE)
    for value in ("0.2", "0.3"):
        settle(graded, value)
        with graded.app_context():
            db.session.execute(update(Grade.__table__).values(next_try_at=moment))
            db.session.commit()
            grades.deliver_due()
            db.session.remove()
        moment = moment + dt.timedelta(seconds=0.4) if value == "0.2" else moment
    stamps = [dt.datetime.fromisoformat(score["timestamp"]) for score in practice_platform.scores()]

    assert all(stamp.microsecond == 0 and stamp <= moment for stamp in stamps)
    assert len(set(stamps)) == len(stamps)


def test_07_progress_is_sent_as_a_settled_grade_that_erases_nothing() -> None:
    document = ags.ScoreMessage("5", Decimal("0.5"), 100, now(), in_progress=True).document()

    assert (document["gradingProgress"], document["activityProgress"]) == ("FullyGraded", "InProgress")
    assert document["scoreGiven"] == 50.0 and document["scoreMaximum"] == 100


def test_08_no_score_leaves_with_a_timestamp_of_the_future(
    graded: Any, launch_as: Launch, outbox: Any, practice_platform: PracticeDriver
) -> None:
    launch_as(module=MODULE)
    for value in ("0.2", "0.3", "0.4"):
        settle(graded, value)
        outbox.drain()

    assert practice_platform.scores()
    for score in practice_platform.scores():
        assert dt.datetime.fromisoformat(score["timestamp"]) <= now()


def test_09_refusal_of_somebody_who_is_no_student_is_parked_with_a_sentence(
    graded: Any, launch_as: Launch, outbox: Any, practice_platform: PracticeDriver
) -> None:
    practice_platform.set_fault(400)
    launch_as(module=MODULE)
    settle(graded, "0.5")
    outbox.drain()

    grade = rows(graded, Grade)[0]
    assert grade.state == GradeState.PARKED
    with graded.test_request_context(headers={"Accept-Language": "en"}):
        assert "student" in str(advice(grade.reason))


def test_10_locked_column_is_tried_again_and_explained(
    graded: Any, launch_as: Launch, outbox: Any, practice_platform: PracticeDriver
) -> None:
    practice_platform.set_fault(500)
    launch_as(module=MODULE)
    settle(graded, "0.5")
    outbox.drain()

    grade = rows(graded, Grade)[0]
    assert (grade.state, grade.reason) == (GradeState.DUE, "status-500")
    with graded.test_request_context(headers={"Accept-Language": "en"}):
        assert "locked" in str(advice(grade.reason))
    with graded.app_context():
        past = now() - dt.timedelta(seconds=1)
        db.session.execute(update(Grade.__table__).values(next_try_at=past))
        db.session.commit()
        db.session.remove()
    outbox.drain()
    assert rows(graded, Grade)[0].state == GradeState.SENT


def test_11_results_are_asked_for_one_user_and_never_paged(bridge_app: Any, wired: Callable[..., Wire]) -> None:
    wire = wired()
    with bridge_app.app_context():
        ags.read_result(ACCOUNT, "http://lms.test/6/lineitem?type_id=1", user_id="5")

    assert wire.requests[0][1] == "http://lms.test/6/lineitem/results?type_id=1&user_id=5"


def test_12_typographic_quotes_and_html_ampersands_lead_to_the_next_page(
    bridge_app: Any, wired: Callable[..., Wire]
) -> None:
    link = "<http://lms.test/lineitems?type_id=1&amp;from=2>; rel=“next”".encode().decode("latin-1")
    wire = wired((200, '[{"id": "a"}]', {"link": link}), (200, '[{"id": "b"}]', {}))
    with bridge_app.app_context():
        found = ags.line_items(ACCOUNT, "http://lms.test/lineitems?type_id=1")

    assert [item["id"] for item in found] == ["a", "b"]
    assert wire.requests[1][1] == "http://lms.test/lineitems?type_id=1&from=2"


def test_13_course_without_roster_claim_gets_its_roster_at_a_later_launch(
    bridge_app: Any, launch_as: Launch, outbox: Any, practice_platform: PracticeDriver
) -> None:
    page = launch_as("sari", deep_link=True, **{NRPS_CLAIM: None}).page
    assert page.status_code == 200
    assert rows(bridge_app, Course)[0].memberships_url is None

    launch_as("ani")
    outbox.drain()

    assert len(rows(bridge_app, Enrolment)) == len(practice_platform.roster())


def test_14_role_of_the_launch_stands_against_the_roster(
    bridge_app: Any, launch_as: Launch, outbox: Any, practice_platform: PracticeDriver
) -> None:
    launch_as("ani", role="instructor")
    outbox.drain()
    launch_as("budi", role="instructor")

    users = {practice_platform.user_id(name) for name in ("ani", "budi")}
    ids = {row.id for row in rows(bridge_app, PlatformUser) if row.sub in users}
    roles = [row.roles for row in rows(bridge_app, Enrolment) if row.platform_user_id in ids]
    assert roles == [["instructor"], ["instructor"]]


def test_15_manager_is_an_instructor_and_only_an_administrator_is_one() -> None:
    manager = [f"{MEMBERSHIP}Instructor"]
    administrator = [*manager, "http://purl.imsglobal.org/vocab/lis/v2/system/person#Administrator"]

    assert roles_from_claim(manager) == {"instructor"}
    assert roles_from_claim(administrator) == {"instructor", "administrator"}
    assert roles_from_claim(["https://evil.example/role#Administrator", "https://x/Instructor"]) == {"learner"}


WHOSE: dict[str, tuple[dict[str, Any], str, str | None]] = {
    "lis": ({"claim_lis": {"person_sourcedid": NIP}}, "moodle", NIP),
    "lis first": ({"claim_lis": {"person_sourcedid": NIP}, "claim_custom": {"nip": OTHER}}, "moodle", NIP),
    "lis is empty": ({"claim_lis": {"person_sourcedid": ""}, "claim_custom": {"nip": OTHER}}, "moodle", None),
    "our parameter": ({"claim_lis": None, "claim_custom": {"nip": NIP}}, "moodle", NIP),
    "no sourcedid": ({"claim_lis": {"x": "y"}, "claim_custom": {"nip": NIP}}, "moodle", NIP),
    "by hand": ({"claim_lis": None, "claim_custom": {"nip": NIP}}, "", None),
    "link wins there": ({"claim_lis": None, "claim_custom": {"nip": NIP}}, "canvas", None),
    "another name": ({"claim_lis": None, "claim_custom": {"NIP": NIP, "person_sourcedid": NIP}}, "moodle", None),
    "no NIP": ({"claim_lis": None, "claim_custom": {"nip": "12345"}}, "moodle", None),
}


@pytest.mark.parametrize("case", WHOSE)
def test_16_nip_counts_only_from_where_no_teacher_can_write_it(bridge_app: Any, launch_as: Launch, case: str) -> None:
    claims, lms, expected = WHOSE[case]
    product(bridge_app, lms)

    assert launch_as(**{"claim_custom": {}, **claims}).page.status_code == 200
    assert nips(bridge_app) == {expected}


def test_16_registration_asks_for_the_id_number(bridge_app: Any) -> None:
    from lms_bridge.lti.registration import tool_document

    tool = tool_document("https://bridge.test", scopes=())["https://purl.imsglobal.org/spec/lti-tool-configuration"]

    assert tool["custom_parameters"] == {"nip": "$Person.sourcedId"}


def test_17_literal_variables_and_withheld_values_are_absent(bridge_app: Any, launch_as: Launch) -> None:
    page = launch_as(
        name=None,
        email="$Person.email.primary",
        given_name="$Person.name.given",
        claim_lis={"person_sourcedid": "$Person.sourcedId"},
        claim_custom={"module": "$ResourceLink.title", "nip": "$Person.sourcedId", "item": None},
    ).page

    assert page.status_code == 200
    assert "$" not in page.text
    assert nips(bridge_app) == {None}


def test_18_launch_without_a_column_keeps_the_score_until_the_teacher_allows_grades(
    graded: Any, launch_as: Launch, outbox: Any, practice_platform: PracticeDriver
) -> None:
    lineitems = {"scope": [ags.LINE_ITEM, ags.SCORE], "lineitems": "http://lms.test/lineitems?type_id=1"}
    launch_as(module=MODULE, **{AGS_CLAIM: lineitems})
    settle(graded, "0.5")
    outbox.drain()
    assert practice_platform.scores() == []

    launch_as(module=MODULE)
    outbox.drain()

    assert [score["scoreGiven"] for score in practice_platform.scores()] == [50.0]


def test_18_chosen_content_brings_its_column() -> None:
    item = CatalogItem("quiz.first", "Quiz", "", line_item=LineItemOffer("Quiz"))

    assert content_item(item, with_line_item=True)["lineItem"]["scoreMaximum"] == 100


def test_19_token_answer_in_html_is_explained_by_doctor(bridge_app: Any) -> None:
    class Blocked(Wire):
        def post(self, url: str, **options: Any) -> Answer:
            return Answer(404, {"content-type": "text/html"}, b"<h1>fix_jwks_alg(): Argument #1 ($jwks)</h1>")

    bridge_app.extensions["lms_bridge.http"] = Blocked()
    with bridge_app.app_context():
        finding = _token("http://lms.test", ACCOUNT)

    assert finding.state == "warn"
    assert "token-404" in finding.seen
    assert "HTTP security" in finding.fix


def test_20_token_of_one_registration_is_never_used_for_another(bridge_app: Any) -> None:
    clients: list[str] = []

    class Noting(Wire):
        def post(self, url: str, **options: Any) -> Answer:
            clients.append(jwt.decode(options["data"]["client_assertion"], options={"verify_signature": False})["sub"])
            return Answer(200, {}, b'{"access_token": "%d", "expires_in": 3600}' % len(clients))

    bridge_app.extensions["lms_bridge.http"] = Noting()
    twin = ServiceAccount("client-2", ACCOUNT.token_url, ACCOUNT.audience)
    with bridge_app.app_context():
        found = [access_token(account, [ags.SCORE]) for account in (ACCOUNT, twin, ACCOUNT, twin)]

    assert clients == ["client-1", "client-2"]
    assert found == ["1", "2", "1", "2"]


def test_app_s_message_without_a_login_says_to_use_a_browser(
    browser: Browser, practice_platform: PracticeDriver
) -> None:
    token = browser.begin(practice_platform, nonce="made by Moodle").fields["id_token"]
    page = browser.client.post("/lti/launch", data={"id_token": token}, headers={"Accept-Language": "en"})

    assert page.status_code == 400
    assert "Open the course in a browser" in page.text


def test_front_page_is_a_course_without_sourcedid(bridge_app: Any, launch_as: Launch) -> None:
    context = {"id": "1", "label": "site", "title": "Situs", "type": ["Group"]}

    assert launch_as(claim_context=context, claim_lis={"person_sourcedid": NIP}).page.status_code == 200
    assert rows(bridge_app, Course)[0].context_id == "1"


def test_locale_with_an_underscore_and_ids_as_text_are_taken(launch_as: Launch) -> None:
    presentation = {"locale": "pt_br", "document_target": "frame", "return_url": "http://lms.test/r?sesskey=x"}

    assert launch_as(claim_launch_presentation=presentation, claim_custom={}).page.status_code == 200


def test_bad_link_header_of_a_service_is_an_error_of_that_service() -> None:
    with pytest.raises(OutboundError):
        next_page('<http://[::1>; rel="next"', base="http://lms.test")
