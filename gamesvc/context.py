"""Context: what a model is lent while it runs: who plays, the time, chance, timers, and where events go."""

from __future__ import annotations

import random
from typing import NamedTuple, NewType

Player = NewType("Player", str)
"""A player's name: what ``sub`` of the token says."""


class Alarm(NamedTuple):
    """A call that is to come.

    Attributes:
        id: what the model knows it by.
        due: when, in seconds since the epoch.
        method: the model's, by name.
        arguments: JSON array.
    """

    id: int
    due: float
    method: str
    arguments: bytes


class Context:
    """What a model is lent: who plays, the time, chance, timers, and where events go.

    Attributes:
        players: the names in the order of the seats, those that are taken.
        seed: secret of the game, from which all chance comes.
        now: time of the entry, in seconds since the epoch.
        entry: number of the entry: one more with each command.
        events: what the running command has published: encoded, each with the players who see it (None: everybody).
        revealed: what it has said to come to light on purpose, each as JSON.
        finished: whether the game is over.
        outcome: the event with which it was finished, as JSON; empty where there is none.
        alarms: what is to come.
        last_alarm: the highest id that one has had.
        derived: what was built from the fields, by name.
        looks_only: whether the model is only looked at, so that it has no chance to take.
    """

    __slots__ = (
        "_random",
        "alarms",
        "derived",
        "entry",
        "events",
        "finished",
        "last_alarm",
        "looks_only",
        "now",
        "outcome",
        "players",
        "revealed",
        "seed",
    )

    def __init__(self, seed: bytes = b"", now: float = 0.0, *, looks_only: bool = False) -> None:
        self.players: tuple[Player, ...] = ()
        self.seed = seed
        self.now = now
        self.entry = 0
        self.events: list[tuple[bytes, frozenset[str] | None]] = []
        self.revealed: list[bytes] = []
        self.finished = False
        self.outcome = b""
        self.alarms: tuple[Alarm, ...] = ()
        self.last_alarm = 0
        self.derived: dict[str, object] = {}
        self.looks_only = looks_only
        self._random: random.Random | None = None

    def begin(self, entry: int, now: float) -> None:
        """Start an entry.

        Args:
            entry: its number. Where one that was begun did not happen, the next has its number, and so its chance: who
                is refused can't get another throw of the dice by it.
            now: its time; where that is earlier than the entry before, it is that one's.
        """
        self.now = max(self.now, now)
        self.entry = entry
        self.events = []
        self.revealed = []
        self._random = None

    @property
    def took_chance(self) -> bool:
        """Whether this entry has asked for chance."""
        return self._random is not None

    @property
    def random(self) -> random.Random:
        """Chance, the same whenever this entry is run again.

        Raises:
            RuntimeError: the model is only looked at.
        """
        if self.looks_only:
            raise RuntimeError("a view takes no chance: keep what was drawn in a field")
        if self._random is None:
            self._random = random.Random(self.seed + self.entry.to_bytes(8, "big"))
        return self._random
