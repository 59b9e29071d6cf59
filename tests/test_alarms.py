"""Timers: what is to come, and with what it is called."""

from __future__ import annotations

import contextlib
import enum
import math
from collections.abc import Callable
from typing import Any, TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import GameModel, Player, Timer, command, field
from gamesvc.alarms import MAX_TIMERS, call_alarm
from gamesvc.image import restore, settle
from gamesvc.model import Context, start

M = TypeVar("M", bound=GameModel)
ALICE = Player("alice")
PROPERTY = settings(deadline=None, database=None, max_examples=100)


class Piece(Struct):
    cells: list[int]


class Way(enum.Enum):
    UP = "up"
    DOWN = "down"


class Circle(Struct):
    radius: int = 0


def begun(kind: type[M], context: Context | None = None) -> M:
    """A new game."""
    model = start(kind, context or Context())
    assert isinstance(model, kind)
    return model


class Clockwork(GameModel):
    """Keeps what its timers were called with."""

    rung: list[str] = field(default_factory=list)
    alarm: Timer | None = None
    shots: int = 0

    def ring(self, *given: object) -> None:
        self.rung.append(repr(given))

    def plain(self) -> None:
        self.rung.append("plain")

    def typed(
        self,
        player: Player,
        piece: Piece,
        way: Way = Way.UP,
        counts: dict[int, tuple[int, float]] | None = None,
        *,
        loud: bool = False,
    ) -> None:
        self.rung.append(repr((player, piece, way, counts, loud)))

    def many(self, first: str, *rest: float, loud: bool = False) -> None:
        self.rung.append(repr((first, rest, loud)))

    def untyped(self, what):  # type: ignore[no-untyped-def]  # as authors who write no types do
        self.rung.append(repr(what))

    def __hidden(self) -> None:
        self.rung.append("hidden")

    def ring_hidden(self) -> None:
        self.after(1, self.__hidden)

    @command
    def pull(self, player: Player, strength: int = 1) -> None:
        self.rung.append(f"{player} {strength}")


