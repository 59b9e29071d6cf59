"""Who was cut off comes back, and gets what they missed: no more, no less, after a restart as well; and what that costs
the journal."""

from __future__ import annotations

import asyncio
import json
import resource
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.clients import V1
from tests.e2e.processes import ANSWER_SECONDS, LOOPBACK, Operator, Server, until
from tests.e2e.threads import in_thread
from tests.e2e.watching import UNBOUND, Watcher, history, kept_entries, restored, serve

MOST_MISSED = 10_000
STORM = 2_000
STORM_GAMES = 8
STORM_MISSED = 300
"""More than a game has in memory."""

READY_SECONDS = 2.0
LATER_SECONDS = 3600.0
SNAPSHOT_ENTRIES = 1_000


def _nothing(operator: Operator, server: Server) -> Server:
    return server


def _restart(operator: Operator, server: Server) -> Server:
    assert server.stop() == -signal.SIGTERM
    return serve(operator)


def _kill(operator: Operator, server: Server) -> Server:
    server.kill()
    return serve(operator)


def _play(player: Watcher, rounds: int) -> None:
    for number in range(rounds):
        for command in ("put", "whisper", "both", "quiet"):
            assert player.ask(command, key=f"{command}-{number}")["status"] == "ok"


@pytest.mark.parametrize("meanwhile", [_nothing, _restart, _kill])
# Of few whispers, Bob might hear none: of these 32, that is one time in four thousand million.
@pytest.mark.parametrize("rounds", [30, 150])
@in_thread
def test_who_was_cut_off_gets_what_they_missed(
    operator: Operator, meanwhile: Callable[[Operator, Server], Server], rounds: int
) -> None:
    server = serve(operator, *UNBOUND)
    ann = Watcher(server, "g", player="ann", since=0)
    cut = {name: Watcher(server, "g", player=name, **more) for name, more in OTHERS.items()}
    stay = {name: Watcher(server, "g", player=name, since=0, **more) for name, more in OTHERS.items()}
    _play(ann, 2)
    seen = {}
    for name, watcher in cut.items():
        head = Watcher(server, "g", player=name, **OTHERS[name])
        watcher.hear(head.welcome["seq"])
        head.cut()
        seen[name] = list(watcher.events)
        watcher.cut()
    _play(ann, rounds)
    expected = {}
    for name, watcher in stay.items():
        head = Watcher(server, "g", player=name, **OTHERS[name])
        expected[name] = watcher.hear(head.welcome["seq"])
        head.cut()
        watcher.cut()
    # Each has had something that others may not see.
    assert len({len(events) for events in expected.values()}) == len(expected)
    ann.cut()
    server = meanwhile(operator, server)
    for name, events in expected.items():
        place = cut[name].place
        with Watcher(server, "g", player=name, **place, **OTHERS[name]) as back:
            assert back.welcome["resumed"] is True
            assert back.welcome["seq"] == len(events)
            assert "state" not in back.welcome
            assert back.hear(len(events)) == events[int(str(place["since"])) :]
        # All of it, for who knows nothing.
        with Watcher(server, "g", player=name, since=0, **OTHERS[name]) as fresh:
            assert fresh.welcome["resumed"] is True
            assert fresh.hear(len(events)) == events
    assert [event["seq"] for event in expected["bob"]] == list(range(1, len(expected["bob"]) + 1))


OTHERS: dict[str, dict[str, object]] = {"bob": {}, "eve": {"spectate": 1}}


@in_thread
def test_who_missed_too_much_gets_the_state(operator: Operator) -> None:
    restored(str(operator.directory / "journal.sqlite"), "g", history(MOST_MISSED + 101))
    server = serve(operator, *UNBOUND)
    head = MOST_MISSED + 100
    with Watcher(server, "g", player="ann", epoch="epoch", since=head - MOST_MISSED) as all_but_too_much:
        assert all_but_too_much.welcome["resumed"] is True
        assert "state" not in all_but_too_much.welcome
        events = all_but_too_much.hear(head)
        assert [event["seq"] for event in events] == list(range(head - MOST_MISSED + 1, head + 1))
        assert [event["key"] for event in events] == [f"{event['seq']}" for event in events]
    for since in (head - MOST_MISSED - 1, 0):
        with Watcher(server, "g", player="ann", epoch="epoch", since=since) as too_late:
            assert too_late.welcome["resumed"] is False
            assert too_late.welcome["seq"] == head
            assert too_late.welcome["state"]["total"] == head
            # And goes on from there.
            assert too_late.ask("put", key="more")["status"] == "ok"
            head += 1
            assert [event["seq"] for event in too_late.events] == [head]
    with Watcher(server, "g", player="ann", epoch="another", since=head) as stranger:
        assert stranger.welcome["resumed"] is False
        assert stranger.welcome["state"]["total"] == head


