"""Those who play while servers are killed: players and spectators who come back, go on where they were, and send again
what was not answered. Each writes down what it sends and sees, as it goes; nothing is judged here."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import random
import threading
import time
from collections import deque
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage
from websockets.typing import Subprotocol

from tests.e2e.clients import V1, Message
from tests.e2e.processes import ANSWER_SECONDS, LOOPBACK

PLAYERS = 3
SPECTATORS = 2
"""Of each table."""

MAX_UNANSWERED = 6
RECENT = 20
"""How many of its commands that were answered a client remembers, to send one of them again."""

PAUSE_SECONDS = 0.02
"""Between two commands of a player, on average."""

AGAIN_SECONDS = 0.02
"""How long to wait before one connects again, or sends again what may be sent again."""

NAP_SECONDS = 0.4

_COMMANDS = {
    "put": 45,
    "both": 15,
    "whisper": 15,
    "quiet": 6,
    "deny": 10,
    "later": 6,
    "unheard-of": 1,
    "put without a key": 1,
    "end": 1.2,
}


class Table:
    """Who plays together: one game after the other.

    Attributes:
        number: its own.
        game: the number of the newest game.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self.game = 0


class CrashClient:
    """One client.

    Args:
        crowd: it belongs to.
        table: where it sits.
        label: its own, by which its commands are known.
        player: its name; two clients may have the same.
        plays: whether it sends commands, or watches.
        chance: what it does next.
        record: the file in which it writes.

    Attributes:
        table: where it sits.
        unanswered: its commands that have no answer yet, by their ids.
        is_over: whether the game is.
        epoch: as the last welcome had it.
        seq: the number of the last event that it has seen.
        nap: until when it is in no game, by the monotonic clock.
    """

    def __init__(
        self, crowd: Crowd, table: Table, label: str, player: str, plays: bool, chance: random.Random, record: Path
    ) -> None:
        self.label = label
        self.player = player
        self.plays = plays
        self.unanswered: dict[str, Message] = {}
        self.is_over = False
        self.epoch: str | None = None
        self.seq: int | None = None
        self.nap = 0.0
        self._crowd = crowd
        self.table = table
        self._chance = chance
        self._game = 0
        self._numbers = itertools.count(1)
        self._answered: deque[Message] = deque(maxlen=RECENT)
        self._outbox: deque[Message] = deque()
        self._record = record.open("a", buffering=1)  # a line is written when it is complete

    @property
    def game(self) -> str:
        """The id of the game that it is in."""
        return f"t{self.table.number}-{self._game}"

    def write(self, what: str, **more: Any) -> None:
        """Write a line."""
        self._record.write(json.dumps({"what": what, **more}) + "\n")

    async def run(self) -> None:
        """Play until the crowd is told to go."""
        try:
            while not self._crowd.leaving:
                if time.monotonic() < self.nap:
                    await asyncio.sleep(AGAIN_SECONDS)
                    continue
                with contextlib.suppress(OSError, InvalidHandshake, InvalidMessage, ConnectionClosed, TimeoutError):
                    await self._visit()
                    continue
                await asyncio.sleep(AGAIN_SECONDS)
        finally:
            self._record.close()

    async def _visit(self) -> None:
        if self.is_over and not self.unanswered:
            self._next_game()
        query = {"player": self.player, "state": str(self._chance.randrange(2))}
        if not self.plays:
            query["spectate"] = "1"
        if self.seq is not None and self.epoch is not None:
            query |= {"epoch": self.epoch, "since": str(self.seq)}
        elif not self.plays or self._chance.random() < 0.5:
            # A spectator who came when all is over would never hear of that.
            query["since"] = "0"
        url = f"ws://{LOOPBACK}:{self._crowd.port}/{self.game}?{urlencode(query)}"
        options: dict[str, Any] = {"compression": None, "proxy": None, "ping_interval": None}
        options |= {"open_timeout": ANSWER_SECONDS, "close_timeout": 0.5, "max_queue": None}
        async with connect(url, subprotocols=[Subprotocol(V1)], **options) as connection:
            since = query.get("since")
            self.write("entered", game=self.game, plays=self.plays, player=self.player, since=since)
            sender: asyncio.Task[None] | None = None
            try:
                async for text in connection:
                    message = json.loads(text)
                    self._came(message)
                    if sender is None:
                        sender = asyncio.create_task(self._send(connection))
            finally:
                if sender is not None:
                    sender.cancel()
                    await asyncio.gather(sender, return_exceptions=True)

    def _next_game(self) -> None:
        self._game += 1
        self.table.game = max(self.table.game, self._game)
        self.is_over = False
        self.epoch = self.seq = None
        self._answered.clear()

    # What comes.

    def _came(self, message: Message) -> None:
        self.write("came", message=message)
        self._crowd.heard += 1
        name = message.get("event")
        if name == "gamesvc.welcome":
            # Who can't be told what they missed goes on from where the game is.
            if not message["resumed"]:
                self.seq = message["seq"]
            elif self.seq is None:
                self.seq = 0
            self.epoch = message["epoch"]
        elif name is not None:
            if "seq" in message:
                self.seq = message["seq"]
            self.is_over = self.is_over or name == "Over"
        else:
            self._answer(message)

    def _answer(self, reply: Message) -> None:
        sent = self.unanswered.get(reply.get("id", ""))
        if sent is None:
            return
        if reply["status"] == "error" and reply["error"]["retryable"]:
            asyncio.get_running_loop().call_later(AGAIN_SECONDS, self._outbox.append, sent)
            return
        if reply["status"] == "error" and reply["error"]["code"] == "game_over":
            self.is_over = True
        del self.unanswered[reply["id"]]
        self._answered.append(sent)

    # What is sent.

    async def _send(self, connection: ClientConnection) -> None:
        self._outbox = deque(self.unanswered.values())
        # What was answered already, to hear it once more.
        if self._answered and self._chance.random() < 0.5:
            self._outbox.append(self._chance.choice(self._answered))
        with contextlib.suppress(ConnectionClosed):
            while True:
                while self._outbox:
                    message = self._outbox.popleft()
                    self.write("sent", message=message)
                    await connection.send(json.dumps(message))
                if self._is_to_go():
                    await connection.close()
                    return
                await asyncio.sleep(self._chance.expovariate(1 / PAUSE_SECONDS))
                if not self.is_over and not self._crowd.stopping and len(self.unanswered) < MAX_UNANSWERED:
                    self._outbox.extend(self._commands())

    def _is_to_go(self) -> bool:
        if self._crowd.leaving or time.monotonic() < self.nap:
            return True
        return self.is_over and not self.unanswered and not self._crowd.stopping

    def _commands(self) -> list[Message]:
        """A command, or two at once, or the same twice."""
        if not self.plays and self._chance.random() < 0.95:
            return []
        name = self._chance.choices(tuple(_COMMANDS), tuple(_COMMANDS.values()))[0]
        number = next(self._numbers)
        message: Message = {"command": name, "id": f"{self.label}-{number}", "key": f"{self.label}-{number}"}
        if name == "later":
            message["seconds"] = round(self._chance.uniform(0, 0.5), 3)
        elif name.startswith("put without"):
            message |= {"command": "put", "key": None}
        if self._chance.random() < 0.05:
            # Nobody will know what became of it, where the answer is lost.
            del message["id"]
            return [message]
        self.unanswered[message["id"]] = message
        return [message] * (2 if self._chance.random() < 0.05 else 1)


