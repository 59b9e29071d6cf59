"""BotTurns: when each bot of a game is asked what to do, and what becomes of that: a command like any other."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec

from gamesvc.bot_offer import LEAST_PAUSE_SECONDS, BotFailed, BotOffer, Question
from gamesvc.context import Player
from gamesvc.journal.records import BotSeat
from gamesvc.messages import Request, decode_request
from gamesvc.model import GameModel
from gamesvc.moves import Choice
from gamesvc.pending import Answer, Role
from gamesvc.standing import Standing, is_playable, taken
from gamesvc.surroundings import Call
from gamesvc.views import ViewError, Views

_RETRY_SECONDS = 1.0
_MOST_REFUSALS = 2
"""How often one after the other it may be that somebody else was faster, and not that a bot chooses wrongly."""

_MAX_SAID = 300
_encode = msgspec.json.Encoder().encode


class _Chosen(NamedTuple):
    """What a bot chose, and where the game stood when it was asked."""

    request: Request
    entry: int
    seed: int
    is_own: bool


class Reply(msgspec.Struct):
    """What is answered to a command of the server's own making.

    Attributes:
        error: why it was refused; None where it was not.
    """

    class Error(msgspec.Struct):
        """As in an error of the wire."""

        code: str
        message: str
        retryable: bool

    error: Error | None = None


decode_reply = msgspec.json.Decoder(Reply).decode


class _Seat:
    """A bot's place: whether it thinks, or is about to.

    Attributes:
        bot: its name.
        looked: the entry at which it was asked last, or was found to have nothing to do.
        seen: what it was shown then, where the model does not say what is legal.
        refusals: how often one after the other its command was refused when others had done something meanwhile.
        waits: what it waits for: its time to be asked, its answer, or the reply to its command.
    """

    __slots__ = ("bot", "looked", "refusals", "seen", "waits")

    def __init__(self, bot: str) -> None:
        self.bot = bot
        self.looked = -1
        self.seen = b""
        self.refusals = 0
        self.waits: Call | None = None

    def cancel(self) -> None:
        waits, self.waits = self.waits, None
        if waits is not None:
            waits.cancel()


class _Submitted:
    """A command on its way. It can't be called back."""

    def cancel(self) -> None:
        pass


