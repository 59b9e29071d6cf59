"""``gamesvc journal``, run in this process."""

from __future__ import annotations

import io
import json
import os
import re
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
from msgspec.structs import replace
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.cli import journal as command_line
from gamesvc.cli import main, progress, renewal
from gamesvc.errors import Unavailable
from gamesvc.journal.records import Entry, Opening, Snapshot
from gamesvc.journal.sqlite import SqliteStore
from gamesvc.journal.sqlite_file import lock_for_server
from gamesvc.journal.store import Append
from gamesvc.recovery import Replayed, recover
from tests import postgres
from tests.command_line import CommandLine, Terminal
from tests.drawing import Drawing
from tests.plays import EPOCH, NOW, Play, botted, botted_hall, drawing, migrated, restored, tictactoe


class Binary(io.TextIOWrapper):
    """Standard output that can take bytes."""

    def __init__(self, terminal: bool = False) -> None:
        self.bytes = io.BytesIO()
        self.terminal = terminal
        super().__init__(self.bytes, encoding="utf-8")

    def isatty(self) -> bool:
        return self.terminal

    def getvalue(self) -> str:
        self.flush()
        return self.bytes.getvalue().decode(errors="replace")


class WithJournal(CommandLine):
    """Runs command lines on a journal with a few games, while a server has it."""

    def setUp(self) -> None:
        super().setUp()
        self.directory = Path(self.mktemp())
        self.directory.mkdir()
        self.path = str(self.directory / "games.sqlite")
        self.environment["GAMESVC_JOURNAL"] = f"sqlite:{self.path}"
        self.store = SqliteStore(self.path)
        self.addCleanup(lambda: self.store.close())
        self.addCleanup(lock_for_server(self.path).release)

    def keep(self, game: str, play: Play, number: int | None = None) -> None:
        """Have the journal keep a game; with a snapshot of an entry, where its number is given."""
        play.keep(self.store, game, None if number is None else play.snapshot(number))

    def keep_alone(self, game: str, play: Play, number: int) -> None:
        """Have the journal keep a snapshot of an entry, and what came after it, alone."""
        play.keep(self.store, game, replace(play.snapshot(number), alone=True))

    def save_alone(self, game: str, number: int) -> None:
        """A server that has the game saves a later snapshot."""
        self.store.begin()
        later = replace(drawing().snapshot(number), alone=True)
        assert self.store.save(game, self.store.position(game)[0], later, drawing().wake_at)
        self.store.commit()

    def during(self, game: str, happen: Callable[[], None]) -> None:
        """Something happens once, just before the entries of a game are read."""
        entries = SqliteStore.entries
        happened: list[bool] = []

        def read(store: SqliteStore, of: str, after: int = 0) -> Iterator[Entry]:
            if of == game and not happened:
                happened.append(True)
                happen()
            return entries(store, of, after)

        self.patch(SqliteStore, "entries", read)

    def sql(self, statement: str, *values: Any) -> list[Any]:
        connection = apsw.Connection(self.path)
        rows = connection.execute(statement, values).fetchall()
        connection.close()
        return rows

    def run_it(self, *arguments: str, **streams: Any) -> tuple[int | str | None, str, str]:
        return super().run_it(*arguments, **{"out": Binary(), **streams})

    def ids(self) -> dict[str, bool]:
        """Which games there are, and whether they were deleted."""
        return {row.game: row.deleted for row in self.store.games()}


class WhereTheJournalIs(WithJournal):
    def test_the_option_beats_the_environment_which_beats_the_default(self) -> None:
        self.keep("g1", tictactoe())
        self.assertIn("g1", self.works("journal", "list"))
        self.environment["GAMESVC_JOURNAL"] = "sqlite:nowhere.sqlite"
        self.assertIn("g1", self.works("journal", "list", "--journal", f"sqlite:{self.path}"))
        self.assertIn("nowhere.sqlite", self.fails("journal", "list"))
        del self.environment["GAMESVC_JOURNAL"]
        self.assertIn("there is no journal gamesvc.sqlite", self.fails("journal", "list"))

    def test_one_that_is_not_there_is_not_made_by_looking_for_it(self) -> None:
        nowhere = self.directory / "nowhere.sqlite"
        for arguments in (
            ("list",),
            ("verify",),
            ("export", "g1"),
            ("delete", "g1"),
            ("delete", "--finished-older-than", "1d"),
            ("backup", str(self.directory / "copy")),
        ):
            message = self.fails("journal", *arguments, "--journal", f"sqlite:{nowhere}")
            self.assertIn(f"there is no journal {nowhere}", message)
        self.fails("replay", "g1", "--journal", f"sqlite:{nowhere}")
        self.assertEqual([each.name for each in self.directory.glob("nowhere*")], [])
        self.assertFalse((self.directory / "copy").exists())

    def test_games_in_memory_are_told_as_what_they_are(self) -> None:
        self.assertIn("nothing is kept", self.fails("journal", "list", "--journal", "memory"))

    def test_what_is_no_url_is_told_without_repeating_it(self) -> None:
        for url in ("hunter2", "sqlite:", "mysql://me:hunter2@host/games", "postgresql:/me:hunter2@host"):
            self.assertNotIn("hunter2", self.fails("journal", "list", "--journal", url))

    def test_a_password_is_never_shown(self) -> None:
        for url in (
            "postgresql://me:hunter2@127.0.0.1:1/games",
            "postgresql://me:hunter2@[::1/games",
            "postgresql://me:hunter2@127.0.0.1:port/games",
        ):
            self.assertNotIn("hunter2", self.fails("journal", "list", "--journal", url))

    def test_what_is_no_journal_is_told_in_a_line_and_left_alone(self) -> None:
        other = self.directory / "other"
        for content, what in ((b"", "not up to date"), (b"precious" * 1000, "no journal")):
            other.write_bytes(content)
            self.assertIn(what, self.fails("journal", "list", "--journal", f"sqlite:{other}"))
            self.fails("journal", "delete", "g1", "--journal", f"sqlite:{other}")
            self.assertEqual(other.read_bytes(), content)
        self.assertIn("is a directory", self.fails("journal", "list", "--journal", f"sqlite:{self.directory}"))
        foreign = str(self.directory / "foreign")
        connection = apsw.Connection(foreign)
        connection.execute("CREATE TABLE t (x)")
        connection.close()
        self.assertIn("another program", self.fails("journal", "list", "--journal", f"sqlite:{foreign}"))

    def test_a_newer_one_is_told_as_that(self) -> None:
        self.sql("PRAGMA user_version = 99")
        for arguments in (("list",), ("verify",), ("delete", "g1"), ("export", "g1")):
            self.assertIn("newer gamesvc", self.fails("journal", *arguments))

    def test_one_that_may_not_be_read_is_told_with_what_to_do(self) -> None:
        def refused(path: str, flags: int) -> bool:
            return False

        self.sql("PRAGMA user_version = 99")
        self.patch(os, "access", refused)
        self.assertIn("Run this as the user that the server runs as", self.fails("journal", "list"))

    def test_one_that_another_program_has_locked_is_told_as_that(self) -> None:
        self.keep("g1", tictactoe())
        self.store.begin()
        self.addCleanup(self.store.rollback)
        self.assertIn("g1", self.works("journal", "list"))
        self.assertIn("is locked: another program is writing to it; try again", self.fails("journal", "delete", "g1"))
        self.assertEqual(self.ids(), {"g1": False})

    def test_a_game_that_is_not_there_is_told_with_those_that_are_similar(self) -> None:
        self.assertIn("there is no game in this journal", self.fails("journal", "export", "g1"))
        self.keep("table-12", tictactoe())
        self.keep("lobby", tictactoe())
        for arguments in (("journal", "export"), ("journal", "delete"), ("journal", "verify"), ("replay",)):
            self.assertIn("no game table12: did you mean table-12?", self.fails(*arguments, "table12"))
            self.assertIn("`gamesvc journal list` tells", self.fails(*arguments, "x"))
            self.assertNotIn("\x1b", self.fails(*arguments, "\x1b[2J"))

    def test_a_game_that_was_deleted_is_told_as_that(self) -> None:
        self.keep("g1", tictactoe())
        self.works("journal", "delete", "g1")
        for arguments in (("journal", "export"), ("journal", "delete"), ("journal", "verify"), ("replay",)):
            self.assertIn("game g1 was deleted", self.fails(*arguments, "g1"))


