"""Mirror: a subscription of somebody who keeps the game's state, and is told how it changes.

At the end of a turn of the reactor they get the events, then one patch for all of them, then the replies: a reply means
that everything is known that the command led to. Who can't be told how the state changed since they knew it, because
they were behind or come back, gets their events, and then the state.
"""

from __future__ import annotations

from typing import Any, Protocol

from gamesvc.errors import CloseCode
from gamesvc.eventlog import Place, Viewer
from gamesvc.subscription import Publisher, Sink, Span, Subscription


class Pictures(Protocol):
    """Makes the frames that show the state."""

    def turn(self, mirrors: tuple[Mirror, ...]) -> bool:
        """Go on to how the game stands now; closes those who can't be shown that. Says whether that is otherwise than
        before."""

    def owes(self, mirror: Mirror) -> bool:
        """Whether there is something that somebody was not told."""

    def picture(self, mirror: Mirror) -> bytes | None:
        """What leads somebody to how the game stands: the frame of a patch or of the state; empty where there is
        nothing to tell, None where they can't be told."""


class Mirror(Subscription):
    """A subscription with the state.

    Attributes:
        audience: those who are shown the same as this one.
        basis: the view that this one knows; None where it is to be told the whole state.
    """

    __slots__ = ("_pictures", "audience", "basis")

    def __init__(
        self,
        publisher: Publisher,
        viewer: Viewer,
        sink: Sink,
        place: Place,
        pictures: Pictures,
        audience: str | None,
    ) -> None:
        super().__init__(publisher, viewer, sink, place)
        self._pictures = pictures
        self.audience = audience
        self.basis: dict[str, Any] | None = None

    @property
    def is_waiting(self) -> bool:
        return super().is_waiting or (self.open and not self.paused and self._pictures.owes(self))

    def send_chunk(self, shared: dict[tuple[int, int], Span]) -> int:
        # Replies come after the state, and so after all events.
        replies, self._replies = self._replies, None
        chunk = self._next_chunk(shared)
        self._replies = replies
        picture: bytes | None = b""
        if self.cursor == self._publisher.log.end:
            picture = self._pictures.picture(self)
            if picture is not None:
                chunk += picture + (b"" if replies is None else self._take_replies(replies))
                self.idle = not self.paused
        if chunk:
            self.write(chunk)
        if picture is None:
            self.close(CloseCode.INTERNAL_ERROR)
        return len(chunk)

    def send_shown(self, frames: bytes, picture: bytes, end: int) -> None:
        """Send everything since the cursor in one, where `takes_batch` says so.

        Args:
            frames: the events since the cursor.
            picture: what leads to how the game stands.
            end: position in the log after the events.
        """
        self.cursor = end
        replies = self._replies
        if replies is not None:
            frames = frames + picture + self._take_replies(replies)
        elif picture:
            frames += picture
        self.idle = True
        if frames:
            self.write(frames)

    def drain(self) -> None:
        # The last that it hears: what was said, and no more of the state.
        shared: dict[tuple[int, int], Span] = {}
        while Subscription.is_waiting.fget(self):  # type: ignore[attr-defined]  # mypy knows properties by their values
            Subscription.send_chunk(self, shared)
