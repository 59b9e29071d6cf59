"""Bots that answer when a test says so, and games that they play."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from gamesvc import Event, GameError, GameModel, Move, Own, Player, Secret, command, field
from gamesvc.bot_offer import Answered, BotFailed, BotRules, Question

PAUSE = 0.5
"""How many seconds these bots wait before they are asked."""


class Held:
    """A question that waits for the test to answer it.

    Attributes:
        question: it.
        is_cancelled: whether nobody wants to know the answer any more.
        is_answered: whether it was given.
    """

    def __init__(self, question: Question, answered: Answered) -> None:
        self.question = question
        self.is_cancelled = False
        self.is_answered = False
        self._answered = answered

    @property
    def view(self) -> dict[str, Any]:
        """What the bot is shown."""
        view: dict[str, Any] = msgspec.json.decode(self.question.view)
        return view

    def cancel(self) -> None:
        assert not self.is_answered, "it is answered, and waits for nothing"
        self.is_cancelled = True

    def answer(self, command: str | None, /, **arguments: Any) -> None:
        """The bot has chosen a command; None: nothing."""
        self._tell(None if command is None else {"command": command, **arguments})

    def fail(self, why: str = "out of ideas") -> None:
        """The bot has not answered."""
        self._tell(BotFailed(why))

    def _tell(self, answer: Any) -> None:
        assert not self.is_cancelled, "nobody wants to know it"
        assert not self.is_answered, "it was answered before"
        self.is_answered = True
        self._answered(answer)


class HeldBots:
    """An offer of bots of any name.

    Args:
        rules: when they play.

    Attributes:
        asked: all questions so far.
        refusals: why some can't play, by their names.
        missing: those that are not offered any more.
    """

    def __init__(self, rules: BotRules | None = None) -> None:
        self.rules = rules or BotRules(PAUSE)
        self.asked: list[Held] = []
        self.refusals: dict[str, str] = {}
        self.missing: set[str] = set()

    def refuses(self, bot: str, kind: str, model: type[GameModel]) -> str | None:
        return self.refusals.get(bot)

    def ask(self, question: Question, answered: Answered) -> Held:
        if question.bot in self.missing:
            raise LookupError(f"no bot {question.bot!r} is offered here")
        held = Held(question, answered)
        self.asked.append(held)
        return held

    @property
    def thinking(self) -> list[Held]:
        """The questions that wait for an answer."""
        return [held for held in self.asked if not held.is_cancelled and not held.is_answered]

    @property
    def only(self) -> Held:
        """The one that waits."""
        (held,) = self.thinking
        return held


class Took(Event):
    player: Player
    count: int


class Won(Event):
    winner: Player


class Nim(GameModel, seats=(2, 3)):
    """Take one to three matches; who takes the last one wins. It says what is legal.

    Attributes:
        trouble: what goes wrong: in ``legal``, in ``view`` of it, or in ``take``.
    """

    left: int = 9
    turn: int = 0
    dreams: Own[dict[Player, str]] = field(default_factory=dict)
    plot: Secret[int] = 0
    trouble: Secret[str] = ""

    @command
    def take(self, player: Player, count: int) -> None:
        if player != self.players[self.turn % len(self.players)]:
            raise GameError("it is not your turn")
        if not 1 <= count <= min(3, self.left) or self.trouble == "take refuses":
            raise GameError("take one to three")
        if self.trouble == "take crashes":
            raise RuntimeError("a match broke")
        self.left -= count
        self.turn += 1
        self.publish(Took(player, count))
        if not self.left:
            self.finish(Won(player))

    @command
    def dream(self, player: Player, of: str) -> None:
        """Nobody else sees it."""
        self.dreams[player] = of

    @command
    def scheme(self, player: Player) -> None:
        """Nobody sees it."""
        self.plot += 1

    @command
    def spoil(self, player: Player, what: str) -> None:
        self.trouble = what

    def legal(self, player: Player) -> Iterable[Move]:
        if self.trouble == "legal crashes":
            raise RuntimeError("the rules are lost")
        if player == self.players[self.turn % len(self.players)]:
            for count in range(1, min(3, self.left) + 1):
                yield Move(self.take, count=count)


class Said(Event):
    player: Player
    text: str


class Chat(GameModel, seats=2):
    """Says nothing of what is legal."""

    lines: list[str] = field(default_factory=list)
    dreams: Own[dict[Player, str]] = field(default_factory=dict)
    plot: Secret[int] = 0

    @command
    def say(self, player: Player, text: str) -> None:
        if not text:
            raise GameError("say something")
        self.lines.append(text)
        self.publish(Said(player, text))

    @command
    def dream(self, player: Player, of: str) -> None:
        self.dreams[player] = of

    @command
    def scheme(self, player: Player) -> None:
        self.plot += 1
