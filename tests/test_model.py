"""Models and events by themselves, as their author has them."""

import enum
import json
import math
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import DefinitionError, Event, GameError, GameModel, Player, Timer, command, field
from gamesvc.alarms import MAX_TIMERS, call_alarm
from gamesvc.errors import ERROR_CODES
from gamesvc.image import restore, settle
from gamesvc.model import Context, start

M = TypeVar("M", bound=GameModel)
ALICE, BOB = Player("alice"), Player("bob")


class Moved(Event):
    player: Player
    way: list[int]
    winner: Player | None = None


class Piece(Struct):
    cells: list[int]


class Way(enum.Enum):
    UP = "up"
    DOWN = "down"


class Ships(GameModel, seats=2):
    pieces: dict[Player, Piece] = field(default_factory=dict)
    shots: int = 0
    names: dict[str, int] = field(default_factory=dict)
    hit: float = 0.5

    def setup(self) -> None:
        self.names["setup"] = int(self.now)

    @command
    def shoot(self, player: Player, cell: int) -> None: ...


def begun(kind: type[M], context: Context | None = None, players: tuple[Player, ...] = (ALICE, BOB)) -> M:
    """A new game whose seats are taken."""
    context = context or Context()
    model = start(kind, context)
    assert isinstance(model, kind)
    context.players = players
    return model


class GameErrors(SynchronousTestCase):
    """How a command is refused."""

    def test_it_says_why_to_people_and_to_programs(self) -> None:
        plain, coded = GameError("not yet"), GameError("not yet", code="not_your_turn2")
        self.assertEqual((plain.message, plain.code, str(plain)), ("not yet", "refused", "not yet"))
        self.assertEqual((coded.message, coded.code), ("not yet", "not_your_turn2"))

    def test_the_codes_of_gamesvc_are_not_to_be_had(self) -> None:
        for code in ERROR_CODES:
            if code != "refused":
                self.assertRaises(DefinitionError, GameError, "no", code=code)

    def test_codes_that_are_no_names_are_not_to_be_had(self) -> None:
        for code in ("", "Not", "not-yet", "2nd", "not yet", "é", "a" * 65, "a\n"):
            self.assertRaises(DefinitionError, GameError, "no", code=code)

    def test_a_kind_of_refusal_of_ones_own_may_have_its_code_in_its_class(self) -> None:
        class NotYourTurn(GameError):
            code = "not_your_turn"

        class Later(NotYourTurn):
            pass

        errors = NotYourTurn("wait"), Later("wait"), Later("wait", code="much_later"), GameError("wait")
        self.assertEqual([each.code for each in errors], ["not_your_turn"] * 2 + ["much_later", "refused"])

        for wrong in ("game_over", "Not yet"):
            self.assertRaises(DefinitionError, type, "Wrong", (GameError,), {"code": wrong})

    def test_a_reason_that_is_no_text_becomes_one(self) -> None:
        # `except ValueError as error: raise GameError(error)` is what people write.
        reason: Any = ValueError("row 9")
        self.assertEqual(GameError(reason).message, "row 9")


class Events(SynchronousTestCase):
    """What events look like when they leave."""

    def published(self, event: Event, *to: Player) -> list[tuple[bytes, frozenset[str] | None]]:
        context = Context()
        begun(Ships, context).publish(event, to or None)
        return context.events

    def test_the_first_key_is_the_classs_name_and_none_stays(self) -> None:
        ((payload, audience),) = self.published(Moved(ALICE, [1]))
        self.assertEqual(payload, b'{"event":"Moved","player":"alice","way":[1],"winner":null}')
        self.assertIsNone(audience)

    def test_values_are_taken_as_they_are_when_they_are_published(self) -> None:
        context = Context()
        model = begun(Ships, context)
        way = [1]
        model.publish(Moved(ALICE, way))
        way.append(2)
        self.assertEqual(json.loads(context.events[0][0])["way"], [1])

    def test_an_event_to_some_is_for_them_only_and_must_name_who_has_a_seat(self) -> None:
        ((_, audience),) = self.published(Moved(ALICE, []), BOB)
        self.assertEqual(audience, frozenset({"bob"}))
        self.assertRaises(ValueError, self.published, Moved(ALICE, []), Player("carol"))

    def test_a_players_name_alone_is_no_list_of_players(self) -> None:
        # Letter by letter it would go to nobody, and nobody would notice.
        class Open(GameModel):
            pass

        to: Any = ALICE
        self.assertRaises(TypeError, begun(Open).publish, Moved(ALICE, []), to=to)

    def test_a_private_event_is_for_names_that_players_can_have(self) -> None:
        # A model without seats knows no names, and a client may have sent this one; it would be kept.
        class Open(GameModel):
            pass

        for name in ("", "x" * 65):
            self.assertRaises(ValueError, begun(Open).publish, Moved(ALICE, []), to=[Player(name)])

    def test_only_events_that_can_be_sent_can_be_published(self) -> None:
        wrong: Any = {"event": "Moved"}
        self.assertRaises(TypeError, self.published, wrong)
        unsendable: Any = object()
        self.assertRaises(TypeError, self.published, Moved(ALICE, unsendable))

    def test_an_event_may_inherit(self) -> None:
        class Won(Moved):
            points: int = 1

        ((payload, _),) = self.published(Won(ALICE, [], ALICE))
        self.assertEqual(payload, b'{"event":"Won","player":"alice","way":[],"winner":"alice","points":1}')

    def test_what_would_break_the_frame_cannot_be_asked_for(self) -> None:
        # An array instead of an object, another first key, a name of gamesvc's own, a second "seq".
        def is_refused(**keywords: Any) -> bool:
            try:

                class Marked(Event, **keywords):
                    cell: int
            except DefinitionError:
                return True
            return False

        with self.assertRaises(DefinitionError):

            class Renamed(Event):
                number: int = field(name="seq")

        wanted: list[dict[str, Any]] = [
            {"array_like": True},
            {"tag_field": "kind"},
            {"tag": False},
            {"tag": "gamesvc.welcome"},
            {"rename": {"cell": "seq"}},
        ]
        self.assertEqual([keywords for keywords in wanted if not is_refused(**keywords)], [])

    def test_finish_publishes_its_event_last_and_ends_the_game(self) -> None:
        context = Context()
        model = begun(Ships, context)
        model.publish(Moved(ALICE, [1]))
        self.assertFalse(context.finished)
        model.finish(Moved(BOB, [2]))
        players = [json.loads(event)["player"] for event, _ in context.events]
        self.assertEqual((players, context.finished), (["alice", "bob"], True))


