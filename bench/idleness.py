"""What games cost in which nothing happens."""

from __future__ import annotations

import time

from bench import generator
from bench.crowds import crowd, lines, targets
from bench.generator import Load, Measured
from bench.processes import Running, cpu_seconds, running
from bench.rounds import Laboratory
from bench.samples import Point
from bench.servers import GAMESVC

SETTLE_SECONDS = 6.0
"""How long a game may take to notice that everybody has left."""

WINDOWS = 4
"""Windows of a sample's length for which nothing is done."""


def measure_idleness(laboratory: Laboratory, games: int) -> list[Point]:
    """Look at games with a connection each, at as many connections to one game, at games without, and at none.

    Args:
        laboratory: what to measure with.
        games: how many.
    """
    seconds = laboratory.seconds * WINDOWS
    points = []
    for curve, count, players in (("idle games, one in each", games, 1), ("one idle game with all of them", 1, games)):
        with running(laboratory.places, GAMESVC, laboratory.cores.server) as process:
            said = _load(laboratory, process, "idle", count, players, seconds)
            points.append(Point(curve, count * players, {"ms": said["server_cpu_seconds"] / said["seconds"] * 1e3}))
    for curve, count in (("idle games, nobody there", games), ("no game", 0)):
        with running(laboratory.places, GAMESVC, laboratory.cores.server) as process:
            if count:
                # A game in which nothing has happened yet is forgotten when it is left.
                _load(laboratory, process, "closed", count, 1, laboratory.seconds)
                time.sleep(min(SETTLE_SECONDS, seconds))
            points.append(Point(curve, count, {"ms": _spent(process, seconds) / seconds * 1e3}))
    return points


def _spent(process: Running, seconds: float) -> float:
    before = cpu_seconds(process.pid)
    time.sleep(seconds)
    return cpu_seconds(process.pid) - before


def _load(laboratory: Laboratory, process: Running, mode: str, games: int, players: int, seconds: float) -> Measured:
    connections = list(crowd(games, players, 1))
    file = process.data / "connections"
    file.write_text(lines(connections, targets(GAMESVC.dialect, process.port, connections)))
    load = Load(mode, file, GAMESVC.dialect.options("say"), 0.0, seconds)
    return generator.run(laboratory.places.build / "load", load, process.port, process.pid, laboratory.cores.generator)
