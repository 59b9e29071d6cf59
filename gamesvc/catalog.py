"""The kinds of game that this server offers."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from gamesvc.context import Context
from gamesvc.errors import ConfigError
from gamesvc.image import settle
from gamesvc.installed import Sort, described, find_class, without_extra
from gamesvc.model import GameModel, start
from gamesvc.options import OptionsError, checked, given, parse

ENTRY_POINT_GROUP = "gamesvc.games"

_GAMES = Sort(
    "game",
    ENTRY_POINT_GROUP,
    # In the order in which they are shown to who comes to play.
    {
        "greetings": "gamesvc.games.greetings:Greetings",
        "tic-tac-toe": "gamesvc.games.tic_tac_toe:TicTacToe",
        "connect-four": "gamesvc.games.connect_four:ConnectFour",
        "chess": "gamesvc.games.chess:Chess",
        "battleship": "gamesvc.games.battleship:Battleship",
        "crazy-eights": "gamesvc.games.crazy_eights:CrazyEights",
        "arena": "gamesvc.games.arena:Arena",
        "chat": "gamesvc.games.chat:Chat",
    },
    {"chess": "chess", "pyspiel": "openspiel"},
    GameModel,
    "gamesvc.GameModel",
)
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
            and one of OpenSpiel's, with its parameters: ``openspiel:go(board_size=9)``. At least one.
        tried: whether they were tried out already, by who has started this process. Else each is set up once, and one
            of OpenSpiel's with parameters is played in a process of its own.

    Raises:
        ConfigError: one of them is not there, or is no game.
    """

    def __init__(self, games: Iterable[str], *, tried: bool = False) -> None:
        self._kinds: dict[str, Kind] = {}
        for game in games:
            kind = _load(game, tried)
            if kind.name in self._kinds:
                raise ConfigError(f"game {game!r}: there are two of the name {kind.name!r}; {_apart(kind)}")
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


def shipped(left_out: Callable[[ConfigError], object] = lambda why: None) -> tuple[str, ...]:
    """The games that come along, by their names; what is played where nobody says what. ``greetings`` is the first.

    Args:
        left_out: is told why one can't be played here: because a package is missing that an extra brings.
    """
    found = []
    for name in _GAMES.built_in:
        try:
            find_class(_GAMES, name, name)
        except ConfigError as error:
            left_out(error)
        else:
            found.append(name)
    return tuple(found)


def _apart(kind: Kind) -> str:
    """What to do where two kinds have the name of this one."""
    if kind.name == kind.model.__name__:
        return "leave one of them out, or give one of the classes another name"
    return "leave one of them out"


def _load(text: str, tried: bool) -> Kind:
    if text.startswith(_OPENSPIEL):
        return _load_openspiel(text, tried)
    try:
        game, options = parse(text)
        kind = _load_plain(game, tried)
        kind = kind._replace(options=checked(kind.model, options))
        # Better now than when the first player comes.
        if options and not tried:
            _try_out(game, kind)
    except OptionsError as error:
        raise ConfigError(f"game {text!r}: {error}") from None
    return kind


def _load_plain(game: str, tried: bool) -> Kind:
    model: type[GameModel] = find_class(_GAMES, game, game)
    if not model.COMMANDS:
        raise ConfigError(f"game {game!r}: {model.__name__} has no @command, so players could do nothing in it")
    kind = Kind(game.rpartition(":")[2], model)
    if not tried:
        _try_out(game, kind)
    return kind


def _load_openspiel(text: str, tried: bool) -> Kind:
    try:
        kinds = importlib.import_module("gamesvc.openspiel.kinds")
    except ModuleNotFoundError as error:
        if error.name not in _GAMES.extras:
            raise
        raise without_extra(_GAMES, text, error.name or "") from None
    try:
        name, model = kinds.kind_of(text.removeprefix(_OPENSPIEL), tried=tried)
    except kinds.NotServed as error:
        raise ConfigError(f"game {text!r}: {error}") from None
    return Kind(name, model)


def _try_out(game: str, kind: Kind) -> None:
    try:
        settle(start(kind.model, Context(), given(kind.model, kind.options)))
    except (Exception, SystemExit) as error:
        raise ConfigError(f"game {game!r}: the setup of {kind.model.__name__} failed: {described(error)}") from error
