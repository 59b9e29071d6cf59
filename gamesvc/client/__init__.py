"""A client for games of a gamesvc server::

    from gamesvc.client import connect

    async with connect("ws://localhost:8080/g1", player="alice") as game:
        await game.send("mark", cell=4)
        async for event in game:
            ...

`connect` is for asyncio; `gamesvc.client.twisted` has one for the reactor, and `gamesvc.client.sync` one for programs
with a loop of their own. None of them is loaded before it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gamesvc.client.failure import GameError, SessionClosed

if TYPE_CHECKING:
    from gamesvc.client.aio import Game, connect

__all__ = ["Game", "GameError", "SessionClosed", "connect"]


def __getattr__(name: str) -> Any:
    if name in ("Game", "connect"):
        from gamesvc.client import aio

        return getattr(aio, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
