"""The storage fails in the middle of play: commands are refused, or wait, and nothing that is said is false. When it is
back, the server goes on without a restart. All the while it serves: its reactor waits for no disk and no database."""

from __future__ import annotations

import json
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import apsw
import pytest
from websockets.exceptions import InvalidStatus

from gamesvc.journal.postgres import PostgresStore
from gamesvc.journal.records import Entry
from gamesvc.journal.sqlite import SqliteStore
from gamesvc.journal.store import Store
from tests.cutting_proxy import AtCommit, CuttingProxy
from tests.e2e.clients import Message
from tests.e2e.processes import ANSWER_SECONDS, Operator, Server, until
from tests.e2e.threads import in_thread
from tests.e2e.watching import UNBOUND, Watcher, history, restored, serve
from tests.postgres import PostgresServer, shared_server

STALL_MILLISECONDS = 50.0
HISTORY = 1_000
OUTCOME_UNKNOWN_SECONDS = 5.0
"""After how long somebody is told that nobody knows what became of a command."""
BUSY_MILLISECONDS = ("gamesvc.journal.sqlite_file:BUSY_MILLISECONDS", "gamesvc.journal.sqlite:BUSY_MILLISECONDS")
"""How long a server waits for a file that somebody else has locked."""
UNAVAILABLE = {
    "code": "unavailable",
    "message": "the game can't be saved now; nothing has changed",
    "retryable": True,
}


class Place:
    """Where a journal is.

    Args:
        url: for the server.
        open_store: opens it, for us.
    """

    def __init__(self, url: str, open_store: Callable[[], Store]) -> None:
        self.url = url
        self._open_store = open_store

    def entries(self, game: str = "g") -> list[Entry]:
        """What it has of a game."""
        store = self._open_store()
        try:
            return list(store.entries(game))
        finally:
            store.close()

    def commands(self, game: str = "g") -> list[str]:
        """The keys of the commands that it has, in order."""
        return [json.loads(entry.arguments)["key"] for entry in self.entries(game) if entry.kind == "command"]


def _file(operator: Operator) -> Place:
    path = str(operator.directory / "journal.sqlite")
    return Place(f"sqlite:{path}", lambda: SqliteStore(path, read_only=True))


@pytest.fixture
def postgres() -> PostgresServer:
    return shared_server()


@contextmanager
def _database(postgres: PostgresServer, port: int | None = None) -> Iterator[Place]:
    name = postgres.new_database()
    url = postgres.url_of(name)
    try:
        yield Place(postgres.url_of(name, port), lambda: PostgresStore(url, read_only=True))
    finally:
        postgres.cont()
        postgres.drop_database(name)


@contextmanager
def _watched(
    operator: Operator, place: Place, *options: str, constants: Mapping[str, float] | None = None
) -> Iterator[Server]:
    """A server whose reactor's thread is watched: it must not call a store, whatever happens."""
    calls, beats = operator.directory / "calls", operator.directory / "beats"
    tweaks = {"blocking_calls": calls, "heartbeat": beats}
    server = serve(operator, *UNBOUND, *options, journal=place.url, tweaks=tweaks, constants=constants)
    yield server
    before = beats.read_text().count("\n")
    until(lambda: beats.read_text().count("\n") > before, "a beat")
    windows = [tuple(map(float, line.split())) for line in beats.read_text().splitlines()]
    late, busy = [late for late, _ in windows], max(busy for _, busy in windows)
    sys.stdout.write(f"the reactor was late by {min(late)} to {max(late)} ms, and busy for {busy} ms at most\n")
    said = calls.read_text().splitlines()
    assert "elsewhere commit" in said
    assert not [line for line in said if line.startswith("reactor")]
    # Where others have the processor it is late, but not always; and it never works for so long without a pause.
    assert min(late) < STALL_MILLISECONDS
    assert busy < STALL_MILLISECONDS


