"""What a model may look like, and what its author is told where it may not.

All annotations of this module are texts, and most classes are local to a function: that is how it is hardest.
"""

from __future__ import annotations

import contextlib
import enum
import sys
import types
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, ClassVar, TypeVar

import msgspec
from msgspec import Meta, Struct
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import DefinitionError, Event, GameModel, Player, Secret, command, field
from gamesvc.alarms import call_alarm
from gamesvc.model import Context, start

M = TypeVar("M", bound=GameModel)


class Suit(enum.Enum):
    SPADES = "S"
    HEARTS = "H"


class Step(Struct):
    suit: Suit
    count: int = 1


class Circle(Struct):
    radius: int = 0


class Square(Struct):
    side: int = 0


def arguments(model: type[GameModel], command_name: str, **given: object) -> dict[str, object]:
    """What a command's method would get."""
    return msgspec.structs.asdict(msgspec.convert(given, model.COMMANDS[command_name].arguments))


def begun(kind: type[M]) -> M:
    """A new game."""
    model = start(kind, Context())
    assert isinstance(model, kind)
    return model


def fields(kind: type[GameModel]) -> tuple[str, ...]:
    """The names of a model's state."""
    return tuple(field.name for field in kind.FIELDS)


class Allowed(SynchronousTestCase):
    """What a model may hold and do."""

    def test_every_game_has_mutable_defaults_of_its_own(self) -> None:
        class Board(GameModel):
            marks: list[int] = []  # noqa: RUF012  # that is the point
            cells: list[int | None] = field(default_factory=lambda: [None] * 9)
            circle: Circle = field(default_factory=Circle)

        one, other = Board(), Board()
        one.marks.append(1)
        one.cells[0] = 1
        one.circle.radius = 1
        self.assertEqual((other.marks, other.cells, other.circle), ([], [None] * 9, Circle(0)))

    def test_constants_methods_properties_and_nested_classes_are_no_state(self) -> None:
        class Game(GameModel):
            LINES = (1, 2), (3, 4)
            limit: ClassVar[int] = 7
            moves: int = 0

            class Kind:
                pass

            @property
            def is_open(self) -> bool:
                return self.moves < self.limit

            @staticmethod
            def double(number: int) -> int:
                return 2 * number

            @classmethod
            def lines(cls) -> int:
                return len(cls.LINES)

            def _advance(self) -> None:
                self.moves += self.double(1)

            @command
            def move(self, player: Player) -> None:
                self._advance()

        self.assertEqual(fields(Game), ("moves",))
        self.assertEqual(list(Game.COMMANDS), ["move"])
        game = begun(Game)
        game.move(Player("alice"))
        self.assertEqual((game.moves, game.is_open, game.lines()), (2, True, 2))

    def test_types_that_are_defined_within_the_model_can_be_named_in_it(self) -> None:
        class Game(GameModel):
            class Way(enum.Enum):
                UP = "up"

            way: Way | None = None

            @command
            def turn(self, player: Player, way: Way) -> None:
                self.way = way

        self.assertEqual(arguments(Game, "turn", way="up"), {"way": Game.Way.UP})

    def test_a_model_inherits_state_commands_and_seats_and_may_change_them(self) -> None:
        class Base(GameModel, seats=(2, 4)):
            score: int = 1

            def setup(self) -> None:
                self.score = 10

            @command
            def add(self, player: Player, points: int) -> None:
                self.score += points

            @command
            def reset(self, player: Player) -> None:
                self.score = 0

        class Child(Base):
            level: int = 0

            def setup(self) -> None:
                super().setup()
                self.level = 5

            @command
            def add(self, player: Player, points: int, double: bool = False) -> None:
                super().add(player, points * 2 if double else points)

        class Duel(Child, seats=2):
            pass

        child = begun(Child)
        child.add(Player("alice"), 3, double=True)
        self.assertEqual((child.score, child.level), (16, 5))
        self.assertEqual((sorted(Child.COMMANDS), Child.SEATS, Duel.SEATS), (["add", "reset"], (2, 4), (2, 2)))
        self.assertEqual(arguments(Child, "add", points=1), {"points": 1, "double": False})
        self.assertEqual(arguments(Base, "add", points=1), {"points": 1})

    def test_without_a_word_a_model_is_the_first_version_and_every_command_is_durable(self) -> None:
        class Game(GameModel):
            pass

        self.assertEqual((Game.VERSION, Game.DURABILITY, Game.SEATS), (1, "every", None))

    def test_a_model_says_which_version_it_is_and_how_durable_and_may_inherit_both(self) -> None:
        class Base(GameModel, seats=2, version=3, durability="snapshot"):
            pass

        class Same(Base):
            pass

        class Other(Base, version=4, durability="none"):
            pass

        said = [(each.VERSION, each.DURABILITY, each.SEATS) for each in (Base, Same, Other)]
        self.assertEqual(said, [(3, "snapshot", (2, 2)), (3, "snapshot", (2, 2)), (4, "none", (2, 2))])
        self.assertEqual((GameModel.VERSION, GameModel.DURABILITY), (1, "every"))

    def test_a_model_may_bring_older_state_up_to_date(self) -> None:
        class Game(GameModel, version=2):
            score: int = 0

            @classmethod
            def migrate(cls, state: dict[str, Any], version: int) -> None:
                state["score"] = state.pop("points") * version

        state = {"points": 7}
        Game.migrate(state, 1)
        self.assertEqual(state, {"score": 7})
        self.assertEqual(list(Game.COMMANDS), [])

    def test_without_a_migrate_of_its_own_older_state_stays_as_it_is(self) -> None:
        class Game(GameModel, version=2):
            score: int = 0

        state = {"score": 7}
        Game.migrate(state, 1)
        self.assertEqual(state, {"score": 7})

    def test_fields_are_described_in_their_order_those_that_are_inherited_first(self) -> None:
        class Base(GameModel):
            deck: Secret[list[int]] = field(default_factory=list)
            turn: int = 0

        class Game(Base):
            hand: Secret[int] = 0
            turn: int = 1
            board: list[int] = field(default_factory=list)

        described = [(each.name, each.secret, each.plain) for each in Game.FIELDS]
        self.assertEqual(
            described,
            [("deck", True, False), ("turn", False, True), ("hand", True, True), ("board", False, False)],
        )
        self.assertEqual([each.name for each in Base.FIELDS], ["deck", "turn"])

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

    def test_a_model_may_set_a_constant_that_it_inherits(self) -> None:
        class Base(GameModel):
            LINES = (1,)
            limit: ClassVar[int] = 7

        class Child(Base):
            LINES = (1, 2)  # type: ignore[assignment]  # another length is another type, to mypy
            limit = 8

        self.assertEqual((Child.LINES, Child.limit, Base.limit, fields(Child)), ((1, 2), 8, 7, ()))

    def test_bases_without_state_may_bring_commands_and_inherit_them_themselves(self) -> None:
        class Greeting:
            __slots__ = ()

            @command
            def hello(self, player: Player, times: int = 1) -> None: ...

        class Parting(Greeting):
            __slots__ = ()

            @command
            def bye(self, player: Player) -> None: ...

        class Game(GameModel, Parting):
            pass

        self.assertEqual(sorted(Game.COMMANDS), ["bye", "hello"])
        self.assertEqual(arguments(Game, "hello"), {"times": 1})

    def test_a_commands_arguments_are_those_of_the_method_that_runs(self) -> None:
        class Chat:
            __slots__ = ()

            @command
            def say(self, player: Player, text: str) -> None: ...

        class Loud(GameModel, Chat):
            @command
            def say(self, player: Player, text: str, loud: bool = False) -> None: ...

        class Child(Loud):
            pass

        self.assertEqual(arguments(Child, "say", text="x", loud=True), {"text": "x", "loud": True})

    def test_names_in_what_a_model_inherits_mean_what_they_meant_where_it_was_defined(self) -> None:
        base = types.ModuleType("gamesvc_test_base")
        self.addCleanup(sys.modules.pop, base.__name__)
        sys.modules[base.__name__] = base
        exec(  # another module, in which Cell is something else
            "from __future__ import annotations\n"
            "from gamesvc import GameModel, Player, command\n"
            "Cell = int\n"
            "class Base(GameModel):\n"
            "    cell: Cell = 0\n"
            "    @command\n"
            "    def mark(self, player: Player, cell: Cell) -> None: ...\n",
            base.__dict__,
        )
        here: dict[str, Any] = {"__name__": __name__, "Base": base.Base}
        exec("Cell = str\nclass Child(Base):\n    mine: 'Cell' = ''\n", here)
        self.assertEqual(arguments(here["Child"], "mark", cell=4), {"cell": 4})

    def test_a_command_whose_types_are_local_can_be_inherited_elsewhere(self) -> None:
        def define() -> type[GameModel]:
            class Way(enum.Enum):
                UP = "up"

            class Base(GameModel):
                @command
                def step(self, player: Player, way: Way) -> None: ...

            return Base

        base = define()

        class Child(base):  # type: ignore[valid-type, misc]  # mypy wants to know each base, and need not
            pass

        self.assertEqual(len(arguments(Child, "step", way="up")), 1)

    def test_arguments_hold_what_their_annotations_say(self) -> None:
        class Way(enum.Enum):
            UP = "up"

        class Game(GameModel):
            @command
            def walk(
                self,
                player: Player,
                steps: list[Step],
                way: Way = Way.UP,
                cell: Annotated[int, Meta(ge=0, le=8)] = 0,
                *,
                name: Annotated[str, Meta(max_length=3)] | None = None,
                to: dict[Player, tuple[int, float]] = {},  # noqa: B006  # every call gets its own
            ) -> None: ...

        step: dict[str, object] = {"suit": "S"}
        self.assertEqual(
            arguments(Game, "walk", steps=[step], way="up", cell=8, name="abc", to={"bob": [1, 2]}),
            {"steps": [Step(Suit.SPADES, 1)], "way": Way.UP, "cell": 8, "name": "abc", "to": {"bob": (1, 2.0)}},
        )
        empty = arguments(Game, "walk", steps=[])
        self.assertEqual(empty, {"steps": [], "way": Way.UP, "cell": 0, "name": None, "to": {}})
        self.assertIsNot(empty["to"], arguments(Game, "walk", steps=[])["to"])
        bad: list[dict[str, Any]] = [{"cell": 9}, {"name": "abcd"}, {"steps": [{}]}, {"cell": "1"}, {"way": "in"}]
        for wrong in (*bad, {"player": "bob"}):
            with self.assertRaises(msgspec.ValidationError):
                arguments(Game, "walk", **{"steps": [step]} | wrong)
        with self.assertRaises(msgspec.ValidationError):
            arguments(Game, "walk")

    def test_a_command_is_described_by_the_first_line_of_its_docstring(self) -> None:
        class Game(GameModel):
            @command
            def mark(self, player: Player) -> None:
                """Put your mark.

                Twice.
                """

            @command
            def Pass(self, player: Player) -> None: ...

        described = {key: (spec.name, spec.doc) for key, spec in Game.COMMANDS.items()}
        self.assertEqual(described, {"mark": ("mark", "Put your mark."), "pass": ("Pass", "")})

    def test_a_command_may_have_other_decorators_that_keep_its_signature(self) -> None:
        def logged(method: Callable[..., None]) -> Callable[..., None]:
            @wraps(method)
            def wrapper(*arguments: Any, **keywords: Any) -> None:
                method(*arguments, **keywords)

            return wrapper

        class Game(GameModel):
            @command
            @logged
            def mark(self, player: Player, cell: int) -> None: ...

        self.assertEqual(arguments(Game, "mark", cell=1), {"cell": 1})


