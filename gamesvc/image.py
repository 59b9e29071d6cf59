"""Image: a model's fields as bytes, from which they can be loaded again."""

from __future__ import annotations

from typing import Protocol

import msgspec

from gamesvc.context import Context
from gamesvc.fields import FieldSpec

Image = tuple[bytes, ...]
"""A model's fields, each as MessagePack, in their order."""

_PLAIN = frozenset((bool, bytes, float, int, str, type(None)))
_encode_state = msgspec.msgpack.Encoder().encode


class Model(Protocol):
    """What has fields.

    Attributes:
        FIELDS: which.
    """

    _context: Context

    @property
    def FIELDS(self) -> tuple[FieldSpec, ...]: ...


def settle(model: Model, before: Image | None = None) -> Image:
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


def restore(model: Model, image: Image) -> None:
    """Put a model's fields back to what they were. What is derived from them is built again when it is asked for.

    Args:
        model: whose class made the image.
        image: from `settle`.
    """
    model._context.derived.clear()
    for spec, encoded in zip(model.FIELDS, image, strict=True):
        setattr(model, spec.name, spec.decode(encoded))
