"""The reactor's polls without the context of Twisted's older log: what is called is what Twisted calls."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from typing import Any
from unittest import mock

from twisted.internet.interfaces import IReadWriteDescriptor
from twisted.internet.main import CONNECTION_DONE
from twisted.internet.selectreactor import SelectReactor
from twisted.internet.testing import MemoryReactorClock
from twisted.python import log as older_log
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from gamesvc.polling import poll_without_log_context

NO_EPOLL = None if sys.platform == "linux" else "epoll is Linux's"


@implementer(IReadWriteDescriptor)
class End:
    """One end of a socket pair, which notes what the reactor calls.

    Attributes:
        calls: what was called, of all ends of a test in order.
        then: is called at every read, and every write; what it returns or raises, so do these.
        lost_then: is called when the connection is lost.
    """

    def __init__(self, name: str, line: socket.socket, calls: list[str]) -> None:
        self.name = name
        self.line = line
        self.calls = calls
        self.then: Callable[[], Exception | None] = lambda: None
        self.lost_then: Callable[[], None] = lambda: None

    def fileno(self) -> int:
        return self.line.fileno()

    def logPrefix(self) -> str:
        return self.name

    def doRead(self) -> Any:
        data = self.line.recv(100)
        if not data:
            return CONNECTION_DONE
        self.calls.append(f"{self.name} reads {data.decode()}")
        return self.then()

    def doWrite(self) -> Any:
        self.calls.append(f"{self.name} may write")
        return self.then()

    def connectionLost(self, reason: Failure) -> None:
        self.calls.append(f"{self.name} is lost: {reason.type.__name__ if reason.type else None}")
        self.lost_then()


class Poller:
    """Stands before a reactor's poller.

    Attributes:
        asked: the timeout of each poll, and how many events were asked for at most.
        failures: are raised by the next polls.
    """

    def __init__(self, poller: Any) -> None:
        self._poller = poller
        self.asked: list[tuple[float, int]] = []
        self.failures: list[BaseException] = []

    def poll(self, timeout: float, most: int) -> Any:
        self.asked.append((timeout, most))
        if self.failures:
            raise self.failures.pop(0)
        return self._poller.poll(0, most)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._poller, name)


class Polled(SynchronousTestCase):
    """A reactor of the test's own, which nobody installs and nobody runs."""

    skip = NO_EPOLL

    def setUp(self) -> None:
        self.calls: list[str] = []
        self.reactor = self.make()

    def make(self) -> Any:
        """One whose polls take the shorter way."""
        reactor = self.plain()
        self.assertTrue(poll_without_log_context(reactor))
        return reactor

    def plain(self) -> Any:
        """One as Twisted makes it."""
        from twisted.internet.epollreactor import EPollReactor

        reactor: Any = EPollReactor()
        reactor._poller, made = Poller(reactor._poller), reactor._poller
        self.addCleanup(made.close)
        for each in reactor.removeAll():
            if each is not reactor.waker:
                self.addCleanup(each.connectionLost, Failure(RuntimeError("the test is over")))
        self.addCleanup(reactor.waker.connectionLost, None)
        reactor.addReader(reactor.waker)
        return reactor

    def ends(self, count: int = 1) -> list[tuple[End, socket.socket]]:
        """So many that the reactor has, each with the other end of its line."""
        made = []
        for number in range(count):
            ours, theirs = socket.socketpair()
            for line in (ours, theirs):
                line.setblocking(False)
                self.addCleanup(line.close)
            made.append((End("abcdefgh"[number], ours, self.calls), theirs))
        return made

    def iterate(self, reactor: Any = None) -> list[str]:
        """What one poll leads to."""
        self.calls.clear()
        (reactor or self.reactor).doIteration(0)
        return list(self.calls)


