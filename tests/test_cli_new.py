"""``gamesvc new``, run in this process; and the tests of what it makes, run by pytest in another."""

from __future__ import annotations

import importlib
import importlib.util
import os
import stat
import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from unittest import SkipTest

from gamesvc import GameModel
from gamesvc.catalog import Catalog
from gamesvc.cli import new
from tests.test_cli import Commands

ROOT = Path(__file__).parent.parent
FILES = [
    *(".gitignore", "README.md", "my_game/__init__.py", "my_game/game.py", "my_game/py.typed", "pyproject.toml"),
    "tests/test_game.py",
]


class New(Commands):
    def setUp(self) -> None:
        super().setUp()
        self.addCleanup(os.chdir, os.getcwd())
        self.directory = self.directory.resolve()
        os.chdir(self.directory)

    def files_of(self, name: str = "my-game") -> list[str]:
        place = self.directory / name
        return sorted(str(path.relative_to(place)) for path in place.rglob("*") if path.is_file())

    def run_python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Python in what was made, as its author does."""
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.directory / "my-game",
            env={"PATH": os.defpath, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )


class Made(New):
    def setUp(self) -> None:
        super().setUp()
        # Its shell has this Python as its own.
        self.environment["PATH"] = os.path.dirname(sys.executable)
        self.printed = self.works("new", "my-game")

    def test_its_files_and_nothing_beside_them(self) -> None:
        self.assertEqual(self.files_of(), sorted(FILES))
        self.assertEqual(os.listdir(self.directory), ["my-game"])

    def test_others_may_read_it_as_far_as_the_umask_lets_them(self) -> None:
        place = self.directory / "my-game"
        plain = self.directory / "plain"
        plain.mkdir()
        self.assertEqual(stat.S_IMODE(place.stat().st_mode), stat.S_IMODE(plain.stat().st_mode))

    def test_no_placeholder_is_left(self) -> None:
        for name in FILES:
            text = (self.directory / "my-game" / name).read_text()
            self.assertNotIn("$", text, name)
            self.assertTrue(text.endswith("\n") or not text, name)

    def test_what_to_do_next_is_said(self) -> None:
        self.assertEqual(
            self.printed.splitlines(),
            [
                "my-game: a package with a game. Its rules are in my-game/my_game/game.py. Go on with",
                "  cd my-game",
                "  python -m pip install --editable '.[test]'",
                "  python -m pytest",
                "  twistd -n gamesvc --port 8080 --game my-game",
            ],
        )

    def test_what_to_do_next_is_said_for_the_python_that_there_is(self) -> None:
        shell = self.directory / ".venv" / "bin"
        shell.mkdir(parents=True)
        self.patch(sys, "executable", str(shell / "python"))
        self.assertEqual(
            self.works("new", "other-game").splitlines()[1:],
            [
                "  cd other-game",
                "  ../.venv/bin/python -m pip install --editable '.[test]'",
                "  ../.venv/bin/python -m pytest",
                "  ../.venv/bin/python -m gamesvc --port 8080 --game other-game",
            ],
        )

    def test_its_entry_point_leads_to_its_game(self) -> None:
        project = tomllib.loads((self.directory / "my-game" / "pyproject.toml").read_text())["project"]
        self.assertEqual(project["name"], "my-game")
        self.assertEqual(project["dependencies"], ["gamesvc"])
        self.assertEqual(project["optional-dependencies"], {"test": ["gamesvc[check]", "pytest"]})
        self.assertEqual(project["entry-points"], {"gamesvc.games": {"my-game": "my_game.game:Nim"}})
        self.patch(sys, "path", [str(self.directory / "my-game"), *sys.path])
        for name in ("my_game", "my_game.game"):
            self.addCleanup(sys.modules.pop, name, None)
        named = project["entry-points"]["gamesvc.games"]["my-game"]
        model = Catalog((named,)).default.model
        self.assertTrue(issubclass(model, GameModel))
        self.assertIs(importlib.import_module("my_game").Nim, model)

    def test_its_test_passes(self) -> None:
        done = self.run_python("-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("4 passed", done.stdout)

    def test_its_test_does_test(self) -> None:
        game = self.directory / "my-game" / "my_game" / "game.py"
        text = game.read_text()
        for right, wrong in (
            ("if player != self.players[self.turns % 2]", "if player != self.players[self.turns % 1]"),
            ("if player == self.players[self.turns % 2]", "if player in self.players"),
            ("min(self.pile, 3)", "3"),
            ("stones > self.pile", "stones > 21"),
            ("self.pile -= stones", "self.pile -= 1"),
            ("self.finish(Won(player))", "self.publish(Won(player))"),
            ("le=3", "le=4"),
        ):
            self.assertIn(right, text)
            game.write_text(text.replace(right, wrong))
            done = self.run_python("-m", "pytest", "-q", "-x", "-p", "no:cacheprovider")
            self.assertEqual(done.returncode, 1, f"{wrong}\n{done.stdout}")

    def test_its_types_are_right(self) -> None:
        if importlib.util.find_spec("mypy") is None:
            raise SkipTest("mypy is not installed; `make check` has it")
        cache = str(self.directory / "cache")
        done = self.run_python("-m", "mypy", "--strict", "--cache-dir", cache, "my_game", "tests")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


class Refused(New):
    def test_a_place_that_is_taken(self) -> None:
        for make in (os.mkdir, lambda path: Path(path).write_text("mine"), lambda path: os.symlink("nowhere", path)):
            make("taken")
            before = os.lstat("taken")
            self.assertEqual(self.fails("new", "taken"), "gamesvc: taken: is there already, and is not overwritten\n")
            self.assertEqual(os.lstat("taken"), before)
            self.assertEqual(os.listdir(self.directory), ["taken"])
            os.rename("taken", self.directory.parent / f"{self.directory.name}-{before.st_ino}")

    def test_names_that_no_package_can_have_and_what_would_be_right(self) -> None:
        for name, right in (
            ("My Game", "my-game"),
            ("games/mine", "games-mine"),
            ("../mine", "mine"),
            ("2048", "my-game"),
            ("4-in-a-row", "in-a-row"),
            ("", "my-game"),
            (".", "my-game"),
            ("my--game", "my-game"),
            ("my-game-", "my-game"),
            ("m\N{LATIN SMALL LETTER U WITH DIAERESIS}hle", "m-hle"),
            ("a" * 65, "a" * 64),
            ("mine\n", "mine"),
        ):
            self.assertIn(f"at most 64, such as {right}\n", self.fails("new", name), name)

    def test_names_that_mean_something_else(self) -> None:
        for name in ("import", "class", "match"):
            self.assertIn(f"it is a word of Python's; write {name}-game, say", self.fails("new", name))
        for name in ("random", "tests", "msgspec", "gamesvc"):
            self.assertIn(f"there is a package {name} already; write {name}-game, say", self.fails("new", name))

    def test_the_name_of_an_installed_game(self) -> None:
        games = EntryPoints([EntryPoint("checkers", "somewhere:Checkers", "gamesvc.games")])
        self.patch(new, "entry_points", lambda group: games)
        self.assertIn("a game of this name is installed; write checkers-2, say", self.fails("new", "checkers"))

    def tearDown(self) -> None:
        self.assertNotIn("my-game", os.listdir(self.directory))


class Interrupted(New):
    def test_nothing_is_left_where_writing_fails(self) -> None:
        write = Path.write_text

        def full(path: Path, text: str, encoding: str | None = None) -> int:
            if path.name == "test_game.py":
                raise OSError(28, "No space left on device")
            return write(path, text, encoding)

        self.patch(Path, "write_text", full)
        self.assertEqual(self.fails("new", "my-game"), "gamesvc: my-game: No space left on device\n")
        self.assertEqual(os.listdir(self.directory), [])

    def test_nothing_is_left_after_control_c(self) -> None:
        def interrupt(path: Path, *arguments: object, **keywords: object) -> int:
            raise KeyboardInterrupt

        self.patch(Path, "write_text", interrupt)
        self.assertEqual(self.run_it("new", "my-game")[0], 130)
        self.assertEqual(os.listdir(self.directory), [])

    def test_what_another_made_meanwhile_stays(self) -> None:
        rename = Path.rename

        def late(path: Path, target: Path) -> Path:
            (self.directory / "my-game").mkdir()
            (self.directory / "my-game" / "mine").write_text("mine")
            return rename(path, target)

        self.patch(Path, "rename", late)
        self.assertRegex(self.fails("new", "my-game"), r"^gamesvc: my-game: Directory not empty\n$")
        self.assertEqual(self.files_of(), ["mine"])
        self.assertEqual(os.listdir(self.directory), ["my-game"])
