"""Position: how a game of OpenSpiel's stands, and Act: what one did to lead there."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any, NamedTuple

import pyspiel

MAX_NAME = 200
"""How long the name of an action may be, in characters. Longer ones are cut."""

MAX_NAMED = 10_000
"""How many of the legal actions are named. All others are legal all the same."""

CHANCE = int(pyspiel.PlayerId.CHANCE)

_SIMULTANEOUS = int(pyspiel.PlayerId.SIMULTANEOUS)


class Act(NamedTuple):
    """What one did.

    Attributes:
        seat: who, from 0; `CHANCE`, too.
        action: its number.
        name: what OpenSpiel calls it.
    """

    seat: int
    action: int
    name: str


class Position:
    """How a game stands. It never changes.

    Args:
        state: OpenSpiel's. Nothing is applied to it any more.
        history: the actions that led here, packed.
    """

    __slots__ = ("__weakref__", "_named", "_numbered", "history", "observations", "state")

    def __init__(self, state: Any, history: bytes) -> None:
        self.state = state
        self.history = history
        self.observations: dict[int, str] = {}
        self._named: dict[int, list[tuple[int, str]]] = {}
        self._numbered: dict[str, int] | None = None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Position):
            return NotImplemented
        return self is other or (self.history == other.history and str(self.state) == str(other.state))

    def __hash__(self) -> int:
        return hash(self.history)

    @property
    def is_over(self) -> bool:
        """Whether the game is."""
        return bool(self.state.is_terminal())

    @property
    def is_simultaneous(self) -> bool:
        """Whether all who have a choice choose at the same time."""
        return bool(self.state.current_player() == _SIMULTANEOUS)

    @property
    def to_move(self) -> list[int]:
        """The seats whose move it is, from 0."""
        current = self.state.current_player()
        if current == _SIMULTANEOUS:
            return [seat for seat in range(self.state.num_players()) if self.state.legal_actions(seat)]
        return [current] if current >= 0 else []

    def legal(self, seat: int) -> list[int]:
        """What a seat may do: nothing where it is not its move.

        Args:
            seat: from 0.
        """
        if self.state.current_player() not in (seat, _SIMULTANEOUS):
            return []
        legal: list[int] = self.state.legal_actions(seat)
        return legal

    def named(self, seat: int) -> list[tuple[int, str]]:
        """What a seat may do, and what that is called. Of very many actions, some.

        Args:
            seat: from 0.
        """
        named = self._named.get(seat)
        if named is None:
            legal = self.legal(seat)[:MAX_NAMED]
            named = self._named[seat] = [(action, self.name(seat, action)) for action in legal]
        return named

    def name(self, seat: int, action: int) -> str:
        """What an action is called.

        Args:
            seat: whose it is, from 0; `CHANCE`, too.
            action: a legal one.
        """
        return name_of(self.state, seat, action)

    @property
    def numbered(self) -> dict[str, int]:
        """The actions that led here, by their numbers from 1."""
        if self._numbered is None:
            self._numbered = {str(number): action for number, action in enumerate(unpacked(self.history), 1)}
        return self._numbered


def packed(actions: Sequence[int]) -> bytes:
    """Actions as they are stored, 4 bytes each."""
    return struct.pack(f"<{len(actions)}i", *actions)


def unpacked(history: bytes) -> list[int]:
    """The actions in what was stored."""
    return list(struct.unpack(f"<{len(history) // 4}i", history))


def name_of(state: Any, seat: int, action: int) -> str:
    """What an action is called.

    Args:
        state: OpenSpiel's, in which it is legal.
        seat: whose it is, from 0; `CHANCE`, too.
        action: which.
    """
    name: str = state.action_to_string(seat, action)
    return name if len(name) <= MAX_NAME else f"{name[: MAX_NAME - 1]}…"
