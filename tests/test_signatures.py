"""What commands take, and what who creates a game may choose.

All annotations of this module are texts, and most classes are local to a function: that is how it is hardest.
"""

from __future__ import annotations

import enum
import sys
import types
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import DefinitionError, GameModel, Player, command
from gamesvc.signatures import is_command, mark_command, takes


class Suit(enum.Enum):
    SPADES = "S"
    HEARTS = "H"


class Step(Struct):
    suit: Suit
    count: int = 1


def arguments(model: type[GameModel], command_name: str, **given: object) -> dict[str, object]:
    """What a command's method would get."""
    return msgspec.structs.asdict(msgspec.convert(given, model.COMMANDS[command_name].arguments))


def options(model: type[GameModel], **given: object) -> dict[str, object]:
    """What `setup` would get."""
    return msgspec.structs.asdict(msgspec.convert(given, model.OPTIONS))


class Commands(SynchronousTestCase):
    """What players send."""

    def test_types_that_are_defined_within_the_model_can_be_named_in_it(self) -> None:
        class Game(GameModel):
            class Way(enum.Enum):
                UP = "up"

            way: Way | None = None

            @command
            def turn(self, player: Player, way: Way) -> None:
                self.way = way

        self.assertEqual(arguments(Game, "turn", way="up"), {"way": Game.Way.UP})

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

    def test_a_commands_arguments_may_be_none_within_a_dict(self) -> None:
        # In the state that could not be told from a key that was removed; what a client gives is not shown.
        class Game(GameModel):
            @command
            def bid(self, player: Player, bids: dict[str, int | None]) -> None: ...

        self.assertEqual(arguments(Game, "bid", bids={"a": None}), {"bids": {"a": None}})

    def test_who_sent_it_may_be_annotated_as_text_or_not_at_all(self) -> None:
        class Game(GameModel):
            @command
            def one(self, player: str) -> None: ...

            @command
            def two(self, player) -> None: ...  # type: ignore[no-untyped-def]  # as authors who write no types do

            @command
            def three(self, player: Player, /) -> None: ...

        self.assertEqual(sorted(Game.COMMANDS), ["one", "three", "two"])

    def test_a_command_that_is_hidden_by_one_that_differs_in_case_is_found_in_bases_too(self) -> None:
        class Base(GameModel):
            @command
            def mark(self, player: Player) -> None: ...

        with self.assertRaises(DefinitionError) as raised:

            class Game(Base):
                @command
                def Mark(self, player: Player) -> None: ...

        self.assertIn("not case-sensitive", str(raised.exception))

    def test_what_is_no_plain_method_is_not_marked(self) -> None:
        for wrong in (None, "mark", 5, print, staticmethod(print), property()):
            self.assertRaises(DefinitionError, mark_command, wrong)
        self.assertIn("without parentheses", str(self.assertRaises(DefinitionError, mark_command, None)))

    def test_only_what_was_marked_is_a_command(self) -> None:
        def mark() -> None: ...

        self.assertFalse(is_command(mark))
        mark_command(mark)
        self.assertTrue(is_command(mark))


class Options(SynchronousTestCase):
    """What who creates a game may choose."""

    def test_options_have_the_types_and_defaults_of_setups_arguments(self) -> None:
        class Game(GameModel):
            def setup(
                self, size: Annotated[int, Meta(ge=3, le=19)] = 9, *, suits: list[Suit] | None = None
            ) -> None: ...

        self.assertEqual(options(Game), {"size": 9, "suits": None})
        self.assertEqual(options(Game, size=13, suits=["S"]), {"size": 13, "suits": [Suit.SPADES]})
        wrong: list[dict[str, object]] = [{"size": 2}, {"size": "9"}, {"suits": ["X"]}, {"sise": 9}]
        for each in wrong:
            self.assertRaises(msgspec.ValidationError, options, Game, **each)

    def test_a_model_without_any_takes_none(self) -> None:
        class Plain(GameModel):
            pass

        class Own(GameModel):
            def setup(self) -> None: ...

        for kind in (Plain, Own):
            self.assertEqual(options(kind), {})
            self.assertRaises(msgspec.ValidationError, options, kind, size=9)

    def test_options_are_those_of_the_setup_that_runs(self) -> None:
        class Sizing:
            __slots__ = ()

            def setup(self, size: int = 3) -> None: ...

        class Base(Sizing, GameModel):
            pass

        class Same(Base):
            pass

        class Other(Base):
            def setup(self, level: int = 1) -> None: ...

        class Again(Other):
            pass

        found = [kind.OPTIONS.__struct_fields__ for kind in (Base, Same, Other, Again)]
        self.assertEqual(found, [("size",), ("size",), ("level",), ("level",)])


class Takes(SynchronousTestCase):
    """How many arguments a method is declared with."""

    def test_arguments_are_counted_and_none_has_an_asterisk(self) -> None:
        def two(self: object, player: object) -> None: ...
        def two_with_default(self: object, player: object = None) -> None: ...
        def many(self: object, *players: object) -> None: ...
        def named(self: object, *, player: object) -> None: ...

        taken = [takes(each, 2) for each in (two, two_with_default, many, named)]
        self.assertEqual(taken, [True, True, False, False])
        self.assertFalse(takes(two, 1))
