"""Rules: a game of OpenSpiel's as gamesvc plays it.

What is applied to a `pyspiel.State` changes it, and it can only be built again from its history. So each is kept in a
position that never changes, and whoever asks for the same history gets the same position: a view, or a command after
a refused one, costs no replay.
"""

from __future__ import annotations

import random
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from weakref import WeakValueDictionary

import pyspiel

from gamesvc.openspiel.position import CHANCE, Act, Position, name_of, packed, unpacked

MAX_ACTIONS = 25_000
"""How many actions a game may have, those of chance among them: more than chess can have."""

MAX_KEPT = 256
"""How many positions of a kind of game are kept although nobody holds them."""

MAX_NUMBER = 2**31 - 1
"""The highest number that an action may have."""

_PUBLIC = (pyspiel.GameType.Information.PERFECT_INFORMATION, pyspiel.GameType.Information.ONE_SHOT)
_STATEFUL = ("add_noise(", "cached_tree(", "morpion_solitaire")
"""Games that remember what was played in them, by which one game could have to do with another; and one of which a copy
of a state is no state of its own."""


class Rules:
    """A game of OpenSpiel's.

    Args:
        text: as `pyspiel.load_game` takes it.

    Attributes:
        text: the same.
        game: OpenSpiel's.
        players: how many play.
        is_public: whether nothing is hidden but what is chosen at the same time.
        is_sampled: whether it has chance of its own, that it takes from a seed.
        has_seed: whether that seed can be given.
        takes_seed: whether it may be another in each game.
        is_stateful: whether a `pyspiel.Game` is changed by what is played in it, so that each state needs its own.

    Raises:
        pyspiel.SpielError: there is no such game.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.game = pyspiel.load_game(text)
        kind = self.game.get_type()
        self.players: int = self.game.num_players()
        self.is_public = kind.information in _PUBLIC
        self.is_sampled = kind.chance_mode == pyspiel.GameType.ChanceMode.SAMPLED_STOCHASTIC
        self._given = pyspiel.game_parameters_from_string(text)
        # Of the game that is asked for: one that is made of another says that it takes the other's parameters.
        (asked,) = (each for each in pyspiel.registered_games() if each.short_name == self._given["name"])
        self.has_seed = "rng_seed" in asked.parameter_specification
        self.takes_seed = self.is_sampled and self.has_seed and "rng_seed" not in self._given
        self.is_stateful = self.is_sampled or any(name in text for name in _STATEFUL)
        self._observes = kind.provides_observation_string
        self._infers = kind.provides_information_state_string
        self._positions: WeakValueDictionary[tuple[int, bytes], Position] = WeakValueDictionary()
        self._kept: OrderedDict[tuple[int, bytes], Position] = OrderedDict()

    @property
    def is_observed(self) -> bool:
        """Whether OpenSpiel says what its players see."""
        return bool(self._observes or self._infers)

    def observation(self, position: Position, seat: int) -> str:
        """What OpenSpiel lets a seat observe.

        Args:
            position: how the game stands.
            seat: from 0.
        """
        seen = position.observations.get(seat)
        if seen is None:
            state = position.state
            seen = state.observation_string(seat) if self._observes else state.information_state_string(seat)
            position.observations[seat] = seen
        return seen

    def position(self, history: bytes, seed: int) -> Position:
        """How a game stands.

        Args:
            history: all actions so far, packed.
            seed: of the chance of its own.

        Raises:
            ValueError: no game has this history.
        """
        key = (seed, history)
        found = self._positions.get(key)
        return self._keep(key, Position(self.replayed(history, seed), history)) if found is None else found

    def after(
        self, position: Position, actions: Mapping[int, int], seed: int, chance: Callable[[], random.Random]
    ) -> tuple[Position, list[list[Act]]]:
        """How a game stands after a move, and after what chance then does.

        Args:
            position: how it stands.
            actions: what each seat does, from 0: one that is legal. Empty before the first move.
            seed: of the chance of its own.
            chance: gives what chance is taken from; asked only where there is something to draw.

        Returns:
            How it stands then, and what was done, each with what was done at the same time.
        """
        # Of one that is stateful, no copy is another's equal.
        state = self.replayed(position.history, seed) if self.is_stateful else position.state.clone()
        history, done = position.history, []
        if actions:
            acts = [Act(seat, action, position.name(seat, action)) for seat, action in sorted(actions.items())]
            history += self._apply(state, actions)
            done.append(acts)
        # Where a game ends at a bound of moves, OpenSpiel may still call it chance's turn.
        while state.is_chance_node() and not state.is_terminal():
            action = _drawn(state.chance_outcomes(), chance)
            done.append([Act(CHANCE, action, name_of(state, CHANCE, action))])
            state.apply_action(action)
            history += packed((action,))
            if len(history) > 4 * MAX_ACTIONS + 4096:
                raise ValueError(f"{self.text}: chance goes on without end")
        return self._keep((seed, history), Position(state, history)), done

    def begun(self, seed: int) -> Any:
        """A new `pyspiel.State`.

        Args:
            seed: of the chance of its own.
        """
        if not self.is_stateful:
            return self.game.new_initial_state()
        given = self._given | {"rng_seed": seed} if self.takes_seed else self._given
        return pyspiel.load_game(pyspiel.game_parameters_to_string(given)).new_initial_state()

    def replayed(self, history: bytes, seed: int) -> Any:
        """A `pyspiel.State` of its own, to which all actions were applied.

        Args:
            history: the actions, packed.
            seed: of the chance of its own.

        Raises:
            ValueError: no game has this history.
        """
        state = self.begun(seed)
        actions = unpacked(history)
        at = 0
        while at < len(actions):
            is_joint = state.is_simultaneous_node()
            made = actions[at : at + (self.players if is_joint else 1)]
            possible = [state.legal_actions(seat) or [0] for seat in range(self.players)] if is_joint else [_any(state)]
            # Else some games would end the process; and where OpenSpiel checks, it prints the whole state.
            if len(made) < len(possible) or any(each not in of for each, of in zip(made, possible, strict=True)):
                raise ValueError(f"{self.text}: no game goes like this, from action {at + 1} on")
            if is_joint:
                state.apply_actions(made)
            else:
                state.apply_action(made[0])
            at += len(made)
        return state

    def _apply(self, state: Any, actions: Mapping[int, int]) -> bytes:
        """Make a move. Returns what it adds to the history."""
        if not state.is_simultaneous_node():
            (action,) = actions.values()
            state.apply_action(action)
            return packed((action,))
        # Who has nothing to choose is given 0, as OpenSpiel's own players do.
        joint = [actions.get(seat, 0) for seat in range(self.players)]
        state.apply_actions(joint)
        return packed(joint)

    def _keep(self, key: tuple[int, bytes], position: Position) -> Position:
        self._positions[key] = self._kept[key] = position
        if len(self._kept) > MAX_KEPT:
            self._kept.popitem(last=False)
        return position


def _any(state: Any) -> list[int]:
    """What can be done in a state, by the player whose move it is, or by chance."""
    legal: list[int] = [] if state.is_terminal() else state.legal_actions()
    return legal


def _drawn(outcomes: Sequence[tuple[int, float]], chance: Callable[[], random.Random]) -> int:
    """What chance does."""
    actions, weights = zip(*outcomes, strict=True)
    drawn: int = actions[0] if len(actions) == 1 else chance().choices(actions, weights)[0]
    return drawn
