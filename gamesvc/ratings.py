"""Ratings: how strong players are, from whom they beat, and how far that is certain.

After Bradley and Terry: of two players the one scores against the other as the difference of their ratings says, 400
points being odds of ten to one; a draw is half a win. The ratings are those under which what happened is likeliest. As
nothing finite is likeliest for who won all games, each player is given one game more in which they draw with the
others, and that draws all of them a little together.

How uncertain they are is estimated from the games themselves: from how far the result of each was from what the ratings
say. So it counts that draws tell more than wins and losses by turns, and that the results of several players in one
game are one result. What it takes for granted is that games do not depend on each other.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

POINTS = 400 / math.log(10)
"""What a difference of one in the logarithm of the odds makes in points of rating."""

_DEVIATIONS = 1.96
"""So many standard errors to each side hold the truth in 95 of 100 cases."""
_MOST_STEPS = 200
_LONGEST_STEP = 2.0
_CLOSE = 1e-9

_Matrix = list[list[float]]


class Duel(NamedTuple):
    """How one of two players came out against the other in a game.

    Attributes:
        one, other: which players, by their places.
        points: of the one: 1 for having won, 0.5 for a draw, 0 for having lost.
    """

    one: int
    other: int
    points: float


class Rating(NamedTuple):
    """How strong a player is.

    Attributes:
        value: in points; the players' mean is 0.
        error: as far to each side the truth may be, with 95 % certainty.
    """

    value: float
    error: float


def rate(count: int, games: Mapping[tuple[Duel, ...], int]) -> list[Rating]:
    """Rate players.

    Args:
        count: how many there are, two at least.
        games: how often games came out in a way: how each two players in it came out.
    """
    shared = 1 / (count - 1)
    drawn = [Duel(one, other, 0.5) for one in range(count) for other in range(one)]
    weighed: list[tuple[Sequence[Duel], float]] = [(duels, float(often)) for duels, often in games.items()]
    weighed += [((duel,), shared) for duel in drawn]
    strengths = _strengths(count, weighed)
    inverse = _inverse(_curvature(strengths, weighed))
    spread = [[0.0] * count for _ in range(count)]
    for duels, often in games.items():
        _add_square(spread, _pull(strengths, duels), often)
    for one, other, _ in drawn:
        # As half a win and half a loss, which a draw is made of: one that came out as expected would tell too much.
        for points in (0.0, 1.0):
            _add_square(spread, _pull(strengths, [Duel(one, other, points)]), shared / 2)
    played = sum(games.values())
    # As many games as there are ratings to find would fit them all, and seem certain.
    few = 1 + count / max(1, played)
    covariance = _product(_product(inverse, spread), inverse)
    return [
        Rating(strength * POINTS, _DEVIATIONS * math.sqrt(max(0.0, covariance[place][place]) * few) * POINTS)
        for place, strength in enumerate(strengths)
    ]


def _expected(strengths: Sequence[float], duel: Duel) -> float:
    return 1 / (1 + math.exp(strengths[duel.other] - strengths[duel.one]))


def _strengths(count: int, weighed: Sequence[tuple[Sequence[Duel], float]]) -> list[float]:
    """The likeliest, by Newton's way; their mean is 0."""
    strengths = [0.0] * count
    for _ in range(_MOST_STEPS):
        slope = [0.0] * count
        for duels, often in weighed:
            for place, pull in _pull(strengths, duels).items():
                slope[place] += often * pull
        steps = [sum(map(float.__mul__, row, slope)) for row in _inverse(_curvature(strengths, weighed))]
        longest = max(map(abs, steps))
        scale = min(1.0, _LONGEST_STEP / longest) if longest else 1.0
        strengths = [strength + scale * step for strength, step in zip(strengths, steps, strict=True)]
        mean = math.fsum(strengths) / count
        strengths = [strength - mean for strength in strengths]
        if longest < _CLOSE:
            break
    return strengths


def _pull(strengths: Sequence[float], duels: Iterable[Duel]) -> dict[int, float]:
    """By how much the players of a game scored more than their strengths say."""
    pull: dict[int, float] = {}
    for duel in duels:
        more = duel.points - _expected(strengths, duel)
        pull[duel.one] = pull.get(duel.one, 0.0) + more
        pull[duel.other] = pull.get(duel.other, 0.0) - more
    return pull


def _curvature(strengths: Sequence[float], weighed: Sequence[tuple[Sequence[Duel], float]]) -> _Matrix:
    """How sharply the likelihood falls off around the strengths. That all of them could be higher by the same, which no
    game would show, is ruled out."""
    count = len(strengths)
    matrix = [[1 / count] * count for _ in range(count)]
    for duels, often in weighed:
        for duel in duels:
            expected = _expected(strengths, duel)
            weight = often * expected * (1 - expected)
            for one, other in ((duel.one, duel.other), (duel.other, duel.one)):
                matrix[one][one] += weight
                matrix[one][other] -= weight
    return matrix


def _add_square(matrix: _Matrix, pull: Mapping[int, float], often: float) -> None:
    for row, one in pull.items():
        for column, other in pull.items():
            matrix[row][column] += often * one * other


def _inverse(matrix: _Matrix) -> _Matrix:
    """By Gauss and Jordan. What it is called with is positive definite, so no row has to be exchanged."""
    size = len(matrix)
    rows = [[*row, *(float(place == column) for column in range(size))] for place, row in enumerate(matrix)]
    for place in range(size):
        pivot = rows[place][place]
        rows[place] = [value / pivot for value in rows[place]]
        for other in range(size):
            factor = rows[other][place]
            if other != place and factor:
                rows[other] = [value - factor * mine for value, mine in zip(rows[other], rows[place], strict=True)]
    return [row[size:] for row in rows]


def _product(one: _Matrix, other: _Matrix) -> _Matrix:
    columns = list(zip(*other, strict=True))
    return [[sum(map(float.__mul__, row, column)) for column in columns] for row in one]
