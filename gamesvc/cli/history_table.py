"""A game's history for people: a line for each entry, as wide as the terminal; and for programs: each entry as JSON."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import msgspec

from gamesvc.cli.recorded import Recorded
from gamesvc.cli.wording import clock, cut, day, instant, many, one_line
from gamesvc.journal.records import Entry, Published, Timer

PIPED_WIDTH = 160
"""How wide lines are where it is no terminal that gets them."""

_HEAD = ("#", "time", "since start", "player", "what", "events", "changed")
_LEAST = 80


def header(recorded: Recorded) -> Iterator[str]:
    """What game it is."""
    opening, counts = recorded.opening, recorded.counts
    over = "finished" if recorded.finished else "not finished"
    yield one_line(f"{recorded.game}: {opening.game_kind}, version {opening.version}, epoch {_epoch(recorded)}; {over}")
    seats = ", ".join("(free)" if name is None else name for name in recorded.seats)
    private = f", {counts.all - counts.public - counts.framework} of them private"
    yield one_line(
        f"{many(len(recorded.seats), 'seat') + ': ' + seats if recorded.seats else 'without seats'}; "
        f"{many(recorded.count, 'entry', 'entries')}, {many(counts.all, 'event')}{private}"
    )
    for first, last in recorded.missing:
        yield f"entries {first} to {last} are not there, as its kind is or was kept by snapshots"


def table(recorded: Recorded, upto: int | None) -> Iterator[str]:
    """A line for each entry; and one for each day, for what is missing, and for a timer that failed.

    Args:
        recorded: the game.
        upto: the number of the last entry that is wanted; None for all.
    """
    width = max(shutil.get_terminal_size((PIPED_WIDTH, 24)).columns, _LEAST)
    number = max(len(str(recorded.last)), 1)
    fixed = [number, 12, 12]
    free = width - sum(fixed) - 2 * (len(_HEAD) - 1)
    widths = [*fixed, player := min(free // 5, 16), what := (free - player) * 2 // 5]
    widths += [events := (free - player - what) * 3 // 5, free - player - what - events]
    yield _row(_HEAD, widths)
    start: float | None = None
    today, last = "", 0
    for entry in recorded.entries(upto):
        if entry.number > last + 1:
            yield f"{'':{number}}  (entries {last + 1} to {entry.number - 1} are not there)"
        last = entry.number
        if day(entry.time) != today:
            today = day(entry.time)
            yield f"{'':{number}}  {today} UTC"
        start = entry.time if start is None else start
        cells = [str(entry.number), clock(entry.time), _since(entry.time - start), entry.player or "", _what(entry)]
        yield _row((*cells, "; ".join(map(_event, entry.events)), _changed(entry)), widths)
        if entry.fault:
            yield cut(f"{'':{number}}  failed, and had no effect: {one_line(entry.fault)}", width)


def as_json(entry: Entry) -> bytes:
    """Everything that the journal has of an entry, as one line of JSON. What it does not have is null."""
    opening = entry.opening
    return msgspec.json.encode(
        {
            "number": entry.number,
            "kind": entry.kind,
            "time": entry.time,
            "player": entry.player,
            "id": entry.id,
            "name": entry.name or None,
            "arguments": _json(entry.arguments or None),
            "result": _json(entry.result),
            "events": [
                {"to": None if event.to is None else list(event.to), "event": _json(event.body)}
                for event in entry.events
            ],
            "changed": {name: value_of(value) for name, value in entry.changed.items()},
            "seats": entry.seats,
            "timers": None if entry.timers is None else [timer_of(timer) for timer in entry.timers],
            "timer": entry.timer,
            "last_timer": entry.last_timer,
            "fault": entry.fault or None,
            "finished": entry.finished,
            "opening": opening
            and {
                "kind": opening.game_kind,
                "version": opening.version,
                "options": _json(opening.options),
                "epoch": opening.epoch,
                "seed": opening.seed.hex(),
            },
        }
    )


def timer_of(timer: Timer) -> dict[str, Any]:
    """A timer, as JSON has it."""
    return {"id": timer.id, "due": timer.due, "method": timer.method, "arguments": _json(timer.arguments)}


def value_of(encoded: msgspec.Raw) -> Any:
    """A field's value, as JSON has it."""
    return msgspec.to_builtins(msgspec.msgpack.decode(encoded), str_keys=True)


def _epoch(recorded: Recorded) -> str:
    # The snapshot's is that of now, where the two differ.
    return (recorded.snapshot.opening if recorded.snapshot is not None else recorded.opening).epoch


def _json(encoded: bytes | None) -> Any:
    return None if encoded is None else msgspec.json.decode(encoded)


def _row(cells: tuple[str, ...], widths: list[int]) -> str:
    shown = [cut(one_line(cell), width) for cell, width in zip(cells, widths, strict=True)]
    right = (0, 2)
    return "  ".join(
        cell.rjust(width) if place in right else cell.ljust(width)
        for place, (cell, width) in enumerate(zip(shown, widths, strict=True))
    ).rstrip()


def _since(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    if hours:
        return f"+{hours}:{minutes:02}:{rest:06.3f}"
    return f"+{minutes}:{rest:06.3f}" if minutes else f"+{rest:.3f} s"


def _what(entry: Entry) -> str:
    if entry.kind == "seated":
        return "takes a seat"
    if entry.kind == "opened":
        return "opened"
    given = _json(entry.arguments or None)
    if isinstance(given, dict):
        inside = ", ".join(f"{name}={_short(value)}" for name, value in given.items())
    else:
        inside = ", ".join(map(_short, given or ()))
    result = "" if entry.result is None else f" -> {entry.result.decode(errors='replace')}"
    return f"{'timer ' if entry.kind == 'timer' else ''}{entry.name}({inside}){result}"


def _short(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _event(event: Published) -> str:
    body = _json(event.body)
    name = str(body.get("event")) if isinstance(body, dict) else "?"
    return name if event.to is None else f"{name} to {', '.join(event.to) or 'nobody'}"


def _changed(entry: Entry) -> str:
    # At first, all are new.
    changed = list(entry.changed) if entry.kind != "opened" else []
    changed += ["seats"] if entry.kind == "seated" else []
    changed += ["timers"] if entry.timers is not None else []
    return ", ".join(changed + (["finished"] if entry.finished else []))


def standing_as_json(recorded: Recorded, number: int, secret: list[str] | None) -> bytes:
    """How the game stood after an entry, as JSON.

    Args:
        recorded: the game.
        number: the entry's.
        secret: the names of the fields that are the server's alone; None where that is not known.

    Raises:
        JournalError: it is not known how it stood.
    """
    then = recorded.at(number)
    counts = then.counts
    return msgspec.json.encode(
        {
            "game": recorded.game,
            "kind": recorded.opening.game_kind,
            "number": number,
            "time": then.time,
            "at": instant(then.time),
            "seats": then.seats,
            "finished": then.finished,
            "timers": [timer_of(timer) for timer in then.timers],
            "events": {
                "all": counts.all,
                "public": counts.public,
                "framework": counts.framework,
                "private": counts.private,
            },
            "state": {name: value_of(value) for name, value in then.state.items()},
            "secret": secret,
        }
    )
