"""Receipts: which of a player's commands took effect, so that one that is sent again takes effect once.

The last commands of each player are kept, with the state, for the game's life. In a game without seats anybody may
play, so there the players are bounded, too: who was silent for longest is forgotten first.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import msgspec

from gamesvc.journal.records import Receipt

_encode = msgspec.json.Encoder(order="sorted").encode

WINDOW = 256
"""How many commands of a player are remembered."""

MAX_PLAYERS = 1024
"""Of how many players commands are remembered."""

MAX_RESULT_BYTES_OF_PLAYER, MAX_RESULT_BYTES_OF_GAME = 1 << 20, 1 << 24
"""How many bytes of results are remembered. Where there are more, the oldest commands, or those of the player who was
silent for longest, are forgotten."""


def digest(command: str, arguments: dict[str, Any]) -> bytes:
    """What tells a command from another under the same id: not the order of keys, nor the case of its name.

    Args:
        command: its name.
        arguments: by name.
    """
    return blake2b(_encode((command.lower(), arguments)), digest_size=16).digest()


class Receipts:
    """The receipts of one game.

    Args:
        kept: by player, oldest first.
    """

    def __init__(self, kept: dict[str, tuple[Receipt, ...]] | None = None) -> None:
        self._windows = {
            player: {receipt.id: receipt for receipt in receipts} for player, receipts in (kept or {}).items()
        }
        self._sizes = {player: sum(map(_size, window.values())) for player, window in self._windows.items()}
        self._size = sum(self._sizes.values())

    def find(self, player: str, id: str) -> Receipt | None:
        """The receipt of a player's command; None where there is none (any more)."""
        window = self._windows.get(player)
        return window.get(id) if window is not None else None

    def add(self, player: str, receipt: Receipt) -> None:
        """Remember that a command took effect."""
        size = _size(receipt)
        window = self._windows.pop(player, None)
        if window is None:
            window = {}
            self._sizes[player] = 0
            if len(self._windows) >= MAX_PLAYERS:
                self._forget_player()
        window[receipt.id] = receipt
        self._sizes[player] += size
        self._size += size
        while len(window) > WINDOW or (self._sizes[player] > MAX_RESULT_BYTES_OF_PLAYER and len(window) > 1):
            oldest = _size(window.pop(next(iter(window))))
            self._sizes[player] -= oldest
            self._size -= oldest
        # Dicts keep the order of insertion: the last is who was heard last.
        self._windows[player] = window
        while self._size > MAX_RESULT_BYTES_OF_GAME and len(self._windows) > 1:
            self._forget_player()

    @property
    def size(self) -> int:
        """About how many bytes they have in a snapshot."""
        return self._size + 64 * sum(map(len, self._windows.values()))

    def _forget_player(self) -> None:
        player = next(iter(self._windows))
        del self._windows[player]
        self._size -= self._sizes.pop(player)

    def dump(self) -> dict[str, tuple[Receipt, ...]]:
        """All of them, for a snapshot."""
        return {player: tuple(window.values()) for player, window in self._windows.items()}


def _size(receipt: Receipt) -> int:
    return len(receipt.result or b"")
