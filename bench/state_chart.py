"""The chart of state sync: what each server sends, and what it costs."""

from __future__ import annotations

from bench.figures import FIGURES, Spread
from bench.ratio_chart import BAR, FOOT, MARGIN, NUMBERS, PANEL_WIDTH, ROW, TITLE
from bench.samples import Session
from bench.servers import STATE_SERVERS, Server
from bench.state_table import of
from bench.svg import Drawing
from bench.table import number

PANELS = ("traffic", "update_us")
"""The figure of each."""

NAMES = 148.0


def draw(session: Session) -> str:
    """The chart, as SVG."""
    panels = [(figure, _bars(session, figure)) for figure in PANELS]
    height = TITLE + ROW * max((len(some) for _, some in panels), default=0) + FOOT
    drawing = Drawing(len(panels) * PANEL_WIDTH + MARGIN, height, "State sync: what servers send, and what it costs")
    for place, (figure, some) in enumerate(panels):
        left = MARGIN + place * PANEL_WIDTH
        drawing.text(left, 22, FIGURES[figure].title, "title")
        drawing.text(left, 38, "less is better; thin line: lowest and highest of the rounds", "quiet")
        _panel(drawing, left, TITLE + 4, some)
    return drawing.finished()


def _bars(session: Session, figure: str) -> list[tuple[Server, Spread]]:
    some = [(server, of(session, server, figure)) for server in STATE_SERVERS]
    return [(server, each) for server, each in some if each is not None]


def _panel(drawing: Drawing, left: float, top: float, some: list[tuple[Server, Spread]]) -> None:
    start, width = left + NAMES, PANEL_WIDTH - NAMES - NUMBERS - MARGIN
    most = max((each.high for _, each in some), default=0.0) or 1.0
    for row, (server, each) in enumerate(some):
        y = top + row * ROW
        middle = y + ROW / 2
        drawing.text(start - 8, middle + 4, server.title, "", "end")
        kind = "bar first" if server.is_ours else "bar second"
        drawing.rectangle(start, middle - BAR, width * each.median / most, 2 * BAR, kind)
        drawing.line([(start + width * value / most, middle) for value in (each.low, each.high)], "reach")
        drawing.text(start + width + 8, middle + 4, number(each.median))
    drawing.line([(start, top), (start, top + ROW * len(some))], "axis")
