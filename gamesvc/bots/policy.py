"""PolicyBot: a bot that chooses one of numbered actions, as those do that were trained."""

from __future__ import annotations

from functools import lru_cache
from typing import ClassVar, SupportsInt

from gamesvc.bots.bot import Bot, BotError, Choice, Turn
from gamesvc.bots.encoding import Array, Encoding, EncodingError, Mask
from gamesvc.errors import ConfigError
from gamesvc.model import GameModel


class PolicyBot(Bot):
    """A bot that is shown an array, and chooses one of numbered actions: subclass it, and write `act`.

    It sees what an agent sees in the environment that `gamesvc.testing.aec_env` makes with the same encoding, so that a
    policy that was trained there plays here.

        class Trained(PolicyBot):
            encoding = Encoding(TicTacToe, actions=[{"command": "mark", "cell": cell} for cell in range(9)])

            def __init__(self, path: str = "policy.npy") -> None:
                self.weights = numpy.load(path)

            def act(self, observation: Array, mask: Mask) -> int:
                return int(numpy.argmax(numpy.where(mask, self.weights @ observation, -numpy.inf)))

    Attributes:
        encoding: how the game looks in numbers. None: as it does of itself, whatever game it is, for as many players
            as it has seats.
    """

    encoding: ClassVar[Encoding | None] = None

    def act(self, observation: Array, mask: Mask) -> SupportsInt:
        """What to do now.

        Args:
            observation: what the player sees.
            mask: for each action, 1 where it is legal.

        Returns:
            The number of a legal action.
        """
        raise NotImplementedError(f"{type(self).__name__} has no act")

    def check(self, model: type[GameModel]) -> None:
        """See to it that the encoding is one of this game.

        Raises:
            ConfigError: it is not, or the game has none.
        """
        if type(self).act is PolicyBot.act:
            raise ConfigError(
                f"{type(self).__name__} has no act; write `def act(self, observation: Array, mask: Mask) -> int`"
            )
        try:
            self._encoding_of(model)
        except EncodingError as error:
            raise ConfigError(f"{type(self).__name__} can't play {model.__name__}: {error}") from None

    def choose(self, turn: Turn) -> Choice | None:
        """What the policy does; None where nothing is legal.

        Raises:
            BotError: it does what is not legal, or the game does not fit the encoding.
        """
        if not turn.legal:
            return None
        where = turn.view, turn.player, turn.players
        try:
            encoding = self._encoding_of(turn.model)
            action = int(self.act(encoding.encode(*where), encoding.mask(*where)))
            return encoding.choice(action, *where)
        except EncodingError as error:
            raise BotError(f"{type(self).__name__}: {error}") from error

    def _encoding_of(self, model: type[GameModel]) -> Encoding:
        if self.encoding is None:
            return _plain_encoding(model)  # type: ignore[arg-type]  # mypy asks whether games can be hashed, not classes
        # A server that loads its games anew, or another process, has another class of the same name.
        made_for = self.encoding.model
        if (made_for.__module__, made_for.__qualname__) != (model.__module__, model.__qualname__):
            raise EncodingError(f"its encoding is one of {made_for.__name__}")
        return self.encoding


@lru_cache(maxsize=16)
def _plain_encoding(model: type[GameModel]) -> Encoding:
    return Encoding(model)
