"""A process in which bots think: reads questions from one pipe, and writes the answers to another.

It is ``python -m gamesvc.bot_worker``, started by `gamesvc.bot_child`. It ends when its pipe does: so it never
outlives its server, however that ended.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from io import TextIOWrapper
from queue import SimpleQueue
from threading import Thread

from gamesvc.bot_pipes import (
    ANSWERS_FD,
    BEGUN,
    END_SECONDS,
    HEADER_BYTES,
    MAX_LOAD_SECONDS,
    MAX_THINK_SECONDS,
    QUESTIONS_FD,
    framed,
)

NICENESS = 10
"""Games come first, and then who thinks about them."""


class _Questions:
    """The questions, read in a thread: so that the end of the pipe is seen while a bot thinks."""

    def __init__(self) -> None:
        self._bodies: SimpleQueue[bytes | None] = SimpleQueue()
        self._read = 0
        self.answered = 0
        Thread(target=self._fill, name="questions", daemon=True).start()

    def next(self) -> bytes | None:
        """The next one; None where no more come."""
        return self._bodies.get()

    def _fill(self) -> None:
        with os.fdopen(QUESTIONS_FD, "rb") as pipe:
            while len(header := pipe.read(HEADER_BYTES)) == HEADER_BYTES:
                body = pipe.read(int.from_bytes(header, "big"))
                self._read += 1
                self._bodies.put(body)
        if self._read == self.answered:
            self._bodies.put(None)
            # Bots may have begun what ends in order.
            time.sleep(END_SECONDS)
        # Nobody waits for an answer any more, and what thinks about it can't be stopped otherwise.
        os._exit(0)


def main() -> None:
    """Answer questions until no more come."""
    # Ctrl-C reaches all processes of a terminal. When this one ends is for its server to say.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICENESS)
    for fd in (QUESTIONS_FD, ANSWERS_FD):
        # What a bot starts is not to hold the pipes open.
        os.set_inheritable(fd, False)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # What is printed last before the end tells most.
            stream.reconfigure(line_buffering=True, errors="backslashreplace")
    questions = _Questions()
    # After the thread: this takes a while, in which the server may end.
    from gamesvc.bot_questions import Bots, decode_question, frame

    bots = Bots()
    while (body := questions.next()) is not None:
        # The server ends who takes longer. This is for one that has lost its server, in code that lets no thread run.
        signal.alarm(2 * MAX_LOAD_SECONDS)
        answer = bots.answer(decode_question(body), _begin)
        signal.alarm(0)
        sys.stdout.flush()
        # Before it is written: who has read it may end the pipe at once, and that is no end while a bot thinks.
        questions.answered += 1
        _write(frame(answer))


def _begin() -> None:
    signal.alarm(2 * MAX_THINK_SECONDS)
    _write(framed(BEGUN))


def _write(data: bytes) -> None:
    while data:
        data = data[os.write(ANSWERS_FD, data) :]


if __name__ == "__main__":
    main()
