"""Saver: has the journal keep snapshots of a game: so often that it is loaded quickly, no oftener than is cheap."""

from __future__ import annotations

from collections.abc import Callable

from gamesvc.errors import JournalError
from gamesvc.journal.records import Counts, Entry, Opening, Snapshot
from gamesvc.journal.records import Timer as TimerRecord
from gamesvc.model import GameModel
from gamesvc.receipts import Receipts
from gamesvc.standing import Standing, stored_fields
from gamesvc.surroundings import Surroundings

SNAPSHOT_SECONDS = 5.0
"""How often a game of the durability ``snapshot`` is saved, where something has changed."""

SNAPSHOT_ENTRIES = 1000
"""After how many entries a game is saved."""

SNAPSHOT_BYTES = 1 << 18
"""After how many bytes of entries a game is saved. Both count only where about as much was written as the last snapshot
had, so that large states are not written over and over."""

MAX_ENTRIES = 5000
"""After how many entries a game is saved, however large it is."""


class Saver:
    """Saves one game.

    Args:
        id: the game's.
        term: of the claim under which it is written.
        model: its class.
        opening: what it began with.
        since: how many entries the journal has after the last snapshot.
        around: the journal, and clocks.
    """

    def __init__(
        self, id: str, term: int, model: type[GameModel], opening: Opening, since: int, around: Surroundings
    ) -> None:
        self._id = id
        self._term = term
        self._model = model
        self._opening = opening
        self._around = around
        self._saving = False
        self._saved_at = around.monotonic()
        self._saved_size = 0
        self._entries = since
        self._bytes = 0
        self._not_before = around.monotonic()

    @property
    def changed(self) -> bool:
        """Whether something has happened since the last snapshot."""
        return bool(self._entries)

    @property
    def is_due(self) -> bool:
        """Whether a snapshot is worth its cost."""
        if self._saving or not self._entries or self._around.monotonic() < self._not_before:
            return False
        if self._model.DURABILITY == "snapshot":
            return self._around.monotonic() - self._saved_at >= SNAPSHOT_SECONDS
        if self._model.DURABILITY == "none":
            return False
        if self._bytes >= max(SNAPSHOT_BYTES, self._saved_size):
            return True
        if self._entries >= MAX_ENTRIES:
            return True
        return self._entries >= SNAPSHOT_ENTRIES and self._bytes >= self._saved_size // 4

    def count(self, entry: Entry) -> None:
        """An entry was kept."""
        self._entries += 1
        size = len(entry.arguments) + len(entry.result or b"")
        for event in entry.events:
            size += len(event.body)
        for raw in entry.changed.values():
            size += memoryview(raw).nbytes
        self._bytes += size

    def save(
        self,
        standing: Standing,
        counts: Counts,
        receipts: Receipts,
        wake_at: float | None,
        *,
        clean: bool,
        saved: Callable[[JournalError | None], None],
    ) -> None:
        """Have the journal keep how the game stands.

        Args:
            standing: as far as it is durable.
            counts: of its events, so far.
            receipts: of its commands, so far.
            wake_at: when it wants to be woken, should it sleep, by the journal's clock.
            clean: whether nothing will happen to it that is not journaled.
            saved: is told when that is durable, or why it can't be.
        """
        snapshot = Snapshot(
            number=standing.entry,
            time=standing.now,
            opening=self._opening,
            state=stored_fields(self._model, standing.image),
            seats=standing.seats,
            timers=tuple(TimerRecord(*alarm) for alarm in standing.alarms),
            last_timer=standing.last_alarm,
            finished=standing.finished,
            counts=counts,
            receipts=receipts.dump(),
            clean=clean,
            outcome=standing.outcome,
            started=standing.started,
            here=tuple(sorted(standing.here)),
            bots=standing.bots,
            alone=not self._model.KEEPS_HISTORY,
        )
        entries, size = self._entries, self._bytes
        self._entries = self._bytes = 0
        self._saving = True
        self._saved_at = self._around.monotonic()
        self._saved_size = sum(map(len, standing.image)) + receipts.size

        def done(error: JournalError | None) -> None:
            self._saving = False
            if error is not None:
                self._entries += entries
                self._bytes += size
                self._not_before = self._around.monotonic() + SNAPSHOT_SECONDS
            saved(error)

        self._around.journal.save(self._id, self._term, snapshot, wake_at, done)