class List(WithJournal):
    def setUp(self) -> None:
        super().setUp()
        self.patch(SqliteStore, "now", lambda store: NOW + 3 * 86400)

    def test_each_game_has_its_line_and_the_last_one_has_the_totals(self) -> None:
        self.keep("zoo", drawing())
        self.keep("ant", tictactoe())
        self.keep("bee", tictactoe((0,)))
        self.keep("cow", tictactoe())
        self.works("journal", "delete", "cow")
        head, *lines, total = self.works("journal", "list").splitlines()
        self.assertEqual(head.split(), ["game", "kind", "entries", "size", "created", "changed"])
        self.assertEqual([line.split()[0] for line in lines], ["ant", "bee", "cow", "zoo"])
        self.assertRegex(lines[0], r"^ant +TicTacToe +8 +1\.\d kB +3 d ago +2 d ago  finished$")
        self.assertRegex(lines[1], r"^bee +TicTacToe +4 +\d{3} B +3 d ago +2 d ago$")
        self.assertRegex(lines[2], r"^cow +0 s ago  deleted$")
        self.assertRegex(lines[3], r"^zoo .* timer due$")
        self.assertRegex(total, r"^3 games, 1 of them finished, 22 entries, [\d.]+ kB; 1 deleted$")

    def test_when_the_next_timer_is_due_is_told(self) -> None:
        self.patch(SqliteStore, "now", lambda store: NOW + 62.5)
        self.keep("g1", drawing())
        self.assertIn("timer in 30 s", self.works("journal", "list"))

    def test_of_no_games_there_is_the_total_alone(self) -> None:
        self.assertEqual(self.works("journal", "list"), "0 games, 0 of them finished, 0 entries, 0 B; 0 deleted\n")

    def test_for_programs_each_is_a_line_of_json(self) -> None:
        self.keep("b", tictactoe())
        self.keep("a", drawing())
        games = [json.loads(line) for line in self.works("journal", "list", "--json").splitlines()]
        self.assertEqual([game["game"] for game in games], ["a", "b"])
        self.assertEqual(
            set(games[0]),
            {"game", "kind", "last", "created", "changed", "finished", "wake_at", "size", "deleted"},
        )
        self.assertEqual((games[1]["kind"], games[1]["last"], games[1]["finished"]), ("TicTacToe", 8, True))
        self.assertEqual(games[0]["wake_at"], drawing().wake_at)

    def test_what_stands_in_a_journal_can_not_command_the_terminal(self) -> None:
        self.keep("g1", tictactoe())
        self.sql("UPDATE games SET kind = ?", "\x1b[2Jx\ny")
        self.assertIn(r"\x1b[2Jx\ny", self.works("journal", "list"))


