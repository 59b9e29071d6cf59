"""How sizes, times and texts are told at a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from gamesvc.logs import printable

_AGE = re.compile(r"([0-9]{1,9})([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


def one_line(text: str) -> str:
    """A text as it can be shown: control characters, tabs and line feeds are escaped."""
    return printable(text).replace("\n", "\\n").replace("\t", "\\t")


def cut(text: str, width: int) -> str:
    """A text that fits: of a longer one its beginning, and dots."""
    return text if len(text) <= width else f"{text[: max(width - 3, 0)]}..."[:width]


def size(count: int) -> str:
    """A number of bytes."""
    if count < 1000:
        return f"{count} B"
    amount = float(count)
    for unit in ("kB", "MB", "GB", "TB"):
        amount /= 1000
        if amount < 999.5 or unit == "TB":
            break
    return f"{amount:.1f} {unit}" if amount < 9.95 else f"{amount:.0f} {unit}"


def span(seconds: float) -> str:
    """How long something takes or is ago."""
    seconds = max(seconds, 0.0)
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length:.0f} {unit}"
    return f"{seconds:.0f} s"


def many(count: int, one: str, more: str = "") -> str:
    """A number of things, with their name."""
    return f"{count} {one if count == 1 else more or f'{one}s'}"


def day(time: float) -> str:
    """The day of a time, UTC."""
    return _format(time, "%Y-%m-%d")


def clock(time: float) -> str:
    """The time of day, UTC, to the millisecond."""
    text = _format(time, "%H:%M:%S.%f")
    return text[:-3] if "." in text else text


def instant(time: float) -> str:
    """Day and time, UTC."""
    return f"{day(time)} {clock(time)} UTC"


def parse_age(text: str) -> float:
    """How many seconds ``30d``, ``12h`` and the like are.

    Raises:
        ValueError: it is nothing of the kind; says what would be right.
    """
    match = _AGE.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no age: write 30d, 12h, 45m, 90s or 2w")
    return float(int(match[1]) * _SECONDS[match[2]])


def columns(rows: Iterable[Sequence[str]], right: Sequence[int] = ()) -> list[str]:
    """Lines of a table.

    Args:
        rows: of cells, the head first.
        right: the columns whose cells stand at the right.
    """
    table = [tuple(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if place in right else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    ]


def _format(time: float, pattern: str) -> str:
    try:
        return datetime.fromtimestamp(time, UTC).strftime(pattern)
    # A damaged journal may hold any number.
    except (ValueError, OverflowError, OSError):
        return f"{time:g}"
