"""GamePublisher: one game's event log, and where each subscriber stands in it.

An event is encoded once. A subscriber is a cursor into the log that all of a game share: while its connection does not
read it costs its cursor and nothing else. What is published during one turn of the reactor leaves in one write per
subscriber, at the end of the turn, together with the subscriber's replies.

Numbers are per viewer: ``seq`` counts the public events and the private ones to that player, from 1, without gaps, so
that what a viewer may not see does not show in the numbers either. Viewers without private events share numbers and
bytes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Protocol

from gamesvc.errors import CloseCode
from gamesvc.frames import text_frame
from gamesvc.messages import numbered

CHUNK_BYTES = 1 << 16
"""A subscriber that catches up gets about this much in one write, and more only if its connection still reads."""


class Sink(Protocol):
    """What a subscriber's bytes go to: a connection."""

    def write(self, data: bytes) -> None:
        """Send complete frames."""

    def close(self, code: CloseCode) -> None:
        """Close the connection."""


class _Entry:
    """One event in the log."""

    __slots__ = ("_body", "_frames", "public", "to")

    def __init__(self, body: bytes, to: frozenset[str] | None, public: int) -> None:
        self._body = body
        self.to = to
        self.public = public
        self._frames: dict[int, bytes] = {}

    def frame(self, private: int) -> bytes:
        """The frame for a viewer who has had `private` private events, this one included."""
        frame = self._frames.get(private)
        if frame is None:
            frame = self._frames[private] = text_frame(numbered(self._body, self.public + private))
        return frame

    @property
    def size(self) -> int:
        return len(self._body)


class _Tally:
    """Events, and their bytes, up to a point in the log."""

    __slots__ = ("events", "size")

    def __init__(self) -> None:
        self.events = 0
        self.size = 0

    def add(self, size: int) -> None:
        self.events += 1
        self.size += size


class Subscription:
    """One connection's place in a game's log, and the replies that wait for their turn in it.

    Attributes:
        player: whose private events it sees; None for a spectator.
    """

    __slots__ = ("_publisher", "_replies", "_sink", "cursor", "open", "paused", "player", "private", "seen")

    def __init__(self, publisher: GamePublisher, player: str | None, sink: Sink) -> None:
        self._publisher = publisher
        self._sink = sink
        self._replies: deque[tuple[int, bytes]] = deque()
        self.player = player
        self.cursor = publisher.end
        self.private = publisher.private_of(player).events
        self.seen = publisher.total(player)
        self.paused = False
        self.open = True

    @property
    def pending_replies(self) -> int:
        """How many replies wait for the connection to read."""
        return len(self._replies)

    def reply(self, payload: bytes) -> None:
        """Send to this subscriber alone, after everything that is in the log now."""
        if self.open:
            self._replies.append((self._publisher.end, text_frame(payload)))
            self._publisher.schedule()

    def pause(self) -> None:
        """The connection can't take more for now."""
        self.paused = True

    def resume(self) -> None:
        """The connection reads again."""
        self.paused = False
        self._publisher.schedule()

    def lag(self) -> tuple[int, int]:
        """How far behind it is, in events of its own and in their bytes."""
        events, size = self._publisher.total(self.player)
        return events - self.seen[0], size - self.seen[1]

    def drain(self) -> None:
        """Send what is due, as long as the connection takes it."""
        while self.open and not self.paused:
            chunk = self._next_chunk()
            if not chunk:
                return
            self._sink.write(chunk)

    def skip_to_end(self, batch: bytes) -> None:
        """Send everything since the cursor in one, where the publisher knows that `batch` is just that."""
        self.cursor = self._publisher.end
        self.seen = self._publisher.total(self.player)
        if batch:
            self._sink.write(batch)

    def close(self, code: CloseCode) -> None:
        """Send what is due, then close the connection."""
        if self.open:
            self.drain()
            self._sink.close(code)

    def _next_chunk(self) -> bytes:
        frames = []
        room = CHUNK_BYTES
        events, size = self.seen
        while room > 0:
            if self._replies and self._replies[0][0] <= self.cursor:
                frame = self._replies.popleft()[1]
            elif self.cursor < self._publisher.end:
                entry = self._publisher.entry(self.cursor)
                self.cursor += 1
                if entry.to is not None:
                    if self.player is None or self.player not in entry.to:
                        continue
                    self.private += 1
                events += 1
                size += entry.size
                frame = entry.frame(self.private)
            else:
                break
            frames.append(frame)
            room -= len(frame)
        self.seen = events, size
        return b"".join(frames)


