"""Timers: a method of a model's that is to be called later, by its name and with arguments that can be stored."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import msgspec

from gamesvc.context import Alarm, Context
from gamesvc.signatures import is_unplain

MAX_TIMERS = 256
"""Timers that a game may have at a time."""

_encode_json = msgspec.json.Encoder().encode


# Which is asked for at each alarm that is set, and takes as long as most commands.
_signature = lru_cache(maxsize=1024)(inspect.signature)


def set_alarm(
    model: object, context: Context, seconds: float, method: Callable[..., None], arguments: tuple[Any, ...]
) -> Alarm:
    """Have a method of a model called later.

    Args:
        model: whose.
        context: what it is lent: gets the alarm.
        seconds: how much later.
        method: ``self.time_up``, say.
        arguments: what it is called with.

    Raises:
        TypeError: it is no method of this model, does not take these arguments, or they can't be stored.
        ValueError: `seconds` is negative or not finite, or the game has too many timers.
    """
    if getattr(method, "__self__", None) is not model:
        called = "; write it without parentheses" if method is None else ""
        raise TypeError(f"after(seconds, self.method, ...) takes a method of this model{called}")
    if not (math.isfinite(seconds) and seconds >= 0):
        raise ValueError(f"after({seconds!r}, ...): the seconds from now, 0 or more")
    if len(context.alarms) >= MAX_TIMERS:
        raise ValueError(f"a game may have {MAX_TIMERS} timers at a time")
    name = _attribute(type(model), getattr(method, "__func__", None))
    if is_unplain(getattr(type(model), name)):
        raise TypeError(f"{name} can't be a timer: write it without yield")
    if getattr(model, "HINTS", {}).get(name, {}) is None:
        raise TypeError(f"the annotations of {name} can't be understood; define their types above the class")
    try:
        _signature(getattr(type(model), name)).bind(model, *arguments)
        encoded = _encode_json(arguments)
        # What does not come back now would not when it is due, and then nobody could say from where it came.
        _decoded(model, method, name, encoded)
    except (TypeError, ValueError) as error:
        raise TypeError(f"after(seconds, self.{name}, ...): {error}") from error
    context.last_alarm += 1
    alarm = Alarm(context.last_alarm, context.now + seconds, name, encoded)
    context.alarms = (*context.alarms, alarm)
    return alarm


def call_alarm(model: object, alarm: Alarm) -> None:
    """Call what `set_alarm` was told to."""
    method = getattr(model, alarm.method)
    method(*_decoded(model, method, alarm.method, alarm.arguments))


def _decoded(model: object, method: Callable[..., None], name: str, encoded: bytes) -> list[Any]:
    """The arguments of a method's as they were, by its annotations."""
    hints = getattr(model, "HINTS", {}).get(name) or {}
    parameters = inspect.signature(method).parameters.values()
    names = [each.name for each in parameters if each.kind is not each.KEYWORD_ONLY]
    arguments = []
    for position, value in enumerate(msgspec.json.decode(encoded)):
        # Beyond the last one there can only be one with an asterisk.
        kind = hints.get(names[min(position, len(names) - 1)], Any)
        arguments.append(msgspec.convert(value, kind, str_keys=True) if kind is not Any else value)
    return arguments


def _attribute(model: type, function: object) -> str:
    """Under which name a class has a method: a private one's is not the one that it was written with."""
    for owner in model.__mro__:
        for name, value in vars(owner).items():
            if value is function:
                return name
    raise TypeError("after(seconds, self.method, ...) takes a method that the class has")
