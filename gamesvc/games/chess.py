"""Chess, with clocks. The rules are those of the package chess: ``pip install 'gamesvc[chess]'``."""

from collections.abc import Iterable
from typing import Annotated

import chess
from msgspec import Meta

from gamesvc import Event, GameError, GameModel, Move, Player, PlayerClock, Timer, command, derived, field

Minutes = Annotated[float, Meta(ge=0.1, le=20160)]
Seconds = Annotated[float, Meta(ge=0, le=3600)]
Uci = Annotated[str, Meta(min_length=4, max_length=5)]

NOBODY = Player("")


class Moved(Event):
    """A move, as in e2e4 and as books write it, and how many seconds its player has left."""

    player: Player
    uci: str
    san: str
    left: float


class DrawOffered(Event):
    player: Player


class DrawDeclined(Event):
    player: Player


class Finished(Event):
    """How it ended, as 1-0, 0-1 or 1/2-1/2, and why: ``checkmate``, ``stalemate``, ``insufficient_material``,
    ``seventyfive_moves``, ``fivefold_repetition``; claimed: ``threefold_repetition``, ``fifty_moves``; or
    ``agreement``, ``resignation``, ``left``, ``time``, ``time_vs_insufficient_material``."""

    score: str
    winner: Player | None
    reason: str


class Chess(GameModel, seats=2):
    """Chess with clocks. Who takes the first seat is White."""

    white: Player = NOBODY
    black: Player = NOBODY
    moves: dict[int, str] = field(default_factory=dict)
    """All that were played, by their numbers from 1: White's are odd. A dict, so that clients are told of the new one
    only."""
    choices: list[str] = field(default_factory=list)
    """The legal moves of the player whose clock runs."""
    fen: str = chess.STARTING_FEN
    offer: Player | None = None
    """Who offers a draw."""
    clock: PlayerClock = field(default_factory=PlayerClock)
    flag: Timer | None = None
    minutes: float = 0.0
    increment: float = 0.0

    def setup(self, minutes: Minutes = 10.0, increment: Seconds = 5.0) -> None:
        self.minutes, self.increment = minutes, increment

    def on_start(self) -> None:
        self.white, self.black = self.players
        self.clock.set(self.players, self.minutes * 60, self.increment)
        self.clock.start(self.white, self.now)
        self._await_move()

    def on_leave(self, player: Player) -> None:
        self._end(self._opponent(player), "left")

    def legal(self, player: Player) -> Iterable[Move]:
        if player == self.clock.running:
            for uci in self.choices:
                yield Move(self.move, uci=uci)

    @derived
    def board(self) -> chess.Board:
        board = chess.Board()
        for uci in self.moves.values():
            board.push(chess.Move.from_uci(uci))
        return board

    @command
    def move(self, player: Player, uci: Uci) -> None:
        """Move a piece: e2e4, e1g1 to castle, e7e8q to promote."""
        self._check_turn(player)
        if uci not in self.choices:
            raise GameError("this is no legal move; write one as in e2e4, or e7e8q to promote", code="illegal_move")
        move = chess.Move.from_uci(uci)
        san = self.board.san(move)
        self.board.push(move)
        self.moves[len(self.moves) + 1] = uci
        self.fen = self.board.fen()
        self.clock.press(self._opponent(player), self.now)
        if self.offer != player:
            self.offer = None  # who moves on has declined
        self.publish(Moved(player, uci, san, self.clock.seconds[player]))
        if outcome := self.board.outcome():
            self._end_by_rule(outcome)
        else:
            self._await_move()

    @command
    def offer_draw(self, player: Player) -> None:
        """Offer a draw. The offer stands until your opponent answers, or moves."""
        if self.offer is not None:
            raise GameError(f"{self.offer} offers a draw already", code="offered_already")
        self.offer = player
        self.publish(DrawOffered(player))

    @command
    def accept_draw(self, player: Player) -> None:
        """Accept the draw that your opponent offers."""
        self._check_offer(player)
        self._check_time()
        self._end(None, "agreement")

    @command
    def decline_draw(self, player: Player) -> None:
        """Decline the draw that your opponent offers."""
        self._check_offer(player)
        self.offer = None
        self.publish(DrawDeclined(player))

    @command
    def claim_draw(self, player: Player) -> None:
        """Claim a draw at your turn: a position comes for the third time, or 50 moves were played without progress."""
        self._check_turn(player)
        outcome = self.board.outcome(claim_draw=True)
        if outcome is None:
            raise GameError(
                "no position comes for the third time, and 50 moves without a capture or a pawn's move were not played",
                code="no_draw",
            )
        self._end_by_rule(outcome)

    @command
    def resign(self, player: Player) -> None:
        """Give up."""
        self._end(self._opponent(player), "resignation")

    def time_up(self) -> None:
        """The flag of the player falls whose clock runs."""
        winner = self.black if self.board.turn == chess.WHITE else self.white
        if self.board.has_insufficient_material(not self.board.turn):
            self._end(None, "time_vs_insufficient_material")
        else:
            self._end(winner, "time")

    def _opponent(self, player: Player) -> Player:
        return self.black if player == self.white else self.white

    def _check_turn(self, player: Player) -> None:
        if player != self.clock.running:
            raise GameError(f"it is {self.clock.running}'s turn", code="not_your_turn")
        self._check_time()

    def _check_time(self) -> None:
        # The timer is due, and this came before it.
        if self.clock.flag_in(self.now) == 0:
            raise GameError(f"the time of {self.clock.running} is up", code="time_up")

    def _check_offer(self, player: Player) -> None:
        if self.offer is None or self.offer == player:
            raise GameError("your opponent does not offer a draw", code="no_offer")

    def _await_move(self) -> None:
        if self.flag is not None:
            self.cancel(self.flag)
        self.flag = self.after(self.clock.flag_in(self.now) or 0, self.time_up)
        self.choices = [move.uci() for move in self.board.legal_moves]

    def _end_by_rule(self, outcome: chess.Outcome) -> None:
        winner = None if outcome.winner is None else self.white if outcome.winner == chess.WHITE else self.black
        self._end(winner, outcome.termination.name.lower())

    def _end(self, winner: Player | None, reason: str) -> None:
        self.clock.stop(self.now)
        self.offer = self.flag = None
        self.choices = []
        score = "1/2-1/2" if winner is None else "1-0" if winner == self.white else "0-1"
        self.finish(Finished(score, winner, reason))
