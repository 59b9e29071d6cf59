from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Sequence

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.ratings import POINTS, Duel, rate

Games = Counter[tuple[Duel, ...]]


def results(won: int, drawn: int, lost: int) -> Games:
    """Games of the first of two against the second."""
    return Counter({(Duel(0, 1, 1.0),): won, (Duel(0, 1, 0.5),): drawn, (Duel(0, 1, 0.0),): lost})


class Values(SynchronousTestCase):
    def test_of_two_the_difference_is_that_of_the_odds(self) -> None:
        for won, drawn, lost in ((30, 0, 10), (25, 10, 5), (10, 0, 30)):
            one, other = rate(2, results(won, drawn, lost))
            # With the drawn game that is added.
            odds = (won + drawn / 2 + 0.5) / (lost + drawn / 2 + 0.5)
            self.assertAlmostEqual(one.value - other.value, 400 * math.log10(odds), 6)
            self.assertAlmostEqual(one.value + other.value, 0, 6)

    def test_four_hundred_points_are_ten_to_one(self) -> None:
        one, other = rate(2, results(100_000, 0, 10_000))
        self.assertAlmostEqual(one.value - other.value, 400, 1)

    def test_of_several_they_fit_all_games(self) -> None:
        games: Games = Counter()
        strengths = (1.0, 0.0, -0.4)
        for one, other in ((0, 1), (1, 2), (0, 2)):
            won = 1 / (1 + math.exp(strengths[other] - strengths[one]))
            games[Duel(one, other, 1.0),] = round(won * 1e6)
            games[Duel(one, other, 0.0),] = 10**6 - round(won * 1e6)
        values = [rating.value for rating in rate(3, games)]
        for value, strength in zip(values, strengths, strict=True):
            self.assertAlmostEqual(value, (strength - 0.2) * POINTS, 1)

    def test_it_does_not_matter_who_is_named_first(self) -> None:
        turned: Games = Counter(
            {(Duel(1, 0, 1 - duel.points),): often for (duel,), often in results(30, 4, 10).items()}
        )
        for one, other in zip(rate(2, results(30, 4, 10)), rate(2, turned), strict=True):
            self.assertAlmostEqual(one.value, other.value, 6)
            self.assertAlmostEqual(one.error, other.error, 6)

    def test_who_won_all_has_a_rating_that_grows_with_the_games(self) -> None:
        values = []
        for games in (1, 10, 100, 10_000):
            one, other = rate(2, results(games, 0, 0))
            self.assertTrue(math.isfinite(one.value) and math.isfinite(one.error))
            self.assertGreater(one.error, 30)
            values.append(one.value - other.value)
        self.assertEqual(values, sorted(values))
        self.assertAlmostEqual(values[2], 400 * math.log10(100.5 / 0.5), 6)

    def test_who_never_met_can_be_rated(self) -> None:
        ratings = rate(4, Games({(Duel(0, 1, 1.0),): 5, (Duel(2, 3, 1.0),): 5}))
        self.assertTrue(all(math.isfinite(value) for rating in ratings for value in rating))
        self.assertAlmostEqual(ratings[0].value, ratings[2].value, 6)

    def test_many_and_extreme(self) -> None:
        games: Games = Counter({(Duel(one, other, 1.0),): 1000 for other in range(30) for one in range(other)})
        values = [rating.value for rating in rate(30, games)]
        self.assertEqual(values, sorted(values, reverse=True))


