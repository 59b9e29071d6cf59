"""A game as an environment of PettingZoo's, in which agents learn to play it: one acts after the other (AEC).

What the agents are called, what they get at the end and what becomes of illegal actions is as in PettingZoo's own
classic games.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any, Literal

import gymnasium
import numpy as np
from gymnasium import spaces
from pettingzoo import AECEnv  # type: ignore[import-untyped]  # has no types
from pettingzoo.utils import wrappers  # type: ignore[import-untyped]  # has no types

from gamesvc.bots.encoding import Array, Encoding, EncodingError, Mask, Observe
from gamesvc.model import GameModel
from gamesvc.offline import OfflineGame
from gamesvc.refused import Refused

MAX_MOVES = 10_000
"""After how many moves a game is cut off, unless it is said."""

MAX_SKIPS = 1000
"""How often time goes by until somebody can move."""

MaskIn = Literal["info", "observation"]


def aec_env(
    model: type[GameModel],
    *,
    players: int = 0,
    options: Mapping[str, Any] | None = None,
    actions: Iterable[Any] | None = None,
    max_actions: int | None = None,
    observe: Observe | None = None,
    observation_space: spaces.Space[Any] | None = None,
    encoding: Encoding | None = None,
    mask: MaskIn = "info",
    illegal_reward: float | None = -1.0,
    max_moves: int = MAX_MOVES,
    render_mode: str | None = None,
) -> Any:
    """An environment of a game, in which agents act one after the other.

    The agents are ``player_0`` and so on, in the order of their seats. Who may move, as the model's `legal` says, is
    selected; where several may, one after the other in the order of the seats, beginning with who sits next after who
    moved last. Where nobody may, time goes by until a timer changes that. At the end each gets what
    `gamesvc.scores.scores` reads from the last event: 1 and -1 for a winner and the others; 0 where it does not say.

    Args:
        model: the game's class. It has seats, and says what is legal.
        players: how many play; 0: as few as can.
        options: of the model's ``setup``, by name.
        actions, max_actions, observe: as in `Encoding`.
        observation_space: the space in which are the arrays that `observe` makes.
        encoding: instead of these: how the game looks in numbers.
        mask: where agents find which actions are legal: under ``action_mask`` in the info; or in the observation, which
            is then a dict of this and ``observation``, as much code for learning expects it.
        illegal_reward: what an agent gets for an illegal action, which ends the game. None: it raises `EncodingError`,
            and the game goes on.
        max_moves: after how many moves a game is cut off (truncated).
        render_mode: ``ansi`` for text; None for none.

    Returns:
        A pettingzoo.AECEnv; its ``unwrapped`` is a `GameEnv`. It does not look into the options of ``reset``.

    Raises:
        EncodingError: the game does not fit into numbers.
        ValueError: it is not for so many players, or does not take these options.
    """
    if encoding is None:
        encoding = Encoding(
            model, options=options, players=players, actions=actions, max_actions=max_actions, observe=observe
        )
    elif actions is not None or max_actions is not None or observe is not None:
        raise TypeError("give actions, max_actions and observe to the Encoding")
    elif encoding.model is not model:
        raise EncodingError(f"this encoding is one of {encoding.model.__name__}, and not of {model.__name__}")
    env = GameEnv(
        encoding,
        players=players,
        options=options,
        observation_space=observation_space,
        mask=mask,
        max_moves=max_moves,
        render_mode=render_mode,
    )
    if illegal_reward is not None:
        env = wrappers.TerminateIllegalWrapper(env, illegal_reward=illegal_reward)
    return wrappers.OrderEnforcingWrapper(wrappers.AssertOutOfBoundsWrapper(env))


class GameEnv(AECEnv):  # type: ignore[misc]  # pettingzoo has no types
    """The environment itself, without PettingZoo's wrappers: here an illegal action raises `EncodingError`.

    Args:
        encoding: how the game looks in numbers.
        players, options, observation_space, mask, max_moves, render_mode: as for `aec_env`.

    Attributes:
        encoding: how the game looks in numbers; a `PolicyBot` with the same one sees what the agents see.
        game: the one that is played.
    """

    def __init__(
        self,
        encoding: Encoding,
        *,
        players: int = 0,
        options: Mapping[str, Any] | None = None,
        observation_space: spaces.Space[Any] | None = None,
        mask: MaskIn = "info",
        max_moves: int = MAX_MOVES,
        render_mode: str | None = None,
    ) -> None:
        super().__init__()
        model = encoding.model
        if render_mode not in (None, "ansi"):
            raise ValueError(f"render_mode={render_mode!r}: write 'ansi', or None")
        if mask not in ("info", "observation"):
            raise ValueError(f"mask={mask!r}: write 'info' or 'observation'")
        if (observation_space is None) == (encoding.size == 0):
            raise ValueError(
                "observe and observation_space go together: the space in which are the arrays that it makes"
            )
        self.metadata = {
            "name": f"{model.__name__}_v{model.VERSION}",
            "render_modes": ["ansi"],
            "is_parallelizable": False,
        }
        self.encoding = encoding
        self.render_mode = render_mode
        self._model = model
        self._options = dict(options or {})
        self._mask_in = mask
        self._max_moves = max_moves
        self._random: random.Random | None = None
        count = players or (model.SEATS or (0, 0))[0]
        self.possible_agents = [f"player_{number}" for number in range(count)]
        self.agents = [*self.possible_agents]
        seen = observation_space or spaces.Box(encoding.low, np.ones(encoding.size, np.float32), dtype=np.float32)
        # Each has its own, as each may be seeded.
        self.observation_spaces = {agent: self._space(deepcopy(seen)) for agent in self.possible_agents}
        self.action_spaces = {agent: spaces.Discrete(encoding.actions) for agent in self.possible_agents}
        # What is wrong with the players or the options is told now.
        self.game = self._new_game(0)
        self._views: dict[str, dict[str, Any]] = {}

    def observation_space(self, agent: str) -> spaces.Space[Any]:
        """What an agent's observations are."""
        space: spaces.Space[Any] = self.observation_spaces[agent]
        return space

    def action_space(self, agent: str) -> spaces.Discrete:
        """What an agent's actions are."""
        return self.action_spaces[agent]

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        """Begin a new game.

        Args:
            seed: from which all chance comes, of this game and of those that are begun after it without a seed.
            options: nothing of it is used.
        """
        if seed is not None or self._random is None:
            self._random = random.Random(seed)
        self.game = self._new_game(self._random.getrandbits(63))
        self.agents = [*self.possible_agents]
        self.rewards = dict.fromkeys(self.agents, 0.0)
        self._cumulative_rewards = dict.fromkeys(self.agents, 0.0)
        self.terminations = dict.fromkeys(self.agents, False)
        self.truncations = dict.fromkeys(self.agents, False)
        self.agent_selection = self.agents[-1]
        self._moves = 0
        self._go_on()

    def step(self, action: Any) -> None:
        """Have the agent act that is selected.

        Args:
            action: the number of one; None for an agent whose game is over.

        Raises:
            EncodingError: it is not legal; nothing has changed.
            Refused: `legal` named what the model then refused.
        """
        agent = self.agent_selection
        if self.terminations[agent] or self.truncations[agent]:
            self._was_dead_step(action)
            return
        choice = self.encoding.choice(int(action), *self._seen_by(agent))
        try:
            self.game.act(agent, choice)
        except Refused as refused:
            refused.add_note(f"{self._model.__name__}.legal names {choice} for {agent}")
            raise
        self._moves += 1
        self._go_on()
        # Once, at the end: until then there are none.
        self._accumulate_rewards()

    def observe(self, agent: str) -> Any:
        """What an agent sees: the view that a client would be shown, in numbers."""
        seen = self.encoding.encode(*self._seen_by(agent))
        if self._mask_in == "info":
            return seen
        return {"observation": seen, "action_mask": self._mask(agent)}

    def state(self) -> Array:
        """What all agents see together, one after the other, in one array."""
        return np.concatenate([np.ravel(self.encoding.encode(*self._seen_by(each))) for each in self.possible_agents])

    def render(self) -> str | None:
        """The game as who watches is shown it, as text: a line for each part of its state."""
        if self.render_mode is None:
            gymnasium.logger.warn("render: give render_mode='ansi' to the environment")
            return None
        return "".join(f"{name}: {json.dumps(value)}\n" for name, value in self.game.view(None).items())

    def close(self) -> None:
        """Nothing is held that would have to be let go."""

    def _space(self, seen: spaces.Space[Any]) -> spaces.Space[Any]:
        if self._mask_in == "info":
            return seen
        return spaces.Dict(
            {"observation": seen, "action_mask": spaces.Box(0, 1, (self.encoding.actions,), dtype=np.int8)}
        )

    def _new_game(self, seed: int) -> OfflineGame:
        return OfflineGame(self._model, self.possible_agents, seed=seed, options=self._options)

    def _go_on(self) -> None:
        """See who is to act next, or how the game has ended."""
        self._views.clear()
        game, skips, why = self.game, 0, ""
        while not (able := game.to_move) and not game.finished and skips < MAX_SKIPS and game.skip():
            skips += 1
        if game.finished:
            self.terminations = dict.fromkeys(self.agents, True)
            self.rewards = dict.fromkeys(self.agents, 0.0) | (game.scores or {})
        elif not able:
            why = "nobody may move, and no timer changes that"
        elif self._moves >= self._max_moves:
            why = f"{self._moves} moves were made"
        if why:
            self.truncations = dict.fromkeys(self.agents, True)
        self.agent_selection = self._next(able or self.possible_agents)
        self.infos: dict[str, dict[str, Any]] = {agent: {"truncated": why} if why else {} for agent in self.agents}
        if self._mask_in == "info":
            for agent, info in self.infos.items():
                info["action_mask"] = self._mask(agent)

    def _next(self, among: list[str]) -> str:
        """Who of some sits next after who moved last."""
        last = self.possible_agents.index(self.agent_selection) + 1
        return next(agent for agent in self.possible_agents[last:] + self.possible_agents[:last] if agent in among)

    def _mask(self, agent: str) -> Mask:
        # For agents that are not selected it is empty, as is the custom.
        if agent != self.agent_selection or self.truncations[agent]:
            return np.zeros(self.encoding.actions, np.int8)
        return self.encoding.mask(*self._seen_by(agent))

    def _seen_by(self, agent: str) -> tuple[dict[str, Any], str, list[str]]:
        """What an encoding asks for."""
        if agent not in self._views:
            self._views[agent] = self.game.view(agent)
        return self._views[agent], agent, self.possible_agents
