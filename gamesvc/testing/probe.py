"""Probe: an instance that looks at its model after each call, before and after that is put in order."""

from __future__ import annotations

import sys
from typing import Any

import msgspec

from gamesvc.context import Context
from gamesvc.derivation import derived
from gamesvc.image import Image, restore
from gamesvc.instance import Instance
from gamesvc.model import GameError, GameModel
from gamesvc.standing import Standing, taken
from gamesvc.testing.chance import AlteredContext, OneDraw
from gamesvc.testing.fault import Fault, line_of
from gamesvc.testing.likeness import difference, shared, shortly

_encode_state = msgspec.msgpack.Encoder().encode


class Plain(Instance):
    """A running model that says what it reveals.

    Args:
        model: its class.
        seed: where its chance comes from.
        standing: how it stands; None for one that is to be opened.
        one: the draw that is to come out otherwise; None for none.

    Attributes:
        found: the first fault in what ran last; None where there is none, or nobody looks.
    """

    found: Fault | None = None

    def __init__(
        self, model: type[GameModel], seed: bytes, standing: Standing | None = None, one: OneDraw | None = None
    ) -> None:
        super().__init__(model, seed)
        if one is not None:
            self._context = self._model._context = AlteredContext(seed, one)
        if standing is not None:
            self.standing = standing
            self.go_back(standing)

    @property
    def revealed(self) -> list[bytes]:
        """What came to light on purpose by what ran last, each as JSON."""
        return self._context.revealed


class Probe(Plain):
    """A running model that is looked at."""

    def _settle(self, before: Image) -> Image:
        model = self._model
        self.found = None
        held = {spec.name: getattr(model, spec.name) for spec in self.kind.FIELDS}
        together = shared({name: value for name, value in held.items() if isinstance(value, _OBJECTS)})
        image = super()._settle(before)
        defaults = attributes_of_default(self.kind) if not before else {}
        for name, value in held.items():
            loaded = getattr(model, name)
            if loaded is value and not isinstance(value, float):
                continue
            found = difference(value, loaded, name, strict=True)
            # What the class line says is put in order once, and can do no harm.
            if found and not (name in defaults and not difference(defaults[name], value, name)):
                self.found = Fault("unstable-state", f"{found}, once it was stored")
                break
        if together and self.found is None:
            self.found = Fault("unstable-state", together)
        return image

    def go_back(self, standing: Standing) -> None:
        error = sys.exc_info()[1]
        self.found = None
        if isinstance(error, GameError):
            dirt = self._dirt(standing)
            if dirt:
                text = f"{dirt} before GameError({error.message!r}) was raised"
                self.found = Fault("dirty-refusal", text, line_of(error))
        super().go_back(standing)

    def _dirt(self, before: Standing) -> str:
        """What a call has done that was then refused."""
        context = self._context
        for spec, encoded in zip(self.kind.FIELDS, before.image, strict=True):
            value = getattr(self._model, spec.name)
            try:
                same = _encode_state(value) == encoded
            # Whatever it is, it was not there before.
            except Exception:
                same = False
            if not same:
                return f"{spec.name} was {shortly(spec.decode(encoded))}, and was changed to {shortly(value)}"
        if context.alarms != before.alarms:
            return "a timer was set or cancelled"
        if context.finished != before.finished:
            return "the game was finished"
        if [event for event in context.events if not event[0].startswith(b'{"event":"gamesvc.')]:
            return f"{context.events[-1][0].decode()} was published"
        return ""

    def rebuilt(self) -> Fault | None:
        """Whether what the model keeps beside its fields is what would be built from them now."""
        kept = dict(self._context.derived)
        if not kept:
            return None
        shadow = look_at(self.kind, self.standing)
        for name, value in kept.items():
            descriptor = getattr(self.kind, name)
            if isinstance(descriptor, derived):
                try:
                    found = difference(value, getattr(shadow, name), name)
                except Exception as error:
                    found = f"{name} can't be built again: {error!r}"
                if found:
                    return Fault("derived", f"{found} when it is built from the fields")
        return None


_OBJECTS = (list, dict, tuple, msgspec.Struct)


def attributes_of_default(kind: type[GameModel]) -> dict[str, Any]:
    """A model's fields as its class line has them."""
    fresh = kind()
    return {spec.name: getattr(fresh, spec.name) for spec in kind.FIELDS}


def look_at(kind: type[GameModel], standing: Standing) -> GameModel:
    """A model as it stands, to look at."""
    model = kind()
    context = model._context = Context(now=standing.now, looks_only=True)
    context.players = taken(standing.seats)
    context.entry, context.finished, context.outcome = standing.entry, standing.finished, standing.outcome
    context.alarms, context.last_alarm = standing.alarms, standing.last_alarm
    restore(model, standing.image)
    return model
