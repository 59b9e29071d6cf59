"""``gamesvc schema``, run in this process."""

from __future__ import annotations

import json
import os
import sys

from gamesvc.asyncapi import asyncapi
from gamesvc.games.greetings import Greetings
from gamesvc.schema import json_schema
from gamesvc.typescript import typescript
from tests.test_cli import Commands
from tests.tictactoe import TicTacToe

TICTACTOE = "tests.tictactoe:TicTacToe"

OWN = """
from __future__ import annotations
from enum import Enum
from gamesvc import Event, GameModel, Player, command

print("I am imported")

class Went(Event):
    how: str = "\N{SNOWMAN}"

def made():
    class Local(Enum):
        A = 1
    class Odd(Event):
        value: LOCAL
    return Odd

class Game(GameModel):
    EVENTS = (made(),)

    @command
    def go(self, player: Player) -> None:
        self.publish(Went())
"""


class Schema(Commands):
    def test_without_an_option_it_is_asyncapi(self) -> None:
        self.assertEqual(self.works("schema", TICTACTOE), json.dumps(asyncapi("TicTacToe", TicTacToe), indent=2) + "\n")

    def test_json_schema(self) -> None:
        printed = self.works("schema", TICTACTOE, "--json-schema")
        self.assertEqual(printed, json.dumps(json_schema("TicTacToe", TicTacToe), indent=2) + "\n")

    def test_typescript(self) -> None:
        self.assertEqual(self.works("schema", TICTACTOE, "--typescript"), typescript("TicTacToe", TicTacToe))

    def test_an_installed_game_by_its_name(self) -> None:
        self.assertEqual(self.works("schema", "greetings", "--typescript"), typescript("greetings", Greetings))

    def test_both_options_are_too_many(self) -> None:
        status, out, err = self.run_it("schema", TICTACTOE, "--typescript", "--json-schema")
        self.assertEqual((status, out), (2, ""))
        self.assertIn("not allowed with", err)

    def test_a_game_that_is_not_there(self) -> None:
        self.assertIn(
            "there is no module 'nowhere': it is neither in the working directory", self.fails("schema", "nowhere:Game")
        )

    def own(self, name: str, local: str) -> None:
        """A game in the working directory, with an event whose field is of this type."""
        (self.directory / f"{name}.py").write_text(OWN.replace("LOCAL", local), encoding="utf-8")
        self.addCleanup(os.chdir, os.getcwd())
        self.patch(sys, "path", list(sys.path))
        self.addCleanup(sys.modules.pop, name, None)
        os.chdir(self.directory)

    def test_a_game_of_the_working_directory_and_what_it_prints_goes_elsewhere(self) -> None:
        self.own("own_game", "str")
        status, out, err = self.run_it("schema", "own_game:Game", "--json-schema")
        self.assertEqual((status, err), (0, "I am imported\n"))
        self.assertIn("event.Went", json.loads(out)["$defs"])

    def test_what_can_not_be_described_is_said(self) -> None:
        self.own("odd_game", "Local")
        status, out, err = self.run_it("schema", "odd_game:Game")
        self.assertEqual((status, out), (1, ""))
        self.assertRegex(err.splitlines()[-1], "^gamesvc: game 'odd_game:Game': Odd: .*Local")