class Errors(SynchronousTestCase):
    def test_more_games_make_it_more_certain(self) -> None:
        few, many = rate(2, results(60, 0, 40))[0], rate(2, results(6000, 0, 4000))[0]
        self.assertAlmostEqual(few.error / many.error, 10, 0)

    def test_of_few_games_less_is_known_than_their_number_says(self) -> None:
        few, many = rate(2, results(4, 0, 2))[0], rate(2, results(400, 0, 200))[0]
        self.assertGreater(few.error / many.error, 10)

    def test_draws_tell_more_than_wins_and_losses(self) -> None:
        self.assertLess(rate(2, results(10, 80, 10))[0].error, rate(2, results(50, 0, 50))[0].error / 2)

    def test_draws_alone_are_not_all_that_can_be_known(self) -> None:
        self.assertGreater(rate(2, results(0, 100, 0))[0].error, 2)

    def test_those_of_wins_and_losses_are_the_binomial_ones(self) -> None:
        one = rate(2, results(500, 0, 500))[0]
        # Half of the difference, whose logarithm has a variance of 1 / (n p (1 - p)).
        self.assertAlmostEqual(one.error, 1.96 * math.sqrt(1 / 250) * POINTS / 2, 0)

    def test_results_of_one_game_count_as_one(self) -> None:
        """Where one game is written down as five of the same result, nothing more is known."""
        once = results(30, 0, 20)
        often: Games = Counter({duels * 5: times for duels, times in once.items()})
        self.assertAlmostEqual(rate(2, often)[0].error / rate(2, once)[0].error, 1, 1)


class Coverage(SynchronousTestCase):
    """The truth is within the error in 95 of 100 cases, as the page says: of many tournaments of known strengths."""

    ROUNDS = 250

    def covered(self, truth: Sequence[float], play: Sequence[Games]) -> float:
        """In how many of the cases it is."""
        mean = sum(truth) / len(truth)
        hits = 0
        for games in play:
            ratings = rate(len(truth), games)
            hits += sum(
                abs(each.value - (true - mean)) <= each.error for each, true in zip(ratings, truth, strict=True)
            )
        return hits / len(play) / len(truth)

    def duels(self, truth: Sequence[float], count: int, drawn: float, seed: int) -> list[Games]:
        """Tournaments of two a game; `drawn` is how many of the games are, of as many as can be."""
        chance, played = random.Random(seed), []
        pairs = [(one, other) for one in range(len(truth)) for other in range(len(truth)) if one != other]
        for _ in range(self.ROUNDS):
            games: Games = Counter()
            for number in range(count):
                one, other = pairs[number % len(pairs)]
                points = 1 / (1 + 10 ** ((truth[other] - truth[one]) / 400))
                draws = drawn * 2 * min(points, 1 - points)
                drawn_by = chance.random()
                came_out = 0.5 if drawn_by < draws else float(drawn_by < points + draws / 2)
                games[Duel(one, other, came_out),] += 1
            played.append(games)
        return played

    def test_two_players(self) -> None:
        for truth, drawn in (((0.0, 0.0), 0.0), ((0.0, 200.0), 0.0), ((0.0, 200.0), 0.7), ((0.0, 400.0), 0.3)):
            covered = self.covered(truth, self.duels(truth, 100, drawn, 1))
            self.assertTrue(0.92 <= covered <= 0.985, (truth, drawn, covered))

    def test_few_games(self) -> None:
        for truth in ((0.0, 0.0), (0.0, 200.0)):
            self.assertGreaterEqual(self.covered(truth, self.duels(truth, 12, 0.3, 2)), 0.93)

    def test_several_players(self) -> None:
        truth = (0.0, 100.0, 300.0, -150.0)
        covered = self.covered(truth, self.duels(truth, 120, 0.3, 3))
        self.assertTrue(0.92 <= covered <= 0.98, covered)

    def test_three_a_game(self) -> None:
        """Who comes before whom in a game of several depends on how the others came out."""
        truth, chance, played = (0.0, 100.0, 250.0), random.Random(4), []
        for _ in range(self.ROUNDS):
            games: Games = Counter()
            for _ in range(60):
                luck = [each / POINTS - math.log(-math.log(chance.random())) for each in truth]
                pairs = ((0, 1), (0, 2), (1, 2))
                games[tuple(Duel(one, other, float(luck[one] > luck[other])) for one, other in pairs)] += 1
            played.append(games)
        covered = self.covered(truth, played)
        self.assertTrue(0.92 <= covered <= 0.98, covered)
