"""docs/performance.md: the page that tells what was measured, with its charts. It is made anew each time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from bench import goals, growth_chart, ratio_chart
from bench.figures import FIGURES, Spread, ratio
from bench.processes import Failure
from bench.ratio_chart import PANELS
from bench.rounds import plan
from bench.samples import Session
from bench.scenarios import BY_NAME as SCENARIOS
from bench.scenarios import SCENARIOS as OF_ROOMS
from bench.scenarios import Scenario
from bench.servers import BY_NAME as SERVERS
from bench.servers import GAMESVC, ROOM_FOR_THE_LOAD, Server
from bench.table import as_markdown, ratio_number

METHOD = """\
One machine: the server has a processor core to itself, and the load generator, a program in C, another. Where the
generator has little time left (*idle*), what is said per second is its own limit, not the server's; what is said per
CPU second holds all the same. Everything goes over loopback.

Each sample has a server of its own that is started for it, is warmed up for a second with the same load, and is then
measured; connections are made twice, and the second time tells how fast. In each round every server is measured in
every scenario, in another order each time. A figure is the median of the rounds; a ratio is taken within each round,
and its median is shown with the lowest and the highest.

- *per CPU s*: what the server did, by the processor time that its process took for it, all threads and the kernel's
  part included. Where the server is busy all the time, that is what it does in a second.
- *p50*, *p99*: from the command to its reply at the sender; at 20,000 deliveries/s from the time at which a command
  was due to the arrival of the event at each of the 100.
- *idle*: what the load generator did not need of its own core.
- *KB each*: by how much the private memory (RssAnon) of the server's process grew, by connections.
- *gamesvc is*, *with SQLite*: gamesvc against that server, in what the title of the section says, with the journal
  off and on. More than 1 says that gamesvc is the better one. `with SQLite` in the row of gamesvc itself is what the
  journal costs.

Every server has the same rooms: a command is parsed, its event gets the next number of its game and goes to everybody
in it, then the sender gets a reply. gamesvc does more with each: it checks the command against its signature, holds
the sender to their rate, can take back what failed, and with SQLite has it on disk before anybody hears of it. The
peers do nothing of that; *bare Python* even less: it is no server, but the least that one written in Python has to
do, and so tells the price of the language from that of what is done with it. The others are written as a user of that
library would write them for speed (`bench/peers`): without compression, an event encoded once, JSON by orjson in
Python. Those in asyncio run on asyncio's own event loop, not on uvloop. Colyseus and socket.io speak their own
protocols; Colyseus' clients get their seats by HTTP before, which is not counted."""


def write(session: Session, checkout: Path) -> None:
    """Write the page and its charts.

    Args:
        session: what was measured.
        checkout: where `docs` is.

    Raises:
        Failure: these samples are not worth a page.
    """
    check(session, OF_ROOMS, SERVERS.values())
    docs = checkout / "docs"
    if session.samples:
        (docs / "performance.svg").write_text(ratio_chart.draw(session))
    if session.growth:
        (docs / "growth.svg").write_text(growth_chart.draw(session))
    notes = checkout / "bench" / "notes.md"
    (docs / "performance.md").write_text(page(session, notes.read_text() if notes.exists() else ""))


def check(session: Session, scenarios: Iterable[Scenario], servers: Iterable[Server]) -> None:
    """See to it that there is what a page is made of: a sample of every server that there was, in every scenario and
    round.

    Args:
        session: what was measured.
        scenarios: those that the page is about.
        servers: the same.

    Raises:
        Failure: these samples are not worth a page.
    """
    if session.short:
        raise Failure("these samples are of the short form, which only shows that the benchmark works")
    present = [server for server in servers if server.name not in session.absent]
    wanted = {(step.round, step.scenario.name, step.server.name) for step in plan(session.rounds, scenarios, present)}
    missing = wanted - {(each.round, each.scenario, each.server) for each in session.samples}
    if missing:
        raise Failure(f"these samples are of a part, and not worth a page: {len(missing)} are not there")


