"""Who plays with whom: first come, first served, among those who accept each other."""

from __future__ import annotations

import random
from typing import NamedTuple

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.web.pairing import WIDENING, accepts, parties


class Waiter(NamedTuple):
    name: str
    own: float | None = None
    within: float = 100.0
    since: float = 0.0
    kind: str = "chess"
    seats: int = 2


def names(waiting: list[Waiter], now: float = 0.0) -> list[str]:
    return ["".join(each.name for each in party) for party in parties(waiting, now)]


class PairingTest(SynchronousTestCase):
    def test_first_come_first_served(self) -> None:
        self.assertEqual(names([Waiter(each) for each in "abcde"]), ["ab", "cd"])

    def test_only_those_who_want_the_same(self) -> None:
        waiting = [Waiter("a"), Waiter("b", kind="go"), Waiter("c", seats=3), Waiter("d", kind="go"), Waiter("e")]
        self.assertEqual(names(waiting), ["ae", "bd"])

    def test_as_many_as_are_wanted(self) -> None:
        waiting = [Waiter(each, seats=3) for each in "abcde"]
        self.assertEqual(names(waiting), ["abc"])
        self.assertEqual(names(waiting[:2]), [])

    def test_both_have_to_accept(self) -> None:
        wide, narrow = Waiter("a", 1500, 500), Waiter("b", 1700, 100)
        self.assertFalse(accepts(wide, narrow, 0.0))
        self.assertFalse(accepts(narrow, wide, 0.0))
        self.assertTrue(accepts(wide, Waiter("c", 1700, 200), 0.0))

    def test_who_has_no_rating_plays_with_anybody(self) -> None:
        self.assertEqual(names([Waiter("a", 1500, 0.0), Waiter("b")]), ["ab"])

    def test_what_is_accepted_widens_with_time(self) -> None:
        waiting = [Waiter("a", 1500, 100), Waiter("b", 1700, 100)]
        late = 100 / WIDENING
        self.assertEqual(names(waiting, late - 0.1), [])
        self.assertEqual(names(waiting, late), ["ab"])
        # Of who came just now it has not widened yet.
        self.assertEqual(names([waiting[0], Waiter("b", 1700, 100, since=late)], late), [])

    def test_who_fits_nobody_keeps_nobody_waiting(self) -> None:
        waiting = [Waiter("a", 9000), Waiter("b", 1500), Waiter("c", 1550), Waiter("d", 1580)]
        self.assertEqual(names(waiting), ["bc"])

    def test_all_of_a_party_accept_each_other(self) -> None:
        ends = [Waiter("a", 1400, seats=3), Waiter("b", 1500, seats=3), Waiter("c", 1590, seats=3)]
        self.assertEqual(names(ends), [])
        self.assertEqual(names([*ends, Waiter("d", 1450, seats=3)]), ["abd"])

    def test_by_chance_nobody_is_in_two_and_all_accept(self) -> None:
        chance = random.Random(7)
        for _ in range(200):
            waiting = [
                Waiter(
                    str(number),
                    chance.choice([None, chance.uniform(1000, 2000)]),
                    chance.uniform(0, 400),
                    chance.uniform(0, 20),
                    seats=chance.choice([2, 3]),
                )
                for number in range(chance.randrange(12))
            ]
            found = parties(waiting, 20.0)
            seen = [each.name for party in found for each in party]
            self.assertEqual(len(seen), len(set(seen)))
            for party in found:
                self.assertEqual(len(party), party[0].seats)
                self.assertTrue(all(accepts(one, other, 20.0) for one in party for other in party))
            # Of those who are left, no two who came for two would accept each other.
            left = [each for each in waiting if each.name not in seen and each.seats == 2]
            self.assertFalse(any(accepts(one, two, 20.0) for one in left for two in left if one is not two))

    def test_it_is_as_if_all_were_held_against_all(self) -> None:
        chance = random.Random(11)
        for _ in range(500):
            seats = chance.choice([1, 2, 3, 4])
            waiting = [
                Waiter(
                    str(number),
                    chance.choice([None, float(chance.randrange(2000))]),
                    chance.randrange(600),
                    seats=seats,
                )
                for number in range(chance.randrange(20))
            ]
            wanted, taken = [], set[Waiter]()
            for place, first in enumerate(waiting):
                party = [first]
                for each in () if first in taken else waiting[place + 1 :]:
                    if len(party) < seats and each not in taken and all(accepts(each, one, 7.0) for one in party):
                        party.append(each)
                if first not in taken and len(party) == seats:
                    wanted.append(party)
                    taken.update(party)
            self.assertEqual(parties(waiting, 7.0), wanted)

    def test_very_many_who_do_not_fit_are_not_tried_with_each_other(self) -> None:
        tried = []

        class Counting(float):
            def __sub__(self, other: float) -> float:
                tried.append(other)
                return float(self) - float(other)

        waiting = [Waiter(str(number), Counting(number * 1000)) for number in range(300)]
        self.assertEqual(names(waiting), [])
        self.assertLess(len(tried), 1000)
