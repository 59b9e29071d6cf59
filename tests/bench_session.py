"""Sessions of the benchmark that nobody has measured, for the tests of what is made from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.growth import CONNECTIONS, GAMES, HISTORIES
from bench.growth_chart import IDLE
from bench.samples import Point, Sample, Session
from bench.scenarios import SCENARIOS, STATE
from bench.servers import SERVERS, STATE_SERVERS


def session(samples: list[Sample] | None = None, growth: list[Point] | None = None, **more: Any) -> Session:
    """A session with these samples and points."""
    machine, versions = {"processor": "a fast one"}, {"gamesvc": "0.1.0"}
    return Session("2027-01-15", machine, versions, 3, 3.0, samples=samples or [], growth=growth or [], **more)


def rounds(scenario: str, server: str, figure: str, *values: float) -> list[Sample]:
    """A sample with one figure for each round."""
    return [Sample(number, scenario, server, {figure: value}) for number, value in enumerate(values)]


def measured(speed: float, connections: int = 1000) -> dict[str, Any]:
    """What the load generator says of a server that is so fast."""
    return {
        "connections": connections,
        "commands": 100 * speed,
        "commands_per_second": 100 * speed,
        "deliveries": 10_000 * speed,
        "deliveries_per_second": 10_000 * speed,
        "turn_p50": 1000 / speed,
        "turn_p99": 5000 / speed,
        "delivery_p50": 800 / speed,
        "delivery_p99": 4000 / speed,
        "server_cpu_seconds": 1.0,
        "ready_seconds": 0.5 / speed,
        "server_cpu_connect_seconds": 0.4 / speed,
        "server_anon_before_kb": 20_000,
        "server_anon_after_kb": 20_000 + 10 * connections / speed,
        "generator_idle": 0.5,
    }


def watched(speed: float, seconds: float = 3.0) -> dict[str, Any]:
    """What the load generator says of a server that shows its state, and takes so little for it."""
    updates = int(100 * 20 * seconds)
    return {
        "connections": 100,
        "seconds": seconds,
        "messages": updates,
        "bytes_received": updates * 1000 / speed,
        "server_cpu_seconds": updates * 20e-6 / speed,
        "gap_p50": 50_000,
        "gap_p99": 60_000,
        "generator_idle": 0.5,
    }


def whole_of_state(speeds: Mapping[str, float]) -> Session:
    """A session in which all of state sync was measured; a server without a speed has 1."""
    return session(
        [
            Sample(number, STATE.name, server.name, watched(speeds.get(server.name, 1.0)))
            for number in range(3)
            for server in STATE_SERVERS
        ]
    )


def whole(speeds: Mapping[str, float]) -> Session:
    """A session in which everything was measured; a server without a speed has 1."""
    samples = [
        Sample(number, scenario.name, server.name, measured(speeds.get(server.name, 1.0)), sync_us=200.0)
        for number in range(3)
        for scenario in SCENARIOS
        for server in SERVERS
        if server.is_ours or scenario.all_servers
    ]
    return session(samples, growth())


def growth() -> list[Point]:
    """Points of all curves."""
    points = [
        Point(curve, count, {"delivery_us": 10 + 40 / count, "memory_kb": 9 + 50 / count})
        for curve, counts in (("games of ten", CONNECTIONS), ("one game", CONNECTIONS), ("games of two", GAMES))
        for count in counts
    ]
    for size in HISTORIES:
        points.append(Point("a command", size, {"command_us": 40.0}))
        points.append(Point("first to join", size, {"ms": 3.0}))
        points.append(Point("missed 0", size, {"join_us": 250.0, "bytes": 350.0}))
    points += [Point(curve, 5000, {"ms": 0.5}) for curve in IDLE]
    return points
