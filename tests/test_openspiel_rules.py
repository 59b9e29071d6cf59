"""Games of OpenSpiel's as gamesvc plays them: histories, positions, and chance. Needs gamesvc[openspiel]."""

from __future__ import annotations

import gc
import random

import pyspiel
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.openspiel.position import CHANCE, Act, Position, packed, unpacked
from gamesvc.openspiel.rules import MAX_KEPT, Rules


def chance() -> random.Random:
    return random.Random(1)


def no_chance() -> random.Random:
    raise AssertionError("chance was asked for")


class Histories(SynchronousTestCase):
    def test_a_history_leads_to_the_same_position_whoever_asks(self) -> None:
        rules = Rules("tic_tac_toe")
        position, done = rules.after(rules.position(b"", 0), {0: 4}, 0, no_chance)
        self.assertEqual((position.history, done), (packed([4]), [[Act(0, 4, "x(1,1)")]]))
        self.assertIs(rules.position(packed([4]), 0), position)

    def test_a_position_does_not_change_when_the_game_goes_on(self) -> None:
        rules = Rules("tic_tac_toe")
        first = rules.position(b"", 0)
        rules.after(first, {0: 4}, 0, no_chance)
        self.assertEqual((first.to_move, len(first.legal(0)), str(first.state)), ([0], 9, "...\n...\n..."))

    def test_one_that_nobody_holds_is_built_again_from_its_history(self) -> None:
        rules = Rules("tic_tac_toe")
        rules.after(rules.position(b"", 0), {0: 4}, 0, no_chance)
        for seed in range(MAX_KEPT + 1):
            rules.position(b"", seed)
        gc.collect()
        self.assertLessEqual(len(rules._positions), MAX_KEPT)
        self.assertEqual(str(rules.position(packed([4]), 0).state), "...\n.x.\n...")

    def test_what_no_game_can_lead_to_is_refused_and_openspiel_is_not_asked_to_do_it(self) -> None:
        for text, actions in (
            ("tic_tac_toe", [4, 4]),
            ("tic_tac_toe", [9]),
            ("tic_tac_toe", [0, 3, 1, 4, 2, 5]),
            ("matrix_pd", [0]),
            ("matrix_pd", [0, 2]),
            ("kuhn_poker", [1, 1]),
        ):
            error = self.assertRaises(ValueError, Rules(text).position, packed(actions), 0)
            self.assertIn("no game goes like this", str(error))


class Moves(SynchronousTestCase):
    def test_chance_does_its_part_at_once(self) -> None:
        rules = Rules("kuhn_poker")
        position, done = rules.after(rules.position(b"", 0), {}, 0, chance)
        self.assertEqual([[act.seat for act in acts] for acts in done], [[CHANCE], [CHANCE]])
        self.assertEqual((position.to_move, len(unpacked(position.history))), ([0], 2))

    def test_what_chance_does_has_the_weight_that_openspiel_gives_it(self) -> None:
        # A new tile is a four in one of ten cases.
        rules, drawn = Rules("2048"), random.Random(3)
        start = rules.position(b"", 0)
        tiles = [rules.after(start, {}, 0, lambda: drawn)[1][0][0].name[0] for _ in range(300)]
        self.assertEqual(tiles.count("2") + tiles.count("4"), 300)
        self.assertTrue(15 <= tiles.count("4") <= 45, tiles.count("4"))

    def test_nothing_is_drawn_where_only_one_thing_can_happen(self) -> None:
        rules = Rules("kuhn_poker")
        history = packed([0, 1, 1])
        position, done = rules.after(rules.position(history, 0), {1: 1}, 0, no_chance)
        self.assertEqual((position.is_over, done), (True, [[Act(1, 1, "Bet")]]))

    def test_a_joint_move_has_an_action_of_each_seat(self) -> None:
        rules = Rules("matrix_pd")
        position = rules.position(b"", 0)
        self.assertEqual((position.is_simultaneous, position.to_move), (True, [0, 1]))
        after, done = rules.after(position, {1: 1, 0: 0}, 0, no_chance)
        self.assertEqual(done, [[Act(0, 0, "Cooperate"), Act(1, 1, "Defect")]])
        self.assertEqual((after.history, after.state.returns()), (packed([0, 1]), [0.0, 10.0]))


