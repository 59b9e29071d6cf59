"""Client: somebody at a table, and all that their connections got."""

from __future__ import annotations

from typing import Any

from gamesvc.testing.line import Line


class Client:
    """Somebody at the table, who may have lost the line.

    Args:
        spectates: whether they came to watch.

    Attributes:
        line: their connection; None where they have none.
        frames: all that they got.
        epoch: of the history that they know; None where they know none.
        seq: number of the last event that they had.
    """

    def __init__(self, spectates: bool) -> None:
        self.spectates = spectates
        self.line: Line | None = None
        self.frames: list[dict[str, Any]] = []
        self.epoch: str | None = None
        self.seq = 0

    def listen(self) -> None:
        """Take in what came."""
        if self.line is None:
            return
        for frame in self.line.heard():
            self.frames.append(frame)
            if frame.get("event") == "gamesvc.welcome":
                self.epoch = frame["epoch"]
                if not frame["resumed"]:
                    self.seq = frame["seq"]
            else:
                self.seq = frame.get("seq", self.seq)
        if self.line.closed is not None:
            self.line = None
