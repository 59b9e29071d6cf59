"""What players of OpenSpiel's games must not see of each other. SEED repeats what was chosen by chance; TWINS says how
many twins are compared of each game.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from functools import cache, wraps
from typing import Any
from unittest import mock

import pyspiel
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import Event, Player
from gamesvc.offline import OfflineGame
from gamesvc.openspiel.game import OpenSpielGame, PrivateGame
from gamesvc.openspiel.kinds import kind_of
from gamesvc.openspiel.served import SERVED
from tests.openspiel_shown import LeakError, Model, Play, compare, names_of, origin_of
from tests.openspiel_twins import Breeder, Step, Twins, shuffled

SEED = int(os.environ.get("SEED", "1"))
TWINS = int(os.environ.get("TWINS", "2"))

QUICKER = {
    "bridge": "bridge(use_double_dummy_result=False)",
    "crazy_eights": "crazy_eights(players=3)",
    "solitaire": "solitaire(depth_limit=40)",
}
"""With which parameters games are played of which a deal takes OpenSpiel long, or has many cards."""

MOST_MOVES = 25
"""How long twins are, chance not counted."""

SEEDS = 1, 180
"""Two from which OpenSpiel draws the same for the first who negotiates, and something else for the second."""

MOST_LOOKS = TWINS * 6
"""How often they are looked for, each time with another viewer."""

MOST_JOINT = 8
"""How often players choose at the same time, in a game."""

MOST_COMMANDS = 60
"""How long a game may be that is played to its end."""


@cache
def models() -> list[Model]:
    """All that are served, but for those that are in files."""
    # Whether they can be played is another test's to say, and takes seconds.
    with mock.patch("gamesvc.openspiel.kinds.try_out"):
        return [kind_of(QUICKER.get(text, text))[1] for text in SERVED]


def private() -> list[Model]:
    """Those in which players see different things."""
    return [model for model in models() if not model.RULES.is_public]


def together() -> list[Model]:
    """Those in which players choose at the same time."""
    return [
        model
        for model in models()
        if model.RULES.game.get_type().dynamics == pyspiel.GameType.Dynamics.SIMULTANEOUS and model.RULES.players > 1
    ]


def viewers(model: Model) -> list[int | None]:
    """Who may see something: the seats, and who watches."""
    return [*range(model.RULES.players), None]


def compared(model: Model, viewer: int | None, seed: int) -> int:
    """Look for twins, and compare what a viewer gets of them. Returns how many frames that were."""
    origin = origin_of(model, seed)
    twins = Breeder(origin, random.Random(f"{seed} {model.RULES.text}")).breed(viewer, MOST_MOVES)
    return 0 if twins is None else compare(model, twins, origin, origin, seed)[0]


def joint_steps(model: Model, chance: random.Random, seed: int) -> Iterator[Step]:
    """What may be done in a game, until players have chosen at the same time a few times."""
    branch = origin_of(model, seed).branch
    count = 0
    while branch.node != "end" and count < MOST_JOINT:
        step = next(branch.steps(chance, 1, None))
        count += branch.node == "together"
        branch = branch.after(step)
        yield step
    while branch.node == "chance":
        step = next(branch.steps(chance, 1, None))
        branch = branch.after(step)
        yield step


class Done(Event):
    """A leak: what somebody did."""

    player: Player
    action: int


class TwinsTests(SynchronousTestCase):
    """No frame of a player's changes when only another one's secret does."""

    def test_twins_look_the_same_in_every_game_in_which_something_is_hidden(self) -> None:
        unseen = []
        for model in private():
            who = viewers(model)
            found = 0
            for number in range(SEED, SEED + MOST_LOOKS):
                found += compared(model, who[number % len(who)], number) > 0
                if found == TWINS:
                    break
            else:
                unseen.append(model.RULES.text)
        self.assertEqual(unseen, [])

    def test_so_do_games_whose_chance_openspiel_draws_by_itself(self) -> None:
        with mock.patch("gamesvc.openspiel.kinds.try_out"):
            model = kind_of("negotiation(num_items=1)")[1]
        # What players want is drawn from a seed. Of these two the second changes it for one of them.
        ours, others = (origin_of(model, seed) for seed in SEEDS)
        stand = [str(origin.branch.after(Step(0)).state) for origin in (ours, others)]
        self.assertNotEqual(*stand)
        for seed in range(SEED, SEED + TWINS):
            twins = Breeder(ours, random.Random(seed), others).breed(0, MOST_MOVES)
            assert twins is not None
            self.assertGreater(compare(model, twins, ours, others, seed)[0], 0)


class TogetherTests(SynchronousTestCase):
    """Who chooses first changes no byte for the others."""

    def test_the_first_to_choose_changes_nothing_for_the_others(self) -> None:
        for model in together():
            chance = random.Random(f"{SEED} {model.RULES.text}")
            steps = list(joint_steps(model, chance, SEED))
            play = Play(model, steps, origin_of(model, SEED), None, SEED)
            play.told()
            self.assertGreater(play.first, 0, model.RULES.text)

    def test_in_which_order_they_chose_is_not_told(self) -> None:
        for model in together():
            chance = random.Random(f"{SEED} {model.RULES.text}")
            steps = list(joint_steps(model, chance, SEED))
            others = [shuffled(step, None, chance) for step in steps]
            origin = origin_of(model, SEED)
            compare(model, Twins(None, [*steps], [*others]), origin, origin, SEED)


class EndTests(SynchronousTestCase):
    """A game that is over shows no more of its secrets than OpenSpiel does."""

    def test_who_played_sees_what_openspiel_lets_them_observe_and_who_watched_the_returns(self) -> None:
        ended = 0
        for model in private():
            chance = random.Random(f"{SEED} {model.RULES.text}")
            game = OfflineGame(model, names_of(model), seed=SEED)
            commands = 0
            while not game.finished and commands < MOST_COMMANDS:
                player = chance.choice(game.to_move)
                game.act(player, chance.choice(game.legal(player)))
                commands += 1
            if game.finished:
                ended += 1
                self._check(model, game)
        self.assertGreater(ended, len(private()) // 2)

    def _check(self, model: Model, game: OfflineGame) -> None:
        state: Any = self._model_of(game).position.state
        returns = dict(zip(game.players, state.returns(), strict=True))
        kind = state.get_game().get_type()
        observed = state.observation_string if kind.provides_observation_string else state.information_state_string
        for seat, player in enumerate(game.players):
            expected = {"observation": observed(seat), "returns": returns, "legal": []}
            self.assertEqual(game.view(player), expected, model.RULES.text)
        self.assertEqual(game.view(None), {"returns": returns}, model.RULES.text)
        self.assertEqual(game.outcome, {"event": "Finished", "returns": returns})
        # Before the end, nothing was told to all.
        public = [event["event"] for event, to in game.events if to is None]
        self.assertEqual(public, ["Finished"], model.RULES.text)

    @staticmethod
    def _model_of(game: OfflineGame) -> Any:
        return game.instance._model


class LeakTests(SynchronousTestCase):
    """What these tests find, where it is there to be found."""

    def found(self, *names: str) -> bool:
        """Whether a leak is found in one of these games."""
        for name in names:
            model = kind_of(name)[1]
            for seed in range(8):
                try:
                    for viewer in viewers(model):
                        compared(model, viewer, seed)
                except LeakError:
                    return True
        return False

    def test_without_one_nothing_is_found(self) -> None:
        self.assertFalse(self.found("phantom_ttt", "kuhn_poker"))

    def test_a_move_that_everybody_is_told_of(self) -> None:
        act = OpenSpielGame._go_on

        def telling(self: OpenSpielGame, actions: dict[int, int]) -> None:
            act(self, actions)
            for seat, action in actions.items():
                self.publish(Done(self.players[seat], action))

        with mock.patch.object(OpenSpielGame, "_go_on", telling):
            self.assertTrue(self.found("phantom_ttt"))
            self.assertTrue(self.found("dark_chess"))

    def test_an_event_that_says_only_that_something_was_done(self) -> None:
        def telling(self: PrivateGame, before: object, done: object) -> None:
            for player in self.players:
                self.publish(Done(player, 0), to=[player])

        with mock.patch.object(PrivateGame, "_tell", telling):
            self.assertTrue(self.found("phantom_ttt"))

    def test_how_many_moves_there_were_in_the_view(self) -> None:
        seen = PrivateGame._seen

        def counting(self: PrivateGame, seat: int | None) -> dict[str, Any]:
            return seen(self, seat) | {"moves": len(self.position.history)}

        with mock.patch.object(PrivateGame, "_seen", counting):
            self.assertTrue(self.found("phantom_ttt"))

    def test_how_many_moves_there_were_in_a_reply(self) -> None:
        act = OpenSpielGame.act

        @wraps(act)
        def telling(self: OpenSpielGame, player: Player, action: int, name: str | None = None) -> int:
            act(self, player, action, name)
            return len(self.position.history)

        with mock.patch.object(OpenSpielGame, "act", telling):
            self.assertTrue(self.found("phantom_ttt"))

    def test_the_cards_of_another_player(self) -> None:
        seen = PrivateGame._seen

        def next_to_it(self: PrivateGame, seat: int | None) -> dict[str, Any]:
            return seen(self, seat if seat is None else (seat + 1) % self.RULES.players)

        with mock.patch.object(PrivateGame, "_seen", next_to_it):
            self.assertTrue(self.found("kuhn_poker"))

    def test_what_those_see_who_watch(self) -> None:
        seen = PrivateGame._seen
        with mock.patch.object(PrivateGame, "_seen", lambda self, seat: seen(self, seat or 0)):
            self.assertTrue(self.found("kuhn_poker"))

    def test_the_history_of_a_game_that_is_over(self) -> None:
        seen = PrivateGame._seen

        def telling(self: PrivateGame, seat: int | None) -> dict[str, Any]:
            return seen(self, seat) | ({"history": self.position.numbered} if self.position.is_over else {})

        with mock.patch.object(PrivateGame, "_seen", telling):
            self.assertTrue(self.found("kuhn_poker"))

    def test_a_choice_that_all_are_shown_before_all_have_chosen(self) -> None:
        view = OpenSpielGame.view

        def telling(self: OpenSpielGame, viewer: Player | None) -> dict[str, Any]:
            return view(self, viewer) | {"chosen": len(self.choices)}

        model = kind_of("matrix_rps")[1]
        steps = list(joint_steps(model, random.Random(1), 1))
        with mock.patch.object(OpenSpielGame, "view", telling):
            play = Play(model, steps, origin_of(model, 1), None, 1)
            self.assertRaises(LeakError, play.told)
