"""Runs: games that are played side by side by the same steps, and what each step comes to in each of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from typing import ClassVar

import msgspec

from gamesvc.context import Player
from gamesvc.model import GameError, GameModel, check_code
from gamesvc.standing import Effect, Standing
from gamesvc.testing.fault import Fault, line_of
from gamesvc.testing.likeness import shortly
from gamesvc.testing.probe import Plain

_encode = msgspec.json.Encoder().encode


class Outcome:
    """What a step has come to in one run.

    Attributes:
        events: what was published, each with who sees it.
        reply: to the player; None where nobody asked.
        refusal: of the model; None where it has refused nothing.
        accepted: whether what was asked for took effect.
        revealed: what came to light on purpose.
        chance: whether chance was taken.
        rung: the timers that were called.
        error: what the model raised, if that was no refusal.
        doing: what it was doing then.
    """

    def __init__(self) -> None:
        self.events: list[tuple[bytes, frozenset[str] | None]] = []
        self.reply: tuple[str, bytes] | None = None
        self.refusal: GameError | None = None
        self.accepted = False
        self.revealed: list[bytes] = []
        self.chance = False
        self.rung: list[tuple[float, str]] = []
        self.error: BaseException | None = None
        self.doing = ""

    def seen_by(self, viewer: Player | None) -> list[bytes]:
        """The events that a viewer sees."""
        return [body for body, to in self.events if to is None or (viewer is not None and viewer in to)]

    def shared_with(self, viewer: Player | None) -> list[bytes]:
        """The events that a viewer sees, but for those that they alone see."""
        return [body for body, to in self.events if to is None or (len(to) > 1 and viewer in to)]

    @property
    def crash(self) -> Fault | None:
        """What the model raised, as a fault; None where it did not."""
        error = self.error
        if error is None:
            return None
        what = f"{self.doing} raised {type(error).__name__}: {error}"
        if isinstance(error, GameError):
            what += ", where nobody is there who could be refused"
        return Fault("crash", what, line_of(error))


class Run:
    """One game that is played.

    Attributes:
        instance: the running model.
        fault: the first one that was found in it, where somebody looks.
        busy_since: when the call began that runs now, of whatever run, by the monotonic clock; None between calls.
    """

    busy_since: ClassVar[float | None] = None

    def __init__(self, instance: Plain) -> None:
        self.instance = instance
        self.fault: Fault | None = None

    @property
    def standing(self) -> Standing:
        """How the game stands."""
        return self.instance.standing

    def do(self, outcome: Outcome, doing: str, call: Callable[[], Effect | None], *, refusable: bool = False) -> None:
        """Have the model do something."""
        if outcome.error is not None:
            return
        self.instance.found = None
        Run.busy_since = time.monotonic()
        try:
            effect = call()
        except GameError as refusal:
            self._note()
            outcome.reply = self._refusal(outcome, doing, refusal)
            outcome.refusal = refusal
            if not refusable and outcome.error is None:
                outcome.error, outcome.doing = refusal, doing
        # Whatever the author's code raises.
        except (Exception, SystemExit) as error:
            outcome.error, outcome.doing = error, doing
        else:
            self._note()
            outcome.accepted = True
            outcome.chance = outcome.chance or self.instance.took_chance
            outcome.revealed += self.instance.revealed
            if effect is not None:
                outcome.events += effect.events
                if refusable:
                    outcome.reply = "ok", effect.result or b""
        finally:
            Run.busy_since = None

    def _note(self) -> None:
        self.fault = self.fault or self.instance.found

    def _refusal(self, outcome: Outcome, doing: str, refusal: GameError) -> tuple[str, bytes]:
        try:
            check_code(refusal.code)
            return str(refusal.code), _encode(str(refusal.message))
        except Exception as error:
            outcome.error, outcome.doing = error, doing
            return "internal_error", b""


MOST_ALARMS = 64
"""Timers that are called within one step; what is due then has to wait."""

Act = Callable[[Run, Outcome], None]
"""A step, as it is made in each run."""


def ring(run: Run, outcome: Outcome, now: float) -> None:
    """Call the timers that are due, each at its time."""
    for _ in range(MOST_ALARMS):
        due = [alarm for alarm in run.standing.alarms if alarm.due <= now]
        if not due or outcome.error is not None:
            return
        alarm = min(due, key=lambda each: (each.due, each.id))
        outcome.rung.append((alarm.due, alarm.method))
        run.do(outcome, f"the timer {alarm.method}", partial(run.instance.alarm, alarm.due, alarm))


def unlike(kind: type[GameModel], one: Outcome, standing: Standing, other: Outcome, after: Standing) -> str:
    """What differs between two runs of the same step; empty where nothing does."""
    if other.error is not None:
        return f"once, {other.doing} raised {other.error!r}"
    if one.reply != other.reply:
        return f"the reply is {one.reply}, and {other.reply}"
    if one.events != other.events:
        return f"the events are {told_events([e for e, _ in one.events], [e for e, _ in other.events])}"
    for spec, here, there in zip(kind.FIELDS, standing.image, after.image, strict=True):
        if here != there:
            return f"{spec.name} is {shortly(spec.decode(here))}, and {shortly(spec.decode(there))}"
    if standing != after:
        return "the timers, or the end of the game"
    return ""


def told_events(one: list[bytes], other: list[bytes]) -> str:
    """Events that differ, for people."""
    return f"{shortly([each.decode() for each in one])} and {shortly([each.decode() for each in other])}"


def named(viewer: Player | None) -> str:
    """A viewer, for people."""
    return "who watches" if viewer is None else repr(str(viewer))


def seed_bytes(seed: int) -> bytes:
    """A game's seed, of a number."""
    return sha256(b"gamesvc check %d" % seed).digest()
