"""What `gamesvc check` found, written as a test for pytest."""

from __future__ import annotations

import keyword
import re
import textwrap
from collections.abc import Iterator
from typing import Any

from gamesvc.model import GameModel
from gamesvc.testing.fault import advice_on
from gamesvc.testing.plays import Call
from gamesvc.testing.search import Found

WIDTH = 110
_INDENT = "    "


def lines(model: type[GameModel], found: Found, command: str) -> Iterator[str]:
    """The lines of a file for pytest: its test fails as long as the model has the fault.

    Args:
        model: the game's class.
        found: the fault.
        command: the one that found it.
    """
    fault = found.fault
    yield f'"""{_harmless(fault.name)}: found in {model.__name__} by `{_harmless(command)}`.'
    yield ""
    yield from _wrapped(fault.what[:1].upper() + fault.what[1:] + ".")
    if fault.where:
        yield from ("", _harmless(fault.where))
    yield ""
    yield from _wrapped(advice_on(fault))
    yield '"""'
    yield ""
    top = model.__qualname__.partition(".")[0]
    what = "ends" if fault.name == "endless" else "same_elsewhere" if found.elsewhere else "Trial"
    yield from sorted([f"from gamesvc.testing import {what}", f"from {model.__module__} import {top}"])
    yield from ("", "")
    yield f"def test_{re.sub('[^a-z]', '_', fault.name)}() -> None:"
    name = model.__qualname__
    if what == "ends":
        yield f"{_INDENT}ends({name}, seed={found.seed})"
    elif what == "same_elsewhere":
        yield f"{_INDENT}calls = ["
        yield from (f"{2 * _INDENT}{_tuple(call)}," for call in found.calls)
        yield f"{_INDENT}]"
        yield f"{_INDENT}same_elsewhere({name}, {found.seed}, calls)"
    else:
        yield f"{_INDENT}trial = Trial({name}, seed={found.seed})"
        for call in found.calls:
            yield from _call(call)


def _call(call: Call) -> Iterator[str]:
    arguments = [_literal(each) for each in call.positional]
    arguments += [f"{name}={_literal(each)}" for name, each in call.named.items() if _is_name(name)]
    other = {name: each for name, each in call.named.items() if not _is_name(name)}
    arguments += [f"**{_literal(other)}"] if other else []
    flat = f"{_INDENT}trial.{call.method}({', '.join(arguments)})"
    if len(flat) <= WIDTH:
        yield flat
        return
    yield f"{_INDENT}trial.{call.method}("
    yield from (f"{2 * _INDENT}{each}," for each in arguments)
    yield f"{_INDENT})"


def _tuple(call: Call) -> str:
    parts: list[Any] = [call.method, *call.positional, call.named]
    return f"({', '.join(map(_literal, parts))})"


def _literal(value: Any) -> str:
    """A value as Python has it, in double quotes."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_literal(key)}: {_literal(part)}' for key, part in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    if isinstance(value, str) and value.isprintable():
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return repr(value)


def _is_name(text: str) -> bool:
    return text.isidentifier() and not keyword.iskeyword(text)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(_harmless(text), WIDTH)


def _harmless(text: str) -> str:
    """What may stand in a docstring."""
    plain = "".join(each if each.isprintable() else "?" for each in text)
    return plain.replace("\\", "\\\\").replace('"""', "'''")
