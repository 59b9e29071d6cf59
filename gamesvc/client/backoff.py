"""Waits that grow: each may be twice as long as the one before, and is partly random, so that not all who were turned
away at one moment come back at one moment."""

from __future__ import annotations

FIRST_SECONDS = 0.25
MAX_SECONDS = 15.0
MAX_ASKED_SECONDS = 300.0
"""The longest wait that a server may ask for."""


def backoff_seconds(step: int, chance: float) -> float:
    """How long to wait.

    Args:
        step: how often one has waited already.
        chance: from 0 to 1.
    """
    return chance * min(MAX_SECONDS, FIRST_SECONDS * 2.0 ** min(step, 30))


def asked_seconds(seconds: float) -> float:
    """How long to wait where a server says how long."""
    return min(max(seconds, 0.0), MAX_ASKED_SECONDS)


class Backoff:
    """How often one has waited in a row.

    Attributes:
        steps: that many times.
    """

    def __init__(self) -> None:
        self.steps = 0

    def wait(self, chance: float, least: int = 0) -> float:
        """Wait once more.

        Args:
            chance: from 0 to 1.
            least: with how many steps to begin.

        Returns:
            How many seconds.
        """
        step, self.steps = max(self.steps, least), self.steps + 1
        return backoff_seconds(step, chance)

    def end(self) -> None:
        """It went well: the next wait is a short one."""
        self.steps = 0
