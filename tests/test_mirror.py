"""Clients that keep a game's state: whatever happens, what they have been told makes what somebody gets who comes now.

All of gamesvc is there, but for the network: what clients get are the bytes of their connections.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct, msgpack
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import Event, GameError, GameModel, Own, Player, Secret, command, field
from gamesvc.errors import CloseCode
from gamesvc.limits import MAX_LAG_EVENTS, MAX_OWED_REPLIES, SLOW_CONSUMER_SECONDS
from gamesvc.views import apply_patch
from tests.wire import Line, World, close_frame, frame

PROPERTY = settings(deadline=None, database=None, max_examples=60)

Number = int | float | bool | None


class Part(Struct):
    """Holds others, in every way."""

    value: int | float | bool | str | None = None
    weight: float | None = None
    by_number: dict[int, Part] = field(default_factory=dict)
    row: list[Part | None] = field(default_factory=list)


class Told(Event):
    text: str


class Yard(GameModel, seats=(1, 3)):
    """Anybody puts anything anywhere."""

    number: Number = None
    weight: float = 0.0
    part: Part | None = None
    row: list[Part | None] = field(default_factory=list)
    grid: list[list[Number]] = field(default_factory=list)
    by_number: dict[int, Part] = field(default_factory=dict)
    by_name: dict[str, dict[int, float]] = field(default_factory=dict)
    secret: Secret[list[int]] = field(default_factory=list)
    hidden: Secret[Part | None] = None
    hands: Own[dict[Player, list[Part | None]]] = field(default_factory=dict)
    purses: Own[dict[Player, Part]] = field(default_factory=dict)

    @command
    def put(self, player: Player, where: str = "", value: str = "", tell: list[str] | None = None) -> None:
        """Give a field a value, or none; and tell everybody, or some, or nobody."""
        for spec in self.FIELDS:
            if spec.name == where:
                setattr(self, where, spec.decode(base64.b64decode(value)))
        if tell is not None:
            self.publish(Told("put"), to=[each for each in self.players if each in tell] if tell else None)

    @command
    def count(self, player: Player) -> None:
        """Change a little, and tell of it."""
        self.weight += 1
        self.publish(Told("counted"))

    @command
    def whisper(self, player: Player) -> None:
        """Change a little, and tell whoever does it."""
        self.weight += 1
        self.publish(Told("counted"), to=[player])

    @command
    def shift(self, player: Player) -> None:
        """Change a little, and tell nobody."""
        self.weight += 1

    @command
    def refuse(self, player: Player) -> None:
        """Change a little, and be refused."""
        self.weight += 1
        raise GameError("never")

    def on_leave(self, player: Player) -> None:
        self.hands.pop(player, None)


class Sight(Yard):
    """Shows more than its fields."""

    def view(self, viewer: Player | None) -> dict[str, Any]:
        view = super().view(viewer)
        view["seated"] = list(self.players)
        view["row"] = {number: each for number, each in enumerate(self.row) if viewer is not None or number}
        view["mine"] = {"viewer": viewer, "hand": self.hands.get(viewer) if viewer is not None else None}
        if self.by_number:
            view["heaviest"] = max(each.weight or 0.0 for each in self.by_number.values())
        return view


def text(value: Any) -> str:
    """JSON that tells 1, 1.0 and true apart, and not the order of keys."""
    return json.dumps(value, sort_keys=True, allow_nan=False)


def patched(target: Any, patch: Any) -> Any:
    """What RFC 7396 has, word for word."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = patched(result.get(name), value)
    return result


def a_world(game: str, **limits: Any) -> World:
    unbound = {"ping_interval": 0, "commands_per_second": 0, "frames_per_second": 0, "max_connections_per_player": 0}
    return World(games=(f"{__name__}:{game}",), **{**unbound, **limits})


def run(world: World) -> None:
    """Let turns end until nothing more happens."""
    while any(call.getTime() <= world.reactor.seconds() for call in world.reactor.getDelayedCalls()):
        world.turn()


