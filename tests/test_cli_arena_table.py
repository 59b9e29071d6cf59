from __future__ import annotations

import random
from itertools import permutations
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.cli.arena_table import Tally, Times, as_json, table
from gamesvc.cli.arena_workers import Task
from gamesvc.match import Played


def played(scores: list[float] | None, **named: Any) -> Played:
    seats = len(named.pop("seconds", scores or [0, 0]))
    return Played(scores, 8, [[0.002, 0.004] for _ in range(seats)], **named)


def tally(seats: int, *games: tuple[tuple[int, ...], Played], names: tuple[str, ...] = ("anna", "bert")) -> Tally:
    made = Tally(names, seats)
    for number, (lineup, each) in enumerate(games, 1):
        made.add(Task(number, lineup, 0), each._replace(digest=each.digest or b"%d" % number))
    return made


class Counts(SynchronousTestCase):
    def counted(self, made: Tally) -> list[tuple[int, int, int, int]]:
        return [(line.games, line.won, line.drawn, line.lost) for line in made.lines]

    def test_two_seats(self) -> None:
        won, drawn = played([1.0, -1.0]), played([0.5, 0.5])
        made = tally(2, ((0, 1), won), ((1, 0), won), ((1, 0), won), ((0, 1), drawn))
        self.assertEqual(self.counted(made), [(4, 1, 1, 2), (4, 2, 1, 1)])
        self.assertEqual([line.points for line in made.lines], [0.375, 0.625])
        self.assertEqual(made.by_seat, [0.875, 0.125])

    def test_of_several_each_opponent_counts(self) -> None:
        made = tally(3, ((2, 0, 1), played([5.0, 1.0, 5.0])), names=("anna", "bert", "cora"))
        self.assertEqual(self.counted(made), [(1, 0, 0, 2), (1, 1, 1, 0), (1, 1, 1, 0)])
        self.assertEqual(made.by_seat, [0.75, 0.0, 0.75])

    def test_nobody_is_their_own_opponent(self) -> None:
        made = tally(3, ((0, 1, 0), played([3.0, 2.0, 1.0])))
        self.assertEqual(self.counted(made), [(1, 1, 0, 1), (1, 1, 0, 1)])

    def test_who_fails_has_lost_to_all_and_the_others_not_to_each_other(self) -> None:
        failed = played(None, failed=1, reason="raised", seconds=[0, 0, 0])
        made = tally(3, ((2, 0, 1), failed), names=("anna", "bert", "cora"))
        self.assertEqual(self.counted(made), [(1, 0, 0, 2), (1, 1, 0, 0), (1, 1, 0, 0)])
        self.assertEqual(made.failed, {(0, "raised"): [1]})

    def test_what_is_not_finished_counts_for_nobody(self) -> None:
        made = tally(2, ((0, 1), played(None, reason="stuck")), ((1, 0), played(None, reason="stuck")))
        self.assertEqual(self.counted(made), [(0, 0, 0, 0)] * 2)
        self.assertEqual([line.rating for line in made.lines], [None, None])
        self.assertEqual((made.unfinished, made.played), ({"stuck": [1, 2]}, 2))
        self.assertEqual([line.times.longest for line in made.lines], [0.004] * 2)

    def test_the_order_in_which_games_come_does_not_matter(self) -> None:
        games = [((0, 1), played([1.0, -1.0])), ((1, 0), played([0.0, 0.0])), ((0, 1), played([-1.0, 1.0]))] * 5
        self.assertEqual([*table(tally(2, *games))], [*table(tally(2, *games[::-1]))])

    def test_nor_does_it_to_the_last_digit_by_which_those_are_ranked_who_are_equally_strong(self) -> None:
        chance = random.Random(1)
        names = ("anna", "bert", "cora")
        games = [
            (lineup, played([score, -score]))
            for lineup in permutations(range(3), 2)
            for score in chance.choices((1.0, 0.0, -1.0), k=7)
        ]
        ratings = {tuple(line.rating for line in tally(2, *games, names=names).lines)}
        for _ in range(20):
            chance.shuffle(games)
            ratings.add(tuple(line.rating for line in tally(2, *games, names=names).lines))
        self.assertEqual(len(ratings), 1)


