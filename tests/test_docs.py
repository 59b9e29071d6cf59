"""What the documents say is true: each conversation in them is held, and the tables are the code's."""

from __future__ import annotations

import json
import re
import types
from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple

from twisted.trial.unittest import SynchronousTestCase

from gamesvc import GameModel
from gamesvc.catalog import Catalog
from gamesvc.errors import ERROR_CODES, HTTP_REFUSALS, CloseCode
from gamesvc.limits import Limits
from gamesvc.settings import SETTINGS
from gamesvc.testing import Table
from gamesvc.testing.fault import ADVICE
from gamesvc.testing.search import Search
from tests.counted_time import count_time
from tests.pages import Files, anchors, blocks, run_tests
from tests.wire import Line, Logged, World, frame

ROOT = Path(__file__).parent.parent
PROTOCOL = (ROOT / "docs" / "protocol.md").read_text()
README = (ROOT / "README.md").read_text()
DETERMINISM = (ROOT / "docs" / "determinism.md").read_text()
WRITING = (ROOT / "docs" / "writing-a-game.md").read_text()

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


# In the examples of faults, imports are left out.
_IMPORTS = """
import random
from collections.abc import Iterable
from typing import Annotated, Any

from msgspec import Meta

from gamesvc import Event, GameError, GameModel, Move, Own, Player, command, derived, field
"""


class Mend(NamedTuple):
    """What is to be done about the fault in an example: what is to be replaced, by what, and what the page says."""

    wrong: str
    right: str
    told: str


_MENDS = {
    "crash": Mend("among: int", "among: Annotated[int, Meta(ge=1, le=10)]", "Annotated[int, Meta(ge=1, le=10)]"),
    "nondeterministic": Mend("random.random()", "self.random.random()", "Write `self.random.random()`"),
    "unstable-state": Mend(
        "self.blue = self.red", "self.blue = self.red.copy()", "Write `self.blue = self.red.copy()`"
    ),
    "derived": Mend("return self.total", "del self.total; return self.total", "Write `del self.total`"),
    "dirty-refusal": Mend(
        "self.coins -= coins\n        if self.coins < 0:\n            raise",
        "if self.coins >= coins:\n            self.coins -= coins\n        else:\n            raise",
        "Check first, change then.",
    ),
    "patch": Mend('float("nan")', "None", "Show None"),
    "leak": Mend("self.cards[player]))", "self.reveal(self.cards[player])))", "self.publish(Bet(player, self.reveal("),
    "legal": Mend("yield", "if self.pits[pit]: yield", "Write `if self.pits[pit]:` before the `yield`"),
    "endless": Mend("seats=1", "seats=1, endless=True", "`endless=True` in the class line"),
}


def fault_of(model: type[GameModel], seconds: float = 10) -> str:
    """What `gamesvc check` finds in a model; empty for nothing."""
    found = Search(model, seconds=seconds, seed=0).run()
    return found.fault.name if found is not None else ""


def _model_in(module: types.ModuleType) -> type[GameModel]:
    (model,) = (each for each in vars(module).values() if getattr(each, "COMMANDS", None))
    found: type[GameModel] = model
    return found


