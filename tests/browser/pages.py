"""Every page there is, and how a visitor comes to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.browser.servers import Site
from tests.browser.visitor import landed

if TYPE_CHECKING:
    from playwright.sync_api import Frame, Page, Response

RATE_ALL = """async root => {
  const post = (path, fields) => fetch(root + path, {method: "POST", body: new URLSearchParams(fields)});
  await post("/p/competency/self-rating/start", {});
  for (const code of ["M1", "M2", "M3", "M4", "M5", "M6", "M7", "M8", "S1"])
    await post(`/p/competency/self-rating/${code}/3`,
      Object.fromEntries([1, 2, 3].map(place => [`answers:asn-38-2017:${code}:3:${place}`, "shown"])));
  return (await post("/p/competency/self-rating/finish", {})).url;
}"""

ENTER = """root => fetch(root + "/p/competency/hours/enter", {method: "POST", body: new URLSearchParams(
  {form: "B6", title: "Seminar", day: "2026-01-05", amount: "1", proof: "Sertifikat 1"})})"""

PLAN = """async ([root, sent]) => {
  const plan = root + "/p/competency/plan";
  const post = (path, fields) => fetch(plan + path, {method: "POST", body: new URLSearchParams(fields)});
  const page = async () => new DOMParser().parseFromString(await (await fetch(plan)).text(), "text/html");
  const version = shown => shown.querySelector("[name=version]").value;
  let shown = await page();
  if (shown.querySelector("form[action$='/plan/reopen']")) {
    await post("/reopen", {version: version(shown)});
    shown = await page();
  }
  if (!shown.querySelector("form[action$='/plan/send']")) {
    await post("/items/new", {competency: "asn-38-2017:M3", to_level: "3", form: "B7", title: "Lokakarya", jp: "5",
      quarter: "4"});
    shown = await page();
  }
  if (sent) await post("/send", {version: version(shown)});
  return shown.querySelector("a[href*='/plan/items/']:not([href$=new])").getAttribute("href");
}"""

RATE_SOMEBODY = """async root => {
  const list = root + "/p/competency/ratings";
  const shown = new DOMParser().parseFromString(await (await fetch(list)).text(), "text/html");
  const form = shown.querySelector("form[action$='/start']");
  const about = form ? form.getAttribute("action").replace("/start", "") :
    shown.querySelector("a[href$='/overview']").getAttribute("href").replace("/overview", "");
  await fetch(about + "/start", {method: "POST", body: new URLSearchParams({})});
  return about;
}"""

OBJECT = """action => fetch(action, {method: "POST", body: new URLSearchParams(
  {competency: "asn-38-2017:M3", reason: "Siaran pers tiga kali"})})"""

POST_FORM = """([action, ticket]) => {
  const form = Object.assign(document.createElement("form"), {method: "post", action});
  form.append(Object.assign(document.createElement("input"), {name: "ticket", value: ticket}));
  document.body.append(form);
  form.submit();
}"""


@dataclass(frozen=True, slots=True)
class Run:
    """One way of looking at every page."""

    language: str
    width: int
    framed: bool

    def __str__(self) -> str:
        return f"{self.language}-{self.width}-{'framed' if self.framed else 'top'}"


class Tour:
    """Walks through all pages as whoever may see them, in one language, size and place."""

    def __init__(self, site: Site, page: Page, run: Run) -> None:
        self.site, self.page, self.run = site, page, run
        self.roots: dict[tuple[str, int], str] = {}
        self.statuses: dict[Frame, int] = {}
        page.on("response", self._note)
        page.goto(site.lms_url)
        page.locator(f"button[name=language][value={run.language}]").click()

    def _note(self, answer: Response) -> None:
        if answer.request.is_navigation_request():
            self.statuses[answer.frame] = answer.status

    def lms(self, person: str, path: str) -> Frame:
        """Open a page of the LMS."""
        self.page.goto(f"{self.site.lms_url}/as/{person}")
        self.page.goto(self.site.lms_url + path)
        return self.page.main_frame

    def public(self, address: str) -> Frame:
        """Open an address of the bridge that belongs to no session."""
        place = self.place()
        place.goto(address)
        return place

    def alone(self, address: str) -> Frame:
        """Open an address of the bridge that may be in no frame."""
        self.page.goto(address)
        return self.page.main_frame

    def place(self) -> Frame:
        """Return where pages of the bridge are shown: the window, or the LMS's frame in it."""
        if not self.run.framed:
            return self.page.main_frame
        if not self.page.locator("#tool").count():
            self.lms("ani", f"/activities/{self.site.home}")
            landed(self.page.frames[1], "**/s/**")
        return self.page.frames[1]

    def visit(self, person: str, path: str, *, activity: int | None = None) -> Frame:
        """Open a page of the bridge in a session of this person."""
        key = (person, activity or self.site.home)
        if key not in self.roots:
            start = self.lms(person, f"/activities/{key[1]}{'' if self.run.framed else '/launch'}")
            tool = self.page.frames[1] if self.run.framed else start
            landed(tool, "**/s/**")
            self.roots[key] = "/".join(tool.url.split("/")[:5])
        place = self.place()
        place.goto(self.roots[key] + path)
        return place

    def console(self, person: str, path: str) -> Frame:
        """Open a page of the console, which is never in a frame, as somebody who opened it from their home page."""
        key = (f"{person}'s console", 0)
        if key not in self.roots:
            ticket = self.visit(person, "/").locator("section:has(#console) [name=ticket]")
            self._enter(key, f"{self.site.bridge_url}/window", ticket.get_attribute("value") or "")
        self.page.goto(self.roots[key] + path)
        return self.page.main_frame

    def imported(self, state: str) -> Frame:
        """Open the page of an import that stands there."""
        return self.console("dewi", f"/console/imports/{self.site.imports[state]}")

    def linked(self) -> Frame:
        """Open the list of those who are linked, with the administrator of the LMS in it."""
        frame = self.console("dewi", "/console/queue?show=linked")
        if not frame.locator("article").count():
            self.visit("admin", "/")
            waiting = self.console("dewi", "/console/queue").locator("article", has_text="Admin LMS")
            waiting.locator("[name=nip]").fill("198403172009021004")
            self.press(
                waiting.page.main_frame, "article:has-text('Admin LMS') form:has([name=nip]) button", ".lb-note-ok"
            )
            frame = self.console("dewi", "/console/queue?show=linked")
        frame.locator("article").wait_for()
        return frame

    def operator(self, path: str) -> Frame:
        """Open a page of the console as the operator of the server."""
        key = ("operator", 0)
        if key not in self.roots:
            self._enter(key, self.site.operator_link(), "")
        self.page.goto(self.roots[key] + path)
        return self.page.main_frame

    def _enter(self, key: tuple[str, int], action: str, ticket: str) -> None:
        self.page.goto(self.site.bridge_url)
        self.page.evaluate(POST_FORM, [action, ticket])
        self.page.wait_for_url("**/s/**")
        self.roots[key] = "/".join(self.page.url.split("/")[:5])

    def result(self) -> str:
        """Return the path of Ani's result, which she gets at the first call."""
        frame = self.visit("ani", "/")
        url: str = frame.evaluate(RATE_ALL, self.roots["ani", self.site.home])
        return url.removeprefix(self.roots["ani", self.site.home])

    def looked_at(self) -> Frame:
        """Open Ani's page about her data after Rahmat has looked at her result."""
        path = self.result()
        self.visit("rahmat", path)
        return self.visit("ani", "/my-data")

    def select_content(self) -> Frame:
        """Open the bridge's catalogue as a teacher."""
        path = "/courses/2/content/1"
        start = self.lms("sari", path if self.run.framed else f"{path}/open")
        tool = self.page.frames[1] if self.run.framed else start
        landed(tool, "**/pick")
        return tool

    def selected(self) -> Frame:
        """Choose a module as a teacher, and look at it in the LMS before it is saved."""
        tool = self.select_content()
        tool.locator("[name=item]").first.check()
        tool.locator("main form button.btn-primary").click()
        self.page.wait_for_url("**/selections/*")
        return self.page.main_frame

    def invited(self) -> Frame:
        """Open the bridge's registration page as the LMS does."""
        self.lms("admin", f"/admin/tools/register?as=new&url={self.site.invitation()}")
        if not self.run.framed:
            self.page.goto(self.page.locator("#tool").get_attribute("src") or "")
            return self.page.main_frame
        self.page.frames[1].locator("#register").wait_for()
        return self.page.frames[1]

    def claim(self) -> str:
        """Return the path of an activity that Ani entered, which she does at the first call."""
        frame = self.visit("ani", "/")
        frame.evaluate(ENTER, self.roots["ani", self.site.home])
        frame = self.visit("ani", "/p/competency/hours")
        address = frame.locator("a[href*='/hours/claims/']").first.get_attribute("href") or ""
        return address.partition("/p/")[1] + address.partition("/p/")[2]

    def verified(self) -> Frame:
        """Open what waits for Rahmat after Ani has entered an activity."""
        self.claim()
        return self.visit("rahmat", "/p/competency/hours/verify")

    def hours_of_somebody(self) -> Frame:
        """Open Ani's learning hours as Rahmat, from what waits for him."""
        address = self.verified().locator("a[href*='/hours/of/']").first.get_attribute("href") or ""
        return self.visit("rahmat", "/p/" + address.partition("/p/")[2])

    def planned(self, *, sent: bool = False) -> str:
        """Return the path of an activity in Ani's plan, which she writes, or sends to her superior."""
        frame = self.visit("ani", "/")
        address: str = frame.evaluate(PLAN, [self.roots["ani", self.site.home], sent])
        return "/p/" + address.partition("/p/")[2]

    def sent_plan(self) -> Frame:
        """Open what waits for Rahmat after Ani has sent her plan."""
        self.planned(sent=True)
        return self.visit("rahmat", "/p/competency/plans")

    def plan_of_somebody(self) -> Frame:
        """Open a plan as Rahmat, from what waits for him."""
        address = self.sent_plan().locator("a[href*='/plan/of/']").first.get_attribute("href") or ""
        return self.visit("rahmat", "/p/" + address.partition("/p/")[2])

    def rated(self, page: str) -> Frame:
        """Open a page of Rahmat's rating of one of his people, which he begins at the first call."""
        frame = self.visit("rahmat", "/")
        address: str = frame.evaluate(RATE_SOMEBODY, self.roots["rahmat", self.site.home])
        return self.visit("rahmat", f"/p/{address.partition('/p/')[2]}/{page}")

    def objected(self) -> Frame:
        """Open what waits for Rahmat after Ani has objected to a level of her result, which she does once."""
        path = self.result()
        frame = self.visit("ani", f"{path}/explanation")
        if frame.locator("form[action$='/objections']").count():
            frame.evaluate(OBJECT, f"{self.roots['ani', self.site.home]}{path}/objections")
        return self.visit("rahmat", "/p/competency/objections")

    def profile_of_somebody(self) -> Frame:
        """Open a profile as Rahmat, from the list of his people."""
        people = self.visit("rahmat", "/p/competency/ratings")
        address = people.locator("a[href*='/profile/of/']").first.get_attribute("href") or ""
        return self.visit("rahmat", "/p/" + address.partition("/p/")[2])

    def led(self) -> int:
        """Return the unit that Hendra heads."""
        frame = self.visit("hendra", "/p/competency/units")
        return int(frame.url.rpartition("/")[2])

    def press(self, frame: Frame, button: str, arrival: str) -> Frame:
        """Press a button and wait for what the next page has."""
        frame.locator(button).evaluate("button => button.click()")
        frame.locator(arrival).wait_for()
        return frame


