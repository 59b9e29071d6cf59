from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import GameError, GameModel, Move, Player, Secret, command, field
from tests import command_line
from tests.counted_time import count_time

run = partial(command_line.run, "check")

SEATS = "{0} has no seats, and so no players; write `class {0}(GameModel, seats=2)` for a game of two"


class Unborn(GameModel):
    def setup(self) -> None:
        raise LookupError("no cards")

    @command
    def nothing(self, player: Player) -> None:
        pass


class Picky(GameModel):
    @command
    def say(self, player: Player, word: Annotated[str, Meta(pattern="^[a-z]{3}-[0-9]+$")]) -> None:
        if word != "abc-1234567":
            raise GameError("not this word")


class Sealed(GameModel):
    letters: Secret[list[str]] = field(default_factory=list)

    @command
    def nothing(self, player: Player) -> None:
        pass


class Forgetful(GameModel):
    """Its author has not declared a field."""

    @command
    def go(self, player: Player) -> None:
        self.winner = player


class Seatless(GameModel):
    """Its author has forgotten ``seats=2``."""

    moves: int = 0

    @command
    def go(self, player: Player) -> None:
        if player != self.players[self.moves % 2]:
            raise GameError("it is not your turn")


class Idle(GameModel):
    @command
    def go(self, player: Player) -> None: ...


class SeatlessShown(Idle):
    def view(self, viewer: Player | None) -> dict[str, Any]:
        return {"whose": self.players[1]}


class SeatlessLegal(Idle):
    def legal(self, player: Player) -> Iterable[Move]:
        return [Move(self.go)] if player == self.players[0] else []


class CrashInView(Idle):
    def view(self, viewer: Player | None) -> dict[str, Any]:
        raise LookupError("no cards")


class CrashInLegal(Idle):
    def legal(self, player: Player) -> Iterable[Move]:
        raise LookupError("no cards")


class Chatty(GameModel):
    @command
    def nothing(self, player: Player) -> None:
        print("hello")  # noqa: T201  # what it is for


