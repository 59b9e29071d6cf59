"""Who of those who wait for a game plays with whom: first come, first served, among those who accept each other."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from math import inf
from typing import Generic, Protocol, TypeVar

WIDENING = 10.0
"""By how many rating points a second what somebody accepts widens while they wait."""


class Waiter(Protocol):
    """Somebody who waits.

    Attributes:
        kind: what they want to play.
        seats: how many are to play, they among them.
        since: when they came, in seconds since the epoch.
        own: their rating; None where they have none: they accept everybody, and everybody them.
        within: how far another's rating may be from theirs, when they come.
    """

    @property
    def kind(self) -> str: ...
    @property
    def seats(self) -> int: ...
    @property
    def since(self) -> float: ...
    @property
    def own(self) -> float | None: ...
    @property
    def within(self) -> float: ...


W = TypeVar("W", bound=Waiter)


def accepts(one: Waiter, other: Waiter, now: float) -> bool:
    """Whether two accept each other by now.

    Args:
        one: who waits.
        other: who waits, too.
        now: seconds since the epoch.
    """
    if one.own is None or other.own is None:
        return True
    return abs(one.own - other.own) <= min(_reach(one, now), _reach(other, now))


def _reach(waiter: Waiter, now: float) -> float:
    return waiter.within + WIDENING * max(0.0, now - waiter.since)


def parties(waiting: Iterable[W], now: float) -> list[list[W]]:
    """Those who can play by now.

    Who came first chooses first: of those who came later, the first who accept them and each other.

    Args:
        waiting: all who wait, in the order in which they came.
        now: seconds since the epoch.

    Returns:
        The parties, each in the order in which they came; nobody is in two.
    """
    alike: dict[tuple[str, int], list[W]] = {}
    for waiter in waiting:
        alike.setdefault((waiter.kind, waiter.seats), []).append(waiter)
    found = []
    for (_, seats), those in alike.items():
        found += _Group(those, seats, now).parties()
    return found


class _Group(Generic[W]):
    """Those who want the same. Far more may wait than can play each other, so it is not tried with all."""

    def __init__(self, those: list[W], seats: int, now: float) -> None:
        self._those = those
        self._seats = seats
        self._reaches = [_reach(each, now) for each in those]
        rated = sorted((each.own, place) for place, each in enumerate(those) if each.own is not None)
        self._ratings = [rating for rating, _ in rated]
        self._places = [place for _, place in rated]
        self._unrated = [place for place, each in enumerate(those) if each.own is None]

    def parties(self) -> list[list[W]]:
        found = []
        taken: set[int] = set()
        for first in range(len(self._those)):
            if len(self._those) - len(taken) < self._seats:
                break
            if first in taken:
                continue
            # Whoever finds no party stands back for this time; those after them may still find one among themselves.
            party = self._party(first, taken)
            if len(party) == self._seats:
                taken.update(party)
                found.append([self._those[place] for place in party])
        return found

    def _party(self, first: int, taken: set[int]) -> list[int]:
        """The places of one, and of as many who came later as are needed, if there are so many."""
        near = [place for place in self._near(first) if place > first and place not in taken]
        if len(near) + 1 < self._seats:
            return []
        party: list[int] = []
        # How far the ratings of those who have one are apart, and what all of them accept: so each who may join them is
        # held against the party, and not against everybody in it.
        lowest, highest, least, most = inf, -inf, -inf, inf
        for place in (first, *near):
            if len(party) == self._seats:
                break
            own, reach = self._those[place].own, self._reaches[place]
            if own is not None:
                if not (least <= own <= most and highest - own <= reach and own - lowest <= reach):
                    continue
                lowest, highest = min(lowest, own), max(highest, own)
                least, most = max(least, own - reach), min(most, own + reach)
            party.append(place)
        return party

    def _near(self, first: int) -> Iterable[int]:
        """The places of all whom somebody may accept, in the order in which they came."""
        own, reach = self._those[first].own, self._reaches[first]
        if own is None:
            return range(first + 1, len(self._those))
        begin, end = bisect_left(self._ratings, own - reach), bisect_right(self._ratings, own + reach)
        if end - begin + len(self._unrated) < self._seats:
            return ()
        return sorted((*self._places[begin:end], *self._unrated))
