"""Clients of ``gamesvc.v1`` who are cut off and come back; servers of the game that is played while servers are
killed; and games of it that were played before."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Iterator, Mapping
from itertools import islice
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from gamesvc.context import Player
from gamesvc.instance import Instance
from gamesvc.journal.records import Entry, Opening, Snapshot
from gamesvc.journal.sqlite import SqliteStore
from gamesvc.recovery import Replayed
from gamesvc.standing import Effect, opening_entry
from tests.e2e.clients import V1, Message
from tests.e2e.crash_game import Ledger
from tests.e2e.processes import ANSWER_SECONDS, CHECKOUT, Operator, Server

GAME = "tests.e2e.crash_game:Ledger"
UNBOUND = ("--commands-per-second", "0", "--frames-per-second", "0")


def serve(
    operator: Operator,
    *options: str,
    journal: str = "sqlite:journal.sqlite",
    point: str = "never",
    count: int = 0,
    tweaks: Mapping[str, object] | None = None,
    constants: Mapping[str, float] | None = None,
) -> Server:
    """Start a server of the game `Ledger`.

    Args:
        operator: who starts it.
        options: of ``twistd gamesvc``.
        journal: where games are.
        point: where it kills itself; see `crashing`,
        count: and at the how-manieth time.
        tweaks: what else is done to it.
        constants: of its own, with other values.
    """
    store = "postgres" if journal.startswith("postgres") else "sqlite"
    launcher = launched(operator, point, count, store, tweaks, constants)
    command = [*launcher, "-n", "--pidfile=", "gamesvc", "--port", "{port}", "--game", GAME]
    return operator.serve(*command, "--journal", journal, *options)


def launched(
    operator: Operator,
    point: str = "never",
    count: int = 0,
    store: str = "sqlite",
    tweaks: Mapping[str, object] | None = None,
    constants: Mapping[str, float] | None = None,
) -> list[str]:
    """What takes the place of ``twistd`` in the command that starts a server to which something is done.

    Args:
        operator: who starts it.
        point: where it kills itself; see `crashing`,
        count: and at the how-manieth time.
        store: of which kind the journal is.
        tweaks: what else is done to it.
        constants: of its own, with other values.
    """
    operator.environment["PYTHONPATH"] = str(CHECKOUT)
    launcher = ["python", "-m", "tests.e2e.crashing", point, str(count), "--store", store]
    for name, text in (tweaks or {}).items():
        launcher += ["--tweak", f"{name}={text}"]
    for name, value in (constants or {}).items():
        launcher += ["--constant", f"{name}={value}"]
    return [*launcher, "--"]


class Watcher:
    """A client of ``gamesvc.v1``, in a game that it has entered.

    Args:
        server: where the game is.
        game: its id.
        query: ``player``, and what else the address has.

    Attributes:
        welcome: the first message.
        events: those that came, without the welcome.
        replies: those that came.
        closed: the close code; None before the end, and where there was none.
    """

    def __init__(self, server: Server, game: str, **query: object) -> None:
        url = f"{server.url(game)}?{urlencode(query)}"
        options: dict[str, Any] = {"compression": None, "proxy": None, "max_queue": None}
        options |= {"open_timeout": ANSWER_SECONDS, "close_timeout": ANSWER_SECONDS}
        opened = connect(url, subprotocols=[Subprotocol(V1)], **options)
        assert isinstance(opened, ClientConnection)
        self._stack = contextlib.ExitStack()
        self._connection = self._stack.enter_context(opened)
        self.events: list[Message] = []
        self.replies: list[Message] = []
        self.closed: int | None = None
        self.welcome = self._next(ANSWER_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def place(self) -> dict[str, object]:
        """What it says when it comes back."""
        numbers = (event["seq"] for event in reversed(self.events) if "seq" in event)
        return {"epoch": self.welcome["epoch"], "since": next(numbers, self.welcome["seq"])}

    def cut(self) -> None:
        """Be cut off, without a word."""
        # The other side may have been faster.
        with contextlib.suppress(OSError):
            self._connection.socket.shutdown(socket.SHUT_RDWR)
        self._stack.close()

    def send(self, command: str, **arguments: object) -> None:
        """Send a command."""
        self._connection.send(json.dumps({"command": command, **arguments}))

    def ask(self, command: str, **arguments: object) -> Message:
        """Send a command, and wait for its reply."""
        self.send(command, **arguments)
        return self.await_replies(len(self.replies) + 1)[-1]

    def await_replies(self, number: int, seconds: float = ANSWER_SECONDS) -> list[Message]:
        """Wait until so many replies have come, and return all."""
        deadline = time.monotonic() + seconds
        while len(self.replies) < number:
            self._take(self._next(max(0.0, deadline - time.monotonic())))
        return self.replies

    def hear(self, seq: int) -> list[Message]:
        """Wait for the event of a number, and return all events."""
        while self.place["since"] != seq or (not self.events and self.welcome["resumed"]):
            self._take(self._next(ANSWER_SECONDS))
        return self.events

    def await_end(self) -> int | None:
        """Take what still comes, and return the close code."""
        try:
            while True:
                self._take(self._next(ANSWER_SECONDS))
        except ConnectionClosed as closed:
            self.closed = closed.rcvd.code if closed.rcvd is not None else None
        return self.closed

    def _next(self, seconds: float) -> Message:
        message: Message = json.loads(self._connection.recv(seconds))
        return message

    def _take(self, message: Message) -> None:
        (self.events if "event" in message else self.replies).append(message)


def history(many: int, players: tuple[str, ...] = ("ann", "bob")) -> Iterator[Entry]:
    """The entries of a game in which one player did one thing after the other.

    Args:
        many: how many entries, the first included.
        players: who has seats.
    """
    opening = Opening("Ledger", Ledger.VERSION, b"{}", "epoch", b"seed")
    instance = Instance(Ledger, opening.seed)
    yield opening_entry(instance.open(1e9, players), Ledger, opening)
    spec = Ledger.COMMANDS["put"]
    for number in range(1, many):
        arguments = spec.arguments(key=f"{number}")
        effect: Effect = instance.command(1e9 + number, "put", Player(players[0]), arguments)
        yield effect.entry(
            Ledger, "command", player=players[0], name="put", id=f"{number}", arguments=b'{"key":"%d"}' % number
        )


def restored(path: str, game: str, entries: Iterator[Entry], snapshot_at: int | None = None) -> None:
    """Write a game to a journal.

    Args:
        path: of the SQLite file.
        game: the game's id.
        entries: all.
        snapshot_at: number of the entry of which there is a snapshot; None for none.
    """
    kept = list(entries)
    snapshot = None
    if snapshot_at is not None:
        replayed = Replayed()
        for entry in islice(kept, snapshot_at):
            replayed.take(entry)
        assert replayed.opening is not None
        snapshot = Snapshot(
            number=replayed.number,
            time=replayed.time,
            opening=replayed.opening,
            state=replayed.state,
            seats=replayed.seats,
            timers=replayed.timers,
            last_timer=replayed.last_timer,
            finished=replayed.finished,
            counts=replayed.counts,
            receipts=replayed.receipts.dump(),
        )
    store = SqliteStore(path)
    try:
        store.begin()
        store.restore(game, snapshot, iter(kept), None)
        store.commit()
    finally:
        store.close()


def kept_entries(path: str, game: str) -> list[Entry]:
    """What a journal has of a game. Whoever writes it may go on."""
    store = SqliteStore(path, read_only=True)
    try:
        return list(store.entries(game))
    finally:
        store.close()
