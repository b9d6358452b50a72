"""Silver: it keeps its duties to people, keeps agencies apart, and lets in whom its permissions name."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from lms_bridge.plugin_host import ask_one
from lms_bridge.services.people import person_ref
from lms_bridge.testing.contract import rows, source
from lms_bridge.testing.contract.base import Contract, refuse
from lms_bridge.testing.contract.subject import Launch, Subject, fail

if TYPE_CHECKING:
    from lms_bridge.testing.agencies import OtherAgency

silver = pytest.mark.grade("silver")


class Silver(Contract):
    """The second grade."""

    @silver
    def test_an_export_holds_what_it_keeps(self, subject: Subject) -> None:
        """A person's export is not empty, and holds nothing of others."""
        if not subject.tables_about_people:
            pytest.skip(f"does not apply: no table of {self.plugin} points to a person")
        if not self.used(subject).inside(rows.rows_about, [subject.learner.id], subject.tables):
            fail(
                f"Nothing about the learner is in the tables of {self.plugin} after use(): override use(self, launch) "
                "in your contract so that it fills in what a learner fills in."
            )
        if not _exported(subject, subject.learner.id):
            fail("export_person() hands over no row, although there are rows about the person. Return all of them.")
        refuse(
            [str(row) for row in _exported(subject, subject.neighbour.id)],
            "export_person() hands over rows to somebody who has none. Choose them with person_id.in_(person.ids).",
        )

    @silver
    def test_erasing_leaves_no_row(self, subject: Subject) -> None:
        """After an erasure nothing tells of the person, and everything of others is there."""
        self.used(subject)
        self.use(Launch(subject, subject.neighbour))
        about = [subject.neighbour.id]
        others = subject.inside(rows.rows_about, about, subject.tables)
        if _duty(subject, "erase_person", subject.learner.id) is None and subject.tables_about_people:
            fail("erase_person() is missing. Write it: delete the rows of person.ids, or keep them without the person.")
        left = subject.inside(rows.rows_about, [subject.learner.id], subject.tables)
        refuse(
            [f"{len(found)} in {table}" for table, found in left.items()],
            "erase_person() leaves rows of the person. Delete them, and what hangs on them.",
        )
        words = (subject.learner.name, subject.learner.nip)
        refuse(
            subject.inside(rows.columns_that_hold, words, subject.tables),
            "After erase_person() the name or NIP of the person still stands there. Empty the column, or store the id.",
        )
        if subject.inside(rows.rows_about, about, subject.tables) != others:
            fail("erase_person() touches rows of somebody else. Choose them with person_id.in_(person.ids).")

    @silver
    def test_rows_about_people_belong_to_an_agency(self, subject: Subject) -> None:
        """Each table about people knows whose they are."""
        refuse(
            [table.name for table in subject.tables_about_people if "agency_id" not in table.c],
            "These tables are about people but know no agency. Let their models mix in AgencyOwned.",
        )

    @silver
    def test_it_goes_no_way_around_the_agency_filter(self, subject: Subject) -> None:
        """It reads rows through its models, which are filtered by agency."""
        refuse(
            source.ways_around_the_filter(subject.package),
            "Only queries on models are filtered by agency: write select(Model).where(...).",
        )

    @silver
    def test_another_agency_sees_nothing(self, subject: Subject, other_agency: OtherAgency) -> None:
        """To another agency's people it makes no difference what this agency has."""
        tables, pages = subject.tables, self.used(subject).walk(self.pages).pages
        sessions = {"a learner": other_agency.launch_as("ani"), "an administrator": other_agency.launch_as("admin")}

        def seen() -> dict[str, str]:
            return {
                f"{page} (as {who})": _stable(page.ask(browser)) for page in pages for who, browser in sessions.items()
            }

        seen()  # What a first visit stores is there before the two that are compared.
        before = seen()
        subject.inside(rows.take_away, subject.agency_id, tables)
        refuse(
            [place for place, text in seen().items() if text != before[place]],
            "People of another agency see there what this agency keeps. Read it through models that mix in "
            "AgencyOwned, and raise NotFound for what is not there.",
        )

    @silver
    def test_another_agency_changes_nothing(self, subject: Subject, other_agency: OtherAgency) -> None:
        """Whatever another agency's people open or send, this agency's rows stay as they are."""
        tables, addresses = subject.tables, self.used(subject).walk(self.pages).everything
        before = subject.inside(rows.rows_of_agency, subject.agency_id, tables)
        browser = other_agency.launch_as("ani")
        faults: list[str] = []
        for address in addresses:
            address.ask(browser)
            if (after := subject.inside(rows.rows_of_agency, subject.agency_id, tables)) != before:
                faults, before = [*faults, str(address)], after
        refuse(
            faults,
            "People of another agency change there what belongs to this one. Find rows by their model, which is "
            "filtered by agency, and raise NotFound for what is not there.",
        )

    @silver
    def test_each_page_asks_for_a_right(self, subject: Subject) -> None:
        """Without the rights that the plugin declares, every page is refused."""
        walk = self.used(subject).walk(self.pages)
        refuse(
            walk.unseen(),
            "The contract found no way there, or nobody who may go it. Link to it, or name an address in `pages` of "
            f'your contract, such as pages = ("/p/{self.plugin}/...",).',
        )
        faults = []
        subject.state.declaration = replace(subject.declaration, permissions=())
        try:
            for address in walk.everything:
                if address.ask(subject.session(address.user)).status_code not in {403, 404}:
                    faults.append(str(address))
        finally:
            subject.state.declaration = subject.declaration
        refuse(
            faults,
            "These pages are served to somebody without any right. Put @require_permission below the route, or call "
            "ensure(action, person) before anything else, and declare the action in plugin().",
        )

    @silver
    def test_a_visitor_without_a_session_is_refused(self, subject: Subject) -> None:
        """Who was not launched sees nothing."""
        stranger = subject.app.test_client()
        faults = [
            str(address)
            for address in self.used(subject).walk(self.pages).everything
            if stranger.open(address.path, method=address.method, data=address.fields).status_code != 401
        ]
        refuse(
            faults, "These are served without a launch. Leave it to the bridge to begin sessions and refuse strangers."
        )


def _exported(subject: Subject, person_id: int) -> list[Any]:
    parts = _duty(subject, "export_person", person_id) or ()
    return [row for part in parts for row in part.rows]


def _duty(subject: Subject, hook: str, person_id: int) -> list[Any] | None:
    """Ask the plugin to do a duty to a person, and keep what it did."""

    def ask() -> list[Any] | None:
        return ask_one(subject.plugin, hook, person=person_ref(person_id))

    try:
        answer: list[Any] | None = subject.inside(ask)
    except Exception as error:
        pytest.fail(
            f"{hook}() raises {type(error).__name__}: {error}. It is a duty: let it answer, whatever is stored."
        )
    return answer


def _stable(answer: Any) -> str:
    """Return a page without what differs at each visit: clocks, tickets and reference numbers."""
    if not answer.mimetype.startswith(("text/", "application/json")):
        # Files such as PDF and XLSX carry the moment in which they were made; the same table as CSV does the telling.
        return f"{answer.status_code} {answer.mimetype}"
    text = re.sub(r'name="ticket" value="[^"]*"|NR-\w{4}-\w+|\b\d\d:\d\d\b', "", answer.text)
    return f"{answer.status_code} {text}"