class Lent(SynchronousTestCase):
    """What gamesvc lends a model."""

    def test_a_model_has_its_players_and_the_time_and_cannot_set_them(self) -> None:
        context = Context(now=5.0)
        model = begun(Ships, context)
        self.assertEqual((model.players, model.now, model.names), ((ALICE, BOB), 5.0, {"setup": 5}))
        for name in ("players", "now", "random"):
            self.assertRaises(AttributeError, setattr, model, name, None)

    def test_time_never_runs_backwards(self) -> None:
        context = Context(now=10.0)
        times = []
        for entry, now in enumerate((11.0, 7.0, 11.5, -1.0), 1):
            context.begin(entry, now)
            times.append(context.now)
        self.assertEqual(times, [11.0, 11.0, 11.5, 11.5])

    def test_chance_is_the_same_for_the_same_seed_and_entry_and_another_for_another(self) -> None:
        def throws(seed: bytes) -> list[tuple[float, float]]:
            context = Context(seed)
            model = begun(Ships, context)
            thrown = []
            for entry in (1, 2, 3):
                context.begin(entry, float(entry))
                thrown.append((model.random.random(), model.random.random()))
            return thrown

        self.assertEqual(throws(b"seed"), throws(b"seed"))
        numbers = [number for seed in (b"seed", b"other") for pair in throws(seed) for number in pair]
        self.assertEqual(len(set(numbers)), 12)

    def test_chance_does_not_depend_on_how_much_of_it_an_earlier_entry_took(self) -> None:
        frugal, greedy = Context(b"seed"), Context(b"seed")
        frugal.begin(1, 1.0)
        greedy.begin(1, 1.0)
        for _ in range(1000):
            greedy.random.random()
        frugal.begin(2, 2.0)
        greedy.begin(2, 2.0)
        self.assertEqual(frugal.random.random(), greedy.random.random())

    def test_an_entry_that_is_begun_again_has_the_same_chance_whenever_that_is(self) -> None:
        # Who was refused can't throw the dice again.
        context = Context(b"seed")
        context.begin(7, 1.0)
        first = context.random.random()
        context.begin(7, 99.0)
        self.assertEqual(context.random.random(), first)

    def test_a_new_entry_begins_without_events(self) -> None:
        context = Context()
        begun(Ships, context).publish(Moved(ALICE, []))
        context.begin(1, 0.0)
        self.assertEqual(context.events, [])


class Clockwork(GameModel):
    """Keeps what its timers were called with."""

    rung: list[str] = field(default_factory=list)
    alarm: Timer | None = None

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
        self.model = begun(Clockwork, self.context, ())

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

    def test_a_value_that_its_annotation_does_not_allow_is_found_when_it_is_called(self) -> None:
        self.model.after(1, self.model.pull, ALICE, "strong")
        self.assertRaises(msgspec.ValidationError, call_alarm, self.model, self.context.alarms[0])
        self.assertEqual(self.model.rung, [])

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


