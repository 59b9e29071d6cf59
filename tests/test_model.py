"""Models and events by themselves, as their author has them."""

import json
from collections import deque
from typing import Any, TypeVar

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import DefinitionError, Event, GameError, GameModel, Player, command, field
from gamesvc.errors import ERROR_CODES
from gamesvc.model import Context, restore, settle, start

M = TypeVar("M", bound=GameModel)
ALICE, BOB = Player("alice"), Player("bob")


class Moved(Event):
    player: Player
    way: list[int]
    winner: Player | None = None


class Piece(Struct):
    cells: list[int]


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
        for now in (11.0, 7.0, 11.5, -1.0):
            context.begin(now)
            times.append(context.now)
        self.assertEqual(times, [11.0, 11.0, 11.5, 11.5])

    def test_chance_is_the_same_for_the_same_seed_and_entry_and_another_for_another(self) -> None:
        def throws(seed: bytes) -> list[tuple[float, float]]:
            context = Context(seed)
            model = begun(Ships, context)
            thrown = []
            for now in (0.0, 1.0, 2.0):
                thrown.append((model.random.random(), model.random.random()))
                context.begin(now)
            return thrown

        self.assertEqual(throws(b"seed"), throws(b"seed"))
        numbers = [number for seed in (b"seed", b"other") for pair in throws(seed) for number in pair]
        self.assertEqual(len(set(numbers)), 12)

    def test_chance_does_not_depend_on_how_much_of_it_an_earlier_entry_took(self) -> None:
        frugal, greedy = Context(b"seed"), Context(b"seed")
        frugal.begin(1.0)
        greedy.begin(1.0)
        for _ in range(1000):
            greedy.random.random()
        frugal.begin(2.0)
        greedy.begin(2.0)
        self.assertEqual(frugal.random.random(), greedy.random.random())


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
        for _ in range(2):
            self.assertEqual(model.names, {"setup": 0})
            model.names["x"] = 1
            restore(model, image)

    def test_a_field_that_would_not_load_again_is_found(self) -> None:
        def is_found(name: str, value: object) -> bool:
            model = begun(Ships)
            setattr(model, name, value)
            try:
                settle(model)
            except (msgspec.MsgspecError, TypeError, ValueError, OverflowError):
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
