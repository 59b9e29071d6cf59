"""Bot, and Turn: who plays without a connection, and all that they are told."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any, ClassVar

from gamesvc.model import GameModel
from gamesvc.moves import Choice

__all__ = ["Bot", "BotError", "Choice", "Turn", "ask"]


class BotError(Exception):
    """A bot can't play on, or does not know how to play. The message says why, for who reads the log."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a bot is asked with: a player's view of a game, and nothing else of it.

    Attributes:
        model: the game's class.
        player: for whom the bot plays.
        players: all who play, in the order of their seats.
        view: what this player is shown, as JSON gives it.
        random: chance. Who takes it from nowhere else plays the same whenever it is asked the same.
        now: when what is seen came about, in seconds since the epoch; 0 where it is not known.
    """

    model: type[GameModel]
    player: str
    players: tuple[str, ...]
    view: dict[str, Any]
    random: Random
    now: float = 0.0

    @property
    def legal(self) -> list[Choice]:
        """The commands with which the player may play on, as far as the model says so."""
        legal: list[Choice] = self.view.get("legal", [])
        return legal


class Bot:
    """Who plays without a connection: subclass it, and write `choose`.

    What its ``__init__`` takes, each with a type and a default, are its options: ``my.bots:Clever(depth=3)``. One bot
    plays many games and seats at a time, so it keeps nothing that belongs to one of them.

    Attributes:
        quick: whether `choose` takes well under a millisecond, so that it may run between the commands of a server.
            Others think in processes of their own.
    """

    quick: ClassVar[bool] = False

    def check(self, model: type[GameModel]) -> None:
        """See to it that this bot can play a game at all. Override it where it can't play all.

        Args:
            model: the game's class.

        Raises:
            ConfigError: it can't. The message says why, and what would be right.
        """

    def choose(self, turn: Turn) -> Choice | None:
        """What to do now.

        Args:
            turn: what the player sees.

        Returns:
            One of ``turn.legal``, or any command as a client sends it; None for nothing, until the view changes.
        """
        raise NotImplementedError(f"{type(self).__name__} has no choose")


def ask(bot: Bot, turn: Turn) -> Choice | None:
    """What a bot chooses.

    Args:
        bot: it.
        turn: what its player sees.

    Raises:
        BotError: what it returned is no command.
        BaseException: whatever it raises.
    """
    choice: object = bot.choose(turn)
    if choice is None or (isinstance(choice, dict) and isinstance(choice.get("command"), str)):
        return choice
    what = "a dict without a command" if isinstance(choice, dict) else f"{type(choice).__name__}"
    raise BotError(
        f"{type(bot).__name__}.choose returned {what}; return one of turn.legal, a command as a client sends it, "
        'such as {"command": "mark", "cell": 4}, or None'
    )