class Client:
    """Keeps the state, by what it is told, and sees to it that it is told everything in order.

    Attributes:
        line: its connection.
        state: as it knows it; None where it does not.
        seq: the number of the last event that it has had.
        heard: the kinds of what it got, in order.
        replies: what it was answered.
        asked: how much it asked for.
        data: all bytes that it got after the handshake, over all of its connections.
        closed: the close code.
    """

    def __init__(self, world: World, name: str, *, spectate: bool = False, deflates: bool = False) -> None:
        self.world = world
        self.name = name
        self.spectate = spectate
        self.deflates = deflates
        self.heard: list[str] = []
        self.data = b""
        self.state: Any = None
        self.connect()

    def connect(self, *, back: bool = False) -> None:
        """Come, or come back."""
        query = f"player={self.name}&state=1" + "&spectate=1" * self.spectate
        if back:
            query += f"&epoch={self.epoch}&since={self.seq}"
        self.line = self.world.line()
        self.replies: list[Any] = []
        self.asked = 0
        self.closed: int | None = None
        self.stalls = False
        headers = ["Sec-WebSocket-Protocol: gamesvc.v1"]
        if self.deflates:
            headers.append("Sec-WebSocket-Extensions: permessage-deflate")
        self.line.ask(f"/g?{query}", *headers)
        run(self.world)
        since = self.seq if back else None
        response = self.line.response()
        assert response.status == 101, response
        self.hear()
        assert self.heard[0 if since is None else -1] != "" and self.welcome["resumed"] in (False, since is not None)

    @property
    def playing(self) -> bool:
        playing: bool = self.welcome["playing"]
        return playing

    @property
    def epoch(self) -> str:
        return str(self.welcome["epoch"])

    def say(self, **message: Any) -> None:
        """Send a message, in this turn of the reactor."""
        if self.closed is None and not self.line.transport.lost:
            self.asked += 1
            self.line.protocol.dataReceived(frame(json.dumps(message).encode()))

    def stall(self) -> None:
        """Read no more."""
        self.stalls = True
        self.line.transport.room = 0

    def hear(self) -> list[str]:
        """Take in what came, whatever it is; read again, if it did not.

        Returns:
            The kinds of what came.
        """
        self.stalls = False
        self.line.transport.room = 1 << 30
        before = len(self.heard)
        while True:
            value = self.line._received + self.line.transport.value()
            messages = self.line.heard()
            self.data += value
            if not messages:
                return self.heard[before:]
            for message in messages:
                self.take(message)
            run(self.world)

    def take(self, message: Any) -> None:
        """Take in one message, or the close code."""
        assert self.closed is None, "something came after the end"
        if isinstance(message, int):
            self.closed = message
            self.heard.append("closed")
        elif "status" in message:
            self.replies.append(message)
            self.heard.append("reply")
        else:
            self._take_event(message, message["event"].removeprefix("gamesvc."))

    def _take_event(self, message: Any, kind: str) -> None:
        self.heard.append(kind if message["event"] != kind or kind == "Told" else "event")
        if kind == "welcome":
            self.welcome = message
            assert message["resumed"] is ("state" not in message)
            self.state = message.get("state")
            if not message["resumed"]:
                self.seq = message["seq"]
        elif kind == "patch":
            self._patch(message)
        elif kind == "state":
            assert message["seq"] == self.seq, "the state is not of what was told"
            self.state = message["state"]
        elif kind not in ("away", "back"):
            self.seq += 1
            assert message["seq"] == self.seq, "an event is missing, or came twice"

    def _patch(self, message: Any) -> None:
        assert message["seq"] == self.seq, "a patch is not of what was told"
        patch = message["patch"]
        state = patched(self.state, patch)
        assert text(state) == text(apply_patch(self.state, patch))
        assert json.dumps(state) != json.dumps(self.state), "a patch that changes nothing"
        self.state = state

    def cut(self) -> None:
        """The line is lost."""
        self.line.cut()
        run(self.world)

    def fresh_state(self) -> Any:
        """What somebody gets who comes now as this one."""
        other = Client(self.world, self.name, spectate=not self.playing, deflates=not self.deflates)
        other.line.send(close_frame())
        other.cut()
        assert other.playing is self.playing
        return other.state


def shown(model: Yard, viewer: str | None) -> Any:
    """What a viewer of a `Yard` is to be shown, by other means than gamesvc's."""

    def told(value: Any) -> Any:
        if isinstance(value, Struct):
            value = {name: getattr(value, name) for name in value.__struct_fields__}
        if isinstance(value, dict):
            parts = {str(name): told(part) for name, part in value.items()}
            return {name: part for name, part in parts.items() if part is not None}
        if isinstance(value, list):
            return [told(part) for part in value]
        if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
            return None
        return value

    public = ("number", "weight", "part", "row", "grid", "by_number", "by_name")
    view = {name: getattr(model, name) for name in public}
    for name in ("hands", "purses"):
        view[name] = {player: value for player, value in getattr(model, name).items() if player == viewer}
    return told(view)


# Steps.


class Enter(NamedTuple):
    name: str
    spectate: bool
    deflates: bool


