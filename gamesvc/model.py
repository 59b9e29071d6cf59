"""GameModel, Event, command, GameError: a game's state and rules, and nothing about networks.

A model is a msgspec Struct. Its annotated fields are its state, all of it; a method marked with `command` is what
players can do. What gamesvc lends a model while it runs (the players, the time, chance, where events go) lies in one
slot beside the fields, a `Context`.
"""

from __future__ import annotations

import inspect
import math
import random
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, NewType, TypeVar, dataclass_transform

import msgspec
from msgspec import Struct, field

from gamesvc.definition import CommandSpec, EventMeta, ModelMeta, mark_command
from gamesvc.errors import ERROR_CODES, REFUSED, DefinitionError
from gamesvc.fields import FieldSpec, Secret

__all__ = [
    "Context",
    "DefinitionError",
    "Event",
    "GameError",
    "GameModel",
    "Player",
    "Secret",
    "Timer",
    "command",
    "field",
]

Player = NewType("Player", str)
"""A player's name: what ``sub`` of the token says."""

Timer = NewType("Timer", int)
"""What `GameModel.after` returns. It may be kept in a field."""

Image = tuple[bytes, ...]
"""A model's fields, each as MessagePack, in their order."""

F = TypeVar("F", bound=Callable[..., Any])
M = TypeVar("M", bound="GameModel")

MAX_TIMERS = 256
"""Timers that a game may have at a time."""

_MAX_NAME = 64
_PLAIN = frozenset((bool, bytes, float, int, str, type(None)))
_CODE = re.compile(r"[a-z][a-z0-9_]{0,63}")
_encode_json = msgspec.json.Encoder().encode
_encode_state = msgspec.msgpack.Encoder().encode


class GameError(Exception):
    """Raised by a command to refuse it: the state is as before, nothing is published, and the player gets the reason.

    Args:
        message: why, for the player.
        code: why, for the client program: lower case letters, digits and '_'. None of the codes of gamesvc itself.

    Raises:
        DefinitionError: the code is not usable.
    """

    # For subclasses that don't call this class's __init__.
    message: str = REFUSED.message
    code: str = REFUSED.code

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        check_code(cls.code)

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = str(message)  # `raise GameError(error)` is what people write, with an exception
        if code is not None:
            check_code(code)
            self.code = code


def check_code(code: object) -> None:
    """See to it that a code is one that a game may use.

    Raises:
        DefinitionError: it is not.
    """
    if not isinstance(code, str) or not _CODE.fullmatch(code):
        raise DefinitionError(f"GameError code {code!r}: write lower case letters, digits and '_', at most 64")
    if code in ERROR_CODES and code != REFUSED.code:
        raise DefinitionError(f"GameError code {code!r} is one of gamesvc's own: choose another")


class Event(Struct, metaclass=EventMeta, tag=True, tag_field="event"):
    """Something that happened in a game, for everybody who may know. Subclass it and annotate fields; its name on the
    wire is the class's name."""


def command(method: F) -> F:
    """Mark a model's method as something that players can do.

    Its arguments after ``player`` are the keys of the client's message, and their annotations are checked. What it
    returns, other than None, is the ``result`` of the reply.

    Raises:
        DefinitionError: it is no plain method.
    """
    mark_command(method)
    return method


class Alarm(NamedTuple):
    """A call that is to come.

    Attributes:
        id: what the model knows it by.
        due: when, in seconds since the epoch.
        method: the model's, by name.
        arguments: JSON array.
    """

    id: int
    due: float
    method: str
    arguments: bytes


class Context:
    """What a model is lent: who plays, the time, chance, timers, and where events go.

    Attributes:
        players: the names in the order of the seats, those that are taken.
        seed: secret of the game, from which all chance comes.
        now: time of the entry, in seconds since the epoch.
        entry: number of the entry: one more with each command.
        events: what the running command has published: encoded, each with the players who see it (None: everybody).
        finished: whether the game is over.
        alarms: what is to come.
        last_alarm: the highest id that one has had.
    """

    __slots__ = ("_random", "alarms", "entry", "events", "finished", "last_alarm", "now", "players", "seed")

    def __init__(self, seed: bytes = b"", now: float = 0.0) -> None:
        self.players: tuple[Player, ...] = ()
        self.seed = seed
        self.now = now
        self.entry = 0
        self.events: list[tuple[bytes, frozenset[str] | None]] = []
        self.finished = False
        self.alarms: tuple[Alarm, ...] = ()
        self.last_alarm = 0
        self._random: random.Random | None = None

    def begin(self, entry: int, now: float) -> None:
        """Start an entry.

        Args:
            entry: its number. Where one that was begun did not happen, the next has its number, and so its chance: who
                is refused can't get another throw of the dice by it.
            now: its time; where that is earlier than the entry before, it is that one's.
        """
        self.now = max(self.now, now)
        self.entry = entry
        self.events = []
        self._random = None

    @property
    def took_chance(self) -> bool:
        """Whether this entry has asked for chance."""
        return self._random is not None

    @property
    def random(self) -> random.Random:
        """Chance, the same whenever this entry is run again."""
        if self._random is None:
            self._random = random.Random(self.seed + self.entry.to_bytes(8, "big"))
        return self._random


