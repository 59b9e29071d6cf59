"""SearchBot: plays games out by chance, and more of what has come out well."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Annotated, ClassVar

from msgspec import Meta

from gamesvc.bots.bot import Bot, Choice, Turn
from gamesvc.bots.random import check_legal
from gamesvc.bots.rebuilding import Position, check_rebuilt
from gamesvc.bots.tree import Tree
from gamesvc.model import GameModel
from gamesvc.views import shown

Seconds = Annotated[float, Meta(gt=0, le=25)]
Simulations = Annotated[int, Meta(ge=0, le=1_000_000)]
Depth = Annotated[int, Meta(ge=0, le=10_000)]
Exploration = Annotated[float, Meta(ge=0, le=10)]


class SearchBot(Bot):
    """Thinks ahead in any game that says what is legal, by playing it to its end many times (Monte Carlo tree search).

    It knows nothing of a game but its rules. Where games by chance tell little, as in chess, subclass it and write
    `estimate`.

    Args:
        seconds: how long it thinks.
        simulations: how many games it plays instead, however long that takes; so that it always chooses the same.
        depth: after how many moves by chance a game is cut.
        exploration: how much it tries of what has not come out well.
    """

    clock: ClassVar[Callable[[], float]] = time.monotonic

    def __init__(
        self,
        seconds: Seconds = 1.0,
        simulations: Simulations = 0,
        depth: Depth = 200,
        exploration: Exploration = 0.7,
    ) -> None:
        self.seconds = seconds
        self.simulations = simulations
        self.depth = depth
        self.exploration = exploration

    def check(self, model: type[GameModel]) -> None:
        check_legal("search", model)
        check_rebuilt("search", model)

    def estimate(self, game: GameModel) -> Mapping[str, float]:
        """What a game that was cut may come to. Override it where more is known than the rules.

        Args:
            game: as it stands. Not to be changed.

        Returns:
            For each player a number on the scale of the game's own scores; who is not named has 0.
        """
        return {}

    def choose(self, turn: Turn) -> Choice | None:
        legal = turn.legal
        if len(legal) < 2:
            return legal[0] if legal else None
        tree = Tree(
            Position(turn),
            turn.model,
            turn.players,
            turn.random,
            depth=self.depth,
            exploration=self.exploration,
            estimate=self.estimate,
        )
        tree.grow(self._budget())
        choice: Choice = shown(tree.best(turn.player).choice)
        return choice

    def _budget(self) -> Callable[[int], bool]:
        """Whether to go on, after so many games."""
        if self.simulations:
            return lambda played: played < self.simulations
        clock = type(self).clock
        end = clock() + self.seconds
        return lambda played: clock() < end
