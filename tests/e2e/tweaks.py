"""What may be done to a server before it starts: probes that measure, and faults that a test has to notice."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec

BEAT_SECONDS = 0.005
WINDOW_SECONDS = 0.25


def _put(owner: object, name: str, value: object) -> None:
    # What has moved meanwhile would be planted where nobody looks.
    assert hasattr(owner, name), f"{owner!r} has no {name!r}"
    setattr(owner, name, value)


def early_answers(_: str) -> None:
    """A fault: everybody is told that something is durable before it is."""
    from gamesvc.journal.threaded import ThreadedJournal

    append = ThreadedJournal.append

    def hasty(self: Any, game: str, term: int, expected: int, entries: Any, wake_at: Any, done: Any) -> None:
        append(self, game, term, expected, entries, wake_at, lambda error: None)
        self._in_reactor(lambda: done(None))

    _put(ThreadedJournal, "append", hasty)


def forgotten_receipts(_: str) -> None:
    """A fault: a game that is loaded does not know which commands have taken effect."""
    from gamesvc.receipts import Receipts

    build = Receipts.__init__
    _put(Receipts, "__init__", lambda self, kept=None: build(self))


def skipped_events(_: str) -> None:
    """A fault: who comes back misses an event."""
    from gamesvc.eventlog import EventLog, Place

    place_after = EventLog.place_after

    def too_far(self: EventLog, viewer: Any, seq: int, *, recent: bool = True) -> Place | None:
        place = place_after(self, viewer, seq, recent=recent)
        further = place_after(self, viewer, seq + 1, recent=recent)
        return further or place

    _put(EventLog, "place_after", too_far)


def lost_timers(_: str) -> None:
    """A fault: timers end with the server."""
    from gamesvc import beginnings
    from gamesvc.recovery import recover

    def timeless(*arguments: Any) -> Any:
        recovered = recover(*arguments)
        return recovered._replace(standing=recovered.standing._replace(alarms=()))

    _put(beginnings, "recover", timeless)


def leaked_refusals(_: str) -> None:
    """A fault: a refusal leaves before the state on which it was judged is durable."""
    from gamesvc.pending import PendingCommand

    judge = PendingCommand.judge

    def hasty(self: PendingCommand, game: Any) -> None:
        judge(self, game)
        if self.entry is None:
            self.settle(game)

    _put(PendingCommand, "judge", hasty)


def slow_disk(seconds: str) -> None:
    """No fault by itself: an append takes longer."""
    from gamesvc.journal.sqlite import SqliteStore

    append = SqliteStore.append

    def slow(self: SqliteStore, appends: Any) -> list[bool]:
        time.sleep(float(seconds))
        return append(self, appends)

    _put(SqliteStore, "append", slow)


def late_clock(seconds: str) -> None:
    """No fault by itself: it is later, as if as much time had passed."""
    now = time.time
    _put(time, "time", lambda: now() + float(seconds))


def heartbeat(path: str) -> None:
    """A probe: writes, several times a second, what was largest since the last time, in milliseconds: by how much two
    beats of the reactor were further apart than they should be, and how long its thread was running between two."""
    from gamesvc.service import GameService

    start = GameService.startService

    def started(self: GameService) -> None:
        from twisted.internet import reactor

        start(self)
        _Heart(reactor, path).beat()

    _put(GameService, "startService", started)


class _Heart:
    def __init__(self, reactor: Any, path: str) -> None:
        self._reactor = reactor
        self._file = open(path, "a", buffering=1)  # noqa: SIM115 - as long as the process lives
        self._at: tuple[float, float] | None = None
        self._largest = (0.0, 0.0)
        self._written = time.monotonic()

    def beat(self) -> None:
        now = time.monotonic(), time.thread_time()
        if self._at is not None:
            late, busy = now[0] - self._at[0] - BEAT_SECONDS, now[1] - self._at[1]
            self._largest = max(self._largest[0], late), max(self._largest[1], busy)
        if now[0] - self._written > WINDOW_SECONDS:
            self._file.write(f"{self._largest[0] * 1000:.1f} {self._largest[1] * 1000:.1f}\n")
            self._largest, self._written = (0.0, 0.0), now[0]
        self._at = time.monotonic(), time.thread_time()
        self._reactor.callLater(BEAT_SECONDS, self.beat)


_STORE_METHODS = (
    "now",
    "begin",
    "commit",
    "rollback",
    "claim",
    "append",
    "position",
    "save",
    "discard",
    "load",
    "history",
    "due",
)


def blocking_calls(path: str) -> None:
    """A probe: writes a line for each call of a store by the thread that runs the reactor, and one for the first call
    of each method by another thread."""
    _around_stores(_BlockingCalls(path).note)


class _BlockingCalls:
    def __init__(self, path: str) -> None:
        self._file = open(path, "a", buffering=1)  # noqa: SIM115 - as long as the process lives
        self._seen: set[str] = set()

    def note(self, method: str, result: Any) -> None:
        # twistd runs the reactor on the main thread, where everything of ours but the journal's two threads is.
        if threading.current_thread() is threading.main_thread():
            self._file.write(f"reactor {method}\n")
        elif method not in self._seen:
            self._seen.add(method)
            self._file.write(f"elsewhere {method}\n")


def counted_reads(path: str) -> None:
    """A probe: keeps a file that says how often each method of stores was called, and how many entries that read."""
    _around_stores(_Reads(path).note)


class _Reads:
    def __init__(self, path: str) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    def note(self, method: str, result: Any) -> None:
        if method not in ("load", "history"):
            return
        with self._lock:
            self._counts[method] += 1
            self._counts[f"{method}_entries"] += len(result.entries if method == "load" else result)
            temporary = f"{self._path}.new"
            with open(temporary, "wb") as file:
                file.write(msgspec.json.encode(self._counts))
            os.replace(temporary, self._path)


def _around_stores(note: Callable[[str, Any], None]) -> None:
    from gamesvc.journal.postgres import PostgresStore
    from gamesvc.journal.sqlite import SqliteStore

    for store in (SqliteStore, PostgresStore):
        for method in _STORE_METHODS:
            setattr(store, method, _noted(getattr(store, method), method, note))


def _noted(original: Callable[..., Any], method: str, note: Callable[[str, Any], None]) -> Callable[..., Any]:
    from gamesvc.web.lobby_model import LOBBY

    def noted(*arguments: Any, **keywords: Any) -> Any:
        result = original(*arguments, **keywords)
        # The lobby's own game is looked for at each start.
        if LOBBY not in arguments:
            note(method, result)
        return result

    return noted


TWEAKS: dict[str, Callable[[str], None]] = {
    "early_answers": early_answers,
    "forgotten_receipts": forgotten_receipts,
    "skipped_events": skipped_events,
    "lost_timers": lost_timers,
    "leaked_refusals": leaked_refusals,
    "slow_disk": slow_disk,
    "late_clock": late_clock,
    "heartbeat": heartbeat,
    "blocking_calls": blocking_calls,
    "counted_reads": counted_reads,
}