class Crowd(threading.Thread):
    """All clients, in a thread with an event loop of its own.

    Args:
        port: of the server.
        tables: how many games are played at a time.
        directory: where they write.
        seed: of what they do.

    Attributes:
        stopping: whether no new command is to be sent.
        leaving: whether all are to go.
        heard: how many messages have come to all of them.
        failures: what was not foreseen.
    """

    def __init__(self, port: int, tables: int, directory: Path, seed: int) -> None:
        super().__init__(name="crowd", daemon=True)
        self.port = port
        self.tables = [Table(number) for number in range(tables)]
        self.stopping = False
        self.leaving = False
        self.heard = 0
        self.failures: list[BaseException] = []
        self.clients: list[CrashClient] = []
        for table in self.tables:
            names = [(f"t{table.number}p{n}", True) for n in range(PLAYERS)]
            names += [(f"t{table.number}s{n}", False) for n in range(SPECTATORS)]
            for player, plays in names:
                self._add(directory, table, player, player, plays, seed)
            # One who plays has a second connection.
            player, plays = names[0]
            self._add(directory, table, f"{player}b", player, plays, seed)

    def _add(self, directory: Path, table: Table, label: str, player: str, plays: bool, seed: int) -> None:
        chance = random.Random(f"{seed} {label}")
        self.clients.append(CrashClient(self, table, label, player, plays, chance, directory / f"{label}.jsonl"))

    def run(self) -> None:
        try:
            asyncio.run(self._run())
        except BaseException as failure:
            self.failures.append(failure)

    async def _run(self) -> None:
        done = await asyncio.gather(*(client.run() for client in self.clients), return_exceptions=True)
        self.failures += [failure for failure in done if failure is not None]

    def nap(self, chance: random.Random) -> None:
        """Have some be away for a while: all of a table, so that its game may fall asleep, or some of each."""
        table = chance.choice((None, *self.tables))
        for client in self.clients:
            if client.table is table or (table is None and chance.random() < 0.5):
                client.nap = time.monotonic() + NAP_SECONDS

    def leave(self) -> None:
        """Have all go, and wait for that."""
        self.leaving = True
        self.join(ANSWER_SECONDS)
        assert not self.is_alive(), "clients that do not leave"
