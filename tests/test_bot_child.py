"""A process in which bots think, as the server sees it: with a process that the test plays itself."""

from __future__ import annotations

import os
import sys
from typing import Any

from twisted.internet.error import ProcessDone, ProcessExitedAlready, ProcessTerminated
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.bot_asking import Asking
from gamesvc.bot_child import IDLE_SECONDS, SECRETS, UNWANTED_SECONDS, Child, lent
from gamesvc.bot_pipes import (
    ANSWERS_FD,
    BEGUN,
    END_SECONDS,
    MAX_LOAD_SECONDS,
    MAX_THINK_SECONDS,
    QUESTIONS_FD,
    framed,
)
from gamesvc.bot_questions import Answer, decode_question, frame
from gamesvc.cli.bot import TOKEN_VARIABLE
from gamesvc.cli.passphrase import VARIABLE
from gamesvc.repeated import Repeated
from gamesvc.settings import SETTINGS
from tests.test_bot_questions import question

GO = framed(BEGUN)
CHOSEN = frame(Answer(b'{"command":"go"}'))


class Pipes:
    """The process's, as Twisted has them."""

    def __init__(self) -> None:
        self.done: list[Any] = []
        self.is_gone = False

    def writeToChild(self, fd: int, data: bytes) -> None:
        self.done.append((fd, decode_question(data[4:])))

    def closeStdin(self) -> None:
        self.done.append("no input")

    def closeChildFD(self, fd: int) -> None:
        self.done.append(("closed", fd))

    def loseConnection(self) -> None:
        self.done.append("closed")

    def signalProcess(self, signal: str) -> None:
        if self.is_gone:
            raise ProcessExitedAlready()
        self.done.append(signal)


class Owner:
    def __init__(self) -> None:
        self.heard: list[str] = []
        self.again: list[Asking] = []

    def is_free(self, child: Child) -> None:
        self.heard.append("free")

    def is_ending(self, child: Child) -> None:
        self.heard.append("ending")

    def is_gone(self, child: Child) -> None:
        self.heard.append("gone")

    def ask_again(self, asking: Asking) -> None:
        self.again.append(asking)


