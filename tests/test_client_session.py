"""The client's session: as the vectors have it that the JavaScript one shares, and against a server that is cut off at
any moment."""

from __future__ import annotations

import json
import random
from collections import deque
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.client.actions import (
    Action,
    Connect,
    Disconnect,
    Reject,
    Resolve,
    ShowEvent,
    ShowLost,
    ShowState,
    ShowStatus,
    ShowWelcome,
    Transmit,
)
from gamesvc.client.outbox import WINDOW
from gamesvc.client.session import OPEN, Session

VECTORS = json.loads((Path(__file__).parent.parent / "clients" / "vectors.json").read_text())

Message = dict[str, Any]


def written(action: Action) -> Message:
    """An action, as the vectors have it."""
    match action:
        case Connect(query, renew):
            return {"do": "connect", "query": query, "renew": renew}
        case Disconnect(code):
            return {"do": "disconnect", "code": code}
        case Transmit(text):
            return {"do": "transmit", "message": json.loads(text)}
        case Resolve(id, result):
            return {"do": "resolve", "id": id, "result": result}
        case Reject(id, error):
            return {"do": "reject", "id": id, "code": error.code, "retryable": error.retryable}
        case ShowWelcome(welcome):
            return {"do": "welcome", "seq": welcome["seq"], "resumed": welcome["resumed"]}
        case ShowEvent(event):
            return {"do": "event", "event": event}
        case ShowState(state):
            return {"do": "state", "state": state}
        case ShowLost(why):
            return {"do": "lost", "code": why.code}
        case ShowStatus(status, None):
            return {"do": "status", "status": status}
        case ShowStatus(status, end):
            assert end is not None
            return {"do": "status", "status": status, "code": end.code}


def told(session: Session, now: float, step: Message) -> list[Action]:
    """Tell a session what a step of the vectors says."""
    if "start" in step:
        return session.start(now)
    if "send" in step:
        return session.send(now, step["send"]["command"], step["send"]["arguments"])[1]
    if "received" in step:
        return session.received(now, json.dumps(step["received"]))
    if "received_text" in step:
        return session.received(now, step["received_text"])
    if "heard" in step:
        return session.heard(now)
    if "lost" in step:
        return session.lost(now, **step["lost"])
    if "refused" in step:
        return session.refused(now, **step["refused"])
    return session.tick(now) if "tick" in step else session.close(now)


class Vectors(SynchronousTestCase):
    def test_each_case_goes_as_it_says(self) -> None:
        self.assertGreater(len(VECTORS["cases"]), 50)
        for case in VECTORS["cases"]:
            self._play(case)

    def _play(self, case: Message) -> None:
        chance = case["chance"]
        session = Session("p", chance=lambda: chance, **case["options"])
        for number, step in enumerate(case["steps"]):
            where = f"{case['name']}: step {number}"
            actions = [action for _ in range(step.get("times", 1)) for action in told(session, step["at"], step)]
            self.assertEqual([written(action) for action in actions], step["then"], where)
            deadline = session.deadline
            self.assertEqual(deadline if deadline is None else round(deadline, 6), step["deadline"], where)
            for name, value in step.get("mirror", {}).items():
                self.assertEqual(getattr(session.mirror, name), value, where)


class Commands(SynchronousTestCase):
    def setUp(self) -> None:
        self.session = Session("p")

    def test_what_json_does_not_know_is_refused_and_leaves_nothing(self) -> None:
        for value in (object(), {1, 2}, b"bytes"):
            self.assertRaises(TypeError, self.session.send, 0.0, "go", {"value": value})
        for number in (float("nan"), float("inf")):
            self.assertRaises(ValueError, self.session.send, 0.0, "go", {"number": number})
        self.assertEqual(self.session.send(0.0, "go", {})[0], "p-1")

    def test_an_argument_is_not_called_as_a_key_of_the_wire(self) -> None:
        for name in ("id", "command"):
            self.assertRaises(ValueError, self.session.send, 0.0, "go", {name: "x"})

    def test_what_the_caller_changes_later_is_not_sent(self) -> None:
        cells = [1]
        self.session.send(0.0, "go", {"cells": cells})
        cells.append(2)
        self.session.start(0.0)
        actions = self.session.received(0.0, json.dumps(Table().welcome(None, None)))
        self.assertEqual([json.loads(a.text)["cells"] for a in actions if isinstance(a, Transmit)], [[1]])


