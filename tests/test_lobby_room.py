"""Where there is no room for all, the listing goes of what is needed least."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.web.lobby_entries import Held, Listed
from gamesvc.web.lobby_room import SPARE_BYTES, SPARED_SECONDS, make_room, make_room_for_names, need
from gamesvc.web.lobby_shelves import Shelves
from tests import lobbies

NOW = 10_000_000.0
PADDING = "x" * 600


def listed(game: str, changed: float = NOW, **more: Any) -> Listed:
    return lobbies.listed(game, changed=changed, **{"options": PADDING, **more})


class RoomTest(SynchronousTestCase):
    def kept(self, most: int, *games: Listed, kept: str = "", now: float = NOW) -> list[str]:
        """Which games stay, where there is room for so many bytes."""
        shelves = Shelves("games", 1, Listed, most)
        shelf = {each.game: each for each in games}
        make_room(shelves, shelf, kept, now)
        return list(shelf)

    def size(self, *games: Listed) -> int:
        return len(Shelves("games", 1, Listed, 0).packed({each.game: each for each in games}))

    def gone_in_order(self, *games: Listed, kept: str = "", now: float = NOW) -> list[str]:
        """Which go, the first one first, as there is less and less room."""
        before = [each.game for each in games]
        gone: list[str] = []
        for most in range(self.size(*games) + SPARE_BYTES, SPARE_BYTES - 1, -10):
            stayed = self.kept(most, *games, kept=kept, now=now)
            self.assertEqual(stayed, [game for game in before if game in stayed], "their order is another")
            gone += sorted(set(before) - set(stayed) - set(gone))
        return gone

    def test_where_there_is_room_all_stay(self) -> None:
        games = [listed("a", finished=True), listed("b")]
        size = self.size(*games)
        self.assertEqual(self.kept(size, *games), ["a", "b"])
        self.assertEqual(self.kept(size - 1, *games), ["b"])

    def test_those_go_first_that_are_over_then_those_for_nobody_then_those_that_somebody_waits_in(self) -> None:
        order = self.gone_in_order(
            listed("sat in", NOW - 9, players=("ann", None)),
            listed("for some", NOW - 8, named=("ann", "bob")),
            listed("empty", NOW - 7, players=(None, None)),
            listed("over", NOW - 6, started=True, finished=True, players=("ann", "bob")),
        )
        self.assertEqual(order, ["over", "empty", "sat in", "for some"])

    def test_of_those_alike_the_one_goes_that_changed_longest_ago(self) -> None:
        order = self.gone_in_order(listed("b", NOW - 2), listed("c", NOW - 1), listed("a", NOW - 3))
        self.assertEqual(order, ["a", "b", "c"])

    def test_what_is_played_stays_until_it_has_begun_long_ago(self) -> None:
        played = listed("played", NOW - SPARED_SECONDS, started=True, players=("ann", "bob"))
        games = played, listed("sat in", players=("ann", None))
        self.assertEqual(self.gone_in_order(*games, now=NOW - 1), ["sat in"])
        self.assertEqual(self.gone_in_order(*games), ["sat in", "played"])

    def test_the_one_for_which_room_is_made_stays(self) -> None:
        self.assertEqual(self.kept(10, listed("old", NOW - 9), listed("new", finished=True), kept="new"), ["new"])

    def test_a_little_more_room_is_made_than_is_needed(self) -> None:
        games = [listed(f"g{number}", NOW + number, options="x" * 300) for number in range(10)]
        one = self.size(*games) - self.size(*games[1:])
        self.assertLess(one, SPARE_BYTES)
        self.assertLess(SPARE_BYTES, 2 * one)
        self.assertEqual(len(self.kept(self.size(*games) - 1, *games)), 8)

    def test_names_that_sleep_make_room_where_they_are_more_than_half_those_of_longest_ago_first(self) -> None:
        asleep = {f"s{number}": Held(NOW - 6 + number, "x" * 11) for number in range(6)}
        awake = {f"a{number}": Held(NOW + 1, "x" * 11) for number in range(2)}
        for names, room, kept in (
            (asleep | awake, 8, 8),
            (asleep | awake, 7, 7),
            (asleep | awake, 5, 5),
            (asleep | awake, 1, 4),
            (dict(list(asleep.items())[:2]) | awake, 1, 4),
            (awake, 1, 2),
        ):
            shelf = {name: names[name] for name in sorted(names)}
            shelves = Shelves("guests", 1, Held, 0)
            shelves.most = len(shelves.packed(dict(list(shelf.items())[:room])))
            make_room_for_names(shelves, shelf, NOW)
            self.assertEqual(list(shelf), sorted(names)[:2] + sorted(names)[len(names) - kept + 2 :])

    def test_what_is_needed_least_is_the_least(self) -> None:
        played = listed("g", started=True, players=("ann", "bob"))
        self.assertLess(need(listed("g", NOW + 1)), need(played))
        self.assertLess(need(listed("g", NOW)), need(listed("g", NOW + 1)))
