"""A pytest file that plays a game again: for its author, to keep.

What comes from the journal, which others may have made, gets into the file only as literals, and as names that were
checked to be names: the file will be run.
"""

from __future__ import annotations

import keyword
import math
import re
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from gamesvc.catalog import Kind
from gamesvc.cli.wording import instant
from gamesvc.errors import ConfigError
from gamesvc.journal.records import Entry, Opening
from gamesvc.model import GameModel
from gamesvc.recovery import Replayed
from gamesvc.telling import Private, fault_name, options_of, plain, told

WIDTH = 110
_INDENT = "    "


def lines(game: str, kind: Kind, opening: Opening, entries: Iterable[Entry], end: Replayed) -> Iterator[str]:
    """The lines of the file.

    Args:
        game: the game's id.
        kind: its rules.
        opening: what it began with.
        entries: all of them, up to where the test ends.
        end: how the game stood then.

    Raises:
        ConfigError: the model can't be imported by its name.
    """
    model = kind.model
    if getattr(sys.modules[model.__module__], model.__name__, None) is not model:
        raise ConfigError(
            f"{model.__qualname__} can't be imported from {model.__module__}, so no test can be made of it"
        )
    body: list[str] = []
    start, now = 0.0, opening
    for entry in entries:
        start = start if body else entry.time
        body += ["", f"{_INDENT}# {entry.number}", *_step(model, entry, start, now)]
        now = entry.opening or now
    body += ["", *_end(end, start, now.version == model.VERSION)]
    code = "\n".join(body)
    of = f"{_harmless(opening.game_kind)}, version {opening.version}"
    of += f", later {now.version}" if now.version != opening.version else ""
    yield f'"""The game {_harmless(game)} ({of}) up to entry {end.number}.'
    yield ""
    yield "Written by `gamesvc replay --as-test`. It has the game's secrets."
    yield '"""'
    yield ""
    standard = [name for name in ("datetime", "math") if re.search(rf"\b{name}\.", code)]
    yield from (f"import {name}" for name in standard)
    yield from [""] if standard else []
    names = "Private, Replay" if "Private(" in code else "Replay"
    yield from sorted([f"from gamesvc.replay import {names}", f"from {model.__module__} import {model.__name__}"])
    yield ""
    yield f"START = {_flat(start)}  # {instant(start)}"
    yield f"SEED = bytes.fromhex({_flat(opening.seed.hex())})"
    yield ""
    yield ""
    yield f"def test_{re.sub('[^a-z0-9]', '_', game.lower())}() -> None:"
    yield f"{_INDENT}game = Replay({model.__name__}, SEED)"
    yield from body


def _step(model: type[GameModel], entry: Entry, start: float, before: Opening) -> Iterator[str]:
    at, fault = _time(entry.time, start), fault_name(entry)
    failed = [f"fault={_flat(fault)}"] if fault else []
    if entry.kind == "opened":
        players, options = [name for name in entry.seats or () if name is not None], options_of(entry)
        seated = [_flat(players)] if players else []
        yield _call("open", [at, *seated, *([f"options={_flat(options)}"] if options else [])])
    elif entry.kind == "seated":
        yield _call("seat", [at, _flat(list(entry.seats or ())), *failed])
        # Who is told that somebody came, is no affair of a model that is not told itself.
        if model.HOOKS.isdisjoint(("on_join", "on_start")) and not fault:
            return
    elif entry.kind == "left":
        yield _call("leave", [at, _flat(entry.player or "")])
        if "on_leave" not in model.HOOKS:
            return
    elif entry.kind == "bot":
        yield _call("bots", [at, *_bots(entry)])
        if model.HOOKS.isdisjoint(("on_join", "on_leave", "on_start")):
            return
    elif entry.kind in ("away", "back"):
        yield _call(entry.kind, [at, _flat(entry.player or ""), *failed])
    elif entry.kind == "tick":
        yield _call("tick", [at, *failed])
    elif entry.kind == "renewed":
        yield from _renewed(entry, at, before)
        return
    elif entry.kind == "command":
        arguments = msgspec.json.decode(entry.arguments or b"{}")
        named = [f"{name}={_flat(value)}" for name, value in arguments.items() if _is_name(name)]
        other = {name: value for name, value in arguments.items() if not _is_name(name)}
        rest = [f"**{_flat(other)}"] if other else []
        yield _call("command", [at, _flat(entry.player or ""), _flat(entry.name), *named, *rest])
    else:
        what = f"  # {_harmless(entry.name)}"
        yield _call("timer", [at, _flat(entry.timer), *failed]) + what
    if fault:
        yield f"{_INDENT}assert game.fault == {_flat(fault)}"
    yield _equal("events", [told(event.body, event.to) for event in entry.events])
    # The model has no part in what is answered to who has a bot play.
    if entry.result is not None and entry.kind != "bot":
        yield _equal("result", msgspec.json.decode(entry.result))


