"""The servers that are measured: gamesvc with and without its journal, and the peers."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from bench.dialects import (
    CLASSIC,
    COLYSEUS,
    COLYSEUS_STATE,
    PLAIN,
    SOCKET_IO,
    STATE,
    STATE_DEFLATED,
    Dialect,
)

Needs = Literal["nothing", "compiler", "python", "node"]
"""What a server takes to be run, beside what gamesvc itself does."""


class Places(NamedTuple):
    """Where things are.

    Attributes:
        checkout: of gamesvc.
        build: what the benchmark makes.
    """

    checkout: Path
    build: Path

    @property
    def python(self) -> Path:
        """The Python that has the packages of the peers."""
        return self.build / "venv" / "bin" / "python"

    @property
    def node(self) -> Path:
        """Where the peers in JavaScript are, with their packages."""
        return self.build / "node"


@dataclass(frozen=True)
class Server:
    """One that is measured.

    Attributes:
        name: for the command line.
        title: for people.
        command: what starts it, given where things are, the port and a directory for its data.
        dialect: how its clients speak.
        needs: what it takes.
        says: what it prints when it accepts connections.
        modules: those of its packages whose versions are told.
    """

    name: str
    title: str
    command: Callable[[Places, int, Path], list[str]]
    dialect: Dialect = PLAIN
    needs: Needs = "nothing"
    says: str = "listening on"
    modules: tuple[str, ...] = ()

    @property
    def is_ours(self) -> bool:
        """Whether it is gamesvc."""
        return self.name.startswith("gamesvc")


ROOM_FOR_THE_LOAD = (
    "--commands-per-second=1000000",
    "--command-burst=1000000",
    "--frames-per-second=1000000",
)
"""gamesvc's bounds that would stop the load; all others are as they come. Those are raised, not taken away."""


def _gamesvc(journal: str, game: str = "bench.game:Room") -> Callable[[Places, int, Path], list[str]]:
    def command(places: Places, port: int, data: Path) -> list[str]:
        return [
            sys.executable,
            "-m",
            "gamesvc",
            f"--port={port}",
            f"--game={game}",
            f"--journal={journal.format(data=data)}",
            *ROOM_FOR_THE_LOAD,
        ]

    return command


def _python(module: str) -> Callable[[Places, int, Path], list[str]]:
    return lambda places, port, _: [str(places.python), "-m", f"bench.peers.{module}", "--port", str(port)]


def _node(script: str, *more: str) -> Callable[[Places, int, Path], list[str]]:
    return lambda places, port, _: ["node", str(places.node / script), "--port", str(port), *more]


_SQLITE = "sqlite:{data}/games.sqlite"

GAMESVC = Server("gamesvc", "gamesvc, journal off", _gamesvc("memory"), CLASSIC, says="serving")
GAMESVC_SQLITE = Server("gamesvc-sqlite", "gamesvc, SQLite FULL", _gamesvc(_SQLITE), CLASSIC, says="serving")

SERVERS = (
    GAMESVC,
    GAMESVC_SQLITE,
    Server(
        "epoll",
        "C with epoll (the floor)",
        lambda places, port, _: [str(places.build / "room"), "--port", str(port)],
        needs="compiler",
    ),
    Server("bare", "bare Python", _python("bare_python"), needs="python", modules=("orjson",)),
    Server("ws", "ws", _node("ws.js"), needs="node", modules=("ws",)),
    Server("socket.io", "socket.io", _node("socketio.js"), SOCKET_IO, needs="node", modules=("socket.io",)),
    Server("colyseus", "Colyseus", _node("colyseus.js"), COLYSEUS, needs="node", modules=("@colyseus/core",)),
    Server(
        "websockets", "websockets (broadcast)", _python("websockets_broadcast"), needs="python", modules=("websockets",)
    ),
    Server("threads", "websockets (threads)", _python("websockets_threads"), needs="python", modules=("websockets",)),
    Server("aiohttp", "aiohttp", _python("aiohttp_room"), needs="python", modules=("aiohttp",)),
    Server("autobahn", "Autobahn", _python("plain_autobahn"), needs="python", modules=("autobahn",)),
    Server("picows", "picows", _python("picows_room"), needs="python", modules=("picows",)),
)

BY_NAME = {server.name: server for server in SERVERS}

_SCHEMA = ("@colyseus/core", "@colyseus/schema")

PATCHES = Server("gamesvc", "gamesvc", _gamesvc(_SQLITE, "bench.herd:Herd"), STATE, says="serving")
DEFLATED = Server(
    "gamesvc-deflated", "gamesvc, deflated", _gamesvc(_SQLITE, "bench.herd:Herd"), STATE_DEFLATED, says="serving"
)

STATE_SERVERS = (
    PATCHES,
    DEFLATED,
    Server(
        "gamesvc-lists",
        "gamesvc, lists, deflated",
        _gamesvc(_SQLITE, "bench.herd:Columns"),
        STATE_DEFLATED,
        says="serving",
    ),
    Server("colyseus", "Colyseus, float32", _node("colyseus_herd.js"), COLYSEUS_STATE, "node", modules=_SCHEMA),
    Server(
        "colyseus-small",
        "Colyseus, 16 bits",
        _node("colyseus_herd.js", "--small"),
        COLYSEUS_STATE,
        "node",
        modules=_SCHEMA,
    ),
    Server("ws", "ws, whole state", _node("ws_herd.js"), needs="node", modules=("ws",)),
)
"""Those that are asked for the state. Names are as above where it is the same server with another game."""

STATE_BY_NAME = {server.name: server for server in STATE_SERVERS}
