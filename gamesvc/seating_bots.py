"""Bots take seats, stand in for players, and go: judged on a game's state, as commands are."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec import Struct

from gamesvc.bot_offer import BotOffer
from gamesvc.bot_seats import Seats, gone, seated, stood_in, told_of_bots
from gamesvc.context import Player
from gamesvc.errors import (
    BAD_ARGUMENTS,
    CANNOT_LEAVE,
    GAME_OVER,
    NO_BOT,
    NO_SEAT,
    NOT_A_PLAYER,
    REFUSED,
    ErrorCode,
)
from gamesvc.messages import Request, encode_arguments, encode_error
from gamesvc.model import GameError
from gamesvc.pending import Answer, Asked, Game, Role, explain, failed, refused
from gamesvc.standing import keeps_players


class Wanted(Struct, forbid_unknown_fields=True):
    """What is asked for.

    Attributes:
        bot: who is to play; None: nobody any more.
        player: for whom; None: in a free seat.
    """

    bot: str | None = None
    player: str | None = None


class PendingBot(Asked):
    """A bot is to play for somebody, or not any more.

    Args:
        role: who wants it.
        request: what they want.
        answer: gets the reply's payload.
        kind: what is played, by its name in the catalog.
        offer: the bots that there are.
        is_here: says whether a player is connected. For them nobody stands in.
    """

    __slots__ = ("_is_here", "_kind", "_offer")

    def __init__(
        self,
        role: Role,
        request: Request,
        answer: Answer,
        kind: str,
        offer: BotOffer,
        is_here: Callable[[Player], bool],
    ) -> None:
        super().__init__(role, request, answer, role.operates or role.playing or role.may_sit)
        self._kind = kind
        self._offer = offer
        self._is_here = is_here

    def judge(self, game: Game) -> None:
        self.effect = self.entry = None
        self._refusal = b""
        if not self._role.operates:
            self._refuse(NOT_A_PLAYER, "who has bots play needs a token that says operate")
            return
        if not game.instance.standing.seats:
            self._refuse(NO_SEAT, "there are no seats in this game")
            return
        try:
            wanted = msgspec.convert(self._request.arguments, Wanted)
        except (msgspec.ValidationError, UnicodeError) as error:
            self._refuse(BAD_ARGUMENTS, f"{self._request.command}: {explain(error)}")
            return
        if game.instance.standing.finished:
            self._refuse(GAME_OVER)
        elif wanted.bot is None:
            self._send_away(game, wanted.player)
        else:
            self._call_in(game, wanted.bot, wanted.player)

    def _refuse(self, error: ErrorCode, message: str | None = None) -> None:
        self._refusal = encode_error(error, message, self._request.id)

    def _call_in(self, game: Game, bot: str, name: str | None) -> None:
        standing = game.instance.standing
        why_not = self._offer.refuses(bot, self._kind, game.instance.kind)
        if why_not is not None:
            self._refuse(NO_BOT, why_not)
        elif name is None:
            seats = seated(standing, bot) if game.instance.has_room(standing.seats) else None
            if seats is None:
                self._refuse(NO_SEAT)
            else:
                self._take_effect(game, seats)
        elif name not in standing.seats:
            self._refuse(BAD_ARGUMENTS, "player: they have no seat")
        elif self._is_here(Player(name)):
            self._refuse(REFUSED, "the player is here, and plays")
        else:
            self._take_effect(game, stood_in(standing, Player(name), bot))

    def _send_away(self, game: Game, name: str | None) -> None:
        standing = game.instance.standing
        if name is None:
            self._refuse(BAD_ARGUMENTS, 'say which: "bot", to seat one, or "player", whose bot is to go')
            return
        bot = standing.bot_of(name)
        if bot is None:
            self._refuse(NO_BOT, "no bot plays for them")
        elif standing.started and not bot.stands_in and keeps_players(game.instance.kind):
            self._refuse(CANNOT_LEAVE)
        else:
            self._take_effect(game, gone(standing, Player(name)))

    def _take_effect(self, game: Game, after: Seats) -> None:
        instance, request = game.instance, self._request
        before = instance.standing
        events = told_of_bots(before, after.seats, after.bots)
        try:
            effect = instance.seat(game.now(), after.seats, events, bots=after.bots)
        except GameError as refusal:
            self._refusal = refused(game, "a hook for a bot", refusal, request.id)
        except KeyboardInterrupt:
            raise
        # SystemExit, too: a model that calls sys.exit() must not take all the other games with it.
        except BaseException as fault:
            self._refusal = failed(game, "a hook for a bot", fault, request.id)
        else:
            self.effect = effect._replace(result=msgspec.json.encode({"player": after.player}))
            arguments = encode_arguments(request.arguments)
            # The server's own wishes are nobody's, and have no id.
            player = None if request.id is None else self._role.player
            self.entry = self.effect.entry(instance.kind, "bot", player, request.id, request.command.lower(), arguments)
