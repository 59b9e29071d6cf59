"""What authors are told whose model uses what it has not declared."""

from __future__ import annotations

import linecache
from collections.abc import Callable
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc import GameModel, Player, Secret, field
from gamesvc.context import Context
from gamesvc.undeclared import note_undeclared


class Game(GameModel):
    LINES = 3
    score: int = 0
    level: int = 1

    def helper(self) -> None: ...

    def misspelt(self) -> None:
        self.helpr(1)  # type: ignore[attr-defined]  # that is what it is for

    def of_nobody(self) -> None:
        self.winner()  # type: ignore[attr-defined]  # that is what it is for

    def mangled(self) -> None:
        self.__deck = 0


class Alone(GameModel):
    """Its author has forgotten ``seats=2``."""

    order: list[int] = field(default_factory=list)
    moves: int = 0

    def second(self) -> object:
        return [self.moves, self.players[1]]

    def whose(self) -> object:
        return self.players[self.moves % 2]

    def next(self) -> object:
        return self.players[(self.moves + 1) % len(self.players)]

    def place(self) -> object:
        return "é" and self.players.index(Player("alice"))

    def both(self) -> object:
        one, other = self.players  # as they came
        return one, other

    def first_of_order(self) -> object:
        return self.order[0], self.players[0:1]

    def unpacked(self) -> object:
        one, other = self.order
        return one, other, self.players

    def share(self) -> object:
        return self.moves % self.moves, self.moves % len(self.players)

    def of_another(self) -> object:
        other = Other()
        return other.players[1]

    def number(self) -> object:
        return int("x"), self.players.index(Player("alice"))


class Other:
    players: tuple[str, ...] = ()


class Two(Alone, seats=2):
    pass


class Chosen:
    """Its author has forgotten ``(Event)``."""

    player: Player


class Bare:
    pass


class Heir(Chosen):
    hand: str


class Counted:
    number: int

    def __init__(self) -> None: ...


