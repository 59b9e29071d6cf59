"""``gamesvc replay --as``: what one viewer could see, and no more."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gamesvc.eventlog import EventLog, Viewer
from gamesvc.journal.records import Entry
from gamesvc.messages import numbered
from gamesvc.model import Player
from gamesvc.testing import Table
from gamesvc.views import Views, apply_patch
from tests.hall import Sundial, Veil, Window
from tests.plays import NOW, OTHER_SEED, SEED, Play, drawing, hall, migrated, restored
from tests.test_cli_journal import WithJournal

HALL = ("--game", "tests.hall:Hall")
VEIL = ("--game", "tests.hall:Veil")
WINDOW = ("--game", "tests.hall:Window")


def veil(model: type[Veil] = Veil) -> Play:
    """alice and bob say, whisper, keep and plot; carol comes later. 11 entries, of which the 9th is a timer."""
    play = Play(model).seat("alice").seat("bob").command("alice", "say", "c-1", n=3)
    play.command("bob", "keep", n=41).command("bob", "plot", n=43).command("bob", "whisper", to="alice", n=5)
    return play.command("alice", "keep", "c-2", n=7).timer(1).seat("carol").command("alice", "stop")


class Viewing(WithJournal):
    def setUp(self) -> None:
        super().setUp()
        self.environment["COLUMNS"] = "120"

    def seen(self, *arguments: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.works("replay", "g1", *arguments, "--json").splitlines()]


class History(Viewing):
    def test_a_player_s_moments_have_their_events_with_their_numbers_and_what_changed_for_them(self) -> None:
        self.keep("g1", veil())
        lines = self.works("replay", "g1", "--as", "alice", *VEIL).splitlines()
        self.assertEqual(lines[0], "g1: Veil, what alice could see")
        self.assertEqual(
            lines[2:],
            [
                "   #  time          since start   what",
                "      2027-01-15 UTC",
                "   1  08:00:00.000  +0.000 s      opened",
                '      state {"loud":0,"kept":{}}',
                "   2  08:00:01.500  +1.500 s      takes a seat",
                '      {"event":"gamesvc.joined","player":"alice","seat":0,"seq":1}',
                "   3  08:00:03.000  +3.000 s",
                '      {"event":"gamesvc.joined","player":"bob","seat":1,"seq":2}',
                "   4  08:00:05.250  +5.250 s      say(n=3)",
                '      {"event":"Said","n":3,"seq":3}',
                '      state {"loud":3}',
                "   5  08:00:12.000  +12.000 s",
                '      {"event":"Whispered","n":5,"seq":4}',
                "   6  08:00:14.250  +14.250 s     keep(n=7) -> -7",
                '      {"event":"Kept","n":7,"seq":5}',
                '      state {"kept":{"alice":7}}',
                "   7  08:00:54.375  +54.375 s",
                '      {"event":"gamesvc.joined","player":"carol","seat":2,"seq":6}',
                "   8  08:00:56.625  +56.625 s     stop()",
                '      {"event":"Said","n":-1,"seq":7}',
                '      {"event":"gamesvc.finished","outcome":{"event":"Said","n":-1},"seq":8}',
                "      the game is over",
            ],
        )

    def test_who_watches_sees_what_is_everybody_s(self) -> None:
        self.keep("g1", veil())
        out = self.works("replay", "g1", "--as-spectator", *VEIL)
        self.assertEqual(out.splitlines()[0], "g1: Veil, what those who watch could see")
        for theirs in ("Kept", "Whispered", "keep", "say(", "41", "43", "plot"):
            self.assertNotIn(theirs, out)
        self.assertIn('{"event":"Said","n":-1,"seq":5}', out)

    def test_it_is_complete_as_json(self) -> None:
        self.keep("g1", veil())
        moments = self.seen("--as", "bob", *VEIL)
        self.assertEqual([moment["number"] for moment in moments], list(range(1, 10)))
        self.assertEqual(
            moments[6],
            {
                "number": 7,
                "time": NOW + 12,
                "what": 'whisper(to="alice", n=5) -> 5',
                "command": {"id": None, "name": "whisper", "arguments": {"to": "alice", "n": 5}, "result": 5},
                "events": [],
                "patch": {},
                "seq": 4,
                "finished": False,
            },
        )
        self.assertTrue(moments[-1]["finished"])
        commands = [moment["command"] and moment["command"]["id"] for moment in self.seen("--as", "alice", *VEIL)]
        self.assertEqual(commands, [None, None, None, "c-1", None, "c-2", None, None])
        self.assertEqual({moment["command"] for moment in self.seen("--as-spectator", *VEIL)}, {None})
        self.assertIs(self.seen("--as", "alice", *VEIL)[4]["command"], None)

    def test_events_have_the_numbers_that_the_server_gives_them(self) -> None:
        for game, play, viewer in (
            ("g1", veil(), "alice"),
            ("g2", veil(), "bob"),
            ("g3", veil(), None),
            ("g4", hall(), "alice"),
            ("g5", hall(), "bob"),
            ("g6", hall(), None),
        ):
            self.keep(game, play)
            which = ("--as-spectator",) if viewer is None else ("--as", viewer)
            kind = VEIL if play.instance.kind is Veil else HALL
            out = self.works("replay", game, *which, "--json", *kind)
            moments = [json.loads(line) for line in out.splitlines()]
            self.assertEqual([event for moment in moments for event in moment["events"]], list(sent(play, viewer)))

    def test_it_is_what_a_server_has_sent(self) -> None:
        table = Table(Veil, "alice", "bob")
        table.send("alice", "say", n=1)
        table.send("bob", "bluff", n=2, really=5)
        table.send("bob", "keep", n=3)
        table.send("bob", "whisper", to="alice", n=9)
        table.send("alice", "keep", n=4)
        table.connect("carol")
        table.send("carol", "bluff", n=7, really=1)
        table.leave("carol")
        kept = table._server.journal._find("game")
        assert kept is not None
        self.store.begin()
        self.store.restore("g1", None, iter(kept.entries), None)
        self.store.commit()
        for name in ("alice", "bob"):
            moments = self.seen("--as", name, *VEIL)
            events = [event for moment in moments for event in moment["events"]]
            names = {event["event"] for event in events}
            got = [frame for frame in table.frames(name) if frame.get("event") in names]
            self.assertGreater(len(got), 5)
            # They were there from when they had their seat.
            self.assertEqual(events[got[0]["seq"] - 1 :], got)
            [last] = self.seen("--as", name, "--at", str(len(moments)), *VEIL)
            self.assertEqual((last["state"], last["seq"]), (table.state_of(name), got[-1]["seq"]))

    def test_patches_lead_to_what_is_shown_at_each_moment(self) -> None:
        play = veil()
        self.keep("g1", play, 6)
        view: dict[str, Any] = {}
        for moment in self.seen("--as", "bob", *VEIL):
            view = apply_patch(view, moment["patch"])
            [then] = self.seen("--as", "bob", "--at", str(moment["number"]), *VEIL)
            self.assertEqual((then["state"], then["seq"], then["time"]), (view, moment["seq"], moment["time"]))
        expected = Views(Veil).state(play.instance.standing, Player("bob"))
        self.assertEqual(view, json.loads(expected))

    def test_who_takes_a_seat_later_sees_what_is_everybody_s_before_and_who_leaves_sees_it_again(self) -> None:
        play = hall()
        self.keep("g1", play)
        moments = self.seen("--as", "carol", *HALL)
        by_what = {moment["what"]: moment for moment in moments}
        self.assertEqual(by_what["takes a seat"]["patch"], {"cards": {"carol": -1}})
        self.assertEqual(by_what["gives up the seat"]["patch"], {"cards": {"carol": None}})
        self.assertEqual(
            [event for moment in moments for event in moment["events"] if event["event"] == "Dealt"],
            [{"event": "Dealt", "card": -1, "seq": 14}],
        )
        # Once more one of those who watch, they count as those do.
        self.assertEqual(moments[-1]["seq"], self.seen("--as-spectator", *HALL)[-1]["seq"])

    def test_who_leaves_is_shown_what_those_are_who_watch_though_no_field_changed(self) -> None:
        self.keep("g1", Play(Veil).seat("alice").seat("bob").command("alice", "keep", n=7).leave("alice"))
        self.assertEqual(self.seen("--as", "alice", *VEIL)[-1]["patch"], {"kept": {"alice": None}})

    def test_a_view_may_change_though_no_field_did(self) -> None:
        self.keep("g1", Play(Sundial).seat("alice").seat("bob").command("bob", "whisper", to="bob", n=1))
        moments = self.seen("--as", "alice", "--game", "tests.hall:Sundial")
        self.assertEqual([moment["patch"] for moment in moments], [{"now": moment["time"]} for moment in moments])
        self.assertEqual(len(moments), 4)

    def test_who_is_away_is_told_to_all(self) -> None:
        self.keep("g1", hall())
        what = [moment["what"] for moment in self.seen("--as-spectator", *HALL)]
        self.assertEqual([each for each in what if each], [
            "opened", "alice is there", "bob is away", "bob is there", "clumsy is away",
        ])  # fmt: skip

    def test_neither_seed_nor_fault_nor_timer_is_there(self) -> None:
        self.keep("g1", veil(), 6)
        self.keep("g2", hall())
        for game, kind in (("g1", VEIL), ("g2", HALL)):
            for more in ((), ("--json",), ("--at", "5"), ("--at", "5", "--json")):
                out = self.works("replay", game, "--as", "alice", *more, *kind)
                for hidden in (SEED.hex(), "incident", "RuntimeError", "stir", "timer", "AbCdEf", "stock", "scheme"):
                    self.assertNotIn(hidden, out)

    def test_a_game_without_seats_is_seen_by_whoever_is_named(self) -> None:
        class Open(Veil):
            pass

        Open.SEATS = None
        self.patch(__import__("tests.hall", fromlist=["Veil"]), "Veil", Open)
        self.keep("g1", Play(Open, "Veil").command("alice", "keep", n=7).command("bob", "say", n=1))
        self.assertEqual([moment["seq"] for moment in self.seen("--as", "alice", *VEIL)], [0, 1, 2])
        self.assertEqual([moment["seq"] for moment in self.seen("--as", "zoe", *VEIL)], [0, 1])

    def test_a_name_that_never_had_a_seat_is_no_player_s(self) -> None:
        self.keep("g1", veil())
        message = self.fails("replay", "g1", "--as", "alcie", *VEIL)
        self.assertIn("game g1: 'alcie' has never had a seat; --as-spectator shows what those see who watch", message)

    def test_it_takes_the_model_to_know_what_is_secret(self) -> None:
        self.keep("g1", veil())
        self.assertIn("game 'Veil'", self.fails("replay", "g1", "--as", "alice"))

    def test_it_goes_with_nothing_that_tells_more(self) -> None:
        self.keep("g1", veil())
        for which in (("--as", "alice"), ("--as-spectator",)):
            for more in ("--check", "--as-test"):
                message = self.fails("replay", "g1", *which, more, *VEIL)
                self.assertIn("--as and --as-spectator go with the history", message)
        status, out, err = self.run_it("replay", "g1", "--as", "alice", "--as-spectator", *VEIL)
        self.assertEqual((status, out), (2, ""))
        self.assertIn("not allowed with", err)

    def test_what_stands_in_a_journal_can_not_command_the_terminal(self) -> None:
        play = veil()
        evil = "\x1b[2J\n\u202e\t\x9b"
        play.entries.append(Entry(12, "away", NOW + 90, evil, finished=True, outcome=play.instance.standing.outcome))
        self.keep("g1", play)
        out = self.works("replay", "g1", "--as-spectator", *VEIL)
        for character in "\x1b\u202e\t\x9b":
            self.assertNotIn(character, out)

    def test_it_fits_the_terminal_and_each_day_has_its_line(self) -> None:
        self.environment["COLUMNS"] = "60"
        play = veil()
        play.entries[-1] = replace(play.entries[-1], time=play.now + 86400)
        self.keep("g1", play)
        lines = self.works("replay", "g1", "--as", "alice", *VEIL).splitlines()
        self.assertLessEqual(max(map(len, lines)), 60)
        self.assertIn('      {"event":"gamesvc.joined","player":"alice","seat":0...', lines)
        self.assertIn("      2027-01-16 UTC", lines)


class At(Viewing):
    def test_it_shows_what_the_viewer_was_shown(self) -> None:
        self.keep("g1", veil())
        then = json.loads(self.works("replay", "g1", "--as", "alice", "--at", "6", *VEIL))
        self.assertEqual(
            then,
            {
                "game": "g1",
                "kind": "Veil",
                "viewer": "alice",
                "playing": True,
                "number": 6,
                "time": NOW + 14.25,
                "at": "2027-01-15 08:00:14.250 UTC",
                "seq": 5,
                "players": ["alice", "bob", None],
                "finished": False,
                "outcome": None,
                "state": {"loud": 3, "kept": {"alice": 7}},
            },
        )
        then = json.loads(self.works("replay", "g1", "--as-spectator", "--at", "6", *VEIL))
        self.assertEqual((then["viewer"], then["playing"], then["state"]), (None, False, {"loud": 3, "kept": {}}))
        self.assertEqual(then["outcome"], {"event": "Said", "n": -1})

    def test_a_number_that_there_is_none_of_is_told(self) -> None:
        self.keep("g1", veil())
        for number in ("0", "-1", "9"):
            message = self.fails("replay", "g1", "--as", "alice", "--at", number, *VEIL)
            self.assertIn(f"game g1: they saw moments 1 to 8, and no {number}", message)

    def test_a_view_of_the_author_s_own_is_shown_and_where_it_fails_it_does_not_tell_why(self) -> None:
        play = veil(Window)
        self.keep("g1", play)
        then = json.loads(self.works("replay", "g1", "--as", "bob", "--at", "9", *WINDOW))
        self.assertEqual(then["state"], {"loud": 3, "mine": 41})
        play = Play(Window).seat("alice").seat("bob").command("bob", "plot", n=77)
        self.keep("g2", play.command("bob", "say", n=13).command("bob", "say", n=14))
        out = self.works("replay", "g2", "--as", "alice", *WINDOW)
        self.assertNotIn("77", out)
        self.assertIn('"n":13,"seq":3}\n      the model failed at showing the state\n', out)
        self.assertIn('"n":14,"seq":4}\n      state {"loud":14}\n', out)


class Kept(Viewing):
    def test_what_was_not_kept_is_one_moment_at_most(self) -> None:
        play = veil()
        for game, number, rest in (("g1", 8, 8), ("g2", 11, 11), ("g3", 1, 11)):
            self.store.begin()
            entries = [play.entries[0], *play.entries[rest:]] if rest < 11 else play.entries[:1]
            self.store.restore(game, play.snapshot(number), iter(entries), None)
            self.store.commit()
        moments = self.seen("--as", "alice", *VEIL)
        self.assertEqual(
            [(moment["what"], moment["seq"]) for moment in moments],
            [("opened", 0), ("(what led to this was not kept)", 5), (None, 6), ("stop()", 8)],
        )
        self.assertEqual(moments[1]["patch"], {"loud": 3, "kept": {"alice": 7}})
        out = self.works("replay", "g2", "--as", "alice", *VEIL)
        self.assertTrue(out.endswith('state {"loud":3,"kept":{"alice":7}}\n      the game is over\n'), out)
        self.assertEqual(len(self.works("replay", "g3", "--as-spectator", "--json", *VEIL).splitlines()), 1)

    def test_of_a_game_without_history_it_begins_with_how_it_stood(self) -> None:
        play = veil()
        self.keep_alone("g1", play, 8)
        moments = self.seen("--as", "alice", *VEIL)
        self.assertEqual(
            [(moment["what"], moment["seq"]) for moment in moments],
            [("(what led to this was not kept)", 5), (None, 6), ("stop()", 8)],
        )

    def test_where_nothing_to_see_was_lost_nothing_is_said(self) -> None:
        play = veil()
        self.store.begin()
        self.store.restore("g1", play.snapshot(6), iter(play.entries[:4]), None)
        self.store.commit()
        self.assertEqual(len(self.seen("--as", "alice", *VEIL)), 4)
        self.assertEqual(len(self.seen("--as", "bob", *VEIL)), 5)

    def test_a_game_that_was_restored_has_a_new_epoch_which_is_not_told(self) -> None:
        self.keep("g1", restored(), 12)
        self.keep("g2", drawing().renew(OTHER_SEED), 5)
        out = self.works("replay", "g1", "--as", "alice", "--game", "tests.drawing:Drawing")
        self.assertIn("renewed: new epoch\n", out)
        self.assertNotIn("another-epoch", out)
        self.assertNotIn("renewed", self.works("replay", "g2", "--as", "alice", "--game", "tests.drawing:Drawing"))

    def test_what_an_older_version_had_is_shown_as_today_s(self) -> None:
        for number in (None, 4, 11, 12):
            self.keep(f"g{number}", migrated(), number)
            out = self.works("replay", f"g{number}", "--as", "alice", "--json", "--game", "tests.redrawing:Drawing")
            moments = [json.loads(line) for line in out.splitlines()]
            self.assertIn("drawn", moments[0]["patch"])
            self.assertEqual(moments[-1]["seq"], sum(1 for _ in sent(migrated(), "alice")))


def sent(play: Play, viewer: str | None) -> Iterator[dict[str, Any]]:
    """The events that a game's log has for a viewer, as it numbers them."""
    log, private = EventLog(), 0
    for entry in play.entries:
        for event in entry.events:
            log.append(event.body, None if event.to is None else frozenset(event.to), entry.number)
    sees = Viewer(viewer, framework=True)
    for position in range(log.end):
        logged = log.event(position)
        assert logged is not None
        if logged.seen_by(sees):
            private += logged.to is not None
            seq = logged.public + logged.framework + private
            yield json.loads(numbered(logged.body, seq))


