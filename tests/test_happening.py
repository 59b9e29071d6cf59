"""What happens without anybody asking for it: timers, ticks, who is away and who is back."""

from __future__ import annotations

from functools import partial
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc import Event, GameError, GameModel, Player, command, field
from gamesvc.happening import PendingAlarm, PendingPresence, PendingTick
from gamesvc.journal.records import Entry
from gamesvc.messages import Request
from gamesvc.pending import PendingCommand, Role
from gamesvc.standing import Standing
from tests.tables import ALICE, BOB, CAROL, NOW, Judge


class Noted(Event):
    text: str


class Clockwork(GameModel, seats=(1, 3)):
    total: int = 0

    @command
    def alarm(self, player: Player, how: str = "ring") -> None:
        self.after(5, getattr(self, how))

    @command
    def cancel_all(self, player: Player) -> None:
        for alarm in range(1, 10):
            self.cancel(alarm)  # type: ignore[arg-type]  # what after() gives are numbers

    def ring(self) -> None:
        self.total += 100
        self.publish(Noted("ring"))

    def crash(self) -> None:
        self.total = 666
        raise RuntimeError("with a secret")

    def refuse(self) -> None:
        raise GameError("no")

    def leave(self) -> None:
        raise SystemExit(3)


class Beat(GameModel, seats=(2, 3), tick=10):
    """Does at a tick what it was told to do."""

    does: str = "nothing"
    ticks: int = 0
    at: float = 0.0

    @command
    def do(self, player: Player, what: str) -> None:
        self.does = what

    @command
    def end(self, player: Player) -> None:
        self.finish(Noted("the end"))

    def on_tick(self) -> None:
        match self.does:
            case "count":
                self.ticks += 1
                self.at = self.now
            case "say":
                self.publish(Noted("tick"))
            case "throw":
                self.random.random()
            case "set":
                self.after(5, self.later)
            case "end":
                self.finish()
            case "look":
                assert self.players
            case "crash" | "refuse" | "exit" | "interrupt":
                self.ticks += 666
                self.publish(Noted("spoiled"))
                raise {"refuse": GameError, "exit": SystemExit, "interrupt": KeyboardInterrupt}.get(
                    self.does, RuntimeError
                )("with a secret")

    def later(self) -> None: ...


class Watching(GameModel, seats=(2, 3)):
    """Is told who is away."""

    told: list[str] = field(default_factory=list)
    fails: bool = False

    @command
    def fail(self, player: Player) -> None:
        self.fails = True

    @command
    def end(self, player: Player) -> None:
        self.finish()

    def on_away(self, player: Player) -> None:
        self.told.append(f"{player} away")
        self.publish(Noted(f"{player} away"))
        if self.fails:
            raise GameError("with a secret")

    def on_back(self, player: Player) -> None:
        self.told.append(f"{player} back")


def run(game: Judge, name: str, **arguments: Any) -> None:
    """Have a command take effect."""
    pending = PendingCommand(Role(ALICE, True), Request(name, None, arguments), lambda _: None)
    pending.judge(game)
    assert pending.entry is not None