class Verify(WithJournal):
    def faults(self, *games: str) -> list[str]:
        status, out, err = self.run_it("journal", "verify", *games)
        self.assertEqual((status, err), (1, ""), out)
        *faults, total = out.splitlines()
        self.assertRegex(total, r"^\d+ games?, \d+ entr(y|ies): \d+ faults?$")
        return faults

    def body(self, number: int, body: bytes) -> None:
        self.sql("UPDATE entries SET body = ? WHERE number = ?", body, number)

    def test_what_is_sound_is_told_with_how_much_was_looked_at(self) -> None:
        self.keep("g1", tictactoe())
        self.keep("g2", drawing(), 7)
        self.assertEqual(self.works("journal", "verify"), "2 games, 18 entries: sound\n")
        self.assertEqual(self.works("journal", "verify", "g2"), "1 game, 10 entries: sound\n")

    def test_a_game_that_is_kept_by_snapshots_is_sound(self) -> None:
        play = drawing()
        snapshot, play.entries = play.snapshot(), play.entries[:1]
        play.keep(self.store, "g1", snapshot)
        self.assertEqual(self.works("journal", "verify"), "1 game, 1 entry: sound\n")

    def test_a_game_without_history_is_sound_also_where_more_of_it_goes_meanwhile(self) -> None:
        self.keep_alone("g1", drawing(), 6)
        self.keep_alone("g2", tictactoe(), 8)
        self.assertEqual(self.works("journal", "verify"), "2 games, 6 entries: sound\n")
        self.assertIn("10", self.works("journal", "list").splitlines()[1].split())
        self.during("g1", lambda: self.save_alone("g1", 9))
        self.assertEqual(self.works("journal", "verify", "g1"), "1 game, 2 entries: sound\n")
        self.keep("g3", drawing())
        self.during("g3", lambda: self.save_alone("g3", 9))
        self.assertEqual(self.works("journal", "verify", "g3"), "1 game, 2 entries: sound\n")
        self.sql("DELETE FROM entries WHERE number = 10")
        self.assertIn("entries, and those after 9 are missing", self.run_it("journal", "verify", "g1")[1])

    def test_deleted_games_and_those_that_were_only_claimed_are_none(self) -> None:
        self.keep("g1", tictactoe())
        self.works("journal", "delete", "g1")
        self.store.begin()
        self.store.claim("g2")
        self.store.commit()
        self.assertEqual(self.works("journal", "verify"), "0 games, 0 entries: sound\n")

    def test_an_entry_that_is_missing(self) -> None:
        self.keep("g1", tictactoe())
        self.keep("g2", tictactoe())
        self.sql("DELETE FROM entries WHERE number = 5 AND game = (SELECT key FROM games WHERE game = 'g2')")
        self.assertEqual(self.faults(), ["game g2: entry 5 is missing"])
        self.works("journal", "verify", "g1")

    def test_the_last_entries_missing(self) -> None:
        self.keep("g1", tictactoe())
        self.sql("DELETE FROM entries WHERE number > 6")
        self.assertEqual(self.faults(), ["game g1: it had 8 entries, and those after 6 are missing"])

    def test_an_entry_or_a_snapshot_that_can_not_be_decoded(self) -> None:
        self.keep("g1", tictactoe(), 3)
        self.sql("UPDATE snapshots SET body = x'00'")
        [fault] = self.faults()
        self.assertTrue(fault.startswith("game g1: it can't be loaded: "), fault)
        self.body(7, b"\x00")
        self.assertIn("what comes after entry 6 can't be read", self.faults()[1])

    def test_a_snapshot_that_is_not_what_the_entries_come_to(self) -> None:
        play = tictactoe()
        play.keep(self.store, "g1", replace(play.snapshot(5), seats=("bob", "alice")))
        self.assertEqual(
            self.faults(), ["game g1: the snapshot of entry 5 has another seats than the entries up to it"]
        )

    def test_a_table_of_games_that_is_not_what_the_games_are(self) -> None:
        self.keep("g1", drawing())
        self.sql("UPDATE games SET wake_at = NULL, kind = 'Chess', finished = 1")
        self.assertEqual(
            self.faults(),
            [
                f"game g1: the table of games has another {what} than its entries"
                for what in ("kind", "end", "time to be woken")
            ],
        )

    def test_what_the_database_finds_itself(self) -> None:
        self.keep("g1", tictactoe())
        self.sql("UPDATE games SET last = 3")
        self.assertIn("entries or a snapshot after its last number, 3", self.faults()[0])

    def test_a_file_with_a_damaged_page_is_told_and_nothing_is_printed_raw(self) -> None:
        for number in range(60):
            self.keep(f"g{number}", drawing())
        self.store.close()
        content = bytearray(Path(self.path).read_bytes())
        for place in range(4096 * 4, len(content) - 4096, 4096):
            content[place : place + 200] = b"\x1b" * 200
        Path(self.path).write_bytes(content)
        status, out, err = self.run_it("journal", "verify")
        self.assertEqual(status, 1)
        self.assertNotIn("\x1b", out + err)
        self.assertGreater(len(out.splitlines()), 1)

    def test_a_game_that_goes_on_meanwhile_is_sound(self) -> None:
        play = tictactoe((0,))
        self.keep("g1", play)
        load = SqliteStore.load

        def load_and_play(store: SqliteStore, game: str) -> Any:
            stored = load(store, game)
            if len(play.entries) == 4:
                play.command("bob", "mark", cell=1)
                self.store.begin()
                self.store.append([Append("g1", stored.term, 4, play.entries[4:], 5.0)])
                self.store.commit()
            return stored

        self.patch(SqliteStore, "load", load_and_play)
        self.assertEqual(self.works("journal", "verify"), "1 game, 5 entries: sound\n")

    def test_at_a_terminal_it_tells_how_far_it_is(self) -> None:
        self.patch(progress, "EVERY_SECONDS", 0.0)
        self.keep("g1", tictactoe())
        status, out, err = self.run_it("journal", "verify", err=Terminal())
        self.assertEqual((status, out), (0, "1 game, 8 entries: sound\n"))
        self.assertIn("0 of 1 games", err)
        self.assertTrue(err.endswith("\r\x1b[K"), repr(err))