class Check(SynchronousTestCase):
    def setUp(self) -> None:
        count_time(self)

    def test_a_sound_model(self) -> None:
        status, out, err = run("tests.tictactoe:TicTacToe", "--seconds", "0.5")
        self.assertEqual((status, err), (0, ""))
        self.assertRegex(
            out,
            r"^TicTacToe is sound, as far as was tried: \d+ games played, \d+ of them to the end; \d+ commands, "
            r"\d+ accepted and \d+ refused; at most \d accepted in one game\n$",
        )

    def test_an_installed_one(self) -> None:
        status, out, _ = run("greetings", "--seconds", "0.1")
        self.assertEqual((status, out.split(",")[0]), (0, "Greetings is sound"))

    def test_a_fault_is_printed_as_a_test(self) -> None:
        status, out, err = run("tests.faulty_models:CrashInCommand", "--seed", "7")
        self.assertEqual(status, 1)
        self.assertTrue(out.startswith('"""crash: found in CrashInCommand by `gamesvc check tests.faulty_models'), out)
        self.assertIn("--seed 7`", out)
        self.assertIn("\ndef test_crash() -> None:\n    trial = Trial(CrashInCommand, seed=", out)
        self.assertTrue(err.startswith("gamesvc: CrashInCommand: crash: the command set raised IndexError"), err)
        compile(out, "test_it.py", "exec")

    def test_what_the_class_does_not_declare_is_told_with_what_to_write(self) -> None:
        field = (
            "Forgetful keeps what it has fields for; write `winner: int = 0` in the class, say: a type, and how it is "
            "when the game begins"
        )
        for name, what, hint in (
            ("Forgetful", "the command go raised AttributeError: ", field),
            ("Seatless", "the command go raised IndexError: ", SEATS.format("Seatless")),
            ("SeatlessShown", "view raised IndexError: ", SEATS.format("SeatlessShown")),
            ("SeatlessLegal", "legal raised IndexError: ", SEATS.format("SeatlessLegal")),
        ):
            status, out, err = run(f"tests.test_cli_check:{name}", "--seconds", "2")
            self.assertEqual(status, 1)
            told, below, _ = err.splitlines()
            self.assertTrue(told.startswith(f"gamesvc: {name}: crash: {what}"), told)
            self.assertEqual(below, hint)
            # In the test that is written it stands in the place of what is said of all crashes.
            self.assertIn(hint.replace(" ", ""), "".join(out.split()))
            self.assertNotIn("Refuse what the model", out)

    def test_what_only_looks_is_not_advised_to_refuse(self) -> None:
        for name in ("CrashInView", "CrashInLegal"):
            _, out, _ = run(f"tests.test_cli_check:{name}", "--seconds", "2")
            self.assertIn("\nHave it answer however the game stands; nobody is there who could be refused.\n", out)
            self.assertNotIn("Refuse what the model", out)
        self.assertIn("\nRefuse what the model", run("tests.faulty_models:CrashInCommand")[1])

    def test_the_same_seed_prints_the_same(self) -> None:
        printed = {run("tests.faulty_models:CrashInCommand", "--seed", "7")[1] for _ in range(2)}
        self.assertEqual(len(printed), 1)

    def test_a_setup_that_fails_is_a_fault(self) -> None:
        status, out, _ = run("tests.test_cli_check:Unborn")
        self.assertEqual(status, 1)
        self.assertIn("Setup raised LookupError: no cards", out)

    def test_where_hardly_anything_is_accepted(self) -> None:
        status, out, _ = run("tests.test_cli_check:Picky", "--seconds", "0.3")
        self.assertEqual(status, 0)
        self.assertIn("Hardly any command was accepted", out)

    def test_where_no_secret_could_be_another(self) -> None:
        status, out, _ = run("tests.test_cli_check:Sealed", "--seconds", "0.3")
        self.assertEqual(status, 0)
        self.assertIn("this says nothing about its secrets", out)
        for spec in ("tests.tictactoe:TicTacToe", "tests.faulty_models:Cards"):
            self.assertNotIn("its secrets", run(spec, "--seconds", "0.5")[1])

    def test_what_the_model_prints_is_not_in_the_test(self) -> None:
        status, out, err = run("tests.test_cli_check:Chatty", "--seconds", "0.1")
        self.assertEqual((status, out.count("hello")), (0, 0))
        self.assertIn("hello", err)

    def test_nothing_is_left_behind(self) -> None:
        here = os.getcwd()
        with tempfile.TemporaryDirectory() as directory:
            os.chdir(directory)
            self.addCleanup(sys.path.remove, os.getcwd())
            try:
                run("tests.test_cli_check:Picky", "--seconds", "0.3")
                self.assertEqual(list(Path(directory).iterdir()), [])
            finally:
                os.chdir(here)


class CanNotRun(SynchronousTestCase):
    def test_what_is_no_game(self) -> None:
        for spec, why in (
            ("tests.tictactoe:Nothing", "has no 'Nothing'"),
            ("tests.nowhere:Game", "there is no module 'tests.nowhere'"),
            ("tests.tictactoe:Marked", "is not a subclass of gamesvc.GameModel"),
            ("neverland", "no game of this name is installed"),
        ):
            status, out, err = run(spec)
            self.assertEqual((status, out), (2, ""))
            self.assertIn(why, err)

    def test_bad_arguments(self) -> None:
        for arguments in (("--seconds", "0"), ("--seconds", "x"), ("--seed", "-1"), ("--seconds", "nan")):
            self.assertEqual(run("greetings", *arguments)[0], 2)

    def test_without_hypothesis(self) -> None:
        self.patch(sys, "modules", {**sys.modules, "hypothesis": None})
        status, out, err = run("greetings")
        self.assertEqual((status, out), (2, ""))
        self.assertIn("pip install 'gamesvc[check]'", err)