class WritingAGame(SynchronousTestCase):
    def setUp(self) -> None:
        count_time(self)
        self.blocks = blocks(WRITING)
        self.files = Files(self)

    def modules(self) -> dict[str, types.ModuleType]:
        """The page's files."""
        return self.files.write_all([each for each in self.blocks if each.label.endswith(".py")])

    def test_each_block_says_what_it_is(self) -> None:
        for label, code in self.blocks:
            self.assertRegex(label, r"^[a-z_]+\.py$|^fault=[a-z-]+$", code)

    def test_its_tests_pass(self) -> None:
        counts = {name: run_tests(module) for name, module in self.modules().items() if name.startswith("test_")}
        self.assertEqual(counts, {"test_guess.py": 3, "test_liars_dice.py": 5, "test_race.py": 1})

    def test_its_conversations_go_as_it_says(self) -> None:
        self.modules()
        found = sessions(WRITING)
        self.assertTrue(found)
        for options, script in found:
            Session(self, (options.partition("game=")[2],)).run(script)

    def test_the_games_are_sound(self) -> None:
        modules = self.modules()
        for name in (
            "guess.py:GuessMyNumber",
            "liars_dice.py:LiarsDice",
            "blitz.py:Blitz",
            "race.py:Race",
            "vote.py:Vote",
        ):
            file, _, model = name.partition(":")
            self.assertEqual(fault_of(getattr(modules[file], model), 1), "", name)

    def test_each_fault_is_found_in_its_example(self) -> None:
        told = [label.partition("=")[2] for label, _ in self.blocks if label.startswith("fault=")]
        self.assertEqual(sorted(told), sorted(ADVICE))
        for number, (label, code) in enumerate(self.blocks):
            if label.startswith("fault="):
                module = self.files.write(f"faulty_{number}.py", _IMPORTS + code)
                name = label.partition("=")[2]
                # What never ends takes the time that it is given.
                self.assertEqual(fault_of(_model_in(module), 1 if name == "endless" else 10), name)

    def test_what_the_page_says_mends_the_faults(self) -> None:
        self.assertEqual(sorted(_MENDS), sorted(ADVICE))
        flat = " ".join(WRITING.split())
        for name, (wrong, right, told) in _MENDS.items():
            (code,) = (code for label, code in self.blocks if label == f"fault={name}")
            self.assertIn(wrong, code)
            self.assertIn(told, flat)
            module = self.files.write(f"{name.replace('-', '_')}.py", _IMPORTS + code.replace(wrong, right))
            self.assertEqual(fault_of(_model_in(module), 0.5), "", name)

    def test_the_hints_would_be_a_leak_without_reveal(self) -> None:
        (code,) = (code for label, code in self.blocks if label == "guess.py")
        module = self.files.write("leaky.py", re.sub(r"self\.reveal\((.*)\)", r"\1", code))
        self.assertEqual(fault_of(module.GuessMyNumber), "leak")

    def test_the_options_on_the_command_line_are_taken(self) -> None:
        self.modules()
        (given,) = re.findall(r'--game "(.*)"', WRITING)
        self.assertEqual(json.loads(Catalog([given]).default.options), {"seconds": 30})

    def test_a_model_that_blocks_answers(self) -> None:
        table = Table(self.modules()["oracle.py"].Oracle, "alice")
        table.send("alice", "ask", question="?")
        self.assertEqual(table.last("alice"), {"event": "Answered", "text": "yes"})