NO_PAGES = {
    *("static", "lti.jwks", "lti.login", "health.healthz", "health.readyz", "health.metrics"),
    *("discovery.configuration", "discovery.jwks", "discovery.registration", "persona.become"),
    *("grades.line_items", "grades.line_item", "grades.results", "roster.memberships"),
    # These only lead on to pages that are here.
    *("console.index", "console.invitations.index", "console.platforms.tested", "console.invitations.progress"),
    # Files, and a part of a page.
    *("console.imports.errors", "console.imports.template", "console.imports.progress"),
    *("course.launch", "deep_linking.begin", "competency.self_rating", "competency.competency"),
    *("competency.units", "leadership.index", "console.letterhead.sample"),
    *(
        "competency.unit_file",
        "competency.hours_file",
        "competency.plan_file",
        "competency.file",
        "competency.profile_file",
        "competency.profile_file_of_person",
        "competency.export_dictionary",
        "competency.export_requirements",
        "competency.export_moodle",
    ),
    *("leadership.unit_file", "leadership.parts_file"),
}
REFUSALS = {
    *("home.unknown_module", "invitation refused", "launch refused", "session ended", "no such page"),
    *("not my section", "operator link used up", "no such result", "login.auth", "no such page of the LMS"),
}
SELF_RATING = "/p/competency/self-rating"
NUMBER = "competency.rated"
UNKNOWN = "/s/" + "x" * 43
PAGES: dict[str, Callable[[Tour], Frame]] = {
    # The bridge: in a session
    "home.index": lambda tour: tour.visit("ani", "/"),
    "home.unknown_module": lambda tour: tour.visit("ani", "/module", activity=tour.site.unknown),
    "mydata.index": lambda tour: tour.looked_at(),
    "mydata.index (nothing older)": lambda tour: tour.visit("ani", "/my-data?before=1"),
    "session.pick": lambda tour: tour.select_content(),
    "competency.start": lambda tour: tour.visit("rahmat", f"{SELF_RATING}/start"),
    "competency.start (no post)": lambda tour: tour.visit("maya", f"{SELF_RATING}/start"),
    "competency.question": lambda tour: (tour.result(), tour.visit("ani", f"{SELF_RATING}/M1/3"))[1],
    "competency.overview": lambda tour: tour.visit("ani", f"{SELF_RATING}/overview"),
    "competency.people_to_rate": lambda tour: tour.visit("rahmat", "/p/competency/ratings"),
    "competency.question (of somebody)": lambda tour: tour.rated("M1"),
    "competency.overview (of somebody)": lambda tour: tour.rated("overview"),
    "competency.objections": lambda tour: tour.objected(),
    "competency.profile": lambda tour: (tour.result(), tour.visit("ani", "/p/competency/profile"))[1],
    "competency.target": lambda tour: tour.visit("ani", "/p/competency/profile/target?q=a"),
    "competency.profile_of_person": lambda tour: tour.profile_of_somebody(),
    "competency.result": lambda tour: tour.visit("ani", tour.result()),
    "competency.explanation": lambda tour: tour.visit("ani", f"{tour.result()}/explanation"),
    "competency.hours": lambda tour: (tour.claim(), tour.visit("ani", "/p/competency/hours"))[1],
    "competency.enter": lambda tour: tour.visit("ani", "/p/competency/hours/enter"),
    "competency.claim": lambda tour: tour.visit("ani", tour.claim()),
    "competency.verify_list": lambda tour: tour.verified(),
    "competency.hours_of": lambda tour: tour.hours_of_somebody(),
    "competency.unit": lambda tour: tour.visit("dewi", f"/p/competency/units/{tour.site.unit}"),
    "competency.unit_people": lambda tour: tour.visit("dewi", f"/p/competency/units/{tour.site.unit}/people"),
    "competency.dictionaries": lambda tour: tour.visit("dewi", "/p/competency/dictionary"),
    "competency.dictionary": lambda tour: tour.visit("dewi", "/p/competency/dictionary/1"),
    "competency.entry": lambda tour: tour.visit("dewi", "/p/competency/dictionary/1/entry/M1"),
    "competency.plan": lambda tour: (tour.planned(), tour.visit("ani", "/p/competency/plan"))[1],
    "competency.new_plan_item": lambda tour: tour.visit("ani", "/p/competency/plan/items/new"),
    "competency.plan_item": lambda tour: tour.visit("ani", tour.planned()),
    "competency.plans": lambda tour: tour.sent_plan(),
    "competency.plan_of_person": lambda tour: tour.plan_of_somebody(),
    "competency.requirements": lambda tour: tour.visit("dewi", "/p/competency/requirements"),
    "competency.requirements_of_post": lambda tour: tour.visit(
        "dewi", "/p/competency/requirements/posts/1?q=integritas"
    ),
    "competency.requirements_of_level": lambda tour: tour.visit("dewi", "/p/competency/requirements/levels/AHLI_MUDA"),
    "competency.new_entry": lambda tour: tour.visit("dewi", "/p/competency/dictionary/1/entry"),
    "leadership.unit": lambda tour: tour.visit("hendra", f"/p/leadership/units/{tour.led()}"),
    "leadership.number": lambda tour: tour.visit("hendra", f"/p/leadership/units/{tour.led()}/numbers/{NUMBER}"),
    "leadership.metric": lambda tour: tour.visit("hendra", f"/p/leadership/metrics/{NUMBER}"),
    "leadership.sponsoring": lambda tour: tour.visit(
        "hendra", f"/p/leadership/units/{tour.led()}/sponsor/asn-38-2017:M3"
    ),
    "signed out": lambda tour: tour.press(tour.visit("fitri", "/"), "form[action$='/leave'] button", ".lb-chip-ok"),
    # The bridge: the console
    "home.index (administrator)": lambda tour: tour.visit("admin", "/"),
    "console.platforms.index": lambda tour: tour.console("admin", "/console/platforms"),
    "console.platforms.show": lambda tour: tour.console("admin", f"/console/platforms/{tour.site.platform}"),
    "console.platforms.show (tested)": lambda tour: tour.press(
        tour.console("admin", f"/console/platforms/{tour.site.platform}"), "form[action$='/test'] button", "ol.lb-ticks"
    ),
    "console.invitations.show": lambda tour: tour.console("admin", f"/console/invitations/{tour.site.invited}"),
    "console.keys.index": lambda tour: tour.console("admin", "/console/keys"),
    "console.keys.index (operator)": lambda tour: tour.operator("/console/keys"),
    "console.plugins.index": lambda tour: tour.console("admin", "/console/plugins"),
    "console.plugins.show": lambda tour: tour.console("admin", "/console/plugins/competency"),
    "console.letterhead.index": lambda tour: tour.console("dewi", "/console/letterhead"),
    "console.units.index": lambda tour: tour.console("dewi", "/console/units"),
    "console.units.show": lambda tour: tour.console("dewi", f"/console/units/{tour.site.unit}"),
    "console.units.show (foreseen)": lambda tour: tour.press(
        tour.console("dewi", f"/console/units/{tour.site.unit}"), "#move button", "#brings"
    ),
    "console.programmes.index": lambda tour: tour.console("dewi", "/console/programmes"),
    "console.programmes.new": lambda tour: tour.console("dewi", "/console/programmes/new"),
    "console.programmes.show": lambda tour: tour.console("dewi", "/console/programmes/1"),
    "console.imports.index": lambda tour: tour.console("dewi", "/console/imports"),
    "console.imports.show (mapping)": lambda tour: tour.imported("mapping"),
    "console.imports.show (staging)": lambda tour: tour.imported("staging"),
    "console.imports.show (ready)": lambda tour: tour.imported("ready"),
    "console.imports.show (done)": lambda tour: tour.imported("done"),
    "console.imports.show (refused)": lambda tour: tour.imported("refused"),
    "console.grants.index": lambda tour: tour.console("dewi", "/console/grants"),
    "console.grants.index (operator)": lambda tour: tour.operator("/console/grants"),
    "console.audit.index": lambda tour: tour.console("dewi", "/console/audit"),
    "console.audit.index (chosen)": lambda tour: tour.console("dewi", "/console/audit?kind=read&actor=1"),
    "console.jobs.index": lambda tour: tour.console("admin", "/console/jobs"),
    "console.queue.index": lambda tour: (tour.visit("maya", "/"), tour.console("dewi", "/console/queue"))[1],
    "console.queue.index (linked)": lambda tour: tour.linked(),
    "operator.door": lambda tour: tour.alone(tour.site.operator_link()),
    "not my section": lambda tour: tour.console("dewi", "/console/platforms"),
    "operator link used up": lambda tour: tour.alone(f"{tour.site.bridge_url}/operator/{'x' * 43}"),
    # The bridge: for everybody
    "lti.bare_launch": lambda tour: tour.public(f"{tour.site.bridge_url}/lti/launch"),
    "landing": lambda tour: tour.public(tour.site.bridge_url),
    "lti.begin_registration": lambda tour: tour.invited(),
    "registered": lambda tour: tour.press(tour.invited(), "#register button", "ol.lb-ticks"),
    # The bridge: refusals
    "invitation refused": lambda tour: tour.public(f"{tour.site.bridge_url}/lti/register/{'x' * 43}"),
    "launch refused": lambda tour: tour.public(f"{tour.site.bridge_url}/lti/login?iss=nobody"),
    "session ended": lambda tour: tour.public(tour.site.bridge_url + UNKNOWN),
    "no such page": lambda tour: tour.visit("ani", "/nowhere"),
    "no such result": lambda tour: tour.visit("ani", "/p/competency/results/999999"),
    # The practice LMS
    "persona.choose": lambda tour: tour.lms("ani", "/"),
    "course.index": lambda tour: tour.lms("ani", "/courses"),
    "course.show": lambda tour: tour.lms("ani", "/courses/2"),
    "course.show (teacher)": lambda tour: tour.lms("sari", "/courses/2"),
    "course.module": lambda tour: tour.lms("ani", f"/activities/{tour.site.home}"),
    "course.returned": lambda tour: tour.lms("ani", "/courses/2/return?lti_msg=Selesai"),
    "course.grades": lambda tour: tour.lms("ani", "/courses/2/grades"),
    "course.grades (teacher)": lambda tour: tour.lms("sari", "/courses/2/grades"),
    "course.people": lambda tour: tour.lms("sari", "/courses/2/people"),
    "activities.choose": lambda tour: tour.lms("sari", "/courses/2/activities/new"),
    "activities.add": lambda tour: tour.lms("sari", "/courses/2/activities/new/1"),
    "activities.edit": lambda tour: tour.lms("sari", f"/activities/{tour.site.home}/edit"),
    "deep_linking.dialogue": lambda tour: tour.lms("sari", "/courses/2/content/1"),
    "deep_linking.selection": lambda tour: tour.selected(),
    "admin.tools": lambda tour: tour.lms("admin", "/admin/tools"),
    "admin.register": lambda tour: tour.lms("admin", f"/admin/tools/register?url={tour.site.invitation()}"),
    "admin.faults": lambda tour: tour.lms("admin", "/admin/faults"),
    "trace.show": lambda tour: tour.lms("admin", "/trace"),
    "login.auth": lambda tour: tour.lms("ani", "/auth"),
    "no such page of the LMS": lambda tour: tour.lms("ani", "/nowhere"),
}
