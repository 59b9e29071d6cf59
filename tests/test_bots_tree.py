"""The tree of a search: who is thought to do what, where there are several, chance, secrets and time."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.bots import BotError
from gamesvc.bots import tree as tree_module
from gamesvc.bots.rebuilding import Position
from gamesvc.bots.tree import Estimate, Tree
from gamesvc.games.tic_tac_toe import TicTacToe
from gamesvc.model import GameModel
from gamesvc.offline import OfflineGame
from tests.thought_games import Cups, Dice, HighCard, Hopeless, Lying, Race, Snap, Three, Waiting


def nothing(game: GameModel) -> Mapping[str, float]:
    return {}


class Searched(SynchronousTestCase):
    def tree(
        self,
        kind: type[GameModel],
        player: str = "alice",
        *,
        players: tuple[str, ...] = ("alice", "bob"),
        seed: int = 1,
        depth: int = 50,
        estimate: Estimate = nothing,
    ) -> Tree:
        turn = OfflineGame(kind, players, seed=seed).turn(player, Random(seed))
        return Tree(Position(turn), kind, players, turn.random, depth=depth, exploration=0.7, estimate=estimate)

    def best(self, tree: Tree, player: str = "alice", games: int = 300) -> dict[str, object]:
        tree.grow(lambda played: played < games)
        return tree.best(player).arguments

    def test_it_plays_as_many_games_as_it_is_told_and_one_at_least(self) -> None:
        asked: list[int] = []

        def goes_on(played: int) -> bool:
            asked.append(played)
            return played < 3

        self.tree(TicTacToe).grow(goes_on)
        self.assertEqual(asked, [1, 2, 3])
        tree = self.tree(TicTacToe)
        tree.grow(lambda played: False)
        tree.best("alice")

    def test_each_player_is_thought_to_look_at_their_own_scores(self) -> None:
        # Not at who wins most of all, nor at the sum of what all have.
        self.assertEqual(self.best(self.tree(Three, players=("alice", "bob", "carol"))), {"way": 1})

    def test_what_others_hold_is_guessed_and_not_known(self) -> None:
        for seed in range(12):
            card = OfflineGame(HighCard, ("alice", "bob"), seed=seed).view("alice")["cards"]["alice"]
            if card != 5:
                self.assertEqual(self.best(self.tree(HighCard, seed=seed)), {"higher": card > 5}, card)

    def test_chance_is_another_each_time(self) -> None:
        tree = self.tree(Dice)
        tree.grow(lambda played: played < 300)
        self.assertEqual(tree.best("alice").command, "take")

    def test_who_chooses_at_the_same_time_does_not_know_what_others_choose(self) -> None:
        # Who thinks that the guess comes after the hiding does not play.
        for seed in range(5):
            self.assertNotEqual(self.best(self.tree(Cups, seed=seed), games=1000), {"cup": -1})

    def test_each_of_several_may_be_first(self) -> None:
        for player in ("alice", "bob"):
            tree = self.tree(Snap, player)
            tree.grow(lambda played: played < 300)
            self.assertEqual(tree.best(player).command, "grab")
            # Who comes second does nothing, and is not refused.
            self.assertIsNone(tree._fault)
            first = [records["grab",].visits for records in tree._root.records.values()]
            self.assertTrue(all(100 < count < 200 for count in first), first)

    def test_time_goes_by_where_nobody_can_do_anything(self) -> None:
        tree = self.tree(Waiting)
        tree.grow(lambda played: played < 100)
        self.assertEqual(tree.best("alice").command, "wait")

    def test_time_goes_by_after_what_was_done_in_a_game_of_ticks(self) -> None:
        tree = self.tree(Race)
        tree.grow(lambda played: played < 300)
        self.assertEqual(tree.best("alice").command, "go")

    def test_a_move_that_the_game_refuses_is_not_chosen(self) -> None:
        tree = self.tree(Lying)
        self.assertEqual(self.best(tree), {"number": 3})
        # It is not tried again and again, either.
        self.assertGreater(tree._root.records["alice"]["pick", ("number", 3)].visits, 200)

    def test_where_no_game_can_be_played_it_says_so(self) -> None:
        error = self.assertRaises(BotError, self.best, self.tree(Hopeless))
        self.assertIn("no game could be played on from here: GameError('not this one either')", str(error))

    def test_a_game_is_cut_after_so_many_moves_beyond_the_tree_and_estimated(self) -> None:
        depths: list[int] = []

        def estimate(game: GameModel) -> Mapping[str, float]:
            assert isinstance(game, TicTacToe)
            depths.append(game.moves)
            return {"alice": float(game.board[7] == "alice"), "bob": -float(game.board[7] == "alice")}

        # An unlikely place to begin.
        self.assertEqual(self.best(self.tree(TicTacToe, depth=0, estimate=estimate), games=30), {"cell": 7})
        self.assertEqual(depths[:9], [1] * 9)
        depths.clear()
        self.best(self.tree(TicTacToe, depth=2, estimate=estimate), games=9)
        self.assertEqual(depths, [3] * 9)

    def test_a_game_that_never_ends_is_cut_wherever_it_is(self) -> None:
        self.patch(tree_module, "MAX_PATH", 3)
        moves: list[int] = []

        def estimate(game: GameModel) -> Mapping[str, float]:
            moves.append(game.moves)  # type: ignore[attr-defined]  # its own
            return {}

        self.best(self.tree(TicTacToe, estimate=estimate), games=20)
        self.assertEqual(moves, [3] * 20)

    def test_a_tree_grows_no_larger_than_it_may(self) -> None:
        self.patch(tree_module, "MAX_NODES", 5)
        tree = self.tree(TicTacToe)
        self.best(tree, games=100)
        self.assertEqual(tree.size, 5)