class ExportAndImport(WithJournal):
    def setUp(self) -> None:
        super().setUp()
        self.file = str(self.directory / "g1.game")

    def elsewhere(self) -> tuple[str, str]:
        return "--journal", f"sqlite:{self.directory / 'elsewhere.sqlite'}"

    def test_a_game_goes_to_another_journal_and_is_as_it_was_but_for_its_epoch(self) -> None:
        play = drawing()
        self.keep("g1", play, 6)
        self.assertIn("secrets", self.works("journal", "export", "g1", self.file))
        self.assertEqual(stat.S_IMODE(os.stat(self.file).st_mode), 0o600)
        self.assertEqual(self.works("journal", "import", self.file, *self.elsewhere()), "g1: 10 entries\n")
        other = SqliteStore(str(self.directory / "elsewhere.sqlite"))
        self.addCleanup(other.close)
        stored, entries = other.load("g1"), list(other.entries("g1"))
        self.assertEqual((stored.snapshot, entries[:-1]), (play.snapshot(6), play.entries))
        assert_renewed(self, play.entries, entries)
        [row], [original] = other.games(), self.store.games()
        self.assertGreater(row.size, original.size)
        self.assertEqual(row._replace(last=10, size=original.size), original)
        self.works("journal", "verify", *self.elsewhere())
        self.works("replay", "g1", "--check", "--game", "tests.drawing:Drawing", *self.elsewhere())

    def test_what_a_game_went_through_goes_with_it(self) -> None:
        for game, play in (("g1", migrated()), ("g2", restored())):
            self.keep(game, play, 12)
            file = str(self.directory / f"{game}.file")
            self.works("journal", "export", game, file)
            self.works("journal", "import", file, *self.elsewhere())
            module = play.instance.kind.__module__
            self.works("replay", game, "--check", "--game", f"{module}:Drawing", *self.elsewhere())
        self.assertEqual(self.works("journal", "verify", *self.elsewhere()), "2 games, 28 entries: sound\n")

    def test_a_game_in_which_bots_play_is_sound_whenever_it_is_to_be_woken(self) -> None:
        for wake_at in (None, NOW + 30):
            self.store.begin()
            game = f"g-{wake_at is None}"
            self.store.append([Append(game, self.store.claim(game), 0, botted().entries, wake_at)])
            self.store.commit()
        self.assertEqual(self.works("journal", "verify"), "2 games, 20 entries: sound\n")

    def test_bots_go_with_their_game(self) -> None:
        for game, play, length in (("g1", botted(), 10), ("g2", botted_hall(), 8)):
            self.keep(game, play, 7)
            file = str(self.directory / f"{game}.file")
            self.works("journal", "export", game, file)
            self.works("journal", "import", file, *self.elsewhere())
            other = SqliteStore(str(self.directory / "elsewhere.sqlite"))
            self.addCleanup(other.close)
            stored, entries = other.load(game), list(other.entries(game))
            assert stored.snapshot is not None
            self.assertEqual((stored.snapshot.bots, entries[:length]), (play.snapshot(7).bots, play.entries))
            recovered = recover(play.instance.kind, None, entries)
            self.assertEqual(recovered.standing.bots, play.instance.standing.bots)
        self.assertEqual(self.works("journal", "verify", *self.elsewhere()), "2 games, 20 entries: sound\n")

    def test_each_import_has_an_epoch_of_its_own(self) -> None:
        self.keep("g1", tictactoe())
        self.works("journal", "export", "g1", self.file)
        for game in ("g2", "g3"):
            self.works("journal", "import", self.file, "--as", game)
        openings = [[*self.store.entries(game)][-1].opening for game in ("g2", "g3")]
        self.assertEqual(len({EPOCH, *(opening.epoch for opening in openings if opening)}), 3)

    def test_a_game_that_is_kept_by_snapshots_goes_too(self) -> None:
        play = drawing()
        snapshot, play.entries = play.snapshot(), play.entries[:1]
        play.keep(self.store, "g1", snapshot)
        self.works("journal", "export", "g1", self.file)
        self.works("journal", "import", self.file, "--as", "g2")
        rows = {row.game: row for row in self.store.games()}
        self.assertEqual(rows["g2"], rows["g1"]._replace(game="g2"))
        self.works("journal", "verify")
        self.assertEqual([*self.store.entries("g2")], play.entries)
        before, after = self.store.load("g1").snapshot, self.store.load("g2").snapshot
        assert before is not None and after is not None
        assert_another(self, before.opening, after.opening)
        self.assertEqual(replace(after, opening=before.opening), before)

    def test_a_game_without_history_goes_too(self) -> None:
        play = drawing()
        self.keep_alone("g1", play, 6)
        self.during("g1", lambda: self.save_alone("g1", 9))
        self.works("journal", "export", "g1", self.file)
        self.assertEqual(self.works("journal", "import", self.file, *self.elsewhere()), "g1: 2 entries\n")
        self.store.begin()
        term = self.store.claim("g2")
        self.store.save("g2", term, replace(play.snapshot(), alone=True), play.wake_at)
        self.store.commit()
        file = str(self.directory / "g2.game")
        self.works("journal", "export", "g2", file)
        self.assertEqual(self.works("journal", "import", file, *self.elsewhere()), "g2: 0 entries\n")
        other = SqliteStore(str(self.directory / "elsewhere.sqlite"))
        self.addCleanup(other.close)
        for game in ("g1", "g2"):
            stored = other.load(game)
            loaded = recover(Drawing, stored.snapshot, stored.entries)
            self.assertEqual(loaded.standing.image, play.instance.standing.image)
            self.assertNotEqual(loaded.opening.epoch, EPOCH)
        self.works("journal", "verify", *self.elsewhere())

    def test_it_goes_through_a_pipe(self) -> None:
        self.keep("g1", tictactoe())
        out = Binary()
        status, _, err = self.run_it("journal", "export", "g1", out=out)
        self.assertEqual((status, err), (0, ""))
        Path(self.file).write_bytes(out.bytes.getvalue())
        self.works("journal", "import", self.file, "--as", "g2")

    def test_a_terminal_is_not_written_to(self) -> None:
        self.keep("g1", tictactoe())
        status, out, err = self.run_it("journal", "export", "g1", out=Binary(terminal=True))
        self.assertEqual((status, out), (1, ""))
        self.assertIn("no text for a terminal", err)

    def test_a_file_that_is_there_is_not_overwritten_and_one_that_fails_is_not_left(self) -> None:
        self.keep("g1", tictactoe())
        Path(self.file).write_text("precious")
        self.assertIn("is there already", self.fails("journal", "export", "g1", self.file))
        self.assertEqual(Path(self.file).read_text(), "precious")
        os.unlink(self.file)
        self.fails("journal", "export", "g9", self.file)
        self.sql("DELETE FROM entries WHERE number > 3")
        self.assertIn("entries are missing", self.fails("journal", "export", "g1", self.file))
        self.assertFalse(os.path.exists(self.file))
        self.assertIn("No such file", self.fails("journal", "export", "g1", f"{self.directory}/no/where"))

    def test_an_id_that_is_in_use_is_not_taken(self) -> None:
        self.keep("g1", tictactoe())
        self.works("journal", "export", "g1", self.file)
        self.assertIn("there is a game g1", self.fails("journal", "import", self.file))
        self.assertEqual(len(list(self.store.entries("g1"))), 8)

    def test_a_deleted_game_can_be_taken_back(self) -> None:
        self.keep("g1", tictactoe())
        self.works("journal", "export", "g1", self.file)
        self.works("journal", "delete", "g1")
        self.works("journal", "import", self.file)
        self.assertEqual(self.ids(), {"g1": False})
        self.works("journal", "verify")

    def test_an_id_that_no_client_could_name_is_refused(self) -> None:
        self.keep("g1", tictactoe())
        self.works("journal", "export", "g1", self.file)
        for game in ("", "a b", "x" * 65, "\x1b"):
            self.assertIn("is no game id", self.fails("journal", "import", self.file, "--as", game))

    def test_what_is_cut_off_or_no_such_file_is_refused_whole(self) -> None:
        self.keep("g1", tictactoe())
        self.works("journal", "export", "g1", self.file)
        Path(self.file).write_bytes(Path(self.file).read_bytes()[:-40])
        self.assertIn("is cut off", self.fails("journal", "import", self.file, "--as", "g2"))
        self.assertIn("no file that", self.fails("journal", "import", self.path, "--as", "g2"))
        self.assertIn("No such file", self.fails("journal", "import", f"{self.file}x"))
        self.assertIn("Is a directory", self.fails("journal", "import", str(self.directory)))
        self.assertEqual(self.ids(), {"g1": False})
        self.assertFalse((self.directory / "elsewhere.sqlite").exists())

    def test_a_game_that_does_not_fit_together_is_refused_whole(self) -> None:
        self.keep("g1", tictactoe())
        self.sql("DELETE FROM entries WHERE number = 4")
        self.works("journal", "export", "g1", self.file)
        self.assertIn("entry 4 is missing", self.fails("journal", "import", self.file, *self.elsewhere()))
        self.assertFalse((self.directory / "elsewhere.sqlite").exists())

    def test_what_fails_half_way_leaves_nothing(self) -> None:
        self.keep("g1", tictactoe(), 5)
        self.works("journal", "export", "g1", self.file)

        def fail(*arguments: object) -> bool:
            raise Unavailable("the disk is full")

        self.patch(SqliteStore, "save", fail)
        self.assertIn("the disk is full", self.fails("journal", "import", self.file, "--as", "g2"))
        self.assertEqual(self.ids(), {"g1": False})
        self.assertEqual(self.store.position("g2"), (0, 0))


