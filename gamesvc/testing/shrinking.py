"""Shrinking: a shorter game that has the same fault."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from gamesvc.model import GameModel
from gamesvc.testing.fault import Fault
from gamesvc.testing.plays import Call
from gamesvc.testing.trial import Trial

_LARGE = 1 << 32

Fails = Callable[[list[Call]], list[Call] | None]
"""The calls up to the one where the fault shows; None where it does not."""


def fault_in(model: type[GameModel], seed: int, calls: list[Call]) -> tuple[Fault, list[Call]] | None:
    """The fault that a game has, and its steps up to there."""
    trial = Trial(model, seed)
    for number, call in enumerate(calls, 1):
        try:
            call.on(trial)
        except Fault as fault:
            return fault, calls[:number]
    return None


def shrunk(
    model: type[GameModel], seed: int, calls: list[Call], fault: Fault, seconds: float
) -> tuple[Fault, list[Call]]:
    """A game that has the same fault, in fewer and simpler steps."""
    until = time.monotonic() + seconds
    last = [fault]

    def fails(fewer: list[Call]) -> list[Call] | None:
        found = fault_in(model, seed, fewer)
        if found is None or found[0].key != fault.key:
            return None
        last[0] = found[0]
        return found[1]

    # What the last step needs is often nothing but the players; and where a step takes long, nothing more can be tried.
    whole = fails([*(call for call in calls[:-1] if call.method in ("open", "join")), calls[-1]]) or fails(calls)
    # It may depend on what was played before, which is a fault of its own; then it is told as it was.
    if whole is None:
        return fault, calls
    calls = simplest(fewest(whole, fails, until), fails, until)
    fails(calls)
    return last[0], calls


def fewest(calls: list[Call], fails: Fails, until: float) -> list[Call]:
    """Leave out what can be left out."""
    size = max(1, len(calls) // 2)
    while time.monotonic() < until:
        at, before = len(calls), len(calls)
        while at > 0 and time.monotonic() < until:
            at -= size
            fewer = fails(calls[: max(at, 0)] + calls[at + size :])
            if fewer is not None:
                calls = fewer
                at = min(at, len(calls))
        if size == 1 and len(calls) == before:
            break
        size = max(1, size // 2)
    return calls


def simplest(calls: list[Call], fails: Fails, until: float) -> list[Call]:
    """Put simpler values in the place of others."""
    place = 0
    while place < len(calls):
        for simpler in _simpler_calls(calls[place]):
            if time.monotonic() > until:
                return calls
            found = fails([*calls[:place], simpler, *calls[place + 1 :]])
            if found is not None and len(found) > place:
                calls = found
                break
        else:
            place += 1
    return calls


def _simpler_calls(call: Call) -> Iterator[Call]:
    if call.method == "swap":
        return
    for name, value in call.named.items():
        for simpler in _simpler(value):
            yield call._replace(named={**call.named, name: simpler})
        rest = {other: each for other, each in call.named.items() if other != name}
        if call.method in ("open", "send"):
            yield call._replace(named=rest)
    if call.method == "advance" and call.positional[0] not in (1.0, 30.0):
        yield from (call._replace(positional=(seconds,)) for seconds in (1.0, 30.0) if seconds < call.positional[0])


def _simpler(value: Any) -> Iterator[Any]:
    """Values that are strictly simpler, so that this comes to an end."""
    if isinstance(value, bool) or value is None:
        return
    if isinstance(value, int):
        # One that is found by the memory that it would take is not halved until there is just enough.
        halves = (value // 2,) if abs(value) < _LARGE else ()
        yield from (each for each in (0, 1, 2, *halves) if abs(each) < abs(value))
    elif isinstance(value, float):
        yield from (each for each in (0.0, 1.0) if abs(each) < abs(value))
    elif isinstance(value, str):
        yield from (each for each in ("", "a", value[: len(value) // 2]) if len(each) < len(value))
    elif isinstance(value, list):
        yield from (value[:index] + value[index + 1 :] for index in range(len(value)))
        for index, part in enumerate(value):
            yield from ([*value[:index], simpler, *value[index + 1 :]] for simpler in _simpler(part))
    elif isinstance(value, dict):
        for key, part in value.items():
            yield {other: each for other, each in value.items() if other != key}
            yield from ({**value, key: simpler} for simpler in _simpler(part))
