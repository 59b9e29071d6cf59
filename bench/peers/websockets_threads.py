"""websockets, its server with a thread for each connection. A lock for each game keeps its events in one order."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections import defaultdict

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from bench.peers.rooms import OK, Room, Rooms, answer, listening, parse, port

rooms: Rooms[ServerConnection] = Rooms()
locks: defaultdict[Room[ServerConnection], threading.Lock] = defaultdict(threading.Lock)
entering = threading.Lock()


def converse(connection: ServerConnection) -> None:
    """One connection."""
    request = connection.request
    if request is None:
        return
    with entering:
        room = rooms.at(request.path)
        lock = locks[room]
    with lock:
        room.members.add(connection)
    try:
        for message in connection:
            to_all, text = parse(message)
            if to_all:
                with lock:
                    tell(room, text)
                connection.send(OK, text=True)
            else:
                connection.send(answer(text), text=True)
    finally:
        with lock:
            room.members.discard(connection)


def tell(room: Room[ServerConnection], text: str) -> None:
    """Send what was said to everybody in the game."""
    event = room.said(text)
    for member in room.members:
        # Who is gone is taken out by their own thread.
        with contextlib.suppress(ConnectionClosed):
            member.send(event, text=True)


def main() -> None:
    number = port()
    listener = socket.create_server(("127.0.0.1", number), backlog=1024)
    with serve(converse, sock=listener, compression=None) as server:
        listening(number)
        server.serve_forever()


if __name__ == "__main__":
    main()
