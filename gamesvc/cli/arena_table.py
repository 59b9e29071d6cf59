"""What came of games among bots: counted, rated, and written down."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any, NamedTuple

from gamesvc.cli.arena_workers import Task
from gamesvc.cli.wording import columns, cut, many, one_line
from gamesvc.match import Played
from gamesvc.ratings import Duel, Rating, rate

_GRAIN = 1.01
"""Times are counted by their size, each as much larger than the one before: so the median is as exact as that."""
_MOST_REASONS = 10
_MOST_WIDTH = 40


class Times:
    """How long moves were thought about.

    Attributes:
        longest: in seconds.
    """

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()
        self.longest = 0.0

    def add(self, seconds: float) -> None:
        """Count a move."""
        self._counts[round(math.log(max(seconds, 1e-9), _GRAIN))] += 1
        self.longest = max(self.longest, seconds)

    @property
    def median(self) -> float:
        """In seconds; 0 where there were no moves."""
        left = self._counts.total() / 2
        for size, count in sorted(self._counts.items()):
            left -= count
            if left <= 0:
                return min(float(_GRAIN**size), self.longest)
        return 0.0


class Line(NamedTuple):
    """What came of it for a bot.

    Attributes:
        name: the bot's.
        games: in which it sat and of which it is known how they came out.
        won, drawn, lost: against each opponent in them.
        rating: None where it has met nobody.
    """

    name: str
    games: int
    won: int
    drawn: int
    lost: int
    rating: Rating | None
    times: Times

    @property
    def duels(self) -> int:
        """How often it has met an opponent."""
        return self.won + self.drawn + self.lost

    @property
    def points(self) -> float | None:
        """How much of what it could win, from 0 to 1."""
        return (self.won + self.drawn / 2) / self.duels if self.duels else None

    @property
    def is_extreme(self) -> bool:
        """Whether it has won all, or lost all."""
        return bool(self.duels) and self.duels in (self.won, self.lost)


class Tally:
    """What came of games among bots.

    Args:
        names: the bots', each different.
        seats: how many a game has.
    """

    def __init__(self, names: Sequence[str], seats: int) -> None:
        self.names = names
        self.seats = seats
        self.played = self.moves = self._repeated = 0
        self.unfinished: dict[str, list[int]] = {}
        self.failed: dict[tuple[int, str], list[int]] = {}
        self._games: Counter[tuple[Duel, ...]] = Counter()
        self._sat: Counter[int] = Counter()
        self._counts: dict[tuple[int, float], int] = Counter()
        self._seat_points = [0.0] * seats
        self._seat_duels = [0] * seats
        self._times = [Times() for _ in names]
        self._digests: Counter[bytes] = Counter()

    def add(self, task: Task, played: Played) -> None:
        """Count a game."""
        self.played += 1
        self.moves += played.moves
        for place, seconds in zip(task.lineup, played.seconds, strict=True):
            for each in seconds:
                self._times[place].add(each)
        if played.failed is not None:
            self.failed.setdefault((task.lineup[played.failed], played.reason), []).append(task.number)
        elif played.scores is None:
            self.unfinished.setdefault(played.reason, []).append(task.number)
            return
        else:
            self._digests[played.digest] += 1
        self._sat.update(set(task.lineup))
        self._count(task.lineup, _points(played))

    def _count(self, lineup: Sequence[int], points: dict[tuple[int, int], float]) -> None:
        duels = []
        for (one, other), won in points.items():
            for seat, mine in ((one, won), (other, 1 - won)):
                self._seat_points[seat] += mine
                self._seat_duels[seat] += 1
            if lineup[one] != lineup[other]:
                duels.append(Duel(lineup[one], lineup[other], won))
                self._counts[lineup[one], won] += 1
                self._counts[lineup[other], 1 - won] += 1
        if duels:
            self._games[tuple(duels)] += 1

    @property
    def repeated(self) -> int:
        """How many games were, move for move, as one before."""
        return sum(count - 1 for count in self._digests.values())

    @property
    def by_seat(self) -> list[float | None]:
        """How much of what there was to win each seat has won, from 0 to 1."""
        return [
            points / duels if duels else None for points, duels in zip(self._seat_points, self._seat_duels, strict=True)
        ]

    @property
    def lines(self) -> list[Line]:
        """For each bot what came of it, in their order."""
        # In which order games are over is chance, and the order of a sum shows in its last digit.
        games = dict(sorted(self._games.items()))
        ratings = rate(len(self.names), games) if games else []
        lines = []
        for place, name in enumerate(self.names):
            won, drawn, lost = (self._counts[place, points] for points in (1.0, 0.5, 0.0))
            rating = ratings[place] if won + drawn + lost else None
            lines.append(Line(name, self._sat[place], won, drawn, lost, rating, self._times[place]))
        return lines


def _points(played: Played) -> dict[tuple[int, int], float]:
    """For each two seats what the first of them won against the second: 1, 0.5 or 0."""
    points = {}
    for one, other in combinations(range(len(played.seconds)), 2):
        if played.failed is not None:
            # The others have not won against each other.
            if played.failed in (one, other):
                points[one, other] = float(played.failed == other)
        elif played.scores is not None:
            mine, theirs = played.scores[one], played.scores[other]
            points[one, other] = 0.5 if mine == theirs else float(mine > theirs)
    return points


def table(tally: Tally) -> Iterator[str]:
    """The table, and what there is to say to it, line by line."""
    ranked = sorted(tally.lines, key=lambda line: -(line.rating.value if line.rating else -math.inf))
    head = ("bot", "games", "won", "drawn", "lost", "points", "rating", "95 %", "ms a move", "longest")
    rows = [_row(line) for line in ranked]
    yield from columns([head, *rows], right=range(1, len(head)))
    yield ""
    yield f"{_share_of_seats(tally)} {_length(tally)}"
    if tally.seats > 2:
        yield f"With {tally.seats} seats, won, drawn and lost count each opponent in a game apart."
    extreme = [line.name for line in ranked if line.is_extreme]
    if extreme:
        yield (
            f"{_listed(extreme)} won all, or lost all: no rating is likeliest then, and the one above comes of one"
            " drawn game that is added for each bot. The truth may be further out than the 95 % say."
        )
    if tally.repeated * 2 > tally.played:
        yield (
            f"{tally.repeated} of {many(tally.played, 'game')} were move for move as another: these bots leave little"
            " to chance, so the ratings are less certain than the 95 % say."
        )
    yield from _explained(tally)


def _row(line: Line) -> tuple[str, ...]:
    points, rating, times = line.points, line.rating, line.times
    return (
        cut(one_line(line.name), _MOST_WIDTH),
        f"{line.games}",
        f"{line.won}",
        f"{line.drawn}",
        f"{line.lost}",
        "-" if points is None else f"{points:.1%}".replace("%", " %"),
        "-" if rating is None else f"{rating.value:+.0f}",
        "-" if rating is None else f"+-{rating.error:.0f}",
        _milliseconds(times.median),
        _milliseconds(times.longest),
    )


def _milliseconds(seconds: float) -> str:
    milliseconds = seconds * 1000
    digits = 3 if milliseconds < 1 else 1 if milliseconds < 100 else 0
    return f"{milliseconds:.{digits}f}"


def _share_of_seats(tally: Tally) -> str:
    shares = ["-" if share is None else f"{share * 100:.1f} %" for share in tally.by_seat]
    return f"The first seat scored {shares[0]}." if tally.seats == 2 else f"The seats scored {_listed(shares)}."


def _length(tally: Tally) -> str:
    return f"{tally.moves / tally.played:.1f} moves a game." if tally.played else "No game was played."


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _explained(tally: Tally) -> Iterator[str]:
    """Why games were not finished, and how bots failed."""
    if tally.unfinished:
        count = sum(map(len, tally.unfinished.values()))
        yield f"{many(count, 'game')} not counted above:"
        yield from _reasons(tally.unfinished)
    for place, name in enumerate(tally.names):
        reasons = {reason: numbers for (failed, reason), numbers in tally.failed.items() if failed == place}
        if reasons:
            count = sum(map(len, reasons.values()))
            yield f"{one_line(name)} failed in {many(count, 'game')}, and by that lost:"
            yield from _reasons(reasons)


def _reasons(reasons: dict[str, list[int]]) -> Iterator[str]:
    ordered = sorted(reasons.items(), key=lambda each: min(each[1]))
    for reason, numbers in ordered[:_MOST_REASONS]:
        which = f"game {min(numbers)}" if len(numbers) == 1 else f"{len(numbers)} games, the first is {min(numbers)}"
        yield f"  {which}: {one_line(reason)}"
    if len(ordered) > _MOST_REASONS:
        yield f"  and {many(len(ordered) - _MOST_REASONS, 'other reason')}"


def as_json(tally: Tally) -> dict[str, Any]:
    """The same for programs. Ratings and points are null where nothing is known."""
    return {
        "games": tally.played,
        "moves": tally.moves,
        "repeated": tally.repeated,
        "bots": [
            {
                "name": line.name,
                "games": line.games,
                "won": line.won,
                "drawn": line.drawn,
                "lost": line.lost,
                "points": line.points,
                "rating": line.rating and line.rating.value,
                "error": line.rating and line.rating.error,
                "median_ms": line.times.median * 1000,
                "longest_ms": line.times.longest * 1000,
            }
            for line in tally.lines
        ],
        "seats": tally.by_seat,
        "unfinished": [
            {"reason": reason, "games": sorted(games)} for reason, games in sorted(tally.unfinished.items())
        ],
        "failed": [
            {"bot": tally.names[place], "reason": reason, "games": sorted(games)}
            for (place, reason), games in sorted(tally.failed.items())
        ],
    }
