"""A game's recent events, in order, and how many there were before.

An event's position counts all events of the game, from 0. Its number, `seq`, is another thing: it counts, from 1 and
without gaps, what one viewer may see, so that what they may not see does not show in the numbers either.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from gamesvc.frames import text_frame
from gamesvc.journal.records import Counts, Published
from gamesvc.messages import is_framework, numbered

RECENT_EVENTS = 256
"""Events that the log keeps for those who come back, although everybody who is connected has had them."""

RECENT_BYTES = 1 << 16
"""Bytes of such events."""


class Viewer(NamedTuple):
    """Who looks at a game.

    Attributes:
        player: whose private events they see; None for a spectator.
        framework: whether they see gamesvc's own events; clients of the classic dialect don't.
    """

    player: str | None
    framework: bool


class Place(NamedTuple):
    """A place in the log, for one viewer.

    Attributes:
        position: of the next event that they may have to be sent.
        private: how many private events to them lie before it.
        events: how many events of theirs lie before it, and
        size: how many bytes those have, without their numbers.
    """

    position: int
    private: int
    events: int
    size: int


class LoggedEvent:
    """One event in the log.

    Attributes:
        entry: number of the journal's entry that it is of.
        to: the players who see it; None for everybody.
        framework: how many of gamesvc's own events there were up to here; and whether this is one:
        is_framework: then clients of the classic dialect don't see it.
        public: how many public events of the game there were up to here.
    """

    __slots__ = ("_frames", "body", "entry", "framework", "is_framework", "public", "to")

    def __init__(self, body: bytes, to: frozenset[str] | None, entry: int, public: int, framework: int) -> None:
        self.body = body
        self.to = to
        self.entry = entry
        self.is_framework = is_framework(body)
        self.public = public
        self.framework = framework
        self._frames: dict[int, bytes] | None = {}

    def seen_by(self, viewer: Viewer) -> bool:
        """Whether a viewer may see it."""
        if self.to is None:
            return viewer.framework or not self.is_framework
        return viewer.player is not None and viewer.player in self.to

    def frame(self, private: int, framework: bool) -> bytes:
        """The frame for a viewer.

        Args:
            private: how many private events they have had, this one included.
            framework: whether they see gamesvc's own.
        """
        seq = self.public + private + (self.framework if framework else 0)
        frame = self._frames.get(seq) if self._frames is not None else None
        if frame is None:
            frame = text_frame(numbered(self.body, seq))
            if self._frames is not None:
                self._frames[seq] = frame
        return frame

    def keep_no_frames(self) -> None:
        """The turn in which most need it is over. For those who are behind, its body is enough: a frame for each
        number of private events that somebody has had would take many times the room."""
        self._frames = None

    @property
    def size(self) -> int:
        """Bytes, without the number."""
        return len(self.body)


class _Tally:
    """Events, and their bytes, up to the end of the log. The bytes are counted since the game was loaded: only
    differences mean something."""

    __slots__ = ("events", "size")

    def __init__(self, events: int = 0) -> None:
        self.events = events
        self.size = 0

    def add(self, size: int) -> None:
        self.events += 1
        self.size += size


class EventLog:
    """The events of one game.

    Args:
        counts: of those that are not in the log any more.

    Attributes:
        floor: from this position on, every event is here; before it, only what somebody still needs.
        end: the position of the next event.
    """

    def __init__(self, counts: Counts | None = None) -> None:
        counts = counts or Counts()
        self._events: dict[int, LoggedEvent] = {}
        self._private_before_floor: set[int] = set()
        self._public = _Tally(counts.public)
        self._framework = _Tally(counts.framework)
        self._private = {player: _Tally(events) for player, events in counts.private.items()}
        self._recent_size = 0
        self._recent_start = self._first = self.floor = self.end = counts.all
        self._held: int | None = None

    def __len__(self) -> int:
        """How many events are here."""
        return len(self._events)

    @property
    def counts(self) -> Counts:
        """How many events there were."""
        private = {player: tally.events for player, tally in self._private.items()}
        return Counts(self.end, self._public.events, self._framework.events, private)

    def event(self, position: int) -> LoggedEvent | None:
        """The event at a position; None where nobody needs it any more."""
        return self._events.get(position)

    def append(self, body: bytes, to: frozenset[str] | None, entry: int) -> LoggedEvent:
        """Put an event at the end.

        Args:
            body: a JSON object whose first key is ``event``.
            to: the players who see it; None for everybody.
            entry: number of the journal's entry that it is of.
        """
        size = len(body)
        if to is not None:
            for player in to:
                self._private.setdefault(player, _Tally()).add(size)
        elif is_framework(body):
            self._framework.add(size)
        else:
            self._public.add(size)
        event = LoggedEvent(body, to, entry, self._public.events, self._framework.events)
        self._events[self.end] = event
        self.end += 1
        self._recent_size += size
        return event

    def prepend(self, entries: Iterable[tuple[int, tuple[Published, ...]]]) -> None:
        """Put events before the floor, those that had been there.

        Args:
            entries: numbers of entries and their events, in order; the last one is the one in which the floor lies, or
                the one before.
        """
        events = [(event, number) for number, published in entries for event in published]
        if self.floor < self.end and events:
            # Of the floor's own entry, some events are here already.
            own = self._events[self.floor].entry
            here = 0
            while self.floor + here < self.end and self._events[self.floor + here].entry == own:
                here += 1
            if events[-1][1] == own:
                events = events[: len(events) - here]
        public, framework = self._public.events, self._framework.events
        if self.floor < self.end:
            above = self._events[self.floor]
            public = above.public - (above.to is None and not above.is_framework)
            framework = above.framework - above.is_framework
        for published, number in reversed(events):
            to = None if published.to is None else frozenset(published.to)
            event = LoggedEvent(published.body, to, number, public, framework)
            event.keep_no_frames()
            if to is None:
                public -= not event.is_framework
                framework -= event.is_framework
            self.floor -= 1
            self._events[self.floor] = event
        self._first = min(self._first, self.floor)
        self._private_before_floor = {each for each in self._private_before_floor if each < self.floor}

    def head(self, viewer: Viewer) -> int:
        """The number of the last event that a viewer may see."""
        return self.end_for(viewer).events

    def end_for(self, viewer: Viewer) -> Place:
        """The place of a viewer who has seen everything."""
        private = self._private.get(viewer.player, _NOTHING) if viewer.player is not None else _NOTHING
        events = self._public.events + private.events
        size = self._public.size + private.size
        if viewer.framework:
            events += self._framework.events
            size += self._framework.size
        return Place(self.end, private.events, events, size)

    def place_after(self, viewer: Viewer, seq: int) -> Place | None:
        """The place of a viewer who has seen their events up to a number; None where the events since then are not all
        here, or there are no such events.

        Args:
            viewer: who.
            seq: the number.
        """
        position, private, events, size = self.end_for(viewer)
        if seq > events or seq < 0:
            return None
        while events > seq:
            if position == self.floor:
                return None
            position -= 1
            event = self._events[position]
            if event.seen_by(viewer):
                events -= 1
                size -= event.size
                private -= event.to is not None
        return Place(position, private, events, size)

    def hold(self) -> None:
        """Keep everything from the floor on, until `release`."""
        if self._held is None:
            self._held = self.floor

    def release(self) -> None:
        """Keep no more than is recent."""
        self._held = None

    def forget(self, position: int, behind: set[str]) -> None:
        """Drop what nobody needs, and is not recent.

        Args:
            position: everybody has had everything before it.
            behind: players who have not had everything since.
        """
        while self._recent_start < self.end and (
            self.end - self._recent_start > RECENT_EVENTS or self._recent_size > RECENT_BYTES
        ):
            recent = self._events.get(self._recent_start)
            self._recent_size -= recent.size if recent is not None else 0
            self._recent_start += 1
        floor = self._recent_start if self._held is None else min(self.floor, self._recent_start)
        for old in range(self.floor, floor):
            event = self._events.get(old)
            if event is not None and event.to is not None:
                self._private_before_floor.add(old)
        self.floor = max(self.floor, floor)
        for old in range(self._first, min(position, self.floor)):
            self._events.pop(old, None)
        self._first = max(self._first, min(position, self.floor))
        done = [
            each
            for each in self._private_before_floor
            if (event := self._events.get(each)) is None or (event.to is not None and behind.isdisjoint(event.to))
        ]
        for each in done:
            self._private_before_floor.discard(each)
            self._events.pop(each, None)


_NOTHING = _Tally()