class Waits(SynchronousTestCase):
    def test_no_welcome_makes_the_wait_for_it_longer(self) -> None:
        session = Session("p", chance=lambda: 1.0)
        session.start(0.0)
        self.assertEqual(session.deadline, 15.0)
        session.heard(10.0)
        self.assertEqual(session.deadline, 15.0)


class Table:
    """A game on a server that carries commands out, and forgets nobody's ids.

    Attributes:
        log: keys of what took effect, in order; each has an event, whose number is its place in this list.
        results: by the command's id.
    """

    def __init__(self) -> None:
        self.log: list[str] = []
        self.results: dict[str, int] = {}

    @property
    def state(self) -> Message:
        return {"total": len(self.log), **({"last": self.log[-1]} if self.log else {})}

    def welcome(self, epoch: str | None, since: int | None) -> Message:
        resumed = epoch == "e" and since is not None and since <= len(self.log)
        welcome = {"event": "gamesvc.welcome", "game": "g", "kind": "k", "epoch": "e", "seq": len(self.log)}
        welcome |= {"resumed": resumed, "player": "ann", "playing": True, "players": [], "present": ["ann"]}
        return welcome if resumed else {**welcome, "state": self.state}

    def happen(self, key: str) -> list[Message]:
        self.log.append(key)
        return self.shown(len(self.log))

    def shown(self, seq: int) -> list[Message]:
        return [{"event": "Put", "key": self.log[seq - 1], "seq": seq}]

    def patch(self) -> Message:
        return {"event": "gamesvc.patch", "seq": len(self.log), "patch": self.state}


class Wire:
    """What lies between the session and the table: both directions are slow, and are cut off together."""

    def __init__(self) -> None:
        self.to_server: deque[Message] = deque()
        self.to_client: deque[Message] = deque()


