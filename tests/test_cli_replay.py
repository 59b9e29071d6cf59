"""``gamesvc replay``, run in this process; and the tests that it writes, run by pytest in another."""

from __future__ import annotations

import ast
import datetime
import json
import math
import os
import stat
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from msgspec import Raw, msgpack
from msgspec.structs import replace
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import GameModel, Player, Secret, command, field
from gamesvc.catalog import Kind
from gamesvc.cli import as_test
from gamesvc.journal.records import Entry, Published
from gamesvc.journal.store import Append
from gamesvc.recovery import Replayed
from tests import drawing as drawing_module
from tests import hall as hall_module
from tests import redrawing as redrawing_module
from tests.plays import (
    NOW,
    OTHER_SEED,
    SEED,
    Play,
    botted,
    botted_hall,
    drawing,
    hall,
    migrated,
    restored,
    tictactoe,
)
from tests.redrawing import Drawing as Redrawing
from tests.test_cli_journal import WithJournal

ROOT = Path(__file__).parent.parent
TICTACTOE = ("--game", "tests.tictactoe:TicTacToe")
DRAWING = ("--game", "tests.drawing:Drawing")
REDRAWING = ("--game", "tests.redrawing:Drawing")
HALL = ("--game", "tests.hall:Hall")


TRAP = """    @command
    def trap(self, player: Player) -> None:
        raise GameError("no traps")

    @command
"""


class Replaying(WithJournal):
    def setUp(self) -> None:
        super().setUp()
        self.environment["COLUMNS"] = "120"

    def changed(self, name: str, old: str, new: str, module: ModuleType = drawing_module) -> str:
        """A game with another rule, as ``--game`` takes it."""
        source = Path(module.__file__ or "").read_text()
        self.assertIn(old, source)
        (self.directory / f"{name}.py").write_text(source.replace(old, new))
        if str(self.directory) not in sys.path:
            self.patch(sys, "path", [str(self.directory), *sys.path])
        self.addCleanup(sys.modules.pop, name, None)
        return f"{name}:{'Hall' if module is hall_module else 'Drawing'}"

    def kept_by_snapshots(self) -> None:
        """Entries 2 to 6 are not there, a snapshot is of entry 6, and from there on there are entries again."""
        play = drawing()
        snapshot = play.snapshot(6)
        self.store.begin()
        term = self.store.claim("g1")
        self.store.append([Append("g1", term, 0, play.entries[:1], None)])
        self.store.save("g1", term, snapshot, None)
        self.store.append([Append("g1", term, 6, play.entries[6:], play.wake_at)])
        self.store.commit()


