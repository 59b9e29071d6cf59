"""A game's history for people: a line for each entry, as wide as the terminal."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import msgspec

from gamesvc.cli.recorded import Recorded
from gamesvc.cli.wording import clock, cut, day, many, one_line
from gamesvc.journal.records import Entry, Opening, Published

PIPED_WIDTH = 160
"""How wide lines are where it is no terminal that gets them."""

_HEAD = ("#", "time", "since start", "player", "what", "events", "changed")
_RIGHT = (0, 2)
_FIXED = 3
"""So many columns, the first ones, are never cut."""
_LEAST = 80

_SAID = {
    "seated": "takes a seat",
    "left": "gives up the seat",
    "away": "is away",
    "back": "is there",
    "tick": "tick",
}


def header(recorded: Recorded) -> Iterator[str]:
    """What game it is."""
    opening, now, counts = recorded.opening, recorded.now, recorded.counts
    over = "finished" if recorded.finished else "not finished"
    began = f" (it began with {opening.version})" if now.version != opening.version else ""
    yield one_line(f"{recorded.game}: {opening.game_kind}, version {now.version}{began}, epoch {now.epoch}; {over}")
    seats = ", ".join("(free)" if name is None else name for name in recorded.seats)
    private = f", {counts.all - counts.public - counts.framework} of them private"
    yield one_line(
        f"{many(len(recorded.seats), 'seat') + ': ' + seats if recorded.seats else 'without seats'}; "
        f"{many(recorded.count, 'entry', 'entries')}, {many(counts.all, 'event')}{private}"
    )
    for first, last in recorded.missing:
        yield f"entries {first} to {last} are not there, {recorded.why_missing}"


def table(recorded: Recorded, upto: int | None) -> Iterator[str]:
    """A line for each entry; and one for each day, for what is missing, and for what failed.

    Args:
        recorded: the game.
        upto: the number of the last entry that is wanted; None for all.
    """
    widths = _widths(recorded, upto)
    indent = " " * (widths[0] + 2)
    yield _row(_HEAD, widths)
    today, last = "", 0
    for entry, cells in _filled(recorded, upto):
        if entry.number > last + 1:
            yield f"{indent}(entries {last + 1} to {entry.number - 1} are not there)"
        last = entry.number
        if day(entry.time) != today:
            today = day(entry.time)
            yield f"{indent}{today} UTC"
        yield _row(cells, widths)
        if entry.fault:
            what = "failed" if entry.kind in ("timer", "tick") else "the model failed at it"
            yield cut(f"{indent}{what}, and had no effect: {one_line(entry.fault)}", sum(widths) + 2 * len(widths))


def _widths(recorded: Recorded, upto: int | None) -> list[int]:
    """How wide each column is: as wide as what is in it, or where that is too much, the widest of them less."""
    widths = list(map(len, _HEAD))
    for _, cells in _filled(recorded, upto):
        widths = [max(width, len(cell)) for width, cell in zip(widths, cells, strict=True)]
    room = max(shutil.get_terminal_size((PIPED_WIDTH, 24)).columns, _LEAST) - 2 * (len(widths) - 1)
    while sum(widths) > room:
        widest = max(range(_FIXED, len(widths)), key=widths.__getitem__)
        others = sum(widths) - widths[widest]
        widths[widest] = max(room - others, sorted(widths[_FIXED:])[-2] - 1)
    return widths


def _filled(recorded: Recorded, upto: int | None) -> Iterator[tuple[Entry, tuple[str, ...]]]:
    """Each entry with its cells."""
    start: float | None = None
    before, snapshot = recorded.opening, recorded.snapshot
    last = 0
    for entry in recorded.entries(upto):
        start = entry.time if start is None else start
        # Where entries are not there, it may have been renewed by a snapshot meanwhile.
        if snapshot is not None and last < snapshot.number < entry.number:
            before = snapshot.opening
        last = entry.number
        yield entry, _cells(entry, start, before)
        before = entry.opening or before


def _json(encoded: bytes | None) -> Any:
    return None if encoded is None else msgspec.json.decode(encoded)


def _cells(entry: Entry, start: float, before: Opening) -> tuple[str, ...]:
    times = clock(entry.time), since_start(entry.time - start)
    events = "; ".join(map(_event, entry.events))
    what = (*times, entry.player or "", _what(entry, before), events, _changed(entry))
    return (str(entry.number), *map(one_line, what))


def _row(cells: tuple[str, ...], widths: list[int]) -> str:
    shown = [cut(cell, width) for cell, width in zip(cells, widths, strict=True)]
    return "  ".join(
        cell.rjust(width) if place in _RIGHT else cell.ljust(width)
        for place, (cell, width) in enumerate(zip(shown, widths, strict=True))
    ).rstrip()


def since_start(seconds: float) -> str:
    """How long after the beginning something was."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    if hours:
        return f"+{hours}:{minutes:02}:{rest:06.3f}"
    return f"+{minutes}:{rest:06.3f}" if minutes else f"+{rest:.3f} s"


def _what(entry: Entry, before: Opening) -> str:
    if entry.kind in _SAID:
        return _SAID[entry.kind]
    if entry.kind == "opened":
        options = _json(before.options)
        return f"opened({inside(options)})" if options else "opened"
    if entry.kind == "renewed":
        return f"renewed{_renewal(before, entry.opening or before)}"
    return f"{'timer ' if entry.kind == 'timer' else ''}{called(entry)}"


def called(entry: Entry) -> str:
    """The call of a command or a timer, and what it returned."""
    result = "" if entry.result is None else f" -> {entry.result.decode(errors='replace')}"
    return f"{entry.name}({inside(_json(entry.arguments or None))}){result}"


def inside(given: Any) -> str:
    """What stands in the brackets of a call.

    Args:
        given: the arguments: a dict, or a list.
    """
    if isinstance(given, dict):
        return ", ".join(f"{name}={_short(value)}" for name, value in given.items())
    return ", ".join(map(_short, given or ()))


def _renewal(before: Opening, after: Opening) -> str:
    version = f"version {before.version} -> {after.version}" if before.version != after.version else ""
    told = [version, "new epoch" if before.epoch != after.epoch else ""]
    return ": " + ", ".join(filter(None, told)) if any(told) else ""


def _short(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _event(event: Published) -> str:
    body = _json(event.body)
    name = str(body.get("event")) if isinstance(body, dict) else "?"
    return name if event.to is None else f"{name} to {', '.join(event.to) or 'nobody'}"


def _changed(entry: Entry) -> str:
    if entry.kind == "renewed":
        return "all fields" if entry.changed else ""
    # At first, all are new.
    changed = list(entry.changed) if entry.kind != "opened" else []
    changed += (
        ["seats"] if entry.kind in ("seated", "left") or (entry.kind == "bot" and entry.seats is not None) else []
    )
    changed += ["timers"] if entry.timers is not None else []
    return ", ".join(changed + (["finished"] if entry.finished else []))
