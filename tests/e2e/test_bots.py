"""Bots at a real server: they take seats, think in processes of their own, stand in for players, and survive kills."""

from __future__ import annotations

import signal
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from tests.e2e.clients import Message
from tests.e2e.processes import START_SECONDS, Finished, Operator, Server, birth, until
from tests.e2e.test_admission import Guarded
from tests.e2e.threads import in_thread
from tests.e2e.watching import UNBOUND, Watcher, kept_entries

GAME = "tic-tac-toe"
JOURNAL = "games.sqlite"
QUICK = ("--bot-pause", "0.05")

THINKER = '''
import os
import time

from gamesvc.bots import Bot, Choice, Turn


class Thinker(Bot):
    """Thinks until there is a file."""

    def choose(self, turn: Turn) -> Choice | None:
        print("thinks of", len(turn.legal))
        while not os.path.exists("idea"):
            time.sleep(0.01)
        return turn.legal[0]


class Sulker(Bot):
    """Fails, in ways that take its process with it or not."""

    def choose(self, turn: Turn) -> Choice | None:
        if len(turn.legal) > 6:
            raise LookupError("no idea")
        os._exit(3)
'''


def serve(operator: Operator, *options: str) -> Server:
    operator.write("thinkers.py", THINKER)
    operator.environment["PYTHONPATH"] = str(operator.directory)
    return operator.twistd("--game", GAME, "--journal", f"sqlite:{JOURNAL}", *QUICK, *UNBOUND, *options)


def tell(operator: Operator, server: Server, action: str, *what: str, **environment: str) -> Finished:
    """Run ``gamesvc bot``."""
    return operator.run("gamesvc", "bot", action, server.url("g"), *what, **environment)


def wait_for(watcher: Watcher, is_it: Callable[[Message], bool]) -> None:
    """Take in what comes, up to an event."""
    while not any(map(is_it, watcher.events)):
        watcher._take(watcher._next(START_SECONDS))


def marked(watcher: Watcher) -> dict[int, str]:
    """The cells that are taken, in order."""
    return {event["cell"]: event["player"] for event in watcher.events if event["event"] == "Marked"}


def is_over(watcher: Watcher) -> bool:
    return any(event["event"] == "Finished" for event in watcher.events)


def await_move(watcher: Watcher, number: int) -> None:
    """Wait for the move of a number, or the end."""
    while len(marked(watcher)) < number and not is_over(watcher):
        watcher._take(watcher._next(START_SECONDS))
    # What came with it is there before this is answered.
    assert watcher.ask("mark", cell=9)["status"] == "error"


def move(watcher: Watcher) -> None:
    """Take the first free cell."""
    free = next(cell for cell in range(9) if cell not in marked(watcher))
    assert watcher.ask("mark", cell=free) == {"status": "ok"}


def check(operator: Operator) -> None:
    """What the journal has is what the rules come to, and each has moved in their turn."""
    operator.gamesvc("replay", "g", "--check", "--game", GAME, "--journal", f"sqlite:{JOURNAL}")
    operator.gamesvc("journal", "verify", "--journal", f"sqlite:{JOURNAL}")
    moves = [entry.player for entry in kept_entries(str(operator.directory / JOURNAL), "g") if entry.kind == "command"]
    assert all(one != other for one, other in pairwise(moves)), moves


@in_thread
def test_whoever_plays_against_a_bot_that_searches_ends_the_game_through_a_kill_in_each_turn(
    operator: Operator,
) -> None:
    # As far ahead as in half a second on an idle machine.
    options = ("--bot", "search(simulations=2000)")
    server = serve(operator, *options)
    alice = Watcher(server, "g", player="alice")
    assert tell(operator, server, "seat", "search") == Finished(0, "bot-search\n", "")
    wait_for(alice, lambda event: event["event"] == "gamesvc.bot")
    moves = 0
    while not is_over(alice):
        move(alice)
        # About to be asked, or thinking.
        server.kill()
        alice.cut()
        server = serve(operator, *options)
        alice = Watcher(server, "g", player="alice", since=0)
        assert alice.welcome["bots"] == {"bot-search": "search"}
        moves += 2
        await_move(alice, moves)
    assert len(marked(alice)) >= 6
    (end,) = (event for event in alice.events if event["event"] == "Finished")
    assert end["winner"] != "alice", "it searches better than that"
    alice.cut()
    server.stop()
    check(operator)


