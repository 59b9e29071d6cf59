"""A game as the journal has it, for those who look into it."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Iterator
from itertools import takewhile

from gamesvc.catalog import Catalog, Kind
from gamesvc.cli.stores import find
from gamesvc.cli.wording import one_line
from gamesvc.errors import ConfigError, JournalError
from gamesvc.journal.records import Counts, Entry, Opening
from gamesvc.journal.store import Store
from gamesvc.recovery import Replayed, count
from gamesvc.settings import SETTINGS

_GAMES = next(setting for setting in SETTINGS if setting.name == "game")


class Recorded:
    """A game's history. It ends where it ended when this was made, although the game may go on.

    Args:
        store: the journal.
        game: the game's id.

    Attributes:
        game: the game's id.
        opening: what it began with.
        openings: that, and all under which it went on later, each with the number of the entry.
        now: under which it goes on.
        snapshot: the last one, if any.
        count: how many entries there are.
        last: the number of the last one, or of the snapshot where that is later.
        counts: of its events.
        seats: who has each.
        sitters: who has one, or ever had.
        finished: whether it is over.
        missing: the numbers of entries that are not there, as the first and the last of each stretch.

    Raises:
        JournalError: it is not there, or its beginning is not.
    """

    def __init__(self, store: Store, game: str) -> None:
        self.game = game
        self.snapshot = find(store, game).snapshot
        self.count = 0
        self.last = 0
        self.missing: list[tuple[int, int]] = []
        self._store = store
        self.openings: list[tuple[int, Opening]] = []
        self.counts = Counts()
        self.seats: tuple[str | None, ...] = ()
        self.sitters: set[str] = set()
        self.finished = False
        snapshot = self.snapshot
        self._after = 0 if snapshot is None else snapshot.kept_after
        if snapshot is not None and snapshot.alone:
            # What is known of it begins there, and its own entry may be kept or not.
            self.missing += [(1, self._after)] if self._after else []
            self.openings.append((snapshot.number, snapshot.opening))
            self.last, self.counts = self._after, snapshot.counts
            self.seats, self.finished = snapshot.seats, snapshot.finished
        for entry in store.entries(game, self._after):
            if entry.number > self.last + 1:
                self.missing.append((self.last + 1, entry.number - 1))
            if entry.opening is not None:
                self.openings.append((entry.number, entry.opening))
            self.count += 1
            self.last = entry.number
            if snapshot is None or not snapshot.alone or entry.number > snapshot.number:
                self.counts = count(self.counts, entry.events)
            self.seats = self.seats if entry.seats is None else entry.seats
            self.sitters.update(filter(None, entry.seats or ()))
            self.finished = entry.finished
        if snapshot is not None:
            self.sitters.update(filter(None, snapshot.seats))
        if snapshot is not None and snapshot.number > self.last:
            self.missing.append((self.last + 1, snapshot.number))
            self.last, self.counts = snapshot.number, snapshot.counts
            self.seats, self.finished = snapshot.seats, snapshot.finished
        if not self.openings:
            raise JournalError(f"game {game}: its first entry is missing; see `gamesvc journal verify {game}`")
        self.opening = self.openings[0][1]
        number, self.now = self.openings[-1]
        # One that is kept by snapshots is renewed by them.
        if snapshot is not None and snapshot.number >= number:
            self.now = snapshot.opening

    def entries(self, upto: int | None = None) -> Iterator[Entry]:
        """Its entries in order.

        Args:
            upto: the number of the last that is wanted; None for all.
        """
        end = self.last if upto is None else upto
        return takewhile(lambda entry: entry.number <= end, self._store.entries(self.game, self._after))

    def require(self, number: int) -> None:
        """See to it that an entry's number is one of the game's.

        Raises:
            JournalError: it is not.
        """
        if not 1 <= number <= self.last:
            raise JournalError(f"game {self.game} has entries 1 to {self.last}, and no entry {number}")

    def require_whole(self, upto: int) -> None:
        """See to it that all entries are there, so that they can be run again.

        Raises:
            JournalError: they are not; says up to where they are.
        """
        if self.missing and self.missing[0][0] <= upto:
            known = self.missing[0][0] - 1
            beyond = f" beyond entry {known}: add --at {known}" if known else ""
            raise JournalError(f"game {self.game}: {self._not_there()}, so it can't be run again{beyond}")

    def at(self, number: int) -> Replayed:
        """How the game stood after an entry.

        Raises:
            JournalError: that is not known.
        """
        self.require(number)
        snapshot = self.snapshot
        replayed = Replayed(snapshot if snapshot is not None and snapshot.number <= number else None)
        gaps = [first for first, _ in self.missing if replayed.number < first <= number]
        if gaps:
            known = [f"up to entry {gaps[0] - 1}"] if gaps[0] > 1 else []
            known += [] if snapshot is None else [f"from {snapshot.number} on, where its snapshot is"]
            raise JournalError(f"game {self.game}: {self._not_there()}: how it stood is known {', and '.join(known)}")
        for entry in self.entries(number):
            if entry.number > replayed.number:
                replayed.take(entry)
        return replayed

    def since_version(self, version: int) -> int | None:
        """The number of the entry from which on the fields are of a version of the model; None where they never are."""
        return next((number for number, opening in self.openings if opening.version == version), None)

    @property
    def why_missing(self) -> str:
        """Why some are, for people."""
        if self.snapshot is not None and self.snapshot.alone:
            return "as of its kind no history is kept"
        return "as its kind is or was kept by snapshots"

    def _not_there(self) -> str:
        stretches = [f"{first} to {last}" if first < last else str(first) for first, last in self.missing]
        return f"entries {', '.join(stretches)} are not there, {self.why_missing}"


def find_kind(given: argparse.Namespace, name: str) -> Kind:
    """The rules of a game of today.

    Args:
        given: the command line.
        name: of its kind, as the journal has it.

    Raises:
        ConfigError: no such kind was named or is installed, or it can't be loaded.
    """
    # An author's game lies where they start this.
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    named = given.game_kinds or os.environ.get(_GAMES.environment, "").split()
    if named:
        kind = Catalog(named).find(name)
        if kind is not None:
            return kind
        if given.game_kinds:
            raise ConfigError(f"the game is of the kind {one_line(name)!r}, and none of --game is of that name")
    try:
        kind = Catalog((name,)).find(name)
    except ConfigError as error:
        raise ConfigError(f"{error} with --game") from None
    assert kind is not None, "it was asked for by its name"
    return kind


@contextlib.contextmanager
def model_speaks_aside() -> Iterator[None]:
    """What an author's code prints does not get into what a command line prints."""
    with contextlib.redirect_stdout(sys.stderr):
        yield
