"""A game on a journal that answers when the test says so, with its clock, its operator, and those who ask."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from twisted.internet.task import Clock

from gamesvc.bot_offer import NO_BOTS, BotOffer
from gamesvc.errors import CloseCode, ErrorCode, JournalError, RequestRefused
from gamesvc.eventlog import EventLog, Place, Viewer
from gamesvc.instance import Instance
from gamesvc.journal.records import Opening
from gamesvc.messages import Request
from gamesvc.model import GameModel, Player
from gamesvc.pending import Asked as AskedFor
from gamesvc.pending import Role
from gamesvc.publisher import GamePublisher
from gamesvc.receipts import Receipts
from gamesvc.server import Beginning, GameServer
from gamesvc.signatures import CommandSpec
from gamesvc.subscription import Subscription
from gamesvc.surroundings import Aside, Surroundings, at_once
from tests.journals import Asked, HeldJournal

NOW = 1_800_000_000.0
"""Seconds since the epoch when a clock stands at 0."""

ALICE, BOB, CAROL = Player("alice"), Player("bob"), Player("carol")


class World:
    """What games are lent: a journal, clocks, and an operator who remembers.

    Attributes:
        set_forth: seconds by which somebody has set the wall's clock forth.
        reports: faults of models.
        warnings: what else the operator was told.
        works: what models that block are to do, each with what follows it; where `holds_work`.
        holds_work: whether that waits until the test has it done.
        in_thread: does it otherwise; None: it is done at once.
    """

    def __init__(self, *, max_connections: int = 0, bots: BotOffer = NO_BOTS) -> None:
        self.clock = Clock()
        self.set_forth = 0.0
        self.reports: list[tuple[str, BaseException]] = []
        self.warnings: list[str] = []
        self.journal = HeldJournal(self.wall)
        self.around = Surroundings(
            self.journal,
            wall=self.wall,
            monotonic=self.clock.seconds,
            soon=lambda call: self.clock.callLater(0, call),
            later=self.clock.callLater,
            report=self._report,
            max_connections_per_player=max_connections,
            aside=self._aside,
            bots=bots,
            warn=lambda sort, text: self.warnings.append(text),
        )
        self.works: list[tuple[Callable[[], None], Callable[[], None]]] = []
        self.holds_work = False
        self.in_thread: Aside | None = None

    def _aside(self, work: Callable[[], None], done: Callable[[], None]) -> None:
        if self.holds_work:
            self.works.append((work, done))
        elif self.in_thread is not None:
            self.in_thread(work, done)
        else:
            at_once(work, done)

    def wall(self) -> float:
        return NOW + self.clock.seconds() + self.set_forth

    def turn(self) -> None:
        """Let the reactor end its turn."""
        self.clock.advance(0)

    def run(self) -> None:
        """Let turns end, and the journal do what it is asked for, until nothing more happens."""
        self.turn()
        while self.journal.asked:
            self.journal.answer_all()
            self.turn()

    def pass_time(self, seconds: float, step: float = 0.25) -> None:
        """Advance the clock in small steps; the journal does what it is asked for."""
        for _ in range(round(seconds / step)):
            self.clock.advance(step)
            self.run()

    def _report(self, what: str, fault: BaseException) -> str:
        self.reports.append((what, fault))
        return f"incident-{len(self.reports)}"


class Recorder(GamePublisher):
    """A publisher that keeps what was published."""

    def __init__(self, soon: Callable[[Callable[[], None]], object], log: EventLog) -> None:
        self.published: list[tuple[bytes, frozenset[str] | None]] = []
        super().__init__(soon, log, max_lag_events=4096, max_lag_bytes=1 << 20)

    def publish(self, event: bytes, to: frozenset[str] | None = None, entry: int = 0) -> None:
        self.published.append((event, to))
        super().publish(event, to, entry)


class Answers(list[bytes]):
    """The replies to one command, of which there is to be one."""

    @property
    def reply(self) -> Any:
        (answer,) = self
        return json.loads(answer)

    @property
    def code(self) -> str:
        """The error's code; ok; or silence."""
        if not self:
            return "silence"
        return str(self.reply["error"]["code"] if self.reply["status"] == "error" else self.reply["status"])