class WhenTheRulesChange(SynchronousTestCase):
    def setUp(self) -> None:
        count_time(self)
        self.blocks = blocks(DETERMINISM)
        self.files = Files(self)
        self.first, self.second = (code for label, code in self.blocks if label == "walk.py")

    def serve(self, code: str, world: World | None = None) -> World:
        """A server with this as its ``walk.py``, on the journal of one that is gone."""
        self.files.write("walk.py", code)
        if world is None:
            return World(games=("walk:Walk",))
        return World(games=("walk:Walk",), journal=world.journal, reactor=world.reactor)

    def state(self, world: World) -> Any:
        """What somebody is shown who comes now."""
        line = world.opened("/g?player=eve&state=1", "Sec-WebSocket-Protocol: gamesvc.v1")
        welcome = line.heard()[0]
        line.cut()
        return welcome["state"]

    def refused(self, world: World, logged: Logged) -> str:
        """Why the game is opened for nobody."""
        line = world.line()
        line.ask("/g?player=alice")
        self.assertEqual(line.response().code, "internal_error")
        return " ".join(logged.texts())

    def walked(self) -> World:
        """A game of version 1 in which alice has walked 1.5 km."""
        world = self.serve(self.first)
        world.opened("/g?player=alice").say(command="walk", kilometres=1.5)
        self.assertEqual(self.state(world), {"kilometres": {"alice": 1.5}})
        return world

    def test_each_block_says_what_it_is(self) -> None:
        labels = [label for label, _ in self.blocks]
        self.assertEqual(labels, ["fault=nondeterministic", "walk.py", "walk.py", "test_walk.py"])

    def test_the_order_of_a_set_is_found(self) -> None:
        module = self.files.write("tombola.py", _IMPORTS + self.blocks[0].code)
        self.assertEqual(fault_of(_model_in(module)), "nondeterministic")

    def test_its_test_passes(self) -> None:
        self.files.write("walk.py", self.second)
        self.assertEqual(run_tests(self.files.write("test_walk.py", self.blocks[-1].code)), 1)

    def test_a_running_game_is_migrated_and_its_timer_is_called(self) -> None:
        logged = Logged(self)
        world = self.serve(self.second, self.walked())
        self.assertEqual(self.state(world), {"metres": {"alice": 1500}, "walks": 0})
        world.pass_time(61)
        line = world.opened("/g?player=alice")
        line.say(command="walk", metres=20)
        self.assertEqual(line.heard(), [{"status": "ok"}])
        self.assertEqual(self.state(world), {"metres": {"alice": 1520}, "walks": 1})
        self.assertNotIn("incident", " ".join(logged.texts()))

    def test_without_migrate_nobody_can_enter_and_nothing_is_lost(self) -> None:
        world = self.walked()
        logged = Logged(self)
        careless = self.serve(re.sub(r"    @classmethod.*?\n\n", "", self.second, flags=re.DOTALL), world)
        self.assertIn("kilometres", self.refused(careless, logged))
        self.assertEqual(self.state(self.serve(self.second, careless)), {"metres": {"alice": 1500}, "walks": 0})

    def test_a_timer_needs_its_method(self) -> None:
        world = self.walked()
        logged = Logged(self)
        careless = self.serve(self.second.replace("def rest", "def pause"), world)
        self.assertIn("rest", self.refused(careless, logged))

    def test_a_migrated_game_is_refused_by_the_version_before(self) -> None:
        migrated = self.serve(self.second, self.walked())
        self.state(migrated)
        logged = Logged(self)
        self.assertIn("version 2", self.refused(self.serve(self.first, migrated), logged))

    def test_more_seats_are_free_and_one_that_is_taken_must_stay(self) -> None:
        seated = self.first.replace("GameModel)", "GameModel, seats=2)")
        world = self.serve(seated)
        for name in ("alice", "bob"):
            world.opened(f"/g?player={name}")
        world = self.serve(seated.replace("seats=2", "seats=3"), world)
        line = world.opened("/g?player=carol", "Sec-WebSocket-Protocol: gamesvc.v1")
        self.assertEqual(line.heard()[0]["players"], ["alice", "bob", "carol"])
        logged = Logged(self)
        self.assertIn("3 seats", self.refused(self.serve(seated, world), logged))

    def test_old_games_end_as_they_began_beside_new_ones(self) -> None:
        world = self.walked()
        self.files.write("walk_2.py", self.second.replace("class Walk(", "class Walk2("))
        world = World(games=("walk_2:Walk2", "walk:Walk"), journal=world.journal, reactor=world.reactor)
        self.assertEqual(self.state(world), {"kilometres": {"alice": 1.5}})
        line = world.opened("/new?player=alice", "Sec-WebSocket-Protocol: gamesvc.v1")
        self.assertEqual(line.heard()[0]["kind"], "Walk2")


class Links(SynchronousTestCase):
    def test_every_link_within_the_documents_leads_somewhere(self) -> None:
        for page in (*sorted((ROOT / "docs").glob("*.md")), *sorted(ROOT.glob("*.md"))):
            prose = re.sub(r"^```.*?^```|`[^`\n]*`", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
            for target in re.findall(r"\]\(([^)\s]+)\)", prose):
                if "://" in target:
                    continue
                path, _, anchor = target.partition("#")
                to = page.parent / path if path else page
                self.assertTrue(to.exists(), f"{page.name}: {target}")
                if anchor:
                    self.assertIn(anchor, anchors(to.read_text()), f"{page.name}: {target}")
