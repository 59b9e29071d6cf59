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

CHUNKS_A_TURN = 16
"""So many subscribers that catch up get a chunk at a time. Then it is others' turn: other games', and who sends."""

_NONE = 0, 0


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
        sight: what others who see and number the same public events have, too.
        seen: how many events of its own lie before the cursor, and how many bytes. Kept while it is behind.
        judged: all events of its own when it was last judged whether it is too far behind.
        missed: how far behind it was when it came, while it is: that is no sign of slowness.
        paused: whether the connection can't take more for now.
        idle: whether nothing waits for it alone, and its connection reads.
        open: whether anything may still be sent.
        write: the sink's.
    """

    __slots__ = (
        "_publisher",
        "_replies",
        "_reply_bytes",
        "_sink",
        "_welcome",
        "cursor",
        "idle",
        "judged",
        "missed",
        "open",
        "paused",
        "private",
        "seen",
        "sight",
        "viewer",
        "write",
    )

    def __init__(self, publisher: GamePublisher, viewer: Viewer, sink: Sink, place: Place) -> None:
        self._publisher = publisher
        self._sink = sink
        self._welcome = b""
        self._replies: deque[tuple[int, bytes]] | None = None
        self._reply_bytes = 0
        self.write = sink.write
        self.viewer = viewer
        self.cursor = place.position
        self.private = place.private
        self.sight = _sight(place.private, viewer)
        self.seen = place.events, place.size
        self.judged = publisher.total(viewer)
        self.missed = self.judged[0] - place.events, self.judged[1] - place.size
        self.paused = False
        self.idle = True
        self.open = True

    @property
    def pending_replies(self) -> int:
        """How many replies wait for the connection to read; those that only wait for the turn's end are none."""
        return len(self._replies) if self.paused and self._replies else 0

    def reply(self, payload: bytes) -> None:
        """Send to this subscriber alone, after everything that is in the log now. Closes one that does not read, where
        too many bytes of replies wait for it."""
        if not self.open:
            return
        frame = text_frame(payload)
        if self._replies is None:
            self._replies = deque()
        self._replies.append((self._publisher.log.end, frame))
        self.idle = False
        self._reply_bytes += len(frame)
        if not self.paused:
            self._publisher.serve(self)
        elif self._reply_bytes > self._publisher.max_lag_bytes:
            self.close(CloseCode.SLOW_CONSUMER)

    def greet(self, payload: bytes) -> None:
        """Send something before everything else."""
        self._welcome = text_frame(payload)
        self.idle = False
        self._publisher.serve(self)

    def pause(self) -> None:
        """The connection can't take more for now."""
        self.paused = True
        self.idle = False

    def resume(self) -> None:
        """The connection reads again."""
        self.paused = False
        self.idle = self.open and self._replies is None and not self._welcome
        if self.is_waiting:
            self._publisher.serve(self)

    @property
    def is_waiting(self) -> bool:
        """Whether there is something to send that the connection would take."""
        if self.paused or not self.open:
            return False
        return self._replies is not None or self.cursor < self._publisher.log.end or bool(self._welcome)

    def drain(self) -> None:
        """Send what is due, as long as the connection takes it."""
        shared: dict[tuple[int, int], Span] = {}
        while self.is_waiting:
            self.send_chunk(shared)

    def send_chunk(self, shared: dict[tuple[int, int], Span]) -> int:
        """Send some of what is due.

        Args:
            shared: what was gathered for others of the same cursor and sight; what is gathered now is added.

        Returns:
            How many bytes that were.
        """
        chunk = self._next_chunk(shared)
        if chunk:
            self.write(chunk)
        return len(chunk)

    def takes_batch(self) -> bool:
        """Whether nothing but replies stands between it and what everybody gets, and these are not many."""
        return self.open and not self.paused and not self._welcome and self._reply_bytes <= CHUNK_BYTES

    def send_batch(self, batch: Batch, start: int) -> None:
        """Send everything since the cursor in one, with the replies between; where `takes_batch` says so.

        Args:
            batch: the events since the cursor.
            start: the cursor.
        """
        self.cursor = batch.end
        pieces: list[bytes] = []
        at = 0
        for position, frame in self._replies or ():
            before = position - start
            if before > at:
                pieces += batch.pieces[at:before]
                at = before
            pieces.append(frame)
        pieces += batch.pieces[at:]
        self._replies, self._reply_bytes = None, 0
        self.idle = True
        frames = b"".join(pieces)
        if frames:
            self.write(frames)

    def close(self, code: CloseCode) -> None:
        """Send what is due, as long as the connection takes it, then close it."""
        self.drain()
        if self.open:
            self._publisher.unsubscribe(self)
            self._sink.close(code)

    def _next_chunk(self, shared: dict[tuple[int, int], Span]) -> bytes:
        log, viewer, replies = self._publisher.log, self.viewer, self._replies
        frames = [self._welcome] if self._welcome else []
        self._welcome = b""
        if replies is None and self.cursor < log.end and self.private == log.end_for(viewer).private:
            # No private event is to come: it shares what it gets with all of its sight.
            key = self.cursor, self.sight
            span = shared.get(key)
            if span is None:
                span = shared[key] = _gather(log, self)
            self.cursor = span.end
            self.seen = self.seen[0] + span.events, self.seen[1] + span.size
            frames.append(span.frames)
        else:
            self._gather_own(frames)
        if self.cursor == log.end:
            self.missed = _NONE
            self.idle = self._replies is None and not self.paused
        return b"".join(frames)

    def _gather_own(self, frames: list[bytes]) -> None:
        room = CHUNK_BYTES
        events, size = self.seen
        viewer, log = self.viewer, self._publisher.log
        replies: deque[tuple[int, bytes]] = self._replies or deque()
        while room > 0:
            if replies and replies[0][0] <= self.cursor:
                frame = replies.popleft()[1]
                self._reply_bytes -= len(frame)
            elif self.cursor < log.end:
                event = log.event(self.cursor)
                if event is None:
                    self.cursor = log.next_after(self.cursor)
                    continue
                self.cursor += 1
                if not event.seen_by(viewer):
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
        self._replies = replies or None
        self.seen = events, size
        self.sight = _sight(self.private, viewer)


