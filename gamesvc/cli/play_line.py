"""A game that somebody plays at a terminal: the client's, which tells why its line was lost, and can be cut."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from gamesvc.client.address import Token
from gamesvc.client.aio import Game
from gamesvc.client.face import Line
from gamesvc.client.failure import CLOSED, GameError

T = TypeVar("T")


class PlayedGame(Game):
    """A game that is played. Callbacks are given to it before it is entered, so that they miss nothing.

    Args:
        url: the game's address.
        player: one's name, where the server asks for no tokens.
        token: a token, or a function that returns one.
        spectate: whether to watch only.
        lost: is told why there is no line, each time that one ends or comes to nothing.

    Attributes:
        over: ends when the session is over, with an error where it is one of the program's own.
    """

    def __init__(
        self, url: str, *, player: str | None, token: Token, spectate: bool, lost: Callable[[str], object]
    ) -> None:
        super().__init__(url, player=player, token=token, spectate=spectate)
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._lost = lost
        self._replied: dict[asyncio.Future[Any], Callable[[asyncio.Future[Any]], object]] = {}
        self.on("status", self._end)

    async def enter(self) -> None:
        """Enter it, and wait until one is in it.

        Raises:
            SessionClosed: it came to nothing.
        """
        self._start()
        await self.opened()

    def say(
        self, command: str, arguments: Mapping[str, Any], replied: Callable[[asyncio.Future[Any]], object]
    ) -> asyncio.Future[Any]:
        """Send a command.

        Args:
            command: its name.
            arguments: by name.
            replied: is told when the reply comes, before anything that comes after it: a future has others told later.

        Returns:
            What it returns, as `send` has it. Whoever is told need not wait for it.
        """
        reply = self.send(command, **arguments)
        self._replied[reply] = replied
        if reply.done():
            self._tell(reply)
        return reply

    def cut(self) -> bool:
        """Cut the line, as if somebody had pulled the plug. Returns whether there was one."""
        line = self._line
        if line is None:
            return False
        line.drop()
        self.line_lost(line, None, "you have cut it")
        return True

    def line_lost(self, line: Line, code: int | None, reason: str) -> None:
        """It has ended, or came to nothing."""
        if line is self._line:
            self._guard(
                self._lost, reason if code is None else f"closed with {code}" + (f", {reason}" if reason else "")
            )
        super().line_lost(line, code, reason)

    def line_refused(self, line: Line, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """The handshake was refused."""
        if line is self._line:
            self._guard(self._lost, f"refused with {status}")
        super().line_refused(line, status, headers, body)

    def fail(self, error: BaseException) -> None:
        """Something of the program's own has failed."""
        if not self.over.done():
            self.over.set_exception(error)
            # It may be that nobody asks any more, of which asyncio would complain.
            self.over.exception()

    def _callback_failed(self, error: Exception) -> None:
        self.fail(error)

    def _resolve(self, promise: asyncio.Future[Any], value: Any) -> None:
        super()._resolve(promise, value)
        self._tell(promise)

    def _reject(self, promise: asyncio.Future[Any], error: GameError) -> None:
        super()._reject(promise, error)
        self._tell(promise)

    def _tell(self, reply: asyncio.Future[Any]) -> None:
        replied = self._replied.pop(reply, None)
        if replied is not None:
            self._guard(replied, reply)

    def _guard(self, callback: Callable[[T], object], value: T) -> None:
        """Call a function whose failure is none of the session's."""
        try:
            callback(value)
        except Exception as error:
            self.fail(error)

    def _end(self, status: str) -> None:
        if status == CLOSED and not self.over.done():
            self.over.set_result(None)
