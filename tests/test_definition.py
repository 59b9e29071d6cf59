"""What a model and an event may look like, and what their author is told where they may not.

All annotations of this module are texts, and most classes are local to a function: that is how it is hardest.
"""

from __future__ import annotations
import __future__ as compiler

import sys
import types
from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

from msgspec import Struct
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import DefinitionError, Event, GameModel, Player, Secret, command, field
from gamesvc.model import Context, start
from tests import mistakes

M = TypeVar("M", bound=GameModel)


class Circle(Struct):
    radius: int = 0


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
        taken = [kind.COMMANDS["add"].arguments.__struct_fields__ for kind in (Child, Base)]
        self.assertEqual(taken, [("points", "double"), ("points",)])

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

    def test_a_model_may_set_a_constant_that_it_inherits(self) -> None:
        class Base(GameModel):
            LINES = (1,)
            limit: ClassVar[int] = 7

        class Child(Base):
            LINES = (1, 2)  # type: ignore[assignment]  # another length is another type, to mypy
            limit = 8

        self.assertEqual((Child.LINES, Child.limit, Base.limit, fields(Child)), ((1, 2), 8, 7, ()))

    def test_a_model_can_be_tried_without_a_game_around_it(self) -> None:
        class Game(GameModel):
            score: int = 0

            @command
            def add(self, player: Player) -> None:
                self.score += 1 + len(self.players)

        game = Game(score=1)
        game.add(Player("alice"))
        self.assertEqual(game.score, 2)

    def test_properties_may_have_setters_and_methods_may_be_wrapped_by_name(self) -> None:
        class Game(GameModel):
            moves: int = 0

            def _advance(self) -> None:
                self.moves += 1

            _advance = staticmethod(_advance)

            @property
            def turn(self) -> int:
                return self.moves % 2

            @turn.setter
            def turn(self, turn: int) -> None:
                self.moves = turn

        game = begun(Game)
        game.turn = 5
        self.assertEqual((game.moves, game.turn), (5, 1))

    def test_what_can_not_be_changed_in_place_may_be_a_default(self) -> None:
        class Spot(Struct, frozen=True):
            x: int = 0

        class Game(GameModel):
            spot: Spot = Spot(3)
            path: tuple[Spot, ...] = (Spot(1), Spot(2))
            name: str = ""

        self.assertEqual((Game().spot, Game().path), (Spot(3), (Spot(1), Spot(2))))

    def test_events_may_have_defaults_constants_and_methods(self) -> None:
        class Marked(Event):
            LIMIT = 9
            cell: int
            path: list[int] = []  # noqa: RUF012  # every event gets its own
            circle: Circle = field(default_factory=Circle)
            anything: Any = None

            def is_last(self) -> bool:
                return self.cell == self.LIMIT

        one, other = Marked(9), Marked(1)
        one.path.append(1)
        self.assertEqual((one.is_last(), other.path), (True, []))


class Mistakes(SynchronousTestCase):
    """Each is found where the class is defined, and the message says where it is and what to write instead."""

    maxDiff = None

    def told(self, written: str, *, annotations_are_texts: bool) -> str:
        """What the author is told."""
        module = types.ModuleType("gamesvc_test_mistake")
        self.addCleanup(sys.modules.pop, module.__name__, None)
        sys.modules[module.__name__] = module
        whole = written
        if not written.startswith(("class ", "@dataclass")):
            whole = "class Game(GameModel):\n" + "".join(f"    {line}\n" for line in written.splitlines())
        flags = compiler.annotations.compiler_flag if annotations_are_texts else 0
        code = compile(f"{mistakes.ABOVE}\n\n{whole}\n", "mistake", "exec", flags, dont_inherit=True)
        try:
            exec(code, module.__dict__)
        except DefinitionError as error:
            return str(error)
        return "nothing"

    def check(self, table: Mapping[str, str]) -> None:
        for texts in (False, True):
            told = {written: self.told(written, annotations_are_texts=texts) for written in table}
            self.assertEqual(told, dict(table))

    def test_how_a_game_begins(self) -> None:
        self.check(mistakes.DEFAULTS)

    def test_what_has_no_type(self) -> None:
        self.check(mistakes.UNTYPED)

    def test_values_that_could_not_be_stored(self) -> None:
        self.check(mistakes.TYPES)

    def test_who_may_see_a_field(self) -> None:
        self.check(mistakes.SECRETS)

    def test_names_that_mean_something_else(self) -> None:
        self.check(mistakes.NAMES)

    def test_what_players_send(self) -> None:
        self.check(mistakes.COMMANDS)

    def test_what_who_creates_a_game_may_choose(self) -> None:
        self.check(mistakes.OPTIONS)

    def test_what_gamesvc_calls(self) -> None:
        self.check(mistakes.METHODS)

    def test_what_is_said_of_a_whole_game(self) -> None:
        self.check(mistakes.CLASS_LINES)

    def test_what_a_game_inherits(self) -> None:
        self.check(mistakes.BASES)

    def test_what_is_published(self) -> None:
        self.check(mistakes.EVENTS)

    def test_what_is_not_named_in_time_is_found_where_annotations_are_texts(self) -> None:
        # Otherwise Python finds it by itself.
        self.assertEqual(
            self.told("winner: Playr | None = None", annotations_are_texts=True),
            "Game.winner: name 'Playr' is not defined; define it above the class, or import it",
        )
