"""Environments of PettingZoo's, held against PettingZoo's own tests, and games in them against games without."""

from __future__ import annotations

import contextlib
import io
import random
import sys
import warnings
from collections.abc import Callable, Iterable
from typing import Any
from unittest import mock

import gymnasium
import numpy as np
from gymnasium import spaces
from pettingzoo.test import api_test, seed_test  # type: ignore[import-untyped]  # has no types
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import Event, GameError, GameModel, Move, Player, command, field
from gamesvc.bots.encoding import Encoding, EncodingError
from gamesvc.catalog import Catalog
from gamesvc.games.connect_four import ConnectFour
from gamesvc.games.crazy_eights import CrazyEights
from gamesvc.games.tic_tac_toe import TicTacToe
from gamesvc.offline import OfflineGame
from gamesvc.refused import Refused
from gamesvc.testing import aec_env

CELLS = [{"command": "mark", "cell": cell} for cell in range(9)]
SHIPPED = "tic-tac-toe", "connect-four", "crazy-eights", "battleship", "chess"

UNLISTED = "Observation is not a NumPy array", "Observation space for each agent probably should be gymnasium.spaces"
"""What `api_test` says of each dict that is observed, but in the games of its own that it knows by name."""

NOTHING_LEFT = "Action mask numpy array is all zeros"
"""What it says of an observation after the end of a game."""


class Finished(Event):
    scores: dict[Player, float]


class Votes(GameModel, seats=3):
    """All vote at the same time, round after round, and between the rounds time goes by."""

    rounds: int = 2
    voted: dict[Player, bool] = field(default_factory=dict)
    ayes: dict[Player, int] = field(default_factory=dict)
    open: bool = False

    def setup(self, rounds: int = 2) -> None:
        self.rounds = rounds

    def on_start(self) -> None:
        self.ayes = dict.fromkeys(self.players, 0)
        self.after(60, self.begin)

    def begin(self) -> None:
        self.open = True
        self.voted = {}

    def legal(self, player: Player) -> Iterable[Move]:
        if self.open and player not in self.voted:
            yield Move(self.vote, aye=True)
            yield Move(self.vote, aye=False)

    @command
    def vote(self, player: Player, aye: bool) -> None:
        """Say aye or no."""
        self.voted[player] = aye
        self.ayes[player] += aye
        if len(self.voted) == 3:
            self.open = False
            self.rounds -= 1
            if self.rounds:
                self.after(60, self.begin)
            else:
                self.finish(Finished({each: float(count) for each, count in self.ayes.items()}))


class Race(GameModel, seats=3):
    """All run at the same time, but for who is tired."""

    steps: dict[Player, int] = field(default_factory=dict)
    tired: Player | None = None

    def on_start(self) -> None:
        self.steps = dict.fromkeys(self.players, 0)

    def legal(self, player: Player) -> Iterable[Move]:
        if player != self.tired:
            yield Move(self.run)

    @command
    def run(self, player: Player) -> None:
        """Make a step."""
        self.steps[player] += 1
        self.tired = self.players[1] if self.steps[player] == 2 else None
        if self.steps[player] == 3:
            self.finish(Finished(dict.fromkeys(self.players, 0.0) | {player: 1.0}))


class Stuck(GameModel, seats=2):
    """After the first move nobody can do anything; or what is legal is refused."""

    moved: bool = False
    strict: bool = False

    def setup(self, strict: bool = False) -> None:
        self.strict = strict

    def legal(self, player: Player) -> Iterable[Move]:
        if not self.moved:
            yield Move(self.move)

    @command
    def move(self, player: Player) -> None:
        """Move once."""
        if self.strict:
            raise GameError("not so fast")
        self.moved = True


class Waiting(Stuck):
    """Nobody can do anything, and a timer rings for ever."""

    def on_start(self) -> None:
        self.again()

    def again(self) -> None:
        self.after(1, self.again)


class Unclear(Stuck):
    """The end does not say how it came out."""

    def on_start(self) -> None:
        self.after(1, self.stop)

    def stop(self) -> None:
        self.finish()


