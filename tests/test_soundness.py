"""Whether what a journal has of a game fits together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import DecodeError, Raw
from msgspec.structs import replace
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.errors import JournalError, Unavailable
from gamesvc.journal.records import Counts, Entry, Published, Snapshot, Timer
from gamesvc.soundness import Examination
from tests.plays import NOW, botted, botted_hall, drawing, hall, migrated, restored, tictactoe


class Sound(SynchronousTestCase):
    def test_games_that_were_played_are_sound_with_a_snapshot_anywhere(self) -> None:
        for play in (tictactoe(), drawing(), restored(), migrated(), hall(), botted(), botted_hall()):
            for number in range(len(play.entries) + 1):
                snapshot = play.snapshot(number) if number else None
                examination = Examination(snapshot, play.entries)
                self.assertEqual((examination.faults, examination.entries), ([], len(play.entries)))
                self.assertEqual(examination.last, len(play.entries))
                assert examination.end is not None
                self.assertEqual(examination.end.seats, play.instance.standing.seats)

    def test_a_game_that_is_kept_by_snapshots_has_its_first_entry_alone(self) -> None:
        play = drawing()
        examination = Examination(play.snapshot(), play.entries[:1])
        self.assertEqual((examination.faults, examination.last), ([], 10))
        assert examination.end is not None
        self.assertEqual(examination.end.timers, play.snapshot().timers)

    def test_of_a_game_whose_snapshot_is_alone_the_entries_before_its_own_are_not_kept(self) -> None:
        play = drawing()
        snapshot = replace(play.snapshot(6), alone=True)
        # Some may be there still, and the snapshot's own entry may be one that was skipped.
        for first in (3, 6, 7):
            examination = Examination(snapshot, play.entries[first - 1 :])
            self.assertEqual((examination.faults, examination.last), ([], 10))
            assert examination.end is not None
            self.assertEqual(examination.end.timers, play.snapshot().timers)
        self.assertEqual(Examination(snapshot, []).faults, [])

    def test_it_may_have_been_renewed_before_anything_happened(self) -> None:
        play = drawing()
        for entries in (play.renew().entries[:1], [*play.entries[:1], replace(play.entries[-1], number=2)]):
            self.assertEqual(Examination(play.snapshot(10), entries).faults, [])

    def test_across_a_migration_the_end_is_that_of_the_second_version(self) -> None:
        play = migrated()
        examination = Examination(play.snapshot(4), play.entries)
        assert examination.end is not None and examination.end.opening is not None
        self.assertEqual(examination.end.opening.version, 2)
        self.assertIn("drawn", examination.end.state)

    def test_such_a_game_may_be_kept_by_entries_later(self) -> None:
        play = drawing()
        for number in (6, 7, 9):
            self.assertEqual(Examination(play.snapshot(number), [play.entries[0], *play.entries[6:]]).faults, [])

    def test_a_field_that_got_a_default_later_is_no_damage_nor_one_that_is_stored_otherwise(self) -> None:
        play = tictactoe()
        snapshot = play.snapshot()
        state = {**snapshot.state, "moves": Raw(b"\xcb\x40\x14\x00\x00\x00\x00\x00\x00"), "new": Raw(b"\x01")}
        self.assertEqual(Examination(replace(snapshot, state=state), play.entries).faults, [])

    def test_between_versions_the_fields_may_differ(self) -> None:
        play = tictactoe()
        snapshot = play.snapshot(5)
        migrated = replace(snapshot, opening=replace(snapshot.opening, version=2), state={"other": Raw(b"\x01")})
        examination = Examination(migrated, play.entries)
        self.assertEqual(examination.faults, [])
        assert examination.end is not None
        self.assertIn("other", examination.end.state)

    def test_free_seats_that_were_added_are_no_damage(self) -> None:
        play = tictactoe()
        snapshot = play.snapshot()
        self.assertEqual(Examination(replace(snapshot, seats=(*snapshot.seats, None)), play.entries).faults, [])


class Unsound(SynchronousTestCase):
    def test_entries_that_are_missing_after_a_snapshot_that_is_alone(self) -> None:
        play = drawing()
        snapshot = replace(play.snapshot(6), alone=True)
        self.assert_amiss("entries 7 to 8 are missing", [play.entries[5], *play.entries[8:]], snapshot)
        self.assert_amiss("entries 6 to 7 are missing", play.entries[7:], snapshot)
        self.assert_amiss("entry 6 is missing", [*play.entries[:5], *play.entries[6:]], play.snapshot(6))

    def assert_amiss(self, what: str, entries: Any, snapshot: Snapshot | None = None) -> None:
        examination = Examination(snapshot, entries)
        self.assertEqual(len(examination.faults), 1, examination.faults)
        self.assertIn(what, examination.faults[0])
        self.assertIs(examination.end, None)

    def test_numbers_that_are_missing(self) -> None:
        play = drawing()
        entries = play.entries
        self.assert_amiss("entry 5 is missing", entries[:4] + entries[5:])
        self.assert_amiss("entries 5 to 6 are missing", entries[:4] + entries[6:], play.snapshot(9))
        self.assert_amiss("entries 2 to 6 are missing", entries[:1] + entries[6:], play.snapshot(5))
        self.assert_amiss("entries 8 to 10 are missing", entries[:7], play.snapshot())
        self.assert_amiss("entry 4 comes after entry 4", [*entries[:4], *entries[3:]])

    def test_a_beginning_that_is_missing(self) -> None:
        play = drawing()
        self.assert_amiss("entry 1 is missing", play.entries[1:])
        self.assert_amiss("it has no entries", [])
        self.assert_amiss("entries 1 to 10 are missing", [], play.snapshot())

    def test_what_can_not_be_read(self) -> None:
        def entries(error: Exception) -> Iterator[Entry]:
            yield from tictactoe().entries[:3]
            raise error

        for error in (DecodeError("bad bytes"), JournalError("bad bytes"), RecursionError("bad bytes")):
            self.assert_amiss(
                "what comes after entry 3 can't be read, so it was not looked at: bad bytes", entries(error)
            )

        self.assertRaises(Unavailable, Examination, None, entries(Unavailable("gone")))

    def test_an_entry_that_does_not_fit(self) -> None:
        play = drawing()
        opening = play.opening
        for number, change, what in (
            (1, {"opening": None}, "entry 1 is no opening"),
            (2, {"opening": play.entries[0].opening, "kind": "opened"}, "entry 2 is a second opening"),
            (3, {"time": NOW - 1}, "entry 3 was made before entry 2"),
            (2, {"events": (Published(b'{"x":1,"event":"A"}'),)}, "whose first key is event"),
            (2, {"events": (Published(b'{"event":"A"'),)}, "whose first key is event"),
            (2, {"events": (Published(b'{"event":"\xff"}'),)}, "whose first key is event"),
            (2, {"arguments": b"[]"}, "entry 2: the arguments are no JSON object"),
            (2, {"arguments": b"{"}, "entry 2: the arguments are no JSON object"),
            (2, {"arguments": b'{"a":"\xff"}'}, "entry 2: the arguments are no JSON object"),
            (6, {"id": "c-9", "arguments": b"[]"}, "entry 6: the arguments are no JSON object"),
            (2, {"opening": play.entries[0].opening}, "entry 2 has an opening, and opens nothing"),
            (3, {"kind": "renewed"}, "entry 3 does not say under what the game goes on"),
            (4, {"arguments": b"{}"}, "entry 4: the arguments are no JSON array"),
            (2, {"result": b"{"}, "entry 2: the result is no JSON"),
            (2, {"outcome": b"[]"}, "entry 2: the outcome is no JSON object"),
            (1, {"opening": replace(opening, options=b"[1]")}, "entry 1: the options are no JSON object"),
            (2, {"kind": "away", "player": None}, "entry 2: it does not say whose it is"),
            (2, {"timers": (Timer(7, NOW, "f", b"{"),)}, "the arguments of timer 7 are no JSON array"),
            (2, {"changed": {"deck": Raw(b"\x92\x01")}}, "the field deck can't be decoded"),
        ):
            entries = list(play.entries)
            entries[number - 1] = replace(entries[number - 1], **change)
            self.assert_amiss(what, entries)

    def test_a_snapshot_that_is_not_what_the_entries_come_to(self) -> None:
        play = drawing()
        snapshot = play.snapshot(6)
        for change, what in (
            ({"time": NOW}, "another time"),
            ({"seats": ("bob", "alice", None)}, "another seats"),
            ({"timers": ()}, "another timers"),
            ({"last_timer": 99}, "another last timer"),
            ({"finished": True}, "another end"),
            ({"counts": Counts()}, "another counts of events"),
            ({"receipts": {}}, "another receipts"),
            ({"state": {**snapshot.state, "weight": Raw(b"\x01")}}, "another field weight"),
            ({"state": {"deck": snapshot.state["deck"], "hands": snapshot.state["hands"]}}, "another field weight"),
        ):
            self.assert_amiss(what, play.entries, replace(snapshot, **change))

    def test_a_snapshot_that_has_another_beginning_or_end(self) -> None:
        for play, number, change, what in (
            (hall(), 3, {"started": False}, "another start"),
            (hall(), 2, {"started": True}, "another start"),
            (hall(), 9, {"here": ("alice", "bob", "clumsy")}, "another list of who is connected"),
            (hall(), 9, {"here": ()}, "another list of who is connected"),
            (botted(), 3, {"bots": ()}, "another list of bots"),
            (botted(), 6, {"bots": botted().snapshot(7).bots}, "another list of bots"),
            (botted(), 9, {"bots": botted().snapshot(8).bots}, "another list of bots"),
            (hall(), 18, {"outcome": b""}, "another outcome"),
            (tictactoe(), 8, {"outcome": b'{"event":"Finished","winner":"bob"}'}, "another outcome"),
        ):
            self.assert_amiss(what, play.entries, replace(play.snapshot(number), **change))

    def test_a_game_that_goes_on_as_another_kind(self) -> None:
        play = restored()
        renewed = play.entries[10]
        assert renewed.opening is not None
        play.entries[10] = replace(renewed, opening=replace(renewed.opening, game_kind="Chess"))
        self.assert_amiss("entry 11 goes on as another kind of game", play.entries)

    def test_fields_are_compared_across_a_migration(self) -> None:
        play = migrated()
        snapshot = play.snapshot(12)
        self.assertEqual(snapshot.opening.version, 2)
        self.assert_amiss(
            "the snapshot of entry 12 has another field drawn than the entries up to it",
            play.entries,
            replace(snapshot, state={**snapshot.state, "drawn": Raw(b"\x80")}),
        )