def assert_another(case: SynchronousTestCase, before: Opening | None, after: Opening | None) -> None:
    """Only its epoch and its seed are others."""
    assert before is not None and after is not None
    case.assertRegex(after.epoch, r"^[\w-]{12}$")
    case.assertEqual(len(after.seed), 32)
    case.assertNotEqual((before.epoch, before.seed), (after.epoch, after.seed))
    case.assertNotEqual(before.epoch, after.epoch)
    case.assertNotEqual(before.seed, after.seed)
    case.assertEqual(replace(after, epoch=before.epoch, seed=before.seed), before)


def assert_renewed(case: SynchronousTestCase, before: list[Entry], after: list[Entry]) -> None:
    """There is one entry more, and that renews it, and changes nothing else."""
    case.assertEqual(after[:-1], before)
    then, now = Replayed(), Replayed()
    for entry in before:
        then.take(entry)
    for entry in after:
        now.take(entry)
    case.assertEqual((after[-1].kind, after[-1].changed, now.number), ("renewed", {}, then.number + 1))
    assert_another(case, then.opening, now.opening)
    for what in ("time", "state", "seats", "timers", "last_timer", "finished", "counts"):
        case.assertEqual(getattr(now, what), getattr(then, what), what)
    case.assertEqual(now.receipts.dump(), then.receipts.dump())