def played(env: Any, choose: Callable[[str, Any], int], seed: int = 0) -> list[tuple[str, int | None, float]]:
    """Play a game: who acted, how, and what reward they had been given by then."""
    env.reset(seed=seed)
    steps = []
    for agent in env.agent_iter():
        _, reward, terminated, truncated, info = env.last()
        action = None if terminated or truncated else choose(agent, info["action_mask"])
        steps.append((agent, action, reward))
        env.step(action)
    return steps


def first(agent: str, mask: Any) -> int:
    """The first legal action."""
    return int(np.flatnonzero(mask)[0])


@contextlib.contextmanager
def quiet() -> Any:
    """PettingZoo's tests print how far they are."""
    with contextlib.redirect_stdout(io.StringIO()):
        yield


def check(make: Callable[[], Any]) -> None:
    """Hold an environment against PettingZoo's tests."""
    env = make()
    for number, agent in enumerate(env.possible_agents):
        env.action_space(agent).seed(number)
    with quiet():
        api_test(env, num_cycles=1000)
        seed_test(make, num_cycles=100)


class Conforming(SynchronousTestCase):
    """PettingZoo's own tests; what they warn of is an error here."""

    def test_the_shipped_games(self) -> None:
        for name in SHIPPED:
            model = Catalog([name]).default.model
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                check(lambda model=model: aec_env(model))  # type: ignore[misc]  # mypy does not follow the default

    def test_games_with_actions_listed_and_players_and_options_chosen(self) -> None:
        for make in (
            lambda: aec_env(TicTacToe, actions=CELLS),
            lambda: aec_env(ConnectFour, options={"width": 5, "height": 4}, max_actions=5),
            lambda: aec_env(CrazyEights, players=4),
            lambda: aec_env(Votes),
            lambda: aec_env(TicTacToe, actions=CELLS, illegal_reward=None),
        ):
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                check(make)

    def test_games_of_openspiel(self) -> None:
        for name, count in (("kuhn_poker", 2), ("goofspiel(num_cards=3)", 3), ("tic_tac_toe", 9)):
            model = Catalog([f"openspiel:{name}"]).default.model
            actions = [{"command": "act", "action": action} for action in range(count)]
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                check(lambda model=model: aec_env(model))  # type: ignore[misc]  # mypy does not follow the default
                check(lambda model=model, actions=actions: aec_env(model, actions=actions))  # type: ignore[misc]  # nor this

    def test_a_mask_in_the_observation(self) -> None:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            check(lambda: aec_env(TicTacToe, actions=CELLS, mask="observation"))
        others = [str(each.message) for each in said if not str(each.message).startswith((*UNLISTED, NOTHING_LEFT))]
        self.assertEqual(others, [])

    def test_an_observation_of_the_author_s_own(self) -> None:
        def observe(view: dict[str, Any], player: str) -> Any:
            return np.array([[1 + (each == player) for each in view["board"]]], np.int8)

        space = spaces.Box(0, 2, (1, 9), np.int8)
        check(lambda: aec_env(TicTacToe, actions=CELLS, observe=observe, observation_space=space))
        with self.assertRaisesRegex(ValueError, "go together"):
            aec_env(TicTacToe, observe=observe)
        with self.assertRaisesRegex(ValueError, "go together"):
            aec_env(TicTacToe, observation_space=space)


