"""SearchBot: how well it plays, and how long it thinks."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.bots import Bot, Choice, Turn, load
from gamesvc.bots.random import RandomBot
from gamesvc.bots.search import SearchBot
from gamesvc.errors import ConfigError
from gamesvc.games.battleship import Battleship
from gamesvc.games.connect_four import ConnectFour
from gamesvc.games.crazy_eights import CrazyEights
from gamesvc.games.tic_tac_toe import TicTacToe
from gamesvc.model import GameModel
from gamesvc.offline import OfflineGame
from tests.thought_games import Cards, Masked, Silent

PLAYERS = "alice", "bob"


def play(kind: type[GameModel], bots: Mapping[str, Bot], seed: int) -> Mapping[str, float]:
    """A game among bots: its scores."""
    game, random = OfflineGame(kind, list(bots), seed=seed), Random(seed)
    while not game.finished:
        player = game.to_move[0]
        choice = bots[player].choose(game.turn(player, random))
        assert choice in game.legal(player), choice
        game.act(player, choice)
    return game.scores or {}


class Perfect(Bot):
    """Plays tic-tac-toe to its end in all ways, and never loses."""

    def choose(self, turn: Turn) -> Choice | None:
        board = [*turn.view["board"]]
        return {"command": "mark", "cell": self.best(board, turn.player)[1]}

    def best(self, board: list[str | None], player: str) -> tuple[int, int]:
        """What a board is worth for who moves, and a cell that is worth as much."""
        other = PLAYERS[player == PLAYERS[0]]
        found = (-2, -1)
        for cell in range(9):
            if board[cell] is None:
                board[cell] = player
                worth = 1 if _wins(board, player) else 0 if None not in board else -self.best(board, other)[0]
                board[cell] = None
                found = max(found, (worth, cell))
        return found


def _wins(board: list[str | None], player: str) -> bool:
    lines = (0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6)
    return any(all(board[cell] == player for cell in line) for line in lines)


class Plays(SynchronousTestCase):
    def opened(self, *cells: int) -> OfflineGame:
        game = OfflineGame(TicTacToe, PLAYERS)
        for number, cell in enumerate(cells):
            game.act(PLAYERS[number % 2], {"command": "mark", "cell": cell})
        return game

    def test_it_never_loses_tic_tac_toe(self) -> None:
        perfect, search = Perfect(), load("search(simulations=2000)").make()
        # Where all but few answers lose: what it chooses is then as good as what is best.
        for cells, good in (
            ((0, 4, 8), {1, 3, 5, 7}),
            ((4, 8, 0), {2, 6}),
            ((0, 8, 2), {1}),
            ((1, 4, 3, 0), {8}),
            ((4, 0, 8, 2), {1}),
        ):
            game = self.opened(*cells)
            player = game.to_move[0]
            choice = search.choose(game.turn(player, Random(1)))
            assert choice is not None
            self.assertIn(choice["cell"], good, cells)
            before = self._worth(perfect, game, player)
            game.act(player, choice)
            self.assertEqual(self._worth(perfect, game, player), before, (cells, choice))

    def _worth(self, perfect: Perfect, game: OfflineGame, player: str) -> int:
        """What a game is worth for a player, if all play perfectly."""
        other = PLAYERS[player == PLAYERS[0]]
        if game.finished:
            return int((game.scores or {})[player])
        board = [*game.view(None)["board"]]
        return perfect.best(board, player)[0] if game.to_move == [player] else -perfect.best(board, other)[0]

    def test_it_beats_chance_at_connect_four(self) -> None:
        search = load("search(simulations=60)").make()
        for seed in range(4):
            first, second = (search, RandomBot()) if seed % 2 else (RandomBot(), search)
            scores = play(ConnectFour, {"alice": first, "bob": second}, seed)
            self.assertEqual(scores["alice" if seed % 2 else "bob"], 1.0, seed)

    def test_it_plays_games_of_cards(self) -> None:
        search = load("search(simulations=2, depth=5)").make()
        play(CrazyEights, {"alice": search, "bob": RandomBot(), "carol": search}, 1)

    def test_the_same_chance_and_number_of_games_make_the_same_choice(self) -> None:
        search = load("search(simulations=50)").make()
        game = self.opened(4, 1)
        one, same, *others = (search.choose(game.turn("alice", Random(seed))) for seed in (1, 1, 2, 3, 4, 5, 6, 7))
        self.assertEqual(one, same)
        self.assertTrue(any(other != one for other in others))


class Thinks(SynchronousTestCase):
    def test_it_thinks_for_as_long_as_it_may(self) -> None:
        asked: list[float] = []

        class Hurried(SearchBot):
            @staticmethod
            def clock() -> float:
                asked.append(len(asked) / 4)
                return asked[-1]

        Hurried(seconds=2.0).choose(OfflineGame(TicTacToe, PLAYERS).turn("alice", Random(1)))
        # The first time is when it begins.
        self.assertEqual(asked[-1] - asked[0], 2.0)

    def test_what_has_no_alternative_is_done_at_once(self) -> None:
        class Timeless(SearchBot):
            @staticmethod
            def clock() -> float:
                raise AssertionError("it thinks")

        for legal in ([], [{"command": "mark", "cell": 3}]):
            turn = Turn(TicTacToe, "alice", PLAYERS, {"legal": legal}, Random(1))
            self.assertEqual(Timeless().choose(turn), legal[0] if legal else None)

    def test_an_author_may_tell_what_a_game_that_was_cut_comes_to(self) -> None:
        class Cornered(SearchBot):
            def estimate(self, game: GameModel) -> Mapping[str, float]:
                assert isinstance(game, TicTacToe)
                return {"alice": float(game.board[6] == "alice"), "bob": -float(game.board[6] == "alice")}

        turn = OfflineGame(TicTacToe, PLAYERS).turn("alice", Random(1))
        self.assertEqual(Cornered(simulations=30, depth=0).choose(turn), {"command": "mark", "cell": 6})

    def test_a_game_that_it_can_not_play_is_refused_before_it_is_played(self) -> None:
        for kind in (TicTacToe, ConnectFour, CrazyEights, Battleship):
            SearchBot().check(kind)
        self.assertIn("does not say what is legal", str(self.assertRaises(ConfigError, SearchBot().check, Silent)))
        for hiding in (Cards, Masked):
            self.assertIn("def determinize", str(self.assertRaises(ConfigError, SearchBot().check, hiding)))