class World:
    """A session, a table, and what chance does to them.

    Args:
        chance: decides what happens.
        puts_off: whether the server refuses commands for now, too.
    """

    def __init__(self, chance: random.Random, *, puts_off: bool) -> None:
        self.chance = chance
        self.table = Table()
        self.session = Session("p", chance=chance.random)
        self.now = 0.0
        self.wire: Wire | None = None
        self.given: dict[str, str] = {}
        self.resolved: dict[str, Any] = {}
        self.rejected: dict[str, str] = {}
        self.shown: list[Message] = []
        self.states: list[Message] = []
        self.first: int | None = None
        self._numbers = iter(range(10**6))
        self._puts_off = puts_off
        self._is_kind = False
        self._early_cuts = 0
        self._do(self.session.start(0.0))

    def steps(self, many: int) -> None:
        for _ in range(many):
            self.now += self.chance.random() / 25
            act = self.chance.choices(
                (self.give, self.to_server, self.to_client, self.cut, self.other, self.wait, self.say_again),
                (6, 10, 10, 0.6, 2, 3, 0.3),
            )[0]
            act()
            self.check_window()

    def settle(self) -> None:
        """Let everything come to an end."""
        self._puts_off, self._is_kind = False, True
        for _ in range(10_000):
            if self.session.status == OPEN and len(self.resolved) == len(self.given) and not self._is_moving():
                return
            if self._is_moving():
                self.to_server()
                self.to_client()
            else:
                assert self.session.deadline is not None
                self.now = max(self.now, self.session.deadline)
                self.wait()
        raise AssertionError("it does not come to an end")

    def _is_moving(self) -> bool:
        return self.wire is not None and bool(self.wire.to_server or self.wire.to_client)

    # What chance does.

    def give(self) -> None:
        key = f"c{next(self._numbers)}"
        id, actions = self.session.send(self.now, "put", {"key": key})
        self.given[id] = key
        self._do(actions)

    def to_server(self) -> None:
        wire = self.wire
        if wire is None or not wire.to_server:
            return
        message = wire.to_server.popleft()
        if "hello" in message:
            self._admit(wire, message["hello"])
        elif message["command"] == "put":
            self._carry_out(wire, message)
        else:
            wire.to_client.append({"status": "ok", "id": message["id"]})

    def to_client(self) -> None:
        if self.wire is not None and self.wire.to_client:
            self._do(self.session.received(self.now, json.dumps(self.wire.to_client.popleft())))

    def cut(self) -> None:
        if not self.session.mirror.welcome:
            # After five it would give up.
            self._early_cuts += 1
        if self.wire is not None and self._early_cuts < 5:
            self.wire = None
            self._do(self.session.lost(self.now, self.chance.choice((None, 1001, 1006, 1011, 1012, 4000, 4001))))

    def other(self) -> None:
        """Another player does something."""
        self._tell(self.table.happen(f"o{next(self._numbers)}"))

    def wait(self) -> None:
        if self.wire is not None and not self.session.mirror.welcome:
            # After five attempts it would give up.
            return
        if self.session.deadline is not None and self.wire is None:
            self.now = max(self.now, self.session.deadline)
        self._do(self.session.tick(self.now))

    def say_again(self) -> None:
        """The server repeats what it said, which it does not do; that harms nobody."""
        if self.table.log and self.wire is not None and self.session.status == OPEN and not self.wire.to_client:
            seq = self.session.mirror.seq
            assert seq is not None
            for number in range(max(1, seq - 1), seq + 1):
                self.wire.to_client.extend(self.table.shown(number))

    def check_window(self) -> None:
        if self.wire is not None:
            waiting = [message for message in self.wire.to_server if message.get("command") == "put"]
            assert len(waiting) <= WINDOW

    # The server.

    def _admit(self, wire: Wire, query: dict[str, str]) -> None:
        if self.session.mirror.welcome and not self._is_kind and self.chance.random() < 0.1:
            self.wire = None
            self._do(self.session.refused(self.now, 503, "draining", "", 0.1))
            return
        since = int(query["since"]) if "since" in query else None
        if not self._is_kind and self.chance.random() < 0.1:
            # What was missed can't be told.
            since = None
        welcome = self.table.welcome(query.get("epoch"), since)
        wire.to_client.append(welcome)
        if welcome["resumed"]:
            assert since is not None
            for seq in range(since + 1, len(self.table.log) + 1):
                wire.to_client.extend(self.table.shown(seq))
            wire.to_client.append({"event": "gamesvc.state", "seq": len(self.table.log), "state": self.table.state})

    def _carry_out(self, wire: Wire, message: Message) -> None:
        id = message["id"]
        if id in self.table.results:
            wire.to_client.append({"status": "ok", "id": id, "result": self.table.results[id], "duplicate": True})
            return
        if self._puts_off and self.chance.random() < 0.2:
            code = self.chance.choice(("rate_limited", "too_many_in_flight", "unavailable", "outcome_unknown"))
            if code == "outcome_unknown" and self.chance.random() < 0.5:
                self.table.results[id] = len(self.table.log) + 1
                self._tell(self.table.happen(message["key"]))
            error: Message = {"code": code, "message": "later", "retryable": True}
            wire.to_client.append({"status": "error", "error": error, "id": id})
            return
        self.table.results[id] = len(self.table.log) + 1
        self._tell(self.table.happen(message["key"]))
        wire.to_client.append({"status": "ok", "id": id, "result": self.table.results[id]})

    def _tell(self, events: list[Message]) -> None:
        # Who has not been admitted gets it with the welcome.
        if self.wire is not None and not any("hello" in message for message in self.wire.to_server):
            self.wire.to_client.extend((*events, self.table.patch()))

    # The client.

    def _do(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case Connect(query, _):
                    assert self.wire is None
                    self.wire = Wire()
                    self.wire.to_server.append({"hello": query})
                case Disconnect(_):
                    self.wire = None
                case Transmit(text):
                    assert self.wire is not None
                    self.wire.to_server.append(json.loads(text))
                case Resolve(id, result):
                    assert id not in self.resolved
                    # Whose reply has come knows all that led to it.
                    seen = self.session.mirror.seq
                    assert seen is not None and seen >= result
                    assert self.states and self.states[-1]["total"] >= result
                    self.resolved[id] = result
                case Reject(id, error):
                    self.rejected[id] = error.code
                case ShowWelcome(welcome):
                    if not welcome["resumed"]:
                        self.shown = []
                        self.first = welcome["seq"] + 1
                case ShowEvent(event):
                    self.shown.append(event)
                case ShowState(state):
                    self.states.append(state)
                case _:
                    pass


class Cut(SynchronousTestCase):
    """However it is cut off: each command takes effect once, and each event is shown once."""

    @settings(deadline=None, database=None, max_examples=300)
    @given(st.integers(0, 1 << 32), st.integers(10, 400), st.booleans())
    def test_exactly_once_and_gap_free(self, seed: int, many: int, puts_off: bool) -> None:
        world = World(random.Random(seed), puts_off=puts_off)
        world.steps(many)
        world.settle()
        self.assertEqual(world.rejected, {})
        own = [key for key in world.table.log if key.startswith("c")]
        self.assertEqual(sorted(own), sorted(world.given.values()))
        if not puts_off:
            self.assertEqual(own, list(world.given.values()))
        for id, result in world.resolved.items():
            self.assertEqual(world.table.log[result - 1], world.given[id])
        first = world.first
        assert first is not None
        expected = [
            {"event": "Put", "key": key, "seq": seq} for seq, key in enumerate(world.table.log[first - 1 :], first)
        ]
        self.assertEqual(world.shown, expected)
        self.assertEqual(world.session.mirror.state, world.table.state)


_KEYS = ("seq", "epoch", "resumed", "players", "present", "player", "playing", "state", "patch", "seat", "bot", "bots")


def _messages() -> st.SearchStrategy[str]:
    values = st.recursive(
        st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=3),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=3),
        max_leaves=5,
    )
    names = st.sampled_from(("welcome", "state", "patch", "joined", "left", "bot", "away", "back"))
    frameworks = names.map(lambda name: f"gamesvc.{name}")
    whole = st.just(Table().welcome(None, None))
    loose = st.fixed_dictionaries({"event": frameworks | values}, optional=dict.fromkeys(_KEYS, values))
    statuses = st.sampled_from(("ok", "error")) | values
    replies = st.fixed_dictionaries({"status": statuses}, optional={"error": values, "id": values})
    return st.one_of(whole, loose, replies, values).map(json.dumps) | st.text(max_size=5)