class Renew(WithJournal):
    def by_snapshots(self, game: str, clean: bool = True) -> Snapshot:
        play = drawing()
        snapshot, play.entries = replace(play.snapshot(), clean=clean), play.entries[:1]
        play.keep(self.store, game, snapshot)
        return snapshot

    def test_all_games_get_another_epoch_and_seed_and_nothing_else_changes(self) -> None:
        plays = {"a": drawing(), "b": tictactoe(), "c": migrated(), "d": restored(), "e": tictactoe(())}
        for game, number in (("a", 6), ("b", 8), ("c", 12), ("d", None), ("e", None)):
            self.keep(game, plays[game], number)
        rows = {row.game: row for row in self.store.games()}
        self.assertEqual(self.works("journal", "renew", "--all"), "5 games renewed\n")
        for row in self.store.games():
            entries = [*self.store.entries(row.game)]
            assert_renewed(self, plays[row.game].entries, entries)
            standing = plays[row.game].instance.standing
            self.assertEqual((entries[-1].outcome, entries[-1].started), (standing.outcome, standing.started))
            before = rows[row.game]
            self.assertEqual(row._replace(size=before.size, last=before.last), before)
        self.assertEqual(self.works("journal", "verify"), "5 games, 52 entries: sound\n")
        for game, kind in (("a", "drawing:Drawing"), ("c", "redrawing:Drawing"), ("b", "tictactoe:TicTacToe")):
            self.works("replay", game, "--check", "--game", f"tests.{kind}")

    def test_a_server_goes_on_with_it(self) -> None:
        self.keep("g1", drawing(), 4)
        self.by_snapshots("g2", clean=False)
        self.works("journal", "renew", "--all")
        for game, last, clean in (("g1", 11, True), ("g2", 10, False)):
            stored = self.store.load(game)
            recovered = recover(Drawing, stored.snapshot, stored.entries)
            self.assertEqual((recovered.standing.entry, recovered.clean), (last, clean))
            assert_another(self, drawing().opening, recovered.opening)

    def test_a_game_that_is_kept_by_snapshots_has_another_one(self) -> None:
        for clean in (True, False):
            game = f"g-{clean}"
            before = self.by_snapshots(game, clean)
            row = {row.game: row for row in self.store.games()}[game]
            self.works("journal", "renew", game)
            after = self.store.load(game).snapshot
            assert after is not None
            assert_another(self, before.opening, after.opening)
            self.assertEqual(replace(after, opening=before.opening), before)
            self.assertEqual(len([*self.store.entries(game)]), 1)
            self.assertEqual({row.game: row for row in self.store.games()}[game], row)
        self.works("journal", "verify")

    def test_one_that_was_kept_by_snapshots_and_is_by_entries_now_has_another_entry(self) -> None:
        play = drawing()
        self.store.begin()
        self.store.restore("g1", play.snapshot(6), iter([play.entries[0], *play.entries[6:]]), play.wake_at)
        self.store.commit()
        self.works("journal", "renew", "g1")
        self.assertEqual([*self.store.entries("g1")][-1].number, 11)
        self.works("journal", "verify")

    def test_one_without_history_is_renewed_too(self) -> None:
        play = drawing()
        self.keep_alone("g1", play, 6)
        self.keep_alone("g2", play, 10)
        self.works("journal", "renew", "--all")
        for game in ("g1", "g2"):
            stored = self.store.load(game)
            loaded = recover(Drawing, stored.snapshot, stored.entries)
            self.assertEqual(loaded.standing.image, play.instance.standing.image)
            self.assertNotEqual(loaded.opening.epoch, EPOCH)
        self.works("journal", "verify")

    def test_those_that_are_named_are_renewed_and_no_others(self) -> None:
        for game in ("a", "b", "c"):
            self.keep(game, tictactoe())
        self.assertEqual(self.works("journal", "renew", "c", "a", "c"), "2 games renewed\n")
        self.assertEqual([row.last for row in self.store.games()], [9, 8, 9])

    def test_what_makes_no_sense_is_told(self) -> None:
        self.keep("g1", tictactoe())
        self.assertIn("name games, or say --all", self.fails("journal", "renew"))
        self.assertIn("name games, or say --all", self.fails("journal", "renew", "g1", "--all"))
        self.assertIn("there is no game g2", self.fails("journal", "renew", "g1", "g2"))
        self.assertEqual([row.last for row in self.store.games()], [8])

    def test_deleted_games_are_none_of_them(self) -> None:
        self.keep("g1", tictactoe())
        self.works("journal", "delete", "g1")
        self.assertEqual(self.works("journal", "renew", "--all"), "0 games renewed\n")

    def test_a_server_that_has_one_of_them_is_fenced(self) -> None:
        self.keep("g1", tictactoe((0,)))
        term = self.store.load("g1").term
        self.works("journal", "renew", "--all")
        self.store.begin()
        self.assertEqual(self.store.append([Append("g1", term, 4, [], None)]), [False])
        self.store.rollback()

    def test_what_happens_meanwhile_is_not_lost(self) -> None:
        play, snapshot = tictactoe((0,)), self.by_snapshots("g2")
        self.keep("g1", play)
        terms = {game: self.store.load(game).term for game in ("g1", "g2")}
        begin = SqliteStore.begin
        happened: list[bool] = []

        def happens_before(store: SqliteStore) -> None:
            if store is not self.store and not happened:
                happened.append(True)
                play.command("bob", "mark", cell=1)
                begin(self.store)
                self.store.append([Append("g1", terms["g1"], 4, play.entries[4:], 5.0)])
                self.store.save("g2", terms["g2"], replace(snapshot, number=11, clean=False), 5.0)
                self.store.commit()
            begin(store)

        self.patch(SqliteStore, "begin", happens_before)
        self.assertEqual(self.works("journal", "renew", "--all"), "2 games renewed\n")
        assert_renewed(self, play.entries, [*self.store.entries("g1")])
        after = self.store.load("g2").snapshot
        assert after is not None
        self.assertEqual((after.number, after.clean), (11, False))

    def test_one_that_never_holds_still_is_told(self) -> None:
        self.keep("g1", tictactoe())

        def fenced(store: SqliteStore, appends: list[Append]) -> list[bool]:
            return [False] * len(appends)

        self.patch(SqliteStore, "append", fenced)
        status, out, err = self.run_it("journal", "renew", "--all")
        self.assertEqual((status, out), (1, "0 games renewed\n"))
        self.assertEqual(err, "gamesvc: game g1: somebody else writes to it all the time; try again\n")

    def test_one_that_is_damaged_is_told_and_the_others_are_renewed(self) -> None:
        for game in ("a", "b", "c", "d"):
            self.keep(game, tictactoe())
        of = "game = (SELECT key FROM games WHERE game = ?)"
        self.sql(f"UPDATE entries SET body = x'00' WHERE number = 4 AND {of}", "a")
        self.sql(f"DELETE FROM entries WHERE number = 4 AND {of}", "b")
        self.sql(f"DELETE FROM entries WHERE number > 6 AND {of}", "c")
        status, out, err = self.run_it("journal", "renew", "--all")
        self.assertEqual((status, out), (1, "1 game renewed\n"))
        self.assertEqual(
            [line.split(" can't be loaded, so it is not renewed: ")[0] for line in err.splitlines()],
            ["gamesvc: game a", "gamesvc: game b", "gamesvc: game c"],
        )
        self.assertEqual([row.last for row in self.store.games()], [8, 8, 8, 9])

    def test_many_are_renewed_some_at_a_time_and_what_was_before_a_failure_is_told(self) -> None:
        self.patch(renewal, "RENEWED_AT_ONCE", 2)
        for number in range(5):
            self.keep(f"g{number}", tictactoe())
        claim = SqliteStore.claim

        def fail_at_last(store: SqliteStore, game: str) -> int:
            term = claim(store, game)
            if game == "g3":
                raise Unavailable("the disk is full")
            return term

        self.patch(SqliteStore, "claim", fail_at_last)
        self.assertIn("the disk is full (2 games renewed before that)", self.fails("journal", "renew", "--all"))
        self.assertEqual([row.last for row in self.store.games()], [9, 9, 8, 8, 8])
        self.patch(SqliteStore, "claim", claim)
        self.patch(progress, "EVERY_SECONDS", 0.0)
        status, out, err = self.run_it("journal", "renew", "--all", err=Terminal())
        self.assertEqual((status, out), (0, "5 games renewed\n"))
        self.assertIn("4 of 5 games", err)


