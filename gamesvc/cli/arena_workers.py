"""Processes in which games among bots are played, so that all cores play, and a bot that hangs or dies is survived."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from ctypes import c_double
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, NamedTuple

import msgspec

from gamesvc.bot_pipes import MAX_THINK_SECONDS
from gamesvc.bots import load
from gamesvc.catalog import Catalog
from gamesvc.errors import ConfigError
from gamesvc.match import Match, Played

_LOOK_SECONDS = 0.5
_END_SECONDS = 2.0
_NOBODY = -1.0
_spawn = multiprocessing.get_context("spawn")


class Order(NamedTuple):
    """What is to be played.

    Attributes:
        game: as the catalog takes it.
        bots: as `gamesvc.bots.load` takes them.
        max_moves: of a game.
        max_think: how long a bot may think about a move, in seconds; then it has lost.
    """

    game: str
    bots: tuple[str, ...]
    max_moves: int
    max_think: float = MAX_THINK_SECONDS


class Task(NamedTuple):
    """One game.

    Attributes:
        number: from 1.
        lineup: for each seat whose it is, by the place among the order's bots.
        seed: where its chance comes from.
    """

    number: int
    lineup: tuple[int, ...]
    seed: int


class _Note:
    """What a process tells of itself although it may hang: whose bot thinks, and since when."""

    def __init__(self) -> None:
        self._shared: Any = _spawn.RawArray(c_double, [_NOBODY, 0.0])

    def write(self, seat: int | None) -> None:
        # In this order, so that who is found thinking never has a time of before.
        self._shared[0] = _NOBODY
        if seat is not None:
            self._shared[1] = time.monotonic()
            self._shared[0] = float(seat)

    @property
    def seat(self) -> int | None:
        """Whose bot thinks; None where none does."""
        seat = int(self._shared[0])
        return None if seat < 0 else seat

    @property
    def seconds(self) -> float:
        """How long it has thought."""
        return 0.0 if self.seat is None else time.monotonic() - float(self._shared[1])


class _Worker:
    """A process, and the game that is played in it.

    Attributes:
        line: to it.
        note: what it tells of itself.
        task: the game; None where none is played.
        is_ready: whether it can play one.
        is_lost: whether it will never play one any more.
    """

    def __init__(self, order: Order) -> None:
        self.line, theirs = _spawn.Pipe()
        self.note = _Note()
        self.task: Task | None = None
        self.is_ready = self.is_lost = False
        self.process: SpawnProcess = _spawn.Process(target=_work, args=(theirs, order, self.note), daemon=True)
        # Ctrl-C goes to all processes of a terminal, and is for this one.
        with _without_interrupts():
            self.process.start()
        theirs.close()

    def give(self, task: Task) -> None:
        """Have a game played."""
        self.task = task
        # Where it has died, that is found out when it is listened to.
        with contextlib.suppress(ConnectionError):
            self.line.send(task)

    def end(self) -> None:
        """End the process, whatever it does."""
        self.process.terminate()
        self.process.join(_END_SECONDS)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.process.close()
        self.line.close()


class Workers:
    """Processes that play games.

    Args:
        order: what is to be played.
        count: how many processes.
    """

    def __init__(self, order: Order, count: int) -> None:
        self._order = order
        self._count = count
        self._workers: list[_Worker] = []

    def play(self, tasks: Sequence[Task]) -> Iterator[tuple[Task, Played]]:
        """Play games. How each went comes when it is known, in whatever order.

        Args:
            tasks: which.

        Raises:
            ConfigError: what is to be played can't be loaded in another process.
        """
        waiting = deque(tasks)
        left = len(tasks)
        self._workers = [_Worker(self._order) for _ in range(min(self._count, left))]
        while left:
            wait([worker.line for worker in self._workers], _LOOK_SECONDS)
            for worker in tuple(self._workers):
                played = self._listen(worker)
                if played is not None and worker.task is not None:
                    left -= 1
                    yield worker.task, played
                    worker.task = None
                if worker.is_lost:
                    worker.end()
                    self._workers.remove(worker)
                    if waiting:
                        self._workers.append(_Worker(self._order))
                elif worker.is_ready and worker.task is None and waiting:
                    worker.give(waiting.popleft())

    def end(self) -> None:
        """End all processes; once more is harmless."""
        workers, self._workers = self._workers, []
        for worker in workers:
            worker.end()

    def _listen(self, worker: _Worker) -> Played | None:
        """How a worker's game went; None where that is not known yet."""
        try:
            if worker.line.poll():
                message = worker.line.recv()
                if isinstance(message, str):
                    raise ConfigError(message)
                worker.is_ready = True
                return message if isinstance(message, Played) else None
        except (EOFError, OSError):
            worker.process.join(_END_SECONDS)
            what = f"its process ended with the status {worker.process.exitcode}"
            if worker.task is None:
                raise ConfigError(f"a process in which games were to be played could not begin: {what}") from None
            return _lost(worker, what)
        limit = self._order.max_think
        if worker.note.seconds > limit:
            return _lost(worker, f"thought about a move for more than {limit:g} s")
        return None


def _lost(worker: _Worker, reason: str) -> Played:
    """How the game went that a worker does not play any more."""
    worker.is_lost = True
    seat, seats = worker.note.seat, 0 if worker.task is None else len(worker.task.lineup)
    told = reason if seat is not None else f"the game failed: {reason}"
    return Played(None, 0, [[] for _ in range(seats)], seat, told)


@contextlib.contextmanager
def _without_interrupts() -> Iterator[None]:
    """What is started here does not get the terminal's Ctrl-C."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _work(line: Connection, order: Order, note: _Note) -> None:
    """Play games, in a process of its own, until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # What the author's code prints does not get into what the command prints.
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    try:
        kind = Catalog([order.game], tried=True).default
        bots = [load(text).make() for text in order.bots]
    except ConfigError as error:
        line.send(str(error))
        return
    options = msgspec.json.decode(kind.options)
    line.send(None)
    with contextlib.suppress(EOFError, ConnectionError):
        while True:
            task: Task = line.recv()
            seated = [bots[place] for place in task.lineup]
            match = Match(
                kind.model, seated, seed=task.seed, options=options, max_moves=order.max_moves, asks=note.write
            )
            played = match.play()
            note.write(None)
            line.send(played)


def _end_with_parent() -> None:
    """A bot that never comes back must not outlive who waits for it."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
