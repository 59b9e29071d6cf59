"""Match: one game among bots, played to its end, and how it went."""

from __future__ import annotations

import random
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from pathlib import PurePath
from typing import Any, NamedTuple

import msgspec

from gamesvc.bots import Bot, BotError, ask
from gamesvc.model import GameModel
from gamesvc.offline import OfflineGame
from gamesvc.refused import Refused

_MAX_REASON = 300
_encode = msgspec.json.Encoder().encode


class Played(NamedTuple):
    """How a game among bots went.

    Attributes:
        scores: of each seat, more is better; None where the game was not finished, or does not say how it came out.
        moves: how many were made.
        seconds: for each seat, how long each of its moves was thought about.
        failed: the seat whose bot failed, and by that lost; None where none did.
        reason: why there are no scores: how the bot failed, or why the game was not finished.
        digest: of all moves: that of another game tells whether it was the same.
    """

    scores: list[float] | None
    moves: int
    seconds: list[list[float]]
    failed: int | None = None
    reason: str = ""
    digest: bytes = b""


class _Ended(Exception):
    """The game can't go on."""

    def __init__(self, reason: str, failed: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.failed = failed


class Match:
    """One game among bots.

    Who may do something is asked in the order of the seats, round after round. A model that does not say what is legal
    has everybody asked. Where nobody does anything, time goes by until the next timer; of a model that ticks, a tick
    goes by after each round.

    Args:
        model: the game's class.
        bots: for each seat who plays; one may have several.
        seed: where all chance comes from, the game's and the bots'.
        options: of the model's ``setup``, by name.
        max_moves: after so many the game is given up.
        asks: is told whose bot thinks from now on, by its seat; None when it has thought.
    """

    def __init__(
        self,
        model: type[GameModel],
        bots: Sequence[Bot],
        *,
        seed: int = 0,
        options: Mapping[str, Any] | None = None,
        max_moves: int = 10_000,
        asks: Callable[[int | None], None] = lambda seat: None,
    ) -> None:
        self._model = model
        self._bots = bots
        self._seed = seed
        self._options = options
        self._max_moves = max_moves
        self._asks = asks
        self._chances = [random.Random(f"bot {seed} {seat}") for seat in range(len(bots))]
        self._seconds: list[list[float]] = [[] for _ in bots]
        self._moves = 0
        self._digest = blake2b(digest_size=16)

    def play(self) -> Played:
        """Play it. Whatever the bots or the model raise, it is told in what is returned."""
        scores, reason, failed = None, "", None
        try:
            scores = self._play()
        except _Ended as end:
            reason, failed = end.reason, end.failed
        # The model is an author's code.
        except (Exception, SystemExit) as error:
            reason = f"the game failed: {_described(error)}"
        return Played(scores, self._moves, self._seconds, failed, reason, self._digest.digest())

    def _play(self) -> list[float]:
        players = [f"player{seat}" for seat in range(1, len(self._bots) + 1)]
        game = OfflineGame(self._model, players, seed=self._seed, options=self._options)
        tells_legal, ticks = "legal" in self._model.HOOKS, self._model.TICK is not None
        rounds = 0
        while not game.finished:
            before = self._moves
            for seat, player in enumerate(players):
                if not game.finished and (not tells_legal or game.may_move(player)):
                    self._move(game, seat, player)
            rounds += 1
            if max(rounds, self._moves) >= self._max_moves and not game.finished:
                raise _Ended(f"not finished after {self._max_moves} moves")
            if (ticks or self._moves == before) and not game.finished and not game.skip():
                raise _Ended("not finished: nobody did anything any more, and no timer was to come")
        scores = game.scores
        if scores is None:
            raise _Ended("the event with which it ended does not say who won: it has no winner, winners or scores")
        return [scores[player] for player in players]

    def _move(self, game: OfflineGame, seat: int, player: str) -> None:
        turn = game.turn(player, self._chances[seat])
        self._asks(seat)
        begun = time.perf_counter()
        try:
            choice = ask(self._bots[seat], turn)
        except BotError as error:
            raise _Ended(_short(str(error)), seat) from None
        # A bot is an author's code.
        except (Exception, SystemExit) as error:
            raise _Ended(f"raised {_described(error)}", seat) from None
        self._seconds[seat].append(time.perf_counter() - begun)
        self._asks(None)
        if choice is None:
            return
        try:
            game.act(player, choice)
        except Refused as refusal:
            if choice in turn.legal:
                raise _Ended(_short(f"legal named {choice}, which was refused: {refusal}")) from None
            raise _Ended(_short(f"{choice} was refused: {refusal}"), seat) from None
        self._moves += 1
        self._digest.update(_encode((seat, choice)))


def _described(error: BaseException) -> str:
    """What was raised, and where."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({PurePath(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return _short(f"{type(error).__name__}: {error}") + where


def _short(text: str) -> str:
    return text if len(text) <= _MAX_REASON else f"{text[: _MAX_REASON - 3]}..."