class Delete(WithJournal):
    def setUp(self) -> None:
        super().setUp()
        self.patch(SqliteStore, "now", lambda store: NOW + 10 * 86400)
        self.keep("over", tictactoe())
        self.keep("open", tictactoe((0,)))

    def test_a_finished_game_goes_and_its_id_stays_taken(self) -> None:
        self.assertRegex(self.works("journal", "delete", "over", "over"), r"^1 game deleted, 1\.\d kB\n$")
        self.assertEqual(self.ids(), {"over": True, "open": False})
        self.assertTrue(self.store.load("over").deleted)
        self.assertEqual(list(self.store.entries("over")), [])

    def test_one_that_goes_on_stays_unless_forced_and_then_none_goes(self) -> None:
        self.assertIn("not finished: open;", self.fails("journal", "delete", "over", "open"))
        self.assertEqual(self.ids(), {"over": False, "open": False})
        term = self.store.load("open").term
        self.works("journal", "delete", "over", "open", "--force")
        self.assertEqual(self.ids(), {"over": True, "open": True})
        self.store.begin()
        self.assertEqual(self.store.append([Append("open", term, 4, [], None)]), [False])
        self.store.rollback()

    def test_those_go_that_are_finished_for_so_long(self) -> None:
        late = tictactoe(())
        late.now += 5 * 86400
        for move, cell in enumerate((0, 3, 1, 4, 2)):
            late.command(("alice", "bob")[move % 2], "mark", cell=cell)
        self.keep("late", late)
        self.assertEqual(self.works("journal", "delete", "--finished-older-than", "11d"), "0 games deleted, 0 B\n")
        self.assertIn("1 game deleted", self.works("journal", "delete", "--finished-older-than", "6d"))
        self.assertEqual(self.ids(), {"late": False, "over": True, "open": False})
        self.assertIn("1 game deleted", self.works("journal", "delete", "--finished-older-than", "0s"))
        self.assertEqual(self.ids(), {"late": True, "over": True, "open": False})

    def test_many_go_some_at_a_time_and_what_went_before_a_failure_is_told(self) -> None:
        self.patch(command_line, "DELETED_AT_ONCE", 2)
        for number in range(4):
            self.keep(f"g{number}", tictactoe())
        delete = SqliteStore.delete

        def fail_at_last(store: SqliteStore, game: str) -> None:
            delete(store, game)
            if game == "g3":
                raise Unavailable("the disk is full")

        self.patch(SqliteStore, "delete", fail_at_last)
        message = self.fails("journal", "delete", "--finished-older-than", "1d")
        self.assertIn("the disk is full (2 games deleted before that)", message)
        self.assertEqual([game for game, deleted in self.ids().items() if deleted], ["g0", "g1"])

    def test_a_dry_run_tells_what_would_go_and_deletes_nothing(self) -> None:
        out = self.works("journal", "delete", "--finished-older-than", "12h", "--dry-run")
        self.assertRegex(out, r"^over: 2027-01-15 08:00:14\.250 UTC, 1\.\d kB\n1 game would be deleted, 1\.\d kB\n$")
        self.works("journal", "delete", "open", "--force", "--dry-run")
        self.assertEqual(self.ids(), {"over": False, "open": False})

    def test_what_makes_no_sense_is_told(self) -> None:
        for arguments, what in (
            ((), "name games, or say"),
            (("over", "--finished-older-than", "1d"), "name games, or say"),
            (("--force", "--finished-older-than", "1d"), "--force is for games that are named"),
            (("--finished-older-than", "30"), "write 30d"),
            (("--finished-older-than", "d"), "write 30d"),
            (("--finished-older-than", "-1d"), "write 30d"),
        ):
            status, _, err = self.run_it("journal", "delete", *arguments)
            self.assertIn(status, (1, 2))
            if status == 1:
                self.assertIn(what, err)
        self.assertEqual(self.ids(), {"over": False, "open": False})


class Backup(WithJournal):
    def test_the_copy_is_a_journal_for_its_owner_alone(self) -> None:
        self.keep("g1", drawing(), 4)
        copy = str(self.directory / "copy.sqlite")
        self.assertIn("It holds secrets", self.works("journal", "backup", copy))
        self.assertEqual(stat.S_IMODE(os.stat(copy).st_mode), 0o600)
        self.keep("g2", tictactoe())
        self.assertEqual(self.works("journal", "verify", "--journal", f"sqlite:{copy}"), "1 game, 11 entries: sound\n")
        self.assertEqual([*self.directory.glob("copy*")], [Path(copy)])

    def test_in_the_copy_the_games_have_another_epoch_and_seed_and_in_the_journal_they_do_not(self) -> None:
        plays = {"g1": drawing(), "g2": migrated(), "g3": tictactoe()}
        for game, play in plays.items():
            self.keep(game, play, 4)
        self.works("journal", "backup", str(self.directory / "copy.sqlite"))
        copy = SqliteStore(str(self.directory / "copy.sqlite"))
        self.addCleanup(copy.close)
        for game, play in plays.items():
            assert_renewed(self, play.entries, [*copy.entries(game)])
            self.assertEqual([*self.store.entries(game)], play.entries)

    def test_the_copy_can_be_read_where_nothing_can_be_written(self) -> None:
        self.keep("g1", drawing())
        copy = self.directory / "copy.sqlite"
        self.works("journal", "backup", str(copy))
        # Which way of logging the file asks for: 1 is none beside it.
        self.assertEqual(copy.read_bytes()[18:20], b"\x01\x01")

    def test_it_is_put_in_the_place_of_the_journal(self) -> None:
        self.keep("g1", tictactoe((0,)))
        copy = self.directory / "copy.sqlite"
        self.works("journal", "backup", str(copy))
        self.store.close()
        for name in ("", "-wal", "-shm"):
            Path(self.path + name).unlink(missing_ok=True)
        copy.rename(self.path)
        self.store = SqliteStore(self.path)
        self.assertEqual([row.last for row in self.store.games()], [5])
        self.store.begin()
        self.assertEqual(self.store.append([Append("g1", self.store.claim("g1"), 5, [], None)]), [True])
        self.store.commit()

    def test_a_damaged_game_is_told_and_the_copy_is_made(self) -> None:
        for game in ("a", "b"):
            self.keep(game, tictactoe())
        self.sql("DELETE FROM entries WHERE number = 4 AND game = (SELECT key FROM games WHERE game = 'a')")
        copy = self.directory / "copy.sqlite"
        status, out, err = self.run_it("journal", "backup", str(copy))
        self.assertEqual(status, 1)
        self.assertIn("It holds secrets", out)
        self.assertIn("gamesvc: game a can't be loaded, so it is not renewed", err)
        self.assertTrue(copy.exists())

    def test_one_that_can_not_be_renewed_is_not_left(self) -> None:
        self.keep("g1", tictactoe())

        def fail(*arguments: object) -> int:
            raise Unavailable("the disk is full")

        self.patch(SqliteStore, "claim", fail)
        self.assertIn("the disk is full", self.fails("journal", "backup", str(self.directory / "copy.sqlite")))
        self.assertEqual([*self.directory.glob("copy*")], [])

    def test_one_that_another_made_meanwhile_is_not_overwritten(self) -> None:
        self.keep("g1", tictactoe())
        copy = self.directory / "copy.sqlite"
        claim = SqliteStore.claim

        def meanwhile(store: SqliteStore, game: str) -> int:
            copy.write_text("precious")
            return claim(store, game)

        self.patch(SqliteStore, "claim", meanwhile)
        self.assertIn("File exists", self.fails("journal", "backup", str(copy)))
        self.assertEqual(copy.read_text(), "precious")
        self.assertEqual([*self.directory.glob("copy*")], [copy])

    def test_it_needs_no_links(self) -> None:
        def none(*arguments: object) -> None:
            raise PermissionError(1, "Operation not permitted")

        self.patch(os, "link", none)
        self.keep("g1", tictactoe())
        self.works("journal", "backup", str(self.directory / "copy.sqlite"))
        self.assertEqual([each.name for each in self.directory.glob("copy*")], ["copy.sqlite"])

    def test_it_is_made_while_somebody_writes(self) -> None:
        self.keep("g1", tictactoe())
        self.store.begin()
        self.addCleanup(self.store.rollback)
        self.works("journal", "backup", str(self.directory / "copy.sqlite"))

    def test_a_file_that_is_there_is_not_overwritten(self) -> None:
        copy = self.directory / "copy.sqlite"
        copy.write_text("precious")
        self.assertIn("is there already", self.fails("journal", "backup", str(copy)))
        self.assertEqual(copy.read_text(), "precious")
        self.assertIn("is there already", self.fails("journal", "backup", self.path))

    def test_one_that_can_not_be_written_is_told(self) -> None:
        self.assertIn("No such file", self.fails("journal", "backup", str(self.directory / "no" / "where")))

    def test_at_a_terminal_it_tells_how_far_it_is(self) -> None:
        self.patch(progress, "EVERY_SECONDS", 0.001)
        back_up, terminal = SqliteStore.back_up, Terminal()

        def slowly(store: SqliteStore, path: str) -> None:
            give_up_at = time.monotonic() + 60
            while not terminal.getvalue() and time.monotonic() < give_up_at:
                time.sleep(0.001)
            back_up(store, path)

        self.patch(SqliteStore, "back_up", slowly)
        status, _, err = self.run_it("journal", "backup", str(self.directory / "copy"), err=terminal)
        self.assertEqual(status, 0)
        self.assertIn("copying", err)


