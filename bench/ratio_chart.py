"""The chart of ratios: how many times as good gamesvc is as each peer, in each scenario."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from bench.figures import FIGURES, Spread, ratio
from bench.samples import Session
from bench.scenarios import BY_NAME as SCENARIOS
from bench.servers import GAMESVC, GAMESVC_SQLITE, SERVERS
from bench.svg import Drawing
from bench.table import ratio_number

PANELS = (
    ("fanout-1", "deliveries_per_cpu"),
    ("fanout-10", "deliveries_per_cpu"),
    ("ask", "commands_per_cpu"),
    ("steady", "delivery_p99"),
    ("connects", "connects"),
    ("connects", "memory"),
)
"""Scenario and figure of each."""

COLUMNS = 2
PANEL_WIDTH, MARGIN, NAMES, NUMBERS = 480.0, 20.0, 148.0, 86.0
ROW, BAR, TITLE, FOOT = 24.0, 7.0, 44.0, 34.0
TOP = 56.0


class Bar(NamedTuple):
    """What is drawn of one peer.

    Attributes:
        peer: its title.
        off: the ratio with the journal off.
        on: with the journal on; None where it was not measured.
    """

    peer: str
    off: Spread
    on: Spread | None


def bars(session: Session, scenario: str, figure: str) -> list[Bar]:
    """What is drawn in one panel."""
    some = []
    for peer in SERVERS:
        off = None if peer.is_ours else ratio(session, scenario, GAMESVC.name, peer.name, figure)
        if off is not None:
            some.append(Bar(peer.title, off, ratio(session, scenario, GAMESVC_SQLITE.name, peer.name, figure)))
    return some


def draw(session: Session) -> str:
    """The chart, as SVG."""
    panels = [(SCENARIOS[name], FIGURES[figure], bars(session, name, figure)) for name, figure in PANELS]
    panels = [panel for panel in panels if panel[2]]
    height = TITLE + ROW * max((len(some) for *_, some in panels), default=0) + FOOT
    rows = math.ceil(len(panels) / COLUMNS)
    drawing = Drawing(COLUMNS * PANEL_WIDTH + MARGIN, TOP + rows * height, "gamesvc compared with other servers")
    drawing.text(MARGIN, 24, "gamesvc against each server: how many times as good", "title")
    drawing.rectangle(MARGIN, 34, 14, BAR, "bar first")
    drawing.text(MARGIN + 20, 42, "journal off", "quiet")
    drawing.rectangle(MARGIN + 100, 34, 14, BAR, "bar first pale")
    drawing.text(MARGIN + 120, 42, "SQLite FULL", "quiet")
    drawing.rectangle(MARGIN + 210, 34, 14, BAR, "bar lost")
    drawing.text(MARGIN + 230, 42, "the other one is better", "quiet")
    drawing.text(MARGIN + 390, 42, "thin line: lowest and highest of the rounds", "quiet")
    for place, (scenario, figure, some) in enumerate(panels):
        left = MARGIN + place % COLUMNS * PANEL_WIDTH
        top = TOP + place // COLUMNS * height
        drawing.text(left, top + 18, scenario.title, "title")
        drawing.text(left, top + 34, figure.title + ("" if figure.more_is_better else " (less is better)"), "quiet")
        _panel(drawing, left, top + TITLE, some)
    return drawing.finished()


def _panel(drawing: Drawing, left: float, top: float, some: Sequence[Bar]) -> None:
    start, width = left + NAMES, PANEL_WIDTH - NAMES - NUMBERS - MARGIN
    reach = [value for bar in some for each in (bar.off, bar.on) if each for value in (each.low, each.high, 1.0)]
    low, high = min(reach) / 1.1, max(reach) * 1.1

    def at(value: float) -> float:
        return start + width * math.log(value / low) / math.log(high / low)

    bottom = top + ROW * len(some)
    for tick in ticks(low, high):
        drawing.line([(at(tick), top), (at(tick), bottom)], "axis" if tick == 1 else "line")
        drawing.text(at(tick), bottom + 14, f"{tick:g}x", "quiet", "middle")
    for row, bar in enumerate(some):
        y = top + row * ROW
        drawing.text(start - 8, y + 15, bar.peer, "", "end")
        for offset, spread, pale in ((4.0, bar.off, ""), (13.0, bar.on, " pale")):
            if spread is not None:
                ends = sorted((at(1.0), at(spread.median)))
                colour = "first" if spread.median >= 1 else "lost"
                drawing.rectangle(ends[0], y + offset, ends[1] - ends[0], BAR, f"bar {colour}{pale}")
                middle = y + offset + BAR / 2
                drawing.line([(at(spread.low), middle), (at(spread.high), middle)], "reach")
        drawing.text(start + width + 8, y + 15, _label(bar))


def _label(bar: Bar) -> str:
    return " · ".join(f"{ratio_number(each.median)}x" for each in (bar.off, bar.on) if each)


def ticks(low: float, high: float) -> list[float]:
    """Round numbers between two, some for each power of ten; always 1, where it is between."""
    steps = (1, 2, 5) if high / low < 100 else (1,)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [step * 10.0**power for power in powers for step in steps if low <= step * 10.0**power <= high]