class Alarms(SynchronousTestCase):
    """Something that was to come is due."""

    def setUp(self) -> None:
        self.game = Judge(Clockwork)

    def due(self, how: str = "ring") -> PendingAlarm:
        run(self.game, "alarm", how=how)
        return PendingAlarm(self.game.instance.standing.alarms[-1])

    def test_it_runs_and_is_written_with_what_it_was(self) -> None:
        pending = self.due()
        pending.judge(self.game)
        entry = pending.entry
        assert entry is not None
        self.assertEqual((entry.kind, entry.name, entry.arguments, entry.timer), ("timer", "ring", b"[]", 1))
        self.assertEqual((entry.fault, entry.timers, entry.player, len(entry.events)), ("", (), None, 1))
        pending.settle(self.game)

    def test_one_that_fails_in_whatever_way_is_written_as_failed_and_does_not_come_again(self) -> None:
        for how, named in (("crash", "RuntimeError"), ("refuse", "GameError"), ("leave", "SystemExit")):
            self.game = Judge(Clockwork)
            pending = self.due(how)
            image = self.game.instance.standing.image
            pending.judge(self.game)
            entry = pending.entry
            assert entry is not None
            self.assertEqual((entry.fault, entry.timers, entry.timer), (f"{named} (incident incident-1)", (), 1))
            self.assertEqual((entry.changed, entry.events), ({}, ()))
            self.assertNotIn("secret", entry.fault)
            self.assertEqual((self.game.instance.standing.image, self.game.instance.standing.alarms), (image, ()))
            ((what, _),) = self.game.faults
            self.assertEqual(what, f"timer {how}")

    def test_one_that_was_cancelled_meanwhile_or_ran_already_does_nothing(self) -> None:
        pending = self.due()
        run(self.game, "cancel_all")
        number = self.game.instance.standing.entry
        pending.judge(self.game)
        self.assertEqual((pending.entry, self.game.instance.standing.entry), (None, number))
        pending.settle(self.game)
        first = self.due()
        first.judge(self.game)
        first.judge(self.game)
        self.assertIsNone(first.entry)

    def test_judged_again_it_runs_again_where_what_came_before_did_not_happen(self) -> None:
        pending = self.due()
        before = self.game.instance.standing
        run(self.game, "cancel_all")
        pending.judge(self.game)
        self.game.instance.go_back(before)
        pending.judge(self.game)
        self.assertIsNotNone(pending.entry)
        self.game.instance.go_back(before)
        pending.fail(self.game)
        pending.overdue()
        self.assertEqual(len(self.game.instance.standing.alarms), 1)

    def test_when_it_is_over_whoever_waits_for_that_is_told(self) -> None:
        for end in ("settle", "fail"):
            run(self.game, "alarm")
            over: list[str] = []
            pending = PendingAlarm(self.game.instance.standing.alarms[-1], partial(over.append, "over"))
            pending.judge(self.game)
            self.assertEqual(over, [])
            getattr(pending, end)(self.game)
            self.assertEqual(over, ["over"])


class Ticks(SynchronousTestCase):
    """A tick is due."""

    def setUp(self) -> None:
        self.rests = 0
        self.game = Judge(Beat, players=("alice", "bob"))

    @property
    def standing(self) -> Standing:
        return self.game.instance.standing

    def tick(self, now: float = NOW + 1) -> PendingTick:
        def rest() -> None:
            self.rests += 1

        pending = PendingTick(now, rest)
        pending.judge(self.game)
        return pending

    def test_what_came_of_it_is_written_with_its_time(self) -> None:
        run(self.game, "do", what="count")
        entry = self.tick(NOW + 1.25).entry
        assert entry is not None
        self.assertEqual((entry.kind, entry.time, entry.player, entry.fault), ("tick", NOW + 1.25, None, ""))
        self.assertEqual(set(entry.changed), {"ticks", "at"})
        model: Any = self.game.instance._model
        self.assertEqual((model.ticks, model.at), (1, NOW + 1.25))

    def test_where_nothing_came_of_it_it_is_as_if_it_had_not_run(self) -> None:
        for what in ("nothing", "look"):
            run(self.game, "do", what=what)
            before = self.standing
            pending = self.tick()
            self.assertEqual((pending.entry, pending.effect, pending.is_over), (None, None, True))
            self.assertIs(self.standing, before)

    def test_one_that_can_not_run_any_more_is_over(self) -> None:
        pending = PendingTick(NOW, lambda: None)
        self.assertFalse(pending.is_over)
        pending.fail(self.game)
        self.assertTrue(pending.is_over)

    def test_whatever_can_be_noticed_is_something(self) -> None:
        for what in ("count", "say", "throw", "set", "end"):
            self.game = Judge(Beat, players=("alice", "bob"))
            run(self.game, "do", what=what)
            before = self.standing
            pending = self.tick()
            self.assertIsNotNone(pending.entry, what)
            self.assertEqual(self.standing.entry, before.entry + 1)
        self.assertTrue(self.standing.finished)

    def test_two_that_take_chance_do_not_take_the_same(self) -> None:
        run(self.game, "do", what="throw")
        thrown = []
        for _ in range(2):
            self.tick()
            thrown.append(self.game.instance._context.random.random())
        self.assertNotEqual(*thrown)

    def test_one_that_fails_has_had_no_effect_is_written_and_is_followed_by_a_rest(self) -> None:
        for number, (what, named) in enumerate(
            (("crash", "RuntimeError"), ("refuse", "GameError"), ("exit", "SystemExit")), 1
        ):
            run(self.game, "do", what=what)
            image = self.standing.image
            entry = self.tick().entry
            assert entry is not None
            self.assertEqual(entry.fault, f"{named} (incident incident-{number})")
            self.assertEqual((entry.changed, entry.events, self.standing.image), ({}, (), image))
            self.assertEqual(self.rests, number)
            self.assertEqual(self.game.faults[-1][0], "on_tick")

    def test_an_interrupt_of_the_operators_is_not_swallowed(self) -> None:
        run(self.game, "do", what="interrupt")
        self.assertRaises(KeyboardInterrupt, self.tick)

    def test_there_is_none_after_the_end_nor_where_a_seat_that_is_needed_is_free(self) -> None:
        run(self.game, "do", what="count")
        for end in (lambda: run(self.game, "end"), self.leave):
            standing = self.standing
            end()
            self.assertIsNone(self.tick().entry)
            self.game.instance.go_back(standing)
            self.assertIsNotNone(self.tick().entry)

    def leave(self) -> None:
        self.game.instance.seat(NOW, (ALICE, None, None), [])


