"""What lies on shelves is found again where it was put, and takes no more room than it may."""

from __future__ import annotations

from msgspec import Struct
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import GameModel
from gamesvc.web.lobby_shelves import Shelves, shelved


class Cup(Struct, array_like=True):
    name: str
    size: int = 0


class ShelvesTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.cups = Shelves("cups", 4, Cup, 20)

    def test_what_was_packed_is_there_again_in_its_order(self) -> None:
        for shelf in ({}, {"b": Cup("b"), "a": Cup("a", 3)}):
            unpacked = self.cups.unpacked(self.cups.packed(shelf))
            self.assertEqual((unpacked, list(unpacked)), (shelf, list(shelf)))

    def test_an_empty_shelf_is_as_one_on_which_nothing_ever_lay(self) -> None:
        self.assertEqual(self.cups.packed({}), b"")

    def test_things_lie_on_all_shelves_and_each_always_on_the_same(self) -> None:
        for key in (b"", b"key"):
            fields = {self.cups.field_of(name, key) for name in map(str, range(100))}
            self.assertEqual(fields, set(self.cups.fields))
        self.assertEqual(self.cups.fields, ("cups_0", "cups_1", "cups_2", "cups_3"))
        # They are looked for by other processes, and on other days.
        many = Shelves("cups", 999, Cup, 20)
        self.assertEqual([many.field_of("zoë", key) for key in (b"", b"key")], ["cups_797", "cups_452"])

    def test_who_knows_names_does_not_know_which_lie_together(self) -> None:
        together = [name for name in map(str, range(1000)) if self.cups.field_of(name, b"one") == "cups_0"]
        self.assertEqual({self.cups.field_of(name, b"other") for name in together}, set(self.cups.fields))

    def test_a_shelf_is_too_full_when_it_is_longer_than_it_may_be(self) -> None:
        shelf = {"a": Cup("a" * 13)}
        self.assertEqual((len(self.cups.packed(shelf)), self.cups.is_too_full(shelf)), (19, False))
        self.assertFalse(self.cups.is_too_full({"a": Cup("a" * 14)}))
        self.assertTrue(self.cups.is_too_full({"a": Cup("a" * 15)}))

    def test_a_model_has_them_as_fields_and_goes_on_from_there(self) -> None:
        base = shelved("Kitchen", __name__, self.cups, Shelves("plates", 2, Cup, 20))
        fields = [*self.cups.fields, "plates_0", "plates_1"]
        self.assertEqual([field.name for field in base.FIELDS], fields)
        self.assertTrue(issubclass(base, GameModel))
        self.assertEqual((base.__name__, base.__module__), ("Kitchen", __name__))
        self.assertEqual([getattr(base(), name) for name in fields], [b""] * 6)
        self.assertEqual({field.decode(b"\xc4\x01x") for field in base.FIELDS}, {b"x"})
