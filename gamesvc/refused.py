"""Refused: what code that plays a game is told where a client would be sent an error."""

from __future__ import annotations


class Refused(Exception):
    """A command was refused: nothing has changed.

    Attributes:
        code: why, for programs: ``refused``, or what the model gave to `GameError`, or one of gamesvc's own.
        message: why, for the player.
        retryable: whether the same command may have another outcome later, without anything that the player does.
    """

    def __init__(self, code: str, message: str, retryable: bool = False) -> None:
        super().__init__(code, message, retryable)
        self.code = code
        self.message = message
        self.retryable = retryable

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"
