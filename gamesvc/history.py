"""Brings a game's older events back into its log, for those who come back after a while.

What is recent is in memory. For what is older, the journal is read once for all who wait: what was read stays for a
short while, because after a restart everybody comes back at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from gamesvc.errors import JournalError
from gamesvc.eventlog import EventLog, Place, Viewer
from gamesvc.journal.records import Entry
from gamesvc.limits import OVERDUE_SECONDS

MAX_RESUME_EVENTS = 10_000
"""How many events of their own a viewer may have missed, to be sent them."""

MAX_RESUME_BYTES = 4 << 20
"""How many bytes of their own events a viewer may have missed, to be sent them."""

MAX_READ_BYTES = 32 << 20
"""How far back the journal is read, in bytes of entries of any kind."""

READ_AHEAD_EVENTS = 256
"""How many more events are read than the one missed who waits and has missed most: some are private to others."""

SLICE_SECONDS = 0.005
"""How long those are looked after who wait, before it is others' turn."""

HOLD_SECONDS = 10.0
"""How long what was read stays."""

Read = Callable[[int, int, int, Callable[[list[Entry] | JournalError], None]], None]
"""`Journal.history`, for this game."""

Found = Callable[[Place | JournalError | None], None]


class _Waiting(NamedTuple):
    viewer: Viewer
    since: int
    found: Found


class History:
    """The older events of one game.

    Args:
        log: the game's.
        read: reads back in the journal; None where the journal has no events of this game.
        last_entry: number of the last entry whose events are in the log.
        later: calls a function after some seconds.
        monotonic: seconds of a clock that nobody sets.
        released: is called when the log may forget again.
    """

    def __init__(
        self,
        log: EventLog,
        read: Read | None,
        last_entry: Callable[[], int],
        later: Callable[[float, Callable[[], None]], object],
        monotonic: Callable[[], float],
        released: Callable[[], None],
    ) -> None:
        self._log = log
        self._read = read
        self._last_entry = last_entry
        self._later = later
        self._monotonic = monotonic
        self._released = released
        self._waiting: list[_Waiting] = []
        # Of those who waited for what was read.
        self._looking: deque[_Waiting] = deque()
        self._reading = False
        self._since = 0.0
        self._read_bytes = 0
        self._has_ended = False
        self._before: int | None = None
        self._is_given_up = False
        self._holds = 0

    def find(self, viewer: Viewer, since: int, found: Found) -> None:
        """Find where a viewer stands.

        Args:
            viewer: who.
            since: the number of the last event that they have had.
            found: gets their place, None where what they missed can't be told, or why it can't be told now. May be
                called at once.
        """
        missed = self._log.head(viewer) - since
        if missed < 0 or since < 0 or missed > MAX_RESUME_EVENTS:
            found(None)
            return
        # What is here for others' sake would be found in the journal, too, where there is one.
        place = self._log.place_after(viewer, since, recent=self._read is None)
        if place is not None:
            found(self._within(viewer, place))
        elif self._read is None or self._log.floor == 0 or self._read_bytes > MAX_READ_BYTES:
            found(None)
        else:
            self._waiting.append(_Waiting(viewer, since, found))
            self._start()

    def look(self) -> None:
        """See whether the journal takes too long."""
        if self._monotonic() - self._since >= OVERDUE_SECONDS:
            self.expire()
            if self._reading and not self._is_given_up:
                # What is published meanwhile must not pile up for what may never come.
                self._is_given_up = True
                self._let_go()

    def expire(self) -> None:
        """Let nobody wait any longer."""
        waiting = [*self._looking, *self._waiting]
        self._looking.clear()
        self._waiting = []
        for each in waiting:
            each.found(JournalError("the journal takes too long"))

    @property
    def is_busy(self) -> bool:
        """Whether somebody waits, or something is read."""
        return bool(self._waiting) or bool(self._looking) or self._reading

    def _within(self, viewer: Viewer, place: Place) -> Place | None:
        missed = self._log.end_for(viewer).size - place.size
        return place if missed <= MAX_RESUME_BYTES else None

    def _start(self) -> None:
        if self._reading or self._read is None:
            return
        self._reading = True
        self._since = self._monotonic()
        self._log.hold()
        if self._before is None:
            floor = self._log.event(self._log.floor)
            self._before = (floor.entry if floor is not None else self._last_entry()) + 1
        missed = max(self._log.head(each.viewer) - each.since for each in self._waiting)
        events = min(MAX_RESUME_EVENTS, missed + READ_AHEAD_EVENTS)
        self._read(self._before, events, MAX_READ_BYTES, self._came)

    def _came(self, entries: list[Entry] | JournalError) -> None:
        self._reading = False
        self._since = self._monotonic()
        waiting, self._waiting = self._waiting, []
        if self._is_given_up:
            self._is_given_up = False
            entries = JournalError("the journal took too long")
        if isinstance(entries, JournalError):
            self._let_go_if_done()
            for each in waiting:
                each.found(entries)
            return
        self._before = entries[0].number if entries else 0
        self._log.prepend((entry.number, entry.events) for entry in entries)
        self._read_bytes += sum(len(event.body) for entry in entries for event in entry.events)
        self._has_ended = self._before <= 1 or self._log.floor == 0 or self._read_bytes > MAX_READ_BYTES
        self._holds += 1
        self._later(HOLD_SECONDS, self._release)
        self._looking.extend(waiting)
        self._look_on()

    def _look_on(self) -> None:
        """Look where those stand who wait, a slice of them at a time: after a restart everybody comes back at once."""
        try:
            is_done = self._look_for_a_slice()
        except BaseException:
            # Whoever was told may fail at that; it is for those who come after to hear what they wait for.
            self._later(0, self._look_on)
            raise
        if not is_done:
            self._later(0, self._look_on)
            return
        if self._waiting:
            self._start()
        self._let_go_if_done()

    def _look_for_a_slice(self) -> bool:
        """Returns whether all have been told."""
        over = self._monotonic() + SLICE_SECONDS
        # Those to whom nothing is private and who have had the same stand at the same place.
        places: dict[tuple[str | None, bool, int], Place | None] = {}
        while self._looking:
            each = self._looking.popleft()
            viewer = each.viewer
            key = (viewer.player if self._log.end_for(viewer).private else None), viewer.framework, each.since
            if key not in places:
                places[key] = self._log.place_after(viewer, each.since)
            place = places[key]
            if place is not None:
                each.found(self._within(viewer, place))
            elif self._has_ended:
                each.found(None)
            else:
                self._waiting.append(each)
            if self._looking and self._monotonic() >= over:
                return False
        return True

    def _release(self) -> None:
        self._holds -= 1
        self._let_go_if_done()

    def _let_go_if_done(self) -> None:
        if not self._holds and not self.is_busy:
            self._let_go()

    def _let_go(self) -> None:
        self._read_bytes = 0
        self._before = None
        self._log.release()
        self._released()
