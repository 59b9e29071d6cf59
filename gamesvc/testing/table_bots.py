"""The bots at a table: they think at once, in the test."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gamesvc.bot_offer import Answered, Asking, BotRules, Question
from gamesvc.bots import BotKind
from gamesvc.bots.loading import find
from gamesvc.model import GameModel
from gamesvc.offered_bots import OfferedBots, Played, answer
from gamesvc.surroundings import Call

_PAUSE = 0.5


def table_bots(
    model: type[GameModel],
    bots: Iterable[str],
    fill: str | None,
    stand_in: str | None,
    later: Callable[[float, Callable[[], None]], Call],
) -> OfferedBots:
    """What a table offers.

    Args:
        model: what is played.
        bots: as the server takes them.
        fill: the one that takes seats which stay free.
        stand_in: the one that plays for who stays away.
        later: calls a function after some seconds.

    Raises:
        ConfigError: one of them is not there.
    """

    def think(kind: BotKind, game: str, question: Question, answered: Answered) -> Asking:
        return later(0, lambda: answer(kind.make(), model, question, answered))

    rules = BotRules(_PAUSE, fill, stand_in=stand_in)
    return OfferedBots(map(find, bots), {model.__name__: Played("", model)}, rules, think)
