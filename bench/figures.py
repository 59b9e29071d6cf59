"""Figures: what is read from a sample, medians over the rounds, and ratios within them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

from bench.samples import Sample, Session


@dataclass(frozen=True)
class Figure:
    """One kind of figure.

    Attributes:
        name: for the tables of scenarios and goals.
        title: for people, with the unit.
        of: reads it from a sample; None where the sample has none.
        more_is_better: whether it is.
    """

    name: str
    title: str
    of: Callable[[Sample], float | None]
    more_is_better: bool = True


class Spread(NamedTuple):
    """The same figure in several rounds."""

    median: float
    low: float
    high: float

    @classmethod
    def over(cls, values: Iterable[float]) -> Spread | None:
        """That of some values; None where there are none."""
        some = list(values)
        return cls(median(some), min(some), max(some)) if some else None


def _said(name: str, scale: float = 1.0) -> Callable[[Sample], float | None]:
    def of(sample: Sample) -> float | None:
        value = sample.measured.get(name)
        return None if value is None else float(value) * scale

    return of


def _per(count: str, seconds: str) -> Callable[[Sample], float | None]:
    def of(sample: Sample) -> float | None:
        counted, spent = sample.measured.get(count), sample.measured.get(seconds)
        return float(counted) / float(spent) if counted and spent else None

    return of


def _each_second(name: str, scale: float) -> Callable[[Sample], float | None]:
    """So much of it in a second, for each connection."""

    def of(sample: Sample) -> float | None:
        counted, count, seconds = (sample.measured.get(key) for key in (name, "connections", "seconds"))
        return float(counted) / float(count) / float(seconds) * scale if counted and count and seconds else None

    return of


def _cpu(sample: Sample) -> float | None:
    spent, seconds = (sample.measured.get(name) for name in ("server_cpu_seconds", "seconds"))
    return float(spent) / float(seconds) * 1e3 if spent and seconds else None


def _update_us(sample: Sample) -> float | None:
    spent, messages = (sample.measured.get(name) for name in ("server_cpu_seconds", "messages"))
    return float(spent) / float(messages) * 1e6 if spent and messages else None


def _memory(sample: Sample) -> float | None:
    before, after = (sample.measured.get(f"server_anon_{when}_kb") for when in ("before", "after"))
    count = sample.measured.get("connections")
    return None if before is None or after is None or not count else (float(after) - float(before)) / float(count)


def _over_sync(sample: Sample) -> float | None:
    turn = sample.measured.get("turn_p50")
    return None if turn is None or sample.sync_us is None else float(turn) - sample.sync_us


FIGURES = {
    figure.name: figure
    for figure in (
        Figure("deliveries", "deliveries/s", _said("deliveries_per_second")),
        Figure("deliveries_per_cpu", "deliveries per CPU second", _per("deliveries", "server_cpu_seconds")),
        Figure("commands", "commands/s", _said("commands_per_second")),
        Figure("commands_per_cpu", "commands per CPU second", _per("commands", "server_cpu_seconds")),
        Figure("turn_p50", "median turn, ms", _said("turn_p50", 1e-3), more_is_better=False),
        Figure("turn_p99", "p99 turn, ms", _said("turn_p99", 1e-3), more_is_better=False),
        Figure("delivery_p50", "median delivery, ms", _said("delivery_p50", 1e-3), more_is_better=False),
        Figure("delivery_p99", "p99 delivery, ms", _said("delivery_p99", 1e-3), more_is_better=False),
        Figure("connects", "connects/s", _per("connections", "ready_seconds")),
        Figure("connects_per_cpu", "connects per CPU second", _per("connections", "server_cpu_connect_seconds")),
        Figure("memory", "KB of memory a connection", _memory, more_is_better=False),
        Figure("over_sync", "µs over the disk's sync", _over_sync, more_is_better=False),
        Figure("sync", "µs of the disk's sync", lambda sample: sample.sync_us, more_is_better=False),
        Figure("traffic", "KB/s a viewer", _each_second("bytes_received", 1e-3), more_is_better=False),
        Figure("updates", "updates/s a viewer", _each_second("messages", 1.0)),
        Figure("update_bytes", "bytes an update", _per("bytes_received", "messages"), more_is_better=False),
        Figure("update_us", "µs of CPU an update", _update_us, more_is_better=False),
        Figure("cpu", "ms of CPU a second", _cpu, more_is_better=False),
        Figure("gap_p50", "median gap, ms", _said("gap_p50", 1e-3), more_is_better=False),
        Figure("gap_p99", "p99 gap, ms", _said("gap_p99", 1e-3), more_is_better=False),
        Figure("idle", "how idle the load generator was", _said("generator_idle")),
    )
}


def spread(session: Session, scenario: str, server: str, figure: str) -> Spread | None:
    """A server's figure over the rounds; None where it was not measured."""
    of = FIGURES[figure].of
    values = (of(sample) for sample in session.measured(scenario, server).values())
    return Spread.over(value for value in values if value is not None)


def ratio(session: Session, scenario: str, ours: str, theirs: str, figure: str) -> Spread | None:
    """How many times as good one server is as another, by rounds; None where they have no round in common.

    Args:
        session: what was measured.
        scenario: its name.
        ours: whose figure it is about: more than 1 says that it is the better one.
        theirs: with whom it is compared.
        figure: its name.
    """
    kind = FIGURES[figure]
    one, other = session.measured(scenario, ours), session.measured(scenario, theirs)
    ratios = []
    for number in one.keys() & other.keys():
        mine, its = kind.of(one[number]), kind.of(other[number])
        if mine and its and mine > 0 and its > 0:
            ratios.append(mine / its if kind.more_is_better else its / mine)
    return Spread.over(ratios)
