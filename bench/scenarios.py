"""What is measured: each scenario is one row. How many are connected, who sends what, and which figure is compared."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Mode = Literal["closed", "open", "connect", "idle", "watch"]
"""How the load is made: senders wait for the reply before they send again, they send at a rate, or nobody sends: then
connections are made, or held, or what comes by itself is counted."""


@dataclass(frozen=True)
class Scenario:
    """One kind of load.

    Attributes:
        name: for the command line.
        title: for people.
        figure: the name of the figure that is compared.
        mode: how the load is made.
        games: how many.
        players: connections to each.
        senders: how many of these send.
        command: what they send: `say` is told to everybody in the game, `ask` is answered to the sender alone.
        rate: commands a second, of all senders together; for the mode ``open``.
        all_servers: whether peers take part, or gamesvc alone.
        in_short: whether the short form has it.
        least_seconds: how long a sample has to be at least, that something happens in it.
    """

    name: str
    title: str
    figure: str
    mode: Mode = "closed"
    games: int = 10
    players: int = 100
    senders: int = 1
    command: Literal["say", "ask"] = "say"
    rate: float = 0.0
    all_servers: bool = True
    in_short: bool = True
    least_seconds: float = 0.0

    @property
    def connections(self) -> int:
        """Of all games together."""
        return self.games * self.players

    def small(self) -> Scenario:
        """The same with a few connections, to see whether it works."""
        players = min(self.players, 4)
        games = min(self.games, 3)
        share = games * players / self.connections
        return replace(
            self, games=games, players=players, senders=min(self.senders, players), rate=max(20.0, self.rate * share)
        )


SCENARIOS = (
    Scenario("fanout-1", "Fan-out: 10 games of 100, one sends", "deliveries_per_cpu"),
    Scenario("fanout-10", "Fan-out: 10 games of 100, ten send", "deliveries_per_cpu", senders=10, in_short=False),
    Scenario(
        "ask", "Request and reply: 10 games of 10, all ask", "commands_per_cpu", players=10, senders=10, command="ask"
    ),
    Scenario("steady", "20,000 deliveries/s: 10 games of 100, one sends", "delivery_p99", "open", rate=200.0),
    Scenario("connects", "Connect: 2,000 connections to 20 games", "connects", "connect", games=20, senders=0),
    Scenario(
        "players-20",
        "200 players, all send: 20 games of 10",
        "commands",
        games=20,
        players=10,
        senders=10,
        all_servers=False,
        in_short=False,
    ),
    Scenario(
        "players-200",
        "200 players, all send: 200 games of 1",
        "commands",
        games=200,
        players=1,
        all_servers=False,
        in_short=False,
    ),
    Scenario("single", "One player alone", "turn_p50", games=1, players=1, all_servers=False),
)

STATE = Scenario(
    "state",
    "State sync: 60 entities move at 20 Hz, 100 viewers",
    "update_us",
    "watch",
    games=1,
    senders=0,
    least_seconds=0.5,
)
"""It has servers of its own, and a page of its own."""

BY_NAME = {scenario.name: scenario for scenario in (*SCENARIOS, STATE)}
