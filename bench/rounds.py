"""The rounds: in each, every server is measured in every scenario, one after the other, in another order each time.

Each sample has a server process of its own, so that none is told apart by what it did before. What is compared was
measured within the same minute or so: ratios are taken within a round. Connections are made twice: the first time tells
what memory they take, the second how fast they come to a server that is warm.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from bench import disk, generator
from bench.cores import Cores
from bench.crowds import crowd, lines, targets
from bench.generator import Load, Measured
from bench.processes import Failure, Running, running
from bench.samples import Sample
from bench.scenarios import Scenario
from bench.servers import Places, Server

SYNCS = 200


class Step(NamedTuple):
    """One sample that is to be taken."""

    round: int
    scenario: Scenario
    server: Server


def plan(rounds: int, scenarios: Iterable[Scenario], servers: Sequence[Server]) -> Iterator[Step]:
    """All samples, in the order in which they are taken."""
    chosen = tuple(scenarios)
    for number in range(rounds):
        for place, scenario in enumerate(chosen):
            taking = [server for server in servers if server.is_ours or scenario.all_servers]
            turn = (number + place) % max(1, len(taking))
            for server in taking[turn:] + taking[:turn]:
                yield Step(number, scenario, server)


class Laboratory(NamedTuple):
    """What samples are taken with.

    Attributes:
        places: where things are.
        cores: who runs where.
        warmup: seconds before it counts.
        seconds: of each sample.
    """

    places: Places
    cores: Cores
    warmup: float
    seconds: float

    def take(self, step: Step) -> Sample:
        """Take one sample. One that fails says so."""
        number, scenario, server = step
        sample = Sample(number, scenario.name, server.name)
        try:
            if scenario.connections == 1:
                sample.sync_us = disk.sync_us(self.places.build, SYNCS)
            sample.measured = self.put_load(scenario, server)
        except Failure as failure:
            sample.failure = str(failure)
        return sample

    def put_load(self, scenario: Scenario, server: Server) -> Measured:
        """What the load generator says of a scenario, with a server that is started for it.

        Raises:
            Failure: it could not be measured.
        """
        with running(self.places, server, self.cores.server) as process:
            measured = self._put(scenario, server, process)
            if scenario.mode == "connect":
                # What is new costs memory, and what runs for the first time costs a compiling runtime more.
                memory = ("server_anon", "server_rss")
                kept = {name: value for name, value in measured.items() if name.startswith(memory)}
                measured = {**self._put(scenario, server, process), **kept}
            return measured

    def _put(self, scenario: Scenario, server: Server, process: Running) -> Measured:
        connections = list(crowd(scenario.games, scenario.players, scenario.senders))
        file = process.data / "connections"
        dialect = server.dialect
        file.write_text(lines(connections, targets(dialect, process.port, connections), dialect.header))
        load = Load(
            scenario.mode,
            file,
            dialect.options(scenario.command if scenario.senders else ""),
            self.warmup,
            max(self.seconds, scenario.least_seconds),
            scenario.rate,
            # What was asked comes back in the reply, as it else does in the event.
            awaits="reply" if scenario.command == "say" else "event",
        )
        return generator.run(self.places.build / "load", load, process.port, process.pid, self.cores.generator)
