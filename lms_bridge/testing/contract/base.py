"""What all parts of the contract have: the plugin, what its author says of it, the sentence at the end of a test."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pytest

from lms_bridge.testing.contract.subject import Launch, Subject, fail, visit_modules

if TYPE_CHECKING:
    from flask import Flask

    from lms_bridge.practice.driver import PracticeDriver
    from lms_bridge.testing.people import PeopleMaker


class Contract:
    """What an author says of the plugin, and the plugin as the tests meet it."""

    plugin: str
    pages: tuple[str, ...] = ()
    """Addresses, such as ``/p/survey/answers/1``, of pages to which no link or form leads."""
    most_statements = 15
    """Statements that a page may send to the database, the two of the session included."""

    def use(self, launch: Launch) -> None:
        """Use the plugin as a learner so that it keeps something. Override it where opening the modules is not enough.

        Called with different learners, and always before what is kept is looked at.
        """
        visit_modules(launch)

    @pytest.fixture
    def subject(self, bridge_app: Flask, practice_platform: PracticeDriver, make_person: PeopleMaker) -> Subject:
        """The plugin under test."""
        return Subject(self.plugin, bridge_app, practice_platform, make_person)

    def used(self, subject: Subject) -> Subject:
        """Return the plugin after its learner has used it."""
        self.use(Launch(subject, subject.learner))
        return subject


def refuse(faults: Iterable[str], sentence: str) -> None:
    """End a test where there is a fault, with what to do and the faults one by one."""
    listed = list(faults)
    if listed:
        fail("\n  - ".join([sentence, *listed]))