class Table(Replaying):
    def test_each_entry_has_its_line(self) -> None:
        self.environment["COLUMNS"] = "160"
        self.keep("g1", drawing(), 4)
        lines = self.works("replay", "g1").splitlines()
        self.assertEqual(lines[0], "g1: Drawing, version 1, epoch AbCdEf-01234; not finished")
        self.assertEqual(lines[1], "3 seats: alice, bob, (free); 10 entries, 14 events, 7 of them private")
        self.assertEqual(lines[2], "")
        self.assertEqual(lines[3].split(), ["#", "time", "since", "start", "player", "what", "events", "changed"])
        self.assertEqual(lines[4].strip(), "2027-01-15 UTC")
        self.assertRegex(lines[5], r"^ 1  08:00:00\.000 +\+0\.000 s +opened +timers$")
        self.assertRegex(
            lines[6],
            r"^ 2  08:00:02\.250 +\+2\.250 s  alice   draw\(count=2\) -> \[\d+,\d+\] +"
            r"Drew; Card to alice; Card to alice +deck, hands, weight, timers$",
        )
        self.assertRegex(lines[8], r'^ 4  08:00:32\.375 +\+32\.375 s +timer hurry\("alice"\) +Hurried +timers$')
        self.assertRegex(lines[11], r"^ 7  08:01:00\.125 +\+1:00\.125 ")
        self.assertRegex(lines[12], r"^ 8  .* timer fall\(\) ")
        self.assertEqual(lines[13], "    failed, and had no effect: RuntimeError (incident 12ab)")
        self.assertEqual(len(lines), 16)

    def test_the_end_of_a_game_is_told(self) -> None:
        self.keep("g1", tictactoe())
        lines = self.works("replay", "g1").splitlines()
        self.assertTrue(lines[0].endswith("; finished"))
        self.assertRegex(lines[-1], r"mark\(cell=2\) +Marked; Finished; gamesvc\.finished +board, moves, finished$")
        self.assertRegex(lines[6], r" alice +takes a seat +gamesvc\.joined +seats$")

    def test_what_happens_without_a_command_is_told(self) -> None:
        self.environment["COLUMNS"] = "160"
        self.keep("g1", hall(), 9)
        lines = self.works("replay", "g1").splitlines()
        self.assertRegex(lines[5], r"^ 1  .* opened\(pace=2, names=null\)$")
        self.assertRegex(lines[7], r" bob +takes a seat +gamesvc\.joined; Welcomed; Dealt to alice; Dealt to bob +c")
        self.assertRegex(lines[8], r" alice +is there +Missing$")
        self.assertRegex(lines[10], r" clumsy +takes a seat +gamesvc\.joined +seats$")
        self.assertEqual(lines[11], "    the model failed at it, and had no effect: RuntimeError (incident 12ab)")
        self.assertRegex(lines[12], r" s +tick +Spun +left_to_spin, spun$")
        self.assertRegex(lines[14], r" bob +is away +Missing$")
        self.assertRegex(lines[19], r" clumsy +gives up the seat +gamesvc\.left +stock, seats$")
        self.assertEqual(lines[22], "    failed, and had no effect: RuntimeError (incident 12ab)")
        self.assertRegex(lines[-1], r" gamesvc\.left; Ended; gamesvc\.finished +cards, stock, seats, finished$")

    def test_bots_that_play_and_go_are_told_and_who_had_them_do_so(self) -> None:
        self.environment["COLUMNS"] = "160"
        self.keep("g1", botted(), 6)
        lines = self.works("replay", "g1").splitlines()
        self.assertRegex(
            lines[7],
            r'^ 3  .* operator +gamesvc\.bot\(bot="random"\) -> {"player":"bot-random"} +'
            r"gamesvc\.joined; gamesvc\.bot +seats$",
        )
        self.assertRegex(lines[9], r"^ 5  .* bot-random +mark\(cell=3\) ")
        self.assertRegex(
            lines[10], r'gamesvc\.bot\(bot="search", player="alice"\) -> {"player":"alice"} +gamesvc\.bot$'
        )
        self.assertRegex(lines[13], r'gamesvc\.bot\(player="alice"\) -> {"player":"alice"} +gamesvc\.bot$')

    def test_it_fits_the_terminal_and_what_is_long_is_cut(self) -> None:
        self.keep("g1", drawing())
        for width in (80, 100, 200):
            self.environment["COLUMNS"] = str(width)
            table = self.works("replay", "g1").splitlines()[3:]
            self.assertLessEqual(max(map(len, table)), width)
        self.environment["COLUMNS"] = "80"
        self.assertIn("... ", self.works("replay", "g1"))

    def test_each_day_has_its_line(self) -> None:
        play = tictactoe((0,))
        play.now += 86400
        play.command("bob", "mark", cell=1)
        self.keep("g1", play)
        out = self.works("replay", "g1")
        self.assertIn("\n   2027-01-15 UTC\n1  ", out)
        self.assertIn("\n   2027-01-16 UTC\n5  08:00:07.500  +24:00:07.500", out)

    def test_what_stands_in_a_journal_can_not_command_the_terminal(self) -> None:
        play = tictactoe(())
        evil = "\x1b[2J\n\u202e\t\x9b"
        play.entries.append(
            Entry(4, "command", NOW + 9, evil, evil, evil, json.dumps({evil: evil}).encode(), fault=evil)
        )
        opening = play.entries[0].opening
        assert opening is not None
        play.entries[0] = replace(play.entries[0], opening=replace(opening, game_kind=evil))
        self.keep("g1", play)
        for arguments in ((), ("--check", *TICTACTOE)):
            _, out, err = self.run_it("replay", "g1", *arguments)
            for character in "\x1b\u202e\t\x9b":
                self.assertNotIn(character, out + err)

    def test_what_was_not_kept_is_told_in_its_place(self) -> None:
        self.kept_by_snapshots()
        lines = self.works("replay", "g1").splitlines()
        self.assertEqual(lines[2], "entries 2 to 6 are not there, as its kind is or was kept by snapshots")
        self.assertEqual(lines[7].strip(), "(entries 2 to 6 are not there)")

    def test_of_a_game_without_history_it_tells_what_came_last(self) -> None:
        self.keep_alone("g1", drawing(), 6)
        lines = self.works("replay", "g1").splitlines()
        self.assertEqual(lines[0], "g1: Drawing, version 1, epoch AbCdEf-01234; not finished")
        self.assertEqual(lines[1], "3 seats: alice, bob, (free); 5 entries, 14 events, 7 of them private")
        self.assertEqual(lines[2], "entries 1 to 5 are not there, as of its kind no history is kept")
        self.assertEqual(lines[5].strip(), "(entries 1 to 5 are not there)")
        self.assertEqual([line.split()[0] for line in lines[7:9]], ["6", "7"])
        self.assertEqual(len(self.works("replay", "g1", "--json").splitlines()), 5)

    def test_the_seed_is_not_shown_but_as_json(self) -> None:
        self.keep("g1", drawing())
        for arguments in ((), ("--at", "1"), ("--check", *DRAWING)):
            _, out, err = self.run_it("replay", "g1", *arguments)
            self.assertNotIn(SEED.hex(), out + err)
        self.assertIn(SEED.hex(), self.works("replay", "g1", "--json"))

    def test_what_a_game_goes_on_with_is_told(self) -> None:
        self.keep("g1", restored(), 12)
        self.keep("g2", migrated(), 4)
        self.keep("g3", drawing().renew(OTHER_SEED))
        play = migrated().renew(OTHER_SEED, "another-epoch")
        play.migrate(type("Drawing", (Redrawing,), {"__module__": __name__}, version=3))
        self.keep("g4", play)
        lines = self.works("replay", "g1").splitlines()
        self.assertEqual(lines[0], "g1: Drawing, version 1, epoch another-epoch; not finished")
        self.assertRegex(lines[-3], r"^11  08:02:44\.750 +\+2:44\.750 +renewed: new epoch$")
        lines = self.works("replay", "g2").splitlines()
        self.assertEqual(lines[0], "g2: Drawing, version 2 (it began with 1), epoch AbCdEf-01234; not finished")
        self.assertRegex(lines[-3], r"^11 .* renewed: version 1 -> 2 +all fields$")
        self.assertRegex(self.works("replay", "g3").splitlines()[-1], r" renewed$")
        self.assertRegex(self.works("replay", "g4").splitlines()[-1], r" renewed: version 2 -> 3 +all fields$")

    def test_what_a_game_that_is_kept_by_snapshots_goes_on_with_is_told(self) -> None:
        play = drawing().renew(OTHER_SEED, "another-epoch")
        snapshot = replace(play.snapshot(10), opening=replace(play.opening, epoch="of-the-snapshot", version=2))
        play.entries = [play.entries[0], replace(play.entries[-1], opening=replace(play.opening, version=2))]
        self.store.begin()
        self.store.restore("g1", snapshot, iter(play.entries), None)
        self.store.restore("g2", snapshot, iter(play.entries[:1]), None)
        self.store.commit()
        lines = self.works("replay", "g1").splitlines()
        self.assertIn("version 2 (it began with 1), epoch another-epoch", lines[0])
        self.assertRegex(lines[-1], r" renewed: new epoch$")
        self.assertIn("epoch of-the-snapshot", self.works("replay", "g2"))