class Undeclared(SynchronousTestCase):
    """The notes that an error gets."""

    def setUp(self) -> None:
        self.game: Any = Game()

    def notes(self, call: Callable[..., object], *arguments: object) -> list[str]:
        raised = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
        error = self.assertRaises(raised, call, *arguments)
        note_undeclared(self.game, error)
        # A second look adds nothing.
        note_undeclared(self.game, error)
        return list(getattr(error, "__notes__", []))

    def test_what_is_misspelt_is_told_with_the_field_that_is_meant(self) -> None:
        wanted = (
            "Game keeps what it has fields for; did you mean score? Otherwise write `scoer: int = 0` in the class, "
            "say: a type, and how it is when the game begins"
        )
        self.assertEqual(self.notes(setattr, self.game, "scoer", 1), [wanted])
        self.assertEqual(self.notes(getattr, self.game, "scoer"), [wanted])

    def test_what_is_like_no_field_is_told_how_to_declare_it(self) -> None:
        (note,) = self.notes(setattr, self.game, "winner", "alice")
        self.assertIn("write `winner: int = 0` in the class, say", note)
        self.assertNotIn("did you mean", note)

    def test_what_belongs_to_the_class_is_told_as_that(self) -> None:
        shared = "belongs to the class, and all games share it; for state write a field"
        self.assertEqual(self.notes(setattr, self.game, "LINES", 2), [f"Game.LINES {shared}, `lines: int = 0`, say"])
        # No field can have the name of a method.
        for name in ("helper", "publish", "view"):
            self.assertEqual(self.notes(setattr, self.game, name, 2), [f"Game.{name} {shared} of another name"])

    def test_a_name_that_no_field_may_have_is_told_with_one_that_may(self) -> None:
        class Told(GameModel):
            deck: Secret[int] = 0

        self.assertEqual(Told().deck, 0)
        (note,) = self.notes(setattr, self.game, "_deck", [])
        self.assertIn("write `deck: Secret[int] = 0` in the class", note)
        self.assertEqual(self.notes(self.game.mangled), [note])
        for name in ("__wrapped__", "_"):
            self.assertEqual(self.notes(getattr, self.game, name), [])

    def test_another_class_of_the_same_name_is_not_taken_for_the_models(self) -> None:
        class Game:
            __slots__ = ()

        self.assertEqual(self.notes(getattr, Game(), "scoer"), [])

    def test_a_name_beyond_what_anybody_writes_gets_none(self) -> None:
        self.assertEqual(self.notes(setattr, self.game, "x" * 1000, 1), [])

    def test_what_every_game_has_may_be_meant(self) -> None:
        (note,) = self.notes(getattr, self.game, "player")
        self.assertIn("did you mean players? Otherwise write", note)

    def test_a_method_is_no_field(self) -> None:
        self.assertEqual(self.notes(self.game.misspelt), ["Game has no method helpr; did you mean helper?"])
        self.assertEqual(self.notes(self.game.of_nobody), [])

    def test_players_of_a_game_without_seats_are_told_with_how_it_gets_some(self) -> None:
        self.game = alone = Alone()
        alone._context = Context()
        for use in (alone.second, alone.whose, alone.next, alone.place, alone.both):
            self.assertEqual(
                self.notes(use),
                [
                    "Alone has no seats, and so no players; write `class Alone(GameModel, seats=2)` for a game of two",
                ],
                use,
            )

    def test_what_fails_beside_them_is_left_as_it_is(self) -> None:
        self.game = alone = Alone()
        alone._context = Context()
        for use in (alone.first_of_order, alone.unpacked, alone.share, alone.of_another, alone.number):
            self.assertEqual(self.notes(use), [], use)
        # Here are seats, and nobody has come.
        self.game = two = Two()
        two._context = Context()
        for use in (two.second, two.whose, two.next, two.place, two.both):
            self.assertEqual(self.notes(use), [], use)

    def test_code_whose_source_is_not_there_gets_none(self) -> None:
        self.game = Alone()
        self.game._context = Context()
        names: dict[str, Any] = {}
        exec(compile("def use(self): return self.players[1]", "nowhere.py", "exec"), names)
        self.assertEqual(self.notes(names["use"], self.game), [])
        # Nor has what was changed meanwhile.
        self.patch(linecache, "getline", lambda name, line: "é" * 100)
        self.assertEqual(self.notes(names["use"], self.game), [])

    def test_where_no_model_ran_there_are_none(self) -> None:
        self.game = None
        self.assertEqual(self.notes(getattr, None, "x"), [])

    def test_errors_of_the_authors_own_are_not_looked_into(self) -> None:
        class Odd(AttributeError):
            def __str__(self) -> str:
                raise ValueError

        error = Odd()
        note_undeclared(self.game, error)
        self.assertFalse(hasattr(error, "__notes__"))

    def test_a_class_of_annotations_alone_is_told_what_makes_them_fields(self) -> None:
        wanted = (
            "Chosen has no base class to make fields of what it annotates; for what is published write "
            "`class Chosen(Event)`, and for other values `@dataclass` above it"
        )
        plain: Any = Chosen
        self.assertEqual(self.notes(plain, "alice"), [wanted])
        self.assertEqual(self.notes(lambda: plain(player="alice")), [wanted])

    def test_other_classes_that_take_no_arguments_are_not_told_so(self) -> None:
        class Hidden:
            player: Player

        others: tuple[Any, ...] = (Bare, Heir, Counted, Hidden, object)
        for each in others:
            self.assertEqual(self.notes(each, "alice"), [], each)
        for error in (TypeError("Chosen() takes no arguments at all"), TypeError("TypeError() takes no arguments")):
            note_undeclared(self.game, error)
            self.assertFalse(hasattr(error, "__notes__"))

    def test_what_fails_when_it_is_looked_at_is_left_as_it_is(self) -> None:
        class Silent:
            def __str__(self) -> str:
                raise SystemExit

        class Closed(ValueError):
            def __getattr__(self, name: str) -> object:
                raise RuntimeError

        for error in (AttributeError(Silent()), Closed()):
            note_undeclared(self.game, error)
            self.assertEqual(vars(error), {})

    def test_other_errors_get_no_notes(self) -> None:
        class Other:
            __slots__ = ()

        self.assertEqual(self.notes(divmod, 1, 0), [])
        self.assertEqual(self.notes(getattr, Other(), "x"), [])
        self.assertEqual(self.notes(setattr, Other(), "x", 1), [])
