"""The state of a game, kept by clients that others wrote, with and without compression; also when the server is
killed."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import pytest
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.e2e.clients import V1, Message
from tests.e2e.processes import ANSWER_SECONDS, Operator, Server
from tests.e2e.threads import in_thread

GAME = ("--game", "tic-tac-toe", "--journal", "sqlite:journal.sqlite")
MOVES = (("ann", 0), ("bob", 4), ("ann", 1), ("bob", 5), ("ann", 2))
COMPRESSIONS = (None, "deflate")


class Mirror:
    """A client that keeps the state.

    Attributes:
        state: as it knows it.
        place: what it says when it comes back.
        kinds: what came, in order.
        finished: the event with which the game ended, if that was told in the welcome.
    """

    def __init__(
        self, server: Server, player: str, compression: str | None, place: Mapping[str, str] | None = None
    ) -> None:
        self._stack = contextlib.ExitStack()
        url = server.url("g", player=player, state="1", **(place or {}))
        options: dict[str, Any] = {"open_timeout": ANSWER_SECONDS, "proxy": None, "compression": compression}
        opened = connect(url, subprotocols=[Subprotocol(V1)], **options)
        assert isinstance(opened, ClientConnection)
        self._connection = self._stack.enter_context(opened)
        agreed = opened.response.headers.get("Sec-WebSocket-Extensions", "") if opened.response is not None else ""
        assert ("permessage-deflate" in agreed) is (compression is not None)
        self.kinds: list[str] = []
        self.state: Any = None
        self.seq = int((place or {}).get("since", 0))
        self.welcome = self.next()
        if not self.welcome["resumed"]:
            self.seq = self.welcome["seq"]
            self.state = self.welcome["state"]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def place(self) -> dict[str, str]:
        return {"epoch": self.welcome["epoch"], "since": str(self.seq)}

    def next(self) -> Message:
        """Take in the next message."""
        message: Message = json.loads(self._connection.recv(ANSWER_SECONDS))
        kind = str(message.get("event", "reply")).removeprefix("gamesvc.")
        self.kinds.append(kind)
        if kind == "patch":
            assert message["seq"] == self.seq
            self.state = patched(self.state, message["patch"])
        elif kind == "state":
            assert message["seq"] == self.seq
            self.state = message["state"]
        elif "seq" in message and kind != "welcome":
            self.seq += 1
            assert message["seq"] == self.seq
        return message

    def hear(self, kind: str) -> Message:
        """Take in what comes, up to a message of a kind."""
        while True:
            message = self.next()
            if self.kinds[-1] == kind:
                return message

    def ask(self, command: str, **arguments: object) -> Message:
        """Send a command, and take in what comes up to its reply."""
        self._connection.send(json.dumps({"command": command, **arguments}))
        return self.hear("reply")


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


def public(state: Message) -> Message:
    """What all see. Who plays sees what they may do, too, and knows it from their own patches."""
    if "legal" in state:
        free = [cell for cell, owner in enumerate(state["board"]) if owner is None]
        assert state["legal"] in ([], [{"command": "mark", "cell": cell} for cell in free])
    return {name: value for name, value in state.items() if name != "legal"}


def fresh(server: Server) -> Message:
    """The welcome of somebody who comes now."""
    with Mirror(server, "eve", None) as eve:
        return eve.welcome


@pytest.mark.parametrize("compression", COMPRESSIONS)
@in_thread
def test_a_game_is_played_to_its_end_and_the_state_is_known_with_each_reply(
    operator: Operator, compression: str | None
) -> None:
    server = operator.twistd(*GAME)
    with (
        Mirror(server, "ann", compression) as ann,
        Mirror(server, "bob", compression) as bob,
        Mirror(server, "carl", compression) as carl,
    ):
        ann.hear("joined")
        players = {"ann": ann, "bob": bob}
        for number, (name, cell) in enumerate(MOVES, 1):
            before = len(players[name].kinds)
            assert players[name].ask("mark", cell=cell) == {"status": "ok"}
            assert [kind for kind in players[name].kinds[before:] if kind.lower() != "finished"][-3:] == [
                "Marked",
                "patch",
                "reply",
            ]
            for other in (ann, bob, carl):
                if other is not players[name]:
                    other.hear("patch")
                assert public(other.state) == fresh(server)["state"]
                assert other.state["moves"] == number
        assert ann.kinds[-5:] == ["Marked", "Finished", "finished", "patch", "reply"]
        assert carl.state["board"] == ["ann", "ann", "ann", None, "bob", "bob", None, None, None]
        assert ann.ask("mark", cell=8)["error"]["code"] == "game_over"
        assert ann.kinds[-2:] == ["reply", "reply"]
        last = fresh(server)
        assert (last["finished"], last["outcome"]) == (True, {"event": "Finished", "winner": "ann"})
        assert last["state"] == carl.state
        assert "legal" not in carl.state
        assert ann.state["legal"] == bob.state["legal"] == []


@pytest.mark.parametrize("compression", COMPRESSIONS)
@in_thread
def test_after_the_server_was_killed_they_come_back_and_know_the_state(
    operator: Operator, compression: str | None
) -> None:
    server = operator.twistd(*GAME)
    places, states = {}, {}
    with Mirror(server, "ann", compression) as ann, Mirror(server, "bob", compression) as bob:
        players = {"ann": ann, "bob": bob}
        for name, cell in MOVES[:3]:
            assert players[name].ask("mark", cell=cell) == {"status": "ok"}
        # Ann has had everything, and Bob has not taken in what came last.
        for name, player in players.items():
            places[name], states[name] = player.place, player.state
        server.kill()
    assert states["ann"]["moves"] == 3
    assert states["bob"]["moves"] == 2
    server = operator.twistd(*GAME)
    with (
        Mirror(server, "ann", compression, places["ann"]) as ann,
        Mirror(server, "bob", compression, places["bob"]) as bob,
    ):
        for player, kinds in ((ann, ["welcome", "state"]), (bob, ["welcome", "Marked", "state"])):
            player.hear("state")
            assert (player.welcome["resumed"], player.kinds) == (True, kinds)
            assert public(player.state) == public(states["ann"]) == fresh(server)["state"]
        players = {"ann": ann, "bob": bob}
        for name, cell in MOVES[3:]:
            assert players[name].ask("mark", cell=cell) == {"status": "ok"}
            assert public(players[name].state) == fresh(server)["state"]
            (bob if name == "ann" else ann).hear("patch")
        assert public(ann.state) == public(bob.state) == fresh(server)["state"]
        assert ann.state["board"][:3] == ["ann"] * 3
