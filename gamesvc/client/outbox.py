"""A client's commands that have no reply yet: which of them are on their way, and which wait.

They are sent in the order in which they were given, and after a lost connection again, under the same ids, before new
ones; so whatever is sent anew, the server has few ids to know of.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

WINDOW = 32
"""How many commands are on their way at a time."""

MAX_WAITING = 1024
"""How many commands may have no reply."""

_GROWTH = 8


class _Command(NamedTuple):
    text: str
    size: int


class Outbox:
    """Empty at first."""

    def __init__(self) -> None:
        self._unanswered: dict[str, _Command] = {}
        # A dict for a set, as that has no order: here, that of sending.
        self._on_their_way: dict[str, None] = {}
        self._window = WINDOW
        self._successes = 0
        self.paused_until: float | None = None

    def __len__(self) -> int:
        return len(self._unanswered)

    @property
    def is_full(self) -> bool:
        """Whether it takes nothing more."""
        return len(self._unanswered) >= MAX_WAITING

    def add(self, id: str, text: str) -> None:
        """Put a command behind the others."""
        self._unanswered[id] = _Command(text, len(text.encode()))

    def due(self, now: float) -> Iterator[str]:
        """The commands that are to be sent now; they are on their way then."""
        if self.paused_until is not None:
            if now < self.paused_until:
                return
            self.paused_until = None
        if len(self._on_their_way) >= min(self._window, len(self._unanswered)):
            return
        for id, command in self._unanswered.items():
            if id not in self._on_their_way:
                self._on_their_way[id] = None
                yield command.text
                if len(self._on_their_way) >= self._window:
                    return

    def is_on_its_way(self, id: str) -> bool:
        """Whether a command was sent, and has no reply."""
        return id in self._on_their_way

    def oldest(self) -> str | None:
        """Id of the command that was sent before all others that are on their way; None where there is none."""
        return next(iter(self._on_their_way), None)

    def largest(self) -> str | None:
        """Id of the largest command that is on its way; None where there is none."""
        return max(self._on_their_way, key=lambda id: self._unanswered[id].size, default=None)

    def settle(self, id: str) -> bool:
        """Forget a command that has its reply.

        Returns:
            Whether it was waited for.
        """
        self._on_their_way.pop(id, None)
        return self._unanswered.pop(id, None) is not None

    def succeeded(self) -> None:
        """Note that a command took effect. After some in a row, more may be on their way than before."""
        if self._window < WINDOW:
            self._successes += 1
            if self._successes == _GROWTH:
                self._successes = 0
                self._window = min(WINDOW, 2 * self._window)

    def put_back(self, id: str, until: float) -> None:
        """Have a command that was put off wait for a while, and all others with it.

        From then on they go one by one, until it is seen that more do: those that are already on their way behind one
        that was put off may overtake it.

        Args:
            id: the command's.
            until: when to go on.
        """
        self._on_their_way.pop(id, None)
        self._window, self._successes = 1, 0
        self.paused_until = until if self.paused_until is None else max(until, self.paused_until)

    def line_lost(self) -> None:
        """Have all that were on their way wait, to be sent again."""
        self._on_their_way.clear()
        self._window, self._successes, self.paused_until = WINDOW, 0, None

    def give_up(self) -> list[str]:
        """Forget all, and return their ids in order."""
        ids = list(self._unanswered)
        self._unanswered.clear()
        self.line_lost()
        return ids
