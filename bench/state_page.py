"""docs/state-sync.md: the page that tells what it costs to show the state of a game in which much moves."""

from __future__ import annotations

from pathlib import Path

from bench import state_chart, state_table
from bench.page import check, missing, together, versions
from bench.samples import Session
from bench.scenarios import STATE
from bench.servers import DEFLATED, PATCHES, ROOM_FOR_THE_LOAD, STATE_BY_NAME, STATE_SERVERS, Server
from bench.state_table import against, of
from bench.table import number, ratio_number

METHOD = f"""\
One game has 60 entities in a square. Twenty times a second all of them move; one of them turns, and one is hit
(`bench/herd.py`, `bench/peers/node/herd.js`). 100 viewers are connected who keep its state, and send nothing. The
server has a processor core to itself, and the load generator, a program in C, another; everything goes over loopback.
Each sample has a server of its own, which is warmed up for a second with the same load. In each round every server is
measured, in another order each time. A figure is the median of the rounds; a ratio is taken within each round, and its
median is shown with the lowest and the highest.

- *KB/s a viewer*, *bytes an update*: what came out of a viewer's socket, with the heads of the WebSocket frames, and
  without those of TCP and IP. A KB has 1,000 bytes here.
- *updates/s*: what a viewer got; 20 are due. A timer of Node.js waits whole milliseconds, and a little more.
- *CPU*: the processor time of the server's process, all threads and the kernel's part included: in a second, and
  for one update to one viewer. The tick itself is in it.
- *gap*: from one update to the next at the same viewer; 50 ms are due.
- *idle*: what the load generator did not need of its own core.
- *gamesvc is*, *deflated*: gamesvc against that server, without compression and with it. More than 1 says that gamesvc
  takes less.

Coordinates are from 0 to 600. gamesvc rounds them to two decimals. Colyseus sends them as `float32`, or with 16 bits
(`t.quantized`), in steps of 0.009. The viewers do not apply what they are sent: what that costs them is not measured.

gamesvc is started with its journal in SQLite, where a game of this kind (`durability="snapshot"`) is saved every few
seconds, and with `{" ".join(ROOM_FOR_THE_LOAD)}`, which nobody here makes use of. The peers save nothing."""


def write(session: Session, checkout: Path) -> None:
    """Write the page and its chart.

    Args:
        session: what was measured.
        checkout: where `docs` is.

    Raises:
        Failure: these samples are not worth a page.
    """
    check(session, [STATE], STATE_SERVERS)
    docs = checkout / "docs"
    (docs / "state-sync.svg").write_text(state_chart.draw(session))
    notes = checkout / "bench" / "state_notes.md"
    (docs / "state-sync.md").write_text(page(session, notes.read_text() if notes.exists() else ""))


def page(session: Session, notes: str) -> str:
    """The page, in Markdown.

    Args:
        session: what was measured.
        notes: what a person has to say about it, in Markdown.
    """
    return together(
        [
            "# State sync",
            in_words(session),
            "![What servers send, and what it costs](state-sync.svg)",
            "This page is made by `make bench`, as it came out; what is said about it is from `bench/state_notes.md`. "
            "What commands and events cost is on [another page](performance.md).",
            "## All figures",
            state_table.as_markdown(session),
            notes.strip(),
            "## How it is measured",
            METHOD,
            "## What was measured",
            versions(session),
            missing(session, STATE_BY_NAME),
            _again(session),
        ]
    )


def in_words(session: Session) -> str:
    """What each sends and takes, and how gamesvc compares."""
    lines = []
    for server in STATE_SERVERS:
        traffic, spent = of(session, server, "traffic"), of(session, server, "cpu")
        if traffic and spent:
            line = (
                f"- {server.title}: {number(traffic.median)} KB/s a viewer, {number(spent.median)} ms of CPU a second"
            )
            cheaper, shorter = _ratios(session, server, "update_us"), _ratios(session, server, "traffic")
            lines.append(line + (f"; gamesvc is {cheaper} in CPU, and {shorter} in KB/s" if cheaper else ""))
    return (
        "**The result.** 60 entities move 20 times a second, and 100 viewers keep the state. More than 1x says that "
        "gamesvc takes less:\n\n" + "\n".join(lines)
    )


def _ratios(session: Session, server: Server, figure: str) -> str:
    """How gamesvc compares, as it comes and deflated; empty where either was not measured."""
    plain, deflated = (against(session, ours, server, figure) for ours in (PATCHES, DEFLATED))
    if plain is None or deflated is None:
        return ""
    return f"{ratio_number(plain.median)}x ({ratio_number(deflated.median)}x deflated)"


def _again(session: Session) -> str:
    return f"""\
## Measure it yourself

    make bench ARGS="--scenarios state --rounds {session.rounds} --seconds {session.seconds:g}"   # this page alone
    make bench ARGS="--scenarios state --report"                # again, from the samples in build/bench/state

It wants Linux, a C compiler and two cores, and for the peers Node.js with npm. Nothing else should run on the machine
meanwhile."""
