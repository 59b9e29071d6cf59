"""The charts of growth: what something costs, over how many there are."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from bench.samples import Point, Session
from bench.svg import Drawing
from bench.table import number

COLOURS = ("first", "second", "third", "lost")
COLUMNS = 2
WIDTH, HEIGHT = 470.0, 300.0
LEFT, RIGHT, TOP, BOTTOM = 62.0, 40.0, 62.0, 52.0


class Panel(NamedTuple):
    """One chart.

    Attributes:
        title: what is shown, with its unit.
        over: what the horizontal axis counts.
        figure: its name.
        curves: their names.
        fewest: where the horizontal axis begins: with fewer, what a server takes for itself counts for too much.
    """

    title: str
    over: str
    figure: str
    curves: tuple[str, ...]
    fewest: float = 0


PANELS = (
    Panel("µs of CPU a delivery", "connections", "delivery_us", ("games of ten", "one game")),
    Panel("µs of CPU a delivery, games of two", "games", "delivery_us", ("games of two",)),
    Panel("KB of memory a connection", "connections", "memory_kb", ("games of ten", "one game"), 100),
    Panel("KB of memory a connection, games of two", "games", "memory_kb", ("games of two",), 100),
    Panel("µs of CPU a join", "events in the history", "join_us", ("missed 0", "missed 10", "missed 1,000")),
    Panel("bytes sent a join", "events in the history", "bytes", ("missed 0", "missed 10", "missed 1,000")),
    Panel(
        "ms until the first is in, after a restart",
        "events in the history",
        "ms",
        ("first to join", "first who missed 10", "first who missed 1,000"),
    ),
    Panel("µs of CPU a command, SQLite FULL", "events in the history", "command_us", ("a command",)),
)

IDLE = ("no game", "idle games, nobody there", "one idle game with all of them", "idle games, one in each")
"""Curves of one point each, which are told in a table."""


def medians(points: Sequence[Point], curve: str, figure: str, fewest: float = 0) -> list[tuple[float, float]]:
    """One curve: for each x that is not below the fewest, in order, the median of what was measured."""
    found: defaultdict[float, list[float]] = defaultdict(list)
    for point in points:
        if point.curve == curve and figure in point.figures and point.x >= fewest:
            found[point.x].append(point.figures[figure])
    return sorted((x, median(values)) for x, values in found.items())


def draw(session: Session) -> str:
    """The charts, as one SVG."""
    panels = [panel for panel in PANELS if any(_curves(panel, session.growth).values())]
    rows = math.ceil(len(panels) / COLUMNS)
    drawing = Drawing(COLUMNS * WIDTH, rows * HEIGHT, "What gamesvc costs, as it grows")
    for place, panel in enumerate(panels):
        _panel(drawing, place % COLUMNS * WIDTH, place // COLUMNS * HEIGHT, panel, session.growth)
    return drawing.finished()


def _curves(panel: Panel, points: Sequence[Point]) -> dict[str, list[tuple[float, float]]]:
    return {curve: medians(points, curve, panel.figure, panel.fewest) for curve in panel.curves}


def _panel(drawing: Drawing, left: float, top: float, panel: Panel, points: Sequence[Point]) -> None:
    curves = _curves(panel, points)
    every = [point for curve in curves.values() for point in curve]
    lowest, highest = min(x for x, _ in every), max(x for x, _ in every)
    decades = math.log10(highest / lowest) if highest > lowest else 1.0
    ceiling = _ceiling(max(y for _, y in every))
    start, width = left + LEFT, WIDTH - LEFT - RIGHT
    floor, height = top + HEIGHT - BOTTOM, HEIGHT - TOP - BOTTOM

    def at(x: float, y: float) -> tuple[float, float]:
        return start + width * math.log10(x / lowest) / decades, floor - height * y / ceiling

    drawing.text(left + 16, top + 22, panel.title, "title")
    drawing.text(start + width / 2, floor + 34, panel.over, "quiet", "middle")
    for step in range(5):
        y = ceiling * step / 4
        drawing.line([(start, at(lowest, y)[1]), (start + width, at(lowest, y)[1])], "axis" if not step else "line")
        drawing.text(start - 6, at(lowest, y)[1] + 4, f"{y:,g}", "quiet", "end")
    for power in range(math.floor(math.log10(lowest)), math.ceil(math.log10(highest)) + 1):
        if lowest <= 10**power <= highest:
            drawing.text(at(10**power, 0)[0], floor + 16, f"{10**power:,}", "quiet", "middle")
    legend = left + 16
    for colour, (curve, some) in zip(COLOURS, curves.items(), strict=False):
        if some:
            drawing.line([at(x, y) for x, y in some], f"curve {colour}")
            for x, y in some:
                drawing.dot(*at(x, y), colour)
            if len(curves) > 1:
                drawing.dot(legend + 4, top + 38, colour)
                drawing.text(legend + 12, top + 42, curve, "quiet")
                legend += 30 + 6.2 * len(curve)


def _ceiling(value: float) -> float:
    """A round number that is not below a value."""
    if value <= 0:
        return 1.0
    unit = 10.0 ** math.floor(math.log10(value))
    return next(step * unit for step in (1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10) if step * unit >= value)


def idle_table(session: Session) -> str:
    """What is spent where nothing happens, in Markdown; empty where it was not measured."""
    rows = [(curve, medians(session.growth, curve, "ms")) for curve in IDLE]
    lines = [f"| {curve} | {x:,.0f} | {number(y)} |" for curve, some in rows for x, y in some]
    head = ["| | how many | ms of CPU a second |", "| --- | ---: | ---: |"]
    return "\n".join(head + lines) if lines else ""
