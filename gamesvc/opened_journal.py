"""OpenedJournal: the journal of a server that is started and stopped."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from gamesvc.journal import Journal

CLOSE_SECONDS = 7.0
"""How long a server that stops waits for its journal to close: somewhat longer than that tries to find out what became
of its last commit. Threads of its that stand still end with the process."""


class OpenedJournal:
    """A journal, and what has to be done before and after it is used.

    Args:
        journal: it.
        where: that is, for the log.
        reactor: for timers.
        start: opens it; None where there is nothing to open.
        lock: sees to it that no other server uses it, and returns what lets others use it again; None where others may.
    """

    def __init__(
        self,
        journal: Journal,
        where: str,
        reactor: IReactorTime,
        start: Callable[[], None] | None = None,
        lock: Callable[[], Callable[[], None]] | None = None,
    ) -> None:
        self.journal = journal
        self.where = where
        self._reactor = reactor
        self._start = start
        self._lock = lock
        self._unlock: Callable[[], None] | None = None

    def start(self) -> None:
        """Open it.

        Raises:
            JournalError, ConfigError: it can't be opened, or another server has it.
        """
        if self._lock is not None:
            self._unlock = self._lock()
        if self._start is not None:
            self._start()

    async def stop(self) -> None:
        """Finish what was asked for, and close it; or leave it as it is, where the database does not answer at all."""
        closed: Deferred[bool] = Deferred()
        late = self._reactor.callLater(CLOSE_SECONDS, closed.callback, False)

        def done() -> None:
            if late.active():
                late.cancel()
                closed.callback(True)

        self.journal.close(done)
        # What is still being written must not meet another server: the lock goes with the process then.
        if await closed and self._unlock is not None:
            self._unlock()
