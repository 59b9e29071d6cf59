"""Bounds on what a client can ask for. Time is an argument, in seconds of a monotonic clock."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

MAX_PENDING_REPLIES = 32
"""Replies that may wait for a connection that does not read; commands beyond are ``too_many_in_flight``."""

MAX_OWED_REPLIES = 256
"""Replies, refusals included, that may wait for a connection that does not read, before it is closed with 4000."""

MAX_LAG_EVENTS = 4096
"""Events of its own that a subscriber may be behind, before it is closed with 4000."""

MAX_LAG_BYTES = 1 << 20
"""Bytes of its own events that a subscriber may be behind, before it is closed with 4000."""

SLOW_CONSUMER_SECONDS = 10.0
"""How long a connection may stand still with something to read, before it is closed with 4000."""

MAX_BAD_JSON_IN_A_ROW = 3
"""This many frames in a row that are no JSON object close the connection with 1008."""

MAX_FRAGMENTS = 1024
"""Frames that one message may be cut into; one more closes the connection with 1008."""

CLOSE_HANDSHAKE_SECONDS = 2.0
"""How long a peer may take to answer a close frame, or to read a refusal, before the line is cut."""


OVERDUE_SECONDS = 5.0
"""How long the journal may take before those who wait for it are told so."""

ENTER_SECONDS = 3.0
"""How long somebody who asks to enter waits for the journal, before they are told to come back."""

DRAIN_SECONDS = 5.0
"""How long a server that stops waits for its journal: for what is on its way, and once more for what is to be saved."""


@dataclass(frozen=True)
class Limits:
    """What an operator may bound. 0 means no bound, throughout.

    Attributes:
        max_header_bytes: of an opening handshake, request line included.
        max_message_bytes: of a WebSocket message.
        commands_per_second: steady rate of commands of a connection.
        command_burst: commands that a connection which was silent may send at once.
        frames_per_second: WebSocket frames of any kind that a connection may send.
        handshake_timeout: seconds from the connect to a complete opening handshake.
        ping_interval: seconds between pings.
        ping_timeout: seconds that a peer may take to answer a ping.
        max_connections: of the whole server, those still shaking hands included.
        max_connections_per_player: in one game; the oldest beyond goes.
        max_connections_per_address: of one network address, those still shaking hands included.
        max_games_per_player: games that are awake, and that one player opened or woke.
        max_games: games that are awake.
        idle_game_seconds: how long a game that nobody is connected to stays awake.
    """

    max_header_bytes: int = 16384
    max_message_bytes: int = 65536
    commands_per_second: float = 20.0
    command_burst: int = 40
    frames_per_second: float = 200.0
    handshake_timeout: float = 5.0
    ping_interval: float = 20.0
    ping_timeout: float = 10.0
    max_connections: int = 10_000
    max_connections_per_player: int = 4
    max_connections_per_address: int = 0
    max_games_per_player: int = 100
    max_games: int = 10_000
    idle_game_seconds: float = 300.0


class TokenBucket:
    """Lets `burst` things through at once and `rate` a second in the long run.

    Args:
        rate: things a second; 0 lets everything through.
        burst: things that may come at once after a silence; at least 1 where there is a rate.
        now: the current time, in seconds.
    """

    __slots__ = ("_burst", "_level", "_rate", "_updated")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = max(1.0, burst)
        self._level = self._burst
        self._updated = now

    def take(self, now: float) -> float:
        """Take one.

        Returns:
            0.0 where one was there, else the seconds until one will be (and none is taken).
        """
        if self._rate <= 0:
            return 0.0
        # Without min and max, since this is done twice for every command. A clock that stands or steps back must not
        # take away what was there.
        level = self._level
        elapsed = now - self._updated
        if elapsed > 0.0:
            level += elapsed * self._rate
            if level > self._burst:
                level = self._burst
        self._updated = now
        if level >= 1.0:
            self._level = level - 1.0
            return 0.0
        self._level = level
        return (1.0 - level) / self._rate


class Census(Generic[K]):
    """Counts living things by whom they belong to, and forgets those who have none.

    Args:
        maximum: how many one may have; 0 means any number.
    """

    __slots__ = ("_counts", "_maximum")

    def __init__(self, maximum: int) -> None:
        self._counts: dict[K, int] = {}
        self._maximum = maximum

    def add(self, key: K) -> bool:
        """Count one more for `key`. False, and nothing counted, where that would be more than the maximum."""
        count = self._counts.get(key, 0)
        if 0 < self._maximum <= count:
            return False
        self._counts[key] = count + 1
        return True

    def remove(self, key: K) -> None:
        """Count one less for `key`.

        Raises:
            KeyError: nothing was counted for it.
        """
        count = self._counts[key] - 1
        if count:
            self._counts[key] = count
        else:
            del self._counts[key]

    def __len__(self) -> int:
        return len(self._counts)
