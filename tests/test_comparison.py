"""What the code of today does otherwise."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import GameError, GameModel, Player, command
from gamesvc.comparison import Change, Comparison
from gamesvc.journal.records import Entry, Published, Timer
from gamesvc.recovery import RecoveryError
from tests.drawing import Card, Drawing, Drew
from tests.hall import Ended, Hall
from tests.plays import (
    NOW,
    OTHER_SEED,
    SEED,
    Play,
    botted,
    botted_hall,
    drawing,
    hall,
    migrated,
    restored,
    tictactoe,
)
from tests.redrawing import Drawing as Redrawing


def first(model: type[GameModel], entries: list[Entry]) -> tuple[int, dict[str, tuple[str, str]]]:
    """The number of the first entry that goes another way, and in what; 0 where there is none."""
    comparison = Comparison(model, SEED)
    for entry in entries:
        changes = comparison.take(entry)
        if changes:
            return entry.number, {change.what: (change.then, change.today) for change in changes}
    return 0, {}


class Same(SynchronousTestCase):
    def test_with_the_same_code_nothing_differs(self) -> None:
        for play in (tictactoe(), tictactoe(()), drawing(), hall(), botted(), botted_hall()):
            self.assertEqual(first(play.instance.kind, play.entries), (0, {}))

    def test_the_order_of_keys_of_an_argument_does_not_count(self) -> None:
        class Wishes(GameModel):
            last: dict[str, int] = msgspec.field(default_factory=dict)

            @command
            def wish(self, player: Player, what: dict[str, int]) -> None:
                self.last = what

        play = Play(Wishes).command("alice", "wish", what={"b": 1, "a": 2})
        self.assertEqual(first(Wishes, play.entries), (0, {}))

    def test_a_field_that_is_new_or_gone_is_not_compared_but_told(self) -> None:
        class More(Drawing):
            jokers: int = 1

        play = drawing()
        self.assertEqual(first(More, play.entries), (0, {}))
        opening = play.entries[0]
        old = {**opening.changed, "score": msgspec.Raw(b"\x01")}
        entries = [replace(opening, changed=old), *play.entries[1:]]
        self.assertEqual(first(More, entries), (0, {}))
        comparison = Comparison(More, SEED)
        comparison.take(entries[0])
        self.assertEqual(comparison.uncompared(), (["jokers"], ["score"]))

    def test_a_bot_that_stayed_when_its_player_left_is_a_difference(self) -> None:
        *entries, left = botted_hall().entries
        found, differs = first(Hall, [*entries, replace(left, bots=None)])
        self.assertEqual((found, list(differs)), (8, ["bots"]))
        self.assertIn("search", differs["bots"][0])
        self.assertNotIn("search", differs["bots"][1])

    def test_more_seats_that_are_free_are_no_difference(self) -> None:
        class Larger(Drawing, seats=(2, 5)):
            pass

        self.assertEqual(first(Larger, drawing().entries), (0, {}))


class Different(SynchronousTestCase):
    def assert_differs(self, model: type[GameModel], number: int, **changes: Any) -> None:
        found, differs = first(model, drawing().entries)
        self.assertEqual(found, number, differs)
        for what, (then, today) in changes.items():
            self.assertEqual(differs.get(what.replace("_", " ")), (then, today), differs)

    def test_another_chance_shows_in_the_first_entry_that_used_it(self) -> None:
        class Unshuffled(Drawing):
            def setup(self) -> None:
                super().setup()
                self.deck.sort()

        number, differs = first(Unshuffled, drawing().entries)
        self.assertEqual((number, list(differs)), (1, ["deck"]))
        self.assertEqual(differs["deck"][1], str(list(range(20))).replace(" ", ""))

    def test_another_event_another_audience_and_one_that_is_missing(self) -> None:
        class Louder(Drawing):
            @command
            def draw(self, player: Player, count: int = 1, wishes: dict[str, int] | None = None) -> list[int]:
                cards = super().draw(player, count, wishes)
                events = self._context.events
                self._context.events = events[:1]
                self.publish(Card(cards[0]), to=self.players)
                return cards

        number, differs = first(Louder, drawing().entries)
        self.assertEqual((number, list(differs)), (2, ["event 2", "event 3"]))
        self.assertIn('{"to":["alice"],', differs["event 2"][0])
        self.assertIn('{"to":["alice","bob"],', differs["event 2"][1])
        self.assertEqual(differs["event 3"][1], "nothing")

    def test_another_field_of_an_event(self) -> None:
        class Wrong(Drawing):
            @command
            def draw(self, player: Player, count: int = 1, wishes: dict[str, int] | None = None) -> list[int]:
                cards = super().draw(player, count, wishes)
                events = self._context.events
                self._context.events = []
                self.publish(Drew(player, 0))
                self._context.events += events[1:]
                return cards

        self.assert_differs(
            Wrong,
            2,
            event_1=('{"event":"Drew","player":"alice","left":18}', '{"event":"Drew","player":"alice","left":0}'),
        )

    def test_another_result(self) -> None:
        class Silent(Drawing):
            @command
            def draw(self, player: Player, count: int = 1, wishes: dict[str, int] | None = None) -> None:  # type: ignore[override]
                super().draw(player, count, wishes)

        number, differs = first(Silent, drawing().entries)
        self.assertEqual((number, list(differs), differs["result"][1]), (2, ["result"], "nothing"))

    def test_another_timer_and_one_less(self) -> None:
        class Slower(Drawing):
            def setup(self) -> None:
                super().setup()
                self.cancel(self.after(1, self.hurry, "x"))

        self.assert_differs(Slower, 1, timers_so_far=("1", "2"))

        class Later(Drawing):
            @command
            def trap(self, player: Player) -> None:
                self.after(6, self.fall)

        number, differs = first(Later, drawing().entries)
        self.assertEqual((number, list(differs)), (5, ["timers"]))

    def test_an_end_that_was_none(self) -> None:
        class Short(Drawing):
            @command
            def trap(self, player: Player) -> None:
                super().trap(player)
                self.finish()

        self.assert_differs(Short, 5, finished=("false", "true"))

    def test_what_is_refused_today(self) -> None:
        class Strict(Drawing):
            @command
            def trap(self, player: Player) -> None:
                raise GameError("that is mean", code="mean")

        self.assert_differs(Strict, 5, outcome=("took effect", "refused (mean): that is mean"))

    def test_what_gamesvc_refuses_today(self) -> None:
        class Fewer(Drawing):
            pass

        del Fewer.COMMANDS["trap"]
        self.assert_differs(Fewer, 5, outcome=("took effect", "refused: there is no command 'trap'"))

        class Larger(Drawing, seats=3):
            pass

        self.assert_differs(Larger, 1, started=("true", "false"))
        comparison = Comparison(Larger, SEED)
        _, changes = [comparison.take(entry) for entry in drawing().entries[:2]]
        self.assertEqual(
            changes, [Change("outcome", "took effect", "refused: the game starts when all seats are taken")]
        )

    def test_what_fails_today_names_the_line(self) -> None:
        class Broken(Drawing):
            @command
            def trap(self, player: Player) -> None:
                raise SystemExit(3)

        number, differs = first(Broken, drawing().entries)
        self.assertEqual(number, 5)
        self.assertRegex(differs["outcome"][1], r"^failed: SystemExit: 3 \(.*test_comparison.py, line \d+\)$")

    def test_a_timer_that_failed_then_and_not_today(self) -> None:
        class Mended(Drawing):
            def fall(self) -> None:
                pass

        self.assert_differs(Mended, 8, outcome=("failed: RuntimeError", "took effect"))

    def test_a_timer_that_failed_otherwise(self) -> None:
        class Other(Drawing):
            def fall(self) -> None:
                raise KeyError

        self.assert_differs(Other, 8, outcome=("failed: RuntimeError", "failed: KeyError"))

    def test_a_timer_that_fails_only_today(self) -> None:
        class Fails(Drawing):
            def hurry(self, player: Player) -> None:
                raise ValueError("hurry")

        number, differs = first(Fails, drawing().entries)
        self.assertEqual(number, 4)
        self.assertIn("failed: ValueError: hurry", differs["outcome"][1])

    def test_true_and_one_are_different_things(self) -> None:
        play = tictactoe((0,))
        last = play.entries[-1]
        body = last.events[0].body.replace(b":0", b":false")
        entries = [*play.entries[:-1], replace(last, events=(Published(body),))]
        self.assertEqual(list(first(play.instance.kind, entries)[1]), ["event 1"])

    def test_seats_and_timers_of_the_journal_are_compared_as_a_whole(self) -> None:
        play = tictactoe((0,))
        last = play.entries[-1]
        timer = Timer(1, NOW, "f", b"[]")
        entries = [*play.entries[:-1], replace(last, seats=("bob", "alice"), timers=(timer,))]
        self.assertEqual(list(first(play.instance.kind, entries)[1]), ["seats", "timers"])

    def test_a_hook_that_does_something_else(self) -> None:
        class Cold(Hall, seats=(2, 3), tick=20):
            def on_join(self, player: Player) -> None:
                pass

        class Closed(Hall, seats=(2, 3), tick=20):
            def on_join(self, player: Player) -> None:
                raise GameError("closed", code="closed")

        class Steady(Hall, seats=(2, 3), tick=20):
            def on_tick(self) -> None:
                pass

        class Quiet(Hall, seats=(2, 3), tick=20):
            def on_away(self, player: Player) -> None:
                pass

        class Endless(Hall, seats=(2, 3), tick=20):
            def on_leave(self, player: Player) -> None:
                self.stock.append(self.cards.pop(player, -1))

        for model, number, what, today in (
            (Cold, 2, "event 2", "nothing"),
            (Closed, 2, "outcome", "refused (closed): closed"),
            (Steady, 7, "event 1", "nothing"),
            (Quiet, 9, "event 1", "nothing"),
            (Endless, 18, "finished with", "nothing"),
        ):
            found, differs = first(model, hall().entries)
            self.assertEqual((found, differs[what][1]), (number, today), differs)

    def test_a_hook_that_failed_then_and_not_today(self) -> None:
        class Mended(Hall, seats=(2, 3), tick=20):
            def on_join(self, player: Player) -> None:
                self.publish(Ended("?"))

        entries = [replace(entry, events=entry.events[:1]) for entry in hall().entries[:1]]
        number, differs = first(Mended, [*entries, *hall().entries[1:]])
        self.assertEqual((number, differs["event 2"][1]), (2, '{"event":"Ended","why":"?"}'))

        class Careful(Hall, seats=(2, 3), tick=20):
            def on_away(self, player: Player) -> None:
                if player != "clumsy":
                    super().on_away(player)

        self.assertEqual(first(Careful, hall().entries), (12, {"outcome": ("failed: RuntimeError", "took effect")}))

    def test_who_can_not_leave_today_and_options_that_are_not_taken(self) -> None:
        class Locked(Hall, seats=(2, 3), tick=20):
            pass

        Locked.HOOKS = Hall.HOOKS - {"on_leave"}
        number, differs = first(Locked, hall().entries)
        self.assertEqual(number, 13)
        self.assertIn("its players stay", differs["outcome"][1])

        class Stubborn(Hall, seats=(2, 3), tick=20):
            def setup(self) -> None:  # type: ignore[override]  # it has lost its options
                super().setup()

        number, differs = first(Stubborn, hall().entries)
        self.assertEqual(number, 1)
        self.assertIn("refused: Stubborn.setup does not take the options", differs["outcome"][1])

    def test_how_a_game_ended_is_compared(self) -> None:
        play = tictactoe()
        for outcome, then in ((b"", "nothing"), (b'{"event":"Finished","winner":"bob"}', '"winner":"bob"')):
            entries = [*play.entries[:-1], replace(play.entries[-1], outcome=outcome)]
            number, differs = first(play.instance.kind, entries)
            self.assertEqual((number, list(differs)), (8, ["finished with"]))
            self.assertIn(then, differs["finished with"][0])

    def test_who_was_connected_is_compared(self) -> None:
        play = hall()
        entries = [replace(entry, player="alice") if entry.number == 9 else entry for entry in play.entries]
        comparison = Comparison(Hall, SEED)
        for entry in play.entries[:8]:
            comparison.take(entry)
        changes = {change.what: change.then for change in comparison.take(entries[8])}
        self.assertEqual(list(changes), ["event 1"])
        # As if somebody had been told that they have their seat who had it before.
        twice = replace(entries[8], number=10, kind="seated", seats=("alice", "bob", "clumsy"), events=())
        changes = {change.what: change.today for change in comparison.take(twice)}
        self.assertEqual(changes["connected"], '["bob","clumsy"]')

    def test_entries_have_to_come_in_order(self) -> None:
        comparison = Comparison(Drawing, SEED)
        self.assertRaises(RecoveryError, comparison.take, drawing().entries[1])

    def test_a_change_is_a_plain_record(self) -> None:
        self.assertEqual(Change("a", "b", "c").what, "a")


class Renewed(SynchronousTestCase):
    def test_a_game_that_was_restored_goes_as_it_went(self) -> None:
        self.assertEqual(first(Drawing, restored().entries), (0, {}))

    def test_its_other_chance_is_compared(self) -> None:
        play = restored()
        renewed = play.entries[10]
        assert renewed.opening is not None
        entries = [
            *play.entries[:10],
            replace(renewed, opening=replace(renewed.opening, seed=SEED)),
            *play.entries[11:],
        ]
        number, differs = first(Drawing, entries)
        self.assertEqual((number, list(differs)), (12, ["weight"]))

    def test_a_game_of_two_versions_goes_as_it_went_though_fields_were_others(self) -> None:
        self.assertEqual(first(Redrawing, migrated().entries), (0, {}))
        # Else today's code would go on with what it has made itself, which is not quite the same.
        entries = migrated().entries
        entries[10] = replace(entries[10], changed={})
        self.assertEqual(first(Redrawing, entries)[0], 12)

    def test_before_it_was_brought_to_today_s_all_but_the_fields_is_compared(self) -> None:
        class Louder(Redrawing, version=2):
            @command
            def trap(self, player: Player) -> None:
                super().trap(player)
                self.publish(Drew(player, 0))

        comparison = Comparison(Redrawing, SEED)
        compared = []
        for entry in migrated().entries:
            comparison.take(entry)
            compared.append(comparison.compares_fields)
        self.assertEqual(compared, [False] * 10 + [True] * 3)
        number, differs = first(Louder, migrated().entries)
        self.assertEqual((number, list(differs)), (5, ["event 1"]))

    def test_after_that_the_fields_are_compared_too(self) -> None:
        class Heavier(Redrawing, version=2):
            @command
            def draw(self, player: Player, count: int = 1, wishes: dict[str, int] | None = None) -> list[int]:
                cards = super().draw(player, count, wishes)
                self.weight += 1
                return cards

        number, differs = first(Heavier, migrated().entries)
        self.assertEqual((number, list(differs)), (12, ["weight"]))

    def test_a_version_that_is_older_than_the_game_can_not_go_on(self) -> None:
        number, differs = first(Drawing, migrated().entries)
        self.assertEqual(number, 11)
        self.assertIn("the state is of version 2 of Drawing, and this is version 1", differs["outcome"][1])

    def test_what_was_skipped_is_gone_on_from(self) -> None:
        for play, number in ((migrated(), 11), (restored(), 11), (drawing(), 5)):
            comparison = Comparison(play.instance.kind, SEED)
            for entry in play.entries[:number]:
                self.assertEqual(comparison.skip(entry), [])
            for entry in play.entries[number:]:
                self.assertEqual(comparison.take(entry), [])

    def test_what_the_model_can_not_go_on_from_is_told(self) -> None:
        play = drawing()
        entries = [replace(play.entries[0], changed={"score": msgspec.Raw(b"\x01")}), *play.entries[1:]]
        [change] = Comparison(Drawing, SEED).skip(entries[0])
        self.assertEqual((change.what, change.then), ("outcome", "took effect"))
        self.assertIn("has no field 'score'", change.today)

    def test_an_epoch_alone_is_no_difference(self) -> None:
        play = drawing().renew(None, "another-epoch").command("alice", "draw")
        self.assertEqual(first(Drawing, play.entries), (0, {}))
        self.assertNotEqual(first(Drawing, drawing().renew(OTHER_SEED).entries), (11, {}))
