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
from tests.wire import World, close_frame, frame, opening

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


class Dealt(Yard, seats=(1, 3)):
    """Deals a hand to who takes a seat."""

    def on_join(self, player: Player) -> None:
        # By what everybody knows: else the number of others' hands would show in one's own.
        self.hands[player] = [Part(len(self.players))]
        self.publish(Told("came"))
        self.publish(Told("dealt"), to=[player])


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


def a_world(game: str) -> World:
    """One in which nobody is bounded by how much they ask for."""
    unbound: dict[str, Any] = {
        "ping_interval": 0,
        "commands_per_second": 0,
        "frames_per_second": 0,
        "max_connections_per_player": 0,
    }
    return World(games=(game,), **unbound)


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
        self.heard.append(kind if message["event"].startswith("gamesvc.") else "event")
        if kind == "welcome":
            self.welcome = message
            assert not (message["resumed"] and "state" in message)
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
        assert self.state is not None, "a patch, and nobody knows of what"
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
# A seat is free for a moment.
CHANGES = st.tuples(st.sampled_from((0, 1)), st.sampled_from((0, 1)), st.booleans()).map(
    lambda parts: [
        Say(parts[0], "gamesvc.leave"),
        *((Settle(),) if parts[2] else ()),
        Say(parts[1], "gamesvc.sit"),
        Say(0, "shift"),
        Settle(),
    ]
)
MOVES = (
    STEPS.map(lambda step: [step]) | STEPS.map(lambda step: [step]) | STEPS.map(lambda step: [step]) | LAGS | CHANGES
)
SCHEDULES = st.lists(MOVES, min_size=5, max_size=20).map(
    lambda moves: [*BEGINNING, *(step for move in moves for step in move)]
)


class Stage:
    """A game, and clients who do as a schedule says."""

    def __init__(self, game: str) -> None:
        self.world = a_world(f"{__name__}:{game}")
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
        while True:
            run(self.world)
            for client in self.clients:
                if not client.line.transport.lost and client.closed is None and not client.stalls:
                    client.hear()
            closed = [client for client in self.clients if client.closed is not None]
            if not closed:
                return
            for client in closed:
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
            if type(model) is not Sight:
                assert text(client.state) == text(shown(model, client.name if client.playing else None))


class Schedules(SynchronousTestCase):
    """Whatever happens, patches lead to what somebody gets who comes now."""

    @PROPERTY
    @given(SCHEDULES)
    def test_of_a_model_that_shows_its_fields(self, steps: list[Step]) -> None:
        CheckedStage("Yard").play(steps)

    @PROPERTY
    @given(SCHEDULES)
    def test_of_a_model_that_tells_who_takes_a_seat(self, steps: list[Step]) -> None:
        CheckedStage("Dealt").play(steps)

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
    @given(SCHEDULES, puts(("secret", "hidden")), st.sampled_from(WATCHED), st.sampled_from(("Yard", "Sight", "Dealt")))
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


class Case(SynchronousTestCase):
    """A game with two players and somebody who watches."""

    GAME = "Yard"

    def setUp(self) -> None:
        self.world = a_world(f"{__name__}:{self.GAME}")
        self.ann, self.bob = Client(self.world, "ann"), Client(self.world, "bob")
        self.eve = Client(self.world, "eve", spectate=True)
        self.ann.hear()
        self.bob.hear()

    def put(self, where: str, value: object, who: Client | None = None, tell: Sequence[str] | None = None) -> None:
        encoded = base64.b64encode(msgpack.encode(value)).decode()
        (who or self.ann).say(command="put", where=where, value=encoded, tell=tell)

    def assert_knows(self, *clients: Client) -> None:
        for client in clients:
            client.hear()
            self.assertEqual(text(client.state), text(client.fresh_state()))


