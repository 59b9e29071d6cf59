from __future__ import annotations

from collections import Counter
from itertools import combinations, islice

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.lineups import lineups


class Lineups(SynchronousTestCase):
    def test_in_each_block_everybody_has_each_seat_once(self) -> None:
        for count, seats in ((2, 2), (3, 2), (7, 2), (3, 3), (5, 3), (2, 3), (2, 4), (3, 5), (40, 6), (2, 12), (1, 2)):
            games = lineups(count, seats, 1)
            for _ in range(5):
                block = [*islice(games, count)]
                for seat in range(seats):
                    self.assertEqual(sorted(lineup[seat] for lineup in block), [*range(count)], (count, seats))

    def test_nobody_sits_twice_where_there_are_enough(self) -> None:
        for count, seats in ((2, 2), (5, 3), (40, 6)):
            for lineup in islice(lineups(count, seats, 1), 5 * count):
                self.assertEqual(len(set(lineup)), seats)

    def test_where_there_are_too_few_each_has_as_many_seats_as_the_others(self) -> None:
        for count, seats in ((2, 4), (3, 7), (2, 12)):
            for lineup in islice(lineups(count, seats, 1), 5 * count):
                held = Counter(lineup)
                self.assertEqual(len(held), count)
                self.assertLessEqual(max(held.values()) - min(held.values()), 1)

    def test_all_meet_equally_often(self) -> None:
        met: Counter[tuple[int, int]] = Counter()
        for lineup in islice(lineups(5, 2, 3), 5 * 4):
            met[lineup[0], lineup[1]] += 1
        self.assertEqual(set(met.values()), {1})
        self.assertEqual(len(met), 20)

    def test_of_three_all_lineups_come(self) -> None:
        met = Counter(frozenset(lineup) for lineup in islice(lineups(5, 3, 3), 5 * 12))
        self.assertEqual(set(met), {frozenset(each) for each in combinations(range(5), 3)})
        self.assertEqual(len(set(met.values())), 1)

    def test_the_seed_decides(self) -> None:
        one, same, other = ([*islice(lineups(6, 4, seed), 60)] for seed in (1, 1, 2))
        self.assertEqual(one, same)
        self.assertNotEqual(one, other)
