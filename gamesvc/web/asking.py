"""Games, asked by the server itself: what they answer by calling back, as coroutines have it."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct
from twisted.internet.defer import Deferred

from gamesvc.errors import RequestRefused
from gamesvc.lifecycle import Lifecycle
from gamesvc.messages import Request
from gamesvc.pending import Role
from gamesvc.server import GameServer


class Refusal(Struct):
    """What a game says no with."""

    code: str
    message: str
    retryable: bool


class Reply(Struct):
    """What a game answers to a command.

    Attributes:
        result: what the command returned.
        error: why it was refused; None where it was not.
    """

    result: Any = None
    error: Refusal | None = None


_decode = msgspec.json.Decoder(Reply).decode


async def opened(lifecycle: Lifecycle, game: str, opener: str | None, *, creates: bool = True) -> GameServer:
    """A game, found, woken, or created.

    Args:
        lifecycle: of all games.
        game: its id.
        opener: who asks for it; None: the server.
        creates: whether it is created where it is not there yet.

    Raises:
        RequestRefused: it can't be had.
    """
    done: Deferred[GameServer | RequestRefused] = Deferred()
    lifecycle.open(game, opener, None, done.callback, creates=creates)
    server = await done
    if isinstance(server, RequestRefused):
        raise server
    return server


async def admitted(server: GameServer, player: str, players: tuple[str, ...] | None) -> Role:
    """As whom somebody takes part in a game from now on.

    Args:
        server: the game's.
        player: who.
        players: for whom it is; None: for whoever comes.

    Raises:
        RequestRefused: they can't.
    """
    done: Deferred[Role | RequestRefused] = Deferred()
    server.admit(player, players, False, done.callback)
    role = await done
    if isinstance(role, RequestRefused):
        raise role
    return role


async def replied(server: GameServer, role: Role, request: Request) -> Reply:
    """What a game answers to a command.

    Args:
        server: the game's.
        role: whose command it is.
        request: it.
    """
    done: Deferred[bytes] = Deferred()
    server.submit(role, request, done.callback)
    return _decode(await done)