class Batch(NamedTuple):
    """The public events of a turn, as those see them who have had the same number of private ones.

    Attributes:
        frames: all of them.
        pieces: the frame of each event; empty where it is not seen.
        end: position in the log after them.
    """

    frames: bytes
    pieces: list[bytes]
    end: int


class Span(NamedTuple):
    """A piece of the log, for those who are behind, as those see it to whom nothing in it is private.

    Attributes:
        frames: of the events that they see.
        end: position in the log after it.
        events: how many events they see of it.
        size: how many bytes these have, without frames and numbers.
    """

    frames: bytes
    end: int
    events: int
    size: int


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
        self._waiting: dict[Subscription, None] = {}
        # Who has not had everything, and how many bytes the log had had when that began.
        self._behind: dict[Subscription, int] = {}

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
        if subscription.cursor < self.log.end:
            self._behind[subscription] = self.log.written
            self.serve(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Send nothing more; once more is harmless."""
        if subscription.open:
            subscription.open = subscription.idle = False
            del self._subscriptions[subscription]
            self._waiting.pop(subscription, None)
            if self._behind.pop(subscription, None) is not None:
                self.schedule()  # the log may have held something for it alone

    def publish(self, event: bytes, to: frozenset[str] | None = None, entry: int = 0) -> None:
        """Put an event in the log.

        Args:
            event: a JSON object whose first key is ``event``.
            to: the players who see it; None for everybody.
            entry: number of the journal's entry that it is of.
        """
        self.log.append(event, to, entry)
        if not self._scheduled:
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

    def serve(self, subscription: Subscription) -> None:
        """See to it that a subscriber gets what is due to it, at the end of this turn."""
        self._waiting[subscription] = None
        if not self._scheduled:
            self.schedule()

    def flush(self) -> None:
        """Bring every subscriber whose connection reads up to date, and close those who are too far behind."""
        self._scheduled = False
        # What is published while this runs belongs to the next turn.
        start, end = self._flushed, self.log.end
        self._flushed = end
        new = self._send_new(start, end) if start < end else ()
        if self._waiting:
            self._send_waiting()
        for event in new:
            event.keep_no_frames()
        needed = min((each.cursor for each in self._behind), default=end)
        self.log.forget(min(needed, end), {each.viewer.player for each in self._behind if each.viewer.player})

    def _send_new(self, start: int, end: int) -> list[LoggedEvent]:
        log = self.log
        new = [event for position in range(start, end) if (event := log.event(position)) is not None]
        addressed: set[str | None] = set()
        for event in new:
            if event.to is not None:
                addressed |= event.to
        batches: dict[int, Batch | None] = {}
        written = log.written - sum([event.size for event in new])
        # This is the way of most bytes that leave: each line here is run for every delivery.
        for subscription in tuple(self._subscriptions):
            if subscription.cursor == start and subscription.viewer.player not in addressed:
                try:
                    batch = batches[subscription.sight]
                except KeyError:
                    batch = batches[subscription.sight] = _batch(new, subscription, end)
                if batch is not None:
                    if subscription.idle:
                        subscription.cursor = end
                        if batch.frames:
                            subscription.write(batch.frames)
                        continue
                    if subscription.takes_batch():
                        self._waiting.pop(subscription, None)
                        subscription.send_batch(batch, start)
                        continue
            if subscription.open and subscription.cursor < end:
                self._leave_behind(subscription, written)
        return new

    def _leave_behind(self, subscription: Subscription, written: int) -> None:
        """Somebody can't be sent what everybody gets, together with everybody."""
        mark = self._behind.get(subscription)
        if mark is None:
            mark = self._behind[subscription] = written
            subscription.seen = self._seen_before(subscription)
        if not subscription.paused:
            self._waiting[subscription] = None
            return
        # Others' events count here as its own would, so this tells only of some that they are not too far behind.
        events, size = self.log.end - subscription.cursor, self.log.written - mark
        if events > self.max_lag_events or size > self.max_lag_bytes:
            self._judge(subscription)

    def _seen_before(self, subscription: Subscription) -> tuple[int, int]:
        """How many events of its own lie before a subscriber's cursor, and how many bytes."""
        events, size = self.total(subscription.viewer)
        for position in range(subscription.cursor, self.log.end):
            event = self.log.event(position)
            if event is not None and event.seen_by(subscription.viewer):
                events -= 1
                size -= event.size
        return events, size

    def _send_waiting(self) -> None:
        """Send a chunk to each who waits for something of its own, as far as the turn has room for that."""
        waiting, self._waiting = self._waiting, {}
        shared: dict[tuple[int, int], Span] = {}
        room = CHUNKS_A_TURN * CHUNK_BYTES
        for subscription in waiting:
            if not subscription.is_waiting:
                continue
            if room > 0:
                room -= subscription.send_chunk(shared)
            if subscription.cursor == self.log.end:
                self._behind.pop(subscription, None)
            else:
                # That it was behind while it read must not show when others' events come.
                subscription.judged = self.total(subscription.viewer)
            if subscription.is_waiting:
                self._waiting[subscription] = None
        if self._waiting:
            self.schedule()

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


def _sight(private: int, viewer: Viewer) -> int:
    """The same number for all who see and number the same public events."""
    return 2 * private + viewer.framework


def _batch(new: list[LoggedEvent], subscription: Subscription, end: int) -> Batch | None:
    """What all get of a turn's events who are of the same sight; None where that is too much for one write."""
    private, framework = subscription.private, subscription.viewer.framework
    pieces = [
        event.frame(private, framework) if event.to is None and (framework or not event.is_framework) else b""
        for event in new
    ]
    frames = pieces[0] if len(pieces) == 1 else b"".join(pieces)
    return Batch(frames, pieces, end) if len(frames) <= CHUNK_BYTES else None


def _gather(log: EventLog, subscription: Subscription) -> Span:
    """What all get who are of the same sight and have the same cursor: about a chunk."""
    position, private = subscription.cursor, subscription.private
    viewer = Viewer(None, subscription.viewer.framework)
    frames: list[bytes] = []
    room = CHUNK_BYTES
    size = 0
    while room > 0 and position < log.end:
        event = log.event(position)
        if event is None:
            position = log.next_after(position)
            continue
        position += 1
        if event.seen_by(viewer):
            frame = event.frame(private, viewer.framework)
            frames.append(frame)
            room -= len(frame)
            size += event.size
    return Span(b"".join(frames), position, len(frames), size)
