"""A world without sockets: servers that crash, a journal with faults, clients that come and go; all of it from a seed.

A seed decides everything: which game is played, how many servers share the journal, what fails when, who does what.
Time passes only from one thing to the next, so a schedule of a minute takes a few milliseconds. The servers are the
real ones from `GameListener.enter` on; only the bytes of WebSockets are left out, and what `GameConnection` does is
done by a `Line`. Everything that becomes durable and everything that leaves is judged in that moment: see `Judge`. In
the end faults cease, and everything has to come to rest.

What is known, and let pass: a server that has lost a game to another does not find out before it wants to write, and
until then welcomes people to what it knows (`Process.has`).

A schedule that fails says its seed and what had happened. To see that one again, alone and with all that happened:

    GAMESVC_SEED=1234 python -m pytest -q tests/test_simulation.py -k test_seeds
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Iterator
from random import Random
from typing import Any, cast

import msgspec

import gamesvc.beginnings
import gamesvc.controller
import gamesvc.eventlog
import gamesvc.history
import gamesvc.lifecycle
import gamesvc.listener
import gamesvc.order
import gamesvc.publisher
import gamesvc.saver
from gamesvc.admission import Admission
from gamesvc.catalog import Catalog
from gamesvc.controller import GameController
from gamesvc.entering import Admitted
from gamesvc.errors import JOURNAL_DOWN, CloseCode, RequestRefused
from gamesvc.eventlog import Viewer
from gamesvc.limits import ENTER_SECONDS, OVERDUE_SECONDS, SLOW_CONSUMER_SECONDS, Limits
from gamesvc.listener import GameListener
from gamesvc.messages import V1
from gamesvc.pending import Role
from gamesvc.server import GameServer
from gamesvc.subscription import Subscription
from tests.simulation_clock import Later, Reactor, Time
from tests.simulation_games import FAILING
from tests.simulation_judge import Broken, Judge, hold
from tests.simulation_store import Faults, SimulatedJournal, Store

EPOCH = 1_700_000_000.0
BUSY_SECONDS = 15.0
"""How long things go wrong."""

REST_SECONDS = 120.0
"""How long it may take until everything has come to rest, when nothing goes wrong any more."""

MOST_SECONDS = 11.2
"""How long a reply may take. What waits for the journal may first have waited for what was handed over before it: each
for `OVERDUE_SECONDS`, and until the next time that somebody looks; and before that for a tick."""

KINDS = ("Open", "Seated", "Quick", "QuickSeated", "Lively", "QuickLively")
GAMES = {name: Catalog([f"tests.simulation_games:{name}"]) for name in KINDS}
LAST_LINES = 150

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


class Trace:
    """What happened, for people. Put in words only where somebody wants to read it.

    Args:
        time: the simulation's.
    """

    def __init__(self, time: Time) -> None:
        self._time = time
        self._lines: list[tuple[float, str, tuple[object, ...]]] = []

    def note(self, text: str, *arguments: object) -> None:
        self._lines.append((self._time.now, text, arguments))

    def text(self, last: int = 0) -> str:
        return "\n".join(f"{at - 1000:9.3f}  {text % arguments}" for at, text, arguments in self._lines[-last:])


class _Log:
    """What gamesvc writes to its log goes to the trace."""

    def __init__(self, note: Callable[..., None]) -> None:
        self._note = note

    def write(self, text: str, **more: Any) -> None:
        self._note("%s", f"log: {text.format(**more)}")

    info = warn = error = critical = write

    def debug(self, text: str, **more: Any) -> None: ...


class _Traceback:
    """Models fail here all the time, and nobody reads where."""

    @staticmethod
    def format_exception(fault: BaseException) -> list[str]:
        return [repr(fault)]


class _FrontDoor:
    """Lets everybody ask."""

    def judge(self, request: Admission) -> Admission:
        return request


class Line:
    """A connection, on the server's side: what `GameConnection` does, without bytes.

    Args:
        process: to which it goes.
        client: whose it is.
        admission: what they ask for.
        lag: seconds that anything takes in either direction.
    """

    host = ""

    def __init__(self, process: Process, client: Client, admission: Admission, lag: float) -> None:
        self._process = process
        self._client = client
        self._world = process.world
        self._lag = lag
        self.admission = admission
        self.name = f"{client.game}/{client.name}{'~' * client.spectate}.{len(client.lines)}"
        self.state = "connecting"
        self._knew = client.epoch, client.seq
        self.epoch = ""
        self.seq = 0
        self.owed: deque[tuple[dict[str, Any], float, Role]] = deque()
        self.is_paused = self._was_paused = False
        self._admitted: Admitted | None = None
        self.role: Role | None = None
        self._controller: GameController | None = None
        self._subscription: Subscription | None = None
        self._stall: Later | None = None

    def open(self) -> None:
        """The handshake is read."""
        process = self._process
        if self.state == "closed":
            return
        if process.is_dead:
            self._tell_closed(0)
            return
        process.lines[self] = None
        process.listener.connection_made(cast(Any, self))
        process.reactor.callLater(ENTER_SECONDS, self._entered, RequestRefused(JOURNAL_DOWN))
        try:
            process.listener.enter(cast(Any, self.admission), cast(Any, self), self._entered)
        except RequestRefused as refused:
            self._entered(refused)

    def _entered(self, outcome: Admitted | RequestRefused) -> None:
        listener = self._process.listener
        if self.state != "connecting":
            if isinstance(outcome, Admitted):
                listener.left(outcome, None)
            return
        if isinstance(outcome, RequestRefused):
            self._world.note("%s refused: %s", self.name, outcome.refusal.code)
            self._end()
            self._tell_closed(outcome.refusal.status)
            return
        self.state = "open"
        self._admitted = outcome
        self.role = outcome.role
        self._process.see(outcome.game)
        viewer = Viewer(outcome.role.sees, framework=True)
        self._subscription = outcome.game.publisher.subscribe(viewer, self, outcome.place)
        self._controller = listener.converse(outcome, self._subscription)

    # What the client does.

    def receive(self, message: dict[str, Any] | bytes) -> None:
        """A frame arrives."""
        controller = self._controller
        if controller is None or controller.closed or self._process.is_dead or self.state != "open":
            return
        assert self.role is not None
        self.owed.append((message if isinstance(message, dict) else {}, self._world.time.now, self.role))
        if isinstance(message, dict):
            self._client.attempts.setdefault(message["token"], []).append((self, None))
        controller.frame_begun()
        controller.text_received(message if isinstance(message, bytes) else _encode(_said(message)))

    def cut(self) -> None:
        """The server notices that the line is cut."""
        if self.state != "closed" and not self._process.is_dead:
            self._end()

    def pause(self) -> None:
        """The client does not read, and buffers are full."""
        if self._subscription is not None and not self.is_paused:
            self.is_paused = self._was_paused = True
            self._subscription.pause()
            self._stall = self._process.reactor.callLater(SLOW_CONSUMER_SECONDS, self._stands_still)

    def resume(self) -> None:
        """The client reads again."""
        self.is_paused = False
        if self._stall is not None:
            self._stall.cancel()
        if self._subscription is not None and not self._process.is_dead:
            self._subscription.resume()

    def _stands_still(self) -> None:
        if self._controller is not None:
            self._controller.close(CloseCode.SLOW_CONSUMER)

    # What the server does.

    def write(self, data: bytes) -> None:
        """Frames leave."""
        hold(not self.is_paused, "written to somebody who does not read", self.name)
        for payload in _payloads(data):
            if self._process.is_dead:
                return
            frame = _decode(payload)
            self._judge(payload, frame)
            self._world.time.later(self._lag, self._client.receive, self, frame)
            # At any moment the process may be no more.
            self._process.may_crash()
        # A transport says so from within the write.
        if self._world.chance.random() < self._world.pausing and not self._process.is_dead:
            self.pause()
            self._world.time.later(self._world.chance.choice((0.02, 0.5, 3.0, 12.0)), self.resume)

    def close(self, code: CloseCode) -> None:
        """The server closes."""
        if self.state != "open" or self._process.is_dead:
            return
        self._world.note("%s closed: %d", self.name, code)
        if not self.is_paused and code is not CloseCode.SLOW_CONSUMER:
            hold(not self.owed, "closed before everything was answered", self.name, self.owed)
        self._end()
        self._tell_closed(code)

    def abort(self) -> None:
        if self.state != "closed" and not self._process.is_dead:
            self._end()
            self._tell_closed(0)

    def abandon_handshake(self) -> None:
        if self.state == "connecting":
            self._end()
            self._tell_closed(0)

    def _tell_closed(self, code: int) -> None:
        self._world.time.later(self._lag, self._client.closed, self, code)

    def _end(self) -> None:
        self.state = "closed"
        if self._stall is not None:
            self._stall.cancel()
        controller, self._controller = self._controller, None
        subscription, self._subscription = self._subscription, None
        if controller is not None:
            controller.connection_lost()
        if self._admitted is not None:
            if subscription is not None:
                self._admitted.game.publisher.unsubscribe(subscription)
            self._process.listener.left(self._admitted, controller)
        if self in self._process.lines:
            del self._process.lines[self]
            self._process.listener.connection_lost(cast(Any, self))

    def _judge(self, payload: bytes, frame: dict[str, Any]) -> None:
        judge, admitted, role = self._world.judge, self._admitted, self.role
        assert admitted is not None
        assert role is not None
        self._world.note("%s < %s", self.name, payload.decode())
        if "status" in frame:
            hold(self.owed, "a reply to nothing", self.name, frame)
            message, since, sender = self.owed.popleft()
            waited = self._world.time.now - since
            hold(waited <= MOST_SECONDS or self._was_paused, "a late reply", self.name, frame, waited)
            hold(frame.get("id") == message.get("id"), "a reply out of order", self.name, frame, message)
            if message:
                attempts = self._client.attempts[message["token"]]
                attempts[attempts.index((self, None))] = (self, frame)
            if frame["status"] == "ok":
                is_of_seat = message["command"].startswith("gamesvc.")
                hold(not (is_of_seat and self.admission.spectate), "who came to watch has a say", self.name, message)
                judge.ok(frame, message, sender, role, self.epoch, self.seq)
            else:
                judge.refused(frame, self.epoch)
        elif frame["event"] == "gamesvc.welcome":
            self._judge_welcome(frame, role)
        elif frame["event"] in ("gamesvc.away", "gamesvc.back"):
            hold(self.epoch and "seq" not in frame, "a notice with a number", self.name, frame)
        else:
            hold(self.epoch, "an event before the welcome", self.name)
            self.seq += 1
            judge.event(payload, frame, role, self.epoch, self.seq)

    def _judge_welcome(self, frame: dict[str, Any], role: Role) -> None:
        assert self._admitted is not None
        judge = self._world.judge
        if self.epoch:
            # Their seat was given up, or taken.
            hold(frame["playing"] != role.playing and not frame["resumed"], "a second welcome", self.name, frame)
            hold(not self.admission.spectate, "who came to watch plays", self.name, frame)
            self.role = Role(role.player, frame["playing"])
            judge.welcome(frame, self.role, None, None)
        else:
            judge.welcome(frame, role, self.admission.epoch, self.admission.since)
            # Who does not have the game any more knows no better, until it wants to write.
            is_behind = frame["epoch"] == self._knew[0] and frame["seq"] < self._knew[1]
            has_it = self._process.has(self._admitted.game)
            hold(not (is_behind and has_it), "what was seen is gone", self.name, frame)
        self.epoch = frame["epoch"]
        self.seq = (self.admission.since or 0) if frame["resumed"] else frame["seq"]


def _other(message: dict[str, Any]) -> dict[str, Any]:
    """The opposite, where somebody wants a seat, or gives theirs up."""
    return {**message, "command": "gamesvc.sit" if message["command"] == "gamesvc.leave" else "gamesvc.leave"}


def _said(message: dict[str, Any]) -> dict[str, Any]:
    """What goes over the line: gamesvc's own commands take no arguments."""
    is_of_seat = message["command"].startswith("gamesvc.")
    return {name: value for name, value in message.items() if not (is_of_seat and name == "token")}