@in_thread
def test_a_bot_of_an_authors_own_thinks_elsewhere_and_the_server_goes_on_meanwhile(operator: Operator) -> None:
    server = serve(operator, "--bot", "thinkers:Thinker", "--bot-processes", "1")
    with Watcher(server, "g", player="alice") as alice, Watcher(server, "other", player="bob") as bob:
        assert tell(operator, server, "seat", "Thinker").status == 0
        wait_for(alice, lambda event: event["event"] == "gamesvc.bot")
        move(alice)
        server.await_log("thinks of 8")
        for _ in range(50):
            assert bob.ask("mark", cell=0)["error"]["code"] == "not_started"
        # The answer to what she asks now comes after all that has happened.
        assert alice.ask("mark", cell=9)["status"] == "error"
        assert len(marked(alice)) == 1, "it still thinks"
        operator.write("idea", "")
        await_move(alice, 2)
    assert server.stop() == -signal.SIGTERM


@in_thread
def test_one_that_fails_or_ends_its_process_keeps_nobody_waiting_and_is_told_of(operator: Operator) -> None:
    server = serve(operator, "--bot", "thinkers:Sulker")
    server.may_fail = True
    with Watcher(server, "g", player="alice") as alice:
        assert tell(operator, server, "seat", "Sulker").status == 0
        moves = 0
        while not is_over(alice) and moves < 6:
            wait_for(alice, lambda event: event["event"] == "gamesvc.bot")
            move(alice)
            moves += 2
            await_move(alice, moves)
        assert "LookupError: no idea" in server.log
        # Each of the two reasons is told of once, and not at each move.
        assert server.log.count("the bot Sulker for 'bot-Sulker'") == 2
    server.stop()
    check(operator)


@in_thread
def test_a_seat_that_stays_free_is_filled_while_somebody_waits(operator: Operator) -> None:
    server = serve(operator, "--fill-with", "random", "--fill-after", "0.3")
    with Watcher(server, "g", player="alice") as alice:
        wait_for(alice, lambda event: event["event"] == "gamesvc.bot")
        move(alice)
        await_move(alice, 2)
        assert set(marked(alice).values()) == {"alice", "bot-random"}


@in_thread
def test_a_bot_stands_in_for_who_stays_away_also_after_a_kill_and_hands_back(operator: Operator) -> None:
    options = ("--stand-in", "random", "--stand-in-after", "0.3")
    server = serve(operator, *options)
    alice, bob = Watcher(server, "g", player="alice"), Watcher(server, "g", player="bob")
    wait_for(alice, lambda event: event.get("player") == "bob")
    move(alice)
    bob.cut()
    await_move(alice, 2)
    assert marked(alice)[next(reversed(marked(alice)))] == "bob"
    server.kill()
    alice.cut()
    server = serve(operator, *options)
    alice = Watcher(server, "g", player="alice", since=0)
    assert alice.welcome["bots"] == {"bob": "random"}
    await_move(alice, 2)
    move(alice)
    await_move(alice, 4)
    with Watcher(server, "g", player="bob", since=0) as bob:
        wait_for(alice, lambda event: event.get("bot", "") is None)
        if not is_over(alice):
            move(alice)
            await_move(bob, 5)
            if not is_over(bob):
                move(bob)
    alice.cut()
    server.stop()
    check(operator)


