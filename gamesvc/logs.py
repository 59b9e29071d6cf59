"""What may be written to the log, and where it goes.

Control characters never reach a log raw, whoever sent them: a terminal would obey them, and a line break would forge a
line. Tokens are never handed to a logger in the first place.
"""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import IO, Any

from twisted.logger import (
    FileLogObserver,
    FilteringLogObserver,
    ILogObserver,
    LogEvent,
    Logger,
    LogLevel,
    LogLevelFilterPredicate,
    formatEventAsClassicLogText,
    globalLogPublisher,
)
from twisted.python.logfile import LogFile

LOG_LEVELS = ("debug", "info", "warn", "error")

# C0 but tab and line feed, DEL, C1, the two line separators that are no control characters, what turns the direction of
# writing, and lone surrogates, which have no place in any encoding: an event that holds one would be lost.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    """The same text with its control characters escaped; tab and line feed stay."""
    return _CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)


_LEVELS = LogLevelFilterPredicate()


class OurLogger(Logger):
    """A logger for which it costs nothing to say what nobody asked for: Twisted's makes an event of it first."""

    def debug(self, format: str | None = None, **values: object) -> None:
        """Tell of what is of interest where something is looked for."""
        if _LEVELS.logLevelForNamespace("gamesvc") is LogLevel.debug:
            self.emit(LogLevel.debug, format, **values)


def logger(namespace: str) -> OurLogger:
    """A logger of ours: what is below the level that was set goes nowhere, whoever writes the log."""
    return OurLogger(namespace, observer=FilteringLogObserver(globalLogPublisher, [_LEVELS]))


_log = logger(__name__)


class Silence:
    """A logger that writes nothing, for a library whose own would write what clients sent."""

    def _drop(self, *args: object, **keywords: object) -> None: ...

    trace = debug = info = warn = error = critical = failure = _drop


def set_level(level: str) -> None:
    """Set the lowest level that our loggers pass on.

    Args:
        level: one of `LOG_LEVELS`.
    """
    _LEVELS.setLogLevelForNamespace("gamesvc", LogLevel.levelWithName(level))


def _format(event: LogEvent) -> str | None:
    text = formatEventAsClassicLogText(event)
    return None if text is None else printable(text)


def observer_factory(
    path: str | None, level: str, in_reactor: Callable[[Callable[[], object]], object]
) -> Callable[[], ILogObserver]:
    """What twistd's ``--logger`` takes: makes the observer that writes the server's log.

    Args:
        path: the log file, which is opened again at SIGUSR1; None for standard output.
        level: the lowest of `LOG_LEVELS` that is written.
        in_reactor: runs a function on the reactor's thread; a signal may come at any moment.
    """

    def make() -> ILogObserver:
        if path is None:
            # There is nothing to open again, and what a signal does where nobody handles it is to end the process.
            signal.signal(signal.SIGUSR1, signal.SIG_IGN)
            return _observer(sys.stdout, level)
        # twistd would also rotate it by itself at 1 MB, and would rotate at SIGUSR1, which does nothing where logrotate
        # has moved the file away already.
        file = LogFile.fromFullPath(path, rotateLength=None)

        def reopen() -> None:
            # LogFile would close the old one first, and have none where the new one can't be opened.
            try:
                open(path, "ab").close()
            except OSError as error:
                _log.error("can't open the log again, so the old one is kept: {error}", error=error)
            else:
                file.reopen()

        def at_signal(signum: int, frame: FrameType | None) -> None:
            in_reactor(reopen)

        signal.signal(signal.SIGUSR1, at_signal)
        return _observer(file, level)

    return make


def _observer(stream: IO[Any], level: str) -> ILogObserver:
    lowest = LogLevelFilterPredicate(LogLevel.levelWithName(level))
    return FilteringLogObserver(FileLogObserver(stream, _format), [lowest])