class Json(Replaying):
    def test_everything_is_there_one_entry_a_line(self) -> None:
        play = drawing()
        self.keep("g1", play, 4)
        entries = [json.loads(line) for line in self.works("replay", "g1", "--json").splitlines()]
        self.assertEqual([entry["number"] for entry in entries], list(range(1, 11)))
        for entry, kept in zip(entries, play.entries, strict=True):
            self.assertEqual(set(entry), set(Entry.__struct_fields__))
            self.assertEqual(entry["changed"], {name: msgpack.decode(raw) for name, raw in kept.changed.items()})
        self.assertEqual(
            entries[0]["opening"],
            {"kind": "Drawing", "version": 1, "options": {}, "epoch": "AbCdEf-01234", "seed": SEED.hex()},
        )
        second = entries[1]
        self.assertEqual((second["id"], second["arguments"]), ("c-1", {"count": 2}))
        card = second["result"][0]
        self.assertEqual(second["events"][1], {"to": ["alice"], "event": {"event": "Card", "card": card}})
        self.assertEqual(second["timers"][1], {"id": 2, "due": NOW + 32.25, "method": "hurry", "arguments": ["alice"]})
        self.assertEqual((entries[7]["timer"], entries[7]["fault"]), (4, "RuntimeError (incident 12ab)"))

    def test_options_beginning_and_end_are_there(self) -> None:
        self.keep("g1", hall())
        entries = [json.loads(line) for line in self.works("replay", "g1", "--json").splitlines()]
        self.assertEqual(entries[0]["opening"]["options"], {"pace": 2, "names": None})
        self.assertEqual([entry["started"] for entry in entries[:4]], [False, False, True, True])
        self.assertEqual([entry["outcome"] for entry in entries[-2:]], [None, {"event": "Ended", "why": "alone"}])
        self.assertEqual((entries[8]["kind"], entries[8]["player"]), ("away", "bob"))

    def test_bots_are_there_where_they_change(self) -> None:
        self.keep("g1", botted())
        entries = [json.loads(line) for line in self.works("replay", "g1", "--json").splitlines()]
        own = {"player": "bot-random", "bot": "random", "stands_in": False}
        self.assertEqual((entries[2]["bots"], entries[2]["seats"]), ([own], ["alice", "bot-random"]))
        self.assertEqual(entries[3]["bots"], None)
        self.assertEqual(entries[5]["bots"], [own, {"player": "alice", "bot": "search", "stands_in": True}])
        self.assertEqual((entries[8]["bots"], entries[8]["seats"], entries[8]["kind"]), ([own], None, "bot"))

    def test_what_a_game_goes_on_with_is_there(self) -> None:
        self.keep("g1", restored())
        self.keep("g2", migrated())
        entries = [json.loads(line) for line in self.works("replay", "g1", "--json").splitlines()]
        opening = {**entries[0]["opening"], "epoch": "another-epoch", "seed": OTHER_SEED.hex()}
        self.assertEqual([entries[10][key] for key in ("kind", "opening", "changed")], ["renewed", opening, {}])
        entries = [json.loads(line) for line in self.works("replay", "g2", "--json").splitlines()]
        self.assertEqual(entries[10]["opening"], {**entries[0]["opening"], "version": 2})
        self.assertEqual(set(entries[10]["changed"]), {"deck", "hands", "weight", "drawn"})


