"""What gamesvc offers to the author of a game, and what it takes to import it."""

from __future__ import annotations

import json
import os
import pkgutil
import subprocess
import sys
import tomllib
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

import gamesvc
import gamesvc.games

ROOT = Path(__file__).parent.parent
CORE = [
    "errors",
    "fields",
    "definition",
    "model",
    "messages",
    "frames",
    "journal",
    "journal.records",
    "journal.memory",
    "eventlog",
    "publisher",
    "views",
    "receipts",
    "instance",
    "pending",
    "surroundings",
    "order",
    "history",
    "saver",
    "bell",
    "clock",
    "recovery",
    "server",
    "controller",
    "handshake",
    "admission",
    "limits",
    "auth",
    "keys",
    "catalog",
]

# Imports one module after the other, and says after which of them something was there that should not be.
_IMPORT_AND_LOOK = """
import importlib, json, sys
modules, unwanted = json.loads(sys.argv[1])
found = {}
for module in ["sys", *modules]:
    importlib.import_module(module)
    there = [name for name in sys.modules if any(name == each or name.startswith(each + ".") for each in unwanted)]
    if there:
        found = {module: there[:3]}
        break
print(json.dumps([len(modules), found]))
"""


def imported(modules: list[str], unwanted: list[str]) -> object:
    """Import modules in a fresh interpreter.

    Returns:
        How many there are, and which was the first that brought something unwanted with it.
    """
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", _IMPORT_AND_LOOK, json.dumps([modules, unwanted])],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


class Package(SynchronousTestCase):
    def test_an_author_finds_these_names_and_no_others(self) -> None:
        names = [
            *("DefinitionError", "Event", "GameError", "GameModel", "Move", "Own", "Player", "PlayerClock", "Secret"),
            *("Timer", "TurnOrder", "command", "derived", "field"),
        ]
        self.assertEqual(sorted(gamesvc.__all__), names)
        self.assertEqual([name for name in names if not hasattr(gamesvc, name)], [])
        modules = {name for _, name, _ in pkgutil.iter_modules(gamesvc.__path__)}
        public = {name for name in vars(gamesvc) if not name.startswith("_")}
        self.assertEqual(public - modules - set(names), set())

    def test_its_version_is_that_of_the_distribution(self) -> None:
        # It is written in one place only.
        metadata = tomllib.loads((ROOT / "pyproject.toml").read_text())
        self.assertIn("version", metadata["project"]["dynamic"])
        self.assertEqual(metadata["tool"]["setuptools"]["dynamic"]["version"], {"attr": "gamesvc.__version__"})
        self.assertRegex(gamesvc.__version__, r"\A\d+\.\d+\.\d+\Z")

    def test_the_rules_of_games_and_of_the_protocol_are_free_of_twisted_and_autobahn(self) -> None:
        games = [name for _, name, _ in pkgutil.walk_packages(gamesvc.games.__path__, "gamesvc.games.")]
        modules = ["gamesvc", *(f"gamesvc.{name}" for name in CORE), "gamesvc.games", *games]
        self.assertIn("gamesvc.games.greetings", modules)
        self.assertEqual(imported(modules, ["twisted", "autobahn", "txaio", "zope"]), [len(modules), {}])

    def test_no_module_imports_the_reactor(self) -> None:
        modules = [name for _, name, _ in pkgutil.walk_packages(gamesvc.__path__, "gamesvc.")]
        self.assertTrue({"gamesvc.listener", "gamesvc.service", "gamesvc.__main__"} <= set(modules))
        self.assertEqual(imported(modules, ["twisted.internet.reactor"]), [len(modules), {}])
