"""BotOffer: what a game needs of the bots that its server offers: whether one can play it, and what it does now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from gamesvc.context import Player
from gamesvc.model import GameModel
from gamesvc.moves import Choice


class Question(NamedTuple):
    """What a bot is asked with: what its player sees.

    Attributes:
        bot: its name, among those that the server offers.
        game: the game's id.
        kind: what is played, by its name in the catalog.
        player: for whom it plays.
        players: all who play, in the order of their seats.
        view: what this player is shown, as JSON.
        seed: where the bot's chance comes from.
        now: when what is seen came about, in seconds since the epoch.
    """

    bot: str
    game: str
    kind: str
    player: Player
    players: tuple[Player, ...]
    view: bytes
    seed: int
    now: float


class BotFailed(Exception):
    """A bot has not answered, or nothing that can be used.

    Attributes:
        reason: why, in a line, for the operator.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


Answered = Callable[[Choice | BotFailed | None], None]
"""Gets what a bot chose: a command as a client sends it; None for nothing; or why there is none."""


class Asking(Protocol):
    """A question on its way."""

    def cancel(self) -> None:
        """Have it not be answered any more."""


LEAST_PAUSE_SECONDS = 0.05
"""How long a bot waits at the least: one that always has something to do is not to take all the server's time."""


@dataclass(frozen=True)
class BotRules:
    """When bots play without being asked for.

    Attributes:
        pause: how many seconds a bot waits before it is asked, so that people see what happened before; of less than
            `LEAST_PAUSE_SECONDS`, as many.
        fill: the bot that takes seats which stay free; None: they stay so.
        fill_seconds: how long somebody waits for others before that.
        stand_in: the bot that plays for who stays away; None: nobody does.
        stand_in_seconds: how long they are away before that.
    """

    pause: float = 0.5
    fill: str | None = None
    fill_seconds: float = 10.0
    stand_in: str | None = None
    stand_in_seconds: float = 60.0

    @property
    def call_in(self) -> bool:
        """Whether any are called in."""
        return self.fill is not None or self.stand_in is not None


class BotOffer(Protocol):
    """The bots that a server offers.

    Attributes:
        rules: when they play.
    """

    @property
    def rules(self) -> BotRules:
        """When they play."""

    def refuses(self, bot: str, kind: str, model: type[GameModel]) -> str | None:
        """Why a bot can't play a game, for people; None where it can.

        Args:
            bot: its name.
            kind: what is played, by its name in the catalog.
            model: its class.
        """

    def ask(self, question: Question, answered: Answered) -> Asking:
        """Ask a bot.

        Args:
            question: what with.
            answered: gets its answer; not before this returns, and not after the question was cancelled.
        """


class NoBots:
    """An offer of none."""

    rules = BotRules()

    def refuses(self, bot: str, kind: str, model: type[GameModel]) -> str | None:
        return "no bots are offered here"

    def ask(self, question: Question, answered: Answered) -> Asking:
        raise LookupError("there are no bots here")


NO_BOTS = NoBots()
