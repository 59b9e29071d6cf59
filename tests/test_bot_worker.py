"""A process in which bots think, by itself: what it is lent, and how it ends."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessDone
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase

from gamesvc.bot_pipes import ANSWERS_FD, BEGUN, QUESTIONS_FD, Frames
from gamesvc.bot_questions import Question, decode_answer, frame
from gamesvc.bot_worker import NICENESS
from tests.test_bot_questions import question

SERVER = """
import sys
from twisted.internet import reactor
from gamesvc.bot_processes import BotProcesses
from tests.test_bot_questions import question

BotProcesses(reactor).ask(question("Hanging(path=" + sys.argv[1] + ")"), print)
reactor.run()
"""
"""A server of which nothing is left but that a bot thinks."""


class Worker(ProcessProtocol):
    """The process, as its server sees it."""

    transport: Any

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.answers: list[dict[str, Any] | None] = []
        self.printed = b""
        self._frames = Frames(1 << 20)
        self._waiting: list[tuple[str, Deferred[None]]] = []
        self.ended: Deferred[object] = Deferred()
        reactor.spawnProcess(
            self,
            sys.executable,
            [sys.executable, "-P", "-m", "gamesvc.bot_worker"],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(each or os.getcwd() for each in sys.path)},
            childFDs={0: "w", 1: "r", 2: "r", QUESTIONS_FD: "w", ANSWERS_FD: "r"},
        )

    def ask(self, asked: Question) -> None:
        self.transport.writeToChild(QUESTIONS_FD, frame(asked))

    def until(self, what: str) -> Deferred[None]:
        """Fires when it has answered, or printed."""
        found: Deferred[None] = Deferred()
        self._waiting.append((what, found))
        return found

    def childDataReceived(self, childFD: int, data: bytes) -> None:
        if childFD == ANSWERS_FD:
            bodies = [*self._frames.add(data)]
            self.bodies += bodies
            self.answers += [decode_answer(body).read() for body in bodies if body != BEGUN]
            # What is long comes in pieces.
            if any(body != BEGUN for body in bodies):
                self._tell("answered")
        else:
            self.printed += data
            self._tell("printed")

    def processEnded(self, reason: Failure) -> None:
        self.ended.callback(reason.value)

    def _tell(self, what: str) -> None:
        told = [found for each, found in self._waiting if each == what]
        self._waiting = [(each, found) for each, found in self._waiting if each != what]
        for found in told:
            found.callback(None)


class WorkerTest(TestCase):
    async def test_it_answers_one_question_after_the_other_until_no_more_come(self) -> None:
        worker = Worker()
        for _ in range(2):
            worker.ask(question("Telling"))
            await worker.until("answered")
        one, other = worker.answers
        assert one is not None
        assert other is not None
        self.assertEqual(one["pid"], other["pid"])
        self.assertNotEqual(one["pid"], os.getpid())
        self.assertEqual([body == BEGUN for body in worker.bodies], [True, False] * 2)
        # There is no more than 19.
        self.assertEqual(one["nice"], min(os.nice(0) + NICENESS, 19))
        self.assertFalse(one["twisted"], "the network is none of a bot's business, and takes long to load")
        worker.transport.closeChildFD(QUESTIONS_FD)
        self.assertIsInstance(await worker.ended, ProcessDone)

    async def test_what_a_bot_has_to_do_at_the_end_is_done(self) -> None:
        worker = Worker()
        worker.ask(question("Polite"))
        await worker.until("answered")
        worker.transport.closeChildFD(QUESTIONS_FD)
        await worker.ended
        self.assertEqual(worker.printed, b"goodbye\n")

    async def test_ctrl_c_is_for_the_server(self) -> None:
        worker = Worker()
        worker.ask(question("First"))
        await worker.until("answered")
        worker.transport.signalProcess("INT")
        worker.ask(question("First"))
        await worker.until("answered")
        self.assertEqual(worker.answers, [{"command": "mark", "cell": 0}] * 2)
        worker.transport.closeChildFD(QUESTIONS_FD)
        await worker.ended

    async def test_when_its_pipe_ends_it_ends_although_a_bot_thinks(self) -> None:
        worker = Worker()
        worker.ask(question("Hanging"))
        await worker.until("printed")
        self.assertIn(b"thinking", worker.printed)
        worker.transport.closeChildFD(QUESTIONS_FD)
        await worker.ended
        self.assertEqual(worker.answers, [])

    def test_it_does_not_outlive_a_server_that_was_killed(self) -> None:
        path = os.path.abspath(self.mktemp())
        os.mkfifo(path)
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(each or os.getcwd() for each in sys.path)}
        pipe = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, pipe)
        server = subprocess.Popen([sys.executable, "-c", SERVER, path], env=environment)
        self.assertEqual(self.read(pipe), b"thinking")
        server.send_signal(signal.SIGKILL)
        server.wait()
        # Only the bot's process has the other end.
        self.assertEqual(self.read(pipe), b"")

    def read(self, pipe: int) -> bytes:
        """What comes next."""
        ready, _, _ = select.select([pipe], [], [], 120)
        self.assertEqual(ready, [pipe], "nothing comes")
        return os.read(pipe, 100)