class Timers(SynchronousTestCase):
    """What is to come."""

    def setUp(self) -> None:
        self.context = Context(now=100.0)
        self.model = begun(Clockwork, self.context)

    def ring(self, method: Callable[..., None], *arguments: object) -> str:
        """What a timer's method is called with, as it notes it."""
        self.model.after(1, method, *arguments)
        call_alarm(self.model, self.context.alarms[-1])
        return self.model.rung[-1]

    def test_after_notes_when_what_and_with_what_and_nothing_is_called_yet(self) -> None:
        self.model.after(2.5, self.model.ring, 1, "x", None)
        self.model.after(0, self.model.plain)
        self.assertEqual(
            [tuple(alarm) for alarm in self.context.alarms],
            [(1, 102.5, "ring", b'[1,"x",null]'), (2, 100.0, "plain", b"[]")],
        )
        self.assertEqual(self.model.rung, [])

    def test_what_it_is_called_with_is_taken_as_it_is_now(self) -> None:
        piece = Piece([1])
        self.model.after(1, self.model.typed, ALICE, piece)
        piece.cells.append(2)
        call_alarm(self.model, self.context.alarms[0])
        self.assertIn("Piece(cells=[1])", self.model.rung[0])

    def test_it_is_called_with_values_of_the_types_that_its_annotations_say(self) -> None:
        piece, counts = Piece([1, 2]), {4: (1, 2.0)}
        wanted = repr((ALICE, piece, Way.DOWN, counts, False))
        self.assertEqual(self.ring(self.model.typed, ALICE, piece, Way.DOWN, counts), wanted)
        self.assertEqual(self.ring(self.model.typed, ALICE, piece), repr((ALICE, piece, Way.UP, None, False)))
        self.assertEqual(self.ring(self.model.many, "x"), repr(("x", (), False)))
        self.assertEqual(self.ring(self.model.untyped, {"a": [1]}), repr({"a": [1]}))
        self.assertEqual(self.ring(self.model.ring, (1, 2), "x"), repr(([1, 2], "x")))

    def test_any_number_of_values_may_be_given_to_a_method_that_takes_any_number(self) -> None:
        for count in range(5):
            wanted = repr(("x", tuple(map(float, range(count))), False))
            self.assertEqual(self.ring(self.model.many, "x", *range(count)), wanted)

    def test_a_command_may_be_what_a_timer_calls(self) -> None:
        self.assertEqual(self.ring(self.model.pull, ALICE, 3), "alice 3")

    def test_a_method_with_a_private_name_is_called_too(self) -> None:
        self.model.ring_hidden()
        call_alarm(self.model, self.context.alarms[0])
        self.assertEqual(self.model.rung, ["hidden"])

    def test_a_value_that_its_annotation_does_not_allow_is_found_at_once(self) -> None:
        # When it is due nobody could say where it came from.
        error = self.assertRaises(TypeError, self.model.after, 1, self.model.pull, ALICE, "strong")
        self.assertIn("after(seconds, self.pull, ...): Expected `int`, got `str`", str(error))
        self.assertEqual(self.context.alarms, ())

    def test_a_method_that_was_called_instead_of_named_is_told_apart(self) -> None:
        done: Any = self.model.plain()  # type: ignore[func-returns-value]  # the mistake that this is about
        error = self.assertRaises(TypeError, self.model.after, 1, done)
        self.assertIn("write it without parentheses", str(error))

    def test_a_method_that_yields_could_not_be_run_and_is_refused(self) -> None:
        class Slow(GameModel):
            def steps(self) -> Any:
                yield

        slow = begun(Slow)
        self.assertIn("without yield", str(self.assertRaises(TypeError, slow.after, 1, slow.steps)))

    def test_only_methods_of_the_model_itself_can_be_called_later(self) -> None:
        other = begun(Clockwork)
        wrong: list[Any] = [other.plain, Clockwork.plain, len, lambda: None, "plain", None, self.model.rung.clear]
        for method in wrong:
            self.assertRaises(TypeError, self.model.after, 1, method)
        self.assertEqual(self.context.alarms, ())

    def test_what_the_method_does_not_take_is_refused_at_once(self) -> None:
        wrong: list[tuple[Any, ...]] = [
            (self.model.plain, 1),
            (self.model.typed, ALICE),
            (self.model.pull,),
            (self.model.pull, ALICE, 1, 2),
        ]
        for method, *arguments in wrong:
            self.assertRaises(TypeError, self.model.after, 1, method, *arguments)
        self.assertEqual(self.context.alarms, ())

    def test_what_cannot_be_stored_is_refused_at_once(self) -> None:
        for value in (object(), self.model.plain, {(1, 2): object()}):
            self.assertRaises(TypeError, self.model.after, 1, self.model.ring, value)
        self.assertEqual(self.context.alarms, ())

    def test_a_time_that_never_comes_or_is_past_is_refused(self) -> None:
        for seconds in (-0.001, -1, math.inf, -math.inf, math.nan):
            self.assertRaises(ValueError, self.model.after, seconds, self.model.plain)
        self.assertEqual(self.context.alarms, ())

    def test_there_are_256_at_a_time_and_no_more(self) -> None:
        timers = [self.model.after(1, self.model.plain) for _ in range(MAX_TIMERS)]
        self.assertEqual((MAX_TIMERS, len(set(timers))), (256, 256))
        self.assertRaises(ValueError, self.model.after, 1, self.model.plain)
        self.model.cancel(timers[7])
        self.model.after(1, self.model.plain)
        self.assertEqual(len(self.context.alarms), 256)

    def test_what_was_cancelled_does_not_come_and_the_others_do(self) -> None:
        first, second, third = (self.model.after(seconds, self.model.plain) for seconds in (1, 2, 3))
        self.assertIs(self.model.cancel(second), True)
        self.assertEqual([alarm.id for alarm in self.context.alarms], [first, third])

    def test_to_cancel_what_is_not_to_come_any_more_is_harmless_and_says_so(self) -> None:
        timer = self.model.after(1, self.model.plain)
        self.model.cancel(timer)
        self.assertEqual([self.model.cancel(each) for each in (timer, Timer(0), Timer(99))], [False] * 3)

    def test_no_timer_gets_the_number_of_an_earlier_one(self) -> None:
        # Else who kept the number of one that has rung would cancel another.
        first = self.model.after(1, self.model.plain)
        self.model.cancel(first)
        self.assertGreater(self.model.after(1, self.model.plain), first)
        self.assertEqual(self.context.last_alarm, 2)

    def test_setup_may_set_timers_and_a_field_may_keep_one(self) -> None:
        class Bomb(GameModel):
            fuse: Timer | None = None

            def setup(self) -> None:
                self.fuse = self.after(10, self.explode)

            def explode(self) -> None: ...

        context = Context(now=5.0)
        bomb = begun(Bomb, context)
        settle(bomb)
        assert bomb.fuse is not None
        self.assertEqual([alarm.due for alarm in context.alarms], [15.0])
        self.assertTrue(bomb.cancel(bomb.fuse))

    def test_what_a_timer_is_called_with_may_be_of_types_that_are_defined_within_the_model(self) -> None:
        class Game(GameModel):
            class Way(enum.Enum):
                UP = "up"

            way: Way | None = None

            def turn(self, way: Way) -> None:
                self.way = way

        context = Context()
        game = start(Game, context)
        game.after(1, game.turn, Game.Way.UP)
        call_alarm(game, context.alarms[0])
        self.assertIs(game.way, Game.Way.UP)

    def test_a_timers_method_may_come_from_any_base_and_gets_what_its_annotations_say(self) -> None:
        got: list[object] = []

        class Ringing:
            __slots__ = ()

            def ring(self, circle: Circle) -> None:
                got.append(circle)

        class Chiming(Ringing):
            __slots__ = ()

        class OfOne(GameModel, Ringing):
            pass

        class OfTwo(GameModel, Chiming):
            pass

        class Child(OfTwo):
            def chime(self, circle: Circle) -> None:
                got.append(circle)

        for kind in (OfOne, OfTwo, Child):
            context = Context()
            game: Any = start(kind, context)
            game.after(1, game.ring, Circle(4))
            call_alarm(game, context.alarms[0])
        game.after(1, game.chime, Circle(4))
        call_alarm(game, context.alarms[1])
        self.assertEqual(got, [Circle(4)] * 4)

    def test_where_annotations_mean_nothing_a_timer_is_not_called_with_something_else_unnoticed(self) -> None:
        got: list[object] = []

        # As it is seen where a type is imported for type checkers only.
        class Game(GameModel):
            def ring(self, circle: Circle) -> Nowhere:  # type: ignore[name-defined]  # noqa: F821
                got.append(circle)

        context = Context()
        game = start(Game, context)
        with contextlib.suppress(TypeError):
            game.after(1, game.ring, Circle(4))
            call_alarm(game, context.alarms[0])
        self.assertIn(got, ([Circle(4)], []))

    @PROPERTY
    @given(st.lists(st.tuples(st.floats(0, 1e6), st.integers(-9, 9), st.lists(st.integers(-9, 9))), max_size=9))
    def test_whatever_was_set_comes_as_it_was_also_after_the_model_was_loaded_again(
        self, calls: list[tuple[float, int, list[int]]]
    ) -> None:
        context = Context(now=100.0)
        model = begun(Clockwork, context)
        image = settle(model)
        for seconds, count, cells in calls:
            model.after(seconds, model.typed, ALICE, Piece(cells), Way.DOWN, {count: (count, 0.5)})
        model.shots = 1
        restore(model, image)
        self.assertEqual([alarm.due for alarm in context.alarms], [100.0 + seconds for seconds, _, _ in calls])
        other = begun(Clockwork)
        for alarm in context.alarms:
            call_alarm(other, alarm)
        wanted = [repr((ALICE, Piece(cells), Way.DOWN, {count: (count, 0.5)}, False)) for _, count, cells in calls]
        self.assertEqual(other.rung, wanted)
