"""The pipes to the processes in which bots think: which they are, and how messages go through them."""

from __future__ import annotations

from collections.abc import Iterator

QUESTIONS_FD = 3
"""Whence a process reads questions."""

ANSWERS_FD = 4
"""Where it writes the answers. Not standard output: bots print."""

BEGUN = b""
"""What a process writes when the bot and its game are ready, before the bot thinks: a message with nothing in it."""

MAX_LOAD_SECONDS = 60
"""How long a process may take until then, from its start on, before it is ended."""

MAX_THINK_SECONDS = 30
"""How long a bot may think before its process is ended."""

END_SECONDS = 2.0
"""How long a process may take to end by itself."""

HEADER_BYTES = 4
"""What comes before each message: its length, the highest byte first."""


def framed(body: bytes) -> bytes:
    """A message as it goes through a pipe."""
    return len(body).to_bytes(HEADER_BYTES, "big") + body


class Frames:
    """Takes what comes through a pipe apart, piece by piece.

    Args:
        most: how many bytes a message may have.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._rest = bytearray()

    def add(self, data: bytes) -> Iterator[bytes]:
        """The messages that are whole.

        Args:
            data: what has come.

        Raises:
            ValueError: a message is too large.
        """
        self._rest += data
        while len(self._rest) >= HEADER_BYTES:
            length = int.from_bytes(self._rest[:HEADER_BYTES], "big")
            if length > self._most:
                raise ValueError(f"a message has {length} bytes, the most is {self._most}")
            end = HEADER_BYTES + length
            if len(self._rest) < end:
                return
            body = bytes(self._rest[HEADER_BYTES:end])
            del self._rest[:end]
            yield body
