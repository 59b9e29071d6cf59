"""BotProcesses: where bots think, so that the reactor goes on meanwhile.

A thread would not do: who thinks holds Python's lock, and all games would wait for it.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessExitedAlready
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from gamesvc.bot_offer import Answered, BotFailed
from gamesvc.bot_pipes import ANSWERS_FD, END_SECONDS, MAX_THINK_SECONDS, QUESTIONS_FD, Frames
from gamesvc.bot_questions import MAX_ANSWER_BYTES, Answer, Bots, Question, decode_answer, frame
from gamesvc.bots import Choice
from gamesvc.errors import ConfigError
from gamesvc.logs import logger

log = logger(__name__)

IDLE_SECONDS = 60.0
"""After how long a process ends that has nothing to do."""

MAX_PRINTED_LINES = 100
MAX_PRINTED_LINE = 500
"""How much of what a bot prints goes to the log: lines for each question, and characters of each."""


class Asking:
    """A question that waits for its answer.

    Args:
        question: it.
        answered: gets the answer.
    """

    def __init__(self, question: Question, answered: Answered) -> None:
        self.question = question
        self._answered: Answered | None = answered

    @property
    def is_open(self) -> bool:
        """Whether somebody still waits for the answer."""
        return self._answered is not None

    def cancel(self) -> None:
        """Don't be told the answer."""
        self._answered = None

    def answer(self, answer: Answer) -> None:
        """Tell the answer, if somebody waits for it."""
        answered, self._answered = self._answered, None
        if answered is None:
            return
        result: Choice | BotFailed | None
        try:
            result = answer.read()
        except BotFailed as error:
            result = error
            details = f"\n{answer.details.rstrip()}" if answer.details else ""
            log.warn(
                "the bot {bot} failed for {player!r}: {reason}{details}",
                bot=self.question.bot,
                player=self.question.player,
                reason=error.reason,
                details=details,
            )
        try:
            answered(result)
        except Exception:
            log.failure("a bot's answer could not be taken")


class BotProcesses:
    """Asks bots: those that are quick at the next turn of the reactor, and all others in processes of their own. There
    are none before one is needed, and none is left a while after the last question.

    Args:
        reactor: has timers, and starts processes.
        size: how many processes there are at most; None: one less than there are cores, and one at least.

    Attributes:
        size: the same.
    """

    def __init__(self, reactor: Any, size: int | None = None) -> None:
        self._reactor = reactor
        self.size = size or max(1, _cores() - 1)
        self._here = Bots()
        self._waiting: deque[Asking] = deque()
        # Those that can be asked; the last one that was busy is the next one to be.
        self._idle: list[_Worker] = []
        self._busy: set[_Worker] = set()
        self._ending: set[_Worker] = set()
        self._ended: Deferred[None] | None = None

    @property
    def count(self) -> int:
        """How many processes there are that can be asked, or are."""
        return len(self._idle) + len(self._busy)

    def ask(self, question: Question, answered: Answered) -> Asking:
        """Ask a bot.

        Args:
            question: what it is asked.
            answered: gets its answer, after this has returned: a command as a client sends it; None where the bot does
                nothing now; or why there is none. After `stop` it is not called any more.
        """
        asking = Asking(question, answered)
        if self._ended is not None:
            asking.cancel()
            return asking
        try:
            is_quick = self._here.kind(question.bot).bot_class.quick
        except ConfigError as error:
            failure = Answer(failure=str(error))
            self._reactor.callLater(0, lambda: asking.answer(failure))
            return asking
        if is_quick:
            self._reactor.callLater(0, lambda: self._answer_here(asking))
        else:
            self._waiting.append(asking)
            # Later, as nobody is told an answer before this returns.
            self._reactor.callLater(0, self._go_on)
        return asking

    def stop(self) -> Deferred[None]:
        """Ask nobody any more, and tell no more answers.

        Returns:
            Fires when all processes are gone.
        """
        if self._ended is None:
            self._ended = Deferred()
            self._waiting.clear()
            for worker in [*self._busy]:
                worker.kill()
            for worker in [*self._idle]:
                worker.end()
            self._fire_if_ended()
        return self._ended

    def _answer_here(self, asking: Asking) -> None:
        if asking.is_open and self._ended is None:
            asking.answer(self._here.answer(asking.question))

    def _go_on(self) -> None:
        """Have processes think about what waits."""
        while self._waiting and (self._idle or self.count < self.size):
            asking = self._waiting.popleft()
            if not asking.is_open:
                continue
            try:
                worker = self._idle.pop() if self._idle else self._start()
            except OSError as error:
                asking.answer(Answer(failure=f"no process can be started: {error}"))
                continue
            self._busy.add(worker)
            worker.ask(asking)

    def _start(self) -> _Worker:
        worker = _Worker(self._reactor, self)
        # As this process would find what is imported.
        path = os.pathsep.join(each or os.getcwd() for each in sys.path)
        self._reactor.spawnProcess(
            worker,
            sys.executable,
            [sys.executable, "-P", "-m", "gamesvc.bot_worker"],
            env={**os.environ, "PYTHONPATH": path},
            childFDs={0: "w", 1: "r", 2: "r", QUESTIONS_FD: "w", ANSWERS_FD: "r"},
        )
        return worker

    # What workers tell.

    def is_free(self, worker: _Worker) -> None:
        """A worker has answered."""
        self._busy.discard(worker)
        self._idle.append(worker)
        self._go_on()

    def is_ending(self, worker: _Worker) -> None:
        """A worker can't be asked any more."""
        self._busy.discard(worker)
        if worker in self._idle:
            self._idle.remove(worker)
        self._ending.add(worker)
        self._go_on()

    def is_gone(self, worker: _Worker) -> None:
        """The process of a worker has ended."""
        self._ending.discard(worker)
        self._fire_if_ended()

    def _fire_if_ended(self) -> None:
        if self._ended is not None and not self._ended.called and not (self._idle or self._busy or self._ending):
            self._ended.callback(None)