class Order(Case):
    """What comes of a turn: events, then one patch, then replies."""

    def test_events_one_patch_and_replies_however_many_commands(self) -> None:
        for client, count in ((self.ann, 3), (self.bob, 2)):
            for number in range(count):
                client.say(command="count", id=f"{number}")
        run(self.world)
        for client, replies in ((self.ann, 3), (self.bob, 2), (self.eve, 0)):
            self.assertEqual(client.hear(), ["event"] * 5 + ["patch"] + ["reply"] * replies)
            self.assertEqual([each["id"] for each in client.replies], [str(number) for number in range(replies)])
        self.assert_knows(self.ann, self.bob, self.eve)

    def test_it_is_one_write(self) -> None:
        self.ann.say(command="count")
        self.ann.say(command="count")
        for client in (self.ann, self.bob, self.eve):
            client.line.transport.writes.clear()
        run(self.world)
        for client in (self.ann, self.bob, self.eve):
            self.assertEqual(len(client.line.transport.writes), 1)

    def test_there_is_no_patch_where_nothing_changed_that_they_see(self) -> None:
        for where, value in (("secret", [1]), ("hidden", Part(1)), ("weight", 0.0), ("purses", {"cid": Part()})):
            self.put(where, value)
            run(self.world)
            self.assertEqual([each.hear() for each in (self.ann, self.bob, self.eve)], [["reply"], [], []], where)
        self.put("purses", {"ann": Part(1)})
        run(self.world)
        self.assertEqual([each.hear() for each in (self.ann, self.bob, self.eve)], [["patch", "reply"], [], []])

    def test_what_is_refused_is_told_alone(self) -> None:
        self.ann.say(command="refuse")
        run(self.world)
        self.assertEqual([each.hear() for each in (self.ann, self.bob)], [["reply"], []])

    def test_its_number_is_that_of_the_last_event_of_the_viewers_own_and_it_has_none_itself(self) -> None:
        # `Client` sees to the numbers.
        self.ann.say(command="whisper")
        self.ann.say(command="shift")
        self.bob.say(command="whisper")
        run(self.world)
        self.assertEqual(self.ann.hear(), ["event", "patch", "reply", "reply"])
        self.ann.say(command="count")
        run(self.world)
        self.assertEqual((self.ann.hear(), self.eve.hear()), (["event", "patch", "reply"], ["patch", "event", "patch"]))
        self.assertEqual((self.ann.seq, self.eve.seq), (4, 3))

    def test_who_does_not_ask_for_the_state_is_told_nothing_of_it(self) -> None:
        line = self.world.line()
        line.ask("/g?player=bob", "Sec-WebSocket-Protocol: gamesvc.v1")
        run(self.world)
        line.response()
        self.ann.say(command="count")
        run(self.world)
        welcome, *others = line.heard()
        self.assertNotIn("state", welcome)
        self.assertEqual([each["event"] for each in others], ["Told"])

    def test_who_lagged_gets_the_events_then_the_state_then_the_replies(self) -> None:
        self.bob.stall()
        for _ in range(3):
            self.ann.say(command="count")
            self.bob.say(command="shift")
            run(self.world)
        self.assertEqual(self.bob.hear(), ["event", "patch", "reply", "event", "event", "state", "reply", "reply"])
        self.assert_knows(self.bob)

    def test_who_comes_back_gets_the_events_and_then_the_state(self) -> None:
        self.bob.cut()
        self.ann.say(command="count")
        self.ann.say(command="shift")
        run(self.world)
        before = len(self.bob.heard)
        self.bob.connect(back=True)
        self.assertEqual(self.bob.heard[before:], ["welcome", "event", "state"])
        self.assertIs(self.bob.welcome["resumed"], True)
        self.bob.cut()
        before = len(self.bob.heard)
        self.bob.connect(back=True)
        self.assertEqual(self.bob.heard[before:], ["welcome", "state"], "nothing was missed")
        self.ann.say(command="count")
        run(self.world)
        self.assertEqual(self.bob.hear(), ["event", "patch"])
        self.assert_knows(self.bob)

    def test_who_missed_more_than_can_be_told_gets_the_state_in_the_welcome(self) -> None:
        self.bob.cut()
        self.bob.welcome["epoch"] = "another"
        self.bob.connect(back=True)
        self.assertEqual((self.bob.heard[-1], self.bob.welcome["resumed"]), ("welcome", False))
        self.assert_knows(self.bob)

    def test_who_does_not_read_for_one_change_is_told_by_a_patch_and_for_two_by_the_state(self) -> None:
        for changes, kind in ((1, "patch"), (2, "state"), (5, "state")):
            # A pause begins with something that comes.
            self.bob.stall()
            self.ann.say(command="count")
            run(self.world)
            for _ in range(changes):
                # What is secret makes no difference.
                for secret in ([1], [2], []):
                    self.put("secret", secret)
                    run(self.world)
                self.ann.say(command="shift")
                run(self.world)
            self.put("secret", [3])
            run(self.world)
            self.assertEqual(self.bob.hear(), ["event", "patch", kind])
            self.assert_knows(self.bob)

    def test_who_comes_in_the_middle_of_a_turn_in_which_something_secret_changes_is_told_nothing_more(self) -> None:
        # All of it is one entry in the journal's queue, with the one who comes in between.
        for changes in (0, 1):
            with self.subTest(changes=changes):
                line = self.world.line()
                if changes:
                    self.ann.line.protocol.dataReceived(self.a_secret())
                line.transport.protocol.dataReceived(self.a_newcomer())
                if changes:
                    self.ann.line.protocol.dataReceived(self.a_secret())
                run(self.world)
                line.response()
                self.assertEqual([each["event"] for each in line.heard()], ["gamesvc.welcome"])
                line.cut()

    secrets = 0

    def a_secret(self) -> bytes:
        self.secrets += 1
        value = base64.b64encode(msgpack.encode([self.secrets])).decode()
        return frame(json.dumps({"command": "put", "where": "secret", "value": value}).encode())

    def a_newcomer(self) -> bytes:
        return opening("/g?player=zoe&spectate=1&state=1", "Sec-WebSocket-Protocol: gamesvc.v1")


