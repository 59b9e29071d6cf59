"""GameBots: the bots of one game: who plays for whom, when each is asked, and when one is called in."""

from __future__ import annotations

from collections.abc import Callable

from gamesvc.bot_calls import BotCalls
from gamesvc.bot_turns import BotTurns
from gamesvc.context import Player
from gamesvc.journal.records import BotSeat
from gamesvc.messages import Request
from gamesvc.model import GameModel
from gamesvc.order import Order
from gamesvc.pending import Answer, Role
from gamesvc.reception import BOT, Reception
from gamesvc.seating_bots import PendingBot
from gamesvc.standing import has_people
from gamesvc.surroundings import Surroundings

_SERVER = Role(Player(""), playing=False, operates=True)


class GameBots:
    """One game's.

    Args:
        kind: what is played.
        model: its class.
        seed: the game's secret.
        order: the game's.
        reception: the game's.
        submit: takes a bot's command.
        around: clocks, and the bots that there are.
        warn: tells the operator of a bot that does not play as it should.
        failed: tells the operator of a fault in the model.
    """

    def __init__(
        self,
        kind: str,
        model: type[GameModel],
        seed: bytes,
        order: Order,
        reception: Reception,
        submit: Callable[[Role, Request, Answer], None],
        around: Surroundings,
        warn: Callable[[str, str, str], None],
        failed: Callable[[str, BaseException], object],
    ) -> None:
        self._kind = kind
        self._order = order
        self._reception = reception
        self._offer = offer = around.bots
        self._turns = BotTurns(kind, model, seed, lambda: order.standing, submit, offer, around.later, warn, failed)
        self._calls = BotCalls(
            offer.rules,
            (model.SEATS or (0, 0))[0],
            lambda: order.standing,
            reception.is_here,
            self._wish,
            around.later,
            around.monotonic,
        )

    @property
    def is_busy(self) -> bool:
        """Whether a bot thinks, or is about to."""
        return self._turns.is_busy

    def pending(self, role: Role, request: Request, answer: Answer) -> PendingBot:
        """What somebody's wish for a bot leads to."""
        return PendingBot(role, request, answer, self._kind, self._offer, self._reception.is_here)

    def look(self) -> None:
        """The game stands otherwise than before, or others are there: see what there is to do for bots."""
        if self._order.closed:
            self.stop()
            return
        if self._offer.rules.call_in or self._order.standing.bots:
            self._calls.look()
            self._turns.look(self._plays)

    def stop(self) -> None:
        """Have nobody think any more, and call nobody in."""
        self._turns.stop()
        self._calls.stop()

    def _plays(self, bot: BotSeat) -> bool:
        """Whether a bot is to play now."""
        if bot.stands_in:
            return not self._reception.is_here(Player(bot.player))
        # Among themselves they play where somebody watches.
        return self._reception.is_attended or has_people(self._order.standing)

    def _wish(self, bot: str | None, player: Player | None, done: Callable[[], None]) -> None:
        if self._order.closed or self._order.is_stalled:
            done()
            return
        arguments = {name: value for name, value in (("bot", bot), ("player", player)) if value is not None}
        request = Request(BOT, None, arguments)
        self._order.take(self.pending(_SERVER, request, lambda payload: done()))