Step = tuple[str, str, dict[str, Any]]
NUMBERS = st.integers(1, 20)
HIDDEN = st.one_of(
    st.tuples(st.just("bob"), st.just("keep"), st.fixed_dictionaries({"n": NUMBERS})),
    st.tuples(st.just("bob"), st.just("plot"), st.fixed_dictionaries({"n": NUMBERS})),
    st.tuples(st.just("bob"), st.just("whisper"), st.fixed_dictionaries({"to": st.just("carol"), "n": NUMBERS})),
    st.tuples(st.just("carol"), st.just("whisper"), st.fixed_dictionaries({"to": st.just("bob"), "n": NUMBERS})),
)
"""What only bob and carol see, or nobody."""
SAID = st.one_of(
    st.tuples(st.sampled_from(["alice", "bob"]), st.just("say"), st.fixed_dictionaries({"n": NUMBERS})),
    # What it is really about is another thing in each game.
    st.tuples(st.just("bob"), st.just("bluff"), st.fixed_dictionaries({"n": NUMBERS})),
)
"""What all see."""
ALICE = st.one_of(
    st.tuples(st.just("bob"), st.just("whisper"), st.fixed_dictionaries({"to": st.just("alice"), "n": NUMBERS})),
    st.tuples(st.just("alice"), st.sampled_from(["keep", "plot"]), st.fixed_dictionaries({"n": NUMBERS})),
)
"""What alice sees, and no others who watch."""
OPEN = st.one_of(SAID, ALICE)
PRIVATE = st.one_of(HIDDEN, ALICE)


