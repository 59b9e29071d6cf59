"""A game's recent events, in order, and how many there were before.

An event's position counts all events of the game, from 0. Its number, `seq`, is another thing: it counts, from 1 and
without gaps, what one viewer may see, so that what they may not see does not show in the numbers either.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator
from heapq import merge
from typing import NamedTuple

from gamesvc.frames import deflated_frame, text_frame
from gamesvc.journal.records import Counts, Published
from gamesvc.messages import is_framework, numbered

RECENT_EVENTS, RECENT_BYTES = 256, 1 << 16
"""Public events, and bytes of them, that the log keeps for those who come back, although everybody who is connected has
had them."""

RECENT_PRIVATE_EVENTS, RECENT_PRIVATE_BYTES = 64, 1 << 14
"""The same, of the private events of each player."""

MAX_PRIVATE_WINDOWS = 256
"""Of how many players private events are kept so; the one who has had none for longest goes."""


class Viewer(NamedTuple):
    """Who looks at a game.

    Attributes:
        player: whose private events they see; None for a spectator.
        framework: whether they see gamesvc's own events; clients of the classic dialect don't.
        deflates: whether their connection takes compressed messages.
    """

    player: str | None
    framework: bool
    deflates: bool = False


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
        windows: in how many windows of recent events it is.
    """

    __slots__ = ("_frames", "body", "entry", "framework", "is_framework", "public", "to", "windows")

    def __init__(self, body: bytes, to: frozenset[str] | None, entry: int, public: int = 0, framework: int = 0) -> None:
        self.body = body
        self.to = to
        self.entry = entry
        self.is_framework = is_framework(body)
        self.public = public
        self.framework = framework
        self.windows = 0
        self._frames: dict[int, bytes] | None = {}

    def seen_by(self, viewer: Viewer) -> bool:
        """Whether a viewer may see it."""
        if self.to is None:
            return viewer.framework or not self.is_framework
        return viewer.player is not None and viewer.player in self.to

    def frame(self, private: int, framework: bool, deflates: bool = False) -> bytes:
        """The frame for a viewer.

        Args:
            private: how many private events they have had, this one included.
            framework: whether they see gamesvc's own.
            deflates: whether it may be compressed. What is private never is: its length would tell of it, beside what
                the players themselves put into it.
        """
        seq = self.public + private + (self.framework if framework else 0)
        key = ~seq if deflates else seq
        frame = self._frames.get(key) if self._frames is not None else None
        if frame is None:
            payload = numbered(self.body, seq)
            frame = deflated_frame(payload) if deflates and self.to is None else text_frame(payload)
            if self._frames is not None:
                self._frames[key] = frame
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


class _Window:
    """The positions of the last events of one kind: the public ones, or those private to one player.

    Attributes:
        floor: from this position on, every event of the kind is in the log.
        positions: of these events, each with its size.
    """

    __slots__ = ("_events", "_size", "_sizes", "floor", "positions")

    def __init__(self, floor: int, events: int, size: int) -> None:
        self.positions: deque[tuple[int, int]] = deque()
        self._size = 0
        self._events = events
        self._sizes = size
        self.floor = floor

    def add(self, position: int, size: int) -> list[int]:
        """Take an event in. Returns the positions of those that fell out for it."""
        positions = self.positions
        positions.append((position, size))
        self._size += size
        if len(positions) <= self._events and self._size <= self._sizes:
            return _NONE
        fallen = []
        while len(positions) > self._events or self._size > self._sizes:
            old, its_size = positions.popleft()
            self._size -= its_size
            self.floor = old + 1
            fallen.append(old)
        return fallen


_NONE: list[int] = []
_SLACK = 64


