"""TurnOrder: whose turn it is, and who comes after whom."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from gamesvc.context import Player
from gamesvc.model import GameError


class TurnOrder(Struct):
    """Players who take turns, as a field of a model: ``turns: TurnOrder = field(default_factory=TurnOrder)``.

    Begin with `start`, in ``on_start`` say; a command begins with ``self.turns.check(player)`` and ends with
    ``self.turns.next()``.

    Attributes:
        order: who takes turns, in the order of their seats at the table.
        current: whose turn it is; None before the start, and where nobody is left.
        direction: 1 where turns go by the order, -1 where they go against it.
    """

    order: list[Player] = []  # msgspec gives each its own
    current: Player | None = None
    direction: Literal[1, -1] = 1

    def start(self, players: Iterable[Player], first: Player | None = None) -> None:
        """Begin, or begin anew.

        Args:
            players: in the order of their turns.
            first: whose turn it is; the first of the players where it is left out.

        Raises:
            ValueError: there are no players, one is named twice, or `first` is none of them.
        """
        order = list(players)
        if not order or len(set(order)) < len(order):
            raise ValueError(f"start takes one player or more, each once, and not {order!r}")
        if first is not None and first not in order:
            raise ValueError(f"start(..., first={first!r}): no such player takes turns")
        self.order, self.current, self.direction = order, first or order[0], 1

    def check(self, player: Player) -> None:
        """See to it that it is a player's turn.

        Raises:
            GameError: it is not, with the code ``not_your_turn``.
        """
        if player != self.current:
            whose = "nobody's" if self.current is None else f"{self.current}'s"
            raise GameError(f"it is {whose} turn", code="not_your_turn")

    def next(self) -> Player:
        """Pass the turn on. Returns whose it is now.

        Raises:
            ValueError: nobody takes turns.
        """
        return self._pass_on(1)

    def skip(self, count: int = 1) -> Player:
        """Pass the turn on, and over some who miss theirs.

        Args:
            count: how many of them.

        Returns:
            Whose turn it is now.

        Raises:
            ValueError: nobody takes turns, or `count` is negative.
        """
        if count < 0:
            raise ValueError(f"skip({count}): how many miss their turn, 0 or more")
        return self._pass_on(1 + count)

    def reverse(self) -> None:
        """Have turns go the other way round from now on. Whose turn it is stays."""
        self.direction = -1 if self.direction == 1 else 1

    def remove(self, player: Player) -> None:
        """Take somebody out. Where it was their turn, it is the next one's.

        Raises:
            ValueError: they take no turns.
        """
        if player not in self.order:
            raise ValueError(f"remove({player!r}): no such player takes turns")
        if player == self.current:
            self.current = self.next() if len(self.order) > 1 else None
        self.order.remove(player)

    def _pass_on(self, steps: int) -> Player:
        if self.current is None:
            raise ValueError("nobody takes turns: call start(players) first")
        at = self.order.index(self.current)
        self.current = self.order[(at + steps * self.direction) % len(self.order)]
        return self.current
