"""How costs grow, or do not, with connections, games and histories. gamesvc alone; each curve has its points.

Each experiment measures one point, or a few that belong together, and is done several times; a chart shows the medians.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from bench.histories import measure_histories
from bench.idleness import measure_idleness
from bench.rounds import Laboratory
from bench.samples import Point
from bench.scenarios import Scenario
from bench.servers import GAMESVC

CONNECTIONS = (1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000)
GAMES = (1, 3, 10, 30, 100, 300, 1_000, 3_000, 5_000)
HISTORIES = (100, 1_000, 10_000, 100_000, 1_000_000)
IDLE_GAMES = 5_000
TIMES = 3
JOIN_TIMES = 4

SHORT_COUNTS = (2,)
SHORT_HISTORIES = (40,)
SHORT_IDLE_GAMES = 5

PLAYERS = 10
"""Of a game, where the number of connections grows with that of the games."""


class Experiment(NamedTuple):
    """Something to be measured.

    Attributes:
        title: for people.
        run: measures it.
    """

    title: str
    run: Callable[[Laboratory], list[Point]]


def experiments(short: bool) -> list[Experiment]:
    """All of them, in order.

    Args:
        short: whether only to see that they work.
    """
    times = 1 if short else TIMES
    some: list[Experiment] = []
    for _ in range(times):
        for count in SHORT_COUNTS if short else CONNECTIONS:
            games, players = max(1, count // PLAYERS), min(count, PLAYERS)
            some.append(_fan_out("games of ten", count, games, players))
            some.append(_fan_out("one game", count, 1, count))
        some += [_fan_out("games of two", count, count, 2) for count in (SHORT_COUNTS if short else GAMES)]
    joins = 1 if short else JOIN_TIMES
    histories = SHORT_HISTORIES if short else HISTORIES
    some.append(Experiment("growth: histories", lambda laboratory: measure_histories(laboratory, histories, joins)))
    idle = SHORT_IDLE_GAMES if short else IDLE_GAMES
    some.append(Experiment("growth: idle games", lambda laboratory: measure_idleness(laboratory, idle)))
    return some


def _fan_out(curve: str, x: int, games: int, players: int) -> Experiment:
    scenario = Scenario(curve, curve, "deliveries_per_cpu", games=games, players=players)

    def run(laboratory: Laboratory) -> list[Point]:
        said = laboratory.put_load(scenario, GAMESVC)
        deliveries, connections = said["deliveries"], said["connections"]
        figures = {
            "delivery_us": said["server_cpu_seconds"] / deliveries * 1e6,
            "memory_kb": (said["server_anon_after_kb"] - said["server_anon_before_kb"]) / connections,
            "deliveries_per_second": said["deliveries_per_second"],
            "turn_p50": said["turn_p50"],
            "turn_p99": said["turn_p99"],
        }
        return [Point(curve, x, {name: float(value) for name, value in figures.items()})]

    return Experiment(f"growth: {curve}, {x:,}", run)
