"""How the clients of a server speak: the address that they ask for, what they say first, and what a command looks like.

`%S` in a command stands for the stamp that the load generator puts in: 17 bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Dialect:
    """One way to speak.

    Attributes:
        target: what a client asks for; with the fields `game` and `player`, both numbers. Where there is a `room`,
            it is not used.
        commands: each command's message, by its name; hexadecimal where `is_hex`.
        first: what a client says when it is connected, in the same form.
        ready: how many messages of the server's it takes until a client is in the game.
        pings: a text message of the server's that has to be answered, and the answer.
        is_hex: whether messages are binary, and written in hexadecimal here.
        header: a line for the head of a client's request; empty: none.
        deflates: whether clients offer permessage-deflate, and insist on it.
        room: of which kind the rooms are in which Colyseus gives clients a seat; empty where it is no Colyseus.
    """

    target: str
    commands: Mapping[str, str] = field(default_factory=dict)
    first: tuple[str, ...] = ()
    ready: int = 0
    pings: tuple[str, str] | None = None
    is_hex: bool = False
    header: str = ""
    deflates: bool = False
    room: str = ""

    def options(self, command: str = "") -> list[str]:
        """What the load generator is told of it.

        Args:
            command: the name of the command that senders send; empty: there are none.
        """
        suffix = "-hex" if self.is_hex else ""
        options = ["--ready", str(self.ready)]
        if command:
            options += [f"--command{suffix}", self.commands[command]]
        if self.deflates:
            options.append("--deflate")
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
    room="talk",
)
"""The addresses are told by its matchmaking: see `bench.crowds`."""

COLYSEUS_STATE = Dialect("{seat}", first=("0a",), ready=2, is_hex=True, room="herd")
"""Who enters gets the description of the state, and then the state."""

STATE = Dialect("/g{game}?player=p{player}&state=1", ready=1, header="Sec-WebSocket-Protocol: gamesvc.v1")
"""gamesvc.v1, with the state in the welcome."""

STATE_DEFLATED = replace(STATE, deflates=True)
