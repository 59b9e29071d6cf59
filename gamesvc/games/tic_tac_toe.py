from collections.abc import Iterable

from gamesvc import Event, GameError, GameModel, Move, Player, command, field

LINES = (0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6)

class Marked(Event):
    player: Player
    cell: int

class Finished(Event):
    winner: Player | None

class TicTacToe(GameModel, seats=2):
    """Three in a row."""

    board: list[Player | None] = field(default_factory=lambda: [None] * 9)
    moves: int = 0

    @command
    def mark(self, player: Player, cell: int) -> None:
        """Put your mark on an empty cell, 0 to 8."""
        if player != self.players[self.moves % 2]:
            raise GameError("it is not your turn")
        if not 0 <= cell < 9 or self.board[cell]:
            raise GameError("choose an empty cell, 0 to 8")
        self.board[cell] = player
        self.moves += 1
        self.publish(Marked(player, cell))
        if any(all(self.board[i] == player for i in line) for line in LINES):
            self.finish(Finished(player))
        elif self.moves == 9:
            self.finish(Finished(None))

    def legal(self, player: Player) -> Iterable[Move]:
        if player == self.players[self.moves % 2]:
            yield from (Move(self.mark, cell=cell) for cell in range(9) if not self.board[cell])