def _payloads(data: bytes) -> Iterator[bytes]:
    """What complete frames hold."""
    at = 0
    while at < len(data):
        assert data[at] == 0x81
        size, at = data[at + 1], at + 2
        if size > 125:
            width = 2 if size == 126 else 8
            size, at = int.from_bytes(data[at : at + width], "big"), at + width
        assert at + size <= len(data), "half a frame"
        yield data[at : at + size]
        at += size


class Process:
    """A server, from its start to its end.

    Args:
        world: where.
        name: for the trace.
    """

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.name = name
        self.is_stopping = False
        self.lines: dict[Line, None] = {}
        chance = world.chance
        self.reactor = Reactor(world.time, float(chance.randrange(100_000)))
        self.journal = SimulatedJournal(world.store, world.time, self.reactor, world.wall, chance, world.faults)
        self.journal.trouble = lambda text: world.note("%s journal: %s", name, text)
        self._secrets = Random(chance.random())
        self._seen: set[GameServer] = set()
        self.listener = GameListener(
            cast(Any, self.reactor),
            journal=self.journal,
            catalog=world.catalog,
            front_door=cast(Any, _FrontDoor()),
            limits=world.limits,
            now=world.wall,
            random_bytes=self._secrets.randbytes,
        )
        self.listener.lifecycle.start()
        self._watch_loading()
        world.note("%s starts", name)

    @property
    def is_dead(self) -> bool:
        return self.reactor.is_dead

    def _watch_loading(self) -> None:
        beginnings: Any = self.listener.lifecycle._beginnings
        wake = beginnings.wake

        def watched(game: str, stored: Any, begun: Any) -> None:
            # The game as it is loaded, before anything can happen to it.
            made = beginnings._server

            def server(name: str, begin: Any) -> GameServer:
                self.world.judge.loaded(name, begin.instance.standing, stored.last)
                return cast(GameServer, made(name, begin))

            beginnings._server = server
            try:
                wake(game, stored, begun)
            finally:
                beginnings._server = made

        beginnings.wake = watched

    def see(self, game: GameServer) -> None:
        """Somebody is let into a game."""
        hold(self.listener.games.get(game.game) is game, "let into a game that is not there", game.game)

    def has(self, game: GameServer) -> bool:
        """Whether a game is still its own."""
        term: int = game._term
        return self.world.store.is_held(game.game, term)

    def may_crash(self) -> None:
        """At any moment it may be no more."""
        if self.world.chance.random() < self.world.crashing:
            self.crash()

    def crash(self) -> None:
        """It is no more: what was in memory is gone."""
        if self.is_dead:
            return
        self.world.note("%s crashes", self.name)
        self.reactor.is_dead = True
        self.journal.die()
        for line in self.lines:
            line.state = "closed"
            self.world.time.later(self.world.chance.choice((0.0, 0.1, 2.0)), line._client.closed, line, 0)

    def stop(self) -> None:
        """It stops in order."""
        if self.is_dead or self.is_stopping:
            return
        self.world.note("%s stops", self.name)
        self.is_stopping = True

        # In a turn of its own: a Deferred would keep what does not hold to itself.
        self.listener.stop().addCallback(lambda _: self.reactor.callLater(0, self._stopped))

    def _stopped(self) -> None:
        hold(not self.lines, "stopped with connections", [line.name for line in self.lines])
        self.journal.close(self.crash)


