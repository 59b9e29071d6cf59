"""``gamesvc bot``: have a bot play in a game of a running server."""

from __future__ import annotations

import argparse
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from gamesvc.cli.trusted import add_ca_file, advice, ca_file, trusted_by_twisted
from gamesvc.client.bearer import checked_token
from gamesvc.errors import ConfigError

TOKEN_VARIABLE = "GAMESVC_TOKEN"  # the name of where a token is, and none itself


def add(commands: Any) -> None:
    """Describe the arguments."""
    parser = commands.add_parser(
        "bot",
        help="have a bot play in a running game",
        description="Have a bot take a seat in a game of a running server, play for somebody, or go. Where the server "
        "asks for tokens, this needs one for the game that says operate: `gamesvc token --operate --spectate ...`.",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    seat = actions.add_parser("seat", help="have one play", description="Have a bot play, and print for which player.")
    _add_common(seat)
    seat.add_argument("bot", metavar="BOT", help="one of those that the server offers: random, search")
    seat.add_argument("--player", metavar="NAME", help="for whom, not connected; without it, in a free seat")
    seat.set_defaults(run=run, wanted=lambda given: {"bot": given.bot, "player": given.player})
    remove = actions.add_parser(
        "remove",
        help="have one go",
        description="Have a bot go: its own seat is free again, or its player plays on.",
    )
    _add_common(remove)
    remove.add_argument("player", metavar="NAME", help="for whom it plays")
    remove.set_defaults(run=run, wanted=lambda given: {"player": given.player})


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("url", metavar="URL", help="the game's: ws://localhost:10020/g1")
    parser.add_argument(
        "--token-file",
        metavar="FILE",
        help=f"holds a token for the game (or the token itself is in the environment: {TOKEN_VARIABLE})",
    )
    add_ca_file(parser)


def run(given: argparse.Namespace) -> None:
    """Say it to the server.

    Raises:
        ConfigError: the server can't be reached, or refuses it; or a file that was named can't be used.
        ValueError: it is no game's address.
    """
    # The command line is quicker without Twisted, and most of it needs none.
    from twisted.internet.task import react

    from gamesvc.client.one_command import ServerError, send_command

    arguments = {name: value for name, value in given.wanted(given).items() if value is not None}
    # One that is empty is none.
    token = read_token(given.token_file) if given.token_file is not None else os.environ.get(TOKEN_VARIABLE) or None
    file = ca_file(given)
    trust: dict[str, Any] = {} if file is None else {"trust": trusted_by_twisted(file)}
    outcome: list[Any] = []

    async def say(reactor: Any) -> None:
        try:
            outcome.append(await send_command(reactor, given.url, "gamesvc.bot", arguments, token, **trust))
        except (ServerError, ValueError) as error:
            outcome.append(error)

    # That is how `react` ends.
    with suppress(SystemExit):
        react(say)
    if isinstance(outcome[0], Exception):
        told = str(outcome[0])
        raise ConfigError(told + advice(given.url, told)) from None
    if given.wanted(given).get("bot"):
        print(outcome[0]["player"])


def read_token(file: str) -> str:
    """The token in a file.

    Raises:
        ConfigError: there is none in it, or it can't be read.
    """
    try:
        token = Path(file).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"token file {file!r}: {getattr(error, 'strerror', None) or 'is no text'}") from None
    if not token:
        raise ConfigError(f"token file {file!r}: is empty")
    try:
        checked_token(token)
    except ValueError as error:
        raise ConfigError(f"token file {file!r}: {error}") from None
    return token
