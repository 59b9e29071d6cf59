"""A line between clients and a server that cuts, delays and slices at random."""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
from types import TracebackType
from typing import Self

from tests.e2e.processes import ANSWER_SECONDS, LOOPBACK

MAX_DELAY_SECONDS = 0.003
_READ_BYTES = 1 << 10
_SLICES = 4


class RoughProxy(threading.Thread):
    """Listens in a thread of its own, until the end of the block.

    Args:
        server_port: where it leads to.
        seed: of what it does.
        cut_chance: how likely a slice is where the line is cut.
        delay_chance: how likely one is late.

    Attributes:
        port: its own, on the loopback interface.
        server_port: where it leads to; may be changed.
        cuts: how often it has cut a line.
        slices: how many it has passed on.
    """

    def __init__(self, server_port: int, seed: int, *, cut_chance: float = 0.02, delay_chance: float = 0.1) -> None:
        super().__init__(name="rough proxy", daemon=True)
        self.server_port = server_port
        self.port = 0
        self.cuts = 0
        self.slices = 0
        self._chance = random.Random(seed)
        self._cut_chance = cut_chance
        self._delay_chance = delay_chance
        self._listens = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._is_over = asyncio.Event()
        self._links: set[asyncio.Task[None]] = set()

    def url(self, game: str, query: str) -> str:
        """Where a game is, by this way."""
        return f"ws://{LOOPBACK}:{self.port}/{game}?{query}"

    def __enter__(self) -> Self:
        self.start()
        assert self._listens.wait(ANSWER_SECONDS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._is_over.set)
        self.join(ANSWER_SECONDS)
        assert not self.is_alive()

    def run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        listening = await asyncio.start_server(self._accept, LOOPBACK, 0)
        self.port = listening.sockets[0].getsockname()[1]
        self._listens.set()
        await self._is_over.wait()
        listening.close()
        for link in self._links:
            link.cancel()
        await asyncio.gather(*self._links, return_exceptions=True)

    async def _accept(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._links.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.CancelledError):
                server, to_server = await asyncio.open_connection(LOOPBACK, self.server_port)
                try:
                    there = asyncio.ensure_future(self._pass_on(client, to_server))
                    back = asyncio.ensure_future(self._pass_on(server, to_client))
                    await asyncio.wait((there, back), return_when=asyncio.FIRST_COMPLETED)
                    there.cancel()
                    back.cancel()
                    await asyncio.gather(there, back, return_exceptions=True)
                finally:
                    to_server.transport.abort()
        finally:
            to_client.transport.abort()
            self._links.discard(task)

    async def _pass_on(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(_READ_BYTES):
            for piece in self._sliced(data):
                if self._chance.random() < self._delay_chance:
                    await asyncio.sleep(self._chance.random() * MAX_DELAY_SECONDS)
                if self._chance.random() < self._cut_chance:
                    self.cuts += 1
                    return
                self.slices += 1
                target.write(piece)
                await target.drain()

    def _sliced(self, data: bytes) -> list[bytes]:
        ends = sorted(self._chance.randrange(len(data) + 1) for _ in range(self._chance.randrange(_SLICES)))
        return [data[start:end] for start, end in zip([0, *ends], [*ends, len(data)], strict=True) if start < end]