# Each example is a few command lines: to make a failing one shorter would take minutes, and it is short.
_PHASES = (Phase.generate,)


class Secrecy(Viewing):
    count = 0

    def play(self, steps: list[Step], between: list[list[Step]], seed: bytes, model: type[Veil]) -> Play:
        """A game in which open steps are taken at the same times, whatever happens between them."""
        play = Play(model, seed=seed).seat("alice").seat("bob").seat("carol")
        for number, step in enumerate(steps):
            for player, name, arguments in between[number]:
                play.command(player, name, **arguments)
            while play.instance.standing.alarms:
                play.timer(play.instance.standing.alarms[0].id)
            play.now = NOW + 1000 * (number + 1)
            player, name, arguments = step
            play.command(player, name, **arguments, **({"really": seed[0]} if name == "bluff" else {}))
        return play

    def assert_same(self, which: tuple[str, ...], at: int, *plays: Play) -> None:
        told = []
        for play in plays:
            self.count += 1
            self.keep(f"game-{self.count:04}", play)
            more: tuple[tuple[str, ...], ...] = (), ("--json",), ("--at", str(at))
            kind = "--game", f"tests.hall:{play.instance.kind.__name__}"
            seen = [self.works("replay", f"game-{self.count:04}", *which, *kind, *each) for each in more]
            told.append([each.replace(f"game-{self.count:04}", "game") for each in seen])
        self.assertEqual(*told)

    def try_all(self, check: Callable[[st.DataObject, type[Veil]], None]) -> None:
        @settings(
            max_examples=40, deadline=None, database=None, phases=_PHASES, suppress_health_check=list(HealthCheck)
        )
        @given(st.data(), st.sampled_from([Veil, Window]))
        def each(data: st.DataObject, model: type[Veil]) -> None:
            check(data, model)

        each()

    def test_what_a_player_may_not_see_changes_nothing_of_what_is_shown_as_theirs(self) -> None:
        def check(data: st.DataObject, model: type[Veil]) -> None:
            steps = data.draw(st.lists(OPEN, max_size=5))
            between = st.lists(st.lists(HIDDEN, max_size=3), min_size=len(steps), max_size=len(steps))
            one, other = data.draw(between), data.draw(between)
            plays = self.play(steps, one, SEED, model), self.play(steps, other, OTHER_SEED, model)
            self.assert_same(("--as", "alice"), 4 + len(steps) // 2, *plays)

        self.try_all(check)

    def test_what_players_alone_may_see_changes_nothing_of_what_those_see_who_watch(self) -> None:
        def check(data: st.DataObject, model: type[Veil]) -> None:
            said: list[Step] = data.draw(st.lists(SAID, min_size=1, max_size=3))
            between = st.lists(st.lists(PRIVATE, max_size=3), min_size=len(said), max_size=len(said))
            one, other = data.draw(between), data.draw(between)
            plays = self.play(said, one, SEED, model), self.play(said, other, OTHER_SEED, model)
            self.assert_same(("--as-spectator",), 5, *plays)

        self.try_all(check)
