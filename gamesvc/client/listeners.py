"""Functions of a client's user that are called when something comes."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

Callback = Callable[[Any], object]

FAILURE = "failure"

_INSTEAD = "nobody awaits it, so have a plain one start what takes long"


class Listeners:
    """None at first.

    Args:
        failed: is told of the error where one of them fails, and none of them listens to that.
    """

    def __init__(self, failed: Callable[[Exception], None]) -> None:
        self._failed = failed
        self._callbacks: dict[str, list[Callback]] = {}

    def add(self, kind: str, callback: Callback) -> None:
        """Have one called.

        Args:
            kind: when.
            callback: gets what came.

        Raises:
            TypeError: it is no plain function.
        """
        if not callable(callback):
            raise TypeError(f"on() takes a plain function, and that for {kind!r} is of type {type(callback).__name__}")
        if any(map(inspect.iscoroutinefunction, (callback, type(callback).__call__))):
            raise TypeError(f"on() takes a plain function, and that for {kind!r} is an `async def`: {_INSTEAD}")
        self._callbacks.setdefault(kind, []).append(callback)

    def tell(self, kind: str, value: Any) -> None:
        """Call all that listen to this."""
        for callback in tuple(self._callbacks.get(kind, ())):
            try:
                returned = callback(value)
                if inspect.iscoroutine(returned):
                    # One that hides in a lambda. Nobody would ever run it.
                    returned.close()
                    raise TypeError(f"a function for {kind!r} returned a coroutine: {_INSTEAD}")
            except Exception as error:
                if kind == FAILURE or FAILURE not in self._callbacks:
                    self._failed(error)
                else:
                    self.tell(FAILURE, error)