class Table(World):
    """A game that was just created.

    Args:
        model: its class.
        seed: where its chance comes from.
        players: who has the first seats.
        max_connections: of each player; 0 means any number.
        held: whether its opening still waits for the journal.
        options: of `setup`.
        bots: those that are offered.
    """

    def __init__(
        self,
        model: type[GameModel],
        *,
        seed: bytes = b"seed",
        players: tuple[str, ...] = (),
        max_connections: int = 0,
        held: bool = False,
        options: dict[str, object] | None = None,
        bots: BotOffer = NO_BOTS,
    ) -> None:
        super().__init__(max_connections=max_connections, bots=bots)
        self.gone: list[GameServer] = []
        self.opened: list[JournalError | None] = []
        stored = self.journal.stored("g1")
        self.instance = Instance(model, seed)
        effect = self.instance.open(self.wall(), players, options or {})
        opening = Opening("kind", model.VERSION, b"{}", "epoch", seed)
        plain = not effect.events
        begin = Beginning(stored.term, opening, self.instance, Receipts(), EventLog(), is_new=True, is_plain=plain)
        self.publisher = Recorder(self.around.soon, begin.log)
        self.server = GameServer("g1", begin, self.publisher, self.around, self.gone.append)
        self.server.open(effect, self.opened.append)
        if not held:
            self.journal.next("append").ok()

    # Asking, and having everything happen.

    def answer(self, name: str, role: Role | None = None, /, *, id: str | None = None, **arguments: Any) -> bytes:
        """The reply's payload, when everything is durable."""
        answers = self.submit(name, role, id=id, **arguments)
        self.run()
        (answer,) = answers
        return answer

    def ask(self, name: str, role: Role | None = None, /, *, id: str | None = None, **arguments: Any) -> Any:
        """The reply."""
        return json.loads(self.answer(name, role, id=id, **arguments))

    def code(self, name: str, role: Role | None = None, /, **arguments: Any) -> str:
        """The reply's error code, or ok."""
        reply = self.ask(name, role, **arguments)
        return str(reply["error"]["code"] if reply["status"] == "error" else reply["status"])

    def admit(self, name: str, players: tuple[str, ...] | None = None, spectate: bool = False) -> Role:
        """Somebody's role.

        Raises:
            RequestRefused: they are not let in.
        """
        outcomes = self.come(name, players, spectate)
        self.run()
        (outcome,) = outcomes
        if isinstance(outcome, RequestRefused):
            raise outcome
        return outcome

    # Asking, and no more.

    def submit(self, name: str, role: Role | None = None, /, *, id: str | None = None, **arguments: Any) -> Answers:
        """Gets the reply, when it is given."""
        answers = Answers()
        self.server.submit(role or Role(ALICE, playing=True), Request(name, id, arguments), answers.append)
        return answers

    def come(
        self, name: str, players: tuple[str, ...] | None = None, spectate: bool = False
    ) -> list[Role | RequestRefused]:
        """Gets the role, when it is given."""
        outcomes: list[Role | RequestRefused] = []
        self.server.admit(name, players, spectate, outcomes.append)
        return outcomes

    def find(self, role: Role, epoch: str | None, since: int | None) -> list[Place | JournalError | None]:
        """Gets the place of somebody who comes back."""
        places: list[Place | JournalError | None] = []
        self.server.find_place(role, epoch, since, places.append)
        return places

    def in_flight(self) -> Asked:
        """The append that waits, at the end of the turn."""
        self.turn()
        return self.journal.next("append")

    @property
    def texts(self) -> list[str]:
        """The ``text`` of what was published."""
        events = [json.loads(body) for body, _ in self.publisher.published]
        return [event["text"] for event in events if "text" in event]


class Judge:
    """A game, as far as those know it who are judged on its state."""

    def __init__(self, model: type[GameModel], players: tuple[str, ...] = ()) -> None:
        self.instance = Instance(model, b"seed")
        self.instance.open(NOW, players)
        self.commands: dict[str, CommandSpec] = model.COMMANDS
        self.receipts = Receipts()
        self.pending_ids: dict[tuple[str, str], AskedFor] = {}
        self.refusal: ErrorCode | None = None
        self.faults: list[tuple[str, BaseException]] = []
        self.time = NOW

    @property
    def now(self) -> Callable[[], float]:
        return lambda: self.time

    def refuses(self, role: Role) -> ErrorCode | None:
        return self.refusal

    def failed(self, what: str, fault: BaseException) -> str:
        self.faults.append((what, fault))
        return f"incident-{len(self.faults)}"


class Connected:
    """A participant, as a controller is one: it leaves when it is closed.

    Args:
        server: the game.
        role: as whom they take part.
        place: from which on they get the events.
        framework: whether they get gamesvc's own events.
        state: whether they keep the state.
        greeted: whether they get a welcome.

    Attributes:
        heard: what was written, and the code of the close.
        member: as whom they take part by now.
    """

    def __init__(
        self,
        server: GameServer,
        role: Role,
        place: Place | None = None,
        *,
        framework: bool = True,
        state: bool = False,
        greeted: bool = False,
    ) -> None:
        self._server = server
        self.heard: list[bytes | CloseCode] = []
        viewer = Viewer(role.sees, framework)
        publisher = server.publisher
        self.subscription: Subscription = (
            publisher.mirror(viewer, self, place, server.audience(role))
            if state
            else publisher.subscribe(viewer, self, place)
        )
        self.member = server.join(self, role, self.subscription)
        if greeted:
            server.greet(role, self.subscription, place)

    def write(self, data: bytes) -> None:
        self.heard.append(data)

    def send(self, name: str, /, *, id: str | None = None, **arguments: Any) -> None:
        """Send a command; the reply is among what is heard."""
        self.member.submit(Request(name, id, arguments), self.subscription.reply)

    def close(self, code: CloseCode) -> None:
        if self.subscription.open:
            self.subscription.drain()
            self._server.publisher.unsubscribe(self.subscription)
            self._server.leave(self)
            self.heard.append(code)

    @property
    def events(self) -> list[Any]:
        """What came, as objects."""
        data = b"".join(each for each in self.heard if isinstance(each, bytes))
        return [json.loads(payload) for payload in payloads(data)]

    @property
    def closed_with(self) -> CloseCode | None:
        """The code of the close; None where it is open."""
        code = self.heard[-1] if self.heard else None
        return code if isinstance(code, CloseCode) else None

    def news(self) -> list[Any]:
        """What came since it was asked last, as objects."""
        events = self.events
        self.heard = [each for each in self.heard if isinstance(each, CloseCode)]
        return events


def payloads(data: bytes) -> list[bytes]:
    """What the text frames in a stream hold."""
    found = []
    while data:
        length, start = data[1], 2
        assert data[0] == 0x81, "a complete text frame"
        if length == 126:
            length, start = int.from_bytes(data[2:4], "big"), 4
        elif length == 127:
            length, start = int.from_bytes(data[2:10], "big"), 10
        assert len(data) >= start + length, "half a frame"
        found.append(data[start : start + length])
        data = data[start + length :]
    return found
