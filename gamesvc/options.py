"""A game's options: what a creator chooses, and the model's ``setup`` takes.

On a command line they are written as in ``chess(minutes=5, increment=2)``: each value as JSON, or a plain word.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

import msgspec

from gamesvc.model import GameModel

_CALL = re.compile(r"\s*([^()\s]+)\s*(?:\((.*)\))?\s*", re.DOTALL)
_NAME = re.compile(r"\s*([A-Za-z_]\w*)\s*=\s*")
_WORD = re.compile(r"[^,()\[\]{}\"]+")
_COMMA = re.compile(r"\s*(,|\Z)\s*")
_json = json.JSONDecoder()


class OptionsError(Exception):
    """Options are not usable. The message says which, and what would be right."""


def parse(text: str) -> tuple[str, dict[str, Any]]:
    """Read a game's name, and the options behind it.

    Args:
        text: ``chess``, or ``chess(minutes=5)``.

    Raises:
        OptionsError: it is neither.
    """
    call = _CALL.fullmatch(text)
    if call is None:
        raise OptionsError("write name or package.module:Class, and options as in name(option=value, ...)")
    name, inside = call[1], (call[2] or "").strip()
    options: dict[str, Any] = {}
    at = 0
    while at < len(inside):
        key = _NAME.match(inside, at)
        if key is None:
            raise OptionsError(f"write option=value, separated by commas, at {inside[at : at + 20]!r}")
        value, at = _value(inside, key.end())
        comma = _COMMA.match(inside, at)
        if comma is None:
            raise OptionsError(f"write a comma before {inside[at : at + 20]!r}")
        if key[1] in options:
            raise OptionsError(f"the option {key[1]} is given twice")
        options[key[1]] = value
        at = comma.end()
    return name, options


def _value(text: str, at: int) -> tuple[Any, int]:
    word = _WORD.match(text, at)
    if word is not None:
        bare = word[0].strip()
        try:
            return _json.decode(bare), word.end()
        except (ValueError, RecursionError):
            return {"True": True, "False": False}.get(bare, bare), word.end()
    try:
        return _json.raw_decode(text, at)
    except (ValueError, RecursionError):
        raise OptionsError(f"write a number, a word, or JSON, at {text[at : at + 20]!r}") from None


def checked(model: type[GameModel], options: dict[str, Any]) -> bytes:
    """Options as the journal keeps them: all of them, the model's defaults where none are given.

    Args:
        model: whose.
        options: as they were given.

    Returns:
        JSON object.

    Raises:
        OptionsError: the model does not take them.
    """
    try:
        converted = msgspec.convert(options, model.OPTIONS, str_keys=True)
        # JSON has no such numbers: they would become null, which an option may be.
        for name, value in msgspec.to_builtins(converted).items():
            if _has_no_number(value):
                raise OptionsError(f"NaN and infinity are no numbers that an option may have - at `{name}`")
        encoded = msgspec.json.encode(converted)
        # What JSON does not have otherwise would be found only when a game is created.
        msgspec.json.decode(encoded, type=model.OPTIONS)
        return encoded
    except (msgspec.ValidationError, UnicodeError) as error:
        takes = ", ".join(model.OPTIONS.__struct_fields__)
        why = str(error).replace("Object contains unknown field", "there is no option").replace(" - at `$.", " - at `")
        raise OptionsError(f"{why}; it takes {takes}" if takes else f"{model.__name__} takes no options") from None


def _has_no_number(value: object) -> bool:
    """Whether there is a float in it that JSON can't say."""
    if isinstance(value, dict):
        return any(_has_no_number(each) for pair in value.items() for each in pair)
    if isinstance(value, list | tuple):
        return any(_has_no_number(each) for each in value)
    return isinstance(value, float) and not math.isfinite(value)


def given(model: type[GameModel], stored: bytes) -> dict[str, Any]:
    """What `setup` is called with.

    Args:
        model: whose.
        stored: from `checked`, perhaps for an older version of the model.

    Raises:
        OptionsError: the model of today does not take them.
    """
    try:
        return msgspec.structs.asdict(msgspec.json.decode(stored, type=model.OPTIONS))
    except msgspec.ValidationError as error:
        raise OptionsError(f"{model.__name__}.setup does not take the options of this game any more: {error}") from None
