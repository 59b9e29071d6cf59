"""Queue: the questions for which no process is free. Games take turns, and nobody waits for ever."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from gamesvc.bot_asking import Asking
from gamesvc.bot_questions import Answer

MAX_WAIT_SECONDS = 60.0
"""How long a question waits for a process."""

MAX_WAITING = 10_000
"""How many wait at a time. Each holds what its player sees."""


class Queue:
    """Questions that wait.

    Args:
        reactor: has timers.
    """

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        # Of each game those that were asked first come first, and the game whose turn it is; each with its timer.
        self._games: OrderedDict[str, OrderedDict[Asking, Any]] = OrderedDict()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, asking: Asking) -> bool:
        """Have a question wait. It leaves when nobody waits for its answer any more, or when it has waited too long:
        then it has failed.

        Returns:
            Whether there was room for it.
        """
        if self._count >= MAX_WAITING:
            return False
        timer = self._reactor.callLater(MAX_WAIT_SECONDS, self._give_up, asking)
        self._games.setdefault(asking.question.game, OrderedDict())[asking] = timer
        self._count += 1
        asking.at_cancel = self._remove
        return True

    def take(self) -> Asking:
        """The next one, which waits no longer here.

        Raises:
            LookupError: there is none.
        """
        game = next(iter(self._games), None)
        if game is None:
            raise LookupError("no question waits")
        asking = next(iter(self._games[game]))
        self._remove(asking)
        if game in self._games:
            self._games.move_to_end(game)
        return asking

    def clear(self) -> None:
        """Forget them all. None is answered."""
        for waiting in [*self._games.values()]:
            for asking in [*waiting]:
                asking.cancel()

    def _remove(self, asking: Asking) -> None:
        game = asking.question.game
        timer = self._games[game].pop(asking)
        if not self._games[game]:
            del self._games[game]
        self._count -= 1
        asking.at_cancel = None
        if timer.active():
            timer.cancel()

    def _give_up(self, asking: Asking) -> None:
        self._remove(asking)
        asking.answer(Answer(failure=f"no process was free for {MAX_WAIT_SECONDS:g} s"))