@in_thread
def test_an_operator_seats_bots_and_sends_them_away(operator: Operator) -> None:
    server = serve(operator)
    assert tell(operator, server, "seat", "random") == Finished(0, "bot-random\n", "")
    assert tell(operator, server, "remove", "bot-random") == Finished(0, "", "")
    assert tell(operator, server, "seat", "random") == Finished(0, "bot-random\n", "")
    assert tell(operator, server, "seat", "search") == Finished(0, "bot-search\n", "")
    for action, what, why in (
        ("seat", ("random",), "no_seat: all seats are taken"),
        ("remove", ("bot-random",), "cannot_leave: the game has begun, and its players stay"),
    ):
        assert tell(operator, server, action, *what) == Finished(1, "", f"gamesvc: {why}\n")
    server.stop()
    refused = tell(operator, server, "seat", "random")
    assert (refused.status, refused.output) == (1, "")
    assert "can't connect to 127.0.0.1" in refused.errors


@in_thread
def test_where_tokens_are_asked_for_one_that_says_operate_is_needed(operator: Operator) -> None:
    operator.gamesvc("keys", "--private", "signs.pem", "--public", "verifies.pem")
    operator.environment |= {"PRIVATE_KEY_FILE": "signs.pem", "TOKEN_ISSUER_URI": "urn:example:the-issuer"}
    server = serve(operator, "--enable-auth", "--public-key-file", "verifies.pem")
    guarded = Guarded(operator, server)
    boss = guarded.token("g", "boss", "--players", "alice,bob", "--spectate", "--operate")
    operator.write("boss.token", boss)
    named = ("--token-file", "boss.token")
    assert tell(operator, server, "seat", "random", "--player", "alice", *named) == Finished(0, "alice\n", "")
    assert tell(operator, server, "seat", "random", "--player", "bob", *named) == Finished(0, "bob\n", "")
    assert tell(operator, server, "remove", "alice", GAMESVC_TOKEN=boss) == Finished(0, "", "")
    for refused, why in (
        (tell(operator, server, "seat", "random"), "token_missing"),
        (tell(operator, server, "seat", "random", GAMESVC_TOKEN="nonsense"), "token_invalid"),
        (
            tell(operator, server, "seat", "random", GAMESVC_TOKEN=guarded.token("g", "alice", "--players=alice,bob")),
            "needs a token that says operate",
        ),
        (
            tell(operator, server, "seat", "random", GAMESVC_TOKEN=guarded.token("other", "boss", "--operate")),
            "wrong_game",
        ),
    ):
        assert (refused.status, refused.output) == (1, "")
        assert why in refused.errors
        assert boss not in refused.errors
    server.stop()
    assert boss not in server.log


@in_thread
def test_a_server_that_is_killed_leaves_no_process_behind_that_thinks(operator: Operator) -> None:
    server = serve(operator, "--bot", "thinkers:Thinker")
    with Watcher(server, "g", player="alice") as alice:
        assert tell(operator, server, "seat", "Thinker").status == 0
        wait_for(alice, lambda event: event["event"] == "gamesvc.bot")
        move(alice)
        server.await_log("thinks of 8")
    children = _children(server.pid)
    assert children
    server.signal(signal.SIGKILL)
    server.await_end()
    until(lambda: not any(map(birth, children)), "the end of who thinks")


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--bot", "nowhere:Bot"), "bot 'nowhere:Bot': there is no module 'nowhere'"),
        (("--bot", "random", "--bot", "thinkers:Nobody"), "has no 'Nobody'"),
        (("--fill-with", "chess"), "no bot 'chess' is offered here; there are random, search"),
    ],
)
@in_thread
def test_mistakes_in_the_settings_are_told_before_anything_starts(
    operator: Operator, options: tuple[str, ...], why: str
) -> None:
    operator.write("thinkers.py", THINKER)
    environment = {"PYTHONPATH": str(operator.directory)}
    done = operator.run(
        "twistd", "-n", "--pidfile=", "gamesvc", "--port", "0", "--game", GAME, "--journal", "memory", *options,
        **environment,
    )  # fmt: skip
    assert done.status != 0
    assert why in done.output + done.errors
    assert "Traceback" not in done.output + done.errors
