"""What gamesvc wants to reach: each goal is one row, and what was measured says whether it is reached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from bench.figures import FIGURES, Spread, ratio, spread
from bench.samples import Session
from bench.scenarios import BY_NAME as SCENARIOS
from bench.servers import BY_NAME as SERVERS
from bench.servers import GAMESVC, GAMESVC_SQLITE
from bench.table import number, ratio_number


@dataclass(frozen=True)
class Goal:
    """One goal.

    Attributes:
        scenario: its name.
        figure: its name.
        bound: what is wanted: of a ratio at least this, of a figure at most this.
        peer: whom gamesvc is compared with; None: the figure itself counts.
        ours: whose figure it is.
        beside: whether the same is shown with the journal on, beside it.
    """

    scenario: str
    figure: str
    bound: float
    peer: str | None = None
    ours: str = GAMESVC.name
    beside: bool = True

    @property
    def title(self) -> str:
        """For people."""
        what = FIGURES[self.figure].title
        if self.peer is None:
            return f"{what}: at most {self.bound:g}"
        peer = SERVERS[self.peer].title
        return f"{what}: no worse than {peer}" if self.bound == 1 else f"{what}: at least {self.bound:g}x {peer}"


GOALS = (
    Goal("fanout-1", "deliveries_per_cpu", 1.4, "ws"),
    Goal("fanout-1", "deliveries_per_cpu", 1.5, "websockets"),
    Goal("fanout-1", "deliveries_per_cpu", 1.6, "colyseus"),
    Goal("fanout-1", "deliveries_per_cpu", 0.9, "epoll"),
    Goal("fanout-10", "deliveries_per_cpu", 10, "ws"),
    Goal("ask", "commands_per_cpu", 1.8, "ws"),
    Goal("steady", "delivery_p99", 1.0, "ws"),
    Goal("connects", "connects", 1.3, "ws"),
    Goal("connects", "memory", 12),
    Goal("players-20", "commands", 0.6, GAMESVC.name, GAMESVC_SQLITE.name, beside=False),
    Goal("players-200", "commands", 0.6, GAMESVC.name, GAMESVC_SQLITE.name, beside=False),
    Goal("single", "over_sync", 1000, ours=GAMESVC_SQLITE.name, beside=False),
)


class Reached(NamedTuple):
    """A goal, and what was measured of it.

    Attributes:
        goal: which.
        measured: what counts; None where it was not measured.
        beside: the same with the journal on; None where that is not asked for, or was not measured.
    """

    goal: Goal
    measured: Spread | None
    beside: Spread | None

    @property
    def verdict(self) -> str:
        """Whether the goal is reached."""
        if self.measured is None:
            return "not measured"
        middle, bound = self.measured.median, self.goal.bound
        return "reached" if (middle <= bound if self.goal.peer is None else middle >= bound) else "missed"


def judge(session: Session) -> list[Reached]:
    """What was measured of each goal."""
    return [
        Reached(goal, _measured(session, goal, goal.ours), _measured(session, goal, GAMESVC_SQLITE.name, goal.beside))
        for goal in GOALS
    ]


def _measured(session: Session, goal: Goal, ours: str, wanted: bool = True) -> Spread | None:
    if not wanted:
        return None
    if goal.peer is None:
        return spread(session, goal.scenario, ours, goal.figure)
    return ratio(session, goal.scenario, ours, goal.peer, goal.figure)


def sync_in_words(session: Session) -> str:
    """How long the disk takes, beside which the journal is to be seen; empty where it was not asked."""
    sync = spread(session, "single", GAMESVC_SQLITE.name, "sync")
    turn = spread(session, "single", GAMESVC_SQLITE.name, "turn_p50")
    if sync is None or turn is None:
        return ""
    return (
        f"To append 4 KB to a file and sync it took this disk {sync.median:,.0f} µs ({sync.low:,.0f} to "
        f"{sync.high:,.0f}); a player alone waited {turn.median * 1000:,.0f} µs for a reply, its sync included."
    )


def _finely(ratio: float) -> str:
    return f"{ratio:.3f}x"


def as_markdown(session: Session) -> str:
    """The goals, and what was measured, as a table."""
    lines = [
        "| goal | | median of the rounds | lowest to highest | by the median | with SQLite |",
        "| --- | --- | ---: | ---: | --- | ---: |",
    ]
    for goal, measured, beside in judge(session):
        show = number if goal.peer is None else lambda value: f"{ratio_number(value)}x"
        if measured and goal.peer is not None and ratio_number(measured.median) == ratio_number(goal.bound):
            # Else one that is missed by less than is shown would look like a mistake.
            show = _finely
        middle = show(measured.median) if measured else ""
        reach = f"{show(measured.low)} to {show(measured.high)}" if measured else ""
        verdict = Reached(goal, measured, beside).verdict
        cells = (
            SCENARIOS[goal.scenario].title,
            goal.title,
            middle,
            reach,
            verdict,
            show(beside.median) if beside else "",
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)
