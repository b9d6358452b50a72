"""How far a rating is: the levels of each competency, what is asked next, what is attained so far."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from lms_bridge.api import CompetencyView
from lms_bridge_competency.rules import LevelState, Line, Mark, assumed_levels, attained_level, judge_level, next_level
from lms_bridge_competency.standards import RequiredLevel, Standard


@dataclass(frozen=True, slots=True)
class Question:
    """A behaviour and what was said of it."""

    indicator: str
    text: str
    mark: Mark | None


@dataclass(frozen=True, slots=True)
class Rung:
    """A level of one competency with its questions."""

    level: int
    title: str
    questions: tuple[Question, ...]
    state: LevelState

    @property
    def answered(self) -> int:
        """How many questions have an answer."""
        return sum(question.mark is not None for question in self.questions)

    @property
    def shown(self) -> int:
        """How many behaviours are shown."""
        return sum(question.mark is Mark.SHOWN for question in self.questions)


@dataclass(frozen=True, slots=True)
class Step:
    """One competency of a rating, at its place among those that the post requires."""

    position: int
    key: str
    code: str
    name: str
    definition: str
    required: RequiredLevel
    rungs: tuple[Rung, ...]
    attained: int | None
    asked: int | None
    """The level to ask about now; an offer once a level is attained."""
    assumed: tuple[int, ...]

    @property
    def done(self) -> bool:
        """Whether the attained level is known."""
        return self.attained is not None

    @property
    def offered(self) -> bool:
        """Whether the level that is asked now may be left out."""
        return self.done and self.asked is not None

    @property
    def can_be_rated(self) -> bool:
        """Whether there is something to ask, or was."""
        return self.done or self.asked is not None

    @property
    def begun(self) -> bool:
        """Whether there is any answer."""
        return any(rung.answered for rung in self.rungs)

    @property
    def line(self) -> Line:
        """The step as the rules see it."""
        return Line(self.key, self.required.level, self.attained)

    def rung(self, level: int) -> Rung | None:
        """Return a level, if the competency has behaviours for it."""
        return next((rung for rung in self.rungs if rung.level == level), None)

    def current_level(self) -> int:
        """Return the level to open first: the one that must be asked, else the attained one."""
        if self.asked is not None and not self.done:
            return self.asked
        return self.attained if self.attained and self.rung(self.attained) else self.required.level

    def open_levels(self) -> tuple[int, ...]:
        """Return the levels that have a page: those asked so far and the one to ask now."""
        return tuple(rung.level for rung in self.rungs if rung.answered or rung.level == self.asked)


def build_steps(
    competencies: Iterable[CompetencyView], standard: Standard, marks: Mapping[str, Mark]
) -> tuple[Step, ...]:
    """Put competencies, standard and answers together; what the post does not require is left out."""
    wanted = [one for one in competencies if one.key in standard and standard[one.key].level > 0]
    return tuple(
        _step(one, standard[one.key], marks, position=position) for position, one in enumerate(wanted, start=1)
    )


def _step(competency: CompetencyView, required: RequiredLevel, marks: Mapping[str, Mark], *, position: int) -> Step:
    rungs = tuple(_rungs(competency, marks))
    states = {rung.level: rung.state for rung in rungs}
    attained = attained_level(states, required=required.level)
    return Step(
        position=position,
        key=competency.key,
        code=competency.code,
        name=competency.name,
        definition=competency.definition,
        required=required,
        rungs=rungs,
        attained=attained,
        asked=next_level(states, required=required.level),
        assumed=assumed_levels(states, attained=attained or 0),
    )


def _rungs(competency: CompetencyView, marks: Mapping[str, Mark]) -> Iterator[Rung]:
    for level in competency.levels:
        questions = tuple(Question(one.key, one.text, marks.get(one.key)) for one in level.indicators)
        if questions:
            yield Rung(level.level, level.title, questions, judge_level([question.mark for question in questions]))
