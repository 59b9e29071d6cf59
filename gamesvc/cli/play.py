"""``gamesvc play``: play in a game of a running server, at a terminal."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib.util
import os
import sys
from typing import Any

from gamesvc.catalog import Catalog
from gamesvc.cli.bot import TOKEN_VARIABLE, read_token
from gamesvc.cli.interpreter import pip_install
from gamesvc.cli.play_vocabulary import Vocabulary, from_schema
from gamesvc.cli.trusted import add_ca_file, ca_file, trusted_by_ssl
from gamesvc.client.address import Token
from gamesvc.errors import ConfigError, DefinitionError
from gamesvc.schema import definitions, refer

_NEEDED = ("prompt_toolkit", "rich", "websockets")


def add(commands: Any) -> None:
    """Describe the arguments."""
    parser = commands.add_parser(
        "play",
        help="play in a running game, at a terminal",
        description="Play in a game of a running server. What is typed goes to it: a command with its arguments, as in"
        " `mark cell=4`, `mark 4` or JSON; or the number of what is legal. Tab completes, and /help says the rest."
        " Lines may come from a pipe: then each waits for the reply to the one before it. Exit status: 0; 1 where a"
        " line of a pipe came to nothing, or the server ended it; 130 after Ctrl-C. Needs gamesvc[play].",
    )
    parser.add_argument("url", metavar="URL", help="the game's: ws://localhost:10020/g1?player=alice")
    parser.add_argument("--player", metavar="NAME", help="your name, where the server asks for no tokens")
    parser.add_argument("--spectate", action="store_true", help="watch, take no seat")
    parser.add_argument(
        "--token-file",
        metavar="FILE",
        help=f"holds a token for the game (or the token itself is in the environment: {TOKEN_VARIABLE})",
    )
    add_ca_file(parser)
    parser.add_argument(
        "--game",
        metavar="KIND",
        help="what is played, where the server does not tell its commands: package.module:Class, or the name of an"
        " installed one",
    )
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Play. Returns the exit status.

    Raises:
        ConfigError: the server can't be reached, or does not want us; or something that is needed is not there.
        ValueError: it is no game's address.
        KeyboardInterrupt: whoever types has had enough.
    """
    missing = [package for package in _NEEDED if importlib.util.find_spec(package) is None]
    if missing:
        raise ConfigError(f"play needs {' and '.join(missing)}: {pip_install('gamesvc[play]')}")
    # Not where these may be missing.
    from gamesvc.cli.play_keyboard import Enough
    from gamesvc.cli.play_running import play
    from gamesvc.client.aio import Options

    options: Options = {"player": given.player, "token": _token(given.token_file), "spectate": given.spectate}
    file = ca_file(given)
    if file is not None:
        options["ssl"] = trusted_by_ssl(file)
    local = None if given.game is None else _local(given.game)
    try:
        return asyncio.run(play(given.url, local, **options))
    except Enough:
        raise KeyboardInterrupt from None


def _token(file: str | None) -> Token:
    if file is None:
        # One that is empty is none.
        return os.environ.get(TOKEN_VARIABLE) or None

    # One that is not there is told at once; later it is read again, when the token in it has expired.
    read_token(file)
    return lambda: read_token(file)


def _local(game: str) -> tuple[str, Vocabulary]:
    """A kind of game that is here: its name, and its commands."""
    # An author's game lies where they start this.
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    # What an author's code prints does not get into what this command prints.
    with contextlib.redirect_stdout(sys.stderr):
        kind = Catalog((game,)).default
        try:
            described = definitions(kind.model)
        except DefinitionError as error:
            raise ConfigError(f"game {game!r}: {error}") from error
    return kind.name, from_schema({**refer("command"), "$defs": described})
