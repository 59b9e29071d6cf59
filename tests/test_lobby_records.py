"""The lobby's own game: found again after a restart, small for years, and what happens where it can't be opened."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from twisted.internet.testing import MemoryReactorClock

from gamesvc.errors import Fenced, JournalError, Unavailable
from gamesvc.journal import Done, Stored
from gamesvc.journal.records import Entry, Opening, Snapshot
from gamesvc.journal.sqlite import SqliteStore
from gamesvc.journal.store import Append
from gamesvc.web.lobby_entries import Ticket
from gamesvc.web.lobby_model import LOBBY
from gamesvc.web.lobby_records import REPAIR_SECONDS, TELL_SECONDS
from gamesvc.web.lobby_state import GUESTS
from tests.command_line import CommandLine
from tests.lobbies import LobbyWorld
from tests.test_lobby_state import first_version, listed
from tests.wire import Logged


class StoredJournal:
    """A journal over a store, without threads.

    Args:
        store: it.
        reactor: calls back.
        now: the time, in seconds since the epoch.
    """

    def __init__(self, store: SqliteStore, reactor: MemoryReactorClock, now: Callable[[], float]) -> None:
        self.now = now
        self._store = store
        self._reactor = reactor

    def _do(self, work: Callable[[], Any], done: Done[Any], *, writes: bool = True) -> None:
        answer: Any
        try:
            if writes:
                self._store.begin()
            answer = work()
            if writes:
                self._store.commit()
        except (JournalError, msgspec.MsgspecError) as error:
            self._store.rollback()
            answer = Unavailable(str(error))
        self._reactor.callLater(0, done, answer)

    def claim(self, game: str, done: Done[Stored]) -> None:
        self._do(lambda: self._store.load(game)._replace(term=self._store.claim(game)), done)

    def append(
        self, game: str, term: int, expected: int, entries: Sequence[Entry], wake_at: float | None, done: Done[None]
    ) -> None:
        new = Append(game, term, expected, entries, wake_at)
        self._do(lambda: None if self._store.append([new])[0] else Fenced(game), done)

    def save(self, game: str, term: int, snapshot: Snapshot, wake_at: float | None, done: Done[None]) -> None:
        self._do(lambda: None if self._store.save(game, term, snapshot, wake_at) else Fenced(game), done)

    def discard(self, game: str, term: int, done: Done[None]) -> None:
        self._do(lambda: None if self._store.discard(game, term) else Fenced(game), done)

    def history(self, game: str, before: int, events: int, size: int, done: Done[list[Entry]]) -> None:
        self._do(lambda: self._store.history(game, before, events, size), done, writes=False)

    def due(self, limit: int, done: Done[list[str]]) -> None:
        self._do(lambda: self._store.due(self.now(), limit), done, writes=False)

    def close(self, done: Callable[[], None]) -> None:
        self._reactor.callLater(0, done)


class OnDisk(CommandLine):
    """A lobby whose journal is a file, which command lines can look into."""

    def setUp(self) -> None:
        super().setUp()
        self.logged = Logged(self)
        self.path = str(Path(self.mktemp()).absolute())
        self.environment["GAMESVC_JOURNAL"] = f"sqlite:{self.path}"
        self.store = SqliteStore(self.path, synchronous="off")
        self.addCleanup(lambda: self.store.close())
        self.reactor = MemoryReactorClock()
        self.world = self.started()

    def started(self) -> LobbyWorld:
        """A server, after the one before was killed."""
        for call in self.reactor.getDelayedCalls():
            call.cancel()
        journal = StoredJournal(self.store, self.reactor, lambda: 1_700_000_000.0 + self.reactor.seconds())
        return LobbyWorld(journal=journal, reactor=self.reactor)

    def run_command(self, command: str, **arguments: Any) -> Any:
        return self.successResultOf(self._settled(self.world.records.run(command, **arguments)))

    def _settled(self, done: Any) -> Any:
        for _ in range(10):
            if done.called:
                break
            self.reactor.advance(0)
        return done

    def keep(self, version: int, state: dict[str, bytes]) -> None:
        """Have the journal keep a lobby."""
        fields = {name: msgspec.Raw(raw) for name, raw in state.items()}
        opening = Opening(LOBBY, version, b"{}", "epoch", b"seed" * 8)
        self.store.begin()
        term = self.store.claim(LOBBY)
        self.store.append([Append(LOBBY, term, 0, [Entry(1, "opened", 1.0, changed=fields, opening=opening)], None)])
        self.store.commit()

    def told(self, what: str) -> list[str]:
        return [text for text in self.logged.texts() if what in text]


def play(lobby: OnDisk, first: int, last: int) -> None:
    """Matches are made, one every 20 s, and played to their end."""
    for number in range(first, last):
        for player in (f"player-{number}", f"other-{number}"):
            wanted = Ticket(f"{number:08}-{player}", player, "tic-tac-toe", "{}", 2, 0.0, None, 0.0)
            lobby.run_command("wait", ticket=wanted)
        game = lobby.world.records.known.newest[0]
        for finished in (False, True):
            lobby.run_command("stand", game=game.game, players=game.named, started=True, finished=finished)
        lobby.reactor.advance(20)


class LongLifeTest(OnDisk):
    def test_its_journal_does_not_grow_with_what_it_went_through(self) -> None:
        play(self, 0, 150)
        before = next(self.store.games())
        play(self, 150, 300)
        after = next(self.store.games())
        self.assertGreater(after.last, before.last + 500)
        size = sum(os.stat(self.path + each).st_size for each in ("", "-wal"))
        entries = list(self.store.entries(LOBBY))
        self.assertGreater(entries[0].number, 600)
        self.assertLess(after.size, 600_000)
        self.assertLess(size, 12_000_000)
        self.assertEqual(self.works("journal", "verify").splitlines()[-1][-5:], "sound")

    def test_what_it_knows_is_known_after_a_crash_at_any_time(self) -> None:
        play(self, 0, 100)
        known = self.world.records.known
        newest, tickets = known.newest, known.tickets
        self.world = self.started()
        self.world.settle()
        self.assertEqual((self.world.records.known.newest, self.world.records.known.tickets), (newest, tickets))


class CanNotBeOpenedTest(OnDisk):
    def damaged(self) -> None:
        """Have a lobby that can't be made of what is kept of it."""
        self.keep(2, {"nonsense": b"\x01"})
        self.world = self.started()

    def test_a_lobby_of_the_first_version_goes_on(self) -> None:
        self.keep(1, first_version(games_3={"g1": listed("g1", kind="chat")}, guests={"ann": 2e9}))
        self.world = self.started()
        self.assertEqual([each["id"] for each in self.world.ask("GET", "/games").json["games"]], ["g1"])
        self.assertEqual(self.world.ask("POST", "/guests", None, {"name": "ann"}).json["player"], "ann-2")
        self.world.made(who="bob")
        self.world = self.started()
        self.assertEqual(len(self.world.ask("GET", "/games").json["games"]), 2)

    def test_a_lobby_of_the_second_version_goes_on(self) -> None:
        before = {"came": 0, GUESTS.field_of("ann", b""): msgspec.msgpack.encode({"ann": 2e9, "zoë": 1.0})}
        self.keep(2, {name: msgspec.msgpack.encode(value) for name, value in before.items()})
        self.world = self.started()
        self.assertEqual(self.world.ask("POST", "/guests", None, {"name": "ann"}).json["player"], "ann-2")
        self.assertEqual(self.world.ask("POST", "/guests", None, {"name": "zoë"}).json["player"], "zoë")

    def test_it_answers_503_and_all_else_is_served(self) -> None:
        self.damaged()
        for _ in range(3):
            response = self.world.ask("GET", "/games")
            self.assertEqual((response.status, response.code), (503, "lobby_down"))
        self.assertEqual(self.world.ask("GET", "").status, 200)
        self.assertEqual(self.world.ask("GET", "/kinds").status, 200)
        welcome = self.world.opened("/g1?player=ann", "Sec-WebSocket-Protocol: gamesvc.v1").heard()[0]
        self.assertTrue(welcome["playing"])

    def test_what_to_do_is_told_once_in_a_while(self) -> None:
        self.damaged()
        for _ in range(20):
            self.world.ask("GET", "/games")
        (line,) = self.told("the lobby can't be opened")
        self.assertIn("`gamesvc journal delete --force gamesvc.lobby`", line)
        self.assertEqual(len(self.told("no field 'nonsense'")), 1)
        self.world.pass_time(TELL_SECONDS + REPAIR_SECONDS + 1)
        self.assertEqual(len(self.told("the lobby can't be opened")), 2)

    def test_what_it_says_is_to_be_done_helps_without_a_restart(self) -> None:
        for damage in (None, "UPDATE entries SET body = x'00'"):
            self.damaged()
            if damage is not None:
                self.sql(damage)
                self.world = self.started()
            self.assertEqual(self.world.ask("GET", "/games").status, 503)
            self.works("journal", "delete", "--force", LOBBY)
            self.world.pass_time(REPAIR_SECONDS + 1)
            self.assertEqual(self.world.ask("GET", "/games").json["games"], [])
            self.world.made()
            self.assertEqual(len(self.world.ask("GET", "/games").json["games"]), 1)
            self.works("journal", "delete", "--force", LOBBY)

    def test_one_that_is_deleted_while_it_is_served_begins_anew(self) -> None:
        self.world.made()
        self.works("journal", "delete", "--force", LOBBY)
        asked = self.world.begin("POST", "/games", "ann", {"kind": "chat"})
        self.world.pass_time(1, 0.1)
        self.assertEqual(asked.response.status, 201)
        (game,) = self.world.ask("GET", "/games").json["games"]
        self.assertEqual(game["kind"], "chat")
        self.assertEqual(len(self.told("the lobby was deleted while it was served")), 1)
        self.assertEqual(self.told("another server uses"), [])

    def test_what_it_knew_is_not_shown_when_it_was_deleted(self) -> None:
        self.world.made()
        self.works("journal", "delete", "--force", LOBBY)
        # It finds that out when it is to be saved.
        self.world.listener.lifecycle.games[LOBBY].save(clean=True)
        self.world.settle()
        self.assertEqual(self.world.ask("GET", "/games").json["games"], [])

    def test_one_whose_id_was_left_deleted_begins_anew(self) -> None:
        self.store.begin()
        self.store.delete(LOBBY)
        self.store.commit()
        for _ in range(2):
            response = self.world.ask("POST", "/games", "ann", {"kind": "chat"})
            self.assertEqual((response.status, response.code), (503, "lobby_down"))
            self.world = self.started()
        self.works("journal", "delete", "--force", LOBBY)
        self.world.pass_time(REPAIR_SECONDS + 1)
        self.assertEqual(self.world.ask("GET", "/games").json["games"], [])

    def sql(self, statement: str) -> None:
        self.store._connection.execute(statement)