class At(Replaying):
    def at(self, number: int, *arguments: str) -> tuple[dict[str, Any], str]:
        status, out, err = self.run_it("replay", "g1", "--at", str(number), *arguments)
        self.assertEqual(status, 0, err)
        return json.loads(out), err

    def test_it_shows_how_the_game_stood(self) -> None:
        play = drawing()
        self.keep("g1", play, 8)
        for number in range(1, 11):
            then, err = self.at(number, *DRAWING)
            self.assertEqual(err, "")
            kept = play.snapshot(number)
            self.assertEqual(then["state"], {name: msgpack.decode(raw) for name, raw in kept.state.items()})
            self.assertEqual(then["seats"], ["alice", "bob", None])
            self.assertEqual([timer["id"] for timer in then["timers"]], [timer.id for timer in kept.timers])
            self.assertEqual(then["events"]["all"], kept.counts.all)
            self.assertEqual((then["number"], then["time"], then["finished"]), (number, kept.time, False))
            self.assertEqual((then["secret"], then["own"]), (["deck"], []))
        self.assertEqual(then["at"], "2027-01-15 08:01:04.750 UTC")

    def test_it_is_laid_out_for_people_and_on_one_line_for_programs(self) -> None:
        self.keep("g1", tictactoe())
        self.assertGreater(len(self.works("replay", "g1", "--at", "4", *TICTACTOE).splitlines()), 20)
        self.assertEqual(len(self.works("replay", "g1", "--at", "4", "--json", *TICTACTOE).splitlines()), 1)

    def test_without_the_model_it_says_that_it_knows_of_no_secrets(self) -> None:
        self.keep("g1", drawing())
        then, err = self.at(4)
        self.assertIs(then["secret"], None)
        self.assertIs(then["own"], None)
        self.assertIn("gamesvc: which fields are secret is not known: game 'Drawing'", err)

    def test_fields_of_which_each_player_sees_their_own_are_named(self) -> None:
        self.keep("g1", hall(), 9)
        then, _ = self.at(9, *HALL)
        self.assertEqual((then["secret"], then["own"]), (["stock"], ["cards"]))
        self.assertEqual(set(then["state"]["cards"]), {"alice", "bob"})
        self.assertEqual((then["here"], then["started"], then["outcome"]), (["alice", "clumsy"], True, None))
        then, _ = self.at(18, *HALL)
        self.assertEqual((then["finished"], then["outcome"]), (True, {"event": "Ended", "why": "alone"}))

    def test_the_bots_are_those_of_then(self) -> None:
        self.keep("g1", botted(), 7)
        own = {"player": "bot-random", "bot": "random", "stands_in": False}
        for number, bots in ((2, []), (3, [own]), (7, [own, {"player": "alice", "bot": "random", "stands_in": True}])):
            self.assertEqual(self.at(number, *TICTACTOE)[0]["bots"], bots)
        self.assertEqual(self.at(10, *TICTACTOE)[0]["bots"], [own])

    def test_a_number_that_there_is_none_of_is_told(self) -> None:
        self.keep("g1", tictactoe())
        for number in ("0", "-1", "9"):
            self.assertIn(f"entries 1 to 8, and no entry {number}", self.fails("replay", "g1", "--at", number))

    def test_of_a_game_that_is_kept_by_snapshots_it_shows_what_is_known(self) -> None:
        self.kept_by_snapshots()
        play = drawing()
        for number in (1, 6, 7, 10):
            then, _ = self.at(number, *DRAWING)
            kept = play.snapshot(number)
            self.assertEqual(then["state"], {name: msgpack.decode(raw) for name, raw in kept.state.items()})
        for unknown in ("2", "5"):
            self.assertIn(
                "entries 2 to 6 are not there, as its kind is or was kept by snapshots: how it stood is known up to"
                " entry 1, and from 6 on",
                self.fails("replay", "g1", "--at", unknown),
            )

    def test_of_a_game_without_history_it_shows_what_is_known(self) -> None:
        self.keep_alone("g1", drawing(), 6)
        for number in (6, 7, 10):
            then, _ = self.at(number, *DRAWING)
            kept = drawing().snapshot(number)
            self.assertEqual(then["state"], {name: msgpack.decode(raw) for name, raw in kept.state.items()})
        self.assertIn(
            "entries 1 to 5 are not there, as of its kind no history is kept: how it stood is known from 6 on",
            self.fails("replay", "g1", "--at", "5"),
        )
        for arguments in (("--check", *DRAWING), ("--as-test", *DRAWING)):
            message = self.fails("replay", "g1", *arguments)
            self.assertIn("no history is kept, so it can't be run again", message)
            self.assertNotIn("--at", message)

    def test_it_shows_the_fields_of_the_version_of_then(self) -> None:
        for number in (None, 4, 10, 11, 12):
            play = migrated()
            self.keep("g1", play, number)
            for each in range(1, 14):
                then, err = self.at(each, *REDRAWING)
                self.assertEqual((then["version"], err), (1 if each < 11 else 2, ""))
                kept = play.snapshot(each).state
                self.assertEqual(then["state"], {name: msgpack.decode(raw) for name, raw in kept.items()})
                self.assertEqual("drawn" in then["state"], each >= 11)
            self.works("journal", "delete", "g1", "--force")
            self.sql("DELETE FROM games")


