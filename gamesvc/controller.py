"""GameController: one connection's conversation with a game. No I/O: a test drives it without a reactor.

Every request gets one reply, and replies leave in the order of the requests, whatever the order in which the game
answers. What a frame leads to:

    frame                                   answer
    --------------------------------------  ------------------------------------------------------------
    any, but too many a second              close 1008
    binary                                  close 1003
    text, but too many of them a second     rate_limited, with retry_ms
    text, not one JSON object               bad_json; the third in a row also closes 1008
    text, no usable id or command           bad_id, no_command
    text, too many replies not yet read     too_many_in_flight; when even these pile up, close 4000
    text, gamesvc.ping                      ok, in its turn
    text, a command                         what the game says

A close waits for the replies that are still owed: the game answers each of them, if only after seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from gamesvc.errors import BAD_JSON, RATE_LIMITED, TOO_MANY_IN_FLIGHT, CloseCode
from gamesvc.limits import MAX_BAD_JSON_IN_A_ROW, MAX_OWED_REPLIES, MAX_PENDING_REPLIES, Limits, TokenBucket
from gamesvc.messages import MessageError, Request, decode_request, encode_error, encode_ok, peek_id

FRAME_BYTES = 4096
"""For so much that comes out of a compressed message, it counts as one more frame."""

PING = "gamesvc.ping"
"""A command that is answered, and nothing else: programs in browsers are not told of the pings of WebSockets."""

_LONGEST_WAIT = 86400.0  # seconds; a rate may be as low as a number can be


class Outlet(Protocol):
    """Where a controller's replies go: a subscription, which keeps them in order with the events."""

    @property
    def pending_replies(self) -> int:
        """How many replies wait for the connection to read."""

    def reply(self, payload: bytes) -> None:
        """Send to this connection alone."""

    def close(self, code: CloseCode) -> None:
        """Send what is due, as long as the connection takes it, then close it."""


Submit = Callable[[Request, Callable[[bytes], None]], None]
"""What a controller needs from a game: take a request, and call back with the reply's payload, now or later."""


class _Place:
    """A request's place in the order of replies."""

    __slots__ = ("_controller", "payload")

    def __init__(self, controller: GameController) -> None:
        self._controller = controller
        self.payload: bytes | None = None

    def fill(self, payload: bytes) -> None:
        if self.payload is None:
            self.payload = payload
            self._controller.release()


class GameController:
    """Turns a connection's frames into commands, and sees to it that each is answered, in order.

    Args:
        submit: the game's, for this connection's role.
        outlet: where replies go.
        limits: how much the client may send.
        now: a monotonic clock, in seconds.
    """

    __slots__ = (
        "_bad_in_a_row",
        "_commands",
        "_frames",
        "_is_lost",
        "_now",
        "_outlet",
        "_places",
        "_submit",
        "_when_answered",
        "closed",
    )

    def __init__(self, submit: Submit, outlet: Outlet, limits: Limits, now: Callable[[], float]) -> None:
        self._submit = submit
        self._outlet = outlet
        self._now = now
        # Each of the two bounds is none where it is 0.
        rate = limits.commands_per_second if limits.command_burst else 0
        self._commands = TokenBucket(rate, limits.command_burst, now())
        self._frames = TokenBucket(limits.frames_per_second, limits.frames_per_second, now())
        # A list, although it is taken from at its beginning: it is short, and an empty deque takes 600 bytes.
        self._places: list[_Place] = []
        self._bad_in_a_row = 0
        self._when_answered: Callable[[], None] | None = None
        self._is_lost = False
        self.closed = False

    def frame_begun(self) -> None:
        """A frame of any kind arrives: text, binary, a fragment, ping, pong."""
        if not self.closed and self._frames.take(self._now()):
            self.close(CloseCode.POLICY_VIOLATION)

    def inflated(self, size: int) -> None:
        """A compressed message has come out as so many bytes, which costs as much as some more frames."""
        for _ in range(size // FRAME_BYTES):
            self.frame_begun()

    def binary_received(self) -> None:
        """A binary message came; text is spoken here."""
        if not self.closed:
            self.close(CloseCode.UNSUPPORTED_DATA)

    def short_text_received(self, payload: bytes) -> None:
        """A text message came that is one frame: what `frame_begun` and `text_received` do, in one.

        Args:
            payload: UTF-8.
        """
        if self.closed:
            return
        now = self._now()
        if self._frames.take(now):
            self.close(CloseCode.POLICY_VIOLATION)
        else:
            self._take(payload, now)

    def text_received(self, payload: bytes) -> None:
        """A text message came.

        Args:
            payload: UTF-8.
        """
        if not self.closed:
            self._take(payload, self._now())

    def _take(self, payload: bytes, now: float) -> None:
        waiting = len(self._places) + self._outlet.pending_replies
        if waiting >= MAX_OWED_REPLIES:
            self.close(CloseCode.SLOW_CONSUMER)
            return
        place = _Place(self)
        self._places.append(place)
        wait = self._commands.take(now)
        if wait:
            # Who sends too much must not cost the reading of it, too.
            milliseconds = int(min(wait, _LONGEST_WAIT) * 1000) + 1
            place.fill(encode_error(RATE_LIMITED, id=peek_id(payload), retry_ms=milliseconds))
            return
        try:
            request = decode_request(payload)
        except MessageError as mistake:
            self._bad_in_a_row = self._bad_in_a_row + 1 if mistake.error is BAD_JSON else 0
            place.fill(encode_error(mistake.error, mistake.message, mistake.id))
            if self._bad_in_a_row >= MAX_BAD_JSON_IN_A_ROW:
                self.close(CloseCode.POLICY_VIOLATION)
            return
        self._bad_in_a_row = 0
        if waiting >= MAX_PENDING_REPLIES:
            place.fill(encode_error(TOO_MANY_IN_FLIGHT, id=request.id))
        elif request.command.lower() == PING:
            place.fill(encode_ok(request.id))
        else:
            self._submit(request, place.fill)

    def release(self) -> None:
        """Send the replies whose turn has come."""
        while self._places and (payload := self._places[0].payload) is not None:
            del self._places[0]
            if not self._is_lost:
                self._outlet.reply(payload)
        if not self._places and self._when_answered is not None:
            then, self._when_answered = self._when_answered, None
            then()

    def answer_all(self, then: Callable[[], None]) -> None:
        """Take nothing more, and call back when everything that was taken has its reply: now, or later."""
        self.closed = True
        if self._places:
            self._when_answered = then
        else:
            then()

    def close(self, code: CloseCode) -> None:
        """End the conversation: when everything that was taken has its reply, what is due is sent, as long as the
        connection takes it, then it is closed. Once more is harmless."""
        if self.closed:
            return
        if code is CloseCode.SLOW_CONSUMER:
            # For somebody who does not read, nobody waits.
            self.closed = True
            self._outlet.close(code)
        else:
            self.answer_all(lambda: self._outlet.close(code))

    def connection_lost(self) -> None:
        """The connection is gone: nothing is sent any more, and nothing that still comes has an effect."""
        self.closed = self._is_lost = True
        self._when_answered = None