class _ContextSlot:
    # A Struct has no room for what is not a field; a base with a slot does.
    __slots__ = ("_context",)
    _context: Context


if TYPE_CHECKING:

    @dataclass_transform(field_specifiers=(field,))
    class _Model:
        """What type checkers see: fields become arguments, and the class takes ``seats``."""

        _context: Context
        FIELDS: ClassVar[tuple[FieldSpec, ...]]
        VERSION: ClassVar[int]
        DURABILITY: ClassVar[str]
        TYPES: ClassVar[dict[str, Any]]
        COMMANDS: ClassVar[dict[str, CommandSpec]]
        HINTS: ClassVar[dict[str, dict[str, Any] | None]]
        SEATS: ClassVar[tuple[int, int] | None]

        def __init_subclass__(
            cls, *, seats: int | tuple[int, int] | None = None, version: int = 1, durability: str = "every"
        ) -> None: ...

else:

    class _Model(_ContextSlot, Struct, metaclass=ModelMeta):
        FIELDS: ClassVar = ()
        VERSION: ClassVar = 1
        DURABILITY: ClassVar = "every"
        TYPES: ClassVar = {}
        COMMANDS: ClassVar = {}
        HINTS: ClassVar = {}
        SEATS: ClassVar = None


class GameModel(_Model):
    """A game: subclass it, annotate its state, mark its commands.

    Class keywords:

    - ``seats``: how many play, as ``2`` or ``(2, 4)`` for two to four. Commands wait until they are taken. Without it,
      everybody who enters plays from the start.
    - ``version``: 1, and one more each time the fields change so that `migrate` has something to do.
    - ``durability``: ``"every"`` command is durable before anybody hears of it; or a ``"snapshot"`` is, every few
      seconds; or ``"none"`` but the one that is made when the game is put to sleep or the server stops in order.

    A model is deterministic and does no I/O: time and chance come from `now` and `random`.
    """

    def setup(self) -> None:
        """Runs once, when the game is created. Override it where defaults don't suffice."""

    @classmethod
    def migrate(cls, state: dict[str, Any], version: int) -> None:
        """Bring the state of an older version of this class up to date. Override it where the fields have changed.

        Args:
            state: the fields by name, as numbers, text, lists and dicts: change it in place. A field that is missing
                in the end gets its default; one that the class does not have is a fault.
            version: the class's, when the state was made.
        """

    @property
    def players(self) -> tuple[Player, ...]:
        """The players in the order of their seats; empty for a model without seats."""
        return self._context.players

    @property
    def now(self) -> float:
        """When the running command came, in seconds since the epoch. Never runs backwards."""
        return self._context.now

    @property
    def random(self) -> random.Random:
        """Chance: secret, and the same if this command is run again."""
        return self._context.random

    def publish(self, event: Event, to: Iterable[Player] | None = None) -> None:
        """Show an event, once the command has taken effect.

        Args:
            event: what happened. Its values are taken as they are now.
            to: the players who see it; None for everybody.

        Raises:
            TypeError: it is no Event, holds what can't be sent, or `to` is a single name.
            ValueError: `to` names somebody who has no seat, or what can be no name.
        """
        if not isinstance(event, Event):
            raise TypeError(f"publish takes an Event, not {type(event).__name__}")
        if isinstance(to, str):
            raise TypeError("publish(..., to=[player]) takes a list of players, not one name")
        audience = None if to is None else frozenset(to)
        if audience is not None and not all(0 < len(name) <= _MAX_NAME for name in audience):
            raise ValueError(f"publish(..., to=...) names somebody whose name has not 1 to {_MAX_NAME} characters")
        if audience is not None and self.SEATS is not None and not audience.issubset(self.players):
            raise ValueError("publish(..., to=...) names somebody who has no seat")
        self._context.events.append((_encode_json(event), audience))

    def after(self, seconds: float, method: Callable[..., None], *arguments: Any) -> Timer:
        """Have a method of this model called later, whatever happens to the server meanwhile.

        Args:
            seconds: how much later.
            method: ``self.time_up``, say.
            arguments: what it is called with. They are stored, and checked against its annotations when it is called.

        Returns:
            What `cancel` takes.

        Raises:
            TypeError: it is no method of this model, does not take these arguments, or they can't be stored.
            ValueError: `seconds` is negative or not finite, or the game has too many timers.
        """
        if getattr(method, "__self__", None) is not self:
            raise TypeError("after(seconds, self.method, ...) takes a method of this model")
        if not (math.isfinite(seconds) and seconds >= 0):
            raise ValueError(f"after({seconds!r}, ...): the seconds from now, 0 or more")
        context = self._context
        if len(context.alarms) >= MAX_TIMERS:
            raise ValueError(f"a game may have {MAX_TIMERS} timers at a time")
        inspect.signature(method).bind(*arguments)
        context.last_alarm += 1
        name = _attribute(type(self), getattr(method, "__func__", None))
        if self.HINTS.get(name, {}) is None:
            raise TypeError(f"the annotations of {name} can't be understood; define their types above the class")
        alarm = Alarm(context.last_alarm, context.now + seconds, name, _encode_json(arguments))
        context.alarms = (*context.alarms, alarm)
        return Timer(alarm.id)

    def cancel(self, timer: Timer) -> bool:
        """Have what `after` promised not happen. Returns whether it was still to come."""
        alarms = self._context.alarms
        self._context.alarms = tuple(alarm for alarm in alarms if alarm.id != timer)
        return len(self._context.alarms) < len(alarms)

    def finish(self, event: Event | None = None) -> None:
        """End the game: later commands are refused with ``game_over``, and no timer runs any more.

        Args:
            event: published as the last one.
        """
        if event is not None:
            self.publish(event)
        self._context.finished = True