class Images(SynchronousTestCase):
    """A model's state as bytes, and back."""

    def test_an_undeclared_attribute_fails_at_its_line(self) -> None:
        with self.assertRaises(AttributeError):
            begun(Ships).shot = 1  # type: ignore[attr-defined]  # the mistake that this is about

    def test_restore_puts_everything_back_however_deep(self) -> None:
        model = begun(Ships)
        model.pieces[ALICE] = Piece([1, 2])
        image = settle(model)
        model.pieces[ALICE].cells.append(3)
        model.pieces[BOB] = Piece([])
        model.shots += 1
        model.names.clear()
        restore(model, image)
        self.assertEqual((model.pieces, model.shots, model.names), ({ALICE: Piece([1, 2])}, 0, {"setup": 0}))
        self.assertEqual(settle(model), image)

    def test_what_is_put_back_is_new_each_time(self) -> None:
        model = begun(Ships)
        image = settle(model)
        for _ in range(3):
            self.assertEqual(model.names, {"setup": 0})
            model.names["x"] = 1
            restore(model, image)

    def test_an_image_has_the_bytes_of_each_field_in_their_order(self) -> None:
        model = begun(Ships)
        before = settle(model)
        self.assertEqual(len(before), len(Ships.FIELDS))
        model.shots += 1
        after = settle(model, before)
        changed = [spec.name for spec, old, new in zip(Ships.FIELDS, before, after, strict=True) if old != new]
        self.assertEqual(changed, ["shots"])

    def test_what_two_fields_shared_they_have_one_each_of_afterwards(self) -> None:
        # Else what is done to one would be done to both, until the game is loaded again.
        class Game(GameModel):
            hand: list[int] = field(default_factory=list)
            table: list[int] = field(default_factory=list)

        for has_before in (False, True):
            model = begun(Game)
            before = settle(model) if has_before else None
            model.hand = model.table
            settle(model, before)
            model.hand.append(1)
            self.assertEqual(model.table, [])

    def test_what_is_kept_elsewhere_of_an_unchanged_field_does_not_change_it_either(self) -> None:
        model = begun(Ships)
        before = settle(model)
        kept = model.names
        settle(model, before)
        kept["x"] = 1
        self.assertEqual(model.names, {"setup": 0})

    def test_a_whole_number_in_a_field_for_fractions_is_a_fraction_afterwards(self) -> None:
        model = begun(Ships)
        model.hit = 1
        before = settle(model)
        self.assertIs(type(model.hit), float)
        self.assertEqual(settle(model), before)
        # Once more, and now nothing has changed.
        model.hit = 1
        self.assertEqual(settle(model, before), before)
        self.assertIs(type(model.hit), float)

    def test_whatever_else_looks_the_same_when_it_is_stored_is_of_its_fields_type_afterwards(self) -> None:
        class Phase(enum.StrEnum):
            OPEN = "open"

        class Game(GameModel):
            name: str = "open"
            data: bytes = b"x"
            count: int = 1

        class Count(enum.IntEnum):
            ONE = 1

        wrong: list[tuple[str, Any]] = [("name", Phase.OPEN), ("data", bytearray(b"x")), ("count", Count.ONE)]
        for has_before in (False, True):
            for name, value in wrong:
                model = begun(Game)
                before = settle(model) if has_before else None
                setattr(model, name, value)
                settle(model, before)
                self.assertIn(type(getattr(model, name)), (str, bytes, int), (name, has_before))

    def test_an_image_of_another_class_is_not_put_in(self) -> None:
        class Other(GameModel):
            shots: int = 0

        self.assertRaises(ValueError, restore, begun(Ships), settle(begun(Other)))

    def test_a_field_that_would_not_load_again_is_found(self) -> None:
        def is_found(name: str, value: object) -> bool:
            model = begun(Ships)
            setattr(model, name, value)
            try:
                settle(model)
            except TypeError:
                return True
            return False

        wrong: list[tuple[str, object]] = [
            ("shots", "one"),
            ("shots", 1 << 64),
            ("shots", True),
            ("pieces", {"alice": [1]}),
            ("pieces", deque()),
            ("names", {1: 1}),
            ("names", {"\ud800": 1}),
            ("hit", None),
        ]
        self.assertEqual([each for each in wrong if not is_found(*each)], [])

    def test_a_fault_in_a_field_names_it(self) -> None:
        for name, wrong in (("shots", "one"), ("hit", object()), ("pieces", deque())):
            model = begun(Ships)
            setattr(model, name, wrong)
            self.assertIn(f"the field {name} ", str(self.assertRaises(TypeError, settle, model)))

    @settings(deadline=None, database=None, max_examples=100)
    @given(
        pieces=st.dictionaries(st.text().map(Player), st.lists(st.integers(-(2**63), 2**63 - 1)).map(Piece)),
        names=st.dictionaries(st.text(), st.integers(-9, 9)),
        hit=st.floats(allow_nan=False),
    )
    def test_any_state_of_the_right_types_comes_back_as_it_was(
        self, pieces: dict[Player, Piece], names: dict[str, int], hit: float
    ) -> None:
        model = begun(Ships)
        model.pieces, model.names, model.hit = pieces, names, hit
        image = settle(model)
        other = begun(Ships)
        restore(other, image)
        self.assertEqual((other.pieces, other.names, other.hit), (pieces, names, hit))
        self.assertEqual(list(other.names), list(names))
        self.assertEqual(settle(other), image)