class GamePublisher:
    """Sends a game's events to everybody who may see them.

    Args:
        soon: calls a function at the end of this turn of the reactor.
        max_lag_events: events of its own that a subscriber may be behind.
        max_lag_bytes: bytes of its own events that a subscriber may be behind.
    """

    def __init__(
        self, soon: Callable[[Callable[[], None]], object], *, max_lag_events: int, max_lag_bytes: int
    ) -> None:
        self._soon = soon
        self._max_lag = max_lag_events, max_lag_bytes
        self._log: dict[int, _Entry] = {}
        self._public = _Tally()
        self._private: dict[str, _Tally] = {}
        self._scheduled = False
        self._first = 0
        self._flushed = 0
        self._subscriptions: dict[Subscription, None] = {}
        self.end = 0

    def __len__(self) -> int:
        """How many events the log holds for those who are behind."""
        return len(self._log)

    @property
    def subscriptions(self) -> tuple[Subscription, ...]:
        """Those who are subscribed, in the order in which they came."""
        return tuple(self._subscriptions)

    def subscribe(self, player: str | None, sink: Sink) -> Subscription:
        """Have everything that is published from now on sent to `sink`.

        Args:
            player: whose private events are seen; None for a spectator.
            sink: gets the frames.
        """
        subscription = Subscription(self, player, sink)
        self._subscriptions[subscription] = None
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Send nothing more."""
        subscription.open = False
        self._subscriptions.pop(subscription, None)

    def publish(self, event: bytes, to: frozenset[str] | None = None) -> None:
        """Put an event in the log.

        Args:
            event: a JSON object whose first key is ``event``.
            to: the players who see it; None for everybody.
        """
        if to is None:
            self._public.add(len(event))
        else:
            for player in to:
                self._private.setdefault(player, _Tally()).add(len(event))
        self._log[self.end] = _Entry(event, to, self._public.events)
        self.end += 1
        self.schedule()

    def head(self, player: str | None) -> int:
        """The number of the last event that this viewer may see."""
        return self.total(player)[0]

    def total(self, player: str | None) -> tuple[int, int]:
        """All events that this viewer may see so far: how many, and how many bytes."""
        private = self.private_of(player)
        return self._public.events + private.events, self._public.size + private.size

    def private_of(self, player: str | None) -> _Tally:
        """The private events to a player so far."""
        return self._private.get(player, _NOTHING) if player is not None else _NOTHING

    def entry(self, position: int) -> _Entry:
        """The event at a position of the log that somebody still needs."""
        return self._log[position]

    def schedule(self) -> None:
        """See to it that `flush` is called at the end of this turn."""
        if not self._scheduled:
            self._scheduled = True
            self._soon(self.flush)

    def flush(self) -> None:
        """Bring every subscriber whose connection reads up to date, and close those who are too far behind."""
        self._scheduled = False
        start, end = self._flushed, self.end
        addressed: frozenset[str] = frozenset().union(
            *(to for position in range(start, end) if (to := self._log[position].to) is not None)
        )
        batches: dict[int, bytes] = {}
        needed = end
        for subscription in tuple(self._subscriptions):
            if subscription.paused:
                events, size = subscription.lag()
                if events > self._max_lag[0] or size > self._max_lag[1]:
                    subscription.close(CloseCode.SLOW_CONSUMER)
                    continue
            elif (
                subscription.cursor == start
                and not subscription.pending_replies
                and subscription.player not in addressed
                and len(batch := self._public_batch(batches, end, subscription.private)) <= CHUNK_BYTES
            ):
                # The common case: somebody who is up to date and sees what everybody sees.
                subscription.skip_to_end(batch)
            else:
                subscription.drain()
            needed = min(needed, subscription.cursor)
        self._flushed = end
        self._forget_before(needed)

    def _public_batch(self, batches: dict[int, bytes], end: int, private: int) -> bytes:
        batch = batches.get(private)
        if batch is None:
            entries = (self._log[position] for position in range(self._flushed, end))
            batch = batches[private] = b"".join(entry.frame(private) for entry in entries if entry.to is None)
        return batch

    def _forget_before(self, position: int) -> None:
        for old in range(self._first, position):
            del self._log[old]
        self._first = position


_NOTHING = _Tally()