class WithChild(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.owner = Owner()
        self.told: list[str] = []
        self.results: list[str] = []
        self.start()

    def start(self) -> None:
        self.pipes = Pipes()
        self.child = Child(self.clock, self.owner)
        self.child.makeConnection(self.pipes)
        self.assertEqual(self.pipes.done, ["no input"])
        self.pipes.done.clear()
        self.owner.heard.clear()

    def ask(self) -> Asking:
        asking = Asking(
            question("First"), lambda result: self.results.append(str(result)), Repeated(lambda: 0.0, self.told.append)
        )
        self.child.ask(asking)
        return asking

    def write(self, *data: bytes) -> None:
        for each in data:
            self.child.childDataReceived(ANSWERS_FD, each)

    def end(self, signal: int | None = None, code: int | None = None) -> None:
        """The process ends."""
        self.pipes.is_gone = True
        reason = Failure(ProcessTerminated(code, signal) if signal or code else ProcessDone(0))
        self.child.processExited(reason)
        self.child.processEnded(reason)
        self.assertEqual(self.owner.heard[-2:], ["ending", "gone"])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def is_killed(self) -> bool:
        return "KILL" in self.pipes.done and self.owner.heard[-1:] == ["ending"]


class Asked(WithChild):
    def test_it_is_asked_and_answers_and_is_free(self) -> None:
        for _ in range(2):
            asking = self.ask()
            self.assertEqual(self.pipes.done, [(QUESTIONS_FD, asking.question)])
            self.write(GO, CHOSEN)
            self.assertEqual((self.results, self.owner.heard), (["{'command': 'go'}"], ["free"]))
            for each in (self.pipes.done, self.results, self.owner.heard):
                each.clear()
            asking.cancel()
        self.clock.advance(IDLE_SECONDS)
        self.assertEqual((self.pipes.done, self.owner.heard), ([("closed", QUESTIONS_FD)], ["ending"]))
        # It has some time for that.
        self.clock.advance(END_SECONDS)
        self.assertEqual(self.pipes.done[1:], ["KILL"])

    def test_it_may_fail_before_the_bot_thinks(self) -> None:
        self.ask()
        self.write(frame(Answer(failure="no bot of this name")))
        self.assertEqual((self.results, self.owner.heard), (["no bot of this name"], ["free"]))

    def test_to_make_a_bot_and_a_game_ready_is_none_of_the_time_that_a_bot_thinks(self) -> None:
        self.ask()
        self.clock.advance(MAX_LOAD_SECONDS - 1)
        self.write(GO)
        self.clock.advance(MAX_THINK_SECONDS - 1)
        self.assertFalse(self.is_killed())
        self.clock.advance(1)
        self.assertTrue(self.is_killed())
        self.assertEqual(self.results, ["it took longer than 30 s"])

    def test_but_has_a_bound_of_its_own(self) -> None:
        self.ask()
        self.clock.advance(MAX_LOAD_SECONDS)
        self.assertTrue(self.is_killed())
        self.assertEqual(self.results, ["it and its game were not ready after 60 s"])

    def test_a_bot_can_not_begin_to_think_again_and_again(self) -> None:
        for data in ([GO, GO], [GO + GO], [GO + GO + CHOSEN]):
            self.ask()
            self.write(*data)
            self.assertTrue(self.is_killed())
            self.assertIn("what is no answer", self.results.pop())
            self.start()
        # Nor when nobody has asked.
        self.write(GO)
        self.assertTrue(self.is_killed())

    def test_what_is_no_answer_ends_it(self) -> None:
        for data, words in (
            (b"garbage", "what is no answer"),
            (framed(b"abc"), "what is no answer"),
            (2 * CHOSEN, "more than one answer"),
        ):
            self.ask()
            self.write(GO, data)
            self.assertTrue(self.is_killed())
            self.assertIn(words, self.results.pop())
            self.write(CHOSEN)
            self.end(signal=9)
            self.assertEqual((self.results, self.owner.again), ([], []))
            self.start()
        self.write(CHOSEN)
        self.assertTrue(self.is_killed())


class Unwanted(WithChild):
    def test_a_bot_that_thinks_for_nobody_does_not_think_for_long(self) -> None:
        asking = self.ask()
        self.write(GO)
        asking.cancel()
        self.clock.advance(UNWANTED_SECONDS - 0.1)
        self.assertFalse(self.is_killed())
        self.clock.advance(0.1)
        self.assertTrue(self.is_killed())
        self.assertEqual((self.results, self.told), ([], []))

    def test_one_that_comes_to_its_end_may_be_asked_again(self) -> None:
        asking = self.ask()
        self.write(GO)
        asking.cancel()
        self.write(CHOSEN)
        self.assertEqual((self.results, self.owner.heard), ([], ["free"]))
        self.ask()
        self.write(GO)
        self.clock.advance(UNWANTED_SECONDS)
        self.assertFalse(self.is_killed())

    def test_what_is_made_ready_is_made_ready_for_others_too(self) -> None:
        asking = self.ask()
        asking.cancel()
        self.clock.advance(UNWANTED_SECONDS + 1)
        self.assertFalse(self.is_killed())
        self.write(GO)
        self.clock.advance(UNWANTED_SECONDS)
        self.assertTrue(self.is_killed())


class Killed(WithChild):
    def test_a_question_whose_process_was_killed_is_asked_once_more(self) -> None:
        asking = self.ask()
        self.write(GO)
        self.end(signal=9)
        self.assertEqual((self.results, self.owner.again), ([], [asking]))
        self.assertIn("signal 9", self.told[0])
        self.assertIn("once more", self.told[0])
        # Where it was, nobody is busy with it.
        asking.at_cancel = None
        self.start()
        self.child.ask(asking)
        self.write(GO)
        self.end(signal=9)
        self.assertEqual(self.owner.again, [asking])
        self.assertIn("signal 9", self.results[0])

    def test_one_whose_bot_ends_it_is_not(self) -> None:
        for code in (0, 3):
            self.ask()
            self.end(code=code)
            self.assertEqual(self.owner.again, [])
            self.assertIn("its process ended", self.results.pop())
            self.start()

    def test_nor_is_one_for_whose_answer_nobody_waits(self) -> None:
        self.ask().cancel()
        self.end(signal=9)
        self.assertEqual((self.owner.again, self.told, self.results), ([], [], []))

    def test_nor_is_one_that_the_server_ends(self) -> None:
        asking = self.ask()
        self.child.kill()
        self.end(signal=9)
        self.assertEqual((asking.is_open, self.owner.again, self.results), (False, [], []))


class Lent(SynchronousTestCase):
    def test_modules_are_found_as_here(self) -> None:
        path = os.pathsep.join(each or os.getcwd() for each in sys.path)
        self.assertEqual(lent({"LANG": "C", "PYTHONPATH": "/elsewhere"}), {"LANG": "C", "PYTHONPATH": path})

    def test_secrets_are_not_lent(self) -> None:
        environment = dict.fromkeys(SECRETS, "hunter2")
        self.assertEqual([*lent(environment)], ["PYTHONPATH"])

    def test_all_of_gamesvcs_own_secrets_are_among_them(self) -> None:
        own = {setting.environment for setting in SETTINGS if setting.secret}
        self.assertEqual({*own, TOKEN_VARIABLE, VARIABLE, "PGPASSWORD"}, {*SECRETS})