class Client:
    """A player, or somebody who watches, and what they remember.

    Args:
        world: where.
        game: the game's id.
        name: theirs.
        spectate: whether they only watch.
    """

    def __init__(self, world: World, game: str, name: str, spectate: bool) -> None:
        self._world = world
        self._chance = world.chance
        self.game = game
        self.name = name
        self.spectate = spectate
        self.lines: list[Line] = []
        self.epoch: str | None = None
        self.seq = 0
        self.unanswered: dict[str, dict[str, Any]] = {}
        self.attempts: dict[str, list[tuple[Line, dict[str, Any] | None]]] = {}
        self.replies: dict[str, dict[str, Any]] = {}
        self.sent: dict[str, dict[str, Any]] = {}
        self.reused: set[str] = set()
        self._current: list[Line] = []
        self._states: dict[Line, str] = {}
        self._commands = 0
        self._away_until = 0.0
        self._number = len(world.clients)

    @property
    def is_content(self) -> bool:
        """Whether they are there, and everything is answered."""
        return not self.unanswered and any(self._states.get(line) == "welcome" for line in self._current)

    # What they do.

    def act(self) -> None:
        """Do something, and something else later."""
        world, chance = self._world, self._chance
        if world.is_resting:
            if not self._current:
                self.connect()
            return
        world.time.later(chance.choice((0.01, 0.05, 0.1, 0.5, 1.0, 3.0)), self.act)
        if world.time.now < self._away_until:
            return
        if not self._current:
            self.connect()
            return
        line = chance.choice(self._current)
        what = chance.random()
        if what < 0.45:
            if self._commands < world.most_commands:
                for _ in range(chance.choice((1, 1, 2, 5))):
                    self._send(line, self._command())
        elif what < 0.55 and self.unanswered:
            self._send(line, chance.choice(list(self.unanswered.values())))
        elif what < 0.60 and self.sent:
            # Long answered, perhaps.
            self._send(line, chance.choice(list(self.sent.values())))
        elif what < 0.63 and self.sent:
            # A mistake of theirs: another command under the same id.
            id = chance.choice(list(self.sent))
            self.reused.add(id)
            self._send(line, self._command(id) if id[0] == "c" else _other(self.sent[id]))
        elif what < 0.65:
            world.time.later(0.0, line.receive, chance.choice((b"{", b"[]", b'{"id": "x"', b"")))
        elif what < 0.72:
            self._drop(line)
        elif what < 0.77 and len(self._current) < 2:
            self.connect()
        elif what < 0.82:
            line.pause()
            world.time.later(chance.choice((0.1, 1.0, 5.0, 12.0)), line.resume)
        elif what < 0.88 and world.has_hooks:
            self._commands += 1
            token = f"{self._number}-{self._commands}"
            name = chance.choice(("gamesvc.leave", "gamesvc.sit", "gamesvc.sit"))
            message = {"command": name, "token": token, "id": f"s-{token}"}
            self.unanswered[f"s-{token}"] = self.sent[f"s-{token}"] = message
            self._send(line, message)

    def go_away(self, until: float) -> None:
        """Be nowhere for a while."""
        self._away_until = until
        for line in tuple(self._current):
            self._drop(line)

    def connect(self) -> None:
        """Come (back)."""
        world, chance = self._world, self._chance
        epoch, since = self.epoch, self.seq if self.epoch is not None else None
        how = chance.random()
        if how < 0.1:
            epoch, since = None, 0
        elif how < 0.15:
            epoch = since = None
        elif how < 0.2 and since:
            since = chance.randrange(since + 1)
        admission = Admission(
            game=self.game,
            player=self.name,
            players=None,
            spectate=self.spectate,
            subprotocol=V1,
            expires=None,
            epoch=epoch,
            since=since,
            state=chance.random() < 0.3,
        )
        line = Line(world.process(), self, admission, chance.choice((0.0, 0.01, 0.2)))
        self.lines.append(line)
        self._current.append(line)
        self._states[line] = "connecting"
        world.note("%s connects to %s: epoch %s since %s", line.name, line._process.name, epoch, since)
        world.time.later(line._lag, line.open)

    def _command(self, id: str | None = None) -> dict[str, Any]:
        world, chance = self._world, self._chance
        self._commands += 1
        token = f"{self._number}-{self._commands}"
        message: dict[str, Any] = {"command": chance.choice(world.commands), "token": token}
        match message["command"]:
            case "put":
                message["events"] = chance.choice((0, 1, 1, 2, 5))
                if chance.random() < 0.5:
                    message["to"] = chance.sample(world.names, chance.randint(1, min(2, len(world.names))))
            case "later":
                message["seconds"] = chance.choice((0, 0.5, 3, 10, 40))
                message["token"] = token + FAILING * (chance.random() < 0.2)
            case "cancel_that":
                message["of"] = chance.choice(world.tokens or ["none"])
        if id is not None or chance.random() < 0.95:
            message["id"] = id or f"c-{token}"
        if id is None and "id" in message:
            self.unanswered[message["id"]] = self.sent[message["id"]] = message
        world.tokens.append(message["token"])
        return message

    def _send(self, line: Line, message: dict[str, Any]) -> None:
        self._world.note("%s > %s", line.name, message)
        self._world.time.later(line._lag, line.receive, message)

    def _drop(self, line: Line) -> None:
        self._world.note("%s is cut", line.name)
        self._forget(line)
        self._world.time.later(self._chance.choice((0.0, 0.05, 1.0, 6.0)), line.cut)

    def _forget(self, line: Line) -> None:
        if line in self._current:
            self._current.remove(line)
            self._states.pop(line)

    # What happens to them.

    def closed(self, line: Line, code: int) -> None:
        """The line is closed, or was never open."""
        if line in self._current:
            self._forget(line)
            if self._world.is_resting:
                self._world.time.later(0.5, self.act)

    def receive(self, line: Line, frame: dict[str, Any]) -> None:
        """A frame arrives."""
        if line not in self._current:
            return
        if "status" in frame:
            self._receive_reply(line, frame)
        elif frame["event"] == "gamesvc.welcome":
            self._states[line] = "welcome"
            if not frame["resumed"] or self.epoch != frame["epoch"]:
                self.epoch = frame["epoch"]
                self.seq = (line.admission.since or 0) if frame["resumed"] else frame["seq"]
            for message in self.unanswered.values():
                self._send(line, message)
        elif self.epoch == line.epoch and frame.get("seq") == self.seq + 1:
            self.seq += 1

    def _receive_reply(self, line: Line, frame: dict[str, Any]) -> None:
        id = frame.get("id")
        if id is None:
            return
        if frame["status"] == "ok":
            self.unanswered.pop(id, None)
            # A game that has lost something has another epoch.
            first = self.replies.setdefault(f"{id} {line.epoch}", frame)
            hold(first.get("result") == frame.get("result"), "two answers to one command", first, frame)
            return
        code = frame["error"]["code"]
        is_final = not frame["error"]["retryable"] or (code in ("not_started", "no_seat") and self._world.is_resting)
        if code == "id_reused":
            hold(id in self.reused, "an id is said to be another's", frame)
        if id in self.unanswered and is_final:
            del self.unanswered[id]
        elif id in self.unanswered and not is_final:
            self._world.time.later(self._chance.choice((0.1, 1.0)), self._retry, line, id)

    def _retry(self, line: Line, id: str) -> None:
        if line in self._current and id in self.unanswered:
            self._send(line, self.unanswered[id])


