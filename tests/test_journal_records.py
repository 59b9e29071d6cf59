"""Records: what is encoded is what is decoded, also where a later version has added to it."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.journal.records import (
    Counts,
    Entry,
    Opening,
    Published,
    Receipt,
    Snapshot,
    Timer,
    decode_entry,
    decode_snapshot,
    encode,
    stretches,
)

PROPERTY = settings(deadline=None, database=None, max_examples=120)

numbers = st.integers(0, 2**63 - 1)
times = st.floats(allow_nan=False, allow_infinity=False)
names = st.text(max_size=8)
players = st.none() | names
fields = st.dictionaries(
    names,
    st.recursive(
        st.none() | st.booleans() | numbers | times | names | st.binary(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
        max_leaves=5,
    ).map(lambda value: msgspec.Raw(msgspec.msgpack.encode(value))),
    max_size=3,
)
timers = st.lists(st.builds(Timer, numbers, times, names, st.binary()), max_size=2).map(tuple)
seats = st.lists(players, max_size=3).map(tuple)
openings = st.builds(Opening, names, numbers, st.binary(), names, st.binary())
published = st.builds(Published, st.binary(), st.none() | st.lists(names, max_size=3).map(tuple))
entries = st.builds(
    Entry,
    number=numbers,
    kind=st.sampled_from(("opened", "seated", "command", "timer")),
    time=times,
    player=players,
    id=players,
    name=names,
    arguments=st.binary(),
    result=st.none() | st.binary(),
    events=st.lists(published, max_size=3).map(tuple),
    changed=fields,
    seats=st.none() | seats,
    timers=st.none() | timers,
    timer=st.none() | numbers,
    fault=names,
    finished=st.booleans(),
    opening=st.none() | openings,
)
receipts = st.lists(st.builds(Receipt, names, st.binary(), st.none() | st.binary()), max_size=3).map(tuple)
snapshots = st.builds(
    Snapshot,
    number=numbers,
    time=times,
    opening=openings,
    state=fields,
    seats=seats,
    timers=timers,
    last_timer=numbers,
    finished=st.booleans(),
    counts=st.builds(Counts, numbers, numbers, numbers, st.dictionaries(names, numbers, max_size=2)),
    receipts=st.dictionaries(names, receipts, max_size=2),
    clean=st.booleans(),
)


class RecordsTest(SynchronousTestCase):
    """There and back again."""

    @given(entries)
    @PROPERTY
    def test_an_entry_comes_back(self, entry: Entry) -> None:
        self.assertEqual(decode_entry(encode(entry)), entry)

    @given(snapshots)
    @PROPERTY
    def test_a_snapshot_comes_back(self, snapshot: Snapshot) -> None:
        self.assertEqual(decode_snapshot(encode(snapshot)), snapshot)

    @given(entries)
    @PROPERTY
    def test_what_a_later_version_adds_at_the_end_is_passed_over(self, entry: Entry) -> None:
        later = msgspec.msgpack.encode([*msgspec.msgpack.decode(encode(entry)), "new", {"and": "more"}])
        self.assertEqual(decode_entry(later), entry)

    def test_what_an_earlier_version_did_not_know_has_its_default(self) -> None:
        self.assertEqual(decode_entry(msgspec.msgpack.encode([7, "command", 1.5])), Entry(7, "command", 1.5))

    def test_the_order_of_the_fields_stays_for_ever(self) -> None:
        # A journal that was written years ago goes by it.
        self.assertEqual(
            Entry.__struct_fields__[:16],
            (
                *("number", "kind", "time", "player", "id", "name", "arguments", "result", "events", "changed"),
                *("seats", "timers", "timer", "fault", "finished", "opening"),
            ),
        )
        self.assertEqual(
            Snapshot.__struct_fields__[:11],
            (
                *("number", "time", "opening", "state", "seats", "timers", "last_timer", "finished", "counts"),
                *("receipts", "clean"),
            ),
        )
        self.assertEqual(Published.__struct_fields__[:2], ("body", "to"))
        self.assertEqual(Timer.__struct_fields__[:4], ("id", "due", "method", "arguments"))
        self.assertEqual(Opening.__struct_fields__[:5], ("game_kind", "version", "options", "epoch", "seed"))
        self.assertEqual(Receipt.__struct_fields__[:3], ("id", "digest", "result"))
        self.assertEqual(Counts.__struct_fields__[:4], ("all", "public", "framework", "private"))

    @given(st.binary(max_size=64))
    @PROPERTY
    def test_what_is_no_record_is_refused(self, body: bytes) -> None:
        for decode in (decode_entry, decode_snapshot):
            try:
                decode(body)
            except msgspec.MsgspecError:
                continue
            self.assertTrue(body[0] & 0xF0 == 0x90 or body[0] in (0xDC, 0xDD), "only an array is a record")


class Stretches(SynchronousTestCase):
    def numbers(self, *numbers: int, most: int = 3) -> list[list[int]]:
        entries = (Entry(number, "tick", 0.0) for number in numbers)
        return [[entry.number for entry in stretch] for stretch in stretches(entries, most)]

    def test_no_number_is_missing_in_one(self) -> None:
        self.assertEqual(self.numbers(1, 2, 5, 6, 8), [[1, 2], [5, 6], [8]])

    def test_there_are_so_many_at_the_most(self) -> None:
        self.assertEqual(self.numbers(4, 5, 6, 7, 8, 9, 10), [[4, 5, 6], [7, 8, 9], [10]])
        self.assertEqual(self.numbers(4, 5, 6), [[4, 5, 6]])

    def test_of_none_there_is_none(self) -> None:
        self.assertEqual(self.numbers(), [])