class Check(Replaying):
    def test_all_goes_as_it_went(self) -> None:
        self.keep("g1", drawing(), 5)
        self.keep("g2", tictactoe())
        self.assertEqual(
            self.works("replay", "g1", "--check", *DRAWING), "g1: 10 entries run again, and all goes as it went\n"
        )
        self.works("replay", "g2", "--check", *TICTACTOE)

    def test_a_game_with_bots_goes_as_it_went_and_where_it_does_not_the_entry_is_shown(self) -> None:
        self.keep("g1", botted(), 6)
        self.keep("g2", botted_hall())
        self.works("replay", "g1", "--check", *TICTACTOE)
        self.works("replay", "g2", "--check", *HALL)
        game = self.changed("hall_bots", 'player == "mallory"', 'player == "bot-random"', hall_module)
        status, out, err = self.run_it("replay", "g2", "--check", "--game", game)
        self.assertEqual((status, err), (1, ""))
        self.assertIn("g2: entry 3 goes another way today (bot, ", out)
        self.assertIn("    today  refused (refused): not you", out)

    def test_the_first_entry_that_goes_another_way_is_shown(self) -> None:
        self.keep("g1", drawing())
        game = self.changed("drawing_five", "after(5, self.fall)", "after(50, self.fall)")
        status, out, err = self.run_it("replay", "g1", "--check", "--game", game)
        self.assertEqual((status, err), (1, ""))
        lines = out.splitlines()
        self.assertEqual(
            lines[0], "g1: entry 5 goes another way today (command, 2027-01-15 08:00:34.625 UTC): bob, trap {}"
        )
        self.assertEqual(lines[1], "  timers")
        self.assertIn(f'"due":{NOW + 39.625}', lines[2])
        self.assertTrue(lines[2].startswith("    then   ["))
        self.assertIn(f'"due":{NOW + 84.625}', lines[3])
        self.assertTrue(lines[3].startswith("    today  ["))
        self.assertEqual(len(lines), 4)

    def test_a_hook_that_does_something_else_is_shown_with_who_it_was_about(self) -> None:
        self.keep("g1", hall())
        self.works("replay", "g1", "--check", *HALL)
        for name, old, new, entry in (
            ("hall_away", "Missing(player, True)", "Missing(player, False)", "9 goes another way today (away, "),
            ("hall_leave", "self.finish(", "self.publish(", "18 goes another way today (left, "),
            ("hall_join", 'player == "clumsy"', 'player == "bob"', "3 goes another way today (seated, "),
        ):
            game = self.changed(name, old, new, hall_module)
            status, out, err = self.run_it("replay", "g1", "--check", "--game", game)
            self.assertEqual((status, err), (1, ""))
            self.assertIn(f"g1: entry {entry}", out)
            self.assertRegex(out.splitlines()[0], r" UTC\): bob$")
        game = self.changed("hall_tick", "self.spun += self.pace", "self.spun += 1", hall_module)
        _, out, _ = self.run_it("replay", "g1", "--check", "--game", game)
        self.assertRegex(out.splitlines()[0], r"entry 7 goes another way today \(tick, [^)]+\)$")

    def test_it_can_end_before(self) -> None:
        self.keep("g1", drawing())
        game = self.changed("drawing_upto", "after(5, self.fall)", "after(50, self.fall)")
        self.assertEqual(
            self.works("replay", "g1", "--check", "--at", "4", "--game", game),
            "g1: 4 entries run again, and all goes as it went\n",
        )

    def test_what_is_refused_today_is_told(self) -> None:
        self.keep("g1", drawing())
        game = self.changed("drawing_few", "count > len(self.deck)", "count > 2")
        _, out, _ = self.run_it("replay", "g1", "--check", "--game", game)
        self.assertIn(
            'entry 10 goes another way today (command, 2027-01-15 08:01:04.750 UTC): bob, draw {"count":3}', out
        )
        self.assertIn("    then   took effect\n    today  refused (too_many): so many are not left\n", out)

    def test_much_that_differs_is_cut(self) -> None:
        self.keep("g1", drawing())
        game = self.changed("drawing_all", "[self.deck.pop() for _ in range(count)]", "list(self.deck) * 100")
        _, out, _ = self.run_it("replay", "g1", "--check", "--game", game)
        self.assertRegex(out, r"\n  and \d{4} more\n$")
        self.assertLess(max(map(len, out.splitlines())), 2100)

    def test_another_version_is_told(self) -> None:
        self.keep("g1", drawing())
        game = self.changed("drawing_two", "seats=(2, 3)", "seats=(2, 3), version=2")
        out = self.works("replay", "g1", "--check", "--game", game)
        self.assertIn("began with version 1 of Drawing, and this is version 2", out)
        self.assertIn("; fields are not compared\n", out)

    def test_a_game_that_was_restored_goes_as_it_went(self) -> None:
        self.keep("g1", restored(), 12)
        self.assertEqual(
            self.works("replay", "g1", "--check", *DRAWING), "g1: 13 entries run again, and all goes as it went\n"
        )

    def test_a_game_of_two_versions_goes_as_it_went_and_what_is_compared_is_told(self) -> None:
        self.keep("g1", migrated(), 12)
        told, all_well = self.works("replay", "g1", "--check", *REDRAWING).splitlines()
        self.assertIn("; fields are compared from entry 11 on", told)
        self.assertEqual(all_well, "g1: 13 entries run again, and all goes as it went")
        self.assertIn("; fields are not compared\n", self.works("replay", "g1", "--check", "--at", "10", *REDRAWING))

    def test_after_a_difference_in_the_older_version_it_goes_on_with_the_newer_one(self) -> None:
        self.keep("g1", migrated(), 12)
        game = self.changed("redrawing_trap", "    @command\n", TRAP, redrawing_module)
        status, out, err = self.run_it("replay", "g1", "--check", "--game", game)
        self.assertEqual((status, err), (1, ""))
        lines = out.splitlines()
        self.assertIn("g1: entry 5 goes another way today (command", lines[1])
        self.assertEqual(lines[3:5], ["    then   took effect", "    today  refused (refused): no traps"])
        self.assertEqual(lines[5:], ["g1: entries 11 to 13 run again, and from there on all goes as it went"])
        game = self.changed("redrawing_more", "    @command\n", f"    jokers: int = 0\n{TRAP}", redrawing_module)
        source = (self.directory / "redrawing_more.py").read_text()
        (self.directory / "redrawing_more.py").write_text(source.replace("before + 1000", "1 + before + 1000"))
        status, out, err = self.run_it("replay", "g1", "--check", "--game", game)
        self.assertEqual((status, err), (1, ""))
        self.assertEqual(
            [line.split(" (")[0] for line in out.splitlines() if not line.startswith("  ")][1:],
            [
                "g1: entry 5 goes another way today",
                "not compared, because only one of the two has them: jokers",
                "g1: entry 12 goes another way today",
            ],
        )

    def test_a_model_that_is_older_than_the_game_is_told(self) -> None:
        self.keep("g1", migrated())
        status, out, _ = self.run_it("replay", "g1", "--check", *DRAWING)
        self.assertEqual(status, 1)
        self.assertIn("entry 11 goes another way today (renewed, ", out)
        self.assertIn("the state is of version 2 of Drawing, and this is version 1", out)

    def test_fields_that_are_new_are_told(self) -> None:
        self.keep("g1", drawing())
        game = self.changed("drawing_new", "weight: float = 0.0", "weight: float = 0.0\n    jokers: int = 0")
        out = self.works("replay", "g1", "--check", "--game", game)
        self.assertIn("not compared, because only one of the two has them: jokers (new)\n", out)

    def test_what_the_model_prints_is_not_mixed_with_what_is_told(self) -> None:
        self.keep("g1", drawing())
        game = self.changed(
            "drawing_loud", "        self.after(5, self.fall)", '        print("loud"); self.after(5, self.fall)'
        )
        status, out, err = self.run_it("replay", "g1", "--check", "--game", game)
        self.assertEqual((status, err), (0, "loud\n"))
        self.assertNotIn("loud", out)

    def test_what_was_not_kept_can_not_be_run(self) -> None:
        self.kept_by_snapshots()
        for what in ("--check", "--as-test"):
            message = self.fails("replay", "g1", what, *DRAWING)
            self.assertIn("entries 2 to 6 are not there", message)
            self.assertIn("can't be run again beyond entry 1: add --at 1", message)
        self.works("replay", "g1", "--check", "--at", "1", *DRAWING)

    def test_a_history_that_is_damaged_is_told_in_a_line(self) -> None:
        self.keep("g1", drawing())
        self.sql("UPDATE entries SET body = x'00' WHERE number = 5")
        for arguments in ((), ("--check", *DRAWING), ("--json",)):
            status, _, err = self.run_it("replay", "g1", *arguments)
            self.assertEqual(status, 1)
            self.assertIn("game g1 has a damaged record", err)
        self.sql("DELETE FROM entries WHERE number = 1")
        self.sql("DELETE FROM entries WHERE number = 5")
        self.assertIn("its first entry is missing", self.fails("replay", "g1"))


