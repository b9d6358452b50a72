"""What is counted for a unit, and what of it may be shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from lms_bridge.api import hidden_groups


@dataclass(slots=True)
class Cell:
    """The people of a group who were rated in one competency that their post requires.

    ``levels`` counts them by the level attained, ``short`` those below their standard, ``gap`` the sum of required less
    attained, so that who is above the standard makes up for others in the mean, but never in ``short``.
    """

    people: int = 0
    short: int = 0
    gap: int = 0
    levels: Counter[int] = field(default_factory=Counter)

    def add(self, *, required: int, attained: int, people: int) -> None:
        """Count people who all have this level where that one is required."""
        self.people += people
        self.short += people if attained < required else 0
        self.gap += (required - attained) * people
        self.levels[attained] += people

    @property
    def mean_gap(self) -> Decimal | None:
        """Levels by which the group is below its standards in the mean; nothing where nobody was rated."""
        return Decimal(self.gap) / self.people if self.people else None

    @property
    def short_share(self) -> Decimal | None:
        """Percent of the rated who are below the standard."""
        return Decimal(100 * self.short) / self.people if self.people else None

    @property
    def step(self) -> int:
        """The step of the colour scale, from -2 (far above the standard) to 3 (far below)."""
        mean = self.mean_gap or Decimal(0)
        bounds = (Decimal("-1.5"), Decimal("-0.5"), Decimal("0.5"), Decimal(1), Decimal("1.5"))
        return sum(mean >= bound for bound in bounds[2:]) - sum(mean <= bound for bound in bounds[:2])


@dataclass(slots=True)
class Standing:
    """How many people a group has, how many were rated, and their Job Person Match."""

    people: int = 0
    rated: int = 0
    jpm_sum: Decimal = Decimal(0)
    categories: Counter[str] = field(default_factory=Counter)

    @property
    def mean_jpm(self) -> Decimal | None:
        """Mean JPM of the rated, in percent."""
        return self.jpm_sum / self.rated if self.rated else None


@dataclass(frozen=True, slots=True)
class Group:
    """One row of the matrix: a unit, its standing and a cell for each competency. ``hidden`` where it is too small."""

    unit_id: int
    name: str
    standing: Standing
    cells: Mapping[str, Cell]
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class UnitFigures:
    """A unit with the groups below it, and all of them together."""

    groups: Sequence[Group]
    whole: Group
    competencies: Sequence[str]
    names: Mapping[str, str] = field(default_factory=dict)
    """Of the competencies, by key."""


def together(groups: Iterable[Group], *, unit_id: int, name: str) -> Group:
    """Return groups added up."""
    standing, cells = Standing(), dict[str, Cell]()
    for group in groups:
        standing.people += group.standing.people
        standing.rated += group.standing.rated
        standing.jpm_sum += group.standing.jpm_sum
        standing.categories.update(group.standing.categories)
        for key, cell in group.cells.items():
            total = cells.setdefault(key, Cell())
            total.people += cell.people
            total.short += cell.short
            total.gap += cell.gap
            total.levels.update(cell.levels)
    return Group(unit_id, name, standing, cells)


def protected(figures: UnitFigures) -> UnitFigures:
    """Return the figures for a reader who may not know single people: small groups hidden, and what would tell them."""
    groups = [*figures.groups]
    hidden = hidden_groups([_people(group, figures.competencies) for group in groups])
    shown = [
        Group(group.unit_id, group.name, Standing(), {}, hidden=True) if number in hidden else group
        for number, group in enumerate(groups)
    ]
    whole = figures.whole
    if hidden_groups([_people(whole, figures.competencies)]):
        whole = Group(whole.unit_id, whole.name, Standing(), {}, hidden=True)
    return UnitFigures(shown, whole, figures.competencies, figures.names)


def _people(group: Group, competencies: Sequence[str]) -> list[int]:
    rated = [group.cells[key].people if key in group.cells else 0 for key in competencies]
    return [group.standing.rated, *rated]
