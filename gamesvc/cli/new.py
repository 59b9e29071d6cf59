"""``gamesvc new``: a package with a game to start from."""

from __future__ import annotations

import argparse
import importlib.util
import keyword
import os
import re
import sys
import tempfile
from importlib import resources
from importlib.metadata import entry_points
from pathlib import Path
from string import Template
from typing import Any

from gamesvc.catalog import ENTRY_POINT_GROUP
from gamesvc.cli.interpreter import PYTHON, python
from gamesvc.cli.wording import one_line
from gamesvc.errors import ConfigError

MAX_NAME = 64

_NAME = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*")

_FILES = {
    ".gitignore": "gitignore",
    "README.md": "README.md",
    "pyproject.toml": "pyproject.toml",
    "{package}/__init__.py": "init.py",
    "{package}/game.py": "game.py",
    "{package}/py.typed": None,
    "tests/test_game.py": "test_game.py",
}
"""What is made, and of which file in `skeleton` each; None: it is empty."""


def add(commands: Any) -> None:
    """Describe the arguments."""
    parser = commands.add_parser(
        "new",
        help="start a game: make a package with one",
        description="Make the directory NAME: an installable package with a small game, a test of it that passes, and"
        " a README that says how to test, check, serve and play it.",
    )
    parser.add_argument("name", metavar="NAME", help="of the game: lower case letters, digits and '-', such as my-game")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> None:
    """Make the package."""
    package = _package(given.name)
    _make(Path(given.name), {"project": given.name, "package": package})
    print(f"{given.name}: a package with a game. Its rules are in {given.name}/{package}/game.py. Go on with")
    print(f"  cd {given.name}")
    called = python(given.name)
    print(f"  {called} -m pip install --editable '.[test]'")
    print(f"  {called} -m pytest")
    # Where this Python is not the shell's, neither is its twistd.
    print(f"  {'twistd -n' if called == PYTHON else f'{called} -m'} gamesvc --port 8080 --game {given.name}")


def _package(name: str) -> str:
    """The name of the package of a game.

    Raises:
        ConfigError: the game's name is none of which a package's can be made. Says what would be right.
    """
    if not _NAME.fullmatch(name) or len(name) > MAX_NAME:
        plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).lstrip("0123456789-")[:MAX_NAME].rstrip("-")
        raise ConfigError(
            f"{one_line(name)!r} can't be a package's name: write lower case letters, digits and '-', a letter first,"
            f" at most {MAX_NAME}, such as {plain or 'my-game'}"
        )
    package = name.replace("-", "_")
    if keyword.iskeyword(package) or keyword.issoftkeyword(package):
        raise ConfigError(f"{name!r} can't be a package's name: it is a word of Python's; write {name}-game, say")
    if name in entry_points(group=ENTRY_POINT_GROUP).names:
        raise ConfigError(f"{name!r}: a game of this name is installed; write {name}-2, say")
    # The tests' directory has a name, too, and beside a package of another's name one of them is never found.
    if package in sys.stdlib_module_names or package == "tests" or importlib.util.find_spec(package) is not None:
        raise ConfigError(f"{name!r}: there is a package {package} already; write {name}-game, say")
    return package


def _make(place: Path, names: dict[str, str]) -> None:
    """Make it beside its place, and move it there when it is whole.

    Raises:
        ConfigError: its place is taken, or it can't be written.
    """
    if os.path.lexists(place):
        raise ConfigError(f"{place}: is there already, and is not overwritten")
    try:
        with tempfile.TemporaryDirectory(prefix=f".{place.name}-", dir=place.parent) as directory:
            made = Path(directory) / place.name
            for path, source in _FILES.items():
                file = made / path.format_map(names)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(_text(source, names), encoding="utf-8")
            made.rename(place)
    except OSError as error:
        raise ConfigError(f"{place}: {error.strerror}") from error


def _text(source: str | None, names: dict[str, str]) -> str:
    if source is None:
        return ""
    template = resources.files("gamesvc.cli").joinpath("skeleton", f"{source}.in").read_text(encoding="utf-8")
    return Template(template).substitute(names)