class OwnChance(SynchronousTestCase):
    """Games whose chance OpenSpiel draws itself."""

    def played(self, text: str, seed: int) -> str:
        rules, plays = Rules(text), random.Random(7)
        position, _ = rules.after(rules.position(b"", seed), {}, seed, chance)
        while not position.is_over:
            actions = {seat: plays.choice(position.legal(seat)) for seat in position.to_move}
            position, _ = rules.after(position, actions, seed, chance)
        return str(position.state)

    def test_the_seed_decides_on_it(self) -> None:
        for text in ("negotiation", "tarok", "stones_and_gems"):
            self.assertTrue(Rules(text).takes_seed)
        self.assertEqual(self.played("negotiation", 5), self.played("negotiation", 5))
        self.assertNotEqual(self.played("negotiation", 5), self.played("negotiation", 6))

    def test_a_seed_that_the_operator_has_chosen_stays(self) -> None:
        self.assertFalse(Rules("negotiation(rng_seed=3)").takes_seed)
        self.assertEqual(self.played("negotiation(rng_seed=3)", 5), self.played("negotiation(rng_seed=3)", 6))

    def test_other_games_of_the_same_kind_change_nothing(self) -> None:
        states = []
        for others in ((), range(5)):
            rules = Rules("negotiation")
            for seed in (*others, 5, *others):
                position, _ = rules.after(rules.position(b"", seed), {}, seed, chance)
                if seed == 5:
                    begun = position
            states.append(str(begun.state))
            states.append(str(rules.position(begun.history, 5).state))
        self.assertEqual(len(set(states)), 1, states)

    def test_the_noise_of_one_game_does_not_depend_on_another(self) -> None:
        rules = Rules("add_noise(epsilon=0.5,game=tic_tac_toe(),seed=1)")
        ends = [packed([0, 3, 1, 4, 2]), packed([3, 0, 4, 1, 5])]
        alone = [Rules(rules.text).position(end, 0).state.returns() for end in ends]
        self.assertEqual([rules.position(end, 0).state.returns() for end in reversed(ends)], alone[::-1])

    def test_a_state_that_can_not_be_copied_is_played_again(self) -> None:
        self.assertTrue(Rules("morpion_solitaire").is_stateful)
        self.assertEqual(self.played("morpion_solitaire", 0), self.played("morpion_solitaire", 0))


class TheEnd(SynchronousTestCase):
    def test_chance_draws_nothing_after_it(self) -> None:
        # At its bound of moves this game is over, and calls it chance's turn all the same.
        rules = Rules("solitaire(depth_limit=5)")
        for seed in range(20):
            ended = self.ended(rules, random.Random(seed))
            self.assertEqual(rules.replayed(ended.history, 0).history(), ended.state.history())

    def ended(self, rules: Rules, plays: random.Random) -> Position:
        """How a game ends that is played by chance."""
        position, _ = rules.after(rules.position(b"", 0), {}, 0, lambda: plays)
        while not position.is_over:
            position, _ = rules.after(position, {0: plays.choice(position.legal(0))}, 0, lambda: plays)
        return position


class WhatIsSeen(SynchronousTestCase):
    def test_a_player_sees_what_openspiel_lets_them_observe(self) -> None:
        rules = Rules("kuhn_poker")
        position = rules.position(packed([2, 0]), 0)
        self.assertEqual([rules.observation(position, seat) for seat in (0, 1)], ["211", "011"])

    def test_where_it_does_not_say_that_it_is_the_information_state(self) -> None:
        rules = Rules("liars_dice")
        self.assertFalse(rules.game.get_type().provides_observation_string)
        position = rules.position(packed([2, 4]), 0)
        self.assertEqual(rules.observation(position, 1), position.state.information_state_string(1))

    def test_what_is_public_is_what_openspiel_says_has_perfect_information_or_one_move(self) -> None:
        for text, public in (
            ("tic_tac_toe", True),
            ("matrix_pd", True),
            ("goofspiel", True),
            ("goofspiel(imp_info=True)", False),
            ("kuhn_poker", False),
        ):
            self.assertEqual(Rules(text).is_public, public, text)

    def test_there_is_no_game_of_a_name_that_openspiel_does_not_have(self) -> None:
        self.assertRaises(pyspiel.SpielError, Rules, "ludo")
