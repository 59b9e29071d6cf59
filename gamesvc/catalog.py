"""The kinds of game that this server offers."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from importlib.metadata import entry_points
from traceback import walk_tb
from typing import NamedTuple

from gamesvc.context import Context
from gamesvc.errors import ConfigError
from gamesvc.image import settle
from gamesvc.model import GameModel, start
from gamesvc.options import OptionsError, checked, given, parse

ENTRY_POINT_GROUP = "gamesvc.games"
DEFAULT_GAME = "greetings"

_BUILT_IN = {
    "arena": "gamesvc.games.arena:Arena",
    "battleship": "gamesvc.games.battleship:Battleship",
    "chat": "gamesvc.games.chat:Chat",
    "chess": "gamesvc.games.chess:Chess",
    "connect-four": "gamesvc.games.connect_four:ConnectFour",
    "crazy-eights": "gamesvc.games.crazy_eights:CrazyEights",
    "greetings": "gamesvc.games.greetings:Greetings",
    "tic-tac-toe": "gamesvc.games.tic_tac_toe:TicTacToe",
}
"""Found here, too, so that they are there where gamesvc runs from its source tree without being installed."""

_EXTRAS = {"chess": "chess", "pyspiel": "openspiel"}
"""Which extra of gamesvc brings a package that built-in games need."""

_OPENSPIEL = "openspiel:"
"""What stands before a game of OpenSpiel's. All behind it is OpenSpiel's to read, parameters among it."""


class Kind(NamedTuple):
    """A kind of game: its name, its rules, and the options with which it is created, as a JSON object."""

    name: str
    model: type[GameModel]
    options: bytes = b"{}"


class Catalog:
    """The kinds of game that this server offers. The first is what a new id on the path creates.

    Args:
        games: each a short name (of a built-in game, or of an installed package's entry point in the group
            ``gamesvc.games``), or ``package.module:Class``; with options, as in ``chess(minutes=5)``. Or ``openspiel:``
            and one of OpenSpiel's, with its parameters: ``openspiel:go(board_size=9)``. None at all: the seed's
            ``greetings``.

    Raises:
        ConfigError: one of them is not there, or is no game.
    """

    def __init__(self, games: Iterable[str]) -> None:
        self._kinds: dict[str, Kind] = {}
        for game in games or (DEFAULT_GAME,):
            kind = _load(game)
            if kind.name in self._kinds:
                raise ConfigError(f"game {game!r}: there are two of the name {kind.name!r}")
            self._kinds[kind.name] = kind

    def __iter__(self) -> Iterator[Kind]:
        return iter(self._kinds.values())

    def find(self, name: str) -> Kind | None:
        """The kind of a name; None where it is not offered."""
        return self._kinds.get(name)

    @property
    def default(self) -> Kind:
        """What a new game id on the path creates."""
        return next(iter(self))


_SPEC = re.compile(r"(?!\d)\w+(?:\.\w+)*:(?!\d)\w+")


def _load(text: str) -> Kind:
    if text.startswith(_OPENSPIEL):
        return _load_openspiel(text)
    try:
        game, options = parse(text)
        kind = _load_plain(game)
        kind = kind._replace(options=checked(kind.model, options))
        # Better now than when the first player comes.
        if options:
            _try_out(game, kind)
    except OptionsError as error:
        raise ConfigError(f"game {text!r}: {error}") from None
    return kind


def _load_plain(game: str) -> Kind:
    named = {entry.name: entry.value for entry in entry_points(group=ENTRY_POINT_GROUP)} | _BUILT_IN
    if game not in named and not _SPEC.fullmatch(game):
        close = get_close_matches(game, named, 1)
        hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(sorted(named))}."
        raise ConfigError(f"game {game!r}: no game of this name is installed; {hint} Or write package.module:Class")
    module_name, _, class_name = named.get(game, game).partition(":")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if named.get(game, game) in _BUILT_IN.values() and error.name in _EXTRAS:
            raise _without_extra(game, error.name) from None
        if not f"{module_name}.".startswith(f"{error.name}."):
            raise ConfigError(f"game {game!r}: importing {module_name} failed: {_describe(error)}") from None
        hint = f"; write {module_name.removesuffix('.py')}:{class_name}" if module_name.endswith(".py") else ""
        raise ConfigError(f"game {game!r}: there is no module {error.name!r} on the path{hint}") from None
    # An author's module runs here, and whatever is wrong with it is for its author to read.
    except (Exception, SystemExit) as error:
        raise ConfigError(f"game {game!r}: importing {module_name} failed: {_describe(error)}") from error
    model = getattr(module, class_name, None)
    if model is None:
        raise ConfigError(f"game {game!r}: the module {module_name} has no {class_name!r}")
    if model is GameModel or not (isinstance(model, type) and issubclass(model, GameModel)):
        raise ConfigError(f"game {game!r}: {class_name} is not a subclass of gamesvc.GameModel")
    if not model.COMMANDS:
        raise ConfigError(f"game {game!r}: {class_name} has no @command, so players could do nothing in it")
    kind = Kind(game if ":" not in game else class_name, model)
    _try_out(game, kind)
    return kind


def _load_openspiel(text: str) -> Kind:
    try:
        kinds = importlib.import_module("gamesvc.openspiel.kinds")
    except ModuleNotFoundError as error:
        if error.name not in _EXTRAS:
            raise
        raise _without_extra(text, error.name) from None
    try:
        name, model = kinds.kind_of(text.removeprefix(_OPENSPIEL))
    except kinds.NotServed as error:
        raise ConfigError(f"game {text!r}: {error}") from None
    return Kind(name, model)


def _without_extra(game: str, package: str) -> ConfigError:
    return ConfigError(f"game {game!r}: needs the package {package!r}; pip install 'gamesvc[{_EXTRAS[package]}]'")


def _try_out(game: str, kind: Kind) -> None:
    try:
        settle(start(kind.model, Context(), given(kind.model, kind.options)))
    except (Exception, SystemExit) as error:
        raise ConfigError(f"game {game!r}: the setup of {kind.model.__name__} failed: {_describe(error)}") from error


def _describe(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg} ({error.filename}, line {error.lineno})"
    # The innermost line that is not ours: where a class is found wrong, the author's class, not what found it.
    frames = [
        (frame.f_code.co_filename, line)
        for frame, line in walk_tb(error.__traceback__)
        if not frame.f_globals.get("__name__", "").startswith(("gamesvc.", "importlib."))
    ]
    where = " ({}, line {})".format(*frames[-1]) if frames else ""
    return f"{type(error).__name__}: {error}{where}"
