"""GamePublisher: where each subscriber stands in a game's event log, and what they are sent.

An event is encoded once. A subscriber is a cursor into the log that all of a game share: while its connection does not
read it costs its cursor and nothing else. What is published during one turn of the reactor leaves in one write per
subscriber, at the end of the turn, together with the subscriber's replies.

Viewers without private events share numbers and bytes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple, Protocol

from gamesvc.errors import CloseCode
from gamesvc.eventlog import EventLog, LoggedEvent, Place, Viewer
from gamesvc.frames import text_frame

CHUNK_BYTES = 1 << 16
"""A subscriber that catches up gets about this much in one write, and more only if its connection still reads."""


class Sink(Protocol):
    """What a subscriber's bytes go to: a connection."""

    def write(self, data: bytes) -> None:
        """Send complete frames."""

    def close(self, code: CloseCode) -> None:
        """Close the connection."""


class Subscription:
    """One connection's place in a game's log, and the replies that wait for their turn in it.

    Attributes:
        viewer: who sees what is sent.
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
        "_welcome",
        "cursor",
        "judged",
        "missed",
        "open",
        "paused",
        "private",
        "seen",
        "viewer",
    )

    def __init__(self, publisher: GamePublisher, viewer: Viewer, sink: Sink, place: Place) -> None:
        self._publisher = publisher
        self._sink = sink
        self._welcome = b""
        self._replies: deque[tuple[int, bytes]] = deque()
        self._reply_bytes = 0
        self.viewer = viewer
        self.cursor = place.position
        self.private = place.private
        self.seen = place.events, place.size
        self.judged = publisher.total(viewer)
        # What it had missed when it came is no sign of slowness.
        self.missed = self.judged[0] - place.events, self.judged[1] - place.size
        self.paused = False
        self.open = True

    @property
    def pending_replies(self) -> int:
        """How many replies wait for the connection to read; those that only wait for the turn's end are none."""
        return len(self._replies) if self.paused else 0

    def is_even_with(self, position: int) -> bool:
        """Whether everything before a position of the log was sent, and no reply waits."""
        return self.cursor == position and not self._replies and not self._welcome

    def reply(self, payload: bytes) -> None:
        """Send to this subscriber alone, after everything that is in the log now. Closes one that does not read, where
        too many bytes of replies wait for it."""
        if not self.open:
            return
        frame = text_frame(payload)
        self._replies.append((self._publisher.log.end, frame))
        self._reply_bytes += len(frame)
        if self.paused and self._reply_bytes > self._publisher.max_lag_bytes:
            self.close(CloseCode.SLOW_CONSUMER)
        else:
            self._publisher.schedule()

    def greet(self, payload: bytes) -> None:
        """Send something before everything else."""
        self._welcome = text_frame(payload)
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
        viewer, log = self.viewer, self._publisher.log
        if self._welcome:
            frames.append(self._welcome)
            self._welcome = b""
        while room > 0:
            if self._replies and self._replies[0][0] <= self.cursor:
                frame = self._replies.popleft()[1]
                self._reply_bytes -= len(frame)
            elif self.cursor < log.end:
                event = log.event(self.cursor)
                self.cursor += 1
                if event is None or not event.seen_by(viewer):
                    continue
                if event.to is not None:
                    self.private += 1
                events += 1
                size += event.size
                frame = event.frame(self.private, viewer.framework)
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
        log: the game's events so far.
        max_lag_events: events of its own that a subscriber may be behind.
        max_lag_bytes: bytes of its own events, and bytes of replies, that a subscriber may be behind.
    """

    def __init__(
        self,
        soon: Callable[[Callable[[], None]], object],
        log: EventLog,
        *,
        max_lag_events: int,
        max_lag_bytes: int,
    ) -> None:
        self._soon = soon
        self.log = log
        self.max_lag_events = max_lag_events
        self.max_lag_bytes = max_lag_bytes
        self._scheduled = False
        self._flushed = log.end
        self._subscriptions: dict[Subscription, None] = {}

    @property
    def subscriptions(self) -> tuple[Subscription, ...]:
        """Those who are subscribed, in the order in which they came."""
        return tuple(self._subscriptions)

    def subscribe(self, viewer: Viewer, sink: Sink, place: Place | None = None) -> Subscription:
        """Have everything from a place on sent to `sink`.

        Args:
            viewer: who sees it.
            sink: gets the frames.
            place: where they stand, as `History.find` has just said; None: they have had everything.
        """
        subscription = Subscription(self, viewer, sink, place or self.log.end_for(viewer))
        self._subscriptions[subscription] = None
        if place is not None:
            self.schedule()
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Send nothing more; once more is harmless."""
        if subscription.open:
            subscription.open = False
            del self._subscriptions[subscription]
            self.schedule()  # the log may have held something for it alone

    def publish(self, event: bytes, to: frozenset[str] | None = None, entry: int = 0) -> None:
        """Put an event in the log.

        Args:
            event: a JSON object whose first key is ``event``.
            to: the players who see it; None for everybody.
            entry: number of the journal's entry that it is of.
        """
        self.log.append(event, to, entry)
        self.schedule()

    def total(self, viewer: Viewer) -> tuple[int, int]:
        """All events that this viewer may see so far: how many, and how many bytes."""
        end = self.log.end_for(viewer)
        return end.events, end.size

    def schedule(self) -> None:
        """See to it that `flush` is called at the end of this turn."""
        if not self._scheduled:
            self._scheduled = True
            self._soon(self.flush)

    def flush(self) -> None:
        """Bring every subscriber whose connection reads up to date, and close those who are too far behind."""
        self._scheduled = False
        # What is published while this runs belongs to the next turn.
        log = self.log
        start, end = self._flushed, log.end
        self._flushed = end
        new = [event for position in range(start, end) if (event := log.event(position)) is not None]
        addressed: set[str] = set()
        for event in new:
            if event.to is not None:
                addressed |= event.to
        public = [event for event in new if event.to is None]
        batches: dict[tuple[int, bool], _Batch] = {}
        behind: set[str] = set()
        needed = end
        for subscription in tuple(self._subscriptions):
            if not subscription.open:
                continue
            viewer = subscription.viewer
            if subscription.paused:
                self._judge(subscription)
            elif (
                subscription.is_even_with(start)
                and viewer.player not in addressed
                and len((batch := _batch(batches, public, end, subscription)).frames) <= CHUNK_BYTES
            ):
                # The common case: somebody who is up to date and sees what everybody sees.
                subscription.send_batch(batch)
            else:
                subscription.judged = self.total(viewer)
                subscription.drain()
            if subscription.open and subscription.cursor < end:
                needed = min(needed, subscription.cursor)
                if viewer.player is not None:
                    behind.add(viewer.player)
        for event in new:
            event.keep_no_frames()
        log.forget(needed, behind)

    def _judge(self, subscription: Subscription) -> None:
        """Close a subscriber that is too far behind, if it was an event of its own that brought that about: others'
        must not show in when it is closed."""
        total = self.total(subscription.viewer)
        if total == subscription.judged:
            return
        subscription.judged = total
        events, size = total[0] - subscription.seen[0], total[1] - subscription.seen[1]
        more_events, more_size = subscription.missed
        if events > self.max_lag_events + more_events or size > self.max_lag_bytes + more_size:
            subscription.close(CloseCode.SLOW_CONSUMER)


def _batch(
    batches: dict[tuple[int, bool], _Batch], public: list[LoggedEvent], end: int, subscription: Subscription
) -> _Batch:
    """What all get who have had as many private events as this one, and see gamesvc's own or don't, as this one."""
    private, framework = subscription.private, subscription.viewer.framework
    batch = batches.get((private, framework))
    if batch is None:
        seen = public if framework else [event for event in public if not event.is_framework]
        frames = b"".join([event.frame(private, framework) for event in seen])
        batch = _Batch(frames, len(seen), sum(event.size for event in seen), end)
        batches[private, framework] = batch
    return batch
