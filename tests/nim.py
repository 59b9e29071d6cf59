"""A game that says what is legal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gamesvc import GameModel, Move, Player, command


class Nim(GameModel, seats=2):
    """Take one or two."""

    left: int = 3

    @command
    def take(self, player: Player, count: int) -> None: ...

    def legal(self, player: Player) -> Iterable[Move]:
        return ()


class Shown(Nim):
    """Says itself what is seen."""

    def view(self, viewer: Player | None) -> dict[str, Any]:
        return {}
