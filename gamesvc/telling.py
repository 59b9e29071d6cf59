"""What the journal has of a game as Python has it: numbers, text, lists and dicts. Tests compare it so."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from gamesvc.journal.records import Entry


class Private(NamedTuple):
    """An event that not everybody sees.

    Attributes:
        event: as a dict.
        to: the names of the players who see it.
    """

    event: dict[str, Any]
    to: list[str]


def fault_name(entry: Entry) -> str:
    """The name of the exception with which the model failed; empty where it did not."""
    return entry.fault.partition(" (")[0]


def options_of(entry: Entry) -> dict[str, Any]:
    """The options that `setup` was given, as JSON has them."""
    return {} if entry.opening is None else msgspec.json.decode(entry.opening.options, type=dict[str, Any])


def told(body: bytes, to: Sequence[str] | None) -> Any:
    """An event as tests compare it: a dict, or `Private`."""
    event = msgspec.json.decode(body)
    return event if to is None else Private(event, list(to))


def plain(encoded: bytes | msgspec.Raw) -> Any:
    """A field's value without its type. What is no number is always the same one, so that it equals itself."""
    return _with_one_nan(msgspec.msgpack.decode(encoded))


def _with_one_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _with_one_nan(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_with_one_nan(part) for part in value]
    return math.nan if isinstance(value, float) and math.isnan(value) else value
