"""A server in the foreground, and a game with clients that others wrote."""

from __future__ import annotations

import contextlib

import pytest
from twisted.internet.threads import deferToThread

from tests.e2e.clients import V1, AutobahnClient, ClassroomClient
from tests.e2e.processes import Operator, Server
from tests.e2e.threads import in_reactor, in_thread
from tests.test_games import GREETINGS

OK = {"status": "ok"}


@pytest.fixture(scope="module")
def server(shared_operator: Operator) -> Server:
    return shared_operator.twistd()


@in_thread
def test_every_greeting_is_heard_and_then_answered(server: Server) -> None:
    with ClassroomClient(server.url("any/path/greeted")) as client:
        for number, (command, (event, text)) in enumerate(GREETINGS.items(), 1):
            assert client.ask(command) == OK
            # The event came before the reply, else it would not be there yet.
            assert client.events[number - 1 :] == [{"event": event, "message": text, "seq": number}]


@in_thread
def test_the_first_key_says_what_a_message_is(server: Server) -> None:
    with ClassroomClient(server.url("first-key")) as client:
        client.ask("hello")
        client.ask("jump")
        assert [next(iter(message)) for message in client.messages] == ["event", "status", "status"]


@in_thread
def test_names_of_commands_are_not_case_sensitive(server: Server) -> None:
    with ClassroomClient(server.url("case")) as client:
        assert client.ask("HeLLo") == OK
        assert client.events[0]["event"] == "HelloEvent"


@in_thread
def test_what_is_no_command_is_refused_and_nobody_hears_of_it(server: Server) -> None:
    with ClassroomClient(server.url("refused")) as client, ClassroomClient(server.url("refused")) as other:
        assert client.ask("jump") == {
            "status": "error",
            "error": {"code": "unknown_command", "message": "invalid command 'jump'", "retryable": False},
        }
        assert client.await_reply(client.send(shout="hello")) == {
            "status": "error",
            "error": {"code": "no_command", "message": "must specify command", "retryable": False},
        }
        assert client.ask("hello") == OK
        assert other.hear(1) == [{"event": "HelloEvent", "message": "Hello", "seq": 1}]


@in_thread
def test_replies_come_in_the_order_of_the_requests(server: Server) -> None:
    with ClassroomClient(server.url("order")) as client:
        names = ["hello", "jump", "yo", "fly", "sup"]
        requests = [client.send(command=name) for name in names]
        replies = [client.await_reply(request) for request in requests]
        assert [reply["status"] for reply in replies] == ["ok", "error", "ok", "error", "ok"]
        assert [reply["error"]["message"] for reply in replies if reply != OK] == [
            "invalid command 'jump'",
            "invalid command 'fly'",
        ]


@in_thread
def test_everybody_in_a_game_gets_the_same_events_in_the_same_order_and_nobody_else(server: Server) -> None:
    with contextlib.ExitStack() as stack:
        players = [stack.enter_context(ClassroomClient(server.url("crowd", player=f"p{n}"))) for n in range(5)]
        stranger = stack.enter_context(ClassroomClient(server.url("elsewhere")))
        requests = [(player, player.send(command=name)) for name in GREETINGS for player in players]
        for player, request in requests:
            assert player.await_reply(request) == OK
        heard = [player.hear(len(requests)) for player in players]
        assert [event["seq"] for event in heard[0]] == list(range(1, len(requests) + 1))
        assert all(events == heard[0] for events in heard)
        stranger.ask("yo")
        assert stranger.messages == [{"event": "YoEvent", "message": "Yo!", "seq": 1}, OK]


@in_thread
def test_one_who_leaves_is_missed_by_nobody(server: Server) -> None:
    with ClassroomClient(server.url("leaving")) as stays:
        with ClassroomClient(server.url("leaving")) as leaves:
            leaves.ask("hi")
        assert stays.ask("yo") == OK
        assert [event["event"] for event in stays.events] == ["HiEvent", "YoEvent"]


@in_reactor
async def test_autobahn_is_welcomed_first_and_gets_its_ids_back(server: Server) -> None:
    client = await AutobahnClient.enter(server.url("autobahn", player="ada"), V1)
    assert client.subprotocol == V1
    welcome = await client.next()
    assert next(iter(welcome)) == "event"
    epoch = welcome.pop("epoch")
    assert isinstance(epoch, str) and epoch
    assert welcome == {
        "event": "gamesvc.welcome",
        "game": "autobahn",
        "kind": "greetings",
        "seq": 0,
        "resumed": False,
        "player": "ada",
        "playing": True,
        "players": [],
        "present": ["ada"],
    }
    client.ask(command="hola", id="c-17")
    assert await client.next() == {"event": "HolaEvent", "message": "Hola!", "seq": 1}
    assert await client.next() == {"status": "ok", "id": "c-17"}
    client.ask(command="jump", id="c-18")
    assert (await client.next())["id"] == "c-18"
    assert await client.leave() == 1000


@in_reactor
async def test_both_protocols_play_one_game_and_classic_clients_get_no_framework_events(server: Server) -> None:
    url = server.url("mixed")
    classic = await deferToThread(ClassroomClient, url)
    try:
        client = await AutobahnClient.enter(url, V1)
        assert (await client.next())["event"] == "gamesvc.welcome"
        assert await deferToThread(classic.ask, "hello") == OK
        assert await client.next() == {"event": "HelloEvent", "message": "Hello", "seq": 1}
        client.ask(command="yo")
        assert await client.next() == {"event": "YoEvent", "message": "Yo!", "seq": 2}
        assert await client.next() == OK
        assert await client.leave() == 1000
        await deferToThread(classic.hear, 2)
        assert classic.messages == [
            {"event": "HelloEvent", "message": "Hello", "seq": 1},
            OK,
            {"event": "YoEvent", "message": "Yo!", "seq": 2},
        ]
    finally:
        await deferToThread(classic.__exit__, None, None, None)


@in_reactor
async def test_autobahn_may_ask_for_the_classic_protocol_by_name_or_by_saying_nothing(server: Server) -> None:
    for offered in (), ("gamesvc.classic",), ("unheard.of", "gamesvc.classic"):
        client = await AutobahnClient.enter(server.url("autobahn-classic"), *offered)
        assert client.subprotocol == ("gamesvc.classic" if offered else None)
        client.ask(command="sup")
        assert (await client.next())["event"] == "SupEvent"
        assert await client.next() == OK
        assert await client.leave() == 1000
