"""What type checkers say of an author's module: nothing where it is right, and something where it is wrong."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.everything import Cards

CHECKOUT = Path(__file__).resolve().parents[1]

MISTAKES = {
    "Cards().play(ALICE, 5)": "arg-type",
    "Cards().play(ALICE)": "call-arg",
    "Cards().hands[5]": "index",
    "Cards().board.nothing": "attr-defined",
    "Cards().cancel('x')": "arg-type",
    "Cards().publish(5)": "arg-type",
    "Cards().score": "attr-defined",
    "Cards(size='x')": "arg-type",
    "Cards.COMMANDS.nothing": "attr-defined",
    "class Two(GameModel, seats='2'): ...": "arg-type",
    "class Three(GameModel, seat=2): ...": "call-arg",
    "class Four(GameModel):\n    def on_join(self) -> None: ...": "override",
    "class Six(Event):\n    cell: int\nSix('x')": "arg-type",
}


class Typing(SynchronousTestCase):
    """mypy, as an author runs it: with no settings but ``--strict``."""

    if importlib.util.find_spec("mypy") is None:
        skip = "mypy is not installed; `make test` has it"

    def mypy(self, *files: Path) -> str:
        """What it says of some files."""
        command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--no-error-summary", *map(str, files)]
        # Beside the project's own, which was made with other settings.
        cache = f"--cache-dir={CHECKOUT / '.mypy_cache' / 'authors'}"
        place = {**os.environ, "MYPYPATH": str(CHECKOUT)}
        done = subprocess.run([*command, cache], cwd=self.elsewhere(), env=place, capture_output=True, text=True)
        self.assertEqual(done.stderr, "")
        return done.stdout

    def elsewhere(self) -> Path:
        made = Path(self.mktemp())
        made.mkdir(parents=True)
        return made.resolve()

    def test_modules_that_are_right_are_clean_under_strict(self) -> None:
        games = sorted((CHECKOUT / "gamesvc" / "games").glob("*.py"))
        self.assertEqual(self.mypy(CHECKOUT / "tests/tictactoe.py", CHECKOUT / "tests/everything.py", *games), "")

    def test_what_is_wrong_is_found(self) -> None:
        lines = ["from gamesvc import Event, GameModel, Player", "from tests.everything import Cards"]
        lines += ["ALICE = Player('alice')", *MISTAKES]
        module = self.elsewhere() / "wrong.py"
        module.write_text("\n".join(lines) + "\n")
        said = self.mypy(module)
        found = {}
        for written, code in MISTAKES.items():
            first = module.read_text().split(written)[0].count("\n") + 1
            for line in range(first, first + written.count("\n") + 1):
                if any(f"wrong.py:{line}: error" in each and f"[{code}]" in each for each in said.splitlines()):
                    found[written] = code
        self.assertEqual(found, MISTAKES, said)

    def test_the_game_that_uses_everything_is_right_when_it_is_defined_too(self) -> None:
        self.assertEqual(sorted(Cards.COMMANDS), ["play"])
        self.assertEqual((Cards.SEATS, Cards.TICK, Cards.VERSION, Cards.DURABILITY), ((2, 4), 20.0, 2, "snapshot"))