def _bots(entry: Entry) -> Iterator[str]:
    if entry.seats is not None:
        yield f"seats={_flat(list(entry.seats))}"
    if entry.bots is not None:
        yield f"bots={_flat({each.player: each.bot for each in entry.bots})}"
        owners = [each.player for each in entry.bots if each.stands_in]
        if owners:
            yield f"stand_in_for={_flat(owners)}"


def _renewed(entry: Entry, at: str, before: Opening) -> Iterator[str]:
    opening = entry.opening or before
    arguments = [at]
    if opening.seed != before.seed:
        yield f"{_INDENT}# It was restored from a copy, or had lost something: its chance is another one from here on."
        arguments.append(f"seed=bytes.fromhex({_flat(opening.seed.hex())})")
    if entry.changed:
        # What today's code has come to is of no use any more: the game went on with what `migrate` had made of another.
        versions = f"{before.version} of the model to {opening.version}"
        yield f"{_INDENT}# It was brought from version {versions}, and went on with this state."
        state = {name: plain(value) for name, value in entry.changed.items()}
        inner = 2 * _INDENT
        arguments += [f"state={_literal(state, inner, len(inner) + len('state=,'))}", f"version={opening.version}"]
    yield _call("renew", arguments)


def _end(end: Replayed, start: float, is_of_today: bool) -> Iterator[str]:
    if is_of_today:
        yield _equal("state", {name: plain(value) for name, value in end.state.items()})
    else:
        yield f"{_INDENT}# Its fields are not compared: they were those of another version of the model."
    timers = [
        f"({timer.id}, {_time(timer.due, start)}, {_flat(timer.method)}, {_flat(msgspec.json.decode(timer.arguments))})"
        for timer in end.timers
    ]
    yield f"{_INDENT}assert game.timers == {_listed(timers, _INDENT, len('    assert game.timers == '))}"
    yield f"{_INDENT}assert {'' if end.finished else 'not '}game.finished"
    if end.outcome:
        yield _equal("outcome", msgspec.json.decode(end.outcome))


def _call(method: str, arguments: list[str]) -> str:
    flat = f"{_INDENT}game.{method}({', '.join(arguments)})"
    if len(flat) <= WIDTH and "\n" not in flat:
        return flat
    return f"{_INDENT}game.{method}(\n" + "".join(f"{2 * _INDENT}{each},\n" for each in arguments) + f"{_INDENT})"


def _equal(attribute: str, value: Any) -> str:
    # A comparison with None is one of identity.
    before = f"{_INDENT}assert game.{attribute} {'is' if value is None else '=='} "
    return before + _literal(value, _INDENT, len(before))


def _time(time: float, start: float) -> str:
    """A time, from the start where that gives exactly the same: with as few digits as do."""
    for digits in range(8):
        offset = round(time - start, digits)
        if start + offset == time:
            return f"START + {offset:.{digits}f}" if offset else "START"
    return _flat(time)


def _literal(value: Any, indent: str, used: int) -> str:
    """A value as Python has it, on one line where there is room for that, else on several.

    Args:
        value: what JSON and MessagePack can hold, or `Private`.
        indent: of the line on which it begins.
        used: how much of that line is taken.
    """
    flat = _flat(value)
    if used + len(flat) < WIDTH or not isinstance(value, (dict, list, Private)) or not value:
        return flat
    inner = indent + _INDENT
    if isinstance(value, Private):
        event = _literal(value.event, inner, len(inner))
        return f"Private(\n{inner}{event},\n{inner}to={_literal(value.to, inner, len(inner) + 3)},\n{indent})"
    if isinstance(value, list):
        return _listed([_literal(part, inner, len(inner)) for part in value], indent, used)
    parts = []
    for key, part in value.items():
        before = f"{_flat(key)}: "
        parts.append(f"{inner}{before}{_literal(part, inner, len(inner) + len(before))},\n")
    return f"{{\n{''.join(parts)}{indent}}}"


def _listed(parts: list[str], indent: str, used: int) -> str:
    flat = f"[{', '.join(parts)}]"
    if used + len(flat) < WIDTH and "\n" not in flat:
        return flat
    return "[\n" + "".join(f"{indent}{_INDENT}{part},\n" for part in parts) + f"{indent}]"


def _flat(value: Any) -> str:
    if isinstance(value, Private):
        return f"Private({_flat(value.event)}, to={_flat(value.to)})"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_flat(key)}: {_flat(part)}' for key, part in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_flat, value))}]"
    if isinstance(value, str) and value.isprintable():
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    if isinstance(value, float) and not math.isfinite(value):
        return "math.nan" if math.isnan(value) else "math.inf" if value > 0 else "-math.inf"
    return repr(value)


def _is_name(text: str) -> bool:
    return text.isascii() and text.isidentifier() and not keyword.iskeyword(text)


def _harmless(text: str) -> str:
    """What may stand in a comment and in a docstring."""
    return re.sub(r"[^\w -]", "?", text, flags=re.ASCII)
