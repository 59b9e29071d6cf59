"""A running model: each call takes effect wholly or not at all, and the game can stand again as it stood."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import Event, GameError, GameModel, Player, command, field
from gamesvc.context import Alarm
from gamesvc.instance import MAX_RESULT_BYTES, MAX_STATE_BYTES, Instance
from gamesvc.journal.records import BotSeat, Opening, Published
from gamesvc.model import Timer as TimerId
from gamesvc.standing import Effect, Standing, opening_entry

PROPERTY = settings(deadline=None, database=None, max_examples=80)
ALICE, BOB = Player("alice"), Player("bob")
OPENING = Opening("kind", 1, b"{}", "epoch", b"seed")


class Noted(Event):
    text: str


class Odd(ValueError):
    """Fails when it is looked at."""

    def __getattr__(self, name: str) -> object:
        raise RuntimeError


class Ledger(GameModel):
    """Does everything that a model can do."""

    pages: dict[str, list[int]] = field(default_factory=dict)
    total: int = 0
    thrown: float = 0.0
    last_timer: TimerId | None = None

    def setup(self) -> None:
        self.total = 1
        self.publish(Noted("open"))

    @command
    def add(self, player: Player, number: int = 1) -> int:
        self.pages.setdefault(player, []).append(number)
        self.total += number
        self.publish(Noted("everybody"))
        self.publish(Noted("some"), to=[BOB, ALICE])
        return self.total

    @command
    def throw(self, player: Player) -> float:
        self.thrown = self.random.random()
        return self.thrown

    @command
    def later(self, player: Player, seconds: float = 5.0) -> None:
        self.last_timer = self.after(seconds, self.ring, "a")

    @command
    def never(self, player: Player) -> None:
        if self.last_timer is not None:
            self.cancel(self.last_timer)

    @command
    def end(self, player: Player) -> None:
        self.finish(Noted("over"))

    @command
    def stop(self, player: Player) -> None:
        self.finish()

    @command
    def nothing(self, player: Player) -> None: ...

    @command
    def spoil(self, player: Player, how: str = "refuse") -> object:
        for page in self.pages.values():
            page.append(666)
        self.total = 666
        self.random.random()
        self.after(1, self.ring, "spoiled")
        self.never(player)
        self.finish(Noted("spoiled"))
        if how == "exit":
            raise SystemExit
        if how == "type":
            self.total = "many"  # type: ignore[assignment]  # the mistake that this is about
            return None
        if how == "result":
            return object()
        if how == "odd":
            raise Odd
        raise GameError("no")

    @command
    def grow(self, player: Player, size: int) -> None:
        self.pages = {"x" * size: []}

    @command
    def say(self, player: Player, size: int) -> str:
        return "x" * size

    def ring(self, text: str) -> None:
        self.total += 100
        self.publish(Noted(text))

    def fall(self) -> None:
        self.total = 666
        self.publish(Noted("spoiled"))
        raise RuntimeError("fell")

    @command
    def trap(self, player: Player) -> None:
        self.after(5, self.fall)


class Duel(GameModel, seats=2):
    seen: list[Player] = field(default_factory=list)

    def setup(self) -> None:
        self.seen = list(self.players)

    @command
    def look(self, player: Player) -> list[Player]:
        return list(self.players)


def run(instance: Instance, name: str, now: float = 1000.0, /, **arguments: Any) -> Effect:
    """Have alice send a command."""
    return instance.command(now, name, ALICE, instance.kind.COMMANDS[name].arguments(**arguments))


def opened(model: type[GameModel] = Ledger, seed: bytes = b"seed") -> Instance:
    instance = Instance(model, seed)
    instance.open(1000.0)
    return instance


class Opened(SynchronousTestCase):
    """A game begins."""

    def test_setup_is_the_first_entry_and_its_events_are_in_it(self) -> None:
        effect = Instance(Ledger, b"seed").open(1000.0)
        self.assertEqual((effect.before.entry, effect.after.entry, effect.after.now), (0, 1, 1000.0))
        self.assertEqual(effect.events, [(b'{"event":"Noted","text":"open"}', None)])

    def test_the_first_entry_has_all_fields_the_seats_and_what_the_game_began_with(self) -> None:
        entry = opening_entry(Instance(Duel, b"seed").open(1000.0), Duel, OPENING)
        self.assertEqual((entry.number, entry.kind, entry.opening), (1, "opened", OPENING))
        self.assertEqual((set(entry.changed), entry.seats), ({"seen"}, (None, None)))

    def test_who_has_a_seat_from_the_start_is_there_when_setup_runs(self) -> None:
        effect = Instance(Duel, b"seed").open(1000.0, ("alice", "bob", "carol"))
        self.assertEqual(effect.after.seats, (ALICE, BOB))
        self.assertEqual(msgspec.msgpack.decode(effect.after.image[0]), ["alice", "bob"])

    def test_fewer_players_than_seats_leave_the_rest_free(self) -> None:
        self.assertEqual(Instance(Duel, b"seed").open(1000.0, ("bob",)).after.seats, (BOB, None))

    def test_there_is_room_as_long_as_there_is_a_free_seat_that_is_wanted(self) -> None:
        instance = Instance(Duel, b"seed")
        for wanted, rooms in ((None, [True, True, False]), (1, [True, False, False]), (2, [True, True, False])):
            instance.wanted = wanted
            seats: tuple[tuple[Player | None, ...], ...] = ((None, None), (None, BOB), (ALICE, BOB))
            self.assertEqual([instance.has_room(each) for each in seats], rooms)
        self.assertFalse(Instance(Ledger, b"seed").has_room(()))

    def test_what_setup_raises_is_raised(self) -> None:
        class Broken(GameModel):
            def setup(self) -> None:
                raise ZeroDivisionError

            @command
            def look(self, player: Player) -> None: ...

        self.assertRaises(ZeroDivisionError, Instance(Broken, b"seed").open, 1000.0)


class Effects(SynchronousTestCase):
    """What a call leaves behind."""

    def test_each_call_has_the_next_number_and_its_own_events(self) -> None:
        instance = opened()
        effects = [run(instance, "add", 1000.0 + number) for number in (1, 2)]
        self.assertEqual([each.after.entry for each in effects], [2, 3])
        self.assertEqual([each.after.now for each in effects], [1001.0, 1002.0])
        self.assertEqual([len(each.events) for each in effects], [2, 2])
        self.assertIs(effects[0].after, effects[1].before)
        self.assertIs(instance.standing, effects[1].after)

    def test_its_entry_has_the_fields_that_changed_and_no_others(self) -> None:
        instance = opened()
        entry = run(instance, "add", number=4).entry(Ledger, "command", player="alice", id="c-1", name="add")
        changed = {name: msgspec.msgpack.decode(raw) for name, raw in entry.changed.items()}
        self.assertEqual(changed, {"pages": {"alice": [4]}, "total": 5})
        self.assertEqual(
            entry.events,
            (
                Published(b'{"event":"Noted","text":"everybody"}'),
                Published(b'{"event":"Noted","text":"some"}', ("alice", "bob")),
            ),
        )
        self.assertEqual((entry.result, entry.player, entry.id, entry.name), (b"5", "alice", "c-1", "add"))
        self.assertEqual((entry.seats, entry.timers, entry.opening), (None, None, None))
        self.assertEqual(run(instance, "nothing").entry(Ledger, "command").changed, {})

    def test_its_entry_has_all_timers_where_one_was_set_cancelled_or_ran(self) -> None:
        instance = opened()

        def timers(effect: Effect) -> list[tuple[int, float]] | None:
            kept = effect.entry(Ledger, "command").timers
            return None if kept is None else [(timer.id, timer.due) for timer in kept]

        self.assertEqual(timers(run(instance, "later", 1001.0)), [(1, 1006.0)])
        self.assertIsNone(timers(run(instance, "add", 1002.0)))
        self.assertEqual(timers(run(instance, "later", 1003.0)), [(1, 1006.0), (2, 1008.0)])
        self.assertEqual(timers(run(instance, "never", 1004.0)), [(1, 1006.0)])
        effect = instance.alarm(1006.0, instance.standing.alarms[0])
        self.assertEqual((timers(effect), effect.entry(Ledger, "timer").last_timer), ([], 2))

    def test_the_end_of_the_game_is_in_its_entry_and_takes_all_timers_with_it(self) -> None:
        instance = opened()
        run(instance, "later")
        entry = run(instance, "end").entry(Ledger, "command")
        self.assertEqual((entry.finished, entry.timers, instance.standing.alarms), (True, (), ()))
        end = b'{"event":"gamesvc.finished","outcome":{"event":"Noted","text":"over"}}'
        self.assertEqual([(event.body, event.to) for event in entry.events][-1:], [(end, None)])
        instance = opened()
        entry = run(instance, "stop").entry(Ledger, "command")
        self.assertEqual([event.body for event in entry.events], [b'{"event":"gamesvc.finished"}'])

    def test_that_it_is_over_is_told_once_whatever_still_happens(self) -> None:
        instance = opened()
        run(instance, "end")
        self.assertEqual(run(instance, "say", size=0).events, [])

    def test_a_result_of_none_is_none_and_others_are_json(self) -> None:
        instance = opened()
        self.assertIsNone(run(instance, "nothing").result)
        self.assertEqual(run(instance, "say", size=0).result, b'""')

    def test_a_timer_of_one_id_is_never_given_that_id_again(self) -> None:
        instance = opened()
        for _ in range(3):
            run(instance, "later")
            run(instance, "never")
        self.assertEqual((instance.standing.alarms, instance.standing.last_alarm), ((), 3))


class NothingHasChanged(SynchronousTestCase):
    """What fails leaves no trace."""

    def assert_untouched(self, instance: Instance, call: Callable[[], object]) -> None:
        """The standing is the same, and what comes next is as if nothing had been tried."""
        twin = Instance(Ledger, b"seed", instance.standing)
        before = instance.standing
        with self.assertRaises((GameError, SystemExit, TypeError, ValueError, RuntimeError)):
            call()
        self.assertIs(instance.standing, before)
        self.assertEqual(instance.players, twin.players)
        for name in ("add", "throw", "later", "never", "add"):
            self.assertEqual(run(instance, name, 1100.0), run(twin, name, 1100.0))

    def test_a_refusal_or_a_failure_of_whatever_kind_leaves_everything_as_it_was(self) -> None:
        for how in ("refuse", "exit", "type", "result", "odd"):
            instance = opened()
            run(instance, "add")
            run(instance, "later")
            self.assert_untouched(instance, partial(run, instance, "spoil", how=how))

    def test_a_timer_that_fails_is_still_to_come_until_it_is_dropped(self) -> None:
        instance = opened()
        run(instance, "trap")
        run(instance, "later")
        trap, other = instance.standing.alarms
        self.assert_untouched(instance, lambda: instance.alarm(1050.0, trap))
        effect = instance.drop(1060.0, trap)
        self.assertNotIn(trap, instance.standing.alarms)
        self.assertIn(other, instance.standing.alarms)
        self.assertEqual((effect.before.image, effect.events), (effect.after.image, []))

    def test_a_state_beyond_the_most_is_refused(self) -> None:
        instance = opened()
        self.assert_untouched(instance, lambda: run(instance, "grow", size=MAX_STATE_BYTES))
        run(instance, "grow", size=MAX_STATE_BYTES - 1000)

    def test_a_result_beyond_the_most_is_refused(self) -> None:
        self.assertEqual(MAX_RESULT_BYTES, 1 << 16)
        instance = opened()
        self.assert_untouched(instance, lambda: run(instance, "say", size=MAX_RESULT_BYTES - 1))
        run(instance, "say", size=MAX_RESULT_BYTES - 2)

    def test_the_game_itself_is_no_result(self) -> None:
        class Careless(GameModel):
            @command
            def look(self, player: Player) -> object:
                return self

        instance = opened(Careless)
        self.assertRaises(TypeError, run, instance, "look")


class Alarms(SynchronousTestCase):
    """What was to come, comes."""

    def test_it_runs_once_with_what_it_was_given(self) -> None:
        instance = opened()
        run(instance, "later")
        effect = instance.alarm(1005.0, instance.standing.alarms[0])
        self.assertEqual(effect.events, [(b'{"event":"Noted","text":"a"}', None)])
        self.assertEqual(instance.standing.alarms, ())

    def test_the_game_wants_to_be_woken_by_the_next(self) -> None:
        instance = opened()
        self.assertIsNone(instance.standing.wake_at)
        for seconds in (9.0, 3.0, 7.0):
            run(instance, "later", seconds=seconds)
        self.assertEqual(instance.standing.wake_at, 1003.0)

    def test_one_that_was_set_anew_by_a_command_that_was_judged_again_is_consumed_all_the_same(self) -> None:
        # The clock need not have moved meanwhile: then the two are equal, and not the same object.
        instance = opened()
        before = instance.standing
        run(instance, "later", 1000.0)
        (first,) = instance.standing.alarms
        instance.go_back(before)
        run(instance, "later", 1000.0)
        self.assertIn(first, instance.standing.alarms)
        instance.alarm(1010.0, first)
        self.assertEqual(instance.standing.alarms, ())


class Seated(SynchronousTestCase):
    """Players sit down."""

    def test_they_are_there_from_then_on_and_the_state_is_as_it_was(self) -> None:
        instance = opened(Duel)
        effect = instance.seat(1001.0, (None, BOB), [b'{"event":"gamesvc.joined"}'])
        self.assertEqual((effect.after.entry, effect.after.now, effect.after.seats), (2, 1001.0, (None, BOB)))
        self.assertEqual((instance.players, effect.events), ((BOB,), [(b'{"event":"gamesvc.joined"}', None)]))
        entry = effect.entry(Duel, "seated", player="bob")
        self.assertEqual((entry.seats, entry.changed, entry.player), ((None, "bob"), {}, "bob"))
        self.assertEqual(run(instance, "look").result, b'["bob"]')

    def test_the_time_does_not_run_backwards_with_them(self) -> None:
        instance = opened(Duel)
        self.assertEqual(instance.seat(900.0, (ALICE, None), []).after.now, 1000.0)

    def test_bots_play_for_them_as_long_as_they_have_a_seat(self) -> None:
        instance = opened(Duel)
        bots = BotSeat("alice", "a", stands_in=True), BotSeat("bob", "b")
        instance.seat(1001.0, (ALICE, BOB), [], bots=bots)
        self.assertEqual(instance.standing.bots, bots)
        run(instance, "look")
        self.assertIs(instance.standing.bots, bots)
        effect = instance.seat(1002.0, (ALICE, None), [])
        self.assertEqual((effect.after.bots, effect.entry(Duel, "left").bots), (bots[:1], bots[:1]))
        effect = instance.seat(1003.0, (ALICE, BOB), [], BOB)
        self.assertEqual((effect.after.bots, effect.entry(Duel, "seated").bots), (bots[:1], None))
        instance.seat(1004.0, (ALICE, BOB), [], bots=())
        self.assertEqual(instance.standing.bots, ())

    def test_they_stand_up_when_the_game_goes_back(self) -> None:
        instance = opened(Duel)
        before = instance.standing
        instance.seat(1001.0, (ALICE, BOB), [])
        instance.go_back(before)
        self.assertEqual((instance.players, run(instance, "look").result), ((), b"[]"))


class TimeAndChance(SynchronousTestCase):
    """The same, whenever it is run again."""

    def test_time_is_never_earlier_than_the_entry_before(self) -> None:
        instance = opened()
        times = [run(instance, "add", now).after.now for now in (1005.0, 900.0, 1006.0)]
        self.assertEqual(times, [1005.0, 1005.0, 1006.0])

    def test_time_may_be_earlier_again_where_the_game_went_back(self) -> None:
        instance = opened()
        before = instance.standing
        run(instance, "add", 2000.0)
        instance.go_back(before)
        self.assertEqual(run(instance, "add", 1001.0).after.now, 1001.0)

    def test_chance_is_of_the_seed_and_the_entrys_number(self) -> None:
        instance = opened()
        before = instance.standing
        first = run(instance, "throw").result
        second = run(instance, "throw", 1500.0).result
        instance.go_back(before)
        self.assertEqual([run(instance, "throw", 3000.0).result, run(instance, "throw").result], [first, second])
        self.assertEqual(len({first, second, run(opened(seed=b"tree"), "throw").result}), 3)


STEPS = st.one_of(
    st.tuples(st.sampled_from(("add", "throw", "later", "never", "spoil", "trap", "nothing")), st.just(0)),
    st.tuples(st.just("alarm"), st.integers(0, 3)),
    st.tuples(st.just("back"), st.integers(1, 4)),
)


class GoingBack(SynchronousTestCase):
    """To any standing, any number of times."""

    @PROPERTY
    @given(st.lists(STEPS, max_size=25))
    def test_what_was_undone_makes_no_difference(self, steps: list[tuple[str, int]]) -> None:
        ahead = opened()
        done: list[tuple[str, Alarm | None, float]] = []
        standings: list[Standing] = [ahead.standing]

        def do(instance: Instance, name: str, alarm: Alarm | None, now: float) -> Effect | None:
            try:
                return run(instance, name, now) if alarm is None else instance.alarm(now, alarm)
            except RuntimeError:
                assert alarm is not None
                return instance.drop(now, alarm)
            except GameError:
                return None

        for number, (name, which) in enumerate(steps):
            now = 1001.0 + number
            if name == "back":
                keep = max(0, len(done) - which)
                del done[keep:], standings[keep + 1 :]
                ahead.go_back(standings[-1])
                continue
            alarms = ahead.standing.alarms
            if name == "alarm" and not alarms:
                continue
            alarm = alarms[which % len(alarms)] if name == "alarm" else None
            if do(ahead, name, alarm, now) is not None:
                done.append((name, alarm, now))
                standings.append(ahead.standing)
        straight = opened()
        for name, alarm, now in done:
            if alarm is not None:
                alarm = next(each for each in straight.standing.alarms if each == alarm)
            do(straight, name, alarm, now)
        self.assertEqual(ahead.standing, straight.standing)
        self.assertEqual(Instance(Ledger, b"seed", ahead.standing).standing, ahead.standing)