def start(kind: type[M], context: Context) -> M:
    """A new game.

    Args:
        kind: the model's class.
        context: what it is lent, for as long as it lives.
    """
    model = kind()
    model._context = context
    model.setup()
    return model


def call_alarm(model: GameModel, alarm: Alarm) -> None:
    """Call what `GameModel.after` was told to."""
    method = getattr(model, alarm.method)
    hints = model.HINTS.get(alarm.method) or {}
    parameters = inspect.signature(method).parameters.values()
    names = [each.name for each in parameters if each.kind is not each.KEYWORD_ONLY]
    arguments = []
    for position, value in enumerate(msgspec.json.decode(alarm.arguments)):
        # Beyond the last one there can only be one with an asterisk.
        kind = hints.get(names[min(position, len(names) - 1)], Any)
        arguments.append(msgspec.convert(value, kind, str_keys=True) if kind is not Any else value)
    method(*arguments)


def _attribute(model: type[GameModel], function: object) -> str:
    """Under which name a class has a method: a private one's is not the one that it was written with."""
    for owner in model.__mro__:
        for name, value in vars(owner).items():
            if value is function:
                return name
    raise TypeError("after(seconds, self.method, ...) takes a method that the class has")


def settle(model: GameModel, before: Image | None = None) -> Image:
    """Encode the fields of a model, and load them again, so that it is from now on as if it had been restored: two
    fields that shared an object have one each, and a whole number in a field for fractions is a fraction.

    Args:
        model: as a command left it.
        before: its image before the command. Values that are the same, and can't be shared, are not loaded again.

    Returns:
        The image; `before` itself where nothing has changed.

    Raises:
        TypeError: a field holds what its type does not allow. Some fields may have been loaded again.
    """
    image = []
    changed = before is None
    for position, spec in enumerate(model.FIELDS):
        value = getattr(model, spec.name)
        try:
            encoded = _encode_state(value)
            same = before is not None and before[position] == encoded
            # What looks the same when it is stored may be of another type, such as an Enum in a field for text.
            if not (same and spec.plain and type(value) in _PLAIN):
                loaded = spec.decode(encoded)
                setattr(model, spec.name, loaded)
                if not same:
                    # A whole number in a field for fractions is stored as a fraction, too.
                    encoded = _encode_state(loaded)
            if not same:
                changed = True
        except Exception as error:
            raise TypeError(f"the field {spec.name} holds what its type does not allow: {error}") from error
        image.append(encoded)
    return tuple(image) if changed or before is None else before


def restore(model: GameModel, image: Image) -> None:
    """Put a model's fields back to what they were.

    Args:
        model: whose class made the image.
        image: from `settle`.
    """
    for spec, encoded in zip(model.FIELDS, image, strict=True):
        setattr(model, spec.name, spec.decode(encoded))
