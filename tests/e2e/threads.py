"""How these tests run: under a reactor, which Autobahn's clients need, and with a thread for whatever blocks."""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec

import pytest_twisted  # type: ignore[import-untyped]
from twisted.internet.threads import deferToThread

P = ParamSpec("P")


def in_reactor(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, Coroutine[Any, Any, None]]:
    """Mark a test as one that awaits Deferreds."""
    marked: Callable[P, Coroutine[Any, Any, None]] = pytest_twisted.ensureDeferred(test)
    return marked


def in_thread(test: Callable[P, None]) -> Callable[P, Coroutine[Any, Any, None]]:
    """Run a test that blocks, as its clients and its waiting for processes do, where the reactor does not mind."""

    @functools.wraps(test)
    async def run(*args: P.args, **keywords: P.kwargs) -> None:
        await deferToThread(test, *args, **keywords)

    return in_reactor(run)
