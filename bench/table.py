"""The table of all figures: a section for each scenario, with a row for each server; for a terminal or in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bench.figures import FIGURES, Spread, ratio, spread
from bench.samples import Session
from bench.scenarios import SCENARIOS, Scenario
from bench.servers import GAMESVC, GAMESVC_SQLITE, SERVERS, Server

HEAD = (
    "server",
    "deliveries/s",
    "per CPU s",
    "commands/s",
    "per CPU s",
    "p50 ms",
    "p99 ms",
    "connects/s",
    "per CPU s",
    "KB each",
    "idle",
    "gamesvc is",
    "with SQLite",
)

Row = Sequence[str]


def sections(session: Session) -> Iterable[tuple[str, list[Row]]]:
    """The scenarios that were measured, each with its rows.

    Args:
        session: what was measured.
    """
    for scenario in SCENARIOS:
        rows = [_row(session, scenario, server) for server in SERVERS if session.measured(scenario.name, server.name)]
        if rows:
            yield f"{scenario.title} (compared: {FIGURES[scenario.figure].title})", rows


def _row(session: Session, scenario: Scenario, server: Server) -> Row:
    def shown(*figures: str) -> str:
        of = [spread(session, scenario.name, server.name, figure) for figure in figures]
        return next((number(each.median) for each in of if each is not None), "")

    idle = spread(session, scenario.name, server.name, "idle")
    is_open = scenario.mode == "open"
    is_connect = scenario.mode == "connect"
    told = scenario.command == "say" and not is_connect
    return (
        server.title,
        shown("deliveries") if told else "",
        shown("deliveries_per_cpu") if told else "",
        "" if is_connect else shown("commands"),
        "" if is_connect else shown("commands_per_cpu"),
        "" if is_connect else shown("delivery_p50" if is_open else "turn_p50"),
        "" if is_connect else shown("delivery_p99" if is_open else "turn_p99"),
        shown("connects") if is_connect else "",
        shown("connects_per_cpu") if is_connect else "",
        shown("memory") if is_connect else "",
        f"{idle.median:.0%}" if idle else "",
        *(compared(_against(session, scenario, ours, server)) for ours in (GAMESVC, GAMESVC_SQLITE)),
    )


def _against(session: Session, scenario: Scenario, ours: Server, theirs: Server) -> Spread | None:
    if theirs is ours or theirs is GAMESVC_SQLITE:
        return None
    return ratio(session, scenario.name, ours.name, theirs.name, scenario.figure)


def compared(times: Spread | None) -> str:
    """A ratio, with its spread over the rounds; empty where there is none."""
    if times is None:
        return ""
    low, high = ratio_number(times.low), ratio_number(times.high)
    return f"{ratio_number(times.median)}x" + (f" ({low} to {high})" if low != high else "")


def ratio_number(value: float) -> str:
    """A ratio, with two decimals where that says something."""
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def number(value: float) -> str:
    """A number with three digits that count, or all before the point."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def for_terminal(session: Session) -> str:
    """The table in columns."""
    return in_columns(HEAD, sections(session))


def as_markdown(session: Session) -> str:
    """The table in Markdown; the title of a scenario is a row of its own."""
    return in_markdown(HEAD, sections(session))


def in_columns(head: Row, sections: Iterable[tuple[str, list[Row]]]) -> str:
    """A table for a terminal.

    Args:
        head: the titles of its columns.
        sections: each with its title and rows.
    """
    parts = list(sections)
    rows = [head, *(row for _, some in parts for row in some)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]

    def line(row: Row) -> str:
        cells = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        return "  ".join([row[0].ljust(widths[0]), *cells]).rstrip()

    lines = []
    for title, some in parts:
        lines += ["", title, line(head), *(line(row) for row in some)]
    return "\n".join(lines)


def in_markdown(head: Row, sections: Iterable[tuple[str, list[Row]]]) -> str:
    """A table in Markdown.

    Args:
        head: the titles of its columns.
        sections: each with its title, which is a row of its own unless it is empty, and its rows.
    """
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    for title, rows in sections:
        if title:
            lines.append(f"| **{title}** |" + " |" * (len(head) - 1))
        lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)
