"""What it costs to join a game with a long history. The history is written by playing, with the journal in SQLite."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

from bench import generator
from bench.crowds import crowd, lines
from bench.generator import Load
from bench.processes import Running, cpu_seconds, running
from bench.rounds import Laboratory
from bench.samples import Point
from bench.servers import GAMESVC_SQLITE
from bench.visitor import PROTOCOL, Visitor

JOINS = 500
"""How many come at once, all of them as one player: the names of who is there are a part of the welcome."""

REST_SECONDS = 0.05
"""A server that did nothing for so long is done with those who were there before."""

MISSED = (0, 10, 1_000)
"""How many events those who join have missed; 0: they ask for none."""

_PLAYER = {"player": "visitor"}

SERVER = replace(
    GAMESVC_SQLITE,
    command=lambda places, port, data: [
        *GAMESVC_SQLITE.command(places, port, data),
        "--max-connections-per-player=0",
    ],
)


def measure_histories(laboratory: Laboratory, sizes: Sequence[int], times: int) -> list[Point]:
    """Let one game grow, and join it at each size; each time the server is a new one, and has to load it.

    Args:
        laboratory: what to measure with.
        sizes: numbers of events, from the smallest.
        times: how often each kind of join is measured, after a first time that does not count.
    """
    points: list[Point] = []
    with tempfile.TemporaryDirectory(prefix="history-", dir=laboratory.places.build) as directory:
        data = Path(directory)
        for size in sizes:
            with running(laboratory.places, SERVER, laboratory.cores.server, data) as process:
                points.append(_write(process, size))
            with running(laboratory.places, SERVER, laboratory.cores.server, data) as process:
                points += _join(laboratory, process, size, times)
    return points


def _write(process: Running, size: int) -> Point:
    """Play until there are so many events."""
    with Visitor(process.port, _target({})) as visitor:
        more = size - int(visitor.welcome["seq"])
        before = cpu_seconds(process.pid)
        visitor.say(more)
        return Point("a command", size, {"command_us": (cpu_seconds(process.pid) - before) / more * 1e6})


def _join(laboratory: Laboratory, process: Running, size: int, times: int) -> list[Point]:
    wake, welcome = _timed(process, _target({}))
    points = [Point("first to join", size, {"ms": wake * 1e3})]
    for missed in MISSED:
        if missed > size:
            continue
        since = {"epoch": welcome["epoch"], "since": str(size - missed)} if missed else {}
        target = _target(since)
        if missed:
            first, _ = _timed(process, target)
            points.append(Point(f"first who missed {missed:,}", size, {"ms": first * 1e3}))
        everybody = process.data / "connections"
        everybody.write_text(_joining(target))
        # The welcome, and each event that was missed.
        load = Load("connect", everybody, ["--ready", str(1 + missed)], 0.0, 0.0)
        for attempt in range(1 + times):
            _rest(process)
            said = generator.run(
                laboratory.places.build / "load", load, process.port, process.pid, laboratory.cores.generator
            )
            figures = {
                "join_us": float(said["server_cpu_connect_seconds"]) / JOINS * 1e6,
                "bytes": float(said["bytes_received"]) / JOINS,
            }
            if attempt:
                points.append(Point(f"missed {missed:,}", size, figures))
    return points


def _joining(target: str) -> str:
    return lines(crowd(1, JOINS, 0), lambda _: target, PROTOCOL)


def _rest(process: Running) -> None:
    """Wait until nothing is left to do."""
    spent, before = cpu_seconds(process.pid), -1.0
    while spent > before + REST_SECONDS / 20:
        before = spent
        time.sleep(REST_SECONDS)
        spent = cpu_seconds(process.pid)


def _timed(process: Running, target: str) -> tuple[float, dict[str, str]]:
    """How many seconds it takes until the welcome is there, and what it says."""
    started = time.perf_counter()
    with Visitor(process.port, target) as visitor:
        return time.perf_counter() - started, visitor.welcome


def _target(more: dict[str, str]) -> str:
    return f"/history?{urlencode({**_PLAYER, **more})}"
