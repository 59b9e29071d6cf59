"""Migration: a state that was stored once, as the model of today has it.

Of the author's code `migrate` runs, where the state is of an older version.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from gamesvc.faults import shown_fault
from gamesvc.image import Image, settle
from gamesvc.model import GameModel


class MigrationError(Exception):
    """A state does not fit the model of today. The message says why, and how its author makes it fit."""


def migrated(model: type[GameModel], state: Mapping[str, bytes | msgspec.Raw], version: int) -> Image:
    """The fields of today.

    Args:
        model: the code of today.
        state: the value of each field, as MessagePack, by name; one that is missing gets its default.
        version: of the model, whose state it was.

    Raises:
        MigrationError: it does not fit, nor does `migrate` make it fit.
    """
    name = model.__name__
    if version > model.VERSION:
        raise MigrationError(f"the state is of version {version} of {name}, and this is version {model.VERSION}")
    if version < model.VERSION:
        state = _brought_forward(model, state, version)
    for each in state:
        if each not in model.TYPES:
            raise MigrationError(
                f"{name} has no field {each!r} any more: raise its version, and take it out of the state in migrate, "
                "in place"
            )
    loaded = model()
    try:
        for field in model.FIELDS:
            if field.name in state:
                setattr(loaded, field.name, field.decode(bytes(state[field.name])))
        return settle(loaded)
    # A type of the author's own may check itself, and fail at that.
    except Exception as error:
        raise MigrationError(
            f"the state does not fit {name}.{field.name}: {error}; was its type changed? "
            "Then raise the version, and have migrate make it fit"
        ) from error


def _brought_forward(
    model: type[GameModel], state: Mapping[str, bytes | msgspec.Raw], version: int
) -> Mapping[str, bytes]:
    values: dict[str, Any] = {name: msgspec.msgpack.decode(value) for name, value in state.items()}
    try:
        model.migrate(values, version)
        return {name: msgspec.msgpack.encode(value) for name, value in values.items()}
    # The author's code, which may raise anything.
    except Exception as error:
        raise MigrationError(f"{model.__name__}.migrate failed at version {version}: {shown_fault(error)}") from error
