"""websockets, its asyncio server, with `broadcast`; without compression, on asyncio's own event loop."""

from __future__ import annotations

import asyncio

from websockets.asyncio.server import ServerConnection, broadcast, serve

from bench.peers.rooms import OK, Rooms, answer, listening, parse, port

rooms: Rooms[ServerConnection] = Rooms()


async def converse(connection: ServerConnection) -> None:
    """One connection."""
    request = connection.request
    if request is None:
        return
    room = rooms.at(request.path)
    room.members.add(connection)
    try:
        async for message in connection:
            to_all, text = parse(message)
            if to_all:
                broadcast(room.members, room.said(text), text=True)
                await connection.send(OK, text=True)
            else:
                await connection.send(answer(text), text=True)
    finally:
        room.members.discard(connection)


async def main() -> None:
    number = port()
    async with serve(converse, "127.0.0.1", number, compression=None, backlog=1024) as server:
        listening(number)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
