"""Who plays OpenSpiel's games while their servers are killed: players who choose at random among what their view says
is legal, come back where they were, and send again what was not answered. Each writes down what it was shown and what
it did; `openspiel_truth` judges it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import threading
from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage
from websockets.typing import Subprotocol

from gamesvc.views import apply_patch
from tests.e2e.clients import V1, Message
from tests.e2e.openspiel_servers import place_of
from tests.e2e.processes import ANSWER_SECONDS, LOOPBACK

GAME_SECONDS = 3.0
"""How long a game is to take at least, on average: so that a server is killed in the middle of most of them."""

MOST_COPIES = 100
"""How often a game is played, at most, until it has seen a server die between its first and its last move. The second
time its players wait for that; more often it takes only where chance ends a game after its first move."""

FEW = 4
"""A game of fewer commands may be over before a server dies: it is played twice, whatever happens."""

LONG = 200
"""In a game of so many commands nobody needs to think for a server to die in it."""

HELD_SECONDS = 0.05
"""How long players who wait for a server's death look away."""

AGAIN_SECONDS = 0.02
"""How long to wait before one connects again."""

_encode = msgspec.json.encode
_decode = msgspec.json.decode


class Decision(msgspec.Struct, array_like=True):
    """What a player was shown when it chose, and its choice.

    Attributes:
        id: of the command.
        action: what was chosen.
        legal: what there was to choose from, as JSON.
        observation: what the player was shown of the game.
    """

    id: str
    action: int
    legal: bytes
    observation: Any


class Table:
    """A game that is played.

    Args:
        game: its id.
        kind: what is played.
        names: who plays, in the order of the seats.
        pause: how long a player thinks, on average, in seconds, until a server has died.
        once_more: whether none died the last time that this was played.

    Attributes:
        pause: the same; 0 once none dies any more.
        answered: how many commands were.
        answered_at_kill: the same when the last server died.
        was_hit: whether a server died between two commands that took effect.
        is_over: whether all players know that it is.
    """

    def __init__(self, game: str, kind: str, names: Sequence[str], pause: float, once_more: bool) -> None:
        self.game = game
        self.kind = kind
        self.names = tuple(names)
        self.pause = pause
        self.once_more = once_more
        self.answered = 0
        self.answered_at_kill = 0
        self.was_hit = False
        self.players: list[RandomPlayer] = []

    @property
    def is_over(self) -> bool:
        """Whether all players know that it is."""
        return all(player.is_over for player in self.players)

    @property
    def waits_for_death(self) -> bool:
        """Whether nobody moves until a server has died: so that one does, in the middle of this game."""
        return self.once_more and self.pause > 0 and self.answered > 0 and not self.answered_at_kill

    def server_died(self) -> None:
        """Take note of it."""
        self.answered_at_kill = self.answered

    def note_answer(self, since_kill: bool) -> None:
        """Take note of one.

        Args:
            since_kill: whether the command took effect after a server had died that had answered others.
        """
        self.was_hit = self.was_hit or since_kill
        self.answered += 1


