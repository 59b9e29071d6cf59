"""OpenSpiel's own bots, in games of OpenSpiel's: ``openspiel-random``, and ``openspiel-mcts(simulations=1000)``."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pyspiel
from open_spiel.python.algorithms.mcts import MCTSBot, RandomRolloutEvaluator
from open_spiel.python.bots.uniform_random import UniformRandomBot

from gamesvc.bots import Bot, BotError, Turn
from gamesvc.errors import ConfigError
from gamesvc.model import GameModel
from gamesvc.openspiel.game import OpenSpielGame
from gamesvc.openspiel.position import packed
from gamesvc.openspiel.rules import Rules

MAX_SIMULATIONS = 1_000_000
MAX_ROLLOUTS = 1000

_MAX_SEED = 2**32 - 1

_TRIED = 20
"""How many simulations are made to find out how long they take."""

clock = time.perf_counter


class _Shown:
    """What the uniform bot asks a state for, as far as a view has it.

    Args:
        turn: whose view.
    """

    def __init__(self, turn: Turn) -> None:
        self._turn = turn

    def legal_actions(self, seat: int) -> list[int]:
        return [choice["action"] for choice in self._turn.legal]


class OpenSpielRandom(Bot):
    """OpenSpiel's uniform random bot. It plays all of OpenSpiel's games."""

    quick = True

    def check(self, model: type[GameModel]) -> None:
        _rules(self, model)

    def choose(self, turn: Turn) -> dict[str, Any] | None:
        seat = turn.players.index(turn.player)
        action: int = UniformRandomBot(seat, turn.random).step(_Shown(turn))
        return None if action == pyspiel.INVALID_ACTION else {"command": "act", "action": action}


class OpenSpielMcts(Bot):
    """OpenSpiel's Monte Carlo tree search. It plays games in which players move one at a time and see everything, and
    that pay at the end.

    Args:
        simulations: how often it plays on in thought before each move, at the most.
        seconds: how long it may take for that, about: as many simulations as fit in; 0 for as long as it takes.
        rollouts: how often each of these is played to the end at random.
        exploration: how much it tries what does not look best: the constant of UCT.
        solve: whether it remembers what is won or lost whatever is played.
    """

    def __init__(
        self,
        simulations: int = 1000,
        rollouts: int = 1,
        exploration: float = 2.0,
        solve: bool = True,
        seconds: float = 5.0,
    ) -> None:
        for name, value, most in (("simulations", simulations, MAX_SIMULATIONS), ("rollouts", rollouts, MAX_ROLLOUTS)):
            if not 1 <= value <= most:
                raise ConfigError(f"{name} has to be 1 to {most}, and not {value}")
        if not exploration > 0:
            raise ConfigError(f"exploration has to be more than 0, and not {exploration}")
        if not 0 <= seconds < math.inf:
            raise ConfigError(f"seconds has to be 0 or more, and not {seconds}")
        self._seconds = seconds
        self._simulations = simulations
        self._rollouts = rollouts
        self._exploration = exploration
        self._solve = solve

    def check(self, model: type[GameModel]) -> None:
        rules = _rules(self, model)
        kind = rules.game.get_type()
        why = ""
        if not rules.is_public:
            why = "not all is seen by all in it, and this bot sees no more than its player"
        elif kind.dynamics != pyspiel.GameType.Dynamics.SEQUENTIAL:
            why = "players move at the same time in it"
        elif kind.reward_model != pyspiel.GameType.RewardModel.TERMINAL:
            why = "it pays before its end"
        elif rules.is_stateful:
            why = "OpenSpiel keeps something of it that is not in the view"
        if why:
            raise ConfigError(f"openspiel-mcts can't play {rules.text}: {why}; openspiel-random can")

    def choose(self, turn: Turn) -> dict[str, Any] | None:
        if not turn.legal:
            return None
        try:
            self.check(turn.model)
        except ConfigError as error:
            raise BotError(str(error)) from None
        rules = _rules(self, turn.model)
        history = packed([*turn.view.get("history", {}).values()])
        chance = np.random.RandomState(turn.random.randrange(_MAX_SEED))
        evaluator = RandomRolloutEvaluator(self._rollouts, chance)

        def search(simulations: int) -> int:
            bot = MCTSBot(rules.game, self._exploration, simulations, evaluator, self._solve, chance)
            return int(bot.step(rules.replayed(history, 0)))

        return {"command": "act", "action": self._in_time(search)}

    def _in_time(self, search: Callable[[int], int]) -> int:
        """What it comes to with as many simulations as there is time for. OpenSpiel's bot counts them only; so it is
        found out first how long some take."""
        if not self._seconds:
            return search(self._simulations)
        tried = min(_TRIED, self._simulations)
        begun = clock()
        action = search(tried)
        took = max(clock() - begun, 1e-9)
        fitting = min(self._simulations, int(tried * (self._seconds - took) / took))
        return search(fitting) if fitting > tried else action


def _rules(bot: Bot, model: type[GameModel]) -> Rules:
    if not issubclass(model, OpenSpielGame):
        raise ConfigError(f"{type(bot).__name__} plays OpenSpiel's games only, and {model.__name__} is none")
    return model.RULES
