"""RandomBot: plays whatever is legal."""

from __future__ import annotations

from gamesvc.bots.bot import Bot, Choice, Turn
from gamesvc.errors import ConfigError
from gamesvc.model import GameModel


class RandomBot(Bot):
    """Chooses among all that is legal, each as likely as any other."""

    quick = True

    def check(self, model: type[GameModel]) -> None:
        check_legal("random", model)

    def choose(self, turn: Turn) -> Choice | None:
        return turn.random.choice(turn.legal) if turn.legal else None


def check_legal(bot: str, model: type[GameModel]) -> None:
    """See to it that a model says what is legal.

    Args:
        bot: who has to know it, for people.
        model: the game's class.

    Raises:
        ConfigError: it does not.
    """
    if "legal" not in model.HOOKS:
        raise ConfigError(
            f"the bot {bot} can't play {model.__name__}, which does not say what is legal; write "
            f"`def legal(self, player: Player) -> Iterable[Move]` in {model.__name__}, or a bot of your own"
        )
