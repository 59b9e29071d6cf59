"""GameModel, Event, command, GameError: a game's state and rules, and nothing about networks.

A model is a msgspec Struct. Its annotated fields are its state, all of it; a method marked with `command` is what
players can do. What gamesvc lends a model while it runs (the players, the time, chance, where events go) lies in one
slot beside the fields, a `Context`.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NewType, TypeVar, dataclass_transform

import msgspec
from msgspec import Struct, field

from gamesvc.alarms import set_alarm
from gamesvc.context import Context, Player
from gamesvc.definition import EventMeta, ModelMeta
from gamesvc.derivation import derived
from gamesvc.errors import ERROR_CODES, REFUSED, DefinitionError
from gamesvc.fields import FieldSpec, Own, Secret, shown_value
from gamesvc.moves import Move
from gamesvc.signatures import CommandSpec, NoOptions, mark_command

__all__ = [
    "Context",
    "DefinitionError",
    "Event",
    "GameError",
    "GameModel",
    "Move",
    "Own",
    "Player",
    "Secret",
    "Timer",
    "command",
    "derived",
    "field",
]

Timer = NewType("Timer", int)
"""What `GameModel.after` returns. It may be kept in a field."""

F = TypeVar("F", bound=Callable[..., Any])
M = TypeVar("M", bound="GameModel")
T = TypeVar("T")

_MAX_NAME = 64
_CODE = re.compile(r"[a-z][a-z0-9_]{0,63}")
_encode_json = msgspec.json.Encoder().encode


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

    def __init__(self, message: str = REFUSED.message, *, code: str | None = None) -> None:
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


def command(method: F | None = None) -> F:
    """Mark a model's method as something that players can do.

    Its arguments after ``player`` are the keys of the client's message, and their annotations are checked. What it
    returns, other than None, is the ``result`` of the reply.

    Raises:
        DefinitionError: it is no plain method.
    """
    mark_command(method)
    return method  # type: ignore[return-value]  # None, as in `@command()`, is refused


class _ContextSlot:
    # A Struct has no room for what is not a field; a base with a slot does.
    __slots__ = ("_context",)
    _context: Context


if TYPE_CHECKING:

    @dataclass_transform(field_specifiers=(field,))
    class _Model:
        """What type checkers see: fields become arguments, and the class takes keywords."""

        _context: Context
        FIELDS: ClassVar[tuple[FieldSpec, ...]]
        VERSION: ClassVar[int]
        DURABILITY: ClassVar[str]
        TYPES: ClassVar[dict[str, Any]]
        COMMANDS: ClassVar[dict[str, CommandSpec]]
        HINTS: ClassVar[dict[str, dict[str, Any] | None]]
        HOOKS: ClassVar[frozenset[str]]
        OPTIONS: ClassVar[type[Struct]]
        SEATS: ClassVar[tuple[int, int] | None]
        TICK: ClassVar[float | None]
        ENDLESS: ClassVar[bool]
        BLOCKING: ClassVar[bool]
        KEEPS_HISTORY: ClassVar[bool]

        def __init_subclass__(
            cls,
            *,
            seats: int | tuple[int, int] | None = None,
            version: int = 1,
            durability: str = "every",
            tick: float | None = None,
            endless: bool = False,
            blocking: bool = False,
        ) -> None: ...

else:

    class _Model(_ContextSlot, Struct, metaclass=ModelMeta):
        FIELDS: ClassVar = ()
        VERSION: ClassVar = 1
        DURABILITY: ClassVar = "every"
        TYPES: ClassVar = {}
        COMMANDS: ClassVar = {}
        HINTS: ClassVar = {}
        HOOKS: ClassVar = frozenset()
        OPTIONS: ClassVar = NoOptions
        SEATS: ClassVar = None
        TICK: ClassVar = None
        ENDLESS: ClassVar = False
        BLOCKING: ClassVar = False
        # For gamesvc's own: whether the journal keeps how a game came to stand as it does.
        KEEPS_HISTORY: ClassVar = True


class GameModel(_Model):
    """A game: subclass it, annotate its state, mark its commands.

    Class keywords:

    - ``seats``: how many play, as ``2`` or ``(2, 4)`` for two to four. Commands wait until they are taken. Without it,
      everybody who enters plays from the start.
    - ``version``: 1, and one more each time the fields change so that `migrate` has something to do.
    - ``durability``: ``"every"`` command is durable before anybody hears of it; or a ``"snapshot"`` is, every few
      seconds; or ``"none"`` but the one that is made when the game is put to sleep or the server stops in order.
    - ``tick``: how often in a second `on_tick` runs. Commands wait for the next tick, and take effect just before it.
    - ``endless``: whether the game need not end, although it has seats. Only `gamesvc check` asks.
    - ``blocking``: whether its methods may take long or wait for something. Then all but `view` and `migrate`, which
      have to be quick, run in a thread, still one at a time; without it they would hold up all other games.

    A model is deterministic and does no I/O: time and chance come from `now` and `random`.
    """

    def setup(self) -> None:
        """Runs once, when the game is created. Override it where defaults don't suffice.

        Its arguments, if it has any, are the options of the game, and what a creator may choose: each with a type and a
        default.
        """

    @classmethod
    def migrate(cls, state: dict[str, Any], version: int) -> None:
        """Bring the state of an older version of this class up to date. Override it where the fields have changed.

        Args:
            state: the fields by name, as numbers, text, lists and dicts: change it in place. A field that is missing
                in the end gets its default; one that the class does not have is a fault.
            version: the class's, when the state was made.
        """

    def on_join(self, player: Player) -> None:
        """A player takes a seat. `GameError` refuses it: then they watch.

        Args:
            player: who. They are among `players` already.
        """

    def on_start(self) -> None:
        """All seats that are needed are taken, for the first time: time to deal. Commands are taken from now on, as
        long as so many are taken."""

    def on_leave(self, player: Player) -> None:
        """A player gives their seat up after the game has begun. Without this hook nobody can; `GameError` refuses it.

        Args:
            player: who. They are no longer among `players`.
        """

    def on_away(self, player: Player) -> None:
        """A player has had no connection for 5 s.

        Args:
            player: who. Of a model with seats, those who have one; of one without, all who entered.
        """

    def on_back(self, player: Player) -> None:
        """A player is there who was not: one who was away is back; or one who comes for the first time, where that
        took no seat: in a game without seats, or where somebody else's token had named them.

        Args:
            player: who.
        """

    def on_tick(self) -> None:
        """Runs ``tick`` times a second, while somebody is connected and the game has begun and is not over."""

    def view(self, viewer: Player | None) -> dict[str, Any]:
        """What a viewer is shown of the state: the fields, without those that are `Secret`, and of those that are `Own`
        the viewer's own entry. Override it where that does not suffice; start from ``super().view(viewer)``.

        It changes nothing, and takes no chance.

        Args:
            viewer: a player; None for spectators.

        Returns:
            What becomes a JSON object. What is None is left out.
        """
        return {
            spec.name: shown_value(spec, getattr(self, spec.name), viewer) for spec in self.FIELDS if not spec.secret
        }

    def legal(self, player: Player) -> Iterable[Move]:
        """What a player may do now to play on: clients show it, bots choose among it, `gamesvc check` plays it. It is
        part of the player's view, so it names nothing that they may not know. Override it where the moves can be
        counted; it is asked only while the game goes on.

        It changes nothing, and takes no chance. It may `yield` the moves.

        Args:
            player: who plays.

        Returns:
            The moves; none where it is not their turn. What only ends the game (to resign) is better left out: bots
            that know nothing of the game choose any.
        """
        return ()

    def determinize(self, player: Player, view: dict[str, Any]) -> None:
        """Fill in what a player may not see with what it might be, as far as they know. Override it in a game with
        secrets, so that the bot ``search`` can play it: it thinks ahead from many such states.

        The fields that stand in the player's view are set; `random` is another one each time.

        Args:
            player: who thinks ahead.
            view: theirs, as JSON gives it.
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

    def reveal(self, value: T) -> T:
        """Say that a secret comes to light here on purpose: a hit, a showdown. Changes nothing: `gamesvc check` asks
        whether secrets come to light otherwise.

        Args:
            value: what is told of it.

        Returns:
            The same.
        """
        self._context.revealed.append(_encode_json(value))
        return value

    def after(self, seconds: float, method: Callable[..., None], *arguments: Any) -> Timer:
        """Have a method of this model called later, whatever happens to the server meanwhile.

        Args:
            seconds: how much later.
            method: ``self.time_up``, say.
            arguments: what it is called with. They are stored, and checked against its annotations when it is called.

        Returns:
            What `cancel` takes.

        Raises:
            TypeError: it is no method of this model, does not take these arguments, or they don't fit its annotations
                or can't be stored.
            ValueError: `seconds` is negative or not finite, or the game has too many timers.
        """
        return Timer(set_alarm(self, self._context, seconds, method, arguments).id)

    def cancel(self, timer: Timer) -> bool:
        """Have what `after` promised not happen. Returns whether it was still to come."""
        alarms = self._context.alarms
        self._context.alarms = tuple(alarm for alarm in alarms if alarm.id != timer)
        return len(self._context.alarms) < len(alarms)

    def finish(self, event: Event | None = None) -> None:
        """End the game: later commands are refused with ``game_over``, and no timer runs any more.

        Args:
            event: how it ended: published as the last one, and shown to all who come later.

        Raises:
            TypeError, ValueError: as `publish` does.
        """
        if event is not None:
            self.publish(event)
            self._context.outcome = self._context.events[-1][0]
        self._context.finished = True


def start(kind: type[M], context: Context, options: Mapping[str, Any] | None = None) -> M:
    """A new game.

    Args:
        kind: the model's class.
        context: what it is lent, for as long as it lives.
        options: of `setup`, checked; None: its defaults.
    """
    model = kind()
    model._context = context
    model.setup(**(options or {}))
    return model