class Mistakes(SynchronousTestCase):
    """Each is found where the class is defined, and the message says where it is and what to write instead."""

    def refused(self, define: Callable[[], object], *words: str) -> None:
        """Defining it is a `DefinitionError` whose message holds all these words."""
        message = str(self.assertRaises(DefinitionError, define))
        for word in words:
            self.assertIn(word, message)

    def test_a_field_without_a_default(self) -> None:
        def first() -> None:
            class Game(GameModel):
                score: int

        def later() -> None:
            class Game(GameModel):
                level: int = 0
                score: int  # type: ignore[misc]  # the mistake that this is about

        self.refused(first, "Game.score", "needs a default")
        self.refused(later, "score", "needs a default")

    def test_a_mutable_default_that_all_games_would_share(self) -> None:
        def define() -> None:
            class Game(GameModel):
                board: list[int] = [1, 2]  # noqa: RUF012  # the mistake that this is about

        self.refused(define, "Game", "default_factory")

    def test_state_without_a_type(self) -> None:
        def define() -> None:
            class Game(GameModel):
                score = 0

        self.refused(define, "Game.score = 0", "`score: int = ...`", "capitals")

    def test_a_default_that_is_not_of_its_fields_type(self) -> None:
        def define() -> None:
            class Game(GameModel):
                score: int = "none"  # type: ignore[assignment]  # the mistake that this is about

        self.refused(define, "Game", "score", "Expected `int`, got `str`")

    def test_a_new_default_for_an_inherited_field_without_its_type(self) -> None:
        # It would hide the field: the model could never change it again.
        def define() -> None:
            class Base(GameModel):
                score: int = 1

            class Game(Base):
                score = 5

        self.refused(define, "Game.score", "score: int")

    def test_types_that_cannot_be_stored(self) -> None:
        # Which these are is the matter of `fields`.
        def a_set() -> None:
            class Game(GameModel):
                seen: set[int] = field(default_factory=set)

        def a_part_that_is_secret() -> None:
            class Game(GameModel):
                seen: list[Secret[int]] = field(default_factory=list)

        self.refused(a_set, "Game.seen", "set", "use numbers, text, list, dict")
        self.refused(a_part_that_is_secret, "Game.seen", "Secret[...] around its type")

    def test_an_argument_of_types_of_which_it_could_not_be_told_which_is_meant(self) -> None:
        def define() -> None:
            class Game(GameModel):
                @command
                def draw(self, player: Player, shape: Circle | Square) -> None: ...

        self.refused(define, "Game.draw", "tag")

    def test_an_argument_whose_type_or_default_makes_no_sense(self) -> None:
        def a_bound() -> None:
            class Game(GameModel):
                @command
                def say(self, player: Player, text: Annotated[str, Meta(ge=1)]) -> None: ...

        def a_shared_default() -> None:
            class Game(GameModel):
                @command
                def say(self, player: Player, texts: list[str] = ["a"]) -> None: ...  # noqa: B006  # the mistake

        def another_type() -> None:
            class Game(GameModel):
                @command
                def say(self, player: Player, count: int = "1") -> None: ...  # type: ignore[assignment]  # the mistake

        for define in (a_bound, a_shared_default, another_type):
            self.refused(define, "Game.say")

    def test_a_name_that_is_not_defined(self) -> None:
        def a_field() -> None:
            class Game(GameModel):
                board: Bord = 0  # type: ignore[name-defined]  # noqa: F821  # the mistake that this is about

        def an_argument() -> None:
            class Game(GameModel):
                @command
                def mark(self, player: Player, cell: Sell) -> None: ...  # type: ignore[name-defined]  # noqa: F821

        def an_attribute() -> None:
            class Game(GameModel):
                board: enum.Enumm = 0  # type: ignore[name-defined]  # the mistake that this is about

        self.refused(a_field, "Game", "'Bord'", "define it above the class")
        self.refused(an_argument, "Game", "'Sell'", "define it above the class")
        self.refused(an_attribute, "Game", "Enumm")

    def test_names_that_gamesvc_needs_itself(self) -> None:
        def a_field() -> None:
            class Game(GameModel):
                players: str = ""  # type: ignore[assignment]  # the mistake that this is about

        def a_field_without_default() -> None:
            class Game(GameModel):
                now: float

        def a_method() -> None:
            class Game(GameModel):
                def publish(self) -> None: ...  # type: ignore[override]  # the mistake that this is about

        def a_constant() -> None:
            class Game(GameModel):
                SEATS = 2  # type: ignore[assignment]  # the mistake that this is about

        def a_timer() -> None:
            class Game(GameModel):
                after: int = 0  # type: ignore[assignment]  # the mistake that this is about

        def a_command() -> None:
            class Game(GameModel):
                @command
                def cancel(self, player: Player) -> None: ...  # type: ignore[override]  # the mistake

        def a_version() -> None:
            class Game(GameModel):
                VERSION = 2

        def of_later() -> None:
            class Game(GameModel):
                @command
                def tick(self, player: Player) -> None: ...

        cases = (a_field, "players"), (a_field_without_default, "now"), (a_method, "publish"), (a_constant, "SEATS")
        timers = (a_timer, "after"), (a_command, "cancel")
        for define, name in (*cases, *timers, (a_version, "VERSION"), (of_later, "tick")):
            self.refused(define, f"Game.{name}", "choose another name")

    def test_the_slot_in_which_the_model_is_lent_its_context(self) -> None:
        def define() -> None:
            class Game(GameModel):
                _context: int = 0  # type: ignore[assignment]  # the mistake that this is about

        self.refused(define, "Game._context", "choose another name")

    def test_an_init(self) -> None:
        def init() -> None:
            class Game(GameModel):
                def __init__(self) -> None: ...

        def post_init() -> None:
            class Game(GameModel):
                def __post_init__(self) -> None: ...

        for define in (init, post_init):
            self.refused(define, "Game.__", "write `def setup(self)` instead")

    def test_a_setup_that_cannot_be_run(self) -> None:
        def later() -> None:
            class Game(GameModel):
                async def setup(self) -> None: ...  # type: ignore[override]  # the mistake that this is about

        def by_players() -> None:
            class Game(GameModel):
                @command
                def setup(self, player: Player) -> None: ...  # type: ignore[override]  # the mistake

        for define in (later, by_players):
            self.refused(define, "Game.setup", "def setup(self)")

    def test_class_keywords_that_a_model_does_not_take(self) -> None:
        def define() -> None:
            keywords: dict[str, Any] = {"frozen": True, "rename": "camel"}

            class Game(GameModel, seats=2, **keywords):
                pass

        self.refused(define, "Game", "seats, version and durability, not frozen, rename")

    def test_seats_that_are_no_number_or_range_of_players(self) -> None:
        for seats in (0, -1, True, 2.0, "2", (2,), (4, 2), (0, 2), (2, 3, 4), [2, 4]):

            def define(seats: Any = seats) -> None:
                class Game(GameModel, seats=seats):
                    pass

            self.refused(define, "Game", "seats=2, or seats=(2, 4)")

    def test_versions_that_are_no_whole_number_from_1_on(self) -> None:
        for version in (0, -1, True, 2.0, "2", (1, 2)):

            def define(version: Any = version) -> None:
                class Game(GameModel, version=version):
                    pass

            self.refused(define, "Game", "version=2", "the first version is 1")

    def test_durabilities_that_there_are_not(self) -> None:
        for durability in ("Every", "", "always", True, 1, ["every"]):

            def define(durability: Any = durability) -> None:
                class Game(GameModel, durability=durability):
                    pass

            self.refused(define, "Game", "durability='every', 'snapshot' or 'none'")

    def test_a_migrate_that_could_not_be_run(self) -> None:
        def of_an_instance() -> None:
            class Game(GameModel):
                def migrate(self, state: dict[str, Any], version: int) -> None: ...  # type: ignore[override]

        def of_nobody() -> None:
            class Game(GameModel):
                @staticmethod
                def migrate(state: dict[str, Any], version: int) -> None: ...

        def later() -> None:
            class Game(GameModel):
                @classmethod
                async def migrate(cls, state: dict[str, Any], version: int) -> None: ...  # type: ignore[override]

        def without_the_version() -> None:
            class Game(GameModel):
                @classmethod
                def migrate(cls, state: dict[str, Any]) -> None: ...  # type: ignore[override]

        def a_field() -> None:
            class Game(GameModel):
                migrate: int = 0  # type: ignore[assignment]  # the mistake that this is about

        for define in (of_an_instance, of_nobody, later, without_the_version, a_field):
            self.refused(define, "Game.migrate", "@classmethod def migrate(cls, state", "version: int")

    def test_a_base_in_which_undeclared_attributes_would_be_kept_and_never_stored(self) -> None:
        class Chat:
            @command
            def say(self, player: Player, text: str) -> None:
                self.last = text

        def define() -> None:
            class Game(GameModel, Chat):
                pass

        self.refused(define, "Game", "Chat")

    def test_commands_that_are_no_plain_methods(self) -> None:
        def static() -> None:
            class Game(GameModel):
                @command
                @staticmethod
                def mark(player: Player) -> None: ...

        def later() -> None:
            class Game(GameModel):
                @command
                async def mark(self, player: Player) -> None: ...

        def bit_by_bit() -> None:
            class Game(GameModel):
                @command
                def mark(self, player: Player) -> Any:
                    yield

        def bit_by_bit_later() -> None:
            class Game(GameModel):
                @command
                async def mark(self, player: Player) -> Any:
                    yield

        def a_property() -> None:
            class Game(GameModel):
                @command  # type: ignore[prop-decorator]  # the mistake that this is about
                @property
                def mark(self) -> int:
                    return 1

        for define in (static, later, bit_by_bit, bit_by_bit_later):
            self.refused(define, "Game.mark", "plain method")
        self.refused(a_property, "plain method")

    def test_a_command_that_was_inherited_is_not_lost_unnoticed(self) -> None:
        class Base(GameModel):
            @command
            def mark(self, player: Player) -> None: ...

        def by_a_method() -> None:
            class Game(Base):
                def mark(self, player: Player) -> None: ...

        self.refused(by_a_method, "Game.mark", "put @command on it")

    def test_a_base_with_fields_that_is_no_model(self) -> None:
        def define() -> None:
            class Game(GameModel, Circle):
                pass

        self.refused(define, "Game", "Circle", "make it a GameModel")

    def test_commands_that_do_not_take_their_player_first(self) -> None:
        def nobody() -> None:
            class Game(GameModel):
                @command
                def mark(self) -> None: ...

        def last() -> None:
            class Game(GameModel):
                @command
                def mark(self, cell: int, player: Player) -> None: ...

        def by_name_only() -> None:
            class Game(GameModel):
                @command
                def mark(self, *, player: Player) -> None: ...

        for define in (nobody, last, by_name_only):
            self.refused(define, "Game.mark", "write `def mark(self, player: Player, ...)`")

    def test_arguments_that_cannot_be_checked(self) -> None:
        def several() -> None:
            class Game(GameModel):
                @command
                def mark(self, player: Player, *cells: int) -> None: ...

        def any_name() -> None:
            class Game(GameModel):
                @command
                def mark(self, player: Player, **cells: int) -> None: ...

        def by_position() -> None:
            class Game(GameModel):
                @command
                def mark(self, player: Player, cell: int, /) -> None: ...

        def without_type() -> None:
            class Game(GameModel):
                @command
                def mark(self, player: Player, cell) -> None: ...  # type: ignore[no-untyped-def]  # the mistake

        for define in (several, any_name, by_position):
            self.refused(define, "Game.mark", "name each argument")
        self.refused(without_type, "Game.mark", "'cell' needs a type")

    def test_keys_of_the_protocol(self) -> None:
        def an_argument() -> None:
            class Game(GameModel):
                @command
                def mark(self, player: Player, id: int) -> None: ...

        def of_an_event() -> None:
            class Marked(Event):
                seq: int

        self.refused(an_argument, "Game.mark", "'id' is a key of the protocol", "another name")
        self.refused(of_an_event, "Marked.seq", "'seq' is a key of the protocol", "another name")

    def test_two_commands_that_differ_in_case_only(self) -> None:
        def in_one_class() -> None:
            class Game(GameModel):
                @command
                def mark(self, player: Player) -> None: ...
                @command
                def Mark(self, player: Player) -> None: ...

        def one_of_them_inherited() -> None:
            class Base(GameModel):
                @command
                def mark(self, player: Player) -> None: ...

            class Game(Base):
                @command
                def Mark(self, player: Player) -> None: ...

        for define in (in_one_class, one_of_them_inherited):
            self.refused(define, "Game.", "not case-sensitive", "choose another")
