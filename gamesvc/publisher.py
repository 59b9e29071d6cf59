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
from typing import NamedTuple, Protocol

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
        self._frames: dict[int, bytes] | None = {}

    def frame(self, private: int) -> bytes:
        """The frame for a viewer who has had `private` private events, this one included."""
        frame = self._frames.get(private) if self._frames is not None else None
        if frame is None:
            frame = text_frame(numbered(self._body, self.public + private))
            if self._frames is not None:
                self._frames[private] = frame
        return frame

    def keep_no_frames(self) -> None:
        """The turn in which most need it is over. For those who are behind, its body is enough: a frame for each
        number of private events that somebody has had would take many times the room."""
        self._frames = None

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
        cursor: position in the log of the next event that it may have to send.
        private: how many private events to its player lie before the cursor.
        seen: how many events of its own lie before the cursor, and how many bytes.
        judged: all events of its own when it was last judged whether it is too far behind.
        paused: whether the connection can't take more for now.
        open: whether anything may still be sent.
    """

    __slots__ = (
        "_publisher",
        "_replies",
        "_reply_bytes",
        "_sink",
        "cursor",
        "judged",
        "open",
        "paused",
        "player",
        "private",
        "seen",
    )

    def __init__(self, publisher: GamePublisher, player: str | None, sink: Sink) -> None:
        self._publisher = publisher
        self._sink = sink
        self._replies: deque[tuple[int, bytes]] = deque()
        self._reply_bytes = 0
        self.player = player
        self.cursor = publisher.end
        self.private = publisher.private_of(player).events
        self.seen = self.judged = publisher.total(player)
        self.paused = False
        self.open = True

    @property
    def pending_replies(self) -> int:
        """How many replies wait for the connection to read; those that only wait for the turn's end are none."""
        return len(self._replies) if self.paused else 0

    def is_even_with(self, position: int) -> bool:
        """Whether everything before a position of the log was sent, and no reply waits."""
        return self.cursor == position and not self._replies

    def reply(self, payload: bytes) -> None:
        """Send to this subscriber alone, after everything that is in the log now. Closes one that does not read, where
        too many bytes of replies wait for it."""
        if not self.open:
            return
        frame = text_frame(payload)
        self._replies.append((self._publisher.end, frame))
        self._reply_bytes += len(frame)
        if self.paused and self._reply_bytes > self._publisher.max_lag_bytes:
            self.close(CloseCode.SLOW_CONSUMER)
        else:
            self._publisher.schedule()

    def pause(self) -> None:
        """The connection can't take more for now."""
        self.paused = True

    def resume(self) -> None:
        """The connection reads again."""
        self.paused = False
        self._publisher.schedule()

    def drain(self) -> None:
        """Send what is due, as long as the connection takes it."""
        while self.open and not self.paused:
            chunk = self._next_chunk()
            if not chunk:
                return
            self._sink.write(chunk)

    def send_batch(self, batch: _Batch) -> None:
        """Send everything since the cursor in one, where the publisher knows that `batch` is just that."""
        self.cursor = batch.end
        self.seen = self.seen[0] + batch.events, self.seen[1] + batch.size
        if batch.frames:
            self._sink.write(batch.frames)

    def close(self, code: CloseCode) -> None:
        """Send what is due, as long as the connection takes it, then close it."""
        self.drain()
        if self.open:
            self._publisher.unsubscribe(self)
            self._sink.close(code)

    def _next_chunk(self) -> bytes:
        frames = []
        room = CHUNK_BYTES
        events, size = self.seen
        while room > 0:
            if self._replies and self._replies[0][0] <= self.cursor:
                frame = self._replies.popleft()[1]
                self._reply_bytes -= len(frame)
            elif self.cursor < self._publisher.end:
                entry = self._publisher.entry(self.cursor)
                self.cursor += 1
                if entry is None:
                    continue
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


class _Batch(NamedTuple):
    """The public events of a turn, as those see them who have had the same number of private ones.

    Attributes:
        frames: all of them.
        events: how many.
        size: how many bytes they have without frames and numbers.
        end: position in the log after them.
    """

    frames: bytes
    events: int
    size: int
    end: int


