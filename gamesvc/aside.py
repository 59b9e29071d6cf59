"""Aside: threads in which models run that block, so that the reactor goes on meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from threading import Thread
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

from gamesvc.logs import logger

log = logger(__name__)

MAX_THREADS = 16
"""How many models may block at a time. Others wait: as many as there are games with something to do."""

END_SECONDS = 2.0
"""How long a server that stops waits for a model that blocks. Threads that stand still end with the process."""


class Aside:
    """Does work in threads. There are none before there is something to do.

    Args:
        reactor: has timers, and takes calls from threads.
    """

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._pool = ThreadPool(0, MAX_THREADS, "model")
        self._pool.threadFactory = _daemon  # type: ignore[assignment]  # Twisted calls it as it calls a class

    def start(self) -> None:
        """Let threads work from now on."""
        self._pool.start()

    def __call__(self, work: Callable[[], None], done: Callable[[], None]) -> None:
        """Do something in a thread, and then something here.

        Args:
            work: is called in a thread. What it raises goes to the log.
            done: is called in the reactor's thread after that, whatever came of it.
        """
        self._pool.callInThreadWithCallback(partial(self._done, done), work)

    def _done(self, done: Callable[[], None], success: bool, result: object) -> None:
        if isinstance(result, Failure):
            log.failure("a thread for models failed", failure=result)
        self._reactor.callFromThread(done)

    def stop(self) -> Deferred[None]:
        """Begin nothing more.

        Returns:
            Fires when all that was begun is done, or takes too long.
        """
        ended: Deferred[None] = Deferred()
        if not self._pool.threads:
            self._pool.stop()
            ended.callback(None)
            return ended

        def end() -> None:
            if not ended.called:
                late.cancel()
                ended.callback(None)

        def give_up() -> None:
            log.warn("a model still blocks after {seconds:.0f} s, and is left behind", seconds=END_SECONDS)
            ended.callback(None)

        def join() -> None:
            self._pool.stop()
            self._reactor.callFromThread(end)

        late = self._reactor.callLater(END_SECONDS, give_up)
        Thread(target=join, name="the end of models", daemon=True).start()
        return ended


def _daemon(*arguments: Any, **keywords: Any) -> Thread:
    return Thread(*arguments, daemon=True, **keywords)
