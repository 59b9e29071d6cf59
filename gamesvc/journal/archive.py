"""A game in a file of its own, to take it to another journal.

The file is a line of text, ``gamesvc game 1``, where 1 is the version of this format; then records, each a letter, its
length (4 bytes, the highest first) and its body:

    G   what this is: JSON with the game's id, when it was written, and by which gamesvc
    S   the snapshot, if there is one, as the journal keeps it: MessagePack
    E   each entry, in order, as the journal keeps it: MessagePack
    Z   the end: BLAKE2b-256 of everything before this record

So a file that is cut off is known for it, and so is one that was changed by accident.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import IO, NamedTuple

import msgspec
from msgspec import Struct

from gamesvc.errors import JournalError
from gamesvc.journal.records import Entry, Snapshot, decode_entry, decode_snapshot, encode

_MARK = b"gamesvc game "
_VERSION = 1
_HEAD = _MARK + b"%d\n" % _VERSION
_DIGEST_BYTES = 32


class About(Struct):
    """What a file says of itself.

    Attributes:
        game: the id that the game had.
        written: when, in seconds since the epoch.
        gamesvc: the version that wrote it.
    """

    game: str
    written: float
    gamesvc: str


class Archive(NamedTuple):
    """What was in a file."""

    about: About
    snapshot: Snapshot | None
    entries: list[Entry]


def write(file: IO[bytes], about: About, snapshot: Snapshot | None, entries: Iterable[Entry]) -> int:
    """Write a game to a file.

    Args:
        file: gets it.
        about: what it is.
        snapshot: the last one, if any.
        entries: all of them, in order.

    Returns:
        How many bytes were written.

    Raises:
        OSError: the file can't be written.
    """
    digest = blake2b(_HEAD, digest_size=_DIGEST_BYTES)
    file.write(_HEAD)
    size = len(_HEAD)
    for letter, body in _records(about, snapshot, entries):
        record = b"%b%b%b" % (letter, len(body).to_bytes(4, "big"), body)
        digest.update(record)
        size += file.write(record)
    end = digest.digest()
    return size + file.write(b"Z%b%b" % (len(end).to_bytes(4, "big"), end))


def read(content: bytes, name: str) -> Archive:
    """Read what was written.

    Args:
        content: of the file.
        name: the file's, for the message.

    Raises:
        JournalError: it is no such file, was cut off or changed, or was written by a newer gamesvc.
    """
    head, newline, _ = content[:32].partition(b"\n")
    version = head.removeprefix(_MARK)
    if not newline or not head.startswith(_MARK) or not version.isdigit():
        raise JournalError(f"{name} is no file that `gamesvc journal export` wrote")
    if int(version) != _VERSION:
        raise JournalError(f"{name} was written by a newer gamesvc: it has format {int(version)}, this one {_VERSION}")
    records = list(_split(memoryview(content), len(head) + 1, name))
    try:
        return _understood(records)
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        raise JournalError(f"{name} holds what this gamesvc does not understand: {error}") from error


def _records(about: About, snapshot: Snapshot | None, entries: Iterable[Entry]) -> Iterator[tuple[bytes, bytes]]:
    yield b"G", msgspec.json.encode(about)
    if snapshot is not None:
        yield b"S", encode(snapshot)
    for entry in entries:
        yield b"E", encode(entry)


def _split(content: memoryview, start: int, name: str) -> Iterator[tuple[bytes, memoryview]]:
    place = start
    while place + 5 <= len(content):
        letter = bytes(content[place : place + 1])
        end = place + 5 + int.from_bytes(content[place + 1 : place + 5], "big")
        body = content[place + 5 : end]
        if end > len(content):
            break
        if letter == b"Z":
            if bytes(body) != blake2b(content[:place], digest_size=_DIGEST_BYTES).digest() or end != len(content):
                raise JournalError(f"{name} was changed or damaged: its checksum is wrong")
            return
        yield letter, body
        place = end
    raise JournalError(f"{name} is cut off, or damaged: its end is missing")


def _understood(records: list[tuple[bytes, memoryview]]) -> Archive:
    about, snapshot = None, None
    entries: list[Entry] = []
    for letter, body in records:
        if letter == b"G":
            about = msgspec.json.decode(body, type=About)
        elif letter == b"S":
            snapshot = decode_snapshot(bytes(body))
        elif letter == b"E":
            entries.append(decode_entry(bytes(body)))
        else:
            raise ValueError(f"a record {letter!r}")
    if about is None:
        raise ValueError("it does not say what it is")
    return Archive(about, snapshot, entries)