class Kinds(Replaying):
    def test_it_is_found_by_the_variable_of_the_server_too(self) -> None:
        self.keep("g1", drawing())
        self.environment["GAMESVC_GAME"] = f"greetings {DRAWING[1]}"
        self.works("replay", "g1", "--check")

    def test_a_built_in_one_needs_no_name(self) -> None:
        from gamesvc.games.greetings import Greetings

        self.keep("g1", Play(Greetings, "greetings").command("alice", "hello"))
        self.works("replay", "g1", "--check")
        self.environment["GAMESVC_GAME"] = DRAWING[1]
        self.works("replay", "g1", "--check")

    def test_one_that_is_not_named_is_told(self) -> None:
        self.keep("g1", drawing())
        self.assertIn("of the kind 'Drawing', and none of --game", self.fails("replay", "g1", "--check", *TICTACTOE))
        message = self.fails("replay", "g1", "--check")
        self.assertIn("no game of this name is installed", message)
        self.assertTrue(message.endswith("write package.module:Class with --game\n"), message)
        self.assertIn("no module 'nowhere'", self.fails("replay", "g1", "--check", "--game", "nowhere:Drawing"))

    def test_it_is_found_in_the_directory_in_which_this_is_started(self) -> None:
        self.keep("g1", drawing())
        game = self.changed("drawing_here", "Draw cards.", "Draw some.")
        self.patch(sys, "path", [each for each in sys.path if each != str(self.directory)])
        here = os.getcwd()
        self.addCleanup(os.chdir, here)
        url = f"sqlite:{os.path.abspath(self.path)}"
        os.chdir(self.directory)
        self.works("replay", "g1", "--check", "--game", game, "--journal", url)

    def test_what_does_not_go_together_is_told(self) -> None:
        self.keep("g1", drawing())
        self.assertIn("--json goes with", self.fails("replay", "g1", "--json", "--check", *DRAWING))
        self.assertEqual(self.run_it("replay", "g1", "--check", "--as-test")[0], 2)
        status, out, _ = self.run_it("replay", "--help")
        self.assertEqual(status, 0)
        for word in ("secrets", "seed", "--as-test", "--check", "--at", "GAMESVC_GAME", "GAMESVC_JOURNAL"):
            self.assertIn(word, out)