class GamePublisher:
    """Sends a game's events to everybody who may see them.

    Args:
        soon: calls a function at the end of this turn of the reactor.
        max_lag_events: events of its own that a subscriber may be behind.
        max_lag_bytes: bytes of its own events, and bytes of replies, that a subscriber may be behind.
    """

    def __init__(
        self, soon: Callable[[Callable[[], None]], object], *, max_lag_events: int, max_lag_bytes: int
    ) -> None:
        self._soon = soon
        self.max_lag_events = max_lag_events
        self.max_lag_bytes = max_lag_bytes
        self._log: dict[int, _Entry] = {}
        self._private_in_log: set[int] = set()
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
        """Send nothing more; once more is harmless."""
        if subscription.open:
            subscription.open = False
            del self._subscriptions[subscription]
            self.schedule()  # the log may have held something for it alone

    def publish(self, event: bytes, to: frozenset[str] | None = None) -> None:
        """Put an event in the log.

        Args:
            event: a JSON object whose first key is ``event``.
            to: the players who see it; None for everybody.
        """
        if to is None:
            self._public.add(len(event))
        else:
            self._private_in_log.add(self.end)
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

    def entry(self, position: int) -> _Entry | None:
        """The event at a position of the log; None where nobody needs it any more."""
        return self._log.get(position)

    def schedule(self) -> None:
        """See to it that `flush` is called at the end of this turn."""
        if not self._scheduled:
            self._scheduled = True
            self._soon(self.flush)

    def flush(self) -> None:
        """Bring every subscriber whose connection reads up to date, and close those who are too far behind."""
        self._scheduled = False
        # What is published while this runs belongs to the next turn.
        start, end = self._flushed, self.end
        self._flushed = end
        new = [self._log[position] for position in range(start, end)]
        addressed: set[str] = set()
        for entry in new:
            if entry.to is not None:
                addressed |= entry.to
        public = [entry for entry in new if entry.to is None]
        batches: dict[int, _Batch] = {}
        behind: set[str] = set()
        needed = end
        for subscription in tuple(self._subscriptions):
            if not subscription.open:
                continue
            if subscription.paused:
                self._judge(subscription)
            elif (
                subscription.is_even_with(start)
                and subscription.player not in addressed
                and len((batch := _batch(batches, public, end, subscription.private)).frames) <= CHUNK_BYTES
            ):
                # The common case: somebody who is up to date and sees what everybody sees.
                subscription.send_batch(batch)
            else:
                subscription.judged = self.total(subscription.player)
                subscription.drain()
            if subscription.open and subscription.cursor < end:
                needed = min(needed, subscription.cursor)
                if subscription.player is not None:
                    behind.add(subscription.player)
        for entry in new:
            entry.keep_no_frames()
        self._forget(needed, behind)

    def _judge(self, subscription: Subscription) -> None:
        """Close a subscriber that is too far behind, if it was an event of its own that brought that about: others'
        must not show in when it is closed."""
        total = self.total(subscription.player)
        if total == subscription.judged:
            return
        subscription.judged = total
        events, size = total[0] - subscription.seen[0], total[1] - subscription.seen[1]
        if events > self.max_lag_events or size > self.max_lag_bytes:
            subscription.close(CloseCode.SLOW_CONSUMER)

    def _forget(self, position: int, behind: set[str]) -> None:
        """Drop what nobody needs: all before a position, and what is private to players who are not behind."""
        for old in range(self._first, position):
            self._log.pop(old, None)
        self._first = position
        done = [
            each
            for each in self._private_in_log
            if (entry := self._log.get(each)) is None
            or (each < self._flushed and entry.to is not None and behind.isdisjoint(entry.to))
        ]
        for each in done:
            self._private_in_log.discard(each)
            self._log.pop(each, None)


def _batch(batches: dict[int, _Batch], public: list[_Entry], end: int, private: int) -> _Batch:
    batch = batches.get(private)
    if batch is None:
        frames = b"".join([entry.frame(private) for entry in public])
        batch = batches[private] = _Batch(frames, len(public), sum(entry.size for entry in public), end)
    return batch


_NOTHING = _Tally()