class Put(NamedTuple):
    who: int
    where: str
    value: bytes
    tell: tuple[str, ...] | None


class Say(NamedTuple):
    who: int
    command: str


class Do(NamedTuple):
    """Stall, read, be cut off, or come back."""

    who: int
    what: str


class Settle(NamedTuple):
    """Let everything happen that was asked for."""


Step = Enter | Put | Say | Do | Settle

NAMES = ("ann", "bob", "cid", "dan")
WHO = st.sampled_from((0, 0, 0, 1, 1, 2, 3, 4))
FLOATS = st.sampled_from((0.0, -0.0, 1.0, 0.5, float("nan"), float("inf"), 1e300))
NUMBERS = st.none() | st.booleans() | st.integers(0, 2) | FLOATS
PARTS: st.SearchStrategy[Part] = st.recursive(
    st.builds(Part, NUMBERS | st.sampled_from(("", "x")), st.none() | FLOATS),
    lambda inner: st.builds(
        Part,
        NUMBERS,
        st.none() | FLOATS,
        st.dictionaries(st.integers(0, 2), inner, max_size=2),
        st.lists(st.none() | inner, max_size=2),
    ),
    max_leaves=4,
)
ROWS = st.lists(st.none() | PARTS, max_size=3)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "number": NUMBERS,
    "weight": FLOATS,
    "part": st.none() | PARTS,
    "row": ROWS,
    "grid": st.lists(st.lists(NUMBERS, max_size=2), max_size=2),
    "by_number": st.dictionaries(st.integers(-1, 2), PARTS, max_size=3),
    "by_name": st.dictionaries(
        st.sampled_from(("", "a", "é")), st.dictionaries(st.integers(0, 1), FLOATS, max_size=2), max_size=2
    ),
    "secret": st.lists(st.integers(0, 3), max_size=3),
    "hidden": st.none() | PARTS,
    "hands": st.dictionaries(st.sampled_from(NAMES), ROWS, max_size=3),
    "purses": st.dictionaries(st.sampled_from(NAMES), PARTS, max_size=3),
}
TELLS = st.none() | st.just(()) | st.lists(st.sampled_from(NAMES), min_size=1, max_size=2).map(tuple)


def puts(names: Sequence[str] = tuple(VALUES), tells: st.SearchStrategy[Any] = TELLS) -> st.SearchStrategy[Put]:
    """Values for these fields."""

    def put(name: str) -> st.SearchStrategy[Put]:
        return st.builds(Put, WHO, st.just(name), VALUES[name].map(msgpack.encode), tells)

    return st.sampled_from(names).flatmap(put)


ENTERS = st.builds(Enter, st.sampled_from(NAMES), st.booleans(), st.booleans())
STEPS = st.one_of(
    puts(),
    puts(),
    puts(),
    ENTERS,
    st.builds(Say, WHO, st.sampled_from(("gamesvc.leave", "gamesvc.sit", "put", "refuse", "whisper"))),
    st.builds(Do, WHO, st.sampled_from(("stall", "stall", "read", "cut", "back"))),
    st.builds(Settle),
    st.builds(Settle),
)
# Somebody does not read while the game goes on, for one turn or two.
LAGS = st.tuples(WHO, puts(), st.booleans(), puts()).map(
    lambda parts: [
        Do(parts[0], "stall"),
        *(Say(0, "shift"), Settle()),
        *(parts[1], Settle()),
        *((parts[3], Settle()) if parts[2] else ()),
        Do(parts[0], "read"),
        Settle(),
    ]
)
BEGINNING = [Enter("ann", False, False), Enter("bob", False, True), Enter("eve", True, True)]
MOVES = STEPS.map(lambda step: [step]) | STEPS.map(lambda step: [step]) | STEPS.map(lambda step: [step]) | LAGS
SCHEDULES = st.lists(MOVES, min_size=5, max_size=20).map(
    lambda moves: [*BEGINNING, *(step for move in moves for step in move)]
)


