"""OfferedBots: the bots that a server, or a table in a test, offers to its games."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from random import Random
from typing import NamedTuple

import msgspec

from gamesvc.bot_offer import Answered, Asking, BotFailed, BotRules, Question
from gamesvc.bots import Bot, BotKind, Turn, ask
from gamesvc.bots.loading import made
from gamesvc.errors import ConfigError
from gamesvc.model import GameModel

Think = Callable[[BotKind, str, Question, Answered], Asking]
"""Has a bot think: what kind of bot; what is played, as the catalog takes it; what it is asked with; who gets its
answer, not before this returns."""


class Played(NamedTuple):
    """A kind of game.

    Attributes:
        text: as the catalog takes it.
        model: its class.
    """

    text: str
    model: type[GameModel]


class OfferedBots:
    """Some kinds of bots.

    Args:
        bots: them.
        games: what is played here, by its name.
        rules: when bots play.
        think: has one think.

    Raises:
        ConfigError: two have the same name, one can't be made, or the rules name one that is not among them.
    """

    def __init__(self, bots: Iterable[BotKind], games: Mapping[str, Played], rules: BotRules, think: Think) -> None:
        self.rules = rules
        self._bots: dict[str, BotKind] = {}
        self._refusals: dict[tuple[str, str], str | None] = {}
        for kind in bots:
            if kind.name in self._bots:
                raise ConfigError(f"bot {kind.text!r}: there are two of the name {kind.name!r}")
            self._bots[kind.name] = kind
            # Now, as it may take long to make one: not while people play.
            bot = made(kind)
            for name, played in games.items():
                self._refusals[kind.name, name] = _refusal(kind.name, bot, played.model)
        for wanted in (rules.fill, rules.stand_in):
            if wanted is not None and wanted not in self._bots:
                raise ConfigError(f"bot {wanted!r}: {self._missing(wanted)}")
        self._games = games
        self._think = think

    @property
    def names(self) -> list[str]:
        """What they are called."""
        return list(self._bots)

    def refuses(self, bot: str, kind: str, model: type[GameModel]) -> str | None:
        """Why a bot can't play a game, for people; None where it can."""
        if bot not in self._bots:
            return self._missing(bot)
        return self._refusals.get((bot, kind), f"no bot plays {kind} here")

    def ask(self, question: Question, answered: Answered) -> Asking:
        """Ask a bot.

        Raises:
            LookupError: it is not offered, or not any more.
        """
        if question.bot not in self._bots:
            raise LookupError(self._missing(question.bot))
        return self._think(self._bots[question.bot], self._games[question.kind].text, question, answered)

    def _missing(self, bot: str) -> str:
        there = ", ".join(self._bots)
        return f"no bot {bot[:64]!r} is offered here; there are {there}" if there else "no bots are offered here"


def _refusal(name: str, bot: Bot, model: type[GameModel]) -> str | None:
    try:
        bot.check(model)
    except ConfigError as error:
        return str(error)
    # The author's code.
    except Exception as error:
        return f"{name} fails at the game: {type(error).__name__}"
    return None


def answer(bot: Bot, model: type[GameModel], question: Question, answered: Answered) -> None:
    """Have a bot think here and now.

    Args:
        bot: it.
        model: what is played.
        question: what it is asked with.
        answered: gets its answer.
    """
    turn = Turn(
        model,
        question.player,
        question.players,
        msgspec.json.decode(question.view),
        Random(question.seed),
        question.now,
    )
    try:
        choice = ask(bot, turn)
    # The author's code, which may raise anything.
    except (Exception, SystemExit) as error:
        answered(BotFailed(f"{type(error).__name__}: {error}"))
    else:
        answered(choice)
