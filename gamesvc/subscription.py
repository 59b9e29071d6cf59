"""Subscription: one connection's place in a game's event log, and the replies that wait for their turn in it.

While its connection does not read, a subscriber costs its cursor and nothing else. Most subscribers are *in step*: they
have had everything, nothing waits for them alone, and their sockets are clear. The publisher sends to these directly;
everybody else is sent to from here.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from typing import NamedTuple, Protocol

from gamesvc.errors import CloseCode
from gamesvc.eventlog import EventLog, Place, Viewer
from gamesvc.frames import text_frame

CHUNK_BYTES = 1 << 16
"""A subscriber that catches up gets about this much in one write, and more only if its connection still reads."""

_NONE = 0, 0

Send = Callable[[bytes], int]
"""Hands bytes to a socket, and says how many of them it took. Raises OSError where it can't."""


class Sink(Protocol):
    """What a subscriber's bytes go to: a connection."""

    def write(self, data: bytes) -> None:
        """Send complete frames."""

    def close(self, code: CloseCode) -> None:
        """Close the connection."""


class Publisher(Protocol):
    """What a subscription asks of its publisher.

    Attributes:
        log: the game's events.
        max_lag_bytes: bytes of replies that may wait for a connection that does not read.
    """

    log: EventLog
    max_lag_bytes: int

    def serve(self, subscription: Subscription) -> None:
        """See to it that a subscriber gets what is due to it, at the end of this turn."""

    def unsubscribe(self, subscription: Subscription) -> None:
        """Send nothing more."""

    def set_aside(self, subscription: Subscription) -> None:
        """Send directly to its socket no more."""