class Playing(SynchronousTestCase):
    def test_agents_see_and_do_what_players_do(self) -> None:
        env = aec_env(TicTacToe, actions=CELLS)
        encoding = Encoding(TicTacToe, actions=CELLS)
        game = OfflineGame(TicTacToe, ["player_0", "player_1"])
        chance = random.Random(1)
        env.reset(seed=0)
        for agent in env.agent_iter():
            observation, _, terminated, _, info = env.last()
            where = game.view(agent), agent, game.players
            np.testing.assert_array_equal(observation, encoding.encode(*where))
            np.testing.assert_array_equal(info["action_mask"], encoding.mask(*where))
            self.assertTrue(terminated == game.finished)
            action = None if terminated else chance.choice(np.flatnonzero(info["action_mask"]).tolist())
            if action is not None:
                self.assertEqual(game.to_move, [agent])
                game.act(agent, CELLS[action])
            env.step(action)
        self.assertTrue(game.finished)

    def test_rewards_come_at_the_end_and_are_the_scores(self) -> None:
        steps = played(aec_env(TicTacToe, actions=CELLS), first)
        self.assertEqual(sorted(steps[-2:]), [("player_0", None, 1.0), ("player_1", None, -1.0)])
        self.assertEqual({reward for _, _, reward in steps[:-2]}, {0.0})

    def test_where_several_may_move_they_do_so_in_the_order_of_their_seats(self) -> None:
        def choose(agent: str, mask: Any) -> int:
            return int(agent == "player_1")

        agents = ["player_0", "player_1", "player_2"]
        steps = played(aec_env(Votes), choose)
        self.assertEqual([agent for agent, _, _ in steps], agents * 3)
        self.assertEqual([reward for _, _, reward in steps[-3:]], [0.0, 2.0, 0.0])

    def test_who_may_move_on_waits_until_the_others_have(self) -> None:
        agents = [int(agent[-1]) for agent, action, _ in played(aec_env(Race), first) if action is not None]
        self.assertEqual(agents, [0, 1, 2, 0, 2, 0])

    def test_who_is_not_selected_has_no_legal_action(self) -> None:
        for place in ("info", "observation"):
            env = aec_env(Votes, mask=place)
            env.reset(seed=0)
            masks = [
                (env.infos[agent] if place == "info" else env.observe(agent))["action_mask"].tolist()
                for agent in env.agents
            ]
            self.assertEqual(masks, [[1, 1], [0, 0], [0, 0]])

    def test_the_options_of_the_game_are_given_to_it(self) -> None:
        self.assertEqual(len(played(aec_env(Votes, options={"rounds": 3}), first)), 3 * 3 + 3)

    def test_a_game_that_is_too_long_is_cut_off(self) -> None:
        env = aec_env(TicTacToe, actions=CELLS, max_moves=3)
        env.reset(seed=0)
        for _ in range(3):
            env.step(first("", env.last()[4]["action_mask"]))
        _, reward, terminated, truncated, info = env.last()
        self.assertEqual((reward, terminated, truncated), (0.0, False, True))
        self.assertEqual(info["truncated"], "3 moves were made")
        self.assertFalse(info["action_mask"].any())

    def test_a_game_in_which_nobody_will_ever_move_again_is_cut_off(self) -> None:
        for model in (Stuck, Waiting):
            env = aec_env(model)
            env.reset(seed=0)
            env.step(0)
            _, _, terminated, truncated, info = env.last()
            self.assertEqual((terminated, truncated), (False, True))
            self.assertEqual(info["truncated"], "nobody may move, and no timer changes that")

    def test_an_end_that_does_not_say_how_it_came_out_is_worth_nothing(self) -> None:
        env = aec_env(Unclear)
        env.reset(seed=0)
        env.step(0)
        self.assertEqual(
            (env.terminations, env.rewards), (dict.fromkeys(env.agents, True), dict.fromkeys(env.agents, 0.0))
        )

    def test_an_illegal_action_loses(self) -> None:
        env = aec_env(TicTacToe, actions=CELLS, illegal_reward=-5)
        env.reset(seed=0)
        env.step(4)
        with quiet():
            env.step(4)
        self.assertEqual(env.rewards, {"player_0": 0, "player_1": -5.0})
        self.assertTrue(all(env.terminations.values()))

    def test_an_illegal_action_can_be_an_error(self) -> None:
        env = aec_env(TicTacToe, actions=CELLS, illegal_reward=None)
        env.reset(seed=0)
        env.step(4)
        with self.assertRaisesRegex(EncodingError, "action 4 is not legal for 'player_1'"):
            env.step(4)
        env.step(3)
        self.assertEqual(env.agent_selection, "player_0")

    def test_what_is_legal_and_refused_is_told(self) -> None:
        env = aec_env(Stuck, options={"strict": True})
        env.reset(seed=0)
        with self.assertRaises(Refused) as raised:
            env.step(0)
        self.assertIn("Stuck.legal names {'command': 'move'} for player_0", raised.exception.__notes__[0])

    def test_a_game_can_be_left_in_its_middle_and_at_its_end(self) -> None:
        env = aec_env(TicTacToe, actions=CELLS)
        whole = played(env, first)
        for steps in (3, len(whole) - 1):
            env.reset(seed=0)
            for _, action, _ in whole[:steps]:
                env.step(action)
            self.assertEqual(played(env, first), whole)


