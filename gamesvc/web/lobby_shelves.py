"""Shelves: many small things, each by its name, packed into a few parts of a model's state.

The journal is given each field that has changed, whole; and a field that is no plain value is taken apart after each
command. So a thing lies on one of many shelves, and a shelf is bytes: nothing is written, or read, but where something
has changed.
"""

from __future__ import annotations

from hashlib import blake2b
from types import new_class
from typing import Any, Generic, TypeVar
from zlib import crc32

import msgspec

from gamesvc import GameModel

T = TypeVar("T")

_encode = msgspec.msgpack.Encoder().encode


class Shelves(Generic[T]):
    """Shelves of one sort of things.

    Args:
        name: theirs; the fields are called so, with a number.
        count: how many there are.
        kind: of what lies there.
        most: bytes that each may have.

    Attributes:
        fields: the names of the fields.
        most: as above.
    """

    def __init__(self, name: str, count: int, kind: type[T], most: int) -> None:
        self.fields = tuple(f"{name}_{number}" for number in range(count))
        self.most = most
        self._decode = msgspec.msgpack.Decoder(dict[str, kind]).decode  # type: ignore[valid-type]  # known when it runs

    def field_of(self, name: str, key: bytes) -> str:
        """The field of the shelf on which something lies.

        Args:
            name: that it is sorted by.
            key: secret, so that nobody can make up names that all lie on one shelf. Empty: it is sorted as it was
                before there were keys.
        """
        data = name.encode()
        number = int.from_bytes(blake2b(data, key=key, digest_size=8).digest(), "big") if key else crc32(data)
        return self.fields[number % len(self.fields)]

    def unpacked(self, packed: bytes) -> dict[str, T]:
        """What lies on a shelf, in the order in which it came there."""
        return self._decode(packed) if packed else {}

    def packed(self, shelf: dict[str, T]) -> bytes:
        """A shelf as it is kept."""
        return _encode(shelf) if shelf else b""

    def is_too_full(self, shelf: dict[str, T]) -> bool:
        """Whether more lies on a shelf than there may be."""
        return len(self.packed(shelf)) > self.most


def shelved(name: str, module: str, *sorts: Shelves[Any]) -> Any:
    """A model whose fields are shelves, for another one to go on from.

    Args:
        name: its own.
        module: where it is.
        sorts: of things that lie there.
    """
    fields = [field for shelves in sorts for field in shelves.fields]

    def fill(body: dict[str, Any]) -> None:
        body["__module__"] = module
        body["__annotations__"] = dict.fromkeys(fields, bytes)
        body.update(dict.fromkeys(fields, b""))

    return new_class(name, (GameModel,), {}, fill)
