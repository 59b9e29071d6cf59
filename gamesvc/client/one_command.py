"""One command, sent over a connection of its own: what an operator's tool says to a running server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twisted.internet.defer import Deferred, TimeoutError

from gamesvc.client.failure import GameError
from gamesvc.client.twisted import Game

TIMEOUT_SECONDS = 15.0
"""How long a server may take to answer."""


class ServerError(Exception):
    """The server can't be reached, does not let us in, or refuses the command. The message says which, and why."""


async def send_command(
    reactor: Any, url: str, command: str, arguments: Mapping[str, Any], token: str | None, *, trust: Any = None
) -> Any:
    """Send a command to a game, as somebody who watches it.

    Args:
        reactor: connects, and has timers.
        url: the game's: ``ws://host:port/game``, or ``wss://``, where the certificate has to be the host's.
        command: its name.
        arguments: by name.
        token: a token for the game; None where none is asked for.
        trust: for ``wss``: whom to trust: see `gamesvc.client.twisted.Options`. None: whom this system trusts.

    Returns:
        The reply's result.

    Raises:
        ServerError: nothing came of it.
        ValueError: it is no such URL, or no token; or ``trust`` is given, and the URL is none of TLS.
    """
    # Whoever types it sees at once that it does not work.
    game = Game(reactor, url, token=token, spectate=True, state=False, tries=1, trust=trust)
    try:
        return await Deferred.fromCoroutine(_say(game, command, arguments)).addTimeout(TIMEOUT_SECONDS, reactor)
    except TimeoutError:
        raise ServerError("the server does not answer") from None
    except GameError as error:
        raise ServerError(str(error)) from None
    finally:
        await game.close()


async def _say(game: Game, command: str, arguments: Mapping[str, Any]) -> Any:
    await game.enter()
    return await game.send(command, **arguments)
