"""What a viewer may see of a game's state."""

from __future__ import annotations

import math
from typing import Any

import msgspec

from gamesvc.image import Image
from gamesvc.model import GameModel

_encode = msgspec.json.Encoder().encode


def public_state(model: type[GameModel], image: Image) -> bytes:
    """The fields that are no secret, as a JSON object. What is None is left out, at any depth of objects: so that in a
    patch null can mean removed.

    Args:
        model: whose fields these are.
        image: a committed one.
    """
    shown = {
        field.name: _without_none(msgspec.to_builtins(field.decode(encoded), str_keys=True))
        for field, encoded in zip(model.FIELDS, image, strict=True)
        if not field.secret
    }
    return _encode({name: value for name, value in shown.items() if value is not None})


def _without_none(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None  # as JSON has it
    if isinstance(value, dict):
        parts = ((key, _without_none(part)) for key, part in value.items())
        return {key: part for key, part in parts if part is not None}
    if isinstance(value, (list, tuple)):
        return [_without_none(part) for part in value]
    return value