class RandomPlayer:
    """A player of a game.

    Args:
        table: the game.
        name: the player's.
        port: of the server.
        chance: what it chooses.
        tally: counts what happens.

    Attributes:
        decisions: those that were answered, in order.
        view: what it is shown; None while it does not know.
        last: the view when the game was over.
        welcome: the last.
        seated: set when it has a seat.
        is_over: whether the game is.
    """

    def __init__(self, table: Table, name: str, port: int, chance: random.Random, tally: Counter[str]) -> None:
        self.table = table
        self.name = name
        self.decisions: list[Decision] = []
        self.view: dict[str, Any] | None = None
        self.welcome: Message = {}
        self.seated = asyncio.Event()
        self.is_over = False
        self.outcome: Message | None = None
        self._seq = 0
        self._knows_death = False
        self._port = port
        self._chance = chance
        self._tally = tally
        self._waiting: tuple[Decision, Message] | None = None
        self._thinking: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Play to the end."""
        while not self.is_over:
            with contextlib.suppress(OSError, InvalidHandshake, InvalidMessage, ConnectionClosed, TimeoutError):
                await self._visit()
            await asyncio.sleep(AGAIN_SECONDS)

    async def _visit(self) -> None:
        query = {"player": self.name, "state": "1"}
        if self.welcome:
            query |= {"epoch": self.welcome["epoch"], "since": str(self._seq)}
        self.view = None
        # Known before it connects: what is answered here is answered by a server that came after.
        self._knows_death = self.table.answered_at_kill > 0
        url = f"ws://{LOOPBACK}:{self._port}/{self.table.game}?{urlencode(query)}"
        options: dict[str, Any] = {"compression": None, "proxy": None, "ping_interval": None}
        options |= {"open_timeout": ANSWER_SECONDS, "close_timeout": 0.5, "max_queue": None, "max_size": None}
        async with connect(url, subprotocols=[Subprotocol(V1)], **options) as connection:
            try:
                async for text in connection:
                    await self._came(connection, _decode(text))
                    if self.is_over:
                        return
            finally:
                if self._thinking is not None:
                    self._thinking.cancel()
                    await asyncio.gather(self._thinking, return_exceptions=True)
                    self._thinking = None

    async def _came(self, connection: ClientConnection, message: Message) -> None:
        event = message.get("event")
        if event == "gamesvc.welcome":
            await self._enter(connection, message)
        elif event == "gamesvc.patch":
            assert message["seq"] == self._seq, (self.table.game, message["seq"], self._seq)
            assert self.view is not None, "a patch of what was not shown"
            self.view = apply_patch(self.view, message["patch"])
        elif event == "gamesvc.state":
            assert message["seq"] == self._seq, (self.table.game, message["seq"], self._seq)
            self.view = message["state"]
        elif event is not None:
            if "seq" in message:
                assert message["seq"] == self._seq + 1, (self.table.game, message, self._seq)
                self._seq += 1
            return
        else:
            self._answered(message)
        await self._look(connection)

    async def _enter(self, connection: ClientConnection, welcome: Message) -> None:
        assert welcome["playing"] and welcome["player"] == self.name, welcome
        was, self.welcome = self.welcome, welcome
        if welcome["resumed"]:
            self._tally["resumed"] += 1
        else:
            assert not was, f"{self.table.game}: {self.name} came back, and was not told what it missed: {welcome}"
            self._seq = welcome["seq"]
        self.view = welcome.get("state")
        self.outcome = welcome.get("outcome", self.outcome)
        self.seated.set()
        if self._waiting is not None:
            self._tally["sent again"] += 1
            await connection.send(json.dumps(self._waiting[1]))

    def _answered(self, reply: Message) -> None:
        assert self._waiting is not None, f"a reply that nobody asked for: {reply}"
        decision, message = self._waiting
        assert reply["status"] == "ok", f"{self.table.game} ({self.table.kind}): {message} was answered with {reply}"
        assert reply["id"] == decision.id
        is_new = "duplicate" not in reply
        self._tally["answered" if is_new else "duplicates"] += 1
        self._waiting = None
        self.decisions.append(decision)
        self.table.note_answer(is_new and self._knows_death)

    async def _look(self, connection: ClientConnection) -> None:
        """Choose, if there is something to choose."""
        if self.view is None or self._waiting is not None or self._thinking is not None:
            return
        if "returns" in self.view:
            self.is_over = True
        elif self.view["legal"]:
            if (pause := self.table.pause) and not self.table.was_hit:
                self._thinking = asyncio.create_task(self._think(connection, pause))
            else:
                await self._choose(connection)

    async def _think(self, connection: ClientConnection, pause: float) -> None:
        await asyncio.sleep(self._chance.expovariate(1 / pause))
        while self.table.waits_for_death:
            await asyncio.sleep(HELD_SECONDS)
        self._thinking = None
        with contextlib.suppress(ConnectionClosed):
            await self._choose(connection)

    async def _choose(self, connection: ClientConnection) -> None:
        assert self.view is not None
        choice = self._chance.choice(self.view["legal"])
        id = f"{self.name}-{len(self.decisions) + 1}"
        legal = _encode(self.view["legal"])
        decision = Decision(id, choice["action"], legal, self.view.get("observation"))
        # The name may be left out.
        message = {**choice, "id": id}
        if self._chance.random() < 0.5:
            message.pop("name", None)
        self._waiting = decision, message
        await connection.send(json.dumps(message))


class Hall(threading.Thread):
    """All games, in a thread with an event loop of its own. A game that no server died in is played once more, until
    one has.

    Args:
        port: of the server.
        kinds: what is played, each with about how many commands it takes, and how many players.
        seed: of what is chosen.
        at_a_time: how many games are played at a time, at most.

    Attributes:
        tables: all games so far.
        tally: what has happened, by what.
        failures: what was not foreseen.
    """

    def __init__(self, port: int, kinds: Sequence[tuple[str, float, int]], seed: int, at_a_time: int = 64) -> None:
        super().__init__(name="hall", daemon=True)
        self.tables: list[Table] = []
        self.tally: Counter[str] = Counter()
        self.failures: list[BaseException] = []
        self._port = port
        self._kinds = kinds
        self._seed = seed
        self._at_a_time = at_a_time
        self._in_haste = False

    @property
    def spared(self) -> set[str]:
        """Kinds of game in which no server has died yet, and one is to."""
        hit = {place_of(table.game) for table in self.tables if table.was_hit}
        return {kind for place, (kind, moves, _) in enumerate(self._kinds) if moves >= FEW and place not in hit}

    @property
    def goes_on(self) -> bool:
        """Whether half of the games have gone on since a server died."""
        going = [table for table in self.tables if not table.is_over]
        return 2 * sum(table.answered > table.answered_at_kill for table in going) >= len(going)

    @property
    def standing(self) -> str:
        """How far they are, for people."""
        going = [table for table in self.tables if not table.is_over]
        answered = sum(table.answered for table in self.tables)
        some = ", ".join(f"{table.kind} {table.answered}" for table in going[:4])
        return (
            f"{self.tally['kinds played']} of {len(self._kinds)} games played, {len(self.tables)} with copies,"
            f" {answered} commands answered; {len(going)} are going on{': ' * bool(some)}{some}"
        )

    def server_died(self) -> None:
        """Take note of it."""
        for table in self.tables:
            table.server_died()

    def hurry(self) -> None:
        """No server will die any more: nobody thinks from now on."""
        self._in_haste = True
        for table in self.tables:
            table.pause = 0.0

    def run(self) -> None:
        try:
            asyncio.run(self._run())
        except BaseException as failure:
            while isinstance(failure, BaseExceptionGroup):
                failure = failure.exceptions[0]
            self.failures.append(failure)

    async def _run(self) -> None:
        places = asyncio.Semaphore(self._at_a_time)
        async with asyncio.TaskGroup() as group:
            # The longest first: they are what is waited for in the end.
            for place in sorted(range(len(self._kinds)), key=lambda place: -self._kinds[place][1]):
                group.create_task(self._play(place, places))

    async def _play(self, place: int, places: asyncio.Semaphore) -> None:
        kind, moves, seats = self._kinds[place]
        for copy in range(MOST_COPIES if moves >= FEW else 2):
            async with places:
                pause = GAME_SECONDS / moves if (moves < LONG or copy) and not self._in_haste else 0.0
                names = [f"p{seat}" for seat in range(seats)]
                table = Table(f"{place}-{copy}", kind, names, pause, once_more=copy > 0)
                await self._sit(table)
            if table.was_hit or self._in_haste:
                break
        self.tally["kinds played"] += 1

    async def _sit(self, table: Table) -> None:
        async with asyncio.TaskGroup() as group:
            for name in table.names:
                chance = random.Random(f"{self._seed} {table.game} {name}")
                player = RandomPlayer(table, name, self._port, chance, self.tally)
                table.players.append(player)
                group.create_task(player.run())
                # They take the seats in this order.
                await player.seated.wait()
                if name == table.names[0]:
                    self.tables.append(table)
                    # In this order: who says that there is haste has all these look up.
                    if self._in_haste:
                        table.pause = 0.0
