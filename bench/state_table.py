"""The table of state sync: a row for each server, with what it sends, what that costs it, and how even it comes."""

from __future__ import annotations

from bench.figures import Spread, ratio, spread
from bench.samples import Session
from bench.scenarios import STATE
from bench.servers import DEFLATED, PATCHES, STATE_SERVERS, Server
from bench.table import Row, compared, in_columns, in_markdown, number

HEAD = (
    "server",
    "KB/s a viewer",
    "bytes an update",
    "updates/s",
    "CPU ms/s",
    "CPU µs an update",
    "gap p50 ms",
    "gap p99 ms",
    "idle",
    "CPU: gamesvc is",
    "deflated",
    "KB/s: gamesvc is",
    "deflated",
)

_FIGURES = ("traffic", "update_bytes", "updates", "cpu", "update_us", "gap_p50", "gap_p99")


def rows(session: Session) -> list[Row]:
    """A row for each server that was measured."""
    return [_row(session, server) for server in STATE_SERVERS if session.measured(STATE.name, server.name)]


def of(session: Session, server: Server, figure: str) -> Spread | None:
    """A server's figure over the rounds; None where it was not measured."""
    return spread(session, STATE.name, server.name, figure)


def against(session: Session, ours: Server, theirs: Server, figure: str) -> Spread | None:
    """How many times as good gamesvc is as another; None where that was not measured, and for gamesvc itself."""
    return None if theirs.is_ours else ratio(session, STATE.name, ours.name, theirs.name, figure)


def _row(session: Session, server: Server) -> Row:
    shown = [of(session, server, figure) for figure in _FIGURES]
    idle = of(session, server, "idle")
    return (
        server.title,
        *(number(each.median) if each else "" for each in shown),
        f"{idle.median:.0%}" if idle else "",
        *(
            compared(against(session, ours, server, figure))
            for figure in ("update_us", "traffic")
            for ours in (PATCHES, DEFLATED)
        ),
    )


def for_terminal(session: Session) -> str:
    """The table in columns."""
    return in_columns(HEAD, [(STATE.title, rows(session))])


def as_markdown(session: Session) -> str:
    """The table in Markdown."""
    return in_markdown(HEAD, [("", rows(session))])
