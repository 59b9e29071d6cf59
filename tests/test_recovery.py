"""Recovery: a game that was left, or killed, stands as it stood, and the author's code has no part in it."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import GameModel, Player, Secret, command, field
from gamesvc.context import Alarm
from gamesvc.instance import Instance
from gamesvc.journal.records import (
    BotSeat,
    Counts,
    Entry,
    Published,
    Receipt,
    Snapshot,
    decode_entry,
    decode_snapshot,
    encode,
)
from gamesvc.receipts import digest
from gamesvc.recovery import Recovered, RecoveryError, Replayed, count, recover
from gamesvc.standing import Standing
from tests.drawing import Drawing
from tests.plays import NOW, SEED, Play, botted, botted_hall, drawing, tictactoe
from tests.tictactoe import TicTacToe

PROPERTY = settings(deadline=None, database=None, max_examples=60)


def stored(play: Play, cut: int | None = None) -> tuple[Snapshot | None, list[Entry]]:
    """What a journal has of a game: a snapshot after an entry, and the entries that follow; all of them without."""
    snapshot = None if cut is None else decode_snapshot(encode(play.snapshot(cut)))
    return snapshot, [decode_entry(encode(entry)) for entry in play.entries[cut or 0 :]]


class HostileDrawing(GameModel, seats=(2, 3)):
    """Has the fields of `Drawing`, and whoever runs its code notices."""

    deck: Secret[list[int]] = field(default_factory=list)
    hands: dict[Player, list[int]] = field(default_factory=dict)
    weight: float = 0.0

    def setup(self) -> None:
        raise AssertionError("the author's setup ran")

    @classmethod
    def migrate(cls, state: dict[str, Any], version: int) -> None:
        raise AssertionError("the author's migrate ran")

    @command
    def draw(self, player: Player, count: int = 1, wishes: dict[str, int] | None = None) -> list[int]:
        raise AssertionError("the author's command ran")

    def hurry(self, player: Player) -> None:
        raise AssertionError("the author's timer ran")


class Recovering(SynchronousTestCase):
    """A game is loaded."""

    @PROPERTY
    @given(
        st.lists(st.tuples(st.sampled_from(("draw", "trap", "timer", "later")), st.integers(1, 2)), max_size=12),
        st.integers(0, 14),
    )
    def test_it_stands_as_it_stood_wherever_the_last_snapshot_is(self, steps: list[tuple[str, int]], cut: int) -> None:
        play = Play(Drawing, "Drawing", ("alice", "bob"))
        for number, (what, arg) in enumerate(steps):
            if what == "draw" and number < 9:
                play.command("alice", "draw", f"c-{number % 3}", count=arg)
            elif what == "timer" and play.instance.standing.alarms:
                play.timer(play.instance.standing.alarms[-1].id)
            else:
                play.command("bob", "trap")
        whole = recover(Drawing, *stored(play))
        recovered = recover(Drawing, *stored(play, min(cut, len(play.entries)) or None))
        for each in (whole, recovered):
            self.assertEqual(each.standing, play.instance.standing)
            self.assertEqual(each.opening, play.entries[0].opening)
        self.assertEqual(recovered.receipts.dump(), whole.receipts.dump())
        events = [event for entry in play.entries for event in entry.events]
        self.assertEqual(count(recovered.counts, [event for event, _ in recovered.recent]), count(Counts(), events))

    def test_it_goes_on_as_if_nothing_had_happened(self) -> None:
        play = drawing()
        for cut in (None, 1, 5, 10):
            standing = recover(Drawing, *stored(play, cut)).standing
            again, straight = Instance(Drawing, SEED, standing), Instance(Drawing, SEED, play.instance.standing)
            given = Drawing.COMMANDS["draw"].arguments(count=2)
            effects = [each.command(NOW + 900, "draw", Player("bob"), given) for each in (again, straight)]
            self.assertEqual(effects[0], effects[1])

    def test_the_authors_code_does_not_run(self) -> None:
        play = drawing()
        for cut in (None, 1, 8, len(play.entries)):
            recovered = recover(HostileDrawing, *stored(play, cut))
            self.assertEqual(recovered.standing, play.instance.standing)
            Instance(HostileDrawing, SEED, recovered.standing)

    def test_a_game_whose_rules_were_mended_keeps_what_happened_under_the_old_ones(self) -> None:
        class Mended(GameModel, seats=2):
            board: list[Player | None] = field(default_factory=lambda: [None] * 9)
            moves: int = 0

            @command
            def clear(self, player: Player) -> None:
                self.board = []

        play = tictactoe()
        recovered = recover(Mended, *stored(play))
        self.assertEqual(recovered.standing, play.instance.standing)
        self.assertTrue(recovered.standing.finished)

    def test_timers_are_to_come_as_they_were_and_those_that_ran_or_failed_are_not(self) -> None:
        play = Play(Drawing, "Drawing", ("alice", "bob")).command("alice", "trap").command("bob", "draw").timer(2)
        standing = recover(Drawing, *stored(play)).standing
        self.assertEqual(
            standing.alarms,
            (Alarm(1, NOW + 60, "hurry", b'["anybody"]'), Alarm(3, NOW + 34.5, "hurry", b'["bob"]')),
        )
        self.assertEqual((standing.last_alarm, standing.wake_at), (3, NOW + 34.5))

    def test_what_the_snapshot_does_not_have_is_told_with_the_number_of_its_entry(self) -> None:
        play = tictactoe((0, 3))
        recovered = recover(TicTacToe, *stored(play, 3))
        told = [(number, msgspec.json.decode(event.body)["cell"]) for event, number in recovered.recent]
        self.assertEqual((told, recovered.since_snapshot), ([(4, 0), (5, 3)], 2))
        self.assertEqual(recovered.counts, Counts(2, 0, 2))
        self.assertEqual(recover(TicTacToe, *stored(play)).since_snapshot, 5)

    def test_commands_are_known_again_under_their_players_and_ids(self) -> None:
        play = tictactoe((0, 3, 1))
        for cut in (None, 4, 6):
            receipts = recover(TicTacToe, *stored(play, cut)).receipts
            self.assertEqual(receipts.find("alice", "c-0"), Receipt("c-0", digest("mark", {"cell": 0})))
            self.assertEqual(receipts.find("bob", "c-1"), Receipt("c-1", digest("mark", {"cell": 3})))
            self.assertIsNone(receipts.find("bob", "c-0"))

    def test_so_is_what_was_asked_for_a_seat_and_who_came_by_connecting_asked_for_nothing(self) -> None:
        seats: tuple[str | None, ...] = ("alice", None)
        entries = [
            *Play(TicTacToe, "TicTacToe").entries,
            Entry(2, "seated", NOW, "alice", seats=seats),
            Entry(3, "left", NOW, "alice", "7", "gamesvc.leave", b"{}", seats=(None, None)),
            Entry(4, "seated", NOW, "alice", "8", "gamesvc.sit", b"{}", seats=seats),
        ]
        receipts = Receipt("7", digest("gamesvc.leave", {})), Receipt("8", digest("gamesvc.sit", {}))
        self.assertEqual(recover(TicTacToe, None, entries).receipts.dump(), {"alice": receipts})

    def test_bots_play_for_those_for_whom_they_played_wherever_the_last_snapshot_is(self) -> None:
        for play in (botted(), botted_hall()):
            for length in range(1, len(play.entries) + 1):
                for cut in (None, *range(1, length + 1)):
                    snapshot, entries = stored(play, cut)
                    number = length - (cut or 0)
                    recovered = recover(play.instance.kind, snapshot, entries[:number])
                    self.assertEqual(recovered.standing.bots, play.snapshot(length).bots)
            self.assertEqual(recovered.standing, play.instance.standing)
        bots = play.snapshot(6).bots
        self.assertEqual(bots[1:], (BotSeat("bot-random-2", "random"), BotSeat("alice", "search", stands_in=True)))

    def test_a_journal_of_before_there_were_bots_has_none(self) -> None:
        play = tictactoe((0, 3))
        old = [msgspec.msgpack.encode(msgspec.msgpack.decode(encode(entry))[:-1]) for entry in play.entries]
        self.assertEqual([decode_entry(entry) for entry in old], play.entries)
        snapshot = decode_snapshot(msgspec.msgpack.encode(msgspec.msgpack.decode(encode(play.snapshot()))[:-1]))
        self.assertEqual(recover(TicTacToe, snapshot, []).standing, play.instance.standing)

    def test_who_asked_for_a_bot_is_known_by_the_id_and_is_not_here_for_that(self) -> None:
        recovered = recover(TicTacToe, *stored(botted()))
        receipt = Receipt("o-1", digest("gamesvc.bot", {"bot": "random"}), b'{"player":"bot-random"}')
        self.assertEqual(recovered.receipts.find("operator", "o-1"), receipt)
        self.assertEqual(recovered.standing.here, frozenset(("alice",)))

    def test_the_result_of_the_first_reply_is_kept_for_the_next(self) -> None:
        play = Play(Drawing, "Drawing", ("alice", "bob")).command("alice", "draw", "c-1", count=2)
        kept = recover(Drawing, *stored(play)).receipts.find("alice", "c-1")
        assert kept is not None
        self.assertEqual(kept.result, play.entries[-1].result)

    def test_it_was_left_in_order_unless_the_snapshot_says_that_it_was_not(self) -> None:
        play = tictactoe((0,))
        snapshot = play.snapshot()
        self.assertTrue(recover(TicTacToe, None, play.entries).clean)
        self.assertTrue(recover(TicTacToe, snapshot, []).clean)
        self.assertFalse(recover(TicTacToe, replace(snapshot, clean=False), []).clean)

    def test_a_state_that_no_entry_has_changed_is_there_all_the_same(self) -> None:
        play = Play(TicTacToe)
        self.assertEqual(recover(TicTacToe, *stored(play)).standing, play.instance.standing)

    def test_what_counts_does_not_change_the_snapshots_own(self) -> None:
        before = Counts(3, 1, 1, {"alice": 1})
        after = count(
            before,
            [
                Published(b'{"event":"A"}'),
                Published(b'{"event":"gamesvc.joined"}'),
                Published(b'{"event":"B"}', ("alice", "bob")),
            ],
        )
        self.assertEqual(before, Counts(3, 1, 1, {"alice": 1}))
        self.assertEqual(after, Counts(6, 2, 2, {"alice": 2, "bob": 1}))


class Damaged(SynchronousTestCase):
    """What does not fit together is told, and not guessed."""

    def refused(self, *why: str, snapshot: Snapshot | None, entries: list[Entry]) -> None:
        error = self.assertRaises(RecoveryError, recover, TicTacToe, snapshot, entries)
        for each in why:
            self.assertIn(each, str(error))

    def test_a_missing_entry(self) -> None:
        play = tictactoe()
        for missing in range(1, len(play.entries) - 1):
            self.refused("missing", snapshot=None, entries=[*play.entries[:missing], *play.entries[missing + 1 :]])
        self.refused("entry 6 follows entry 3", snapshot=play.snapshot(3), entries=play.entries[5:])

    def test_the_first_entry_missing(self) -> None:
        self.refused("entry 2 follows entry 0", snapshot=None, entries=tictactoe().entries[1:])
        self.refused("first entry", snapshot=None, entries=[])

    def test_an_entry_that_comes_twice_or_before_its_time(self) -> None:
        play = tictactoe()
        self.refused("entry 2 follows entry 2", snapshot=None, entries=[*play.entries[:2], *play.entries[1:]])
        self.refused("entry 3 follows entry 4", snapshot=play.snapshot(4), entries=play.entries[2:])

    def test_a_first_entry_that_does_not_say_what_it_opened(self) -> None:
        first, *rest = tictactoe().entries
        self.refused("first entry", snapshot=None, entries=[replace(first, opening=None), *rest])

    def test_a_state_that_is_not_the_fields_type(self) -> None:
        first, *rest = tictactoe().entries
        wrong = replace(first, changed={**first.changed, "moves": msgspec.Raw(msgspec.msgpack.encode("many"))})
        self.refused("TicTacToe.moves", "version", snapshot=None, entries=[wrong])
        self.assertEqual(len(rest), 7)

    def test_bytes_that_are_no_state(self) -> None:
        first = tictactoe().entries[0]
        for damaged in (b"", b"\xc1", b"\x92\x01"):
            wrong = replace(first, changed={**first.changed, "moves": msgspec.Raw(damaged)})
            self.refused("TicTacToe.moves", snapshot=None, entries=[wrong])


class Version1(GameModel, seats=2):
    board: list[int] = field(default_factory=lambda: [1, 2])
    score: int = 0

    @command
    def move(self, player: Player) -> None:
        self.board.append(3)
        self.score += 1


class Renewed(GameModel, seats=2, version=2):
    cells: dict[int, int] = field(default_factory=dict)
    score: int = 0
    level: int = 7

    @classmethod
    def migrate(cls, state: dict[str, Any], version: int) -> None:
        assert version == 1, version
        state["cells"] = dict(enumerate(state.pop("board")))
        state["score"] *= 10

    @command
    def move(self, player: Player) -> None: ...


class Versions(SynchronousTestCase):
    """The fields of the class have changed since."""

    def setUp(self) -> None:
        self.play = Play(Version1, "kind", ("alice", "bob")).command("alice", "move").command("bob", "move")

    def recovered(self, model: type[GameModel], cut: int | None = None) -> Recovered:
        return recover(model, *stored(self.play, cut))

    def refused(self, model: type[GameModel], *why: str) -> None:
        error = self.assertRaises(RecoveryError, self.recovered, model)
        for each in why:
            self.assertIn(each, str(error))

    def values(self, standing: Standing) -> list[Any]:
        return [msgspec.msgpack.decode(each, strict=False) for each in standing.image]

    def test_migrate_brings_the_state_up_to_date_once_and_what_it_leaves_out_has_its_default(self) -> None:
        for cut in (None, 1, 2, 3):
            recovered = self.recovered(Renewed, cut)
            self.assertEqual(self.values(recovered.standing), [{0: 1, 1: 2, 2: 3, 3: 3}, 20, 7])
            self.assertEqual((recovered.migrated, recovered.opening.version), (True, 2))
            self.assertEqual(recovered.standing.entry, 3)

    def test_a_state_of_todays_version_is_not_migrated(self) -> None:
        recovered = self.recovered(Version1)
        self.assertEqual((recovered.migrated, recovered.opening.version), (False, 1))

    def test_what_was_migrated_and_saved_is_not_migrated_again(self) -> None:
        recovered = self.recovered(Renewed)
        standing = recovered.standing
        fields = zip(Renewed.FIELDS, standing.image, strict=True)
        state = {spec.name: msgspec.Raw(image) for spec, image in fields}
        snapshot = Snapshot(3, standing.now, recovered.opening, state, standing.seats, (), 0, False, Counts(), {})
        again = recover(Renewed, decode_snapshot(encode(snapshot)), [])
        self.assertEqual((again.standing, again.migrated), (standing, False))

    def test_what_does_not_fit_is_told(self) -> None:
        later = self.play.entries[0].opening
        assert later is not None
        self.play.entries[0] = replace(self.play.entries[0], opening=replace(later, version=3))
        self.refused(Renewed, "version 3", "version 2", "Renewed")

    def test_seats_may_become_more_and_may_become_fewer_where_the_rest_was_free(self) -> None:
        class More(GameModel, seats=(2, 4)):
            board: list[int] = field(default_factory=list)
            score: int = 0

            @command
            def move(self, player: Player) -> None: ...

        class One(GameModel, seats=1):
            board: list[int] = field(default_factory=list)
            score: int = 0

            @command
            def move(self, player: Player) -> None: ...

        self.assertEqual(self.recovered(More).standing.seats, ("alice", "bob", None, None))
        self.refused(One, "seats", "One")
        self.play = Play(Version1, "kind", ("alice",))
        self.assertEqual(self.recovered(One).standing.seats, ("alice",))


class ReplayedTest(SynchronousTestCase):
    """History, entry by entry."""

    def test_it_stands_at_each_entry_as_the_game_stood_then(self) -> None:
        play = drawing()
        then = Replayed()
        for entry in play.entries:
            then.take(entry)
            self.assertEqual((then.number, then.time, then.finished), (entry.number, entry.time, entry.finished))
        self.assertEqual(then.standing(Drawing), play.instance.standing)

    def test_it_does_not_change_the_snapshot_that_it_began_with(self) -> None:
        play = drawing()
        snapshot = play.snapshot(4)
        before = encode(snapshot)
        then = Replayed(snapshot)
        for entry in play.entries[4:]:
            then.take(entry)
        self.assertEqual(encode(snapshot), before)