class Stage:
    """A game, and clients who do as a schedule says."""

    def __init__(self, game: str) -> None:
        self.world = a_world(game)
        self.clients: list[Client] = []

    def play(self, steps: Sequence[Step]) -> None:
        for step in steps:
            if isinstance(step, Enter):
                self.clients.append(Client(self.world, step.name, spectate=step.spectate, deflates=step.deflates))
            elif isinstance(step, Settle):
                self.settle()
            elif step.who < len(self.clients):
                self._have(self.clients[step.who], step)
        for client in self.clients:
            self._do(client, "back" if client.line.transport.lost else "read")
        self.settle()

    def _have(self, client: Client, step: Put | Say | Do) -> None:
        if isinstance(step, Say):
            client.say(command=step.command)
        elif isinstance(step, Put):
            value = base64.b64encode(step.value).decode()
            client.say(command="put", where=step.where, value=value, tell=step.tell)
        else:
            self._do(client, step.what)

    def _do(self, client: Client, what: str) -> None:
        is_lost = client.line.transport.lost or client.closed is not None
        if what == "back":
            if not is_lost:
                client.cut()
            client.connect(back=True)
        elif not is_lost:
            if what == "stall":
                client.stall()
            elif what == "read":
                client.hear()
            else:
                client.cut()

    def settle(self) -> None:
        """Let everything happen, and everybody hear of it who reads."""
        run(self.world)
        for client in self.clients:
            if not client.line.transport.lost and client.closed is None and not client.stalls:
                client.hear()
            if client.closed is not None:
                # They could not be told at once that they have another role now.
                assert client.closed == CloseCode.RESYNC, client.closed
                client.cut()
                client.connect(back=True)


class CheckedStage(Stage):
    """Holds everybody's state against that of who comes now."""

    def settle(self) -> None:
        super().settle()
        model: Any = next(iter(self.world.listener.games.values())).instance._model
        for client in self.clients:
            if client.line.transport.lost or client.stalls:
                continue
            assert len(client.replies) == client.asked, "a command was not answered"
            assert text(client.state) == text(client.fresh_state()), f"{client.name} knows another state"
            if type(model) is Yard:
                assert text(client.state) == text(shown(model, client.name if client.playing else None))


class Schedules(SynchronousTestCase):
    """Whatever happens, patches lead to what somebody gets who comes now."""

    @PROPERTY
    @given(SCHEDULES)
    def test_of_a_model_that_shows_its_fields(self, steps: list[Step]) -> None:
        CheckedStage("Yard").play(steps)

    @PROPERTY
    @given(SCHEDULES)
    def test_of_a_model_with_a_view_of_its_own(self, steps: list[Step]) -> None:
        CheckedStage("Sight").play(steps)


class Secrets(SynchronousTestCase):
    """What somebody may not see changes no byte that they get."""

    WATCHED = range(3)
    """Those of the beginning: two players, and a spectator."""

    def heard(self, game: str, steps: Sequence[Step]) -> list[bytes]:
        stage = Stage(game)
        stage.play(steps)
        return [stage.clients[who].data for who in self.WATCHED]

    def instead(self, step: Step, who: int, other: Put) -> Step:
        """Other values, and other whispers, where one of them may not see them."""
        if not isinstance(step, Put):
            return step
        name = BEGINNING[who].name
        if step.tell and name not in step.tell:
            step = step._replace(tell=None)
        if step.where in ("hands", "purses"):
            # The entry of their own stays as it is.
            value = msgpack.decode(step.value)
            mine = {name: value[name]} if name in value else {}
            step = step._replace(value=msgpack.encode({**mine, "dan": [] if step.where == "hands" else Part()}))
        if step.where in ("secret", "hidden"):
            step = step._replace(value=other.value, where=other.where)
        return step

    @PROPERTY
    @given(SCHEDULES, puts(("secret", "hidden")), st.sampled_from(WATCHED), st.sampled_from(("Yard", "Sight")))
    def test_another_value_and_other_whispers(self, steps: list[Step], other: Put, who: int, game: str) -> None:
        instead = [self.instead(step, who, other) for step in steps]
        self.assertEqual(self.heard(game, steps)[who], self.heard(game, instead)[who])

    @PROPERTY
    @given(SCHEDULES, st.lists(puts(("secret", "hidden")), min_size=3, max_size=3), st.sampled_from(WATCHED))
    def test_what_happens_in_secret_or_does_not(self, steps: list[Step], more: list[Put], who: int) -> None:
        def settled(steps: Sequence[Step]) -> list[Step]:
            return [each for step in steps for each in (step, Settle())]

        tells = tuple(each for each in NAMES if each != BEGINNING[who].name)
        secret = [put._replace(who=(who + 1) % 2, tell=tells) for put in more]
        places = [len(BEGINNING) + (number + 1) * len(steps) // 5 for number in range(len(secret))]
        with_secrets = list(steps)
        for place, put in reversed([*zip(places, secret, strict=True)]):
            with_secrets.insert(place, put)
        self.assertEqual(self.heard("Yard", settled(steps))[who], self.heard("Yard", settled(with_secrets))[who])