class World:
    """One schedule.

    Args:
        seed: decides everything.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.chance = chance = Random(seed)
        self.time = Time()
        self.trace = Trace(self.time)
        self.note = self.trace.note
        kind = chance.choice(
            ("Open", "Open", "Seated", "Seated", "Quick", "QuickSeated", "Lively", "Lively", "QuickLively")
        )
        self.catalog = GAMES[kind]
        self.judge = Judge(self.catalog.default.model, self.note)
        self.store = Store(self.judge)
        is_rough = chance.random() < 0.8
        self.faults = Faults(
            slowest=chance.choice((0.0, 0.01, 0.3, 2.0)),
            fails=chance.choice((0.0, 0.05, 0.3)) if is_rough else 0.0,
            unknown=chance.choice((0.0, 0.05, 0.3)) if is_rough else 0.0,
            read_fails=chance.choice((0.0, 0.05, 0.2)) if is_rough else 0.0,
            read_stalls=chance.choice((0.0, 0.1)) if is_rough else 0.0,
        )
        self.crashing = chance.choice((0.0, 0.0, 0.003, 0.02))
        self.pausing = chance.choice((0.0, 0.0, 0.05))
        self.limits = Limits(
            commands_per_second=chance.choice((0.0, 0.0, 20.0)),
            command_burst=40,
            idle_game_seconds=chance.choice((0.5, 3.0, 300.0)),
            max_connections_per_player=chance.choice((0, 2, 4)),
        )
        self.most_commands = chance.choice((4, 8, 16))
        self.commands = chance.choice(
            (
                ["put"],
                ["put", "hush", "even", "refuse", "crash", "break_off"],
                ["put", "put", "later", "later", "cancel_that", "refuse"],
                ["put", "put", "put", "hush", "even", "refuse", "crash", "later", "cancel_that"],
                ["put", "put", "even", "later", "hush", "hush", "put", "end"],
            )
        )
        self.tokens: list[str] = []
        self.wall_ahead = EPOCH
        self.is_resting = False
        players, watchers = chance.choice((1, 2, 2, 3)), chance.choice((0, 1, 1))
        self.has_hooks = "Lively" in kind
        if self.catalog.default.model.SEATS is not None:
            players = max(players, 2)
        self.names = [f"p{number}" for number in range(players)]
        games = chance.choice((1, 1, 1, 1, 2))
        self.clients: list[Client] = []
        for game in range(games):
            who = [(name, False) for name in self.names]
            # Who watches may have the name of one who plays: then they must not take each other's place for ever.
            watch_as = "p0" if self.limits.max_connections_per_player != 2 and chance.random() < 0.5 else "w0"
            who += [(watch_as, True)] * watchers
            for name, spectate in who:
                self.clients.append(Client(self, f"g{game}", name, spectate))
        self.note("%s, %d games, %s, %s", kind, games, self.faults, self.limits)
        self._processes_made = 0
        self.processes = [self._process() for _ in range(chance.choice((1, 2)))]

    def wall(self) -> float:
        """What clocks on the wall say."""
        return self.time.now + self.wall_ahead

    def process(self) -> Process:
        """The one to which somebody connects."""
        chance = self.chance
        return self.processes[0] if chance.random() < 0.6 or self.is_resting else chance.choice(self.processes)

    def _process(self) -> Process:
        self._processes_made += 1
        return Process(self, f"s{self._processes_made}")

    def _something_happens(self) -> None:
        """To the servers, or to their clocks."""
        chance = self.chance
        if self.is_resting:
            return
        self.time.later(chance.choice((0.1, 1.0, 3.0)), self._something_happens)
        what = chance.random()
        place = chance.randrange(len(self.processes))
        process = self.processes[place]
        if process.is_dead:
            self.processes[place] = self._process()
        elif what < 0.05 and self.crashing:
            process.crash()
        elif what < 0.08:
            process.stop()
        elif what < 0.14:
            self.wall_ahead += chance.choice((-3600.0, -5.0, -0.5, 0.5, 5.0, 60.0))
            self.note("the wall's clock is set")
        elif what < 0.20:
            until = self.time.now + chance.choice((6.0, 8.0) if self.has_hooks else (1.0, 4.0))
            for client in self.clients:
                client.go_away(until)

    def run(self) -> None:
        """Have it all happen."""
        with _surrounded(self):
            for client in self.clients:
                self.time.later(self.chance.choice((0.0, 0.0, 0.5, 2.0)), client.act)
            self._something_happens()
            self.time.pass_until(self.time.now + BUSY_SECONDS)
            self._rest()

    def _rest(self) -> None:
        self.note("from here on, nothing goes wrong")
        self.is_resting = True
        self.faults.fails = self.faults.unknown = self.faults.read_fails = self.faults.read_stalls = 0.0
        self.crashing = self.pausing = 0.0
        first, *rivals = self.processes
        for rival in rivals:
            rival.crash()
        # A server that has lost a game does not find out before it wants to write: nothing would come to rest.
        knows_all = all(game.closed or first.has(game) for game in first.listener.games.values())
        is_loading = rivals and not first.listener.lifecycle.quiet
        if first.is_dead or first.is_stopping or is_loading or not knows_all:
            first.crash()
            first = self._process()
        self.processes = [first]
        for client in self.clients:
            for line in client.lines:
                self.time.later(0.0, line.resume)
            for line in client._current:
                for id in client.unanswered:
                    self.time.later(0.0, client._retry, line, id)
            self.time.later(0.5, client.act)
        end = self.time.now + REST_SECONDS
        while self.time.now < end and not self._is_at_rest():
            self.time.pass_until(self.time.now + 1.0)
        restless = [(client.name, client.game, list(client.unanswered)) for client in self.clients
                    if not client.is_content]  # fmt: skip
        hold(not restless, "no rest", restless)
        self._have_timers_run()
        # What nobody knew about when faults ceased is known by now.
        self.time.pass_until(self.time.now + 22.0)
        self._see_the_end()

    def _is_at_rest(self) -> bool:
        return all(client.is_content for client in self.clients)

    def _have_timers_run(self) -> None:
        # Nobody does anything any more, and the journal fails once more: they have to be tried again.
        self.faults.fails = self.chance.choice((0.0, 0.5))
        self.time.later(5.0, setattr, self.faults, "fails", 0.0)
        # However far a game's time was ahead of the wall's. Who is awake goes by a clock that nobody sets.
        end = self.time.now + REST_SECONDS
        while self.time.now < end:
            due = [row.wake_at for row in self.store.rows.values() if row.wake_at is not None]
            if not due:
                break
            self.wall_ahead += max(0.0, max(due) - self.wall())
            self.time.pass_until(self.time.now + 2.0)

    def _see_the_end(self) -> None:
        for client in self.clients:
            for line in client.lines:
                hold(line.state != "open" or not line.owed, "never answered", line.name, line.owed)
        if not self.judge.is_strict:
            return
        for record in self.judge.records.values():
            record.see_the_end()
        for client in self.clients:
            record = self.judge.records[client.game]
            for line in client._current:
                assert line.role is not None
                has_seat = line.role.player in record.seats[-1] or not record.seats[-1]
                hold(has_seat or not line.role.playing, "has no seat, and still plays", line.name)
                seen = record.seen(line.role.sees)
                hold(line.seq == len(seen.bodies), "not brought up to date", line.name, line.seq, len(seen.bodies))
            for token, attempts in client.attempts.items():
                answers = [frame for _, frame in attempts if frame is not None]
                if len(answers) == len(attempts) and all(_is_certainly_refused(frame) for frame in answers):
                    hold(token not in record.by_token, "refused, and took effect", token, answers)


def _is_certainly_refused(frame: dict[str, Any]) -> bool:
    return bool(frame["status"] == "error" and frame["error"]["code"] != "outcome_unknown")


@contextlib.contextmanager
def _surrounded(world: World) -> Iterator[None]:
    """What gamesvc keeps is made small, so that little is enough to reach its bounds; and its log is the trace."""
    chance = world.chance
    log = _Log(world.note)
    overdue = chance.choice((1.0, OVERDUE_SECONDS))
    read_bytes, resume_events = chance.choice(((32 << 20, 10_000), (32 << 20, 10_000), (32 << 20, 5), (300, 10_000)))
    world.judge.most_missed = resume_events if read_bytes > 300 else 0
    changed: list[tuple[Any, str, object]] = [
        (gamesvc.listener, "log", log),
        (gamesvc.beginnings, "log", log),
        (gamesvc.lifecycle, "log", log),
        (gamesvc.listener, "traceback", _Traceback),
        (gamesvc.eventlog, "RECENT_EVENTS", chance.choice((1, 4, 256))),
        *((module, "OVERDUE_SECONDS", overdue) for module in (gamesvc.order, gamesvc.history, gamesvc.lifecycle)),
        (gamesvc.history, "HOLD_SECONDS", chance.choice((0.1, 2.0, 10.0))),
        (gamesvc.history, "MAX_READ_BYTES", read_bytes),
        (gamesvc.history, "MAX_RESUME_EVENTS", resume_events),
        (gamesvc.publisher, "CHUNK_BYTES", chance.choice((1, 200, 1 << 16))),
        (gamesvc.saver, "SNAPSHOT_ENTRIES", chance.choice((1, 3, 10, 1000))),
    ]
    before = [(module, name, getattr(module, name)) for module, name, _ in changed]
    for module, name, value in changed:
        setattr(module, name, value)
    try:
        yield
    finally:
        for module, name, value in before:
            setattr(module, name, value)


def simulate(seed: int, *, verbose: bool = False) -> World:
    """Have one schedule happen.

    Args:
        seed: decides everything.
        verbose: whether a failure tells all that happened.

    Raises:
        AssertionError: something that has to hold did not. It says what, the seed, and what had happened.
    """
    world = World(seed)
    try:
        world.run()
    except Exception as error:
        kind = "" if isinstance(error, Broken) else f"{type(error).__name__}: "
        trace = world.trace.text(0 if verbose else LAST_LINES)
        raise AssertionError(f"{kind}{error}\n{trace}\nGAMESVC_SEED={seed}: {kind}{error}") from error
    return world