class OtherSeats(Case):
    """Who takes a seat, or gives it up, is shown another view on the same connection."""

    GAME = "Sight"

    def test_they_are_welcomed_anew_and_go_on_from_there(self) -> None:
        self.put("purses", {"bob": Part(1)})
        run(self.world)
        self.bob.hear()
        epoch = self.bob.epoch
        self.bob.say(command="gamesvc.leave")
        run(self.world)
        self.assertEqual(self.bob.hear(), ["left", "welcome", "reply"])
        self.assertNotEqual(self.bob.epoch, epoch)
        self.put("purses", {"bob": Part(2)})
        run(self.world)
        self.assertEqual((self.bob.hear(), self.bob.state["purses"], self.bob.state["mine"]), ([], {}, {}))
        self.bob.say(command="gamesvc.sit")
        run(self.world)
        self.assertEqual(self.bob.hear(), ["joined", "welcome", "reply"])
        self.assertEqual((self.bob.epoch, self.bob.state["purses"]["bob"]["value"]), (epoch, 2))
        self.put("purses", {"bob": Part(3)})
        run(self.world)
        self.assertEqual((self.bob.hear(), self.bob.state["purses"]["bob"]["value"]), (["patch"], 3))
        self.assert_knows(self.ann, self.bob, self.eve)


