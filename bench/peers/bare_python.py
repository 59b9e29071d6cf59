"""The least that a server written in Python can do: sockets, epoll, and as little of WebSocket as the load needs.

No limits, no fragments, no buffers (what a socket does not take is lost), no errors: nobody could use it. It shows
which part of what a server in Python costs is the price of Python and of the kernel.
"""

from __future__ import annotations

import select
import socket
from base64 import b64encode
from hashlib import sha1

from bench.peers.rooms import OK, Room, Rooms, answer, listening, parse, port

_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_TEXT, _CLOSE = 0x81, 0x88


class Member:
    """One connection."""

    __slots__ = ("line", "receive", "room", "send")

    def __init__(self, line: socket.socket) -> None:
        self.line = line
        self.receive = line.recv
        self.send = line.send
        self.room: Room[Member] | None = None


def main() -> None:
    number = port()
    listener = socket.create_server(("127.0.0.1", number), backlog=1024)
    poll = select.epoll()
    poll.register(listener, select.EPOLLIN)
    members: dict[int, Member] = {}
    rooms: Rooms[Member] = Rooms()
    listening(number)
    while True:
        for descriptor, _ in poll.poll():
            if descriptor == listener.fileno():
                line = listener.accept()[0]
                line.setblocking(False)
                line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                members[line.fileno()] = Member(line)
                poll.register(line, select.EPOLLIN)
            elif not _serve(members[descriptor], rooms):
                member = members.pop(descriptor)
                poll.unregister(descriptor)
                member.line.close()
                if member.room is not None:
                    member.room.members.discard(member)


def _serve(member: Member, rooms: Rooms[Member]) -> bool:
    """Read what came, and answer. Says whether the connection goes on."""
    try:
        data = member.receive(65536)
    except OSError:
        return False
    if member.room is None:
        return _open(member, rooms, data)
    if not data or data[0] == _CLOSE:
        return False
    to_all, text = parse(_unmasked(data))
    if not to_all:
        member.send(_frame(answer(text)))
        return True
    frame = _frame(member.room.said(text))
    for other in member.room.members:
        other.send(frame)
    member.send(_frame(OK))
    return True


def _open(member: Member, rooms: Rooms[Member], head: bytes) -> bool:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"sec-websocket-key":
            accept = b64encode(sha1(value.strip() + _MAGIC, usedforsecurity=False).digest())
            member.send(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Accept: %b\r\n\r\n" % accept
            )
            member.room = rooms.at(head.split(b" ", 2)[1].decode())
            member.room.members.add(member)
            return True
    return False


def _unmasked(frame: bytes) -> bytes:
    length = frame[1] & 127
    mask = (frame[2:6] * 32)[:length]
    masked = int.from_bytes(frame[6 : 6 + length], "little")
    return (masked ^ int.from_bytes(mask, "little")).to_bytes(length, "little")


def _frame(payload: bytes) -> bytes:
    return bytes((_TEXT, len(payload))) + payload


if __name__ == "__main__":
    main()
