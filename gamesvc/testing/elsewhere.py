"""Elsewhere: the same game in another process, where what Python leaves open is decided otherwise: how sets go."""

from __future__ import annotations

import contextlib
import importlib
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import IO, Any

import msgspec

from gamesvc.model import GameModel
from gamesvc.testing.fault import Fault
from gamesvc.testing.plays import Call
from gamesvc.testing.runs import Outcome
from gamesvc.testing.trial import Rehearsal

_PROGRAM = "from gamesvc.testing.elsewhere import answer; answer()"


class _Digested(Rehearsal):
    """A game of which each step leaves a digest."""

    def __init__(self, model: type[GameModel], seed: int = 0) -> None:
        super().__init__(model, seed)
        self.digests: list[str] = []

    def took(self, outcome: Outcome) -> None:
        standing = self.standing
        events = [(body, None if to is None else sorted(to)) for body, to in outcome.events]
        of = (events, outcome.reply, standing.image, standing.alarms, standing.finished, repr(type(outcome.error)))
        self.digests.append(sha256(msgspec.msgpack.encode(of)).hexdigest()[:16])


def digests(model: type[GameModel], seed: int, calls: Sequence[Call]) -> list[list[str]]:
    """What came of each call, in short."""
    trial = _Digested(model, seed)
    found = []
    for call in calls:
        # What is wrong beside this is found elsewhere.
        with contextlib.suppress(Fault):
            call.on(trial)
        found.append(trial.digests)
        trial.digests = []
    return found


class Elsewhere:
    """Another process, with another seed of Python's hashes.

    Args:
        model: the game's class. It has to be found by its name.
    """

    def __init__(self, model: type[GameModel]) -> None:
        self._model = model
        environment = dict(os.environ)
        environment["PYTHONHASHSEED"] = "2" if environment.get("PYTHONHASHSEED") == "1" else "1"
        environment["PYTHONPATH"] = os.pathsep.join(each or os.getcwd() for each in sys.path)
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, model.__module__, model.__qualname__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )

    def difference(self, seed: int, calls: Sequence[Call]) -> int | None:
        """Which call leads to something else there; None where none does, or where it can't be said."""
        there = self._ask(seed, calls)
        if there is None:
            return None
        here = digests(self._model, seed, calls)
        pairs = enumerate(zip(here, there, strict=True))
        return next((index for index, (one, other) in pairs if one != other), None)

    def _ask(self, seed: int, calls: Sequence[Call]) -> list[list[str]] | None:
        to, back = self._process.stdin, self._process.stdout
        if to is None or back is None:
            return None
        try:
            to.write(msgspec.json.encode([seed, calls]) + b"\n")
            to.flush()
            line = back.readline()
        except OSError:
            return None
        return msgspec.json.decode(line, type=list[list[str]]) if line else None

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()


@contextlib.contextmanager
def elsewhere(model: type[GameModel]) -> Iterator[Elsewhere]:
    """Another process, for a while."""
    process = Elsewhere(model)
    try:
        yield process
    finally:
        process.close()


def same_elsewhere(model: type[GameModel], seed: int, calls: Sequence[tuple[Any, ...]]) -> None:
    """See to it that a game goes the same way in another process, where sets have another order.

    Args:
        model: the game's class.
        seed: where its chance comes from.
        calls: the steps of a `Trial`: each its name, what it is called with, and a dict of what it is called with by
            name.

    Raises:
        Fault: it goes another way there.
    """
    steps = [Call(name, tuple(positional), named) for name, *positional, named in calls]
    with elsewhere(model) as process:
        index = process.difference(seed, steps)
    if index is not None:
        raise other_way(steps[index])


def other_way(call: Call) -> Fault:
    """A game goes another way in another process."""
    named = "".join(f", {name}={value!r}" for name, value in call.named.items())
    what = f"{call.method}({', '.join(map(repr, call.positional))}{named})"
    return Fault(
        "nondeterministic", f"the same game in another process goes another way at {what}: the order of a set?"
    )


def answer() -> None:
    """Be the other process: read games, a line each, and write what came of them."""
    replies: IO[bytes] = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # What the author's code prints is not for who asked.
    sys.stdout = sys.stderr
    module, name = sys.argv[1:]
    model: Any = importlib.import_module(module)
    for part in name.split("."):
        model = getattr(model, part)
    for line in sys.stdin.buffer:
        seed, calls = msgspec.json.decode(line, type=tuple[int, list[Call]])
        replies.write(msgspec.json.encode(digests(model, seed, calls)) + b"\n")
        replies.flush()
