"""Who connects to what: one line for each connection, for the load generator."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from bench.dialects import Dialect
from bench.processes import Failure


class Connection(NamedTuple):
    """One connection that is to be made.

    Attributes:
        game: the number of its game.
        player: its own number.
        sends: whether it sends.
    """

    game: int
    player: int
    sends: bool


def crowd(games: int, players: int, senders: int) -> Iterator[Connection]:
    """Connections to some games, one game after the other.

    Args:
        games: how many.
        players: connections to each.
        senders: how many of these send.
    """
    for game in range(games):
        for player in range(players):
            yield Connection(game, game * players + player, player < senders)


def lines(connections: Iterable[Connection], target: Callable[[Connection], str], header: str = "") -> str:
    """What the load generator reads: the group, the role and the request target of each, with tabs between.

    Args:
        connections: all of them.
        target: what each asks for.
        header: a line for the head of their requests.
    """
    more = f"\t{header}" if header else ""
    return "".join(f"{each.game}\t{'send' if each.sends else 'watch'}\t{target(each)}{more}\n" for each in connections)


def targets(dialect: Dialect, port: int, connections: list[Connection]) -> Callable[[Connection], str]:
    """What each connection asks for.

    Args:
        dialect: how clients of the server speak.
        port: of the server, for those that tell it.
        connections: all of them.

    Raises:
        Failure: the server does not tell it.
    """
    if dialect.room:
        seats = _matchmake(dialect.room, port, connections)
        return lambda each: seats[each.player]
    return lambda each: dialect.target.format(game=each.game, player=each.player)


def _matchmake(room: str, port: int, connections: list[Connection]) -> dict[int, str]:
    """Colyseus: each client is given a seat by HTTP, and connects to that."""

    def seat(connection: Connection) -> str:
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/matchmake/joinOrCreate/{room}",
            data=json.dumps({"game": f"g{connection.game}"}).encode(),
            headers={"Content-Type": "application/json", "Accept": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as response:
            given = json.load(response)
        return f"/{given['processId']}/{given['roomId']}?sessionId={given['sessionId']}"

    first = {each.game: each for each in reversed(connections)}
    rest = [each for each in connections if first[each.game] is not each]
    try:
        # The first of each game creates its room, and then everybody finds it.
        seats = {each.player: seat(each) for each in first.values()}
        with ThreadPoolExecutor(8) as pool:
            seats.update(zip([each.player for each in rest], pool.map(seat, rest), strict=True))
    except (OSError, KeyError, ValueError) as error:
        raise Failure(f"Colyseus gives no seats: {error}") from error
    return seats