class AsTest(Replaying):
    def pytest(self, file: Path) -> tuple[int, str]:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", "."]
        done = subprocess.run(
            [*command, file.name],
            cwd=self.directory,
            env={"PYTHONPATH": f"{ROOT}{os.pathsep}.", "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
        )
        return done.returncode, done.stdout + done.stderr

    def write(self, game: str, *arguments: str) -> Path:
        file = self.directory / f"test_{game}.py"
        self.assertIn("It has the game's secrets", self.works("replay", game, "--as-test", str(file), *arguments))
        self.assertEqual(stat.S_IMODE(os.stat(file).st_mode), 0o600)
        return file

    def test_it_passes_as_long_as_the_rules_are_the_same_and_fails_at_the_entry_where_they_are_not(self) -> None:
        self.keep("g1", drawing(), 6)
        game = self.changed("drawing_rules", "Draw cards.", "Draw some.")
        file = self.write("g1", "--game", game)
        status, said = self.pytest(file)
        self.assertEqual(status, 0, said)
        source = file.read_text()
        module = self.directory / "drawing_rules.py"
        rules = module.read_text()
        for old, new, entry, what in (
            ("count > len(self.deck)", "count > 2", 10, "game.command("),
            ("Drew(player, len(self.deck))", "Drew(player, 1)", 2, "assert game.events == "),
            ("return cards", "return cards[:1]", 2, "assert game.result == "),
            ("self.weight = -1.0", "return", 8, "assert game.fault == "),
            ("self.weight += self.random.random()", "self.weight += 1", 10, "assert game.state == "),
        ):
            module.write_text(rules.replace(old, new))
            self.assertNotEqual(module.read_text(), rules)
            status, said = self.pytest(file)
            self.assertEqual(status, 1, said)
            failing = next(line for line in said.splitlines() if line.startswith(">"))
            self.assertIn(what, failing)
            line = int(said.split(f"{file.name}:")[1].split(":")[0])
            above = source.splitlines()[:line]
            numbers = [int(each.strip("# ")) for each in above if each.strip(" ").startswith("# ")]
            self.assertEqual(numbers[-1], entry)

    def test_bots_play_in_it_as_they_played(self) -> None:
        self.keep("g1", botted())
        self.keep("g2", botted_hall(), 5)
        files = [self.write("g1", *TICTACTOE), self.write("g2", *HALL)]
        self.assertIn(
            'game.bots(START + 9, bots={"bot-random": "random", "alice": "search"}, stand_in_for=["alice"])',
            files[0].read_text(),
        )
        self.assertIn(
            '    # 3\n    game.bots(START + 3, seats=["alice", "bot-random"], bots={"bot-random": "random"})\n\n',
            files[0].read_text(),
        )
        for file in files:
            status, said = self.pytest(file)
            self.assertEqual(status, 0, said)

    def test_it_is_laid_out_as_people_write_tests(self) -> None:
        self.keep("g1", tictactoe())
        self.assertEqual(
            self.works("replay", "g1", "--as-test", "--at", "5", *TICTACTOE),
            '''"""The game g1 (TicTacToe, version 1) up to entry 5.

Written by `gamesvc replay --as-test`. It has the game's secrets.
"""

from gamesvc.replay import Replay
from tests.tictactoe import TicTacToe

START = 1800000000.0  # 2027-01-15 08:00:00.000 UTC
SEED = bytes.fromhex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")


def test_g1() -> None:
    game = Replay(TicTacToe, SEED)

    # 1
    game.open(START)
    assert game.events == []

    # 2
    game.seat(START + 1.5, ["alice", None])

    # 3
    game.seat(START + 3, ["alice", "bob"])

    # 4
    game.command(START + 5.25, "alice", "mark", cell=0)
    assert game.events == [{"event": "Marked", "player": "alice", "cell": 0}]

    # 5
    game.command(START + 7.5, "bob", "mark", cell=3)
    assert game.events == [{"event": "Marked", "player": "bob", "cell": 3}]

    assert game.state == {"board": ["alice", None, None, "bob", None, None, None, None, None], "moves": 2}
    assert game.timers == []
    assert not game.finished
''',
        )

    def test_private_events_results_and_timers_are_in_it(self) -> None:
        self.keep("g1", drawing())
        out = self.works("replay", "g1", "--as-test", *DRAWING)
        self.assertIn('game.open(START, ["alice", "bob"])', out)
        self.assertIn("from gamesvc.replay import Private, Replay\n", out)
        self.assertRegex(out, r'        Private\(\{"event": "Card", "card": \d+\}, to=\["alice"\]\),\n')
        self.assertIn('game.timer(START + 60.25, 4, fault="RuntimeError")  # fall\n', out)
        self.assertIn('    assert game.fault == "RuntimeError"\n', out)
        self.assertIn('wishes={"ace": 1})\n', out)
        self.assertRegex(out, r"assert game\.result == \[\d+, \d+\]\n")
        self.assertIn('(5, START + 92.5, "hurry", ["alice"]), (6, START + 94.75, "hurry", ["bob"])', out)
        self.assertLessEqual(max(map(len, out.splitlines())), 120)

    def test_what_happens_without_a_command_is_in_it(self) -> None:
        self.keep("g1", hall())
        file = self.write("g1", *HALL)
        source = file.read_text()
        for line in (
            'game.open(START, options={"pace": 2, "names": None})',
            'game.seat(START + 7.25, ["alice", "bob", "clumsy"], fault="RuntimeError")\n'
            '    assert game.fault == "RuntimeError"\n'
            "    assert game.events == [",
            'game.seat(START + 1.5, ["alice", None, None])\n    assert game.events == [\n',
            'game.back(START + 3.5, "alice")\n    assert game.events == [{"event": "Missing",',
            "game.tick(START + 7.3)\n    assert game.events == [",
            '"clumsy", fault="RuntimeError")\n    assert game.fault == ',
            '"clumsy")\n    assert game.events == [{"event": "gamesvc.left", "player": "clumsy", "seat": 2}]',
            'assert game.outcome == {"event": "Ended", "why": "alone"}\n',
        ):
            self.assertIn(line, source)
        status, said = self.pytest(file)
        self.assertEqual(status, 0, said)
        for old, new in (
            ('"pace": 2', '"pace": 3'),
            ('"why": "alone"}\n', '"why": "bored"}\n'),
            ("    game.tick(START + 7.3)\n", ""),
        ):
            self.assertIn(old, source)
            file.write_text(source.replace(old, new))
            self.assertEqual(self.pytest(file)[0], 1, new)

    def test_a_game_that_was_restored_goes_on_with_its_other_seed(self) -> None:
        self.keep("g1", restored(), 12)
        file = self.write("g1", *DRAWING)
        source = file.read_text()
        self.assertIn(
            "    # 11\n"
            "    # It was restored from a copy, or had lost something: its chance is another one from here on.\n"
            "    game.renew(\n"
            "        START + 164.75,\n"
            f'        seed=bytes.fromhex("{OTHER_SEED.hex()}"),\n'
            "    )\n",
            source,
        )
        status, said = self.pytest(file)
        self.assertEqual(status, 0, said)
        file.write_text(source.replace(OTHER_SEED.hex(), SEED.hex()))
        self.assertEqual(self.pytest(file)[0], 1)

    def test_a_game_of_two_versions_goes_on_with_the_state_that_it_was_brought_to(self) -> None:
        self.keep("g1", migrated(), 12)
        file = self.write("g1", *REDRAWING)
        source = file.read_text()
        self.assertIn('"""The game g1 (Drawing, version 1, later 2) up to entry 13.\n', source)
        self.assertIn("    # It was brought from version 1 of the model to 2, and went on with this state.\n", source)
        self.assertIn("    game.renew(\n        START + 164.75,\n        state={\n", source)
        self.assertIn("        },\n        version=2,\n    )\n", source)
        self.assertNotIn("seed=", source)
        self.assertLessEqual(max(map(len, source.splitlines())), 120)
        status, said = self.pytest(file)
        self.assertEqual(status, 0, said)

    def test_up_to_before_that_its_fields_are_not_compared(self) -> None:
        self.keep("g1", migrated())
        file = self.write("g1", "--at", "10", *REDRAWING)
        self.assertIn("    # Its fields are not compared: they were those of another version", file.read_text())
        self.assertNotIn("game.state", file.read_text())
        status, said = self.pytest(file)
        self.assertEqual(status, 0, said)

    def test_a_renewal_without_another_chance_or_state_only_counts(self) -> None:
        self.keep("g1", tictactoe((0,)).renew(None, "another-epoch"))
        self.assertIn(
            "    # 5\n    game.renew(START + 105.25)\n\n", self.works("replay", "g1", "--as-test", *TICTACTOE)
        )

    def test_a_file_that_is_there_is_not_overwritten_and_one_that_fails_is_not_left(self) -> None:
        self.keep("g1", tictactoe())
        file = self.directory / "test_g1.py"
        self.fails("replay", "g1", "--as-test", str(file))
        self.assertFalse(file.exists())
        file.write_text("precious")
        self.assertIn("is there already", self.fails("replay", "g1", "--as-test", str(file), *TICTACTOE))
        self.assertEqual(file.read_text(), "precious")

    def test_values_that_json_does_not_have_are_compared_too(self) -> None:
        source = """
import datetime, math
from gamesvc import GameModel, Player, command

class Odd(GameModel):
    numbers: list[float] = []
    raw: bytes = b""
    at: datetime.datetime = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
    by: dict[int, str] = {}

    @command
    def play(self, player: Player, text: str) -> None:
        self.numbers = [math.nan, math.inf, -math.inf, 1e300]
        self.raw = b"\\xff'\\""
        self.by = {1: text, 2: "\\u202e"}
"""
        (self.directory / "odd.py").write_text(source)
        self.patch(sys, "path", [str(self.directory), *sys.path])
        self.addCleanup(sys.modules.pop, "odd", None)
        odd = __import__("odd")
        play = Play(odd.Odd).command("alice", "play", text='a "quoted" \\ text\n\U0001f600')
        self.keep("g-1", play)
        file = self.write("g-1", "--game", "odd:Odd")
        status, said = self.pytest(file)
        self.assertEqual(status, 0, said)
        self.assertIn("import datetime\nimport math\n", file.read_text())
        self.assertNotIn("\u202e", file.read_text())
        self.assertIn("def test_g_1() ", file.read_text())


class Injection(SynchronousTestCase):
    """The test is run later: what others wrote into a journal must not become code."""

    def lines(self, play: Play, game: str = "g1") -> str:
        end = Replayed()
        for entry in play.entries:
            end.take(entry)
        opening = play.entries[0].opening
        assert opening is not None
        kind = Kind("TicTacToe", play.instance.kind)
        return "\n".join(as_test.lines(game, kind, opening, play.entries, end)) + "\n"

    def test_names_texts_and_ids_stay_what_they_are(self) -> None:
        evil = 'x"""\n    import os\n#\\'
        play = tictactoe(())
        arguments = json.dumps({evil: evil, "class": 1, "cell": 1, "é": 2}).encode()
        event = json.dumps({"event": evil, evil: [evil]}).encode()
        play.entries += [
            Entry(4, "command", NOW + 5, evil, evil, evil, arguments, events=(Published(event, (evil,)),)),
            Entry(5, "timer", NOW + 6, name=evil, arguments=b"[]", timer=1, fault=evil),
            Entry(6, "renewed", NOW + 7, changed={evil: Raw(msgpack.encode({evil: [evil]}))}, opening=play.opening),
            Entry(7, "left", NOW + 8, evil),
            Entry(8, "away", NOW + 8, evil, fault=evil),
            Entry(9, "back", NOW + 8, evil),
            Entry(10, "tick", NOW + 8, fault=evil, outcome=event, finished=True),
        ]
        play.entries[2] = replace(play.entries[2], fault=evil)
        opening = play.entries[0].opening
        assert opening is not None
        changed = {evil: Raw(msgpack.encode(evil))}
        play.entries[0] = replace(
            play.entries[0], opening=replace(opening, game_kind=evil, options=arguments), changed=changed
        )
        tree = ast.parse(self.lines(play, evil))
        imports = [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
        self.assertEqual(len(imports), 2)
        [function] = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
        names = "open", "seat", "command", "timer", "renew", "leave", "away", "back", "tick"
        calls = {ast.unparse(node.func) for node in ast.walk(function) if isinstance(node, ast.Call)}
        self.assertEqual(calls, {"Replay", "Private", *(f"game.{each}" for each in names)})
        [call] = [
            node for node in ast.walk(function) if isinstance(node, ast.Call) and "command" in ast.unparse(node.func)
        ]
        self.assertEqual(ast.literal_eval(call.args[1]), evil)
        self.assertEqual([keyword.arg for keyword in call.keywords], ["cell", None])
        self.assertEqual(ast.literal_eval(call.keywords[1].value), {evil: evil, "class": 1, "é": 2})

    def test_literals_are_what_they_stand_for_however_long(self) -> None:
        for value in (
            None,
            True,
            -1,
            2**70,
            1e300,
            0.1,
            "",
            "it's",
            '"\\"',
            "\U0001f600\u2028\x00",
            b"\x00'",
            [],
            {},
            [[], {}, [[1]]],
            {1: {"a" * 60: ["b" * 60, "c" * 60, None]}, "x": {}},
            [{"event": "A", "n": number, "text": "long " * number} for number in range(20)],
        ):
            for used in (0, 60):
                self.assertEqual(ast.literal_eval(as_test._literal(value, "", used)), value)
        scope = {"math": math, "datetime": datetime}
        when = datetime.datetime(2020, 1, 2, 3, 4, 5, 6, datetime.UTC)
        self.assertEqual(eval(as_test._literal([math.inf, -math.inf, when], "", 0), scope), [math.inf, -math.inf, when])

    def test_times_are_exact(self) -> None:
        for offset in (0, 0.1, 1.25, 1e-6, 123456.789, 3e7, 0.3333333333333):
            time = NOW + offset
            text = as_test._time(time, NOW)
            self.assertEqual(eval(text, {"START": NOW}), time)
            self.assertLess(len(text), 25)
        self.assertEqual(as_test._time(0.1, 1e300), "0.1")


class Local(SynchronousTestCase):
    def test_a_model_that_can_not_be_imported_is_told(self) -> None:
        from gamesvc.errors import ConfigError

        class Hidden(GameModel):
            secret: Secret[int] = field(default=0)

            @command
            def play(self, player: Player) -> None:
                pass

        play = Play(Hidden)
        opening = play.entries[0].opening
        assert opening is not None
        lines = as_test.lines("g1", Kind("Hidden", Hidden), opening, play.entries, Replayed())
        self.assertIn("can't be imported", str(self.assertRaises(ConfigError, list, lines)))
