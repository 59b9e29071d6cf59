"""The drawing game in its second version: what is kept of it has changed, and what everybody sees has not."""

from __future__ import annotations

from typing import Any

from gamesvc import GameError, Player, command, field
from tests import drawing


class Drawing(drawing.Drawing, version=2):
    """Weights are in grams, and cards are counted."""

    drawn: dict[Player, int] = field(default_factory=dict)

    @classmethod
    def migrate(cls, state: dict[str, Any], version: int) -> None:
        state["weight"] *= 1000
        state["drawn"] = {player: len(cards) for player, cards in state["hands"].items()}

    @command
    def draw(self, player: Player, count: int = 1, wishes: dict[str, int] | None = None) -> list[int]:
        """Draw cards."""
        if count < 1:
            raise GameError("draw something")
        before = self.weight
        cards = super().draw(player, count, wishes)
        self.weight = before + 1000 * (self.weight - before)
        self.drawn[player] = self.drawn.get(player, 0) + len(cards)
        return cards