class _Worker(ProcessProtocol):
    """A process in which bots think, one at a time."""

    # Twisted sets it before it calls anything here.
    transport: Any

    def __init__(self, reactor: Any, owner: BotProcesses) -> None:
        self._reactor = reactor
        self._owner = owner
        self._asking: Asking | None = None
        self._bot = ""
        self._frames = Frames(MAX_ANSWER_BYTES)
        self._printed = _Printed()
        # The one thing that it waits for: an answer, the next question, or its end.
        self._timer: Any = None
        self._is_ending = False

    def connectionMade(self) -> None:
        # Who reads from standard input finds its end.
        self.transport.closeStdin()

    def ask(self, asking: Asking) -> None:
        """Have a bot think."""
        self._asking = asking
        self._bot = asking.question.bot
        self._printed.begin(self._bot)
        self._wait(MAX_THINK_SECONDS, self._take_too_long)
        self.transport.writeToChild(QUESTIONS_FD, frame(asking.question))

    def end(self) -> None:
        """End the process, which has nothing to do."""
        self._begin_end()
        self.transport.closeChildFD(QUESTIONS_FD)
        self._wait(END_SECONDS, self._signal_kill)

    def kill(self, answer: Answer | None = None) -> None:
        """End the process, whatever it does.

        Args:
            answer: what is told who waits for it; None: they don't wait any more.
        """
        asking, self._asking = self._asking, None
        self._cancel_timer()
        self._signal_kill()
        self._begin_end()
        if asking is not None and answer is not None:
            asking.answer(answer)
        elif asking is not None:
            asking.cancel()

    def childDataReceived(self, childFD: int, data: bytes) -> None:
        if childFD != ANSWERS_FD:
            self._printed.add(childFD, data)
            return
        if self._is_ending:
            return
        try:
            bodies = [*self._frames.add(data)]
            answers = [decode_answer(body) for body in bodies]
        except (ValueError, BotFailed) as error:
            self.kill(Answer(failure=f"its process wrote what is no answer: {error}"))
            return
        if len(answers) > 1 or (answers and self._asking is None):
            self.kill(Answer(failure="its process wrote more than one answer"))
        elif answers:
            asking, self._asking = self._asking, None
            self._wait(IDLE_SECONDS, self.end)
            # Free first: who is told the answer may ask again.
            self._owner.is_free(self)
            if asking is not None:
                asking.answer(answers[0])

    def processExited(self, reason: Failure) -> None:
        # Something that it has started may hold its pipes open; but what it has written itself is there to be read.
        self._wait(END_SECONDS, self.transport.loseConnection)
        self._begin_end()

    def processEnded(self, reason: Failure) -> None:
        self._cancel_timer()
        self._printed.end()
        asking, self._asking = self._asking, None
        self._owner.is_gone(self)
        if asking is not None:
            asking.answer(Answer(failure=f"its process ended: {reason.getErrorMessage()}"))

    def _take_too_long(self) -> None:
        self._timer = None
        self.kill(Answer(failure=f"it took longer than {MAX_THINK_SECONDS} s"))

    def _begin_end(self) -> None:
        if not self._is_ending:
            self._is_ending = True
            self._owner.is_ending(self)

    def _signal_kill(self) -> None:
        self._timer = None
        with suppress(ProcessExitedAlready):
            self.transport.signalProcess("KILL")

    def _wait(self, seconds: float, call: Callable[[], object]) -> None:
        self._cancel_timer()
        self._timer = self._reactor.callLater(seconds, call)

    def _cancel_timer(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None


class _Printed:
    """What bots print goes to the log, as far as there is room for it."""

    def __init__(self) -> None:
        self._bot = ""
        self._rest = {1: b"", 2: b""}
        self._lines = 0

    def begin(self, bot: str) -> None:
        """Another question is asked."""
        self._bot = bot
        self._lines = 0

    def add(self, fd: int, data: bytes) -> None:
        """Something was printed.

        Args:
            fd: where.
            data: what.
        """
        *lines, rest = (self._rest[fd] + data).split(b"\n")
        for line in lines[: MAX_PRINTED_LINES + 1]:
            self._tell(line)
        self._rest[fd] = rest[:MAX_PRINTED_LINE]

    def end(self) -> None:
        """Nothing more will be."""
        for rest in self._rest.values():
            if rest:
                self._tell(rest)

    def _tell(self, line: bytes) -> None:
        self._lines += 1
        text = line[:MAX_PRINTED_LINE].decode(errors="backslashreplace")
        if self._lines <= MAX_PRINTED_LINES:
            log.info("the bot {bot} printed: {line}", bot=self._bot, line=text)
        elif self._lines == MAX_PRINTED_LINES + 1:
            log.info("the bot {bot} printed more, which is left out", bot=self._bot)


def _cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
