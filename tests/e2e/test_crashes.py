"""Servers are killed again and again, at any moment, while many play: nothing that was acknowledged is lost, nothing
takes effect twice, and everybody sees one history.

KILLS says how often; SEED repeats what was chosen by chance.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import pytest

from gamesvc.errors import JournalError
from gamesvc.journal.postgres import PostgresStore
from gamesvc.journal.sqlite import SqliteStore
from gamesvc.journal.store import Store
from tests.e2e.crash_checks import violations, what_is_missing
from tests.e2e.crash_clients import Crowd
from tests.e2e.crashing import NEVER, POINTS, Order
from tests.e2e.nursery import Nursery, Nursling, await_listening, nursery_in, steady_port
from tests.e2e.processes import START_SECONDS, until
from tests.e2e.threads import in_thread
from tests.postgres import PostgresServer, shared_server

KILLS = int(os.environ.get("KILLS", "50"))
SEED = int(os.environ.get("SEED", random.randrange(1 << 32)))

TABLES = 4
AT_RANDOM = "at random"

FILE = "sqlite:journal.sqlite"

LONGEST_LIFE = 0.35
"""Seconds that a server may live after it has begun to listen, unless it has to come to a point;"""

PATIENCE = 1.0
"""seconds until a server is killed that does not come to its point;"""

HEARD_PER_SECOND = 150
"""but both last longer where the machine is so busy that the clients of each table have heard less than this;"""

MOST_SECONDS = 10.0
"""and no longer than this: they may have nothing to say to each other."""

REST_SECONDS = 120.0
"""How long clients may take to hear the rest;"""

FAULTY_REST_SECONDS = 20.0
"""the same, where a fault may be that they never do."""

MANY = 50
"""Violations that are told of, at most."""

# A server that is killed so soon would come to none of this.
CONSTANTS = {
    "gamesvc.saver:SNAPSHOT_ENTRIES": 20,
    "gamesvc.eventlog:RECENT_EVENTS": 8,
    "gamesvc.journal.sqlite:CHECKPOINT_PAGES": 40,
    "gamesvc.lifecycle:TICK_SECONDS": 0.05,
}

OPTIONS = "--commands-per-second 0 --frames-per-second 0 --idle-game-seconds 0.1"

# How often a point is passed: at most so often before it is the one.
RARE = {
    **dict.fromkeys(("begin", "append", "commit"), 80),
    **dict.fromkeys(("claim", "load", "save"), 4),
    "checkpoint": 3,
    "history": 1,
    "welcome": 30,
}
OFTEN = 200

# What must have happened in a trial of some length.
EXPECTED = (
    "finished games",
    "seated entries",
    "timer entries",
    "acknowledged",
    "duplicates",
    "resumed",
    "refused",
    "game_over",
    "not_a_player",
)


class Trial:
    """Kills servers of one game kind, and judges in the end.

    Args:
        directory: an empty one.
        seed: of everything that is left to chance.
        tweaks: faults of the servers.
        tables: how many games are played at a time.
        database: URL of a PostgreSQL database; None for a SQLite file in the directory.

    Attributes:
        killed: how often, by where.
        tally: how much was judged, by what.
    """

    def __init__(
        self,
        directory: Path,
        seed: int,
        tweaks: dict[str, str] | None = None,
        tables: int = TABLES,
        database: str | None = None,
    ) -> None:
        self.killed: Counter[str] = Counter()
        self.tally: Counter[str] = Counter()
        self._database = database
        self._directory = directory
        self._chance = random.Random(seed)
        self._tweaks = tweaks or {}
        self._port = steady_port()
        self._crowd = Crowd(self._port, tables, directory, seed)

    def run(self, kills: int, points: tuple[str, ...] = (AT_RANDOM, AT_RANDOM, AT_RANDOM, *POINTS)) -> list[str]:
        """Kill servers, let the clients hear all that is left to hear, and judge.

        Args:
            kills: how often.
            points: where, in turn.

        Returns:
            What is not as it must be.
        """
        with nursery_in(self._directory) as nursery:
            self._crowd.start()
            try:
                for number in range(kills):
                    self._kill(nursery, points[number % len(points)])
                    if number % 50 == 49:
                        _say(
                            f"killed {number + 1} times, {sum(self.killed.values()) - self.killed['late']} on the spot"
                        )
                missing = self._finish(nursery)
            finally:
                self._crowd.leave()
        if self._crowd.failures:
            raise self._crowd.failures[0]
        found = list(violations(self._directory, self._open, self.tally, is_complete=not missing))
        log = (self._directory / "log").read_text()
        if "Traceback" in log:
            found.append("there is a traceback in the log")
        return [missing, *found] if missing else found

    def _order(self, point: str = NEVER, count: int = 0) -> Order:
        arguments = ["-n", "--pidfile=", "gamesvc", "--port", str(self._port), *OPTIONS.split()]
        return Order(
            arguments=[*arguments, "--game", "tests.e2e.crash_game:Ledger", "--journal", self._database or FILE],
            store="postgres" if self._database else "sqlite",
            point=point,
            count=count,
            constants=CONSTANTS,
            tweaks=self._tweaks,
            output=str(self._directory / "log"),
        )

    def _open(self) -> Store:
        if self._database is not None:
            return PostgresStore(self._database, read_only=True)
        return SqliteStore(str(self._directory / "journal.sqlite"), read_only=True)

    def _kill(self, nursery: Nursery, point: str) -> None:
        if self._chance.random() < 0.3:
            self._crowd.nap(self._chance)
        if point == AT_RANDOM:
            child = nursery.start(self._order())
            if self._chance.random() < 0.8:
                await_listening(self._port, child)
                has_ended = self._live(child, self._chance.uniform(0, LONGEST_LIFE))
            else:
                has_ended = child.await_end(self._chance.uniform(0, 0.1))
        else:
            child = nursery.start(self._order(point, self._chance.randint(1, RARE.get(point.split(".")[0], OFTEN))))
            has_ended = self._live(child, PATIENCE)
        assert not has_ended or point != AT_RANDOM, f"a server ended by itself, with {child.status}"
        self.killed[point if has_ended or point == AT_RANDOM else "late"] += 1
        child.kill()
        assert child.status == -signal.SIGKILL, f"a server ended by itself, with {child.status}"

    def _live(self, child: Nursling, seconds: float) -> bool:
        """Let a server live for a while. Returns whether it has ended by itself."""
        enough = self._crowd.heard + seconds * HEARD_PER_SECOND * len(self._crowd.tables)
        deadline = time.monotonic() + MOST_SECONDS
        if child.await_end(seconds):
            return True
        while self._crowd.heard < enough and time.monotonic() < deadline:
            if child.await_end(0.02):
                return True
        return False

    def _finish(self, nursery: Nursery) -> str:
        """Let the clients hear all. Returns what they did not."""
        child = nursery.start(self._order())
        await_listening(self._port, child)
        self._crowd.stopping = True
        try:
            until(lambda: not self._missing(), "the rest", FAULTY_REST_SECONDS if self._tweaks else REST_SECONDS)
        except AssertionError:
            return self._missing() or "it took long"
        finally:
            self._crowd.leave()
            _stop(child)
        return ""

    def _missing(self) -> str:
        clients = self._crowd.clients
        waiting = [client for client in clients if client.unanswered]
        if waiting or self._crowd.failures:
            return f"{[client.unanswered for client in waiting]} without an answer"
        heard = [(client.game, client.player if client.plays else None, client.seq or 0) for client in clients]
        try:
            return what_is_missing(self._open, heard)
        except JournalError as error:
            # A server listens before it has brought its journal up to date.
            return str(error)


def _stop(child: Nursling) -> None:
    child.signal(signal.SIGTERM)
    assert child.await_end(START_SECONDS), "the last server does not stop"
    assert child.status == -signal.SIGTERM, f"the last server ended with {child.status}"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@in_thread
def test_nothing_is_lost_or_done_twice_however_often_servers_are_killed() -> None:
    directory = Path(tempfile.mkdtemp(prefix="gamesvc-crashes-"))
    _say(f"KILLS={KILLS} SEED={SEED} in {directory}")
    started = time.monotonic()
    trial = Trial(directory, SEED)
    found = trial.run(KILLS)
    _say(f"{KILLS} kills took {time.monotonic() - started:.1f} s: {dict(trial.killed)}; {dict(trial.tally)}")
    assert not found, f"SEED={SEED}; {directory} was kept:\n" + "\n".join(found[:MANY])
    # Else something else was tried than what this is about.
    if len(POINTS) < KILLS:
        assert not (unseen := [what for what in EXPECTED if not trial.tally[what]]), unseen
    shutil.rmtree(directory)


@pytest.fixture
def postgres() -> PostgresServer:
    return shared_server()


@in_thread
def test_nothing_is_lost_or_done_twice_in_a_database_either(tmp_path: Path, postgres: PostgresServer) -> None:
    name = postgres.new_database()
    try:
        points = (AT_RANDOM, *(point for point in POINTS if not point.startswith("checkpoint")))
        trial = Trial(tmp_path, SEED, database=postgres.url_of(name))
        found = trial.run(max(1, KILLS // 5), points)
        _say(f"{dict(trial.killed)}; {dict(trial.tally)}")
        assert not found, f"SEED={SEED}:\n" + "\n".join(found[:MANY])
    finally:
        postgres.drop_database(name)


@pytest.mark.parametrize(
    ("fault", "point", "complaints"),
    [
        ("early_answers", "commit.before", ("is in the journal 0 times", ", and in the journal {")),
        ("leaked_refusals", "commit.before", ("was refused on a state that never was",)),
        ("forgotten_receipts", "commit.after", ("took effect 2 times",)),
        ("skipped_events", AT_RANDOM, (" after event ",)),
        ("lost_timers", AT_RANDOM, ("the timer of ",)),
    ],
)
@in_thread
def test_a_fault_of_a_server_is_found(tmp_path: Path, fault: str, point: str, complaints: tuple[str, ...]) -> None:
    # What a kill hits is chance: a fault is found within a few trials, most often in the first, and never in so many
    # only where it is not found any more.
    found: list[str] = []
    for seed in range(1, 41):
        directory = tmp_path / str(seed)
        directory.mkdir()
        found += Trial(directory, seed, {fault: "", "slow_disk": "0.01"}, tables=2).run(6, (point,))
        if all(any(complaint in text for text in found) for complaint in complaints):
            return
    raise AssertionError((complaints, found[:MANY]))