_MESSAGES = _messages()


_CODES = st.sampled_from(
    (None, 1000, 1001, 1006, 1008, 1009, 1011, 1012, 1013, 4000, 4001, 4002, 4399, 4400, 4401, 4409)
)
_STATUSES = st.sampled_from((200, 301, 400, 401, 403, 404, 408, 410, 425, 426, 429, 500, 503))
_HAPPENINGS = st.one_of(
    _MESSAGES,
    _MESSAGES,
    st.just({"send": {"command": "go", "arguments": {}}}),
    st.builds(lambda code: {"lost": {"code": code}}, _CODES),
    st.builds(lambda status, after: {"refused": {"status": status, "retry_after": after}}, _STATUSES, st.floats()),
    st.just({"tick": {}}),
    st.just({"heard": {}}),
)


class Nonsense(SynchronousTestCase):
    """Whatever a server sends, a session goes on."""

    @settings(deadline=None, database=None, max_examples=150)
    @given(st.data())
    def test_it_comes_back_from_whatever_it_is_sent(self, data: st.DataObject) -> None:
        session = Session("p", chance=lambda: 0.5)
        session.start(0.0)
        now = 0.0
        for message in data.draw(st.lists(_MESSAGES, max_size=8)):
            now += 1.0
            session.received(now, message)
            session.tick(now)
        self.assertIn(session.status, ("connecting", "open", "reconnecting", "closed"))

    @settings(deadline=None, database=None, max_examples=150)
    @given(st.lists(_HAPPENINGS, max_size=20), st.booleans())
    def test_whatever_happens_each_command_comes_to_one_end(self, happenings: list[Any], renewable: bool) -> None:
        session = Session("p", renewable=renewable, chance=lambda: 0.5)
        now, sent = 0.0, 0
        actions = session.start(now)
        for happening in happenings:
            now += 1.0
            step = {"received_text": happening} if isinstance(happening, str) else happening
            sent += "send" in step
            actions += told(session, now, step)
            # As one that is patient would.
            if session.deadline is not None and "lost" in step:
                now = max(now, session.deadline)
                actions += session.tick(now)
            self.assertEqual(session.deadline is None, session.status == "closed")
        actions += session.close(now)
        ended = [action.id for action in actions if isinstance(action, (Resolve, Reject))]
        self.assertEqual(sorted(ended), sorted(f"p-{number}" for number in range(1, sent + 1)))
        self.assertEqual(session.status, "closed")

    def test_a_message_that_is_no_text_ends_the_line(self) -> None:
        session = Session("p", chance=lambda: 0.5)
        session.start(0.0)
        session.received(0.0, json.dumps(Table().welcome(None, None)))
        session.received(1.0, json.dumps({"event": "Put", "seq": 1}).encode(), is_binary=True)
        self.assertEqual((session.status, session.mirror.seq), ("reconnecting", 0))
        self.assertEqual(session.deadline is None, session.status == "closed")
