"""GameBots: the bots of one game: who plays for whom, when each is asked, and when one is called in."""

from __future__ import annotations

from collections.abc import Callable

from gamesvc.bot_calls import BotCalls
from gamesvc.bot_turns import BotTurns, decode_reply
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

_MOST_ALONE = 100
"""How many commands bots send while nobody is there."""

_SERVER = Role(Player(""), playing=False, operates=True)


class GameBots:
    """One game's.

    Args:
        game: its id.
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
        game: str,
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
        self._model = model
        # How many commands bots have sent since somebody was there.
        self._alone = 0
        self._submit_to_game = submit
        self._order = order
        self._reception = reception
        self._warn = warn
        self._offer = offer = around.bots
        self._turns = BotTurns(
            game, kind, model, seed, lambda: order.standing, self._submit, offer, around.later, warn, failed
        )
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
        if self._reception.is_attended:
            self._alone = 0
        # Where there are none any more, those that there were may still think.
        if self._offer.rules.call_in or self._order.standing.bots or self._turns.is_busy:
            self._calls.look()
            self._turns.look(self._plays)

    def stop(self) -> None:
        """Have nobody think any more, and call nobody in."""
        self._turns.stop()
        self._calls.stop()

    def _plays(self, bot: BotSeat) -> bool:
        """Whether a bot is to play now."""
        if bot.stands_in and self._reception.is_here(Player(bot.player)):
            return False
        if self._reception.is_attended:
            return True
        # Where nobody is there they play on for who will be back: not among themselves, not while the game's own time
        # stands still, and not for ever.
        return has_people(self._order.standing) and self._model.TICK is None and self._alone < _MOST_ALONE

    def _submit(self, role: Role, request: Request, answer: Answer) -> None:
        self._alone += 1
        self._submit_to_game(role, request, answer)

    def _wish(self, bot: str | None, player: Player | None, done: Callable[[bool], None]) -> None:
        if self._order.closed or self._order.is_stalled:
            done(True)
            return

        def replied(payload: bytes) -> None:
            error = decode_reply(payload).error
            if error is not None and not error.retryable:
                # Somebody waits for it, and nobody else would hear of it.
                seat = "a free seat" if player is None else player
                self._warn(seat, bot or "nobody", f"it can't play: {error.code}, {error.message}")
            done(error is not None and error.retryable)

        arguments = {name: value for name, value in (("bot", bot), ("player", player)) if value is not None}
        request = Request(BOT, None, arguments)
        self._order.take(self.pending(_SERVER, request, replied))