class Dispatch(Polled):
    """What the poll found is called."""

    def test_who_can_read_reads_and_who_can_write_is_told(self) -> None:
        (a, to_a), (b, to_b) = self.ends(2)
        self.reactor.addReader(a)
        self.reactor.addReader(b)
        self.assertEqual(self.iterate(), [])
        to_b.send(b"hello")
        self.assertEqual(self.iterate(), ["b reads hello"])
        self.reactor.addWriter(a)
        self.assertEqual(self.iterate(), ["a may write"])
        to_a.send(b"x")
        self.assertEqual(self.iterate(), ["a reads x", "a may write"])
        self.reactor.removeReader(a)
        self.reactor.removeWriter(a)
        to_a.send(b"y")
        to_b.send(b"z")
        self.assertEqual(self.iterate(), ["b reads z"])

    def test_all_who_are_ready_are_called_in_one_poll(self) -> None:
        ends = self.ends(8)
        for end, other in ends:
            self.reactor.addReader(end)
            other.send(b"x")
        self.assertEqual(sorted(self.iterate()), [f"{name} reads x" for name in "abcdefgh"])
        self.assertEqual(self.reactor._poller.asked, [(0, 9)], "as many as there are, and the waker")

    def test_those_who_come_and_go_later_are_seen_too(self) -> None:
        for _ in range(3):
            ((end, other),) = self.ends()
            self.reactor.addReader(end)
            other.send(b"x")
            self.assertEqual(self.iterate(), ["a reads x"])
            self.reactor.removeReader(end)
            end.line.close()
            self.assertEqual(self.iterate(), [])

    def test_the_shorter_way_is_the_one_that_the_running_reactor_takes(self) -> None:
        ((end, other),) = self.ends()
        self.reactor.addReader(end)
        other.send(b"x")
        with mock.patch.object(older_log, "callWithLogger", side_effect=AssertionError("the long way")):
            self.reactor.iterate(0)
        self.assertEqual(self.calls, ["a reads x"])

    def test_whose_peer_has_hung_up_is_lost_as_with_twisted(self) -> None:
        heard = []
        for reactor in (self.plain(), self.reactor):
            ((end, other),) = self.ends()
            reactor.addReader(end)
            other.send(b"last")
            other.close()
            heard.append(self.iterate(reactor) + self.iterate(reactor))
            self.assertNotIn(end, reactor.getReaders())
        self.assertEqual(heard[0], heard[1])
        self.assertEqual(heard[1], ["a reads last", "a is lost: ConnectionDone"])

    def test_what_it_answers_ends_it_as_with_twisted(self) -> None:
        heard = []
        for reactor in (self.plain(), self.reactor):
            ((end, other),) = self.ends()
            reactor.addReader(end)
            end.then = lambda: ValueError("enough")
            other.send(b"x")
            heard.append(self.iterate(reactor))
            self.assertNotIn(end, reactor.getReaders())
        self.assertEqual(heard, [["a reads x", "a is lost: ValueError"]] * 2)

    def test_one_that_an_earlier_one_of_the_same_poll_has_closed_is_passed_over(self) -> None:
        (a, to_a), (b, to_b) = self.ends(2)

        def close(other: End) -> None:
            self.reactor.removeReader(other)
            other.line.close()

        a.then, b.then = lambda: close(b), lambda: close(a)
        for end, other in ((a, to_a), (b, to_b)):
            self.reactor.addReader(end)
            other.send(b"x")
        heard = self.iterate()
        self.assertEqual((len(heard), self.flushLoggedErrors()), (1, []))
        self.assertEqual(len(self.reactor.getReaders()), 2, "the other, and the waker")


class Waiting(Polled):
    """How long a poll waits, and what may interrupt it."""

    def test_it_waits_as_long_as_it_is_told_to_and_for_ever_where_there_is_nothing_to_wait_for(self) -> None:
        for timeout in (0, 1.5, None):
            self.reactor.doIteration(timeout)
        self.assertEqual(self.reactor._poller.asked, [(0, 1), (1.5, 1), (-1, 1)])

    def test_a_signal_that_interrupts_it_is_no_fault(self) -> None:
        ((end, other),) = self.ends()
        self.reactor.addReader(end)
        other.send(b"x")
        self.reactor._poller.failures.append(InterruptedError(4, "Interrupted system call"))
        self.assertEqual((self.iterate(), self.flushLoggedErrors()), ([], []))
        self.assertEqual(self.iterate(), ["a reads x"])

    def test_any_other_failure_of_it_is_told_as_with_twisted(self) -> None:
        for reactor in (self.plain(), self.reactor):
            reactor._poller.failures.append(OSError(9, "Bad file descriptor"))
            self.assertRaises(OSError, reactor.doIteration, 0)


