"""What the code of today does otherwise than the code did whose effects the journal has."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from traceback import walk_tb
from typing import Any, NamedTuple

import msgspec

from gamesvc.journal.records import Entry, Published, Timer
from gamesvc.model import GameError, GameModel
from gamesvc.recovery import RecoveryError, Replayed
from gamesvc.replay import Refused, Replay
from gamesvc.standing import Effect
from gamesvc.telling import fault_name

_sorted_json = msgspec.json.Encoder(order="sorted").encode
_NOTHING = "nothing"


class Change(NamedTuple):
    """One thing that goes another way today.

    Attributes:
        what: the event, the field or whatever it is.
        then: what the journal has, as a text.
        today: what the code does now.
    """

    what: str
    then: str
    today: str


class Comparison:
    """Runs a game again, entry by entry, and compares. After a difference the two are different games; `skip` leads to
    where they can be compared again.

    Fields are compared where both are of the same version of the model: in a game that began with an older one, from
    where it was brought to today's. From there on today's code goes on with the state that the game had then.

    Args:
        model: the code of today.
        seed: where the game's chance comes from.
    """

    def __init__(self, model: type[GameModel], seed: bytes) -> None:
        self._model = model
        self._replay = Replay(model, seed)
        self._then = Replayed()

    def take(self, entry: Entry) -> list[Change]:
        """Run the next entry again.

        Returns:
            What differs. Fields that only one of the two has are not compared: see `uncompared`. None are while
            `compares_fields` is false.

        Raises:
            RecoveryError: it is not the next.
        """
        self._then.take(entry)
        try:
            self._replay.again(entry)
        except KeyboardInterrupt:
            raise
        # Whatever the author's code raises, SystemExit, too.
        except BaseException as error:
            then = "took effect" if not entry.fault else f"failed: {fault_name(entry)}"
            return [Change("outcome", then, _outcome(error))]
        effect = self._replay.effect
        assert effect is not None, "it was done"
        return [change for change in self._changes(entry, effect) if change.then != change.today]

    def skip(self, entry: Entry) -> list[Change]:
        """Take the next entry as it was, without running it again. Where its fields are of the model's version, the
        next one can be run again: it begins with what the journal has.

        Returns:
            Why it can't be, if the fields do not fit the model.

        Raises:
            RecoveryError: it is not the next.
        """
        self._then.take(entry)
        opening = self._then.opening
        if opening is None or not self.compares_fields:
            return []
        try:
            self._replay = Replay(self._model, opening.seed, self._then.standing(self._model))
        except RecoveryError as error:
            return [Change("outcome", "took effect", str(error))]
        return []

    @property
    def compares_fields(self) -> bool:
        """Whether the fields that the journal has are of the model's version."""
        return self._then.opening is not None and self._then.opening.version == self._model.VERSION

    def uncompared(self) -> tuple[list[str], list[str]]:
        """The fields that only the model of today has, and those that only the journal has."""
        old, new = set(self._then.state), {field.name for field in self._model.FIELDS}
        return sorted(new - old), sorted(old - new)

    def _changes(self, entry: Entry, effect: Effect) -> Iterator[Change]:
        today = effect.entry(self._model, entry.kind)
        yield Change("outcome", _fault(fault_name(entry)), _fault(self._replay.fault))
        for number, (old, new) in enumerate(zip_longest(entry.events, today.events), 1):
            yield _change(f"event {number}", _event(old), _event(new))
        yield _change("result", _json(entry.result), _json(today.result))
        if self.compares_fields:
            for field, new_value in zip(self._model.FIELDS, effect.after.image, strict=True):
                old_value = self._then.state.get(field.name)
                if old_value is not None and bytes(old_value) != new_value:
                    yield _change(field.name, _stored(old_value), _stored(new_value))
        yield _change("seats", _seats(self._then.seats), _seats(effect.after.seats))
        yield _change(
            "timers", _timers(self._then.timers), _timers(tuple(Timer(*each) for each in effect.after.alarms))
        )
        yield _change("timers so far", self._then.last_timer, effect.after.last_alarm)
        yield _change("started", self._then.started, effect.after.started)
        yield _change("connected", sorted(self._then.here), sorted(effect.after.here))
        yield _change("bots", self._then.bots, effect.after.bots)
        yield _change("finished", self._then.finished, effect.after.finished)
        yield _change("finished with", _json(self._then.outcome or None), _json(effect.after.outcome or None))


def _change(what: str, then: Any, today: Any) -> Change:
    # Whatever the order of keys: to who gets an object it is the same.
    if _sorted_json(then) == _sorted_json(today):
        return Change(what, "", "")
    return Change(what, _text(then), _text(today))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _event(event: Published | None) -> Any:
    if event is None:
        return _NOTHING
    body = _json(event.body)
    return body if event.to is None else {"to": list(event.to), "event": body}


def _json(encoded: bytes | None) -> Any:
    return _NOTHING if encoded is None else msgspec.json.decode(encoded)


def _stored(encoded: bytes | msgspec.Raw) -> Any:
    return msgspec.to_builtins(msgspec.msgpack.decode(encoded), str_keys=True)


def _seats(seats: tuple[str | None, ...]) -> list[str | None]:
    taken = [seat for seat, name in enumerate(seats, 1) if name is not None]
    return list(seats[: max(taken, default=0)])


def _timers(timers: tuple[Timer, ...]) -> list[Any]:
    return [
        {"id": timer.id, "due": timer.due, "method": timer.method, "arguments": _json(timer.arguments)}
        for timer in timers
    ]


def _fault(name: str) -> str:
    return f"failed: {name}" if name else "took effect"


def _outcome(error: BaseException) -> str:
    if isinstance(error, GameError):
        return f"refused ({error.code}): {error.message}"
    if isinstance(error, Refused):
        return f"refused: {error}"
    # The innermost line that is not ours is the author's.
    frames = [
        (frame.f_code.co_filename, line)
        for frame, line in walk_tb(error.__traceback__)
        if not frame.f_globals.get("__name__", "").startswith("gamesvc.")
    ]
    where = " ({}, line {})".format(*frames[-1]) if frames else ""
    return f"failed: {type(error).__name__}: {error}{where}"
