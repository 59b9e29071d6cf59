"""A game's state as people read it: a line for each thing in it, and boards as boards."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from rich import box
from rich.columns import Columns
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from gamesvc.cli.play_shown import DIM, OTHER, OWN, STRONG, value
from gamesvc.cli.play_typed import as_typed
from gamesvc.cli.play_vocabulary import Choice
from gamesvc.cli.wording import one_line

MAX_CHOICES = 30
"""How many of what is legal are shown unasked."""

_MAX_VALUE = 400
_MAX_CELL = 12
_MAX_ROWS = 40
_MAX_LINES = 60
_BOXED_CELLS = 25
_BOARDS = ("board", "cells", "field", "grid")
"""What a plain list is called that stands for a square."""


class Board(NamedTuple):
    """What can be shown as one.

    Attributes:
        rows: of cells, None where one is empty.
        across: what the columns are called; empty where the cells are numbered through.
        down: what the rows are called; empty where the cells are numbered through.
    """

    rows: list[list[Any]]
    across: Sequence[str] = ()
    down: Sequence[str] = ()


class Shown:
    """What is shown of a state, one after the other.

    Args:
        own: the name of who looks.
    """

    def __init__(self, own: str = "") -> None:
        self.own = own
        self._last: Mapping[str, Any] = {}

    def forget(self) -> None:
        """Show all of the next one."""
        self._last = {}

    def changes(self, state: Mapping[str, Any]) -> Iterator[RenderableType]:
        """What is new in a state since the last one that was shown; what is legal not among it."""
        last, self._last = self._last, state
        for key in last:
            if key not in state and key != "legal":
                yield _line(key, Text("-", DIM))
        yield from self.whole({key: each for key, each in state.items() if key not in last or last[key] != each})

    def whole(self, state: Mapping[str, Any]) -> Iterator[RenderableType]:
        """All of a state, but what is legal."""
        for key, each in state.items():
            if key != "legal":
                yield from self._thing(key, each)

    def _thing(self, key: str, thing: Any) -> Iterator[RenderableType]:
        board = as_board(key, thing)
        if board is not None:
            yield _line(key, Text())
            yield self._board(board)
        elif type(thing) is str and "\n" in thing:
            yield _line(key, Text())
            for line in thing.expandtabs().split("\n")[:_MAX_LINES]:
                yield Text(f"  {value(line)}")
        elif type(thing) is dict and thing and all(type(each) is not dict for each in thing.values()):
            told = ", ".join(f"{value(name, 80)} {value(each, _MAX_VALUE)}" for name, each in thing.items())
            yield _line(key, Text(value(told, _MAX_VALUE)))
        elif type(thing) is list and thing and not any(type(each) in (list, dict) for each in thing):
            yield _line(key, Text(value(" ".join(value(each) for each in thing), _MAX_VALUE)))
        else:
            yield _line(key, Text(value(thing, _MAX_VALUE), self._style(thing)))

    def _style(self, thing: Any) -> str:
        if thing is None:
            return DIM
        return OWN if self.own and thing == self.own else ""

    def _board(self, board: Board) -> Table:
        width = max(map(len, board.rows))
        is_boxed = width * len(board.rows) <= _BOXED_CELLS
        table = Table(
            box=box.SQUARE if is_boxed else None,
            show_header=bool(board.across),
            show_lines=is_boxed,
            header_style=DIM,
            padding=(0, 1) if is_boxed else (0, 0, 0, 1),
        )
        if board.down:
            table.add_column("", style=DIM, justify="right")
        widest = max((len(value(cell, _MAX_CELL)) for row in board.rows for cell in row if cell is not None), default=1)
        for column in range(width):
            table.add_column(board.across[column] if board.across else "", justify="center", min_width=widest)
        for place, row in enumerate(board.rows[:_MAX_ROWS]):
            head = [Text(board.down[place])] if board.down else []
            cells = [
                self._cell(each, "." if board.down else str(place * width + column)) for column, each in enumerate(row)
            ]
            table.add_row(*head, *cells)
        return table

    def _cell(self, thing: Any, empty: str) -> Text:
        if thing is None or thing == "":
            return Text(empty, DIM)
        style = self._style(thing) or (OTHER if type(thing) is str else "")
        return Text(value(thing, _MAX_CELL), style)


def choices(legal: Sequence[Choice], words: str = "", most: int = MAX_CHOICES) -> Iterator[RenderableType]:
    """What is legal, by number.

    Args:
        legal: all of it.
        words: what must stand in it; empty for all.
        most: how many to show.
    """
    told = [(place, one_line(as_typed(**_parts(choice)))) for place, choice in enumerate(legal, 1)]
    found = [(place, text) for place, text in told if words.lower() in text.lower()]
    shown = [Text.assemble((f"{place} ", DIM), value(text, 200)) for place, text in found[:most]]
    if shown:
        yield Columns(shown, padding=(0, 3))
    if len(found) > most:
        yield Text(f"... and {len(found) - most} more: /legal", DIM)


def _parts(choice: Choice) -> dict[str, Any]:
    return {"command": choice["command"], "arguments": {key: each for key, each in choice.items() if key != "command"}}


def as_board(key: str, thing: Any) -> Board | None:
    """What can be shown as a board: rows or columns of cells, a plain list that is called so, and a position of chess;
    None for everything else.

    Args:
        key: what it is called.
        thing: it.
    """
    if key == "fen" and type(thing) is str:
        return _chess_board(thing)
    if type(thing) is not list or not thing:
        return None
    if all(type(row) is list for row in thing):
        cells = [cell for row in thing for cell in row]
        width = max(map(len, thing))
        if not cells or width > _MAX_ROWS or not _are_plain(cells):
            return None
        if key == "columns":
            # They stand upright, and what came first lies at the bottom.
            levels = reversed(range(width))
            rows = [[column[level] if level < len(column) else None for column in thing] for level in levels]
            return Board(rows, [str(column) for column in range(len(thing))], [""] * width)
        return Board(thing, [str(column) for column in range(width)], [str(row) for row in range(len(thing))])
    side = math.isqrt(len(thing))
    if key in _BOARDS and 3 <= side <= _MAX_ROWS and side * side == len(thing) and _are_plain(thing):
        return Board([thing[start : start + side] for start in range(0, len(thing), side)])
    return None


def _chess_board(fen: str) -> Board | None:
    rows = [re.sub("[1-8]", lambda empty: " " * int(empty[0]), row) for row in fen.split(" ")[0].split("/")]
    if len(rows) != 8 or any(len(row) != 8 for row in rows):
        return None
    cells = [[None if cell == " " else cell for cell in row] for row in rows]
    return Board(cells, list("abcdefgh"), list("87654321"))


def _are_plain(cells: Sequence[Any]) -> bool:
    return not any(type(cell) in (list, dict) for cell in cells)


def _line(key: str, told: Text) -> Text:
    shown = Text(f"{value(key, 80)}:", STRONG)
    return shown.append(" ").append_text(told) if told.plain else shown
