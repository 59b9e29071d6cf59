"""What authors are told whose model touches what it has not declared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc import GameModel
from gamesvc.undeclared import note_undeclared


class Game(GameModel):
    LINES = 3
    score: int = 0
    level: int = 1

    def helper(self) -> None: ...


class Undeclared(SynchronousTestCase):
    """The notes that an error gets."""

    def setUp(self) -> None:
        self.game: Any = Game()

    def notes(self, call: Callable[..., object], *arguments: object) -> list[str]:
        error = self.assertRaises((AttributeError, ZeroDivisionError), call, *arguments)
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
        for name in ("LINES", "helper"):
            (note,) = self.notes(setattr, self.game, name, 2)
            self.assertIn(f"Game.{name} belongs to the class, and all games share it", note)

    def test_other_errors_get_no_notes(self) -> None:
        class Other:
            __slots__ = ()

        self.assertEqual(self.notes(divmod, 1, 0), [])
        self.assertEqual(self.notes(getattr, Other(), "x"), [])
        self.assertEqual(self.notes(setattr, Other(), "x", 1), [])
