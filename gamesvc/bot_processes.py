"""BotProcesses: where bots think, so that the reactor goes on meanwhile.

A thread would not do: who thinks holds Python's lock, and all games would wait for it.
"""

from __future__ import annotations

import os
from typing import Any

from twisted.internet.defer import Deferred

from gamesvc.bot_asking import Asking
from gamesvc.bot_child import Child, start
from gamesvc.bot_offer import Answered
from gamesvc.bot_questions import Answer, Bots, Question
from gamesvc.bot_queue import MAX_WAITING, Queue
from gamesvc.errors import ConfigError
from gamesvc.logs import logger
from gamesvc.repeated import Repeated

log = logger(__name__)

QUICK_SECONDS = 0.05
"""How long a bot may take that says it is quick. All games stand still meanwhile."""


class BotProcesses:
    """Asks bots: those that are quick at the next turn of the reactor, and all others in processes of their own. There
    are none before one is needed, and none is left a while after the last question.

    Args:
        reactor: has timers and a clock, and starts processes.
        size: how many processes there are at most; None: one less than there are cores, and one at least.

    Attributes:
        size: the same.
    """

    def __init__(self, reactor: Any, size: int | None = None) -> None:
        self._reactor = reactor
        self.size = size or max(1, _cores() - 1)
        self._here = Bots()
        # Bots that say they are quick, and are not.
        self._slow: set[str] = set()
        self._repeated = Repeated(reactor.seconds, lambda text: log.warn("{text}", text=text))
        self._queue = Queue(reactor)
        # Those that can be asked; the last one that was busy is the next one to be.
        self._idle: list[Child] = []
        self._busy: set[Child] = set()
        self._ending: set[Child] = set()
        self._ended: Deferred[None] | None = None

    @property
    def count(self) -> int:
        """How many processes there are that can be asked, or are."""
        return len(self._idle) + len(self._busy)

    @property
    def waiting(self) -> int:
        """How many questions wait for a process."""
        return len(self._queue)

    def ask(self, question: Question, answered: Answered) -> Asking:
        """Ask a bot.

        Args:
            question: what it is asked.
            answered: gets its answer, after this has returned: a command as a client sends it; None where the bot does
                nothing now; or why there is none. After `stop` it is not called any more.
        """
        asking = Asking(question, answered, self._repeated)
        if self._ended is None:
            self._reactor.callLater(0, self._begin, asking)
        else:
            asking.cancel()
        return asking

    def stop(self) -> Deferred[None]:
        """Ask nobody any more, and tell no more answers.

        Returns:
            Fires when all processes are gone.
        """
        if self._ended is None:
            self._ended = Deferred()
            self._queue.clear()
            for child in [*self._busy]:
                child.kill()
            for child in [*self._idle]:
                child.end()
            self._fire_if_ended()
        return self._ended

    def _begin(self, asking: Asking) -> None:
        if not asking.is_open or self._ended is not None:
            return
        bot = asking.question.bot
        try:
            is_quick = self._here.kind(bot).bot_class.quick
        except ConfigError as error:
            asking.answer(Answer(failure=str(error)))
            return
        if is_quick and bot not in self._slow:
            self._answer_here(asking)
        else:
            self._answer_there(asking)

    def _answer_here(self, asking: Asking) -> None:
        bot = asking.question.bot
        began = self._reactor.seconds()

        def begin() -> None:
            nonlocal began
            began = self._reactor.seconds()

        answer = self._here.answer(asking.question, begin)
        took = self._reactor.seconds() - began
        if took > QUICK_SECONDS:
            self._slow.add(bot)
            log.warn(
                "the bot {bot} says that it is quick, and took {took} ms, in which all games stood still: from now on"
                " it thinks in processes of its own",
                bot=bot,
                took=round(1000 * took),
            )
        asking.answer(answer)

    def _answer_there(self, asking: Asking) -> None:
        if self._queue.add(asking):
            self._go_on()
        else:
            asking.answer(Answer(failure=f"{MAX_WAITING} others wait for a process already"))

    def _go_on(self) -> None:
        """Have processes think about what waits."""
        while self._queue and (self._idle or self.count < self.size):
            asking = self._queue.take()
            try:
                child = self._idle.pop() if self._idle else start(self._reactor, self)
            except OSError as error:
                asking.answer(Answer(failure=f"no process can be started: {error}"))
                continue
            self._busy.add(child)
            child.ask(asking)

    # What processes tell.

    def is_free(self, child: Child) -> None:
        """One has answered."""
        self._busy.discard(child)
        self._idle.append(child)
        self._go_on()

    def is_ending(self, child: Child) -> None:
        """One can't be asked any more."""
        self._busy.discard(child)
        if child in self._idle:
            self._idle.remove(child)
        self._ending.add(child)
        self._go_on()

    def is_gone(self, child: Child) -> None:
        """One has ended."""
        self._ending.discard(child)
        self._fire_if_ended()

    def ask_again(self, asking: Asking) -> None:
        """One was killed while a bot thought in it."""
        if self._ended is None:
            self._answer_there(asking)
        else:
            asking.cancel()

    def _fire_if_ended(self) -> None:
        if self._ended is not None and not self._ended.called and not (self._idle or self._busy or self._ending):
            self._ended.callback(None)


def _cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
