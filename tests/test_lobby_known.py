"""What the lobby knows is read as it is now, and taken apart again only where it has changed."""

from __future__ import annotations

from unittest import mock

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.image import Image
from gamesvc.web.lobby_entries import FINISHED_SECONDS, OPEN_SECONDS
from gamesvc.web.lobby_known import Known, order_of
from gamesvc.web.lobby_model import INVITED_SECONDS, MATCHED_SECONDS, LobbyModel
from gamesvc.web.lobby_shelves import Shelves
from tests.lobbies import listed
from tests.test_lobby_model import Book, ticket


class KnownTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.book = Book()
        self.is_there = True
        self.known = Known(lambda: self.book.now, self.image)

    def image(self) -> Image:
        return self.book.instance.standing.image if self.is_there else ()

    def add(self, game: str, **more: object) -> None:
        self.book.now += 1
        self.book.do("add", game=listed(game, **more))

    def test_the_newest_game_is_the_first(self) -> None:
        for game in ("b", "c", "a"):
            self.add(game)
        self.assertEqual([each.game for each in self.known.newest], ["a", "c", "b"])
        self.book.now -= 1
        self.add("aa")
        self.assertEqual([each.game for each in self.known.newest], ["aa", "a", "c", "b"])

    def test_a_game_is_known_as_it_stands_now(self) -> None:
        self.assertIs(self.known.game("g"), None)
        self.add("g")
        self.assertFalse(self.known.game("g").started)  # type: ignore[union-attr]  # it is there
        self.book.do("stand", game="g", players=["ann", "bob"], started=True, finished=False)
        self.assertTrue(self.known.game("g").started)  # type: ignore[union-attr]  # it is there
        self.book.do("remove", game="g")
        self.assertIs(self.known.game("g"), None)
        self.assertEqual(self.known.newest, [])

    def test_a_game_is_found_also_when_all_are_sorted_anew(self) -> None:
        with mock.patch.object(LobbyModel, "_sort"):
            for number in range(9):
                self.add(f"g{number}")
        for _ in range(2):
            found = [self.known.game(f"g{number}") for number in range(9)]
            self.assertEqual([None if each is None else each.game for each in found], [f"g{n}" for n in range(9)])
            self.assertEqual(len(self.known.newest), 9)
            self.book.do("renew", name="ann", seconds=60)

    def test_a_lobby_is_told_from_others(self) -> None:
        self.assertEqual(order_of(self.book.instance.standing.image), b"")
        self.assertEqual(order_of(()), b"")
        self.add("g")
        first = order_of(self.book.instance.standing.image)
        self.add("h")
        self.assertEqual(order_of(self.book.instance.standing.image), first)
        self.book = Book(b"plum")
        self.add("g")
        self.assertNotEqual(order_of(self.book.instance.standing.image), first)

    def test_names_are_those_of_who_made_a_game_or_plays_or_is_to(self) -> None:
        self.add("g", by="ann", named=("bob", "carl"))
        self.add("h", by="", players=("dora", None))
        self.assertEqual(self.known.names, {"ann", "bob", "carl", "dora"})
        self.book.do("remove", game="g")
        self.assertEqual(self.known.names, {"dora"})

    def test_those_who_wait_are_in_the_order_in_which_they_came(self) -> None:
        for number in range(20):
            self.book.do("wait", ticket=ticket(f"t{number}", seats=9))
        self.assertEqual(list(self.known.tickets), [f"t{number}" for number in range(20)])
        self.book.do("stop_waiting", tickets=["t19"])
        self.assertNotIn("t19", self.known.tickets)

    def test_an_id_is_the_same_as_what_is_asked_for_gets(self) -> None:
        self.assertEqual(self.known.once("game", "ann", "key"), "", "nobody has asked for anything")
        for public in (True, False):
            id, _ = msgspec.json.decode(self.book.do("add", game=listed("", public=public), once="key"))
            self.assertEqual(self.known.once("game", "ann", "key", is_short=public), id)
        self.assertNotEqual(self.known.once("game", "bob", "key"), id)
        found = {id}
        for lease in ("a", "b"):
            self.book.do("welcome", names=["ann"], seconds=60.0, lease=lease)
            id, _ = msgspec.json.decode(self.book.do("add", game=listed("", public=False, by="ann"), once="key"))
            self.assertEqual(self.known.once("game", "ann", "key"), id)
            self.assertNotIn(id, found, "somebody else is called so now")
            found.add(id)
            for game in self.known.newest:
                self.book.do("remove", game=game.game)
            self.book.now += 60

    def test_what_is_over_is_seen_of_each_sort(self) -> None:
        self.book.do("welcome", names=["ann"], seconds=60)
        self.assertFalse(self.known.has_old)
        self.book.now += 60
        self.assertTrue(self.known.has_old)
        self.book.do("tidy")
        self.add("g", finished=True)
        self.book.do("invite", game="g", code="code")
        self.book.now += FINISHED_SECONDS - 1
        self.assertFalse(self.known.has_old)
        self.book.now += 1
        self.assertTrue(self.known.has_old)
        self.book.do("tidy")
        self.assertEqual((self.known.newest, self.known.invites, self.known.has_old), ([], {}, False))
        self.add("g", started=True)
        self.book.do("invite", game="g", code="code")
        self.assertEqual(self.known.invites["code"].game, "g")
        self.book.now += INVITED_SECONDS
        self.assertTrue(self.known.has_old)
        self.book.do("tidy")
        self.book.do("remove", game="g")
        self.book.do("wait", ticket=ticket("a"))
        self.book.now += OPEN_SECONDS
        self.assertFalse(self.known.has_old, "who waits is not over, however long")
        self.book.do("wait", ticket=ticket("b"))
        self.book.now += MATCHED_SECONDS
        self.assertTrue(self.known.has_old)

    def test_a_name_that_a_game_has_is_not_over(self) -> None:
        self.add("g", by="", players=("ann", None), started=True)
        for name in "ann", "bob":
            self.book.do("welcome", names=[name], seconds=60)
        self.book.now += 60
        self.assertTrue(self.known.has_old)
        self.book.do("tidy")
        self.assertFalse(self.known.has_old)
        self.book.do("remove", game="g")
        self.assertTrue(self.known.has_old)

    def test_only_what_has_changed_is_taken_apart_again(self) -> None:
        for number in range(50):
            self.add(f"g{number}")
        newest, tickets = self.known.newest, self.known.tickets
        self.book.do("welcome", names=["ann"], seconds=60)
        with mock.patch.object(Shelves, "unpacked", autospec=True, side_effect=Shelves.unpacked) as unpacked:
            self.assertIs(self.known.newest, newest)
            self.assertIs(self.known.tickets, tickets)
            self.assertEqual(unpacked.call_count, 0)
            self.book.do("stand", game="g7", players=["ann"], started=False, finished=False)
            unpacked.reset_mock()
            self.assertEqual(len(self.known.newest), 50)
            self.assertEqual(self.known.game("g7").players, ("ann",))  # type: ignore[union-attr]  # it is there
            self.assertEqual(unpacked.call_count, 1)

    def test_where_the_lobby_is_gone_nothing_is_known(self) -> None:
        self.book.do("add", game=listed("", by="ann"), once="key")
        self.assertEqual((len(self.known.newest), len(self.known.names)), (1, 1))
        self.is_there = False
        self.assertEqual((self.known.newest, self.known.names, self.known.once("game", "ann", "key")), ([], set(), ""))
        self.is_there = True
        self.assertEqual(len(self.known.newest), 1)
