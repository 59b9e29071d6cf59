"""How the server does, for who watches over it: whether it lives, and whether players should be sent to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.web.iweb import IRequest
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from gamesvc.errors import JOURNAL_DOWN, HttpRefusal, JournalError, RequestRefused
from gamesvc.journal import Journal

ANSWER_SECONDS = 2.0
"""How long the journal may take to answer."""

KNOWN_SECONDS = 1.0
"""How long its answer is taken for true, so that whoever asks often does not keep it from working."""

Told = Callable[[bool], None]


class JournalCheck:
    """Whether the journal answers.

    Args:
        journal: it.
        reactor: for timers.
    """

    def __init__(self, journal: Journal, reactor: IReactorTime) -> None:
        self._journal = journal
        self._reactor = reactor
        self._answers = False
        self._until = -1.0
        self._late: IDelayedCall | None = None
        self._waiting: list[Told] = []

    def ask(self, told: Told) -> None:
        """Ask.

        Args:
            told: gets the answer; may be called at once.
        """
        if self._reactor.seconds() < self._until:
            told(self._answers)
            return
        self._waiting.append(told)
        if self._late is not None:
            return
        late = self._late = self._reactor.callLater(ANSWER_SECONDS, self._known, False)

        def answered(games: list[str] | JournalError) -> None:
            if late.active():
                late.cancel()
                self._known(not isinstance(games, JournalError))

        self._journal.due(1, answered)

    def _known(self, answers: bool) -> None:
        self._late = None
        self._answers = answers
        self._until = self._reactor.seconds() + KNOWN_SECONDS
        waiting, self._waiting = self._waiting, []
        for told in waiting:
            told(answers)


class Alive(Resource):
    """Says that the process lives: who gets no answer at all may restart it."""

    isLeaf = True

    def render_GET(self, request: IRequest) -> bytes:
        """Say so."""
        return b'{"status":"alive"}'


class Ready(Resource):
    """Says whether players should be sent here.

    Args:
        check: asks the journal.
    """

    isLeaf = True

    def __init__(self, check: JournalCheck) -> None:
        super().__init__()
        self._check = check

    def render_GET(self, request: Any) -> int:
        """Say so, as soon as it is known."""
        gone: list[object] = []
        request.notifyFinish().addBoth(gone.append)

        def told(answers: bool) -> None:
            if not gone:
                refusal = self._refusal(request, answers)
                if refusal is not None:
                    request.refuse(refusal)
                else:
                    request.answer(b'{"status":"ready"}')

        self._check.ask(told)
        return NOT_DONE_YET

    def _refusal(self, request: Any, answers: bool) -> HttpRefusal | None:
        refused: RequestRefused | None = request.refused
        if refused is not None:
            return refused.refusal
        return None if answers else JOURNAL_DOWN