def _reads(path: Path) -> dict[str, int]:
    found: dict[str, int] = json.loads(path.read_text()) if path.exists() else {}
    return found


async def _come_back(port: int, game: str, number: int) -> bytes:
    """Come back as a spectator, and return all that was sent after the welcome, which says that it is all."""
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    try:
        writer.write(
            f"GET /{game}?player=p{number}&spectate=1&epoch=epoch.public&since=0 HTTP/1.1\r\n"
            f"Host: {LOOPBACK}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Protocol: {V1}\r\n\r\n".encode()
        )
        head = await reader.readuntil(b"\r\n\r\n")
        assert b" 101 " in head, head
        welcome = json.loads(await _frame(reader))
        assert welcome["resumed"] is True and welcome["seq"] == STORM_MISSED, welcome
        return b"\n".join([await _frame(reader) for _ in range(STORM_MISSED)])
    finally:
        writer.transport.abort()


async def _frame(reader: asyncio.StreamReader) -> bytes:
    """A text frame's content."""
    kind, size = await reader.readexactly(2)
    assert kind == 0x81, kind
    if size == 126:
        size = int.from_bytes(await reader.readexactly(2), "big")
    return await reader.readexactly(size)


async def _storm(port: int) -> list[set[bytes]]:
    """Have all come back at once. Returns, of each game, what they got."""
    comers = [_come_back(port, f"g{number % STORM_GAMES}", number) for number in range(STORM)]
    async with asyncio.timeout(6 * ANSWER_SECONDS):
        got = await asyncio.gather(*comers)
    return [set(got[game::STORM_GAMES]) for game in range(STORM_GAMES)]


@in_thread
def test_when_all_come_back_at_once_each_game_is_read_once(operator: Operator) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 2 * STORM:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4 * STORM), hard))
    journal = str(operator.directory / "journal.sqlite")
    for game in range(STORM_GAMES):
        restored(journal, f"g{game}", history(STORM_MISSED + 1), snapshot_at=STORM_MISSED + 1)
    counts = operator.directory / "counts"
    server = serve(
        operator,
        *("--max-connections", "0"),
        # All are served, however long a busy machine takes for that; and what comes is held against events alone.
        *("--handshake-timeout", "0", "--ping-interval", "0"),
        tweaks={"counted_reads": counts},
        # A busy machine may take longer to let so many in than what was read is kept.
        constants={
            "gamesvc.history:HOLD_SECONDS": 10 * ANSWER_SECONDS,
            "gamesvc.entering:ENTER_SECONDS": 10 * ANSWER_SECONDS,
        },
    )
    started = time.monotonic()
    got = asyncio.run(_storm(server.ports["port"]))
    sys.stdout.write(f"{STORM} came back in {time.monotonic() - started:.2f} s: {_reads(counts)}\n")
    for sent in got:
        # All got the same bytes.
        (events,) = sent
        assert [json.loads(event)["seq"] for event in events.split(b"\n")] == list(range(1, STORM_MISSED + 1))
    reads = _reads(counts)
    assert reads["load"] == STORM_GAMES
    assert reads["load_entries"] == 0
    assert reads["history"] <= STORM_GAMES
    assert reads["history_entries"] <= STORM_GAMES * (STORM_MISSED + 1)


