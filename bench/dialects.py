"""How the clients of a server speak: the address that they ask for, what they say first, and what a command looks like.

`%S` in a command stands for the stamp that the load generator puts in: 17 bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Dialect:
    """One way to speak.

    Attributes:
        target: what a client asks for; with the fields `game` and `player`, both numbers.
        commands: each command's message, by its name; hexadecimal where `is_hex`.
        first: what a client says when it is connected, in the same form.
        ready: how many messages of the server's it takes until a client is in the game.
        pings: a text message of the server's that has to be answered, and the answer.
        is_hex: whether messages are binary, and written in hexadecimal here.
    """

    target: str
    commands: Mapping[str, str]
    first: tuple[str, ...] = ()
    ready: int = 0
    pings: tuple[str, str] | None = None
    is_hex: bool = False

    def options(self, command: str) -> list[str]:
        """What the load generator is told of it.

        Args:
            command: the name of the command that senders send.
        """
        suffix = "-hex" if self.is_hex else ""
        options = [f"--command{suffix}", self.commands[command], "--ready", str(self.ready)]
        for message in self.first:
            options += [f"--first{suffix}", message]
        if self.pings is not None:
            options += ["--ping-reply-text", *self.pings]
        return options


_JSON = {name: f'{{"command":"{name}","text":"%S"}}' for name in ("say", "ask")}

PLAIN = Dialect("/g{game}", _JSON)
"""A room of the peers."""

CLASSIC = Dialect("/g{game}?player=p{player}", _JSON)
"""gamesvc, to a client that asks for no subprotocol."""

SOCKET_IO = Dialect(
    "/socket.io/?EIO=4&transport=websocket&game=g{game}",
    # An event with the acknowledgement 0.
    {name: f'420["{name}",{{"text":"%S"}}]' for name in ("say", "ask")},
    first=("40",),
    ready=2,
    pings=("2", "3"),
)


def _request(name: str) -> str:
    """Colyseus: request 0, with a name and a MessagePack map of one text."""
    return (b"\x15\x00" + bytes((0xA0 | len(name),)) + name.encode() + b"\x81\xa4text\xb1%S").hex()


COLYSEUS = Dialect(
    "{seat}",
    {name: _request(name) for name in ("say", "ask")},
    first=("0a",),
    ready=1,
    is_hex=True,
)
"""The addresses are told by its matchmaking: see `bench.matchmaking`."""
