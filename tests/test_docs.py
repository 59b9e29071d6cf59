"""What the documents say is true: each conversation in them is held, and the tables are the code's."""

from __future__ import annotations

import json
import re
import sys
import types
from dataclasses import fields
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.config import SETTINGS
from gamesvc.errors import ERROR_CODES, HTTP_REFUSALS, CloseCode
from gamesvc.limits import Limits
from tests.wire import Line, World, frame

ROOT = Path(__file__).parent.parent
PROTOCOL = (ROOT / "docs" / "protocol.md").read_text()
README = (ROOT / "README.md").read_text()

_SESSION = re.compile(r"^```session(.*?)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_STEP = re.compile(r"(?:(\w+): )?(connect|cut|kill|->|<-) ?(.*)", re.DOTALL)
_CONNECT = re.compile(r"(\S+)(?: as (\S+))?")


def sessions(text: str) -> list[tuple[str, str]]:
    """The conversations in a document: what comes after ``session``, and the steps."""
    return [(match[1].strip(), match[2]) for match in _SESSION.finditer(text)]


class Session:
    """Holds a conversation from a document with a server."""

    def __init__(self, case: SynchronousTestCase, games: tuple[str, ...]) -> None:
        self._case = case
        self._games = games
        self._world = World(games=games)
        self._lines: dict[str, Line] = {}
        self._heard: dict[str, list[Any]] = {}
        self._epochs: dict[str, str] = {}

    def run(self, script: str) -> None:
        steps = re.sub(r"\n +", " ", script).strip().split("\n")
        for step in steps:
            match = _STEP.fullmatch(step)
            assert match is not None, f"not a step: {step!r}"
            name, verb, rest = match[1] or "", match[2], match[3]
            if verb == "connect":
                self._connect(name, rest)
            elif verb == "kill":
                self._kill()
            elif verb == "cut":
                self._collect(name)
                self._lines.pop(name).cut()
            elif verb == "->":
                self._lines[name].send(frame(rest.encode()))
            else:
                self._expect(name, json.loads(rest), step)
        for name in self._lines:
            self._collect(name)
            self._case.assertEqual(self._heard[name], [], f"frames to {name} that the document does not tell of")

    def _kill(self) -> None:
        """The server goes as it stands, and another takes its journal up."""
        for name in tuple(self._lines):
            self._collect(name)
            self._lines.pop(name)
        self._world = World(games=self._games, journal=self._world.journal, reactor=self._world.reactor)

    def _connect(self, name: str, rest: str) -> None:
        match = _CONNECT.fullmatch(rest)
        assert match is not None, f"not an address: {rest!r}"
        path = re.sub(r"^wss?://[^/]+", "", match[1]).replace("...", self._epochs.get(name, ""))
        offer = [f"Sec-WebSocket-Protocol: {match[2]}"] if match[2] else []
        self._lines[name] = self._world.opened(path, *offer)
        self._heard[name] = []

    def _collect(self, name: str) -> None:
        self._heard[name] += self._lines[name].heard()

    def _expect(self, name: str, expected: Any, step: str) -> None:
        self._collect(name)
        self._case.assertTrue(self._heard[name], f"nothing came, where there should be: {step}")
        actual = self._heard[name].pop(0)
        self._epochs[name] = actual.get("epoch", self._epochs.get(name, ""))
        self._case.assertEqual(list(_blank(actual, expected)), list(expected), step)
        self._case.assertEqual(_blank(actual, expected), expected, step)


def _blank(actual: Any, expected: Any) -> Any:
    """The same, with ``...`` wherever the document says so."""
    if expected == "..." and isinstance(actual, str):
        return "..."
    if isinstance(actual, dict) and isinstance(expected, dict):
        return {key: _blank(value, expected.get(key)) for key, value in actual.items()}
    if isinstance(actual, list) and isinstance(expected, list) and len(actual) == len(expected):
        return [_blank(*both) for both in zip(actual, expected, strict=True)]
    return actual


def table(text: str, heading: str) -> list[list[str]]:
    """The rows of the table under a heading."""
    section = text.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [line for line in section.split("\n") if line.startswith("|")]
    return [[cell.strip().strip("`") for cell in row.strip("|").split("|")] for row in rows[2:]]


class Conversations(SynchronousTestCase):
    def test_each_conversation_in_the_protocol_goes_as_it_says(self) -> None:
        found = sessions(PROTOCOL)
        self.assertGreaterEqual(len(found), 8)
        for options, script in found:
            game = options.partition("game=")[2]
            Session(self, (game,) if game else ("greetings",)).run(script)

    def test_each_conversation_in_the_readme_goes_as_it_says(self) -> None:
        found = sessions(README)
        self.assertTrue(found)
        for options, script in found:
            game = options.partition("game=")[2]
            Session(self, (game,) if game else ("greetings",)).run(script)

    def test_the_readmes_game_is_the_one_that_is_tested(self) -> None:
        self.assertIn((ROOT / "tests" / "tictactoe.py").read_text(), README)


class Tables(SynchronousTestCase):
    def test_error_codes(self) -> None:
        told = {row[0]: row[1] == "yes" for row in table(PROTOCOL, "Errors")}
        self.assertEqual(told, {code: error.retryable for code, error in ERROR_CODES.items()})

    def test_refused_handshakes(self) -> None:
        told = {row[1]: int(row[0]) for row in table(PROTOCOL, "Refused handshakes")}
        self.assertEqual(told, {code: refusal.status for code, refusal in HTTP_REFUSALS.items()})

    def test_close_codes(self) -> None:
        told = [int(row[0]) for row in table(PROTOCOL, "Close codes")]
        self.assertEqual(told, sorted(int(code) for code in CloseCode))

    def test_keys_of_the_welcome(self) -> None:
        welcome = json.loads(re.sub(r"\n +", " ", sessions(PROTOCOL)[1][1]).split("\n")[1].removeprefix("<- "))
        told = [row[0] for row in table(PROTOCOL, "Two dialects")]
        self.assertEqual([key for key in told if key in welcome], [key for key in welcome if key != "event"])

    def test_every_setting_is_in_the_operators_page_with_its_default(self) -> None:
        operating = (ROOT / "docs" / "operating.md").read_text()
        told = {row[0].removeprefix("--"): row[1:3] for row in table(operating, "Settings")}
        for setting in SETTINGS:
            self.assertEqual(told[setting.name], [setting.environment, setting.default or ""], setting.name)

    def test_every_limit_is_a_setting_of_its_name(self) -> None:
        names = {setting.name.replace("-", "_") for setting in SETTINGS}
        self.assertLessEqual({each.name for each in fields(Limits)}, names)


class WritingAGame(SynchronousTestCase):
    def test_its_code_runs_as_it_stands(self) -> None:
        blocks = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs" / "writing-a-game.md").read_text(), re.M | re.S)
        self.assertEqual(len(blocks), 2)
        module = types.ModuleType("guess")
        self.addCleanup(sys.modules.pop, module.__name__)
        sys.modules[module.__name__] = module
        for block in blocks:
            exec(block, module.__dict__)
        table = World(games=("guess:GuessMyNumber",))
        alice, bob = (table.opened(f"/g?player={name}") for name in ("alice", "bob"))
        alice.say(command="guess", number=101)
        self.assertEqual(alice.heard()[0]["error"]["code"], "bad_arguments")
        low, high = 1, 100
        while True:
            number = (low + high) // 2
            alice.say(command="guess", number=number)
            *events, reply = alice.heard()
            self.assertEqual(reply["status"], "ok")
            if events[-1]["event"] == "Found":
                break
            low, high = (number + 1, high) if events[-1]["text"] == "higher" else (low, number - 1)
            alice.say(command="guess", number=number)
            self.assertEqual(alice.heard()[0]["error"]["code"], "not_your_turn")
            bob.say(command="guess", number=1 if number > 1 else 2)
            self.assertEqual([each.get("event") for each in alice.heard()], ["Guessed"], "bob's hint is his own")
            bob.heard()
        alice.say(command="guess", number=number)
        self.assertEqual(alice.heard()[0]["error"]["code"], "game_over")