def _ok(watcher: Watcher, key: str, *, command: str = "put", **more: object) -> Message:
    """Send a command until it is not refused for the storage's sake, as clients do: under one id."""
    deadline = time.monotonic() + 3 * ANSWER_SECONDS
    while True:
        reply = watcher.ask(command, id=key, key=key, **more)
        if reply["status"] == "ok":
            return reply
        assert reply["error"]["code"] in ("unavailable", "outcome_unknown"), reply
        assert reply["error"]["retryable"] is True
        assert time.monotonic() < deadline, reply


def _refusal(server: Server, game: str) -> int:
    """The status with which somebody is refused who enters a game."""
    try:
        with Watcher(server, game, player="somebody"):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


def _room(server: Server, size: int) -> None:
    """How large the files of a server may become."""
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@in_thread
def test_where_there_is_no_room_commands_are_refused_until_there_is(operator: Operator) -> None:
    place = _file(operator)
    log = operator.directory / "journal.sqlite-wal"
    # The file proper is larger than the log may become, so the log can't be brought there and start anew.
    restored(str(operator.directory / "journal.sqlite"), "g", history(2 * HISTORY), snapshot_at=2 * HISTORY)
    with _watched(operator, place) as server, ExitStack() as stack:
        ann = stack.enter_context(Watcher(server, "g", player="ann"))
        bob = stack.enter_context(Watcher(server, "g", player="bob"))
        eve = stack.enter_context(Watcher(server, "g", player="eve", spectate=1))
        kept = place.commands()
        for number in range(10):
            kept.append(f"before-{number}")
            assert _ok(ann, kept[-1])["result"][0] == len(kept)
        seq = eve.hear(len(kept))[-1]["seq"]
        # In the middle of a page, at the end of one, and where several fit.
        for number, more in enumerate((0, 24, 4096, 4120, 4121, 9000)):
            _room(server, log.stat().st_size + more)
            refused = 0
            while refused < 5:
                key = f"full-{number}-{refused}-{len(kept)}"
                reply = ann.ask("put", id=key, key=key)
                if reply["status"] == "ok":
                    kept.append(key)
                    seq += 1
                    continue
                assert reply == {"status": "error", "error": UNAVAILABLE, "id": key}
                refused += 1
            # Several at once, of which none may build on another.
            for each in range(5):
                bob.send("both", id=f"b-{number}-{each}", key=f"b-{number}-{each}")
            replies = bob.await_replies(5 * (2 * number + 1))[-5:]
            assert all(reply["error"] == UNAVAILABLE for reply in replies), replies
            # A refusal of the game is judged on what is there.
            assert ann.ask("deny", key="deny")["error"]["message"].startswith(f"{len(kept)} ")
            with Watcher(server, "g", player="late", spectate=1, state=1) as late:
                assert late.welcome["state"]["total"] == len(kept)
                assert late.welcome["seq"] == eve.hear(seq)[-1]["seq"]
            assert _refusal(server, f"new-{number}") == 503
            _room(server, resource.RLIM_INFINITY)
            # Without a restart, under the same ids.
            for each in range(5):
                bob.send("both", id=f"b-{number}-{each}", key=f"b-{number}-{each}")
                kept.append(f"b-{number}-{each}")
            replies = bob.await_replies(10 * (number + 1))[-5:]
            assert all(reply["status"] == "ok" and "duplicate" not in reply for reply in replies), replies
            seq += 10
            assert _refusal(server, f"new-{number}") == 101
        assert eve.hear(seq)[-1]["total"] == len(kept)
        assert [event["seq"] for event in eve.events] == list(range(eve.events[0]["seq"], seq + 1))
        assert place.commands() == kept
        assert "journal: the journal can't be written" in server.log
        assert "journal: the journal can be written again" in server.log
    server.kill()
    server = serve(operator)
    with Watcher(server, "g", player="ann", state=1) as ann:
        assert ann.welcome["state"]["total"] == len(kept)
        assert ann.ask("put", id="before-0", key="before-0")["duplicate"] is True
    assert place.commands() == kept


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Somebody else writes to a SQLite file, and takes their time."""
    connection = apsw.Connection(str(path))
    connection.set_busy_timeout(int(ANSWER_SECONDS * 1000))
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")
    finally:
        connection.close()


@in_thread
def test_where_the_file_is_locked_commands_wait(operator: Operator) -> None:
    place = _file(operator)
    # Longer than it does otherwise, so that it is not over before we look.
    constants = dict.fromkeys(BUSY_MILLISECONDS, 1000 * ANSWER_SECONDS)
    with _watched(operator, place, constants=constants) as server, Watcher(server, "g", player="ann") as ann:
        _ok(ann, "first")
        with _locked(operator.directory / "journal.sqlite"):
            ann.send("put", id="waits", key="waits")
            with pytest.raises(TimeoutError):
                ann.await_replies(2, 0.3)
        assert ann.await_replies(2)[-1]["status"] == "ok"
        assert place.commands() == ["first", "waits"]


@in_thread
def test_where_the_file_stays_locked_commands_are_refused(operator: Operator) -> None:
    place = _file(operator)
    with _watched(operator, place) as server, Watcher(server, "g", player="ann") as ann:
        _ok(ann, "first")
        with _locked(operator.directory / "journal.sqlite"):
            for each in range(3):
                started = time.monotonic()
                reply = ann.ask("put", id="refused", key="refused")
                assert reply == {"status": "error", "error": UNAVAILABLE, "id": "refused"}
                sys.stdout.write(f"refused after {time.monotonic() - started:.2f} s\n")
                assert each == len(ann.replies) - 2
        assert _ok(ann, "refused")["result"][0] == 2
        assert place.commands() == ["first", "refused"]


class _Player(threading.Thread):
    """Sends one command after the other, each until it takes effect, to the end.

    Args:
        server: where it plays.
        name: its own.
    """

    def __init__(self, server: Server, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self.replies: list[Message] = []
        self.refusals: list[Message] = []
        self.keys: list[str] = []
        self.ends = False
        self.failure: BaseException | None = None
        self._watcher = Watcher(server, "g", player=name, since=0)

    def run(self) -> None:
        try:
            while not self.ends:
                self.keys.append(f"{self.name}-{len(self.keys)}")
                self.replies.append(_ok(self._watcher, self.keys[-1]))
            self.refusals = [reply for reply in self._watcher.replies if reply["status"] == "error"]
        except BaseException as failure:
            self.failure = failure

    def __enter__(self) -> _Player:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
        self._watcher.cut()

    def end(self) -> None:
        """Have it finish what it is at."""
        self.ends = True
        self.join(6 * ANSWER_SECONDS)
        assert not self.is_alive()
        if self.failure is not None:
            raise self.failure

    def await_progress(self) -> None:
        """Wait until more has taken effect, of what was not sent yet."""
        before = len(self.replies)
        until(lambda: len(self.replies) > before + 2 or self.failure, "progress", 3 * ANSWER_SECONDS)
        if self.failure is not None:
            raise self.failure

    def hear_all(self) -> list[Message]:
        """All events, the last of its own commands included."""
        events: list[Message] = self._watcher.hear(self._watcher.place["since"])  # type: ignore[arg-type]
        return events


def _hold(players: list[_Player], place: Place) -> None:
    """Hold what players were told against the journal."""
    entries = [entry for entry in place.entries() if entry.kind == "command"]
    keys = [json.loads(entry.arguments)["key"] for entry in entries]
    assert len(set(keys)) == len(keys)
    assert set(keys) == {key for player in players for key in player.keys}
    results = {
        key: None if entry.result is None else json.loads(entry.result)
        for key, entry in zip(keys, entries, strict=True)
    }
    for player in players:
        assert [reply["result"] for reply in player.replies] == [results[key] for key in player.keys]
        mine = [event for event in player.hear_all() if event["event"] == "Put"]
        assert [event["key"] for event in mine] == keys[: len(mine)]


@pytest.mark.parametrize("crash", [False, True])
@in_thread
def test_a_database_that_is_restarted_is_found_again(operator: Operator, postgres: PostgresServer, crash: bool) -> None:
    with (
        _database(postgres) as place,
        _watched(operator, place) as server,
        _Player(server, "ann") as ann,
        _Player(server, "bob") as bob,
    ):
        for number in range(2):
            ann.await_progress()
            postgres.stop(crash)
            try:
                assert _refusal(server, f"new-{number}") == 503
            finally:
                postgres.start()
            ann.await_progress()
            bob.await_progress()
            assert _refusal(server, f"new-{number}") == 101
        ann.end()
        bob.end()
        _hold([ann, bob], place)
        sys.stdout.write(f"{len(ann.keys) + len(bob.keys)} commands, {len(ann.refusals + bob.refusals)} refused\n")
        assert "can be written again" in server.log or "knows now what became of the commit" in server.log


@in_thread
def test_a_database_that_stands_still(operator: Operator, postgres: PostgresServer) -> None:
    with _database(postgres) as place, _watched(operator, place) as server, ExitStack() as stack:
        ann = stack.enter_context(Watcher(server, "g", player="ann"))
        bob = stack.enter_context(Watcher(server, "g", player="bob"))
        eve = stack.enter_context(Watcher(server, "g", player="eve", spectate=1))
        _ok(ann, "first")
        postgres.suspend()
        started = time.monotonic()
        ann.send("put", id="stuck", key="stuck")
        bob.send("put", id="behind", key="behind")
        unknown = ann.await_replies(2)[-1]
        took = time.monotonic() - started
        sys.stdout.write(f"outcome_unknown after {took:.2f} s\n")
        assert (unknown["error"]["code"], unknown["error"]["retryable"]) == ("outcome_unknown", True)
        # How much later it comes is the machine's affair.
        assert took > OUTCOME_UNKNOWN_SECONDS - 0.1
        # Either it went with the first, or it was never handed over.
        assert bob.await_replies(1)[-1]["error"]["code"] in ("outcome_unknown", "unavailable")
        # From now on nobody waits.
        started = time.monotonic()
        assert ann.ask("put", id="later", key="later")["error"] == UNAVAILABLE
        assert _refusal(server, "g") == 503
        assert time.monotonic() - started < OUTCOME_UNKNOWN_SECONDS
        assert not [event for event in eve.events if event["event"] != "gamesvc.joined"][1:]
        until(lambda: time.monotonic() - started > 1.5, "some more time")
        postgres.cont()
        for watcher, key in ((ann, "stuck"), (bob, "behind"), (ann, "later")):
            assert _ok(watcher, key)["result"][0] > 1
        assert sorted(place.commands()) == ["behind", "first", "later", "stuck"]
        events = [event["key"] for event in eve.hear(6) if event["event"] == "Put"]
        assert events == place.commands()
        assert _refusal(server, "g") == 101


@in_thread
def test_a_server_stops_although_the_database_stands_still(operator: Operator, postgres: PostgresServer) -> None:
    with _database(postgres) as place:
        server = serve(operator, journal=place.url)
        with Watcher(server, "g", player="ann") as ann:
            _ok(ann, "first")
            postgres.suspend()
            ann.send("put", id="stuck", key="stuck")
            # An answer to what came after it: by now it is on its way.
            assert _refusal(server, "g/") == 400
            server.signal(signal.SIGTERM)
            assert ann.await_end() == 1012
            assert ann.replies[-1]["error"]["code"] == "outcome_unknown"
        assert server.await_end() == -signal.SIGTERM


@pytest.mark.parametrize("what", [AtCommit.CUT_BEFORE, AtCommit.CUT_AFTER, AtCommit.HOLD])
@in_thread
def test_a_line_that_is_cut_at_a_commit(operator: Operator, postgres: PostgresServer, what: AtCommit) -> None:
    proxy = CuttingProxy(postgres.port)
    try:
        with (
            _database(postgres, proxy.port) as place,
            _watched(operator, place) as server,
            _Player(server, "ann") as ann,
            _Player(server, "bob") as bob,
        ):
            for _ in range(10):
                ann.await_progress()
                proxy.at_commit = what
                until(lambda: proxy.at_commit is AtCommit.PASS, "a commit")
                if what is AtCommit.HOLD:
                    proxy.release()
            ann.await_progress()
            bob.await_progress()
            ann.end()
            bob.end()
            _hold([ann, bob], place)
            refusals = [reply["error"]["code"] for reply in ann.refusals + bob.refusals]
            sys.stdout.write(f"{len(ann.keys) + len(bob.keys)} commands, refused: {refusals}\n")
            assert "the journal knows now what became of the commit" in server.log
            # The journal found out by itself, before anybody had to be told that nobody knows.
            assert "outcome_unknown" not in refusals
    finally:
        proxy.close()


@pytest.mark.parametrize("point", ["commit.before", "commit.after"])
@in_thread
def test_a_server_that_is_killed_finds_its_games_in_the_database(
    operator: Operator, postgres: PostgresServer, point: str
) -> None:
    with _database(postgres) as place:
        server = serve(operator, journal=place.url, point=point, count=30)
        acknowledged: list[str] = []
        ann = Watcher(server, "g", player="ann")
        with pytest.raises(Exception, match="close frame"):
            while True:
                key = f"{len(acknowledged)}"
                assert ann.ask("put", id=key, key=key)["status"] == "ok"
                acknowledged.append(key)
        assert server.await_end() == -signal.SIGKILL
        assert acknowledged
        # What was on its way when the server was killed is there or is not; the database may still be at it.
        server = serve(operator, journal=place.url)
        with Watcher(server, "g", player="ann", **ann.place) as back:
            assert back.welcome["resumed"] is True
            reply = _ok(back, key)
            assert reply["result"][0] == len(acknowledged) + 1
            assert reply.get("duplicate") is (True if point == "commit.after" else None)
            assert _ok(back, "0")["duplicate"] is True
        assert place.commands() == [*acknowledged, key]
        ann.cut()


@in_thread
def test_a_second_server_of_one_file_does_not_start(operator: Operator) -> None:
    server = operator.twistd()
    with Watcher(server, "g", player="ann") as ann:
        assert ann.ask("hello")["status"] == "ok"
        second = operator.run("twistd", "-n", "--pidfile=", "gamesvc", "--port", "0")
        assert second.status == 1
        (complaint,) = second.errors.splitlines()
        assert complaint.startswith(f"gamesvc: gamesvc.sqlite: another server (pid {server.pid}) uses it")
        # The first has not noticed.
        assert ann.ask("hello")["status"] == "ok"
    server.kill()
    # One that was killed has it no longer.
    server = operator.twistd()
    with Watcher(server, "g", player="ann") as ann:
        assert ann.welcome["seq"] == 2


@in_thread
def test_a_server_that_stops_answers_what_is_on_its_way(operator: Operator) -> None:
    many, commands = 10, 20
    place = _file(operator)
    server = serve(operator, *UNBOUND, tweaks={"slow_disk": "0.2"})
    with ExitStack() as stack:
        watchers = [
            stack.enter_context(Watcher(server, f"g{number % 2}", player=f"p{number}", spectate=int(number > 5)))
            for number in range(many)
        ]
        for watcher in watchers[:6]:
            for number in range(commands):
                key = f"{watcher.welcome['player']}-{number}"
                watcher.send("put", id=key, key=key)
        # A round trip, with nothing behind it: by now all that was sent before was read, and most of it waits.
        for watcher in watchers[6:]:
            assert watcher.ask("put", key="none")["error"]["code"] == "not_a_player"
        server.signal(signal.SIGTERM)
        for watcher in watchers[:6]:
            assert watcher.await_end() == 1012
            assert [reply["id"] for reply in watcher.replies] == [
                f"{watcher.welcome['player']}-{number}" for number in range(commands)
            ]
        accepted = [reply["id"] for watcher in watchers for reply in watcher.replies if reply["status"] == "ok"]
        refused = [reply for watcher in watchers[:6] for reply in watcher.replies if reply["status"] == "error"]
        assert all(reply["error"] == UNAVAILABLE for reply in refused), refused
        for watcher in watchers[6:]:
            assert watcher.await_end() == 1012
    assert server.await_end() == -signal.SIGTERM
    assert sorted(accepted) == sorted(place.commands("g0") + place.commands("g1"))
    assert len(accepted) == 6 * commands, f"{len(refused)} of what was sent before the server was told were refused"
    # Closed in order: nothing is left in the log.
    assert not _size(operator.directory / "journal.sqlite-wal")
    assert "all connections are closed" in server.log


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
