"""Asking: a question to a bot, from when it is asked until it is answered or nobody waits for the answer any more."""

from __future__ import annotations

import re
from collections.abc import Callable

from gamesvc.bot_offer import Answered, BotFailed
from gamesvc.bot_questions import Answer, Question
from gamesvc.bots import Choice
from gamesvc.logs import logger
from gamesvc.repeated import Repeated

log = logger(__name__)

_DIGITS = re.compile(r"\d+")


class Asking:
    """A question that waits for its answer.

    Args:
        question: it.
        answered: gets the answer.
        repeated: tells the operator of failures.

    Attributes:
        question: the same.
        is_again: whether it was asked before, of a process that was killed.
        at_cancel: is called when nobody waits for the answer any more.
    """

    __slots__ = ("_answered", "_repeated", "at_cancel", "is_again", "question")

    def __init__(self, question: Question, answered: Answered, repeated: Repeated) -> None:
        self.question = question
        self.is_again = False
        self.at_cancel: Callable[[Asking], object] | None = None
        self._answered: Answered | None = answered
        self._repeated = repeated

    @property
    def is_open(self) -> bool:
        """Whether somebody still waits for the answer."""
        return self._answered is not None

    def cancel(self) -> None:
        """Don't be told the answer."""
        if self._answered is not None:
            self._answered = None
            if self.at_cancel is not None:
                self.at_cancel(self)

    def answer(self, answer: Answer) -> None:
        """Tell the answer, if somebody waits for it."""
        answered, self._answered = self._answered, None
        if answered is None:
            return
        result: Choice | BotFailed | None
        try:
            result = answer.read()
        except BotFailed as error:
            result = error
            self.tell(error.reason, answer.details)
        try:
            answered(result)
        except Exception:
            log.failure("a bot's answer could not be taken")

    def tell(self, reason: str, details: str = "") -> None:
        """Tell the operator what went wrong, if something like it has not just been told.

        Args:
            reason: what, in a line.
            details: more of it, in lines.
        """
        bot = self.question.bot
        # An exception tells what it is about behind its name, and that may be something else each time.
        sort = _DIGITS.sub("", reason.partition(":")[0])
        told = f"the bot {bot} failed for {self.question.player!r}: {reason}"
        self._repeated.say(f"{bot} {sort}", f"{told}\n{details.rstrip()}" if details else told)