def page(session: Session, notes: str) -> str:
    """The page, in Markdown.

    Args:
        session: what was measured.
        notes: what a person has to say about it, in Markdown.
    """
    parts = ["# Performance"]
    if session.samples:
        parts += [in_words(session), "![gamesvc against each server](performance.svg)"]
    parts.append(
        "This page is made by `make bench`, as it came out; what is said about the curves is from `bench/notes.md`. "
        "What it costs to show the state of a game in which much moves is on [another page](state-sync.md)."
    )
    if session.samples:
        parts += ["## All figures", as_markdown(session)]
        parts += ["## Goals", goals.as_markdown(session), goals.sync_in_words(session)]
    if session.growth:
        parts += ["## Growth", "![What gamesvc costs, as it grows](growth.svg)", growth_chart.idle_table(session)]
    parts += [notes.strip(), "## How it is measured", METHOD, _options(), "## What was measured", versions(session)]
    parts += [missing(session, SERVERS), _again(session)]
    return together(parts)


def together(parts: Iterable[str]) -> str:
    """A page of its parts, without those that are empty."""
    return "\n\n".join(part for part in parts if part) + "\n"


def in_words(session: Session) -> str:
    """Who is ahead of whom, and which goals are missed."""
    compared = [
        (peer, scenario, figure, times)
        for scenario, figure in PANELS
        for peer in SERVERS.values()
        if not peer.is_ours and (times := ratio(session, scenario, GAMESVC.name, peer.name, figure)) is not None
    ]
    ahead = [each for each in compared if each[3].low > 1]
    behind = [each for each in compared if each[3].high < 1]
    level = [each for each in compared if each not in ahead and each not in behind]
    reached = [each.verdict for each in goals.judge(session)]
    text = (
        f"**The result.** With the journal off, gamesvc is ahead in {len(ahead)} of {len(compared)} comparisons with "
        f"other servers, behind in {len(behind)}, and in {len(level)} the rounds do not agree. Of {len(reached)} "
        f"[goals](#goals), {reached.count('reached')} are reached and {reached.count('missed')} missed. In what "
        "follows, more than 1x says that gamesvc is the better one, also where less is better."
    )
    for title, some in (("It is behind", behind), ("The rounds do not agree about", level), ("It is ahead of", ahead)):
        if some:
            text += f"\n\n{title}:\n\n" + "\n".join(_by_scenario(some))
    return text


Comparison = tuple[Server, str, str, Spread]


def _by_scenario(some: list[Comparison]) -> list[str]:
    lines = []
    for scenario, figure in PANELS:
        peers = [
            f"{peer.title} ({ratio_number(times.median)}x)"
            for peer, name, kind, times in some
            if (name, kind) == (scenario, figure)
        ]
        if peers:
            lines.append(f"- {SCENARIOS[scenario].title}, {FIGURES[figure].title}: {', '.join(peers)}")
    return lines


def _options() -> str:
    options = " ".join(ROOM_FOR_THE_LOAD)
    return (
        'gamesvc is started with `--journal=memory` ("journal off": nothing survives the process), or '
        f"`--journal=sqlite:FILE` (every command synced, `synchronous=FULL`), and with `{options}`: the bounds that "
        "would stop the load are raised, and still counted. All others are as they come."
    )


def versions(session: Session) -> str:
    """What was measured, on what and when, as a table."""
    rows = [*session.machine.items(), *session.versions.items()]
    rows += [("date", session.date), ("rounds", f"{session.rounds}, {session.seconds:g} s each sample")]
    return "\n".join(["| | |", "| --- | --- |", *(f"| {name} | {value} |" for name, value in rows)])


def missing(session: Session, servers: Mapping[str, Server]) -> str:
    """What could not be measured, and why; empty where all was.

    Args:
        session: what was measured.
        servers: those that it is about, by their names.
    """
    lines = [f"- {servers[name].title} was left out: {reason}" for name, reason in session.absent.items()]
    lines += [
        f"- {servers[sample.server].title}, {SCENARIOS[sample.scenario].title}, round {sample.round + 1}, failed: "
        + " ".join(sample.failure.split())
        for sample in session.failures()
    ]
    lines += [f"- {' '.join(trouble.split())}" for trouble in session.troubles]
    return "\n".join(["## What could not be measured", "", *lines]) if lines else ""


def _again(session: Session) -> str:
    return f"""\
## Measure it yourself

    make bench                                   # all of it, and of state sync; about an hour
    make bench ARGS="--rounds {session.rounds} --seconds {session.seconds:g}"      # what this page was made with
    make bench ARGS="--peers gamesvc,ws --scenarios fanout-1"      # a part, which writes no page
    make bench ARGS="--report"                   # this page again, from the samples in build/bench

It wants Linux, a C compiler and two cores, and for the peers in JavaScript Node.js with npm. Nothing else should run on
the machine meanwhile."""
