"""GamePublisher: where each subscriber stands in a game's event log, and what they are sent.

An event is encoded once. A subscriber is a cursor into the log that all of a game share: while its connection does not
read it costs its cursor and nothing else. What is published during one turn of the reactor leaves in one write per
subscriber, at the end of the turn, together with the subscriber's replies.

Viewers without private events share numbers and bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from gamesvc.errors import CloseCode
from gamesvc.eventlog import EventLog, LoggedEvent, Place, Viewer
from gamesvc.mirror import Mirror, Pictures
from gamesvc.subscription import CHUNK_BYTES, Batch, Direct, Send, Sink, Span, Subscription

CHUNKS_A_TURN = 16
"""So many chunks go to those who catch up. Then it is other games' turn; and that of what comes in, when the end of
this turn has taken long enough (see `turn`)."""

FEW_EVENTS = 64
"""Who is no further behind than so many events of the game, need not wait until those had a chunk who are."""


S = TypeVar("S", bound=Subscription)


class GamePublisher:
    """Sends a game's events to everybody who may see them.

    Args:
        soon: calls a function at the end of this turn of the reactor.
        log: the game's events so far.
        max_lag_events: events of its own that a subscriber may be behind.
        max_lag_bytes: bytes of its own events, and bytes of replies, that a subscriber may be behind.

    Attributes:
        pictures: makes the frames that show the state; there before anybody subscribes who wants them.
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
        # Those of them who are told who is there.
        self._notified: dict[Subscription, None] = {}
        # Who is in step, by what they see; and everybody else.
        self._in_step: dict[int, dict[Subscription, Send]] = {}
        self._aside: dict[Subscription, None] = {}
        self._waiting: dict[Subscription, None] = {}
        # Who has much to catch up on, in the order of their turns.
        self._catching_up: dict[Subscription, None] = {}
        # Who has not had everything, and how many bytes the log had had when that began.
        self._behind: dict[Subscription, int] = {}
        # Who keeps the state. They are never in step, and not among those aside.
        self._mirrors: dict[Mirror, None] = {}
        self.pictures: Pictures | None = None

    @property
    def subscriptions(self) -> tuple[Subscription, ...]:
        """Those who are subscribed, in the order in which they came."""
        return tuple(self._subscriptions)

    def subscribe(
        self, viewer: Viewer, sink: Sink, place: Place | None = None, direct: Direct | None = None
    ) -> Subscription:
        """Have everything from a place on sent to `sink`.

        Args:
            viewer: who sees it.
            sink: gets the frames.
            place: where they stand, as `History.find` has just said; None: they have had everything.
            direct: the socket of `sink`, where it has one that may be written to.
        """
        subscription = Subscription(self, viewer, sink, place or self.log.end_for(viewer), direct)
        self._aside[subscription] = None
        return self._take_in(subscription)

    @property
    def audiences(self) -> set[str | None]:
        """Of those who keep the state."""
        return {mirror.audience for mirror in self._mirrors}

    def mirror(self, viewer: Viewer, sink: Sink, place: Place | None, audience: str | None) -> Mirror:
        """Have everything from a place on sent to `sink`, and how the state changes.

        Args:
            viewer, sink, place: as for `subscribe`.
            audience: those who are shown the same.
        """
        if self.pictures is None:
            raise RuntimeError("nobody makes pictures of the state here")
        mirror = Mirror(self, viewer, sink, place or self.log.end_for(viewer), self.pictures, audience)
        self._mirrors[mirror] = None
        return self._take_in(mirror)

    def _take_in(self, subscription: S) -> S:
        self._subscriptions[subscription] = None
        if subscription.viewer.framework:
            self._notified[subscription] = None
        if subscription.cursor < self.log.end:
            self._behind[subscription] = self.log.written
            self.serve(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Send nothing more; once more is harmless."""
        if subscription.open:
            self.set_aside(subscription)
            subscription.open = subscription.idle = False
            del self._subscriptions[subscription]
            self._notified.pop(subscription, None)
            self._aside.pop(subscription, None)
            if isinstance(subscription, Mirror):
                del self._mirrors[subscription]
            self._waiting.pop(subscription, None)
            self._catching_up.pop(subscription, None)
            if self._behind.pop(subscription, None) is not None:
                self.schedule()  # the log may have held something for it alone

    def set_aside(self, subscription: Subscription) -> None:
        """Send directly to its socket no more; once more is harmless."""
        if subscription.in_step:
            subscription.in_step = False
            subscription.cursor = self._flushed
            del self._in_step[subscription.sight][subscription]
            self._aside[subscription] = None

    def _let_in_step(self, subscription: Subscription) -> None:
        """Send directly to its socket from now on, if that is possible."""
        direct = subscription.direct
        is_even = subscription.idle and subscription.cursor == self._flushed
        if direct is not None and is_even and not subscription.in_step and direct.is_clear:
            subscription.in_step = True
            subscription.catching_up = False
            self._catching_up.pop(subscription, None)
            del self._aside[subscription]
            self._in_step.setdefault(subscription.sight, {})[subscription] = direct.send

    def publish(self, event: bytes, to: frozenset[str] | None = None, entry: int = 0) -> None:
        """Put an event in the log.

        Args:
            event: a JSON object whose first key is ``event``.
            to: the players who see it; None for everybody.
            entry: number of the journal's entry that it is of.
        """
        self.log.append(event, to, entry)
        self.schedule()

    def changed(self) -> None:
        """The game stands otherwise than before."""
        if self._mirrors:
            self.schedule()

    def notify(self, notice: bytes, of: str) -> None:
        """Tell everybody something of a player that is no event of the game: it has no number, and is not kept. Who
        does not read now, or is behind, does not hear of it.

        Args:
            notice: a JSON object whose first key is ``event``.
            of: the player, who needs not be told.
        """
        for subscription in self._notified:
            if subscription.viewer.player != of and not (subscription.paused or subscription.catching_up):
                subscription.reply(notice)

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
        self.schedule()

    def flush(self) -> None:
        """Bring every subscriber whose connection reads up to date, and close those who are too far behind."""
        self._scheduled = False
        # What is published while this runs belongs to the next turn.
        start, end = self._flushed, self.log.end
        new: list[LoggedEvent] = []
        if start < end:
            log = self.log
            new = [event for position in range(start, end) if (event := log.event(position)) is not None]
            self._send_new(new, start, end)
        if self._mirrors:
            self._send_pictures(new, start, end)
        if self._waiting:
            self._send_waiting()
        if self._catching_up:
            self._send_catching_up()
        for event in new:
            event.keep_no_frames()
        behind = self._behind
        if not behind:
            self.log.forget(end, set())
        elif new:
            # Not each time that somebody has caught up a little: there may be thousands.
            needed = min(end, min(each.cursor for each in behind))
            self.log.forget(needed, {each.viewer.player for each in behind if each.viewer.player})

    def _send_new(self, new: list[LoggedEvent], start: int, end: int) -> None:
        addressed: set[str | None] = set()
        for event in new:
            if event.to is not None:
                addressed |= event.to
        # Those to whom something else goes between, or instead.
        for subscription in self._waiting:
            self.set_aside(subscription)
        if addressed:
            for group in self._in_step.values():
                for subscription in [each for each in group if each.viewer.player in addressed]:
                    self.set_aside(subscription)
        batches: dict[int, Batch | None] = {}
        for sight, group in tuple(self._in_step.items()):
            batch = batches[sight] = make_batch(new, sight, end)
            if not group:
                del self._in_step[sight]
            elif batch is None:
                for subscription in tuple(group):
                    self.set_aside(subscription)
        # Who is set aside from here on has had what was new.
        self._flushed = end
        for sight, group in self._in_step.items():
            batch = batches[sight]
            if batch is not None and batch.frames:
                self._send_in_step(group, batch.frames)
        written = self.log.written - sum([event.size for event in new])
        for subscription in tuple(self._aside):
            if subscription.cursor == start and subscription.viewer.player not in addressed:
                sight = subscription.sight
                if sight not in batches:
                    batches[sight] = make_batch(new, sight, end)
                batch = batches[sight]
                if batch is not None and subscription.takes_batch():
                    self._waiting.pop(subscription, None)
                    self._behind.pop(subscription, None)
                    subscription.send_batch(batch, start)
                    self._let_in_step(subscription)
                    continue
            if subscription.open and subscription.cursor < end:
                self._leave_behind(subscription, written)
            else:
                self._let_in_step(subscription)

    def _send_pictures(self, new: list[LoggedEvent], start: int, end: int) -> None:
        """Send the events, and how the state has changed, to those who keep it."""
        pictures = self.pictures
        if pictures is None:
            return
        changed = pictures.turn(tuple(self._mirrors))
        if not new and not changed:
            # Who waits for a reply, or for what they missed, is among those who wait.
            return
        addressed = {player for event in new if event.to is not None for player in event.to}
        written = self.log.written - sum([event.size for event in new])
        # Those who know and see the same, and number it so, are sent the same.
        shared: dict[tuple[str | None, int, int], tuple[bytes, bytes | None, dict[str, Any] | None] | None] = {}
        for mirror in tuple(self._mirrors):
            if mirror.cursor == start and mirror.takes_batch() and mirror.viewer.player not in addressed:
                key = mirror.audience, id(mirror.basis), mirror.sight
                if key not in shared:
                    batch = make_batch(new, mirror.sight, end)
                    shared[key] = None if batch is None else (batch.frames, pictures.picture(mirror), mirror.basis)
                sent = shared[key]
                if sent is not None:
                    frames, picture, mirror.basis = sent
                    self._waiting.pop(mirror, None)
                    self._behind.pop(mirror, None)
                    if picture is None:
                        mirror.close(CloseCode.INTERNAL_ERROR)
                    else:
                        mirror.send_shown(frames, picture, end)
                    continue
            if mirror.open and mirror.cursor < end:
                self._leave_behind(mirror, written)
            elif mirror.is_waiting:
                self._waiting[mirror] = None

    def _send_in_step(self, group: dict[Subscription, Send], frames: bytes) -> None:
        # This is the way of nearly all bytes that leave, so it touches as little as can be: most of what a delivery
        # costs is the kernel's.
        size = len(frames)
        halted = []
        for subscription, send in group.items():
            try:
                sent = send(frames)
            except OSError:
                sent = 0  # it would block, or the line is gone: the transport will find out
            if sent != size:
                halted.append((subscription, sent))
        for subscription, sent in halted:
            self.set_aside(subscription)
            subscription.write(frames[sent:])

    def _leave_behind(self, subscription: Subscription, written: int) -> None:
        """Somebody can't be sent what everybody gets, together with everybody."""
        mark = self._behind.get(subscription)
        if mark is None:
            mark = self._behind[subscription] = written
            subscription.seen = self._seen_before(subscription)
        if not subscription.paused:
            # That it was behind while it read must not show when others' events come.
            subscription.judged = self.total(subscription.viewer)
            if subscription not in self._catching_up:
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
        """Send what is due to those who wait for something of their own."""
        waiting, self._waiting = self._waiting, {}
        shared: dict[tuple[int, int], Span] = {}
        for subscription in waiting:
            if subscription.in_step:
                if self.log.end == self._flushed:
                    subscription.send_replies()
                    continue
                self.set_aside(subscription)
            if self.log.end - subscription.cursor > FEW_EVENTS:
                self._let_catch_up(subscription)
            else:
                self._send_chunk(subscription, shared)

    def _send_catching_up(self) -> None:
        """Send chunks to those who have much to catch up on, in turn, as far as this end of a turn has room."""
        shared: dict[tuple[int, int], Span] = {}
        room = CHUNKS_A_TURN * CHUNK_BYTES
        while self._catching_up and room > 0:
            subscription = next(iter(self._catching_up))
            del self._catching_up[subscription]
            subscription.catching_up = False
            room -= self._send_chunk(subscription, shared)
        if self._catching_up:
            self.schedule()

    def _send_chunk(self, subscription: Subscription, shared: dict[tuple[int, int], Span]) -> int:
        sent = 0
        if subscription.is_waiting:
            sent = subscription.send_chunk(shared)
            if subscription.cursor < self.log.end:
                # That it was behind while it read must not show when others' events come.
                subscription.judged = self.total(subscription.viewer)
            else:
                self._behind.pop(subscription, None)
            if subscription.is_waiting:
                self._let_catch_up(subscription)
        self._let_in_step(subscription)
        return sent

    def _let_catch_up(self, subscription: Subscription) -> None:
        subscription.catching_up = True
        self._catching_up[subscription] = None

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


def make_batch(new: list[LoggedEvent], sight: int, end: int) -> Batch | None:
    """What all get of a turn's events who are of the same sight.

    Args:
        new: the events.
        sight: from `sight_of`.
        end: position in the log after the events.

    Returns:
        None where that is too much for one write.
    """
    private, flags = divmod(sight, 4)
    framework, deflates = bool(flags & 1), bool(flags & 2)
    pieces = [
        event.frame(private, framework, deflates) if event.to is None and (framework or not event.is_framework) else b""
        for event in new
    ]
    frames = pieces[0] if len(pieces) == 1 else b"".join(pieces)
    return Batch(frames, pieces, end) if len(frames) <= CHUNK_BYTES else None
