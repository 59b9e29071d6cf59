"""What the peers in Python have in common: the rooms by their ids, and what is said in them."""

from __future__ import annotations

import argparse
from typing import Any, Generic, TypeVar

import orjson

C = TypeVar("C")

OK = b'{"status":"ok"}'


class Room(Generic[C]):
    """One game.

    Attributes:
        members: the connections in it.
        seq: the number of the last event.
    """

    __slots__ = ("members", "seq")

    def __init__(self) -> None:
        self.members: set[C] = set()
        self.seq = 0

    def said(self, text: str) -> bytes:
        """The next event, as JSON."""
        self.seq += 1
        return orjson.dumps({"event": "Said", "text": text, "seq": self.seq})


class Rooms(Generic[C]):
    """All games, by their ids."""

    def __init__(self) -> None:
        self._rooms: dict[str, Room[C]] = {}

    def at(self, target: str) -> Room[C]:
        """The game that a request target asks for; a new one where there is none yet."""
        game = target.partition("?")[0].rpartition("/")[2]
        room = self._rooms.get(game)
        if room is None:
            room = self._rooms[game] = Room()
        return room


def answer(text: str) -> bytes:
    """The reply to ``ask``."""
    return orjson.dumps({"status": "ok", "result": text})


def parse(message: bytes | str | memoryview) -> tuple[bool, str]:
    """What a client wants: whether everybody is to hear it, and the text."""
    command: dict[str, Any] = orjson.loads(message)
    return command["command"] == "say", command["text"]


def port() -> int:
    """The port that the command line names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    return int(parser.parse_args().port)


def listening(number: int) -> None:
    """Say that connections are accepted."""
    print(f"listening on {number}", flush=True)
