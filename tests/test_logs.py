"""What may be written to the log, and where it goes."""

from __future__ import annotations

import contextlib
import io
import os
import re
import signal
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.logger import ILogObserver, LogEvent, Logger, LogLevel, LogPublisher, formatEvent, globalLogPublisher
from twisted.python.failure import Failure
from twisted.python.logfile import LogFile
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from gamesvc import logs
from gamesvc.logs import LOG_LEVELS, logger, observer_factory, printable, set_level

FAST = settings(deadline=None, database=None, max_examples=150)
TEXTS = st.text(st.characters())
ESCAPE = re.compile(r"\\(x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}|[nrt])")


DIRECTIONS = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""What turns the direction of writing, and with it what a line of a log seems to say."""


def is_control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or character in DIRECTIONS


class Escaping(SynchronousTestCase):
    @FAST
    @given(TEXTS | st.text(st.characters(categories=["Cc", "Cs", "Zl", "Zp"])) | st.text(DIRECTIONS))
    def test_no_control_character_gets_through_and_nothing_else_is_changed(self, text: str) -> None:
        # All that are no control characters come out as they are, in their places; the others as escapes of their own.
        rest = printable(text)
        self.assertFalse([each for each in rest if is_control(each) and each not in "\t\n"])
        for character in text:
            if is_control(character) and character not in "\t\n":
                found = ESCAPE.match(rest)
                self.assertIsNotNone(found, rest)
                assert found is not None
                self.assertEqual(found[0].encode("ascii").decode("unicode_escape"), character)
                rest = rest[found.end() :]
            else:
                self.assertEqual(rest[:1], character)
                rest = rest[1:]
        self.assertEqual(rest, "")

    def test_escapes_can_be_read(self) -> None:
        self.assertEqual(printable("a\x00\x1b[2J\r\x85\u2028\x7fé\t\n"), "a\\x00\\x1b[2J\\r\\x85\\u2028\\x7fé\t\n")


class Written(SynchronousTestCase):
    def setUp(self) -> None:
        self.directory = Path(self.mktemp())
        self.directory.mkdir()
        self.path = self.directory / "server.log"
        self.addCleanup(signal.signal, signal.SIGUSR1, signal.getsignal(signal.SIGUSR1))
        opened: list[LogFile] = []

        class Opened(LogFile):
            def __init__(self, *arguments: Any, **keywords: Any) -> None:
                super().__init__(*arguments, **keywords)
                opened.append(self)

        self.patch(logs, "LogFile", Opened)
        self.addCleanup(lambda: [file.close() for file in opened])

    def logger(
        self, level: str = "info", in_reactor: Callable[[Callable[[], object]], object] = lambda function: function()
    ) -> Logger:
        return self.writes_to(observer_factory(str(self.path), level, in_reactor)())

    def writes_to(self, observer: ILogObserver) -> Logger:
        # An observer that fails is told to the others, and the event is lost to it.
        failures: list[Failure] = []
        self.addCleanup(lambda: self.assertEqual(failures, []))

        @implementer(ILogObserver)
        def watch(event: LogEvent) -> None:
            if event["log_namespace"] != "gamesvc.test":
                failures.append(event["log_failure"])

        return Logger("gamesvc.test", observer=LogPublisher(observer, watch))

    def lines(self, path: Path | None = None) -> list[str]:
        return (path or self.path).read_text("utf-8").splitlines(keepends=True)


class Lines(Written):
    def test_an_event_is_one_line_with_who_wrote_it(self) -> None:
        self.logger().info("{player} entered", player="Jürgen 😀")
        (line,) = self.lines()
        self.assertRegex(line, r"\A\d{4}-\d\d-\d\dT\S+ \[gamesvc\.test#info\] Jürgen 😀 entered\n\Z")

    def test_nobody_forges_a_line_or_commands_a_terminal(self) -> None:
        log = self.logger()
        for hostile in ("\n2026-01-01T00:00:00+0000 [-] all is well", "\r\x1b[2Kall is well", "\x85\u2028\x0c\x0b\x1c"):
            log.info("refused {text}", text=hostile)
        raw = self.path.read_bytes().decode("utf-8")
        self.assertFalse([each for each in raw if is_control(each) and each not in "\n\t"])
        for line in raw.split("\n")[:-1]:
            # What belongs to the line before it is set in.
            self.assertRegex(line, r"\A(\d{4}-\d\d-\d\dT\S+ \[gamesvc\.test#info\] refused |\t)")

    def test_what_no_encoding_has_a_place_for_is_escaped_and_the_event_is_not_lost(self) -> None:
        self.logger().info("read {path}", path="a\udcffb\ud800")
        (line,) = self.lines()
        self.assertIn("a\\udcffb\\ud800", line)

    def test_a_traceback_is_escaped_too(self) -> None:
        log = self.logger()
        try:
            raise ValueError("bad \x1b[31m thing")
        except ValueError:
            log.failure("it failed", Failure())
        text = "".join(self.lines())
        self.assertIn("ValueError: bad \\x1b[31m thing", text)
        self.assertNotIn("\x1b", text)

    def test_without_a_file_it_is_written_to_standard_output(self) -> None:
        printed = io.StringIO()
        self.patch(sys, "stdout", printed)
        log = self.writes_to(observer_factory(None, "info", lambda function: None)())
        log.info("here \x1b[2J")
        log.debug("not here")
        self.assertRegex(printed.getvalue(), r"\A\S+ \[gamesvc\.test#info\] here \\x1b\[2J\n\Z")
        os.kill(os.getpid(), signal.SIGUSR1)  # does not end the process

    def test_a_log_that_is_there_is_continued(self) -> None:
        self.path.write_text("before\n")
        self.logger().info("after")
        self.assertEqual(self.lines()[0], "before\n")
        self.assertEqual(len(self.lines()), 2)


class Levels(Written):
    def test_what_is_below_the_level_is_not_written_and_all_else_is(self) -> None:
        for position, level in enumerate(LOG_LEVELS):
            self.path = self.directory / level
            log = self.logger(level)
            for each in LogLevel.iterconstants():
                log.emit(each, "a thing happened")
            written = [re.findall(r"#(\w+)\]", line)[0] for line in self.lines()]
            self.assertEqual(written, [*LOG_LEVELS[position:], "critical"])

    def test_our_loggers_pass_on_nothing_below_the_level_whoever_writes_the_log(self) -> None:
        self.addCleanup(set_level, "info")
        passed: list[LogEvent] = []

        @implementer(ILogObserver)
        def take(event: LogEvent) -> None:
            if event["log_namespace"] == "gamesvc.test":
                passed.append(event)

        globalLogPublisher.addObserver(take)
        self.addCleanup(globalLogPublisher.removeObserver, take)
        log = logger("gamesvc.test")
        for position, level in enumerate(LOG_LEVELS):
            set_level(level)
            for each in LOG_LEVELS:
                log.emit(LogLevel.levelWithName(each), "a thing happened")
            self.assertEqual([event["log_level"].name for event in passed], [*LOG_LEVELS[position:]])
            passed.clear()


class Unasked(SynchronousTestCase):
    """What nobody asked for costs nothing."""

    def setUp(self) -> None:
        self.addCleanup(set_level, "info")
        self.passed: list[LogEvent] = []
        self.made = 0
        emit = Logger.emit

        @implementer(ILogObserver)
        def take(event: LogEvent) -> None:
            if event["log_namespace"] == "gamesvc.test":
                self.passed.append(event)

        def noted(*arguments: Any, **values: Any) -> None:
            self.made += 1
            emit(*arguments, **values)

        globalLogPublisher.addObserver(take)
        self.addCleanup(globalLogPublisher.removeObserver, take)
        self.patch(Logger, "emit", noted)

    def test_at_the_levels_above_debug_no_event_is_made_of_it(self) -> None:
        log = logger("gamesvc.test")
        for level in LOG_LEVELS[1:]:
            set_level(level)
            log.debug("{player} entered", player="alice")
            self.assertEqual((self.made, self.passed), (0, []), level)

    def test_where_it_was_asked_for_it_is_passed_on_with_its_values(self) -> None:
        log = logger("gamesvc.test")
        for expected in (1, 2):
            set_level("debug")
            log.debug("{player} entered", player="alice")
            self.assertEqual((self.made, len(self.passed)), (expected, expected))
            event = self.passed[-1]
            self.assertEqual((formatEvent(event), event["log_level"]), ("alice entered", LogLevel.debug))
            self.assertIs(event["log_logger"], log)
            set_level("info")
            log.debug("{player} entered", player="bob")

    def test_whatever_else_is_said_is_passed_on_as_by_any_logger(self) -> None:
        log = logger("gamesvc.test")
        set_level("info")
        for say in (log.info, log.warn, log.error, log.critical):
            say("a thing happened")
        self.assertEqual([event["log_level"].name for event in self.passed], ["info", "warn", "error", "critical"])


class Reopening(Written):
    def test_at_sigusr1_it_is_opened_again_where_it_was_moved_away(self) -> None:
        log = self.logger()
        log.info("one")
        moved = self.path.rename(self.directory / "server.log.1")
        log.info("two")
        os.kill(os.getpid(), signal.SIGUSR1)
        log.info("three")
        self.assertEqual([line.split()[-1] for line in self.lines(moved)], ["one", "two"])
        self.assertEqual([line.split()[-1] for line in self.lines()], ["three"])

    def test_a_signal_touches_nothing_itself_but_leaves_it_to_the_reactor(self) -> None:
        later: list[Callable[[], object]] = []
        log = self.logger(in_reactor=later.append)
        self.path.rename(self.directory / "server.log.1")
        os.kill(os.getpid(), signal.SIGUSR1)
        log.info("still the old one")
        self.assertFalse(self.path.exists())
        (reopen,) = later
        reopen()
        log.info("the new one")
        self.assertEqual(len(self.lines()), 1)

    def test_where_it_was_not_moved_away_nothing_is_lost(self) -> None:
        log = self.logger()
        log.info("one")
        os.kill(os.getpid(), signal.SIGUSR1)
        log.info("two")
        self.assertEqual([line.split()[-1] for line in self.lines()], ["one", "two"])

    def test_where_it_can_not_be_opened_again_the_old_one_is_kept_until_it_can(self) -> None:
        def run(function: Callable[[], object]) -> None:
            with contextlib.suppress(OSError):
                function()

        log = self.logger(in_reactor=run)
        moved = self.path.rename(self.directory / "server.log.1")
        self.path.mkdir()
        os.kill(os.getpid(), signal.SIGUSR1)
        log.info("one")
        self.assertEqual(len(self.lines(moved)), 1)
        self.path.rmdir()
        os.kill(os.getpid(), signal.SIGUSR1)
        log.info("two")
        self.assertEqual([line.split()[-1] for line in self.lines()], ["two"])

    def test_nobody_but_the_operator_rotates_it(self) -> None:
        log = self.logger()
        for _ in range(12):
            log.info("x" * 100_000)
        self.assertEqual([path.name for path in self.directory.iterdir()], ["server.log"])