@in_thread
def test_a_long_game_is_ready_soon(operator: Operator) -> None:
    many = 100_000
    restored(str(operator.directory / "journal.sqlite"), "g", history(many), snapshot_at=many - SNAPSHOT_ENTRIES)
    counts = operator.directory / "counts"
    server = serve(operator, tweaks={"counted_reads": counts})
    started = time.monotonic()
    with Watcher(server, "g", player="ann", epoch="epoch", since=many - 11) as ann:
        ready = time.monotonic() - started
        assert ann.welcome["seq"] == many - 1
        assert len(ann.hear(many - 1)) == 10
        assert ann.ask("put", key="more")["result"][0] == many
    reads = _reads(counts)
    sys.stdout.write(f"a game of {many} entries was ready in {ready * 1000:.0f} ms: {reads}\n")
    assert reads == {"load": 1, "load_entries": SNAPSHOT_ENTRIES}
    # Its time is for those who look at it; a busy machine may take longer, but never so long.
    assert ready < 10 * READY_SECONDS


@in_thread
def test_a_server_keeps_the_way_to_a_game_short(operator: Operator) -> None:
    counts = operator.directory / "counts"
    server = serve(operator, *UNBOUND)
    with Watcher(server, "g", player="ann") as ann:
        for number in range(0, 5 * SNAPSHOT_ENTRIES // 2, 20):
            for more in range(20):
                ann.send("put", key=f"{number + more}")
            assert ann.await_replies(number + 20)[-1]["status"] == "ok"
        server.kill()
    server = serve(operator, tweaks={"counted_reads": counts})
    with Watcher(server, "g", player="ann", state=1) as ann:
        assert ann.welcome["state"]["total"] == 5 * SNAPSHOT_ENTRIES // 2
    reads = _reads(counts)
    sys.stdout.write(f"after {5 * SNAPSHOT_ENTRIES // 2} commands: {reads}\n")
    assert reads["load"] == 1
    # A snapshot is made where an append ends, and another append is on its way by then.
    assert reads["load_entries"] <= SNAPSHOT_ENTRIES + 100


@in_thread
def test_a_sleeping_game_is_woken_by_its_timer_and_by_a_player(operator: Operator) -> None:
    server = serve(operator, "--idle-game-seconds", "0.1")
    journal = str(operator.directory / "journal.sqlite")
    # Long enough for the game to be asleep by then.
    seconds = 5.0
    with Watcher(server, "g", player="ann") as ann:
        assert ann.ask("put", key="first")["status"] == "ok"
        assert ann.ask("later", key="alarm", seconds=seconds)["status"] == "ok"
    server.await_log("game g (Ledger) woken by the server")
    assert "game g sleeps" in server.log.partition("woken")[0]
    until(lambda: kept_entries(journal, "g")[-1].kind == "timer", "the timer")
    until(lambda: server.log.count("game g sleeps") == 2, "a game that sleeps again")
    with Watcher(server, "g", player="ann", **ann.place) as back:
        assert back.welcome["resumed"] is True
        (rang,) = back.hear(back.welcome["seq"])
        assert (rang["event"], rang["key"], rang["total"]) == ("Rang", "alarm", 3)
        assert back.ask("put", key="second")["result"][0] == 4
    assert "game g (Ledger) woken by 'ann'" in server.log
    due = kept_entries(journal, "g")[-2].time - kept_entries(journal, "g")[-3].time
    assert due >= seconds


@pytest.mark.parametrize("left", [5.0, -60.0])
@in_thread
def test_timers_survive_the_end_of_a_server(operator: Operator, left: float) -> None:
    journal = str(operator.directory / "journal.sqlite")
    server = serve(operator)
    with Watcher(server, "g", player="ann") as ann:
        assert ann.ask("later", key="alarm", seconds=LATER_SECONDS)["status"] == "ok"
        server.kill()
    set_at = kept_entries(journal, "g")[-1].time
    # Nobody is there but the timer, which is due soon, or has been for a while.
    server = serve(operator, tweaks={"late_clock": LATER_SECONDS - left - (time.time() - set_at)})
    until(lambda: kept_entries(journal, "g")[-1].kind == "timer", "the timer")
    assert kept_entries(journal, "g")[-1].time >= set_at + LATER_SECONDS
    with Watcher(server, "g", player="ann", **ann.place) as back:
        assert [event["event"] for event in back.hear(back.welcome["seq"])] == ["Rang"]
    assert [entry.kind for entry in kept_entries(journal, "g")].count("timer") == 1
