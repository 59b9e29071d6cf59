"""The servers that are measured: gamesvc with and without its journal, and the peers."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from bench.dialects import CLASSIC, COLYSEUS, PLAIN, SOCKET_IO, Dialect

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
        module: of its packages, the one whose version is told.
    """

    name: str
    title: str
    command: Callable[[Places, int, Path], list[str]]
    dialect: Dialect = PLAIN
    needs: Needs = "nothing"
    says: str = "listening on"
    module: str = ""

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


def _gamesvc(journal: str) -> Callable[[Places, int, Path], list[str]]:
    def command(places: Places, port: int, data: Path) -> list[str]:
        return [
            sys.executable,
            "-m",
            "gamesvc",
            f"--port={port}",
            "--game=bench.game:Room",
            f"--journal={journal.format(data=data)}",
            *ROOM_FOR_THE_LOAD,
        ]

    return command


def _python(module: str) -> Callable[[Places, int, Path], list[str]]:
    return lambda places, port, _: [str(places.python), "-m", f"bench.peers.{module}", "--port", str(port)]


def _node(script: str) -> Callable[[Places, int, Path], list[str]]:
    return lambda places, port, _: ["node", str(places.node / script), "--port", str(port)]


GAMESVC = Server("gamesvc", "gamesvc, journal off", _gamesvc("memory"), CLASSIC, says="serving")
GAMESVC_SQLITE = Server(
    "gamesvc-sqlite", "gamesvc, SQLite FULL", _gamesvc("sqlite:{data}/games.sqlite"), CLASSIC, says="serving"
)

SERVERS = (
    GAMESVC,
    GAMESVC_SQLITE,
    Server(
        "epoll",
        "C with epoll (the floor)",
        lambda places, port, _: [str(places.build / "room"), "--port", str(port)],
        needs="compiler",
    ),
    Server("bare", "bare Python", _python("bare_python"), needs="python", module="orjson"),
    Server("ws", "ws", _node("ws.js"), needs="node", module="ws"),
    Server("socket.io", "socket.io", _node("socketio.js"), SOCKET_IO, needs="node", module="socket.io"),
    Server("colyseus", "Colyseus", _node("colyseus.js"), COLYSEUS, needs="node", module="@colyseus/core"),
    Server(
        "websockets", "websockets (broadcast)", _python("websockets_broadcast"), needs="python", module="websockets"
    ),
    Server("threads", "websockets (threads)", _python("websockets_threads"), needs="python", module="websockets"),
    Server("aiohttp", "aiohttp", _python("aiohttp_room"), needs="python", module="aiohttp"),
    Server("autobahn", "Autobahn", _python("plain_autobahn"), needs="python", module="autobahn"),
    Server("picows", "picows", _python("picows_room"), needs="python", module="picows"),
)

BY_NAME = {server.name: server for server in SERVERS}
