"""The saver: snapshots often enough that a game is loaded quickly, and no oftener than is cheap."""

from __future__ import annotations

from msgspec import Raw
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import GameModel, Player, command, saver
from gamesvc.context import Alarm
from gamesvc.errors import Fenced, JournalError, Unavailable
from gamesvc.instance import Instance
from gamesvc.journal.records import Counts, Entry, Opening, Published, Receipt, decode_snapshot, encode
from gamesvc.receipts import Receipts
from gamesvc.recovery import recover
from gamesvc.saver import SNAPSHOT_SECONDS, Saver
from gamesvc.standing import Standing
from tests.tables import ALICE, NOW, World


class Text(GameModel):
    text: str = ""

    @command
    def write(self, player: Player, text: str = "x") -> None:
        self.text = text

    def erase(self) -> None:
        self.text = ""


class Quick(Text, durability="snapshot"):
    """Saved every few seconds."""


class Careless(Text, durability="none"):
    """Saved when it is left."""


OPENING = Opening("kind", 1, b"{}", "epoch", b"seed")


def entry(number: int = 2, size: int = 0) -> Entry:
    return Entry(number, "command", NOW, events=(Published(b"x" * size),))


class SaverTest(SynchronousTestCase):
    """One game, saved."""

    def setUp(self) -> None:
        self.world = World()
        self.saved: list[JournalError | None] = []
        self.term = self.world.journal.stored("g").term
        self.standing = Instance(Text, b"seed").open(NOW).after
        self.patch(saver, "SNAPSHOT_ENTRIES", 10)
        self.patch(saver, "SNAPSHOT_BYTES", 10_000)
        self.patch(saver, "MAX_ENTRIES", 100)

    def make(self, model: type[GameModel] = Text, since: int = 0) -> Saver:
        return Saver("g", self.term, model, OPENING, since, self.world.around)

    def grown(self, size: int) -> Standing:
        """A standing of so many bytes."""
        instance = Instance(Text, b"seed", self.standing)
        return instance.command(NOW, "write", ALICE, Text.COMMANDS["write"].arguments(text="x" * size)).after

    def save(self, saver: Saver, standing: Standing | None = None, *, clean: bool = True) -> None:
        saver.save(standing or self.standing, Counts(), Receipts(), None, clean=clean, saved=self.saved.append)

    # When.

    def test_the_bounds_are_as_they_were_meant(self) -> None:
        self.assertEqual(saver.SNAPSHOT_SECONDS, 5.0)

    def test_a_snapshot_is_due_after_so_many_entries(self) -> None:
        saver = self.make()
        due = []
        for number in range(12):
            saver.count(entry(number))
            due.append(saver.is_due)
        self.assertEqual(due, [False] * 9 + [True] * 3)

    def test_entries_that_were_there_before_the_server_was_count(self) -> None:
        saver = self.make(since=9)
        self.assertFalse(saver.is_due)
        saver.count(entry())
        self.assertTrue(saver.is_due)
        self.assertTrue(self.make(since=10).is_due)

    def test_a_snapshot_is_due_after_so_many_bytes_of_whatever_an_entry_holds(self) -> None:
        for each in (
            entry(size=10_000),
            Entry(2, "command", NOW, arguments=b"x" * 10_000),
            Entry(2, "command", NOW, result=b"x" * 10_000),
            Entry(2, "command", NOW, changed={"text": Raw(b"x" * 10_000)}),
        ):
            saver = self.make()
            saver.count(entry(size=9_999))
            self.assertFalse(saver.is_due)
            saver.count(each)
            self.assertTrue(saver.is_due, each)

    def test_a_large_state_is_saved_only_when_about_as_much_was_written_since(self) -> None:
        saver = self.make()
        self.save(saver, self.grown(40_000))
        self.world.run()
        for _ in range(11):
            saver.count(entry(size=500))
        self.assertFalse(saver.is_due, "many entries, and little in them")
        for _ in range(10):
            saver.count(entry(size=500))
        self.assertTrue(saver.is_due, "many entries, and a quarter of what a snapshot costs")
        self.save(saver, self.grown(40_000))
        self.world.run()
        saver.count(entry(size=20_000))
        self.assertFalse(saver.is_due, "few entries, and half of what a snapshot costs")
        saver.count(entry(size=20_100))
        self.assertTrue(saver.is_due)

    def test_receipts_count_as_a_part_of_the_state(self) -> None:
        saver, receipts = self.make(), Receipts()
        for number in range(250):
            receipts.add("alice", Receipt(f"c-{number}", b"digest"))
        saver.save(self.standing, Counts(), receipts, None, clean=True, saved=self.saved.append)
        self.world.run()
        saver.count(entry(size=12_000))
        self.assertFalse(saver.is_due)
        saver.count(entry(size=5_000))
        self.assertTrue(saver.is_due)

    def test_however_large_the_state_entries_do_not_pile_up_without_end(self) -> None:
        saver = self.make()
        self.save(saver, self.grown(500_000))
        self.world.run()
        for _ in range(99):
            saver.count(entry())
        self.assertFalse(saver.is_due)
        saver.count(entry())
        self.assertTrue(saver.is_due)

    def test_a_game_that_is_saved_every_few_seconds_is_due_where_something_has_changed(self) -> None:
        saver = self.make(Quick)
        for _ in range(50):
            saver.count(entry(size=1000))
        self.assertFalse(saver.is_due)
        self.world.clock.advance(4.9)
        self.assertFalse(saver.is_due)
        self.world.clock.advance(0.1)
        self.assertTrue(saver.is_due)
        self.save(saver, clean=False)
        self.world.run()
        self.world.clock.advance(60)
        self.assertEqual((saver.is_due, saver.changed), (False, False))
        saver.count(entry())
        self.assertTrue(saver.is_due)

    def test_a_game_that_is_not_saved_is_never_due(self) -> None:
        saver = self.make(Careless, since=1000)
        for _ in range(50):
            saver.count(entry(size=1000))
        self.world.clock.advance(600)
        self.assertFalse(saver.is_due)
        self.assertTrue(saver.changed)

    def test_while_one_is_on_its_way_no_other_is_due(self) -> None:
        saver = self.make(since=10)
        self.save(saver)
        for _ in range(20):
            saver.count(entry(size=1000))
        self.assertFalse(saver.is_due)
        self.world.run()
        self.assertTrue(saver.is_due, "what came meanwhile is not in it")

    # What.

    def test_it_holds_how_the_game_stands_with_everything_that_was_lent_to_it(self) -> None:
        alarm = Alarm(3, NOW + 60, "erase", b"[]")
        standing = self.grown(5)._replace(alarms=(alarm,), last_alarm=4)
        receipts = Receipts({"alice": (Receipt("c-1", b"digest", b"5"),)})
        saver = self.make(since=3)
        saver.save(standing, Counts(7, 5, 2, {"alice": 1}), receipts, NOW + 60, clean=False, saved=self.saved.append)
        asked = self.world.journal.next("save")
        self.assertEqual((asked.game, asked.arguments[0], asked.wake_at), ("g", self.term, NOW + 60))
        snapshot = decode_snapshot(encode(asked.snapshot))
        recovered = recover(Text, snapshot, [])
        self.assertEqual((recovered.standing, recovered.opening, recovered.clean), (standing, OPENING, False))
        self.assertEqual((recovered.counts, recovered.receipts.dump()), (snapshot.counts, receipts.dump()))
        self.assertEqual(snapshot.counts, Counts(7, 5, 2, {"alice": 1}))

    def test_of_a_model_that_keeps_no_history_it_is_alone(self) -> None:
        for keeps in (True, False):
            self.patch(Text, "KEEPS_HISTORY", keeps)
            self.save(self.make(since=3))
            self.assertEqual(self.world.journal.next("save").snapshot.alone, not keeps)
            self.world.run()

    def test_what_happens_while_it_is_on_its_way_does_not_show_in_it(self) -> None:
        receipts = Receipts()
        saver = self.make()
        saver.save(self.standing, Counts(), receipts, None, clean=True, saved=self.saved.append)
        receipts.add("alice", Receipt("c-1", b"digest"))
        self.assertEqual(self.world.journal.next("save").snapshot.receipts, {})

    # What came of it.

    def test_who_asked_is_told_when_it_is_durable(self) -> None:
        saver = self.make(since=10)
        self.save(saver)
        self.assertEqual((self.saved, saver.changed), ([], False))
        self.world.run()
        self.assertEqual((self.saved, saver.changed), ([None], False))

    def test_one_that_was_not_made_is_due_again_with_what_came_meanwhile(self) -> None:
        for fail in ("unavailable", "fenced"):
            saver = self.make(since=9)
            saver.count(entry(size=100))
            self.save(saver)
            saver.count(entry(size=200))
            getattr(self.world.journal.next("save"), fail)()
            self.assertTrue(saver.changed)
            # Not at once: it may be large.
            self.assertFalse(saver.is_due)
            self.world.clock.advance(SNAPSHOT_SECONDS)
            self.assertTrue(saver.is_due)
        self.assertEqual([type(each) for each in self.saved], [Unavailable, Fenced])

    def test_the_bytes_of_one_that_was_not_made_count_too(self) -> None:
        saver = self.make()
        saver.count(entry(size=9_000))
        self.save(saver)
        self.world.journal.next("save").unavailable()
        self.assertFalse(saver.is_due)
        saver.count(entry(size=1_000))
        self.world.clock.advance(SNAPSHOT_SECONDS)
        self.assertTrue(saver.is_due)

    def test_for_one_that_was_not_made_in_time_the_next_is_a_few_seconds_later(self) -> None:
        saver = self.make(Quick)
        saver.count(entry())
        self.world.clock.advance(5)
        self.save(saver, clean=False)
        self.world.journal.next("save").unavailable()
        self.assertFalse(saver.is_due)
        self.world.clock.advance(5)
        self.assertTrue(saver.is_due)
