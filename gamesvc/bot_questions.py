"""What bots are asked, what they answer, and how both cross the pipes to the processes in which they think."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from random import Random
from typing import Any

import msgspec
from msgspec import Struct

from gamesvc.bot_offer import BotFailed
from gamesvc.bot_pipes import framed
from gamesvc.bots import Bot, BotKind, Choice, Turn, ask, find
from gamesvc.catalog import Catalog
from gamesvc.model import GameModel

MAX_ANSWER_BYTES = 1 << 16
"""How large an answer may be. A command of a client may not be larger."""

MAX_REASON = 300
MAX_DETAILS = 4000
"""How many characters of what went wrong are told: in a line, and for the log."""

MAX_KEPT = 64
"""How many kinds of bots, and of games, are kept ready."""


class Question(Struct, frozen=True):
    """What a bot is asked.

    Attributes:
        bot: who is asked: text as `gamesvc.bots.find` takes it.
        game_kind: the kind of game, as the catalog takes it.
        player: for whom the bot plays.
        players: all who play, in the order of the seats.
        view: what the player is shown, as a JSON object.
        seed: where the bot's chance comes from.
        now: when what is seen came about, in seconds since the epoch; 0 where it is not known.
        game: whose it is. Where questions wait, those of one game take turns with those of others.
    """

    bot: str
    game_kind: str
    player: str
    players: tuple[str, ...]
    view: bytes
    seed: int
    now: float = 0.0
    game: str = ""


class Answer(Struct, frozen=True, omit_defaults=True):
    """What comes back.

    Attributes:
        choice: a command as a client sends it, as JSON; None for nothing.
        failure: why there is no answer, in a line; empty where there is one.
        details: more of that, for the log.
    """

    choice: bytes | None = None
    failure: str = ""
    details: str = ""

    def read(self) -> Choice | None:
        """The command that was chosen; None where the bot does nothing now.

        Raises:
            BotFailed: the bot has failed, or what it chose is no command.
        """
        if self.failure:
            raise BotFailed(self.failure)
        if self.choice is None:
            return None
        try:
            return msgspec.json.decode(self.choice, type=Choice)
        except (msgspec.DecodeError, RecursionError) as error:
            raise BotFailed(f"the bot's answer can't be read: {error}") from None


class Bots:
    """Bots that answer in this process. Each kind of bot and of game is made ready once."""

    def __init__(self) -> None:
        self._kinds: dict[str, BotKind] = {}
        self._bots: dict[str, Bot] = {}
        self._models: dict[str, type[GameModel]] = {}

    def kind(self, bot: str) -> BotKind:
        """A kind of bot.

        Args:
            bot: as `gamesvc.bots.find` takes it.

        Raises:
            ConfigError: it is none.
        """
        if bot not in self._kinds:
            _make_room(self._kinds)
            self._kinds[bot] = find(bot)
        return self._kinds[bot]

    def answer(self, question: Question, begin: Callable[[], object] = lambda: None) -> Answer:
        """Have a bot answer.

        Args:
            question: what it is asked.
            begin: is called when the bot and the game are ready, before the bot thinks.
        """
        try:
            bot, turn = self._bot(question.bot), self._turn(question)
            begin()
            choice = ask(bot, turn)
            encoded = None if choice is None else msgspec.json.encode(choice)
        # The author's code. A bot that wants to end the process ends its answer.
        except (Exception, SystemExit) as error:
            why = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            return Answer(failure=_shortened(why, MAX_REASON), details=traceback.format_exc()[-MAX_DETAILS:])
        if encoded is not None and len(encoded) > MAX_ANSWER_BYTES // 2:
            return Answer(failure=f"what it chose has {len(encoded)} bytes, the most is {MAX_ANSWER_BYTES // 2}")
        return Answer(encoded)

    def _bot(self, text: str) -> Bot:
        if text not in self._bots:
            _make_room(self._bots)
            self._bots[text] = self.kind(text).make()
        return self._bots[text]

    def _turn(self, question: Question) -> Turn:
        text = question.game_kind
        if text not in self._models:
            _make_room(self._models)
            # The server has done the trying.
            self._models[text] = Catalog([text], tried=True).default.model
        view = msgspec.json.decode(question.view, type=dict[str, Any])
        return Turn(self._models[text], question.player, question.players, view, Random(question.seed), question.now)


def _make_room(kept: dict[str, Any]) -> None:
    if len(kept) >= MAX_KEPT:
        del kept[next(iter(kept))]


def _shortened(text: str, most: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 3]}..."


_encode = msgspec.msgpack.Encoder().encode


def frame(message: Question | Answer) -> bytes:
    """A message as it crosses a pipe."""
    return framed(_encode(message))


def decode_answer(body: bytes) -> Answer:
    """An answer that came through a pipe.

    Raises:
        BotFailed: it is none.
    """
    try:
        return msgspec.msgpack.decode(body, type=Answer)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BotFailed(f"its process wrote what is no answer: {error}") from None


def decode_question(body: bytes) -> Question:
    """A question that came through a pipe.

    Raises:
        msgspec.DecodeError: it is none.
    """
    return msgspec.msgpack.decode(body, type=Question)