class AFault(Polled):
    """What is called fails."""

    def play(self, reactor: Any, fail: Callable[[], None], *, when_lost: bool) -> list[str]:
        """One of two fails, at its read or when it is told that its connection is lost."""
        (a, to_a), (b, to_b) = self.ends(2)

        def then() -> Exception | None:
            if when_lost:
                return ValueError("enough")
            fail()
            return None

        a.then = then
        a.lost_then = fail if when_lost else a.lost_then
        for end, other in ((a, to_a), (b, to_b)):
            reactor.addReader(end)
            other.send(b"x")
        heard = self.iterate(reactor)
        to_b.send(b"y")
        return [*sorted(heard), *self.iterate(reactor)]

    def test_it_is_logged_once_and_the_others_are_called_as_with_twisted(self) -> None:
        def fail() -> None:
            raise RuntimeError("a bug")

        for when_lost, reason in ((False, "RuntimeError"), (True, "ValueError")):
            for reactor in (self.plain(), self.make()):
                heard = self.play(reactor, fail, when_lost=when_lost)
                self.assertEqual(heard, [f"a is lost: {reason}", "a reads x", "b reads x", "b reads y"])
                self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)

    def test_so_is_one_who_wants_to_end_the_process_in_the_wrong_place(self) -> None:
        def leave() -> None:
            raise SystemExit("a model said so")

        for reactor in (self.plain(), self.make()):
            self.assertEqual(self.play(reactor, leave, when_lost=True)[1:], ["a reads x", "b reads x", "b reads y"])
            self.assertEqual(len(self.flushLoggedErrors(SystemExit)), 1)

    def test_an_interrupt_from_the_keyboard_is_not_kept_from_the_reactor(self) -> None:
        def interrupt() -> None:
            raise KeyboardInterrupt

        for reactor in (self.plain(), self.make()):
            self.assertRaises(KeyboardInterrupt, self.play, reactor, interrupt, when_lost=True)
            self.assertEqual(self.flushLoggedErrors(), [])


class LeftAlone(Polled):
    """Where anything is not as it is known, a reactor goes on as it does by itself."""

    def assertLeftAlone(self, reactor: Any) -> None:
        before = reactor.__dict__.copy()
        self.assertFalse(poll_without_log_context(reactor))
        self.assertEqual(reactor.__dict__, before)

    def test_one_of_another_kind(self) -> None:
        from twisted.internet.epollreactor import EPollReactor

        class Other(EPollReactor):
            pass

        select, other = SelectReactor(), Other()
        self.addCleanup(other._poller.close)
        for reactor in (select, other):
            self.addCleanup(reactor.waker.connectionLost, None)
        for each in (select, other, MemoryReactorClock(), object.__new__(Other)):
            self.assertLeftAlone(each)

    def test_one_that_lacks_what_is_needed(self) -> None:
        for name in ("_poller", "_selectables"):
            reactor = self.plain()
            kept = reactor.__dict__.pop(name)
            self.assertLeftAlone(reactor)
            setattr(reactor, name, kept)
        reactor = self.plain()
        with mock.patch(
            "twisted.internet.epollreactor.EPollReactor._doReadOrWrite", new_callable=mock.PropertyMock
        ) as it:
            it.side_effect = AttributeError
            self.assertLeftAlone(reactor)

    def test_one_that_polls_in_another_way(self) -> None:
        from twisted.internet.epollreactor import EPollReactor

        reactor = self.plain()
        with mock.patch.object(EPollReactor, "doIteration", lambda self, timeout: None):
            self.assertLeftAlone(reactor)
        self.assertTrue(poll_without_log_context(reactor))

    def test_where_there_is_no_epoll_nothing_is_done(self) -> None:
        with mock.patch.dict(sys.modules, {"twisted.internet.epollreactor": None}):
            self.assertLeftAlone(self.reactor)
