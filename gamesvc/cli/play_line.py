"""A game that somebody plays at a terminal: the client's, and what comes to an end with it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Unpack

from gamesvc.client.aio import Game, Options
from gamesvc.client.failure import CLOSED

Reply = asyncio.Future[Any]


class PlayedGame(Game):
    """A game that is played. The program's functions are given to it before it is entered, so that they miss nothing.

    Args:
        url: the game's address.
        options: see `gamesvc.client.aio.Options`.

    Attributes:
        over: ends when the session is over, with an error where it is one of the program's own.
    """

    def __init__(self, url: str, **options: Unpack[Options]) -> None:
        super().__init__(url, **options)
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._replied: dict[Reply, Callable[[Reply], object]] = {}
        self.on("reply", self._tell)
        self.on("status", self._end)
        self.on("failure", self.fail)

    def say(self, command: str, arguments: Mapping[str, Any], replied: Callable[[Reply], object]) -> Reply:
        """Send a command.

        Args:
            command: its name.
            arguments: by name.
            replied: is told when the reply comes, before anything that comes after it: a future has others told later.

        Returns:
            What it returns, as `send` has it. Whoever is told need not wait for it.
        """
        reply = self.send(command, **arguments)
        if reply.done():
            replied(reply)
        else:
            self._replied[reply] = replied
        return reply

    def fail(self, error: BaseException) -> None:
        """Something of the program's own has failed."""
        if not self.over.done():
            self.over.set_exception(error)
            # It may be that nobody asks any more, of which asyncio would complain.
            self.over.exception()

    def _tell(self, reply: Reply) -> None:
        replied = self._replied.pop(reply, None)
        if replied is not None:
            replied(reply)

    def _end(self, status: str) -> None:
        if status == CLOSED and not self.over.done():
            self.over.set_result(None)
