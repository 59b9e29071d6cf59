"""Bots for the tests of those who ask bots: good ones, and ones that do what none should."""

from __future__ import annotations

import atexit
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any, ClassVar

from gamesvc.bots import Bot, Choice, Turn


class First(Bot):
    """Plays the first legal move, in a process of its own."""

    def choose(self, turn: Turn) -> Choice | None:
        return turn.legal[0] if turn.legal else None


class Quick(First):
    quick = True


class Stepwise(First):
    """Notes what it does; that it is quick is for the test to make true."""

    quick = True
    steps: ClassVar[list[str]] = []
    think: ClassVar[Callable[[], object]] = staticmethod(lambda: None)

    def __init__(self) -> None:
        self.steps.append("made")

    def choose(self, turn: Turn) -> Choice | None:
        self.steps.append("thinks")
        type(self).think()
        return super().choose(turn)


class Telling(Bot):
    """Tells where it thinks, and what with."""

    def choose(self, turn: Turn) -> Choice | None:
        return {
            "command": "told",
            "pid": os.getpid(),
            "cwd": os.getcwd(),
            "path": sys.path,
            "nice": os.nice(0),
            "twisted": "twisted" in sys.modules,
            "environment": [*os.environ],
            "now": turn.now,
            "chance": turn.random.random(),
            "view": turn.view,
        }


class Hanging(Bot):
    """Thinks for ever, and says so before."""

    def __init__(self, path: str = "") -> None:
        self.path = path

    def choose(self, turn: Turn) -> Choice | None:
        print("thinking")  # noqa: T201  # what it is for
        if self.path:
            os.write(os.open(self.path, os.O_WRONLY), b"thinking")
        while True:
            time.sleep(0.01)


class Killed(First):
    """Is killed when it thinks, until there is a file."""

    def __init__(self, path: str = "") -> None:
        self.path = path

    def choose(self, turn: Turn) -> Choice | None:
        if not os.path.exists(self.path):
            if self.path:
                open(self.path, "x").close()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().choose(turn)


class Dying(Bot):
    """Takes its process with it."""

    def choose(self, turn: Turn) -> Choice | None:
        print("the last words")  # noqa: T201  # what it is for
        os.write(2, b"and half a line")
        os._exit(3)


class Leaving(Bot):
    def choose(self, turn: Turn) -> Choice | None:
        sys.exit(3)


class Failing(Bot):
    def choose(self, turn: Turn) -> Choice | None:
        raise LookupError("no idea\nat all")


class Chatty(First):
    """Prints, before it plays."""

    def __init__(self, lines: int = 1, width: int = 20) -> None:
        self.lines = lines
        self.width = width

    def choose(self, turn: Turn) -> Choice | None:
        print("to standard error", file=sys.stderr)  # noqa: T201  # what it is for
        for _ in range(self.lines):
            print("x" * self.width)  # noqa: T201  # what it is for
        return super().choose(turn)


class Nonsense(Bot):
    """Returns what is no command."""

    def choose(self, turn: Turn) -> Any:
        return [4]


class Verbose(Bot):
    """Returns too much."""

    def choose(self, turn: Turn) -> Choice | None:
        return {"command": "mark", "cell": "x" * (1 << 20)}


class Scribbling(First):
    """Writes into the pipe of its answers."""

    def __init__(self, text: str = "", count: int = 1) -> None:
        self.text = text
        self.count = count

    def choose(self, turn: Turn) -> Choice | None:
        os.write(4, self.text.encode("latin-1") * self.count)
        return super().choose(turn)


class Parting(First):
    """Starts something that lives on, with its standard output."""

    def choose(self, turn: Turn) -> Choice | None:
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        return {"command": "started", "pid": child.pid}


class Polite(First):
    """Says goodbye."""

    def __init__(self) -> None:
        atexit.register(print, "goodbye")
