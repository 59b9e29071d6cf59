"""A server that kills itself at a named point, or that something was done to: its own code knows nothing of it.

    python -m tests.e2e.crashing POINT N [--constant MODULE:NAME=VALUE]... [--tweak NAME=TEXT]... -- TWISTD-ARGUMENTS

kills itself at the N-th time that it comes to the point, such as ``commit.before``; ``never 0`` is no point. Where the
journal is in PostgreSQL, ``--store postgres`` says so.

    python -m tests.e2e.crashing nursery

reads such orders from standard input, one JSON object a line, and carries out one after the other, each in a process of
its own that has all modules loaded from the start. Of each it writes two lines: its id, and how it ended.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

import msgspec

from tests.e2e.tweaks import TWEAKS

STORES = {"sqlite": "gamesvc.journal.sqlite:SqliteStore", "postgres": "gamesvc.journal.postgres:PostgresStore"}

STORE_METHODS = {
    **{name: name for name in ("append", "begin", "claim", "commit", "history", "load", "save")},
    "checkpoint": "_checkpoint",  # of SQLite
}
"""What of a store is called at the points that are named after these."""

TARGETS = {
    "publish": ("gamesvc.publisher:GamePublisher", "publish"),
    "flush": ("gamesvc.publisher:GamePublisher", "flush"),
    "reply": ("gamesvc.publisher:Subscription", "reply"),
    "welcome": ("gamesvc.server:GameServer", "welcome"),
    "write": ("gamesvc.connection:GameConnection", "write"),
    "send": ("twisted.internet.tcp:Connection", "writeSomeData"),
}
"""The same of the rest: its class, and the method."""

POINTS = tuple(f"{name}.{moment}" for name in (*STORE_METHODS, *TARGETS) for moment in ("before", "after"))
"""Where a server may be killed."""

NEVER = "never"
_PR_SET_PDEATHSIG = 1


class Order(msgspec.Struct, kw_only=True):
    """What a server is to be.

    Attributes:
        arguments: twistd's.
        point: where it kills itself.
        count: at the how-manieth time.
        constants: values of the server's constants, by ``module:NAME``.
        tweaks: names of what else is done to it, each with a text.
        store: of which kind the journal is.
        output: file to which it writes what it says; empty: where its parent does.
    """

    arguments: list[str]
    point: str = NEVER
    count: int = 0
    constants: dict[str, float] = {}
    tweaks: dict[str, str] = {}
    store: str = "sqlite"
    output: str = ""


def die() -> None:
    """End this process as a power switch would."""
    os.kill(os.getpid(), signal.SIGKILL)


def arm(point: str, count: int, store: str) -> None:
    """See to it that this process kills itself at a point.

    Args:
        point: its name.
        count: how often it is to come there before it does.
        store: of which kind the journal is.
    """
    name, _, moment = point.partition(".")
    place, method = TARGETS.get(name) or (STORES[store], STORE_METHODS[name])
    owner = found(place)
    original: Callable[..., Any] = getattr(owner, method)
    left = count

    def armed(*arguments: Any, **keywords: Any) -> Any:
        nonlocal left
        left -= 1
        is_it = left == 0
        if is_it and moment == "before":
            die()
        result = original(*arguments, **keywords)
        if is_it:
            die()
        return result

    setattr(owner, method, armed)


def found(place: str) -> Any:
    """What ``module:Name`` names."""
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)


def carry_out(order: Order) -> None:
    """Be a server, to its end."""
    for place, value in order.constants.items():
        module, _, name = place.partition(":")
        owner = import_module(module)
        setattr(owner, name, type(getattr(owner, name))(value))
    for tweak, text in order.tweaks.items():
        TWEAKS[tweak](text)
    if order.point != NEVER:
        arm(order.point, order.count, order.store)
    sys.argv = ["twistd", *order.arguments]
    # It installs the reactor, which has to be this process's own.
    from twisted.scripts.twistd import run

    run()


def nursery() -> None:
    """See the module."""
    modules = ("gamesvc.service", "gamesvc.journal.postgres", "twisted.scripts.twistd", "tests.e2e.crash_game")
    for module in modules:
        import_module(module)
    assert "twisted.internet.reactor" not in sys.modules
    for line in sys.stdin.buffer:
        order = msgspec.json.decode(line, type=Order)
        child = os.fork()
        if not child:
            _be_child(order)
        _say(str(child))
        _, status = os.waitpid(child, 0)
        _say(str(os.waitstatus_to_exitcode(status)))


def _be_child(order: Order) -> None:
    status = 1
    try:
        # Whatever becomes of the tests, no server stays behind.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        output = os.open(order.output, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (output, 1), (output, 2)):
            os.dup2(source, target)
        carry_out(order)
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """See the module."""
    arguments = sys.argv[1:]
    if arguments == ["nursery"]:
        nursery()
        return
    split = arguments.index("--")
    point, count, *options = arguments[:split]
    order = Order(arguments=arguments[split + 1 :], point=point, count=int(count))
    for option, text in zip(options[::2], options[1::2], strict=True):
        name, _, value = text.partition("=")
        if option == "--constant":
            order.constants[name] = float(value)
        elif option == "--store":
            order.store = text
        else:
            order.tweaks[name] = value
    carry_out(order)


if __name__ == "__main__":
    main()