class Help(WithJournal):
    def test_each_command_explains_itself(self) -> None:
        for arguments, words in (
            ((), ("list", "verify", "export", "import", "delete", "backup", "renew", "while a server runs")),
            (("list",), ("--json", "--journal", "GAMESVC_JOURNAL", "sqlite:gamesvc.sqlite")),
            (("export",), ("FILE", "secrets", "seed")),
            (("import",), ("--as", "epoch", "chance")),
            (("delete",), ("--finished-older-than", "--dry-run", "--force", "not used again")),
            (("backup",), ("secrets", "new epoch", "needs nothing more")),
            (("renew",), ("--all", "epoch", "seed", "4002", "restored")),
            (("verify",), ("GAME",)),
        ):
            status, out, err = self.run_it("journal", *arguments, "--help")
            self.assertEqual((status, err), (0, ""))
            for word in words:
                self.assertIn(word, re.sub(r"\s+", " ", out))

    def test_without_a_command_it_says_how_it_is_used(self) -> None:
        status, out, err = self.run_it("journal")
        self.assertEqual((status, out), (2, ""))
        self.assertTrue(err.startswith("usage: gamesvc journal"), err)


class Pipes(WithJournal):
    def test_one_that_is_closed_ends_it_quietly(self) -> None:
        play = Play(Drawing, players=("alice", "bob"))
        for _ in range(200):
            play.command("alice", "trap")
        self.keep("g1", play)
        main_module = "import sys; from gamesvc.cli import main; sys.exit(main())"
        for arguments in (("replay", "g1", "--json"), ("replay", "g1"), ("journal", "export", "g1")):
            command = [sys.executable, "-c", main_module, *arguments, "--journal", f"sqlite:{self.path}"]
            root = str(Path(__file__).parent.parent)
            process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={"PYTHONPATH": root}, cwd=os.getcwd()
            )
            assert process.stdout is not None and process.stderr is not None
            process.stdout.close()
            err = process.stderr.read()
            process.stderr.close()
            self.assertEqual((process.wait(), err), (141, b""), arguments)


class InPostgres(SynchronousTestCase):
    """The same on a database server."""

    if postgres.why_not() is not None:
        skip = postgres.why_not()

    def setUp(self) -> None:
        from gamesvc.journal.postgres import PostgresStore

        self.directory = Path(self.mktemp())
        self.directory.mkdir()
        server = postgres.shared_server()
        database = server.new_database()
        self.addCleanup(server.drop_database, database)
        self.url = server.url_of(database)
        self.store = PostgresStore(self.url)
        self.addCleanup(self.store.close)

    def run_it(self, *arguments: str) -> tuple[int, str]:
        out = Binary()
        self.patch(sys, "stdout", out)
        self.patch(sys, "stderr", out)
        status = main((*arguments, "--journal", self.url))
        return status, out.getvalue()

    def test_all_of_it_works_but_for_the_backup(self) -> None:
        drawing().keep(self.store, "g1", drawing().snapshot(4))
        tictactoe().keep(self.store, "g2")
        file = str(self.directory / "g1.game")
        works: tuple[tuple[tuple[str, ...], str], ...] = (
            (("journal", "list"), "2 games, 1 of them finished, 18 entries, "),
            (("journal", "verify"), "2 games, 18 entries: sound\n"),
            (("replay", "g1"), "10 entries, 14 events, 7 of them private"),
            (("replay", "g1", "--check", "--game", "tests.drawing:Drawing"), "all goes as it went"),
            (("journal", "export", "g1", file), "It holds the game's secrets"),
            (("journal", "import", file, "--as", "g3"), "g3: 10 entries"),
            (("journal", "renew", "g3"), "1 game renewed"),
            (("journal", "verify"), "3 games, 30 entries: sound\n"),
            (("replay", "g3", "--check", "--game", "tests.drawing:Drawing"), "all goes as it went"),
            (("journal", "delete", "--finished-older-than", "0s", "--dry-run"), "0 games would be deleted"),
            (("journal", "delete", "g2", "g3", "--force"), "2 games deleted, "),
            (("journal", "verify"), "1 game, 10 entries: sound\n"),
        )
        for arguments, wanted in works:
            status, said = self.run_it(*arguments)
            self.assertEqual(status, 0, said)
            self.assertIn(wanted, said)
        fails: tuple[tuple[tuple[str, ...], str], ...] = (
            (("journal", "backup", str(self.directory / "copy")), "run pg_dump"),
            (("journal", "import", file), "there is a game g1"),
            (("journal", "export", "g2"), "game g2 was deleted"),
            (("replay", "g11"), "did you mean g1?"),
        )
        for arguments, wanted in fails:
            status, said = self.run_it(*arguments)
            self.assertEqual(status, 1, said)
            self.assertIn(wanted, said)
            self.assertEqual(len(said.splitlines()), 1)
        self.assertFalse((self.directory / "copy").exists())