class BotTurns:
    """One game's.

    Args:
        game: its id.
        kind: what is played, by its name in the catalog.
        model: its class.
        seed: the game's secret. What bots draw says nothing of it.
        standing: how the game stands, as far as it is durable.
        submit: takes a bot's command.
        offer: the bots that there are.
        later: calls a function after some seconds.
        warn: tells the operator of a bot that does not play as it should: its player, its name, and what it did.
        failed: tells the operator of a fault in the model.
    """

    def __init__(
        self,
        game: str,
        kind: str,
        model: type[GameModel],
        seed: bytes,
        standing: Callable[[], Standing],
        submit: Callable[[Role, Request, Answer], None],
        offer: BotOffer,
        later: Callable[[float, Callable[[], None]], Call],
        warn: Callable[[str, str, str], None],
        failed: Callable[[str, BaseException], object],
    ) -> None:
        self._game = game
        self._kind = kind
        self._model = model
        self._seed = seed
        self._standing = standing
        self._submit = submit
        self._offer = offer
        self._later = later
        self._warn = warn
        self._failed = failed
        self._views: Views | None = None
        self._seats: dict[str, _Seat] = {}

    @property
    def is_busy(self) -> bool:
        """Whether a bot thinks, or is about to."""
        return any(seat.waits is not None for seat in self._seats.values())

    def look(self, plays: Callable[[BotSeat], bool]) -> None:
        """Ask those bots that have something to do.

        Args:
            plays: which of them are to play now.
        """
        standing = self._standing()
        bots = standing.bots
        if standing.finished or not is_playable(self._model, standing):
            bots = ()
        active = {each.player: each.bot for each in bots if plays(each)}
        for player, seat in tuple(self._seats.items()):
            if active.get(player) != seat.bot:
                seat.cancel()
                del self._seats[player]
        for player, bot in active.items():
            if player not in self._seats:
                self._seats[player] = _Seat(bot)
            self._look(self._seats[player], Player(player), standing)

    def stop(self) -> None:
        """Ask nobody any more."""
        for seat in self._seats.values():
            seat.cancel()
        self._seats.clear()

    def _look(self, seat: _Seat, player: Player, standing: Standing) -> None:
        if seat.waits is not None or seat.looked == standing.entry:
            return
        if self._shown(seat, player, standing) is None:
            seat.looked = standing.entry
        else:
            pause = max(self._offer.rules.pause, LEAST_PAUSE_SECONDS)
            seat.waits = self._later(pause, partial(self._ask, seat, player))

    def _shown(self, seat: _Seat, player: Player, standing: Standing) -> dict[str, Any] | None:
        """What a bot sees; None where there is nothing to do for it."""
        if self._views is None:
            self._views = Views(self._model)
        try:
            view = self._views.view(standing, self._views.audience(player))
        except ViewError as fault:
            self._failed("a view", fault)
            return None
        if "legal" in self._model.HOOKS:
            return view if view.get("legal") else None
        # What it has nothing to say to, it is not asked again.
        return None if seat.seen == _encode(view) else view

    def _ask(self, seat: _Seat, player: Player) -> None:
        seat.waits = None
        standing = self._standing()
        view = self._shown(seat, player, standing)
        seat.looked = standing.entry
        if view is None:
            return
        encoded = _encode(view)
        if "legal" not in self._model.HOOKS:
            seat.seen = encoded
        question = Question(
            seat.bot,
            self._game,
            self._kind,
            player,
            taken(standing.seats),
            encoded,
            self._chance(player, standing.entry),
            standing.now,
        )
        answered = partial(self._answered, seat, player, standing.entry, question.seed)
        try:
            seat.waits = self._offer.ask(question, answered)
        # It is not offered any more.
        except LookupError as error:
            self._tell(seat, player, str(error))
            self._play_anything(seat, player, question.seed)

    def _tell(self, seat: _Seat, player: Player, what: str) -> None:
        self._warn(player, seat.bot, what if len(what) <= _MAX_SAID else f"{what[:_MAX_SAID]}...")

    def _chance(self, player: Player, entry: int) -> int:
        """A number that can't be foreseen, and is the same if the bot is asked the same again."""
        drawn = blake2b(b"bot %d %s" % (entry, player.encode()), key=self._seed[:64], digest_size=8)
        return int.from_bytes(drawn.digest(), "big")

    def _answered(self, seat: _Seat, player: Player, entry: int, seed: int, answer: Choice | BotFailed | None) -> None:
        seat.waits = None
        if answer is None:
            self._look(seat, player, self._standing())
        elif isinstance(answer, BotFailed):
            self._tell(seat, player, str(answer))
            self._play_anything(seat, player, seed)
        else:
            try:
                request = _as_sent(answer)
            # Where it thinks in this process there may be anything in it.
            except Exception as error:
                self._tell(seat, player, f"what it chose can't be sent: {error}")
                self._play_anything(seat, player, seed)
            else:
                self._play(seat, player, _Chosen(request, entry, seed, is_own=True))

    def _play_anything(self, seat: _Seat, player: Player, seed: int) -> None:
        """Play on for a bot that failed: those who play with it should not have to wait for ever."""
        standing = self._standing()
        view = self._shown(seat, player, standing) or {}
        legal: list[Choice] = view.get("legal", [])
        if legal:
            seat.looked = standing.entry
            request = _as_sent(random.Random(seed).choice(legal))
            self._play(seat, player, _Chosen(request, standing.entry, seed, is_own=False))
        else:
            self._look(seat, player, standing)

    def _play(self, seat: _Seat, player: Player, chosen: _Chosen) -> None:
        waits = seat.waits = _Submitted()

        def replied(payload: bytes) -> None:
            if seat.waits is waits:
                seat.waits = None
                self._replied(seat, player, chosen, decode_reply(payload))

        self._submit(Role(player, playing=True), chosen.request, replied)

    def _replied(self, seat: _Seat, player: Player, chosen: _Chosen, reply: Reply) -> None:
        standing = self._standing()
        if reply.error is None:
            seat.refusals = 0
            self._look(seat, player, standing)
        elif reply.error.retryable:
            seat.looked = -1
            seat.seen = b""
            seat.waits = self._later(_RETRY_SECONDS, partial(self._ask, seat, player))
        elif standing.entry != chosen.entry and seat.refusals < _MOST_REFUSALS:
            # That may be because somebody else was faster.
            seat.refusals += 1
            self._look(seat, player, standing)
        else:
            said = f"{chosen.request.command[:_MAX_SAID]} was refused: {reply.error.code}, {reply.error.message}"
            self._tell(seat, player, said if chosen.is_own else f"what legal names was refused; {said}")
            if chosen.is_own:
                self._play_anything(seat, player, chosen.seed)


def _as_sent(choice: Choice) -> Request:
    """A choice as it is read where a client sends it. It is known by no id.

    Raises:
        ValueError: it is one of gamesvc's own commands: a bot gives up nobody's seat.
        Exception: it can't be sent.
    """
    request = decode_request(_encode(choice))
    if "." in request.command:
        raise ValueError(f"{request.command} is none of the game's commands")
    return request._replace(id=None)