class Dealing(Case):
    """Who takes a seat, and is told something because of that."""

    GAME = "Dealt"

    def test_they_get_that_as_its_player_and_then_the_state_and_the_reply(self) -> None:
        self.assertEqual(self.bob.state["hands"], {"bob": [{"value": 2, "by_number": {}, "row": []}]})
        self.bob.say(command="gamesvc.leave")
        run(self.world)
        self.assertEqual((self.bob.hear(), self.bob.state["hands"]), (["left", "welcome", "reply"], {}))
        self.put("hands", {})
        self.bob.say(command="gamesvc.sit")
        run(self.world)
        self.assertEqual(self.bob.hear(), ["joined", "welcome", "event", "event", "state", "reply"])
        self.assertEqual(self.bob.state["hands"], {"bob": [{"value": 2, "by_number": {}, "row": []}]})
        self.eve.hear()
        self.put("hands", {"bob": []})
        run(self.world)
        self.assertEqual((self.bob.hear(), self.eve.hear()), (["patch"], []))
        self.assert_knows(self.ann, self.bob, self.eve)

    def test_who_does_not_read_gets_nothing_more_and_has_to_come_back(self) -> None:
        self.bob.say(command="gamesvc.leave")
        run(self.world)
        self.bob.hear()
        self.bob.stall()
        self.ann.say(command="count")
        run(self.world)
        self.bob.say(command="gamesvc.sit")
        run(self.world)
        self.assertEqual((self.bob.hear(), self.bob.closed), (["event", "patch", "closed"], CloseCode.RESYNC))


class Slow(Case):
    """Who does not read costs little, and goes."""

    def test_nothing_is_kept_in_the_transport_of_who_does_not_read(self) -> None:
        self.bob.stall()
        self.put("grid", [[number] * 100 for number in range(100)])
        run(self.world)
        size = len(self.bob.line.transport.value())
        for number in range(200):
            self.put("grid", [[number] * 100 for number in range(number, number + 100)])
            run(self.world)
            self.ann.hear()
        self.assertEqual(len(self.bob.line.transport.value()), size)
        self.assertEqual(self.bob.hear(), ["patch", "state"])
        self.assert_knows(self.bob)

    def test_who_stands_still_for_long_is_closed_and_gets_nothing_more(self) -> None:
        self.bob.stall()
        self.ann.say(command="shift")
        run(self.world)
        self.world.pass_time(SLOW_CONSUMER_SECONDS - 1)
        self.ann.say(command="shift")
        run(self.world)
        self.assertFalse(self.bob.line.transport.half_closed)
        self.world.pass_time(1.25)
        self.ann.say(command="shift")
        run(self.world)
        self.assertEqual((self.bob.hear(), self.bob.closed), (["patch", "closed"], CloseCode.SLOW_CONSUMER))

    def test_who_misses_too_many_events_is_closed_and_gets_nothing_more(self) -> None:
        self.bob.stall()
        self.ann.say(command="count")
        run(self.world)
        for number in range(MAX_LAG_EVENTS + 1):
            self.assertFalse(self.bob.line.transport.half_closed, number)
            self.ann.say(command="count")
            run(self.world)
            self.ann.line.received()
        self.assertEqual((self.bob.hear(), self.bob.closed), (["event", "patch", "closed"], CloseCode.SLOW_CONSUMER))

    def test_who_asks_and_does_not_read_is_closed(self) -> None:
        self.bob.stall()
        for _ in range(MAX_OWED_REPLIES + 2):
            self.bob.say(command="shift")
            run(self.world)
        self.assertEqual(self.bob.hear()[-1], "closed")
        self.assertEqual(self.bob.closed, CloseCode.SLOW_CONSUMER)

    def test_changes_without_events_are_no_sign_of_slowness_and_reach_who_reads(self) -> None:
        for number in range(MAX_LAG_EVENTS + 100):
            if number % 1000 == 0:
                self.bob.stall()
            self.ann.say(command="shift")
            run(self.world)
            self.ann.line.received()
            if number % 1000 == 3:
                self.assertEqual(self.bob.hear()[-1], "state")
            elif number % 1000 > 3:
                self.assertEqual(self.bob.hear(), ["patch"])
        self.assertIsNone(self.bob.closed)
        self.assert_knows(self.bob)
