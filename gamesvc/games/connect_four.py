"""Connect four: discs fall into columns, and four of them in a row win."""

from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta

from gamesvc import Event, GameError, GameModel, Move, Player, TurnOrder, command, field

IN_A_ROW = 4
DIRECTIONS = (1, 0), (0, 1), (1, 1), (1, -1)

Size = Annotated[int, Meta(ge=IN_A_ROW, le=16)]
Cell = tuple[int, int]
"""Column and row, counted from 0 at the left and at the bottom."""


class Dropped(Event):
    player: Player
    column: int
    row: int


class Finished(Event):
    """The winner and the discs that won; nobody and none where the board is full, or where somebody left."""

    winner: Player | None
    row: list[Cell]


class ConnectFour(GameModel, seats=2):
    """Drop discs into columns. Four in a row win, in any direction."""

    columns: list[list[Player]] = field(default_factory=list)
    """Whose discs lie in each column, from the bottom up."""
    height: int = 0
    turns: TurnOrder = field(default_factory=TurnOrder)

    def setup(self, width: Size = 7, height: Size = 6) -> None:
        self.columns = [[] for _ in range(width)]
        self.height = height

    def on_start(self) -> None:
        self.turns.start(self.players)

    def on_leave(self, player: Player) -> None:
        self.finish(Finished(self.players[0], []))

    def legal(self, player: Player) -> Iterable[Move]:
        if player == self.turns.current:
            for column, discs in enumerate(self.columns):
                if len(discs) < self.height:
                    yield Move(self.drop, column=column)

    @command
    def drop(self, player: Player, column: int) -> None:
        """Drop a disc into a column, counted from 0 at the left."""
        self.turns.check(player)
        if not 0 <= column < len(self.columns):
            raise GameError(f"there is no such column: choose one of 0 to {len(self.columns) - 1}", code="no_column")
        if len(self.columns[column]) == self.height:
            raise GameError("this column is full: choose another", code="column_full")
        self.columns[column].append(player)
        cell = column, len(self.columns[column]) - 1
        self.turns.next()
        self.publish(Dropped(player, *cell))
        if row := self._row_through(cell):
            self.finish(Finished(player, row))
        elif all(len(each) == self.height for each in self.columns):
            self.finish(Finished(None, []))

    def _row_through(self, cell: Cell) -> list[Cell]:
        """The discs of one player through a cell that are enough to win."""
        for across, up in DIRECTIONS:
            before, after = self._run(cell, -across, -up), self._run(cell, across, up)
            if len(before) + 1 + len(after) >= IN_A_ROW:
                return [*reversed(before), cell, *after]
        return []

    def _run(self, cell: Cell, across: int, up: int) -> list[Cell]:
        """The discs next to one another, from a cell on in one direction, of the player who has the cell."""
        column, row = cell
        mine, run = self._disc(column, row), []
        while self._disc(column := column + across, row := row + up) == mine:
            run.append((column, row))
        return run

    def _disc(self, column: int, row: int) -> Player | None:
        inside = 0 <= column < len(self.columns) and 0 <= row < len(self.columns[column])
        return self.columns[column][row] if inside else None
