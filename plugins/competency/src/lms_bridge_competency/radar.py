"""The geometry of the radar of levels: points and labels for an SVG without script or style."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lms_bridge_competency.rules import HIGHEST_LEVEL

_WIDTH, _HEIGHT = 400, 270
_CENTRE_X, _CENTRE_Y, _RADIUS = 200, 136, 88
_LABEL_GAP, _LINE = 13, 15
_LONG = 12


@dataclass(frozen=True, slots=True)
class Axis:
    """One competency on the radar: its spoke, its points, and its name in one or two lines."""

    end: tuple[float, float]
    required: tuple[float, float]
    attained: tuple[float, float] | None
    short: bool
    label: tuple[float, float]
    anchor: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Radar:
    """Everything that the drawing needs."""

    width: int
    height: int
    centre: tuple[float, float]
    line: int
    """Height of a line of a label."""
    rings: tuple[str, ...]
    axes: tuple[Axis, ...]
    required: str
    attained: str
    scale: tuple[tuple[int, float], ...]


def _point(turn: float, radius: float) -> tuple[float, float]:
    angle = 2 * math.pi * turn
    return round(_CENTRE_X + radius * math.sin(angle), 1), round(_CENTRE_Y - radius * math.cos(angle), 1)


def _path(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x},{y}" for x, y in points)


def _two_lines(name: str) -> tuple[str, ...]:
    """Break a name where its two lines are most alike."""
    words = name.split()
    if len(name) <= _LONG or len(words) < 2:
        return (name,)
    breaks = [(" ".join(words[:n]), " ".join(words[n:])) for n in range(1, len(words))]
    return min(breaks, key=lambda lines: max(map(len, lines)))


def draw(levels: Sequence[tuple[str, int, int | None]]) -> Radar:
    """Lay out names with their required and attained levels, clockwise from the top."""
    count = len(levels)
    unit = _RADIUS / HIGHEST_LEVEL
    axes = []
    for place, (name, required, attained) in enumerate(levels):
        turn = place / count
        x, y = _point(turn, _RADIUS + _LABEL_GAP)
        words = _two_lines(name)
        sideways = math.sin(2 * math.pi * turn)
        upwards = math.cos(2 * math.pi * turn)
        anchor = "middle" if abs(sideways) < 0.1 else "start" if sideways > 0 else "end"
        lift = (len(words) - 1) * _LINE * (0.5 + upwards / 2)
        axes.append(
            Axis(
                end=_point(turn, _RADIUS),
                required=_point(turn, unit * required),
                attained=None if attained is None else _point(turn, unit * attained),
                short=attained is not None and attained < required,
                label=(x, round(y - lift + 4, 1)),
                anchor=anchor,
                words=words,
            )
        )
    return Radar(
        width=_WIDTH,
        height=_HEIGHT,
        centre=(_CENTRE_X, _CENTRE_Y),
        line=_LINE,
        rings=tuple(
            _path([_point(n / count, unit * level) for n in range(count)]) for level in range(1, HIGHEST_LEVEL + 1)
        ),
        axes=tuple(axes),
        required=_path([axis.required for axis in axes]),
        attained=_path([axis.attained for axis in axes if axis.attained is not None]),
        scale=tuple((level, round(_CENTRE_Y - unit * level + 11, 1)) for level in (1, 3, 5)),
    )
