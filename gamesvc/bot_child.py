"""Child: a process in which bots think, one at a time, as the server sees it.

What runs in it is `gamesvc.bot_worker`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Protocol

from twisted.internet.error import ProcessExitedAlready, ProcessTerminated
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from gamesvc.bot_asking import Asking
from gamesvc.bot_offer import BotFailed
from gamesvc.bot_pipes import (
    ANSWERS_FD,
    BEGUN,
    END_SECONDS,
    MAX_LOAD_SECONDS,
    MAX_THINK_SECONDS,
    QUESTIONS_FD,
    Frames,
)
from gamesvc.bot_printed import Printed
from gamesvc.bot_questions import MAX_ANSWER_BYTES, Answer, decode_answer, frame

IDLE_SECONDS = 60.0
"""After how long a process ends that has nothing to do."""

UNWANTED_SECONDS = 2.0
"""How long a bot may think on when nobody waits for its answer any more. To start another process takes as long."""

SECRETS = ("GAMESVC_JOURNAL", "GAMESVC_TOKEN", "PGPASSWORD", "PRIVATE_KEY_PASSPHRASE")
"""What a server may find in its environment, and is none of a bot's business."""


class Owner(Protocol):
    """Who asks, and is told."""

    def is_free(self, child: Child) -> None:
        """It has answered, and can be asked again."""

    def is_ending(self, child: Child) -> None:
        """It can't be asked any more."""

    def is_gone(self, child: Child) -> None:
        """Its process has ended."""

    def ask_again(self, asking: Asking) -> None:
        """A question has lost its process through nobody's fault that is known."""


def start(reactor: Any, owner: Owner) -> Child:
    """Start a process.

    Args:
        reactor: has timers, and starts processes.
        owner: is told what becomes of it.

    Raises:
        OSError: it can't be started.
    """
    child = Child(reactor, owner)
    reactor.spawnProcess(
        child,
        sys.executable,
        [sys.executable, "-P", "-m", "gamesvc.bot_worker"],
        env=lent(os.environ),
        childFDs={0: "w", 1: "r", 2: "r", QUESTIONS_FD: "w", ANSWERS_FD: "r"},
    )
    return child


def lent(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment in which bots think.

    Args:
        environment: the server's.
    """
    # As this process would find what is imported.
    path = os.pathsep.join(each or os.getcwd() for each in sys.path)
    kept = {name: value for name, value in environment.items() if name not in SECRETS}
    return {**kept, "PYTHONPATH": path}


class Child(ProcessProtocol):
    """A process in which bots think.

    Args:
        reactor: has timers.
        owner: is told what becomes of it.
    """

    # Twisted sets it before it calls anything here.
    transport: Any

    def __init__(self, reactor: Any, owner: Owner) -> None:
        self._reactor = reactor
        self._owner = owner
        self._asking: Asking | None = None
        # Whether the bot thinks, and not only is made ready.
        self._has_begun = False
        self._frames = Frames(MAX_ANSWER_BYTES)
        self._printed = Printed()
        # The one thing that it waits for: that the bot begins, an answer, the next question, or its end.
        self._timer: Any = None
        self._is_ending = False

    def connectionMade(self) -> None:
        # Who reads from standard input finds its end.
        self.transport.closeStdin()

    def ask(self, asking: Asking) -> None:
        """Have a bot think."""
        self._asking = asking
        self._has_begun = False
        asking.at_cancel = self._hurry
        self._printed.begin(asking.question.bot)
        why = f"it and its game were not ready after {MAX_LOAD_SECONDS} s"
        self._wait(MAX_LOAD_SECONDS, lambda: self._give_up(why))
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
        if asking is None:
            return
        asking.at_cancel = None
        if answer is not None:
            asking.answer(answer)
        else:
            asking.cancel()

    def childDataReceived(self, childFD: int, data: bytes) -> None:
        if childFD != ANSWERS_FD:
            self._printed.add(childFD, data)
            return
        if self._is_ending:
            return
        try:
            bodies = [*self._frames.add(data)]
            if bodies[:1] == [BEGUN] and self._asking is not None and not self._has_begun:
                del bodies[0]
                self._begin(self._asking)
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
        if asking is None:
            return
        asking.at_cancel = None
        why = f"its process ended: {reason.getErrorMessage()}"
        # That may be the system, which has no memory left, and have nothing to do with this bot.
        was_killed = isinstance(reason.value, ProcessTerminated) and reason.value.signal is not None
        if was_killed and not asking.is_again and asking.is_open:
            asking.is_again = True
            asking.tell(f"{why} It is asked once more.")
            self._owner.ask_again(asking)
        else:
            asking.answer(Answer(failure=why))

    def _begin(self, asking: Asking) -> None:
        """The bot begins to think."""
        self._has_begun = True
        if asking.is_open:
            why = f"it took longer than {MAX_THINK_SECONDS} s"
            self._wait(MAX_THINK_SECONDS, lambda: self._give_up(why))
        else:
            self._wait(UNWANTED_SECONDS, self.kill)

    def _hurry(self, asking: Asking) -> None:
        """Nobody waits for the answer any more. Others may wait for the process."""
        if self._has_begun:
            self._wait(UNWANTED_SECONDS, self.kill)

    def _give_up(self, why: str) -> None:
        self.kill(Answer(failure=why))

    def _begin_end(self) -> None:
        if not self._is_ending:
            self._is_ending = True
            self._owner.is_ending(self)

    def _signal_kill(self) -> None:
        with suppress(ProcessExitedAlready):
            self.transport.signalProcess("KILL")

    def _wait(self, seconds: float, call: Callable[[], object]) -> None:
        self._cancel_timer()
        self._timer = self._reactor.callLater(seconds, call)

    def _cancel_timer(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None