class Chance(SynchronousTestCase):
    def setUp(self) -> None:
        # With four players the cards are dealt at once.
        self.env = aec_env(CrazyEights, players=4)

    def hand(self, seed: int | None, env: Any = None) -> list[int]:
        """What is seen at the beginning of a game."""
        env = env or self.env
        env.reset(seed=seed)
        return np.flatnonzero(env.observe("player_0")).tolist()

    def test_a_seed_decides_this_game_and_those_after_it(self) -> None:
        once = [self.hand(seed) for seed in (7, None, None)]
        self.assertEqual([self.hand(seed) for seed in (7, None, None)], once)
        self.assertNotEqual(once[0], once[1])
        self.assertNotEqual(once[1], once[2])
        self.assertNotEqual(self.hand(8), once[0])

    def test_without_a_seed_each_environment_plays_other_games(self) -> None:
        self.assertNotEqual(self.hand(None), self.hand(None, aec_env(CrazyEights, players=4)))


class Around(SynchronousTestCase):
    """What there is beside the playing."""

    def test_the_state_is_what_all_see(self) -> None:
        env = aec_env(TicTacToe, actions=CELLS)
        env.reset(seed=0)
        env.step(2)
        together = np.concatenate([env.observe(agent) for agent in env.agents])
        np.testing.assert_array_equal(env.state(), together)

    def test_as_text_it_is_what_who_watches_is_shown(self) -> None:
        env = aec_env(TicTacToe, actions=CELLS, render_mode="ansi")
        env.reset(seed=0)
        env.step(0)
        board = '["player_0", null, null, null, null, null, null, null, null]'
        self.assertEqual(env.render(), f"board: {board}\nmoves: 1\n")
        env.close()

    def test_who_did_not_ask_for_text_is_told(self) -> None:
        env = aec_env(TicTacToe)
        env.reset(seed=0)
        with mock.patch.object(gymnasium.logger, "warn") as warn:
            self.assertIsNone(env.render())
        self.assertIn("render_mode='ansi'", warn.call_args.args[0])

    def test_each_agent_has_spaces_of_its_own(self) -> None:
        env = aec_env(TicTacToe, actions=CELLS)
        for space in (env.observation_space, env.action_space):
            one, other = map(space, env.possible_agents)
            self.assertIsNot(one, other)
            self.assertEqual(one, other)
            self.assertIs(one, space("player_0"))

    def test_it_is_called_after_the_game(self) -> None:
        self.assertEqual(str(aec_env(TicTacToe)), "TicTacToe_v1")

    def test_what_can_t_be_is_refused(self) -> None:
        encoding = Encoding(TicTacToe)
        mistaken: Any = "mask"
        for make, error, why in (
            (lambda: aec_env(TicTacToe, players=3), ValueError, "is for 2 players"),
            (lambda: aec_env(TicTacToe, options={"size": 3}), EncodingError, "options: "),
            (lambda: aec_env(TicTacToe, render_mode="human"), ValueError, "write 'ansi'"),
            (lambda: aec_env(TicTacToe, mask=mistaken), ValueError, "write 'info' or 'observation'"),
            (
                lambda: aec_env(ConnectFour, encoding=encoding),
                EncodingError,
                "and not of ConnectFour",
            ),
            (lambda: aec_env(TicTacToe, encoding=encoding, actions=CELLS), TypeError, "to the Encoding"),
        ):
            with self.assertRaisesRegex(error, why):
                make()

    def test_without_pettingzoo_it_is_said_what_to_install(self) -> None:
        others = {name: module for name, module in sys.modules.items() if name != "gamesvc.testing.aec"}
        without = mock.patch.dict(sys.modules, others | {"pettingzoo": None}, clear=True)
        with without, self.assertRaises(ModuleNotFoundError) as raised:
            from gamesvc.testing import aec_env as _  # noqa: F401  # the import is what is tried
        self.assertEqual(raised.exception.__notes__, ["aec_env: pip install 'gamesvc[pettingzoo]'"])