class Presence(SynchronousTestCase):
    """Somebody is away, or back, and the model wants to know."""

    def setUp(self) -> None:
        self.settled = self.failed = 0
        self.game = Judge(Watching, players=("alice", "bob"))

    @property
    def standing(self) -> Standing:
        return self.game.instance.standing

    def told(self) -> list[str]:
        model: Any = self.game.instance._model
        return list(model.told)

    def happen(self, player: Player, *, away: bool) -> Entry | None:
        def settled() -> None:
            self.settled += 1

        def failed() -> None:
            self.failed += 1

        self.pending = PendingPresence(player, away=away, settled=settled, failed=failed)
        self.pending.judge(self.game)
        return self.pending.entry

    def test_the_model_is_told_and_that_is_written(self) -> None:
        for player, away, kind in ((BOB, False, "back"), (BOB, True, "away"), (BOB, False, "back")):
            entry = self.happen(player, away=away)
            assert entry is not None
            self.assertEqual((entry.kind, entry.player, entry.fault, set(entry.changed)), (kind, "bob", "", {"told"}))
            self.assertEqual(len(entry.events), away)
            self.assertEqual(self.standing.here, frozenset() if away else {"bob"})
        self.assertEqual((self.told(), self.settled), (["bob back", "bob away", "bob back"], 0))
        self.pending.settle(self.game)
        self.assertEqual((self.settled, self.failed), (1, 0))

    def test_what_it_knows_it_is_not_told_again(self) -> None:
        self.assertIsNone(self.happen(ALICE, away=True))
        self.happen(ALICE, away=False)
        self.assertIsNone(self.happen(ALICE, away=False))
        self.pending.settle(self.game)
        self.assertEqual((self.told(), self.settled), (["alice back"], 1))

    def test_of_who_has_no_seat_and_after_the_end_it_is_told_nothing(self) -> None:
        self.assertIsNone(self.happen(CAROL, away=False))
        run(self.game, "end")
        self.assertIsNone(self.happen(ALICE, away=False))
        self.assertEqual(self.told(), [])

    def test_where_it_fails_that_has_had_no_effect_and_still_they_are_away(self) -> None:
        self.happen(ALICE, away=False)
        run(self.game, "fail")
        entry = self.happen(ALICE, away=True)
        assert entry is not None
        self.assertEqual((entry.kind, entry.fault), ("away", "GameError (incident incident-1)"))
        self.assertEqual((entry.changed, entry.events), ({}, ()))
        self.assertEqual((self.told(), self.standing.here), (["alice back"], frozenset()))
        self.assertEqual([what for what, _ in self.game.faults], ["on_away"])

    def test_what_the_journal_does_not_keep_has_to_be_told_again(self) -> None:
        before = self.standing
        self.happen(ALICE, away=False)
        self.game.instance.go_back(before)
        self.pending.fail(self.game)
        self.pending.overdue()
        self.assertEqual((self.settled, self.failed, self.standing.here), (0, 1, frozenset()))
        self.pending.judge(self.game)
        self.assertIsNotNone(self.pending.entry)