class EventLog:
    """The events of one game.

    What is recent is kept by kind: so many public events, and so many private ones of each player. So what is private
    to others does not decide what a viewer can still be told.

    Args:
        counts: of the events that are not in the log any more.

    Attributes:
        floor: from this position on, every event is here, whatever its kind.
        end: the position of the next event.
        written: bytes of all events that were put in since the game was loaded.
    """

    def __init__(self, counts: Counts | None = None) -> None:
        counts = counts or Counts()
        self._events: dict[int, LoggedEvent] = {}
        # Of what is here, in order, and of some that is not any more.
        self._positions: list[int] = []
        self._public = _Tally(counts.public)
        self._framework = _Tally(counts.framework)
        self._private = {player: _Tally(events) for player, events in counts.private.items()}
        self._base = self.floor = self.end = counts.all
        self.written = 0
        self._public_window = _Window(self._base, RECENT_EVENTS, RECENT_BYTES)
        self._private_windows: dict[str, _Window] = {}
        # What has fallen out of all windows, and may still be needed by somebody who is behind.
        self._stale_public: deque[int] = deque()
        self._stale_private: set[int] = set()
        self._is_held = False
        self._loaded: list[int] = []

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

    def next_after(self, position: int) -> int:
        """The position of the first event after another one that is here; the end where there is none."""
        positions = self._positions
        at = bisect_right(positions, position)
        while at < len(positions) and positions[at] not in self._events:
            at += 1
        return positions[at] if at < len(positions) else self.end

    def append(self, body: bytes, to: frozenset[str] | None, entry: int) -> LoggedEvent:
        """Put an event at the end.

        Args:
            body: a JSON object whose first key is ``event``.
            to: the players who see it; None for everybody.
            entry: number of the journal's entry that it is of.
        """
        size = len(body)
        position = self.end
        self.end += 1
        self.written += size
        event = LoggedEvent(body, to, entry)
        if to is not None:
            for player in to:
                self._private.setdefault(player, _Tally()).add(size)
        elif event.is_framework:
            self._framework.add(size)
        else:
            self._public.add(size)
        event.public = self._public.events
        event.framework = self._framework.events
        self._events[position] = event
        self._positions.append(position)
        if to is None:
            event.windows = 1
            fallen = self._public_window.add(position, size)
            if fallen:
                self._fall(fallen)
        else:
            event.windows = len(to)
            if not to:
                self._stale_private.add(position)
            for player in to:
                self._fall(self._window(player).add(position, size))
        return event

    def _window(self, player: str) -> _Window:
        """A player's window, which is the youngest from now on."""
        windows = self._private_windows
        window = windows.pop(player, None)
        if window is None:
            window = _Window(self._base, RECENT_PRIVATE_EVENTS, RECENT_PRIVATE_BYTES)
            if len(windows) >= MAX_PRIVATE_WINDOWS:
                oldest = windows.pop(next(iter(windows)))
                self._base = self.end
                self._fall([position for position, _ in oldest.positions])
        windows[player] = window
        return window

    def _fall(self, positions: list[int]) -> None:
        for position in positions:
            event = self._events[position]
            event.windows -= 1
            if event.windows == 0:
                self._let_go(position, event)

    def _let_go(self, position: int, event: LoggedEvent) -> None:
        if event.to is None:
            self._stale_public.append(position)
        else:
            self._stale_private.add(position)

    def prepend(self, entries: Iterable[tuple[int, tuple[Published, ...]]]) -> None:
        """Put events before the floor, those that had been there. They stay until `release`.

        Args:
            entries: numbers of entries and their events, in order; the last one is the one in which the floor lies, or
                the one before.
        """
        events = [(event, number) for number, published in entries for event in published]
        public, framework = self._public.events, self._framework.events
        if self.floor < self.end:
            above = self._events[self.floor]
            public = above.public - (above.to is None and not above.is_framework)
            framework = above.framework - above.is_framework
            if events and events[-1][1] == above.entry:
                # Of the floor's own entry, some events are here already.
                here = 0
                while self.floor + here < self.end and self._events[self.floor + here].entry == above.entry:
                    here += 1
                events = events[: len(events) - here]
        for published, number in reversed(events):
            to = None if published.to is None else frozenset(published.to)
            event = LoggedEvent(published.body, to, number, public, framework)
            event.keep_no_frames()
            if to is None:
                public -= not event.is_framework
                framework -= event.is_framework
            self.floor -= 1
            # Where it is here already, windows and stale positions know it.
            if self.floor not in self._events:
                self._events[self.floor] = event
                self._loaded.append(self.floor)
        self._positions = sorted(self._events)

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

    def place_at(self, viewer: Viewer, position: int) -> Place:
        """The place of a viewer who has seen everything before a position, from which on every event is here."""
        _, private, events, size = self.end_for(viewer)
        for later in range(position, self.end):
            event = self._events[later]
            if event.seen_by(viewer):
                events -= 1
                size -= event.size
                private -= event.to is not None
        return Place(position, private, events, size)

    def place_after(self, viewer: Viewer, seq: int, *, recent: bool = True) -> Place | None:
        """The place of a viewer who has seen their events up to a number; None where the events since then are not all
        here, or there are no such events.

        Args:
            viewer: who.
            seq: the number.
            recent: whether only what is recent counts, or was brought back, and not what is here because others need
                it: else they would show in what a viewer can be told.
        """
        place = self._walk(viewer, seq, self._recent(viewer))
        if place is None and (self._is_held or not recent):
            place = self._walk(viewer, seq, range(self.end - 1, self.floor - 1, -1))
        return place

    def _walk(self, viewer: Viewer, seq: int, back: Iterable[int]) -> Place | None:
        position, private, events, size = self.end_for(viewer)
        if seq > events or seq < 0:
            return None
        for earlier in back:
            if events == seq:
                break
            event = self._events[earlier]
            if event.seen_by(viewer):
                position = earlier
                events -= 1
                size -= event.size
                private -= event.to is not None
        return Place(position, private, events, size) if events == seq else None

    def _recent(self, viewer: Viewer) -> Iterator[int]:
        """The positions of a viewer's recent events, backwards, as far as none is missing."""
        public = self._public_window
        private = self._private_windows.get(viewer.player) if viewer.player is not None else None
        floor = public.floor
        if viewer.player is not None:
            floor = max(floor, private.floor if private is not None else self._base)
        recent = (window.positions for window in (public, private) if window is not None)
        for position, _ in merge(*(reversed(positions) for positions in recent), reverse=True):
            if position < floor:
                return
            yield position

    def hold(self) -> None:
        """Keep everything from the floor on, until `release`."""
        self._is_held = True

    def release(self) -> None:
        """Keep no more than is recent."""
        self._is_held = False
        loaded, self._loaded = sorted(self._loaded), []
        older = []
        for position in loaded:
            if self._events[position].to is None:
                older.append(position)
            else:
                self._stale_private.add(position)
        if older:
            self._stale_public = deque(sorted((*older, *self._stale_public)))

    def forget(self, position: int, behind: set[str]) -> None:
        """Drop what nobody needs, and is not recent.

        Args:
            position: everybody has had everything before it.
            behind: players who have not had everything since.
        """
        if self._is_held:
            return
        stale = self._stale_public
        while stale and stale[0] < position:
            self._drop(stale.popleft())
        if self._stale_private:
            done = [
                each
                for each in self._stale_private
                if each < position or behind.isdisjoint(self._events[each].to or frozenset())
            ]
            for each in done:
                self._stale_private.discard(each)
                self._drop(each)
        if len(self._positions) > 2 * len(self._events) + _SLACK:
            self._positions = [each for each in self._positions if each in self._events]

    def _drop(self, position: int) -> None:
        del self._events[position]
        if position >= self.floor:
            self.floor = position + 1


_NOTHING = _Tally()
