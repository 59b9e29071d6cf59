"""Table: a game that is played in a unit test, on the real server, in memory, with a clock that the test advances."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import msgspec

from gamesvc.context import Context, Player
from gamesvc.image import restore
from gamesvc.messages import Request
from gamesvc.model import GameModel
from gamesvc.options import OptionsError, checked
from gamesvc.pending import Role
from gamesvc.refused import Refused
from gamesvc.testing.client import Client
from gamesvc.testing.line import Line
from gamesvc.testing.table_bots import table_bots
from gamesvc.testing.table_server import TableServer
from gamesvc.views import Views

START = 1_800_000_000.0
"""When games begin, in seconds since the epoch."""

WAIT_SECONDS = 5.0
"""How long `Table.send` waits for a reply, by the table's clock: commands of a game that ticks wait for the tick."""


class Table:
    """A game, and those who play and watch it. What is asserted on are the frames that their clients get.

        table = Table(TicTacToe, "alice", "bob")
        table.send("alice", "mark", cell=4)
        assert table.last("bob") == {"event": "Marked", "player": "alice", "cell": 4}

    Everything happens before a call returns. Where the model itself fails, be it in a command, a hook or a timer, the
    call raises what the model raised.

    Args:
        model: the game's class.
        players: who connects, in this order: they take the seats, and who comes when all are taken watches.
        seed: where the game's chance comes from; the same seed, the same game.
        options: of the model's ``setup``, by name.
        bots: those that are offered, as the server takes them: ``random``, ``my.bots:Clever(depth=3)``. They think at
            once, in the test.
        fill_with: the bot that takes seats which stay free for 10 s.
        stand_in: the bot that plays for who has been away for 60 s.
        start_time: when the game begins, in seconds since the epoch.
    """

    def __init__(
        self,
        model: type[GameModel],
        /,
        *players: str,
        seed: int = 0,
        options: Mapping[str, Any] | None = None,
        bots: Iterable[str] = ("random",),
        fill_with: str | None = None,
        stand_in: str | None = None,
        start_time: float = START,
    ) -> None:
        self._kind = model
        try:
            given = checked(model, dict(options or {}))
        except OptionsError as error:
            raise ValueError(f"options: {error}") from None
        offered = partial(table_bots, model, tuple(bots), fill_with, stand_in)
        self._clients: dict[str, Client] = {}
        self._requests = 0
        self._server = TableServer(model, given, offered, seed, start_time)
        for name in players:
            self.connect(name)

    # What players do.

    # Positional, because a command may have arguments of any name.
    def send(self, player: str, command: str, /, **arguments: Any) -> Any:
        """Let somebody send a command.

        Args:
            player: who, connected.
            command: its name.
            arguments: as the client would send them: what JSON can hold.

        Returns:
            The reply's ``result``: what the command returned; None where that was nothing.

        Raises:
            Refused: it was refused.
            Exception: what the model raised, where it failed.
        """
        client = self._client(player)
        if client.line is None:
            raise ValueError(f"{player} is not connected: table.connect({player!r})")
        self._requests += 1
        id = f"{self._requests}"
        seen = len(client.frames)
        client.line.say({"command": command, "id": id, **arguments})
        return self._reply(client, id, seen)

    def connect(self, name: str) -> None:
        """Let somebody come, or come back. Who comes takes the next free seat. Who comes back gets what they missed.

        Args:
            name: who, not connected.
        """
        self._come(name, spectates=False)

    def watch(self, name: str) -> None:
        """Let somebody come who does not want to play.

        Args:
            name: who, not connected.
        """
        self._come(name, spectates=True)

    def disconnect(self, name: str) -> None:
        """Somebody loses the line. They keep their seat.

        Args:
            name: who, connected.
        """
        client = self._client(name)
        if client.line is None:
            raise ValueError(f"{name} is not connected")
        client.line.cut()
        client.line = None
        self._run()
        self._server.raise_faults()

    def leave(self, name: str) -> None:
        """A player gives their seat up.

        Args:
            name: who, connected.

        Raises:
            Refused: they can't.
        """
        self.send(name, "gamesvc.leave")

    def seat_bot(self, bot: str = "random", *, player: str | None = None) -> str:
        """Have a bot play. It is asked half a second after there is something to do for it: see `advance`.

        Args:
            bot: its name.
            player: for whom, not connected; None: in a free seat.

        Returns:
            The name of the player for whom it plays.

        Raises:
            Refused: it can't.
        """
        return str(self._have({"bot": bot} if player is None else {"bot": bot, "player": player})["player"])

    def remove_bot(self, player: str) -> None:
        """Have a bot go: its own seat is free, or its player plays on.

        Args:
            player: for whom it plays.

        Raises:
            Refused: it can't.
        """
        self._have({"player": player})

    def advance(self, seconds: float) -> None:
        """Let time go by: timers ring, ticks come, and who has no connection is away, each at its time.

        Args:
            seconds: how long.
        """
        if not seconds >= 0:
            raise ValueError(f"advance({seconds!r}): the seconds to go by, 0 or more")
        self._run(self._server.seconds + seconds)
        self._server.raise_faults()

    def restart(self) -> None:
        """Kill the server, and start another one on the same journal. All who were connected come back."""
        connected = [client for client in self._clients.values() if client.line is not None]
        self._server.restart()
        for client in connected:
            client.line = None
        for name, client in self._clients.items():
            if client in connected:
                self._connect(name, client)
        self._server.raise_faults()

    # What is seen.

    def frames(self, name: str) -> list[dict[str, Any]]:
        """All that somebody's client got, from its first welcome on: events, replies and patches of the state.

        Args:
            name: who came.
        """
        return list(self._client(name).frames)

    def events(self, name: str) -> list[dict[str, Any]]:
        """The game's own events that somebody got, in order, without their numbers.

        Args:
            name: who came.
        """
        return [
            {key: value for key, value in frame.items() if key != "seq"}
            for frame in self._client(name).frames
            if "event" in frame and "." not in frame["event"]
        ]

    def last(self, name: str) -> dict[str, Any] | None:
        """The last of `events`; None where there was none.

        Args:
            name: who came.
        """
        events = self.events(name)
        return events[-1] if events else None

    @property
    def state(self) -> dict[str, Any]:
        """The state, as spectators see it."""
        return self._view(None)

    def state_of(self, name: str) -> dict[str, Any]:
        """The state, as somebody sees it.

        Args:
            name: a player; for everybody else it is `state`.
        """
        seated = self._kind.SEATS is None or name in self._server.game.players
        return self._view(Player(name) if seated else None)

    @property
    def players(self) -> tuple[str, ...]:
        """Who has a seat, in the order of the seats."""
        return tuple(name for name in self._server.game.players if name is not None)

    @property
    def finished(self) -> bool:
        """Whether the game is over."""
        return self._server.game.finished

    @property
    def now(self) -> float:
        """The time, in seconds since the epoch."""
        return self._server.now

    @property
    def model(self) -> Any:
        """The model with all its fields, secrets too: a copy, to look at."""
        standing = self._server.game.instance.standing
        model = self._kind()
        context = model._context = Context(now=standing.now, looks_only=True)
        context.players = tuple(player for player in standing.seats if player is not None)
        context.finished = standing.finished
        restore(model, standing.image)
        return model

    # How.

    def _client(self, name: str) -> Client:
        if name not in self._clients:
            raise ValueError(f"{name} never came to this table: table.connect({name!r}), or table.watch({name!r})")
        return self._clients[name]

    def _come(self, name: str, spectates: bool) -> None:
        client = self._clients.get(name)
        if client is None:
            client = self._clients[name] = Client(spectates)
        elif client.line is not None:
            raise ValueError(f"{name} is connected already")
        if client.spectates != spectates:
            client.spectates, client.epoch = spectates, None
        self._connect(name, client)
        self._server.raise_faults()

    def _connect(self, name: str, client: Client) -> None:
        query = {"player": name, "state": "1"}
        if client.spectates:
            query["spectate"] = "1"
        if client.epoch is not None:
            query |= {"epoch": client.epoch, "since": str(client.seq)}
        line = client.line = Line(self._server.listener, **query)
        self._run()
        if line.closed is not None:
            self._server.raise_faults()
            raise ValueError(f"{name!r} is not let in: {line.closed.code} {line.closed.reason}")

    def _reply(self, client: Client, id: str, seen: int) -> Any:
        """What a command of a client is answered."""

        def replies() -> list[dict[str, Any]]:
            return [frame for frame in client.frames[seen:] if "status" in frame and frame.get("id") == id]

        return self._result(replies, lambda: client.line is not None)

    def _have(self, wanted: dict[str, Any]) -> Any:
        """What somebody is answered who operates the server, and wants this of its bots."""
        payloads: list[bytes] = []
        operator = Role(Player("operator"), playing=False, operates=True)
        self._server.game.submit(operator, Request("gamesvc.bot", None, wanted), payloads.append)
        return self._result(lambda: [msgspec.json.decode(payload) for payload in payloads], lambda: True)

    def _result(self, replies: Callable[[], list[dict[str, Any]]], goes_on: Callable[[], bool]) -> Any:
        """The result of what was asked for, when there is a reply."""
        self._run()
        until = self._server.seconds + WAIT_SECONDS
        while not replies():
            due = self._server.next_due(until)
            if not goes_on() or due >= until:
                self._server.raise_faults()
                raise RuntimeError("the command was not answered")
            self._run(due)
        self._server.raise_faults()
        (reply,) = replies()
        if reply["status"] == "error":
            error = reply["error"]
            raise Refused(error["code"], error["message"], error["retryable"])
        return reply.get("result")

    def _run(self, until: float | None = None) -> None:
        """Let everything happen that is due by a time of the server's, and all see what came; None: by now."""
        self._server.run(until)
        for client in self._clients.values():
            client.listen()

    def _view(self, viewer: Player | None) -> dict[str, Any]:
        views = Views(self._kind)
        shown = views.state(self._server.game.instance.standing, views.audience(viewer))
        view: dict[str, Any] = msgspec.json.decode(shown)
        return view
