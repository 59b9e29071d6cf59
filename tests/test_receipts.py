"""Receipts: a command that took effect is known again, for as long as was promised."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import receipts as module
from gamesvc.journal.records import Receipt
from gamesvc.receipts import MAX_PLAYERS, WINDOW, Receipts, digest

PROPERTY = settings(deadline=None, database=None, max_examples=80)


def receipt(number: int) -> Receipt:
    return Receipt(f"c-{number}", b"digest-%d" % number, b"%d" % number)


def reloaded(receipts: Receipts) -> Receipts:
    """As they are after a snapshot was written and read."""
    stored = msgspec.msgpack.encode(receipts.dump())
    return Receipts(msgspec.msgpack.decode(stored, type=dict[str, tuple[Receipt, ...]]))


class DigestTest(SynchronousTestCase):
    """What tells a command from another under the same id."""

    def test_another_command_or_other_arguments_have_another_digest(self) -> None:
        same = digest("mark", {"cell": 4})
        self.assertEqual(digest("mark", {"cell": 4}), same)
        others = [
            digest("mark", {"cell": 5}),
            digest("mark", {"cell": "4"}),
            digest("mark", {"cell": [4]}),
            digest("mark", {"cell": None}),
            digest("mark", {"cell": 4, "more": None}),
            digest("clear", {"cell": 4}),
            digest("mark", {}),
        ]
        self.assertEqual(len({same, *others}), 8)

    def test_neither_the_order_of_keys_nor_the_case_of_the_name_makes_a_difference(self) -> None:
        first = digest("Mark", {"a": 1, "b": {"c": 2, "d": [{"e": 3, "f": 4}]}})
        self.assertEqual(digest("mARK", {"b": {"d": [{"f": 4, "e": 3}], "c": 2}, "a": 1}), first)

    def test_the_order_of_a_list_and_the_case_of_an_argument_make_a_difference(self) -> None:
        self.assertNotEqual(digest("mark", {"a": [1, 2]}), digest("mark", {"a": [2, 1]}))
        self.assertNotEqual(digest("mark", {"a": "x"}), digest("mark", {"a": "X"}))

    def test_where_the_name_ends_and_the_arguments_begin_makes_a_difference(self) -> None:
        self.assertNotEqual(digest("mark", {"cell": 4}), digest('mark",{"cell":4}', {}))

    def test_it_is_the_same_in_the_next_process(self) -> None:
        # It is written to snapshots: were it made otherwise, retries after an update would be id_reused.
        self.assertEqual(digest("mark", {"cell": 4}).hex(), "5ccd41b9f4eeea8250f2b9535f48cd73")


class ReceiptsTest(SynchronousTestCase):
    """Who sent what."""

    def test_what_took_effect_is_found_and_nothing_else(self) -> None:
        receipts = Receipts()
        receipts.add("alice", receipt(1))
        self.assertEqual(receipts.find("alice", "c-1"), receipt(1))
        self.assertIsNone(receipts.find("alice", "c-2"))

    def test_an_id_is_its_players_own(self) -> None:
        receipts = Receipts()
        receipts.add("alice", receipt(1))
        receipts.add("bob", Receipt("c-1", b"another"))
        self.assertIsNone(receipts.find("carol", "c-1"))
        self.assertEqual(receipts.find("alice", "c-1"), receipt(1))
        self.assertEqual(receipts.find("bob", "c-1"), Receipt("c-1", b"another"))

    def test_the_last_256_of_each_player_are_kept_however_much_others_send(self) -> None:
        receipts = Receipts()
        receipts.add("bob", receipt(0))
        for number in range(300):
            receipts.add("alice", receipt(number))
        kept = [number for number in range(300) if receipts.find("alice", f"c-{number}")]
        self.assertEqual((WINDOW, kept), (256, list(range(44, 300))))
        self.assertEqual(receipts.find("bob", "c-0"), receipt(0))

    def test_of_too_many_players_the_one_is_forgotten_who_was_silent_for_longest(self) -> None:
        self.assertEqual(MAX_PLAYERS, 1024)
        self.patch(module, "MAX_PLAYERS", 3)
        receipts = Receipts()
        for number, player in enumerate(("alice", "bob", "carol", "alice", "dave")):
            receipts.add(player, receipt(number))
        found = {player: receipts.find(player, f"c-{number}") for number, player in enumerate(("alice", "bob"))}
        self.assertEqual(found, {"alice": receipt(0), "bob": None})
        self.assertEqual(list(receipts.dump()), ["carol", "alice", "dave"])

    def test_who_was_asked_about_and_sent_nothing_takes_no_room(self) -> None:
        receipts = Receipts()
        receipts.find("alice", "c-1")
        self.assertEqual(receipts.dump(), {})

    @PROPERTY
    @given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 12)), max_size=60), st.integers(0, 60))
    def test_a_snapshot_makes_no_difference_to_what_is_forgotten_when(
        self, sent: list[tuple[str, int]], cut: int
    ) -> None:
        self.patch(module, "WINDOW", 4)
        self.patch(module, "MAX_PLAYERS", 3)
        straight, stored = Receipts(), Receipts()
        for place, (player, number) in enumerate(sent):
            if place == cut:
                stored = reloaded(stored)
            for receipts in (straight, stored):
                if receipts.find(player, f"c-{number}") is None:
                    receipts.add(player, receipt(number))
        self.assertEqual(list(straight.dump().items()), list(stored.dump().items()))
        self.assertLessEqual(len(straight.dump()), 3)
        self.assertTrue(all(len(window) <= 4 for window in straight.dump().values()))

    def test_a_dump_does_not_change_with_what_comes_later(self) -> None:
        receipts = Receipts()
        receipts.add("alice", receipt(1))
        dump = receipts.dump()
        receipts.add("alice", receipt(2))
        self.assertEqual(dump, {"alice": (receipt(1),)})
