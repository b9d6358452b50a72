"""Gold: both languages, small screens, everybody's hands and eyes, few statements, and words about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

import pytest

from lms_bridge.plugin_host.discovery import GROUP
from lms_bridge.testing.contract.base import Contract, refuse
from lms_bridge.testing.contract.catalogue import untranslated
from lms_bridge.testing.contract.outline import Outline
from lms_bridge.testing.contract.subject import Subject, fail
from lms_bridge.testing.contract.walk import Address, statements

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from lms_bridge.testing.chromium import Windows

LANGUAGES = ("id", "en")
SHORTEST_README = 300
MOST_IN_BROWSER = 2
gold = pytest.mark.grade("gold")


class Gold(Contract):
    """The third grade."""

    @gold
    def test_each_page_speaks_both_languages(self, subject: Subject) -> None:
        """Each page is there in Indonesian and in English."""
        faults = [f"not translated: {text}" for text in untranslated(subject.package)]
        for address in self.used(subject).walk(self.pages).pages:
            answers = [address.ask(subject.session(address.user, locale=locale)) for locale in LANGUAGES]
            faults += [f"{address} answers {answer.status_code}" for answer in answers if answer.status_code >= 400]
            outlines = [Outline(answer.text) for answer in answers if _is_page(answer)]
            faults += [
                f'{address} is not marked as lang="{locale}"'
                for locale, outline in zip(LANGUAGES, outlines, strict=False)
                if outline.language != locale
            ]
            if len(outlines) == len(LANGUAGES) and outlines[0].words and outlines[0].words == outlines[1].words:
                faults.append(f"{address} says the same in both languages")
        refuse(
            faults,
            "Let each page extend bridge/page.html, put every text into _() in English, and bring its Indonesian in "
            "translations/id/LC_MESSAGES/messages.po, compiled to .mo.",
        )

    @gold
    def test_no_page_has_inline_code(self, subject: Subject) -> None:
        """No page holds what the content policy refuses."""
        faults = []
        for address in self.used(subject).walk(self.pages).pages:
            answer = address.ask(subject.session(address.user))
            if _is_page(answer):
                faults += [f"{address}: {what}" for what in sorted(set(Outline(answer.text).refused))]
        refuse(
            faults,
            "The content policy refuses this: browsers would not run or load it. Use the classes of the theme, and "
            "files of static/ in place of code in the page.",
        )

    @gold
    def test_each_page_asks_the_database_a_few_times(self, subject: Subject) -> None:
        """The statements of each page are bounded."""
        faults = []
        for address in self.used(subject).walk(self.pages).pages:
            browser = subject.session(address.user)
            address.ask(browser)
            with statements(subject.app) as seen:
                address.ask(browser)
            if len(seen) > self.most_statements:
                often = max(set(seen), key=seen.count)
                faults.append(f"{address}: {len(seen)}, of which {seen.count(often)} are {often[:120]}")
        refuse(
            faults,
            f"At most {self.most_statements} statements are allowed on a page (most_statements). Read what belongs "
            "together with one select, not one for each row.",
        )

    @gold
    @pytest.mark.browser
    @pytest.mark.parametrize("database", ["sqlite"], indirect=True)
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_each_page_fits_and_is_accessible(
        self,
        subject: Subject,
        windows: Windows,
        open_page: Callable[..., Page],
        axe: Callable[..., list[str]],
        language: str,
    ) -> None:
        """In a real browser each page fits on 320 px, keeps the content policy, and axe finds nothing."""
        from lms_bridge.testing.look import cut_off

        faults = []
        for address in _examples(self.used(subject).walk(self.pages).pages):
            browser = subject.session(address.user, locale=language)
            if _is_page(address.ask(browser)):
                page = open_page(browser, address.path)
                found = [*axe(page), *cut_off(page, page, width=390), *windows.complaints]
                faults += [f"{address}: {fault}" for fault in found]
                windows.complaints.clear()
                page.close()
        refuse(faults, "Mend what stands there; each rule of axe is explained at dequeuniversity.com/rules/axe.")

    @gold
    def test_its_readme_says_what_it_is_for(self, subject: Subject) -> None:
        """Its distribution brings a description."""
        entry = next(iter(entry_points(group=GROUP, name=subject.declaration.name)), None)
        about: Any = entry.dist.metadata if entry and entry.dist else None
        text = (about.get("Description") or about.get_payload() or "") if about else ""
        if len(text.strip()) < SHORTEST_README:
            fail(
                f"The README has fewer than {SHORTEST_README} characters, or is not in the distribution. Say what the "
                "plugin does, how to install it and what it keeps about people, and name the file in setup.cfg: "
                "long_description = file: README.md"
            )


def _examples(pages: Iterable[Address]) -> Iterator[Address]:
    """Yield a few addresses of each page: a browser takes a second for what others ask in milliseconds."""
    opened: Counter[str] = Counter()
    for address in pages:
        opened[address.endpoint] += 1
        if opened[address.endpoint] <= MOST_IN_BROWSER:
            yield address


def _is_page(answer: Any) -> bool:
    return bool(answer.status_code == 200 and answer.mimetype == "text/html")
