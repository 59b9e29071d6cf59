"""Functions of a client's user that are called when something comes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Callback = Callable[[Any], object]

FAILURE = "failure"


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
        """
        self._callbacks.setdefault(kind, []).append(callback)

    def tell(self, kind: str, value: Any) -> None:
        """Call all that listen to this."""
        for callback in tuple(self._callbacks.get(kind, ())):
            try:
                callback(value)
            except Exception as error:
                if kind == FAILURE or FAILURE not in self._callbacks:
                    self._failed(error)
                else:
                    self.tell(FAILURE, error)
