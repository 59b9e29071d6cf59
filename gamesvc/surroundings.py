"""What a game is lent by the server that it runs in: a journal, clocks, and somebody to tell of trouble."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from gamesvc.bot_offer import NO_BOTS, BotOffer
from gamesvc.journal import Journal
from gamesvc.standing import Standing

Report = Callable[[str, BaseException], str]
"""Tells the operator of a fault: what failed, and the exception. Returns the incident's id, which the player gets."""


class Call(Protocol):
    """Something that was put off."""

    def cancel(self) -> None:
        """Don't do it."""


def at_once(work: Callable[[], None], done: Callable[[], None]) -> None:
    """Do something here and now, as where there are no threads."""
    work()
    done()


Aside = Callable[[Callable[[], None], Callable[[], None]], None]
"""Calls a function in a thread, then another one here."""


class Attended(Protocol):
    """Something that has to be looked after for a while."""

    @property
    def is_stalled(self) -> bool:
        """Whether the journal does not say what became of something."""

    def tick(self) -> bool:
        """Look after what takes long. Says whether there is something left to look after."""


@dataclass(frozen=True)
class Surroundings:
    """What a game is lent.

    Attributes:
        journal: keeps the game.
        wall: seconds since the epoch.
        monotonic: seconds of a clock that nobody sets.
        soon: calls a function at the end of this turn of the reactor.
        later: calls a function after some seconds.
        report: tells the operator of a fault in the model.
        warn: tells the operator of what should not be so: what is the same each time, and the text.
        max_connections_per_player: the oldest beyond goes; 0 means any number.
        aside: calls a function in a thread, then another one here: for models that block.
        bots: those that the server offers.
        stood: is told how a game stands when it begins to be awake, and when its seats, or whether it has begun or is
            over, have changed durably.
        attended: those that are looked after a few times a second, in the order in which they began to be: in a set it
            would be chance's. Most games have nothing that takes long, and so cost nothing while nothing happens in
            them.
    """

    journal: Journal
    wall: Callable[[], float]
    monotonic: Callable[[], float]
    soon: Callable[[Callable[[], None]], object]
    later: Callable[[float, Callable[[], None]], Call]
    report: Report
    max_connections_per_player: int
    aside: Aside = at_once
    bots: BotOffer = NO_BOTS
    warn: Callable[[str, str], None] = lambda sort, text: None
    stood: Callable[[str, Standing], None] = lambda game, standing: None
    attended: dict[Attended, None] = field(default_factory=dict)
