"""What is left in a SQLite file after the power failed: all that was acknowledged, and nothing by half."""

from __future__ import annotations

import random

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.errors import JournalError
from gamesvc.journal import sqlite
from gamesvc.journal.records import Entry
from gamesvc.journal.sqlite import SqliteStore
from gamesvc.journal.store import Append, SyncFailed
from tests.contracts.journal import entry, snapshot
from tests.powerloss import Disk, DiskVFS

LOSSES = 500
LOSSES_OF_ONE_DISK = 5
GAMES = ("a", "b", "c")
WITHOUT_HISTORY = "c"
PATH = "/games.db"


class Lost(Exception):
    """Something is not as it was acknowledged."""


class Witness:
    """Writes games to a disk, and knows what was acknowledged.

    Args:
        vfs: the way to the disk.
        chance: what is written, and when.
        synchronous: SQLite's setting.
    """

    def __init__(self, vfs: DiskVFS, chance: random.Random, synchronous: str = "full") -> None:
        self._vfs = vfs
        self._chance = chance
        self._synchronous = synchronous
        self.acknowledged: dict[str, list[Entry]] = {game: [] for game in GAMES}
        self._terms: dict[str, int] = {}
        self._asked: dict[str, list[Entry]] = {}

    @property
    def is_writing(self) -> bool:
        """Whether a batch is on its way."""
        return bool(self._asked)

    def open(self) -> SqliteStore:
        return SqliteStore(PATH, vfs=self._vfs.name, exclusive=True, synchronous=self._synchronous)

    def write(self, store: SqliteStore, batches: int) -> None:
        """Claim the games, and write so many batches to them.

        Raises:
            JournalError: the disk said no.
        """
        store.begin()
        self._terms = {game: store.claim(game) for game in GAMES}
        store.commit()
        for _ in range(batches):
            self._write_batch(store)

    def _write_batch(self, store: SqliteStore) -> None:
        store.begin()
        for game in self._chance.sample(GAMES, self._chance.randrange(1, 4)):
            last = len(self.acknowledged[game])
            self._asked[game] = [
                entry(last + place, size=self._chance.choice((0, 100, 3000)))
                for place in range(1, self._chance.randrange(2, 4))
            ]
        added = store.append(
            [Append(game, self._terms[game], new[0].number - 1, new, None) for game, new in self._asked.items()]
        )
        if not all(added):
            raise Lost("an entry that was acknowledged is not the last")
        if self._chance.random() < 0.2:
            game, new = next(iter(self._asked.items()))
            kept = snapshot(new[-1].number, alone=game == WITHOUT_HISTORY)
            store.save(game, self._terms[game], kept, None)
        store.commit()
        for game, new in self._asked.items():
            self.acknowledged[game] += new
        self._asked = {}

    def verify(self, store: SqliteStore) -> None:
        """Hold what is there against what was acknowledged. The batch in between may be there, wholly.

        Raises:
            Lost: something else is.
        """
        for complaint in store.check():
            raise Lost(complaint)
        with_asked = {game: known + self._asked.get(game, []) for game, known in self.acknowledged.items()}
        found = {game: self._found(store, game, with_asked[game]) for game in GAMES}
        if found not in (self.acknowledged, with_asked):
            lengths = [{game: len(there) for game, there in each.items()} for each in (self.acknowledged, found)]
            raise Lost(f"acknowledged {lengths[0]}, found {lengths[1]}")
        for game, there in found.items():
            stored = store.load(game)
            after = stored.snapshot.number if stored.snapshot is not None else 0
            if stored.last != len(there) or stored.entries != there[after:]:
                raise Lost(f"game {game} does not load as it is")
        self.acknowledged = found
        self._asked = {}

    def _found(self, store: SqliteStore, game: str, known: list[Entry]) -> list[Entry]:
        """What is there of a game, and what its snapshot has taken the place of."""
        there, kept = list(store.entries(game)), store.load(game).snapshot
        if kept is None or not kept.alone:
            return there
        if not there or there[0].number != kept.number:
            raise Lost(f"game {game} has not just what its snapshot left")
        return known[: kept.number - 1] + there


class PowerLossTest(SynchronousTestCase):
    """The whole store, over a disk that fails."""

    def setUp(self) -> None:
        self.vfs = DiskVFS("power-loss")
        self.addCleanup(self.vfs.unregister)
        # Often enough for the power to fail in the middle of one.
        self.patch(sqlite, "CHECKPOINT_PAGES", 20)

    def lose_power(self, seed: int, synchronous: str = "full") -> int:
        """Write, and lose the power, several times. Returns how many entries were acknowledged.

        Raises:
            Lost: one of them is not there, or what is there is not whole.
        """
        chance = random.Random(seed)
        witness = Witness(self.vfs, chance, synchronous)
        disk = Disk(chance)
        for _ in range(LOSSES_OF_ONE_DISK):
            self.vfs.disk = disk
            disk.lose_power_at = int(2 ** chance.uniform(0, 8))
            store: SqliteStore | None = None
            try:
                store = witness.open()
                witness.write(store, 100)
            except JournalError:
                pass
            finally:
                if store is not None:
                    store.close()
            self.assertGreaterEqual(disk.operations, disk.lose_power_at, "the power did not fail")
            self.vfs.disk = disk = disk.after_power_loss()
            self.look(witness)
        return sum(map(len, witness.acknowledged.values()))

    def look(self, witness: Witness) -> None:
        """Open what is there, hold it against what was acknowledged, and close it.

        Raises:
            Lost: it is something else.
        """
        try:
            store = witness.open()
        except JournalError as error:
            raise Lost(str(error)) from error
        try:
            witness.verify(store)
        except JournalError as error:
            raise Lost(str(error)) from error
        finally:
            store.close()

    def test_what_was_acknowledged_is_there_once_and_whole(self) -> None:
        acknowledged = 0
        for seed in range(LOSSES // LOSSES_OF_ONE_DISK):
            try:
                acknowledged += self.lose_power(seed)
            except Lost as error:
                raise self.failureException(f"seed {seed}: {error}") from error
        self.assertGreater(acknowledged, LOSSES, "too little was written to be lost")

    def test_a_store_that_does_not_wait_for_the_disk_is_found_out(self) -> None:
        for seed in range(LOSSES // LOSSES_OF_ONE_DISK):
            try:
                self.lose_power(seed, "off")
            except Lost:
                return
        self.fail("nothing was lost")

    def test_a_sync_that_fails_acknowledges_nothing_and_loses_nothing(self) -> None:
        checkpoints = 0
        for seed in range(60):
            chance = random.Random(seed)
            witness = Witness(self.vfs, chance)
            self.vfs.disk = disk = Disk(chance)
            store = witness.open()
            disk.fail_sync_at = disk.syncs + chance.randrange(1, 40)
            with self.assertRaises(SyncFailed):
                witness.write(store, 100)
            checkpoints += not witness.is_writing
            # The process ends. What the next one reads may be in the system's memory only.
            written = disk.operations
            store.close()
            self.assertEqual(disk.operations, written, "something was written after a failed sync")
            self.vfs.disk = disk = disk.after_restart()
            store = witness.open()
            try:
                witness.verify(store)
                witness.write(store, 5)
            finally:
                store.close()
            self.vfs.disk = disk.after_power_loss()
            try:
                self.look(witness)
            except Lost as error:
                raise self.failureException(f"seed {seed}: {error}") from error
        self.assertGreater(checkpoints, 5, "no sync of a checkpoint failed")