class Median(SynchronousTestCase):
    def test_it_is_exact_to_a_hundredth(self) -> None:
        for size in (1e-6, 1e-3, 1.0, 100.0):
            times = Times()
            for count in range(1, 100):
                times.add(count * size)
            self.assertAlmostEqual(times.median / (50 * size), 1, 1)
            self.assertEqual(times.longest, 99 * size)

    def test_without_moves(self) -> None:
        self.assertEqual((Times().median, Times().longest), (0.0, 0.0))

    def test_of_no_time_at_all(self) -> None:
        times = Times()
        times.add(0.0)
        self.assertEqual(times.median, 0.0)


class Printed(SynchronousTestCase):
    def lines(self, made: Tally) -> str:
        return "\n".join(table(made))

    def test_the_strongest_comes_first(self) -> None:
        won = played([1.0, -1.0])
        printed = [*table(tally(2, *[((1, 0), won)] * 3, ((0, 1), won)))]
        self.assertEqual(
            printed[:3],
            [
                "bot   games  won  drawn  lost  points  rating   95 %  ms a move  longest",
                "bert      4    3      0     1  75.0 %     +74  +-203        2.0      4.0",
                "anna      4    1      0     3  25.0 %     -74  +-203        2.0      4.0",
            ],
        )
        self.assertEqual(printed[4:], ["The first seat scored 100.0 %. 8.0 moves a game."])

    def test_who_won_all_is_not_said_to_be_rated_well(self) -> None:
        self.assertIn("anna and bert won all, or lost all", self.lines(tally(2, ((0, 1), played([1.0, -1.0])))))

    def test_games_that_were_the_same(self) -> None:
        same = played([1.0, 1.0], digest=b"same")
        self.assertIn("3 of 4 games were move for move as another", self.lines(tally(2, *[((0, 1), same)] * 4)))
        once = played([1.0, 1.0])
        self.assertNotIn("move for move", self.lines(tally(2, *[((0, 1), once)] * 4)))

    def test_several_seats(self) -> None:
        printed = self.lines(tally(3, ((0, 1, 0), played([3.0, 2.0, 1.0]))))
        self.assertIn("The seats scored 100.0 %, 50.0 % and 0.0 %. 8.0 moves a game.", printed)
        self.assertIn("With 3 seats, won, drawn and lost count each opponent in a game apart.", printed)

    def test_what_went_wrong(self) -> None:
        stuck, failed = played(None, reason="stuck"), played(None, failed=0, reason="raised\x1b[1m")
        printed = self.lines(tally(2, ((0, 1), stuck), ((1, 0), failed), ((1, 0), stuck)))
        self.assertIn("2 games not counted above:\n  2 games, the first is 1: stuck\n", printed)
        self.assertIn("bert failed in 1 game, and by that lost:\n  game 2: raised\\x1b[1m", printed)

    def test_many_reasons_are_not_all_told(self) -> None:
        made = tally(2, *[((0, 1), played(None, reason=f"reason {number}")) for number in range(30)])
        self.assertIn("\n  game 10: reason 9\n  and 20 other reasons", self.lines(made))

    def test_nothing_was_played(self) -> None:
        self.assertIn("No game was played.", self.lines(tally(2)))

    def test_as_json(self) -> None:
        made = as_json(tally(2, ((0, 1), played([1.0, -1.0])), ((0, 1), played(None, failed=1, reason="raised"))))
        anna = made["bots"][0]
        self.assertEqual((anna["name"], anna["won"], anna["lost"], anna["points"]), ("anna", 2, 0, 1.0))
        self.assertGreater(anna["rating"], 0)
        self.assertEqual(made["failed"], [{"bot": "bert", "reason": "raised", "games": [2]}])
        self.assertIsNone(as_json(tally(2))["bots"][0]["rating"])