class Direct(Protocol):
    """A connection's socket, for who sends to many.

    Attributes:
        send: the socket's.
    """

    send: Send

    @property
    def is_clear(self) -> bool:
        """Whether nothing waits before what is sent now."""


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
        catching_up: whether it has so much to catch up on that it takes turns with others.
        in_step: whether the publisher sends directly to its socket; its cursor counts when it does no more.
        direct: its socket; None where it has none that may be written to.
        write: the sink's.
    """

    __slots__ = (
        "_publisher",
        "_replies",
        "_reply_bytes",
        "_sink",
        "_welcome",
        "catching_up",
        "cursor",
        "direct",
        "idle",
        "in_step",
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

    def __init__(
        self, publisher: Publisher, viewer: Viewer, sink: Sink, place: Place, direct: Direct | None = None
    ) -> None:
        self._publisher = publisher
        self._sink = sink
        self._welcome = b""
        self._replies: list[tuple[int, bytes]] | None = None
        self._reply_bytes = 0
        self.write = sink.write
        self.direct = direct
        self.in_step = False
        self.catching_up = False
        self.viewer = viewer
        self.cursor = place.position
        self.private = place.private
        self.sight = sight_of(place.private, viewer)
        self.seen = place.events, place.size
        end = publisher.log.end_for(viewer)
        self.judged = end.events, end.size
        self.missed = end.events - place.events, end.size - place.size
        self.paused = False
        self.idle = True
        self.open = True

    @property
    def pending_replies(self) -> int:
        """How many replies wait for the connection to read, or until others have caught up; those that only wait for
        the end of the turn are none."""
        return len(self._replies) if self._replies and (self.paused or self.catching_up) else 0

    def reply(self, payload: bytes) -> None:
        """Send to this subscriber alone, after everything that is in the log now. Closes one that does not read, where
        too many bytes of replies wait for it."""
        if not self.open:
            return
        frame = text_frame(payload)
        if self._replies is None:
            self._replies = [(self._publisher.log.end, frame)]
        else:
            self._replies.append((self._publisher.log.end, frame))
        self.idle = False
        self._reply_bytes += len(frame)
        if (self.paused or self.catching_up) and self._reply_bytes > self._publisher.max_lag_bytes:
            self.close(CloseCode.SLOW_CONSUMER)
        elif not self.paused:
            self._publisher.serve(self)

    def greet(self, payload: bytes) -> None:
        """Send something before everything else."""
        self.stand_aside()
        self._welcome = text_frame(payload)
        self.idle = False
        self._publisher.serve(self)

    def look_as(self, viewer: Viewer, position: int) -> None:
        """Go on as somebody else, from a position on; where everything was sent that is before it."""
        self.stand_aside()
        log = self._publisher.log
        place, end = log.place_at(viewer, position), log.end_for(viewer)
        self.viewer = viewer
        self.cursor = position
        self.private = place.private
        self.sight = sight_of(place.private, viewer)
        self.seen = place.events, place.size
        self.judged = end.events, end.size
        self.missed = _NONE

    def pause(self) -> None:
        """The connection can't take more for now."""
        self.paused = True
        self.idle = False
        self.stand_aside()

    def stand_aside(self) -> None:
        """Something waits before what would be sent to the socket now."""
        if self.in_step:
            self._publisher.set_aside(self)

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
        self.stand_aside()
        shared: dict[tuple[int, int], Span] = {}
        while self.is_waiting:
            self.send_chunk(shared)

    def drain_before(self, position: int) -> None:
        """Send the events before a position, where the connection takes it. Replies wait for what comes after."""
        self.stand_aside()
        if self.paused or not self.open:
            return
        frames = [self._welcome] if self._welcome else []
        self._welcome = b""
        replies, self._replies = self._replies, None
        self._gather_own(frames, position)
        self._replies = replies
        if frames:
            self.write(b"".join(frames))

    def send_chunk(self, shared: dict[tuple[int, int], Span]) -> int:
        """Send some of what is due.

        Args:
            shared: what was gathered for others of the same cursor and sight; what is gathered now is added.

        Returns:
            How many bytes that were.
        """
        if self._replies is not None and self.cursor == self._publisher.log.end and self.takes_batch():
            # Nothing but replies: what most commands lead to whose event was sent, or that have none.
            chunk = self._take_replies(self._replies)
        else:
            chunk = self._next_chunk(shared)
        if chunk:
            self.write(chunk)
        return len(chunk)

    def send_replies(self) -> None:
        """Send nothing but replies, directly: to one who is in step."""
        replies, direct = self._replies, self.direct
        if replies is not None and direct is not None:
            frames = self._take_replies(replies)
            try:
                sent = direct.send(frames)
            except OSError:
                sent = 0  # it would block, or the line is gone: the transport will find out
            if sent < len(frames):
                self.stand_aside()
                self.write(frames[sent:])

    def _take_replies(self, replies: list[tuple[int, bytes]]) -> bytes:
        self._replies, self._reply_bytes = None, 0
        self.idle = True
        return replies[0][1] if len(replies) == 1 else b"".join([frame for _, frame in replies])

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
        self.idle = True
        frames = batch.frames
        if self._replies is not None:
            pieces: list[bytes] = []
            at = 0
            for position, frame in self._replies:
                before = position - start
                if before > at:
                    pieces += batch.pieces[at:before]
                    at = before
                pieces.append(frame)
            frames = b"".join([*pieces, *batch.pieces[at:]])
            self._replies, self._reply_bytes = None, 0
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
                span = shared[key] = gather(log, self)
            self.cursor = span.end
            self.seen = self.seen[0] + span.events, self.seen[1] + span.size
            frames.append(span.frames)
        else:
            self._gather_own(frames, log.end, CHUNK_BYTES)
        end = log.end_for(viewer)
        if self.cursor == log.end or self.seen == (end.events, end.size):
            # What is left, if anything is, is others'.
            self.missed = _NONE
        if self.cursor == log.end:
            self.idle = self._replies is None and not self.paused
        return b"".join(frames)

    def _gather_own(self, frames: list[bytes], end: int, room: float = math.inf) -> None:
        events, size = self.seen
        viewer, log = self.viewer, self._publisher.log
        replies = deque(self._replies or ())
        while room > 0:
            if replies and replies[0][0] <= self.cursor:
                frame = replies.popleft()[1]
                self._reply_bytes -= len(frame)
            elif self.cursor < end:
                event = log.event(self.cursor)
                if event is None:
                    self.cursor = min(end, log.next_after(self.cursor))
                    continue
                self.cursor += 1
                if not event.seen_by(viewer):
                    continue
                if event.to is not None:
                    self.private += 1
                events += 1
                size += event.size
                frame = event.frame(self.private, viewer.framework, viewer.deflates)
            else:
                break
            frames.append(frame)
            room -= len(frame)
        self._replies = list(replies) or None
        self.seen = events, size
        self.sight = sight_of(self.private, viewer)


def sight_of(private: int, viewer: Viewer) -> int:
    """The same number for all who see and number the same public events.

    Args:
        private: how many private events they have had.
        viewer: one of them.
    """
    return 4 * private + 2 * viewer.deflates + viewer.framework


def gather(log: EventLog, subscription: Subscription) -> Span:
    """What all get who are of the same sight and have the same cursor: about a chunk."""
    position, private = subscription.cursor, subscription.private
    viewer = subscription.viewer._replace(player=None)
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
            frame = event.frame(private, viewer.framework, viewer.deflates)
            frames.append(frame)
            room -= len(frame)
            size += event.size
    return Span(b"".join(frames), position, len(frames), size)
