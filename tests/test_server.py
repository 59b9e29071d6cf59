"""One game: what its commands do, who may send them, and that nothing has changed where they are refused."""

import contextlib  # whole, because trial means something else by a module's `suppress`
import json
from asyncio import CancelledError
from enum import Enum
from typing import Annotated, Any, Literal

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Meta, Struct, ValidationError
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import Event, GameError, GameModel, Player, Secret, command, field
from gamesvc import saver as saver_module
from gamesvc.errors import PLAYER_NOT_IN_GAME, CloseCode, RequestRefused
from gamesvc.eventlog import Place, Viewer
from gamesvc.instance import MAX_RESULT_BYTES, MAX_STATE_BYTES
from gamesvc.messages import Request
from gamesvc.pending import Role
from gamesvc.recovery import recover
from tests.tables import ALICE, BOB, CAROL, NOW, Connected, Table


class Noted(Event):
    text: str


class Unfortunate(GameError):
    """An author's own, whose author forgot GameError's `__init__`."""

    def __init__(self, cell: int) -> None:
        self.cell = cell


class Ledger(GameModel):
    """Can fail in many ways, each after it has changed everything that there is."""

    pages: dict[str, list[int]] = field(default_factory=dict)
    total: int = 0
    text: str = ""

    def _spoil(self) -> None:
        for page in self.pages.values():
            page.append(666)
        self.pages["spoiled"] = []
        self.total += 666
        self.publish(Noted("spoiled"))
        self.finish(Noted("the end"))

    @command
    def add(self, player: Player, number: int) -> int:
        self.pages.setdefault(player, []).append(number)
        self.total += number
        self.publish(Noted(str(self.total)))
        return self.total

    @command
    def look(self, player: Player) -> list[object]:
        return [self.pages, self.total, self.text]

    @command
    def refuse(self, player: Player) -> None:
        self._spoil()
        raise GameError("no", code="not_today")

    @command
    def crash(self, player: Player) -> None:
        self._spoil()
        raise ZeroDivisionError("with a secret")

    @command
    def quit(self, player: Player) -> None:
        self._spoil()
        raise SystemExit(3)

    @command
    def misspell(self, player: Player) -> None:
        self._spoil()
        self.totl = 1  # the mistake that this is about

    @command
    def ill_type(self, player: Player) -> None:
        self._spoil()
        self.total = "many"  # type: ignore[assignment]  # the mistake that this is about

    @command
    def ill_type_inside(self, player: Player) -> None:
        self._spoil()
        self.pages[player] = [None]  # type: ignore[list-item]  # the mistake that this is about

    @command
    def grow(self, player: Player) -> None:
        self._spoil()
        self.text = "x" * MAX_STATE_BYTES

    @command
    def return_object(self, player: Player) -> object:
        self._spoil()
        return object()

    @command
    def publish_object(self, player: Player) -> None:
        self._spoil()
        self.publish(Noted(object()))  # type: ignore[arg-type]  # the mistake that this is about

    @command
    def recurse(self, player: Player) -> None:
        self._spoil()
        self.recurse(player)

    @command
    def be_cancelled(self, player: Player) -> None:
        self._spoil()
        raise CancelledError

    @command
    def be_interrupted(self, player: Player) -> None:
        self._spoil()
        raise KeyboardInterrupt

    @command
    def give_reason(self, player: Player) -> None:
        reason: Any = ValueError("row 9")
        raise GameError(reason)

    @command
    def give_unsendable_reason(self, player: Player) -> None:
        raise GameError("\ud800")

    @command
    def give_the_code_of_another_refusal(self, player: Player) -> None:
        error = GameError("no")
        error.code = "game_over"
        raise error

    @command
    def give_no_reason(self, player: Player) -> None:
        raise Unfortunate(9)


FAULTS = (
    "crash",
    "quit",
    "misspell",
    "ill_type",
    "ill_type_inside",
    "grow",
    "return_object",
    "publish_object",
    "recurse",
)


class Effects(SynchronousTestCase):
    """A command takes effect wholly."""

    def test_its_events_are_in_the_log_when_its_reply_is_given(self) -> None:
        table = Table(Ledger)
        ends: list[int] = []
        request = Request("add", None, {"number": 2})
        table.server.submit(Role(ALICE, True), request, lambda reply: ends.append(table.publisher.log.end))
        table.run()
        self.assertEqual(ends, [1])
        self.assertEqual(table.publisher.published, [(b'{"event":"Noted","text":"2"}', None)])

    def test_what_it_returns_is_the_result_and_none_is_no_result(self) -> None:
        class Echo(GameModel):
            @command
            def give(self, player: Player, what: dict[str, int] | int | str | bool | None = None) -> object:
                return what

        table = Table(Echo)
        self.assertEqual(table.answer("give"), b'{"status":"ok"}')
        for value in (0, False, "", {}, {"x": 1}, "é"):
            self.assertEqual(table.ask("give", what=value), {"status": "ok", "result": value})
        self.assertEqual(table.answer("give", id="c-1", what=0), b'{"status":"ok","id":"c-1","result":0}')

    def test_names_of_commands_are_not_case_sensitive(self) -> None:
        table = Table(Ledger)
        self.assertEqual([table.code(name, number=1) for name in ("ADD", "Add", "aDD")], ["ok"] * 3)

    def test_an_event_to_some_goes_to_them_only(self) -> None:
        class Whispers(GameModel, seats=2):
            @command
            def whisper(self, player: Player) -> None:
                self.publish(Noted("psst"), to=[other for other in self.players if other != player])

        table = Table(Whispers)
        table.admit("alice", ("alice", "bob"))
        table.ask("whisper")
        self.assertEqual(table.publisher.published[-1][1], frozenset({"bob"}))

    def test_setup_runs_before_anybody_comes_and_its_events_count(self) -> None:
        class Prepared(GameModel):
            deck: list[int] = field(default_factory=list)

            def setup(self) -> None:
                self.deck = [1, 2, 3]
                self.publish(Noted("shuffled"))

            @command
            def draw(self, player: Player) -> int:
                return self.deck.pop()

        table = Table(Prepared)
        self.assertEqual((table.publisher.log.head(Viewer(None, True)), table.ask("draw")["result"]), (1, 3))

    def test_a_model_whose_setup_leaves_a_state_that_would_not_load_again_does_not_start(self) -> None:
        class Wrong(GameModel):
            deck: list[int] = field(default_factory=list)

            def setup(self) -> None:
                self.deck = ["1"]  # type: ignore[list-item]  # the mistake that this is about

        refused: Any = self.assertRaises((TypeError, ValidationError), Table, Wrong)
        self.assertIn("deck", str(refused))


class NothingHasChanged(SynchronousTestCase):
    """A command that is refused, or fails, has no effect at all."""

    def assert_no_effect(self, name: str) -> Any:
        """Nothing can be seen of it, and the game goes on. Returns the reply."""
        table = Table(Ledger)
        table.ask("add", number=1)
        table.ask("add", Role(BOB, playing=True), number=2)
        before, events = table.answer("look"), list(table.publisher.published)
        reply = table.ask(name, id="c-1")
        self.assertEqual(
            (table.answer("look"), table.publisher.published, table.server.finished), (before, events, False)
        )
        self.assertEqual(table.ask("add", number=3), {"status": "ok", "result": 6})
        self.assertEqual(table.publisher.published[len(events) :], [(b'{"event":"Noted","text":"6"}', None)])
        self.reports = table.reports
        return reply

    def test_a_refused_command_changes_nothing(self) -> None:
        error = {"code": "not_today", "message": "no", "retryable": False}
        self.assertEqual(self.assert_no_effect("refuse"), {"status": "error", "error": error, "id": "c-1"})
        self.assertEqual(self.reports, [])

    def test_a_command_that_fails_in_whatever_way_changes_nothing_and_is_reported(self) -> None:
        for name in FAULTS:
            reply = self.assert_no_effect(name)
            error = reply["error"]
            self.assertEqual((error["code"], error["retryable"], reply["id"]), ("internal_error", False, "c-1"))
            self.assertIn("incident-1", error["message"])
            self.assertNotIn("secret", error["message"])
            ((what, fault),) = self.reports
            self.assertEqual(what, f"game g1 (kind), command {name}")
            self.assertIsNotNone(fault.__traceback__)

    def test_an_exception_that_is_no_error_changes_nothing_either(self) -> None:
        for name in ("be_cancelled", "be_interrupted"):
            table = Table(Ledger)
            table.ask("add", number=1)
            before = table.answer("look")
            with contextlib.suppress(CancelledError, KeyboardInterrupt):  # to let it out is as good as to answer
                table.ask(name)
            self.assertEqual(table.answer("look"), before)
            self.assertEqual((len(table.publisher.published), table.server.finished), (1, False))

    def test_a_refusal_whose_reason_cannot_be_sent_is_answered_all_the_same(self) -> None:
        table = Table(Ledger)
        self.assertEqual(table.ask("give_reason")["error"]["message"], "row 9")
        self.assertIn(table.code("give_no_reason"), ("refused", "internal_error"))
        self.assertIn(table.code("give_unsendable_reason"), ("refused", "internal_error"))

    def test_a_refusal_can_not_pass_for_one_of_gamesvcs_own(self) -> None:
        self.assertEqual(Table(Ledger).code("give_the_code_of_another_refusal"), "internal_error")

    @settings(deadline=None, database=None, max_examples=80)
    @given(st.lists(st.one_of(st.integers(-5, 5), st.sampled_from(("refuse", "quit", "ill_type", "return_object")))))
    def test_what_was_refused_in_between_makes_no_difference(self, commands: list[int | str]) -> None:
        with_refused, without = Table(Ledger), Table(Ledger)
        for each in commands:
            if isinstance(each, str):
                with_refused.ask(each)
            else:
                results = [table.answer("add", number=each) for table in (with_refused, without)]
                self.assertEqual(results[0], results[1])
        self.assertEqual(with_refused.answer("look"), without.answer("look"))
        self.assertEqual(with_refused.publisher.published, without.publisher.published)

    def test_a_refused_command_makes_no_difference_to_objects_that_fields_share(self) -> None:
        class Cards(GameModel):
            hands: dict[str, list[int]] = field(default_factory=dict)
            current: list[int] = field(default_factory=list)
            pot: float = 0.0

            @command
            def deal(self, player: Player) -> None:
                self.hands[player] = self.current
                self.pot = 3

            @command
            def draw(self, player: Player) -> object:
                self.current.append(1)
                return [self.hands, self.pot]

            @command
            def refuse(self, player: Player) -> None:
                raise GameError("no")

        def drawn(*commands: str) -> bytes:
            table = Table(Cards)
            return [table.answer(name) for name in commands][-1]

        self.assertEqual(drawn("deal", "refuse", "draw"), drawn("deal", "draw"))

    def test_a_refused_command_makes_no_difference_to_the_chance_of_the_next(self) -> None:
        # Else who does not like the dice gets himself refused until he does.
        class Dice(GameModel):
            @command
            def throw(self, player: Player) -> float:
                return self.random.random()

            @command
            def refuse(self, player: Player) -> None:
                raise GameError("no")

        def thrown(*commands: str) -> bytes:
            table = Table(Dice)
            return [table.answer(name) for name in commands][-1]

        self.assertEqual(thrown("throw", "refuse", "throw"), thrown("throw", "throw"))
        self.assertNotEqual(thrown("throw"), thrown("throw", "throw"))


class Way(Enum):
    UP = "up"


class Span(Struct):
    first: int
    last: int

    def __post_init__(self) -> None:
        if self.first > self.last:
            raise ValueError("first comes after last")
        if self.first < 0:
            raise LookupError(self.first)


class Sizes(SynchronousTestCase):
    """What a player can make the game say has a bound."""

    def test_a_result_has_at_most_64_kib(self) -> None:
        class Echo(GameModel):
            @command
            def echo(self, player: Player, count: int) -> str:
                return "x" * count

        table = Table(Echo)
        self.assertEqual(table.code("echo", count=MAX_RESULT_BYTES - 2), "ok")
        self.assertEqual(table.code("echo", count=MAX_RESULT_BYTES - 1), "internal_error")

    def test_a_model_is_no_result(self) -> None:
        class Careless(GameModel):
            secret: int = 42

            @command
            def look(self, player: Player) -> object:
                return self

        self.assertNotIn(b"42", Table(Careless).answer("look"))

    def test_a_welcome_names_at_most_256_of_those_who_are_there(self) -> None:
        class Crowd(GameModel):
            @command
            def wave(self, player: Player) -> None: ...

        class Somebody:
            def close(self, code: CloseCode) -> None: ...

        table = Table(Crowd)
        for number in range(300):
            table.server.join(Somebody(), Role(Player(f"p{number}"), playing=True))
        welcome = json.loads(table.server.welcome(Role(ALICE, playing=True), None, show_state=False))
        self.assertEqual((len(welcome["present"]), welcome["present"][:2]), (256, ["p0", "p1"]))


class Refusals(SynchronousTestCase):
    """What is refused before the model is asked, and how."""

    def test_an_unknown_command_is_named_in_the_reply(self) -> None:
        error = {"code": "unknown_command", "message": "invalid command 'jump'", "retryable": False}
        self.assertEqual(Table(Ledger).ask("jump", id="c-1"), {"status": "error", "error": error, "id": "c-1"})

    def test_only_commands_can_be_called(self) -> None:
        table = Table(Ledger)
        for name in ("_spoil", "setup", "publish", "finish", "pages", "total", "__class__", "add.__call__", " add"):
            self.assertEqual(table.code(name), "unknown_command", name)

    def test_the_echo_of_a_commands_name_is_short_and_printable_whatever_was_sent(self) -> None:
        table = Table(Ledger)
        for name in ("x" * 60_000, "\x00\n\x1b[31m\u2028\u202e" * 9999, "\U0001ffff" * 60_000, "\x7f", "é" * 60_000):
            answer = table.answer(name)
            self.assertLess(len(answer), 1500)
            self.assertTrue(json.loads(answer)["error"]["message"].isprintable(), answer)

    def test_bad_arguments_are_named(self) -> None:
        class Picky(GameModel):
            @command
            def mark(
                self,
                player: Player,
                cell: Annotated[int, Meta(ge=0, le=8)],
                cells: list[int] | None = None,
                way: Way = Way.UP,
                size: Literal["small", "large"] = "small",
                span: Span | None = None,
            ) -> None: ...

        table = Table(Picky)
        bad: list[tuple[str, dict[str, object]]] = [
            ("cell", {}),
            ("cell", {"cell": 9}),
            ("cell", {"cell": "4"}),
            ("cell", {"cell": None}),
            ("cell", {"cell": True}),
            ("cells[1]", {"cell": 1, "cells": [1, "x"]}),
            ("cells", {"cell": 1, "cells": 3}),
            ("player", {"cell": 1, "player": "bob"}),
            ("colour", {"cell": 1, "colour": "red"}),
            ("way", {"cell": 1, "way": "in"}),
            ("size", {"cell": 1, "size": "x" * 60_000}),
            ("span.last", {"cell": 1, "span": {"first": 1, "last": "x"}}),
            ("span", {"cell": 1, "span": {"first": 1, "last": 0}}),
        ]
        for named, arguments in bad:
            reply = table.ask("mark", id="c-1", **arguments)
            message = reply["error"]["message"]
            self.assertEqual((reply["error"]["code"], reply["id"]), ("bad_arguments", "c-1"))
            self.assertTrue(message.startswith("mark: "), message)
            self.assertIn(f"`{named}`", message)
            self.assertLess(len(message), 1000)
        self.assertEqual(table.code("mark", cell=1), "ok")

    def test_a_name_of_an_argument_that_is_too_long_is_cut(self) -> None:
        arguments: dict[str, Any] = {"number": 1, "x\n" * 30_000: 1}
        answer = Table(Ledger).answer("add", **arguments)
        self.assertEqual(json.loads(answer)["error"]["code"], "bad_arguments")
        self.assertLess(len(answer), 1500)

    def test_an_argument_that_makes_its_authors_own_check_fail_is_answered(self) -> None:
        class Spans(GameModel):
            @command
            def mark(self, player: Player, span: Span) -> None: ...

        table = Table(Spans)
        self.assertEqual(table.code("mark", span={"first": -1, "last": 0}), "internal_error")
        self.assertEqual((len(table.reports), table.code("mark", span={"first": 0, "last": 0})), (1, "ok"))

    def test_the_first_of_several_reasons_is_always_the_same(self) -> None:
        class Duel(GameModel, seats=2):
            @command
            def win(self, player: Player, cell: int) -> None:
                if cell:
                    raise GameError("not there")
                self.finish()

        table = Table(Duel)
        alice = table.admit("alice")
        spectator = table.admit("carol", None, True)
        # From the outermost to the innermost; each with everything that comes after it wrong, too.
        self.assertEqual(table.code("jump", spectator), "unknown_command")
        self.assertEqual(table.code("win", spectator, cell="x"), "not_a_player")
        self.assertEqual(table.code("win", alice, cell="x"), "not_started")
        table.admit("bob")
        self.assertEqual(table.code("win", alice, cell="x"), "bad_arguments")
        self.assertEqual(table.code("win", alice, cell=1), "refused")
        self.assertEqual(table.code("win", alice, cell=0), "ok")
        self.assertTrue(table.server.finished)
        self.assertEqual(table.code("win", alice, cell="x"), "game_over")
        self.assertEqual(table.code("win", spectator, cell="x"), "not_a_player")
        self.assertEqual(table.code("jump", alice), "unknown_command")
        self.assertEqual(table.ask("win", alice, id="c-1")["id"], "c-1")


class TimeAndChance(SynchronousTestCase):
    """What a model may use of the world."""

    class Watch(GameModel):
        started: float = 0.0

        def setup(self) -> None:
            self.started = self.now

        @command
        def look(self, player: Player) -> tuple[float, float]:
            return self.started, self.now

        @command
        def throw(self, player: Player) -> list[int]:
            return [self.random.randrange(1 << 30) for _ in range(3)]

    def test_time_is_the_servers_and_never_runs_backwards(self) -> None:
        table = Table(self.Watch)
        times = []
        for seconds in (5, -100, 6):
            table.set_forth = seconds
            times.append([time - NOW for time in table.ask("look")["result"]])
        self.assertEqual(times, [[0, 5], [0, 5], [0, 6]])

    def test_chance_is_the_same_for_the_same_seed_and_entry_whatever_the_time(self) -> None:
        def thrown(seed: bytes, now: float) -> list[Any]:
            table = Table(self.Watch, seed=seed)
            table.set_forth = now
            return [table.ask("throw")["result"] for _ in range(3)]

        first = thrown(b"seed", 1000.0)
        self.assertEqual(thrown(b"seed", 2000.0), first)
        self.assertEqual(
            len({number for seed in (b"seed", b"tree") for each in thrown(seed, 0) for number in each}), 18
        )


class Seats(SynchronousTestCase):
    """Who plays."""

    class Duel(GameModel, seats=2):
        @command
        def who(self, player: Player) -> list[Player]:
            return [player, *self.players]

    class Party(GameModel, seats=(2, 4)):
        @command
        def who(self, player: Player) -> list[Player]:
            return [player, *self.players]

    def refused(self, table: Table, name: str, players: tuple[str, ...] | None) -> None:
        refused = self.assertRaises(RequestRefused, table.admit, name, players)
        self.assertIs(refused.refusal, PLAYER_NOT_IN_GAME)

    def test_the_first_tokens_players_are_seated_in_its_order_whoever_brings_it(self) -> None:
        table = Table(self.Duel)
        role = table.admit("alice", ("bob", "alice"))
        self.assertEqual((role, table.server.players), (Role(ALICE, True), [BOB, ALICE]))
        self.assertEqual(table.ask("who", role)["result"], ["alice", "bob", "alice"])

    def test_a_spectators_token_seats_the_players_and_not_the_spectator(self) -> None:
        table = Table(self.Duel)
        role = table.admit("carol", ("alice", "bob"), True)
        self.assertEqual((role, role.sees, table.server.players), (Role(CAROL, False, False), None, [ALICE, BOB]))
        for name in ("gamesvc.sit", "gamesvc.leave"):
            self.assertEqual(table.code(name, role), "not_a_player")

    def test_a_spectators_token_that_names_a_player_gives_and_takes_no_seat(self) -> None:
        for players in (None, ("alice", "bob")):
            table = Table(self.Duel)
            watching, _ = table.admit("alice", players, True), table.admit("bob", players)
            before = table.server.players
            for name in ("gamesvc.sit", "gamesvc.leave"):
                self.assertEqual(table.code(name, watching, id="7"), "not_a_player")
            self.assertEqual(table.server.players, before)

    def test_of_gamesvcs_own_commands_there_are_two(self) -> None:
        table = Table(self.Duel)
        alice = table.admit("alice")
        for name in ("gamesvc.jump", "gamesvc.", "gamesvc.sit.down"):
            reply = table.ask(name, alice, id="7")
            self.assertEqual((reply["error"]["code"], reply["error"]["message"], reply["id"]),
                             ("unknown_command", f"invalid command {name!r}", "7"))  # fmt: skip
        self.assertEqual(table.code("gamesvc.leave", alice, id="7"), "ok")

    def test_a_later_token_does_not_move_anybody(self) -> None:
        table = Table(self.Duel)
        table.admit("alice", ("alice", "bob"))
        self.assertEqual(table.admit("bob", ("bob", "alice")), Role(BOB, True))
        self.assertEqual(table.server.players, [ALICE, BOB])
        self.refused(table, "carol", ("carol", "alice"))
        self.assertEqual(table.server.players, [ALICE, BOB])

    def test_a_token_with_more_players_than_seats_lets_those_in_who_have_one(self) -> None:
        table = Table(self.Duel)
        self.refused(table, "carol", ("alice", "bob", "carol"))
        self.assertEqual(table.admit("bob", ("alice", "bob", "carol")), Role(BOB, True))

    def test_who_comes_without_a_list_takes_the_next_free_seat_and_the_rest_watch(self) -> None:
        table = Table(self.Duel)
        roles = [table.admit(name) for name in ("bob", "alice", "carol")]
        self.assertEqual([role.playing for role in roles], [True, True, False])
        self.assertEqual((table.server.players, roles[0].sees, roles[2].sees), ([BOB, ALICE], "bob", None))
        self.assertEqual(table.code("who", roles[2]), "not_a_player")

    def test_the_same_player_comes_back_to_the_same_seat(self) -> None:
        table = Table(self.Duel)
        roles = [table.admit(name) for name in ("alice", "alice", "bob", "alice")]
        self.assertEqual((roles[3], table.server.players), (Role(ALICE, True), [ALICE, BOB]))

    def test_who_comes_to_watch_takes_no_seat_and_a_player_may_watch(self) -> None:
        table = Table(self.Duel)
        self.assertEqual(table.admit("alice", None, True), Role(ALICE, False))
        self.assertEqual(table.server.players, [None, None])
        table.admit("alice")
        self.assertEqual(table.admit("alice", None, True), Role(ALICE, False))
        self.assertEqual(table.server.players, [ALICE, None])

    def test_a_game_starts_when_the_fewest_are_there_and_takes_up_to_the_most(self) -> None:
        table = Table(self.Party)
        alice = table.admit("alice")
        reply = table.ask("who", alice)
        self.assertEqual((reply["error"]["code"], reply["error"]["retryable"]), ("not_started", True))
        for name in ("bob", "carol", "dave", "eve"):
            table.admit(name)
            self.assertEqual(table.code("who", alice), "ok")
        self.assertEqual(table.ask("who", alice)["result"], ["alice", "alice", "bob", "carol", "dave"])

    def test_free_seats_are_left_free_by_a_token_with_fewer_players(self) -> None:
        table = Table(self.Party)
        table.admit("bob", ("alice", "bob"))
        self.assertEqual(table.server.players, [ALICE, BOB, None, None])
        table.admit("bob", ("dave", "bob"))
        self.assertEqual(table.server.players, [ALICE, BOB, None, None])
        self.assertEqual(table.admit("carol"), Role(CAROL, True))
        self.assertEqual(table.server.players, [ALICE, BOB, CAROL, None])

    def test_without_seats_everybody_plays_from_the_start_and_nobody_is_listed(self) -> None:
        table = Table(Ledger)
        self.assertEqual(table.admit("alice", ("alice", "bob")), Role(ALICE, True))
        self.assertEqual(table.admit("zoe", None, True), Role(Player("zoe"), False))
        self.assertEqual((table.server.players, table.code("add", number=1)), ([], "ok"))


class Connections(SynchronousTestCase):
    """Who is there."""

    def test_the_oldest_of_too_many_connections_of_a_player_goes_with_4409(self) -> None:
        table = Table(Ledger, max_connections=2)
        alice, bob = Role(ALICE, True), Role(BOB, True)
        others = Connected(table.server, bob)
        mine = [Connected(table.server, alice) for _ in range(4)]
        self.assertEqual([each.heard for each in mine], [[CloseCode.REPLACED], [CloseCode.REPLACED], [], []])
        self.assertEqual((table.server.controllers, others.heard), ((others, mine[2], mine[3]), []))

    def test_who_has_left_does_not_count(self) -> None:
        table = Table(Ledger, max_connections=2)
        mine = [Connected(table.server, Role(ALICE, True)) for _ in range(2)]
        for _ in range(2):
            table.server.leave(mine[0])
        Connected(table.server, Role(ALICE, True))
        self.assertEqual(mine[1].heard, [])

    def test_0_means_any_number_of_connections(self) -> None:
        table = Table(Ledger)
        mine = [Connected(table.server, Role(ALICE, True)) for _ in range(50)]
        self.assertEqual(table.server.controllers, tuple(mine))

    def test_stop_sends_everybody_what_is_due_and_closes_them(self) -> None:
        table = Table(Ledger)
        alice, watcher = Connected(table.server, Role(ALICE, True)), Connected(table.server, Role(BOB, False))
        slow = Connected(table.server, Role(CAROL, True))
        slow.subscription.pause()
        alice.subscription.reply(table.answer("add", number=1))
        table.server.stop(CloseCode.SERVICE_RESTART)
        for who, due in ((alice, [b'"event"', b'"status"']), (watcher, [b'"event"']), (slow, [])):
            sent = b"".join(each for each in who.heard if isinstance(each, bytes))
            self.assertEqual([key for key in (b'"event"', b'"status"') if key in sent], due)
            self.assertIs(who.heard[-1], CloseCode.SERVICE_RESTART)
        self.assertEqual(table.server.controllers, ())

    def test_the_welcome_says_where_the_game_stands_for_this_viewer(self) -> None:
        class Whispers(GameModel, seats=2):
            @command
            def whisper(self, player: Player) -> None:
                self.publish(Noted("psst"), to=[player])
                self.publish(Noted("somebody whispered"))

        table = Table(Whispers)
        alice = table.admit("alice")
        watcher = table.admit("zoe", None, True)
        Connected(table.server, watcher)
        for _ in range(2):
            Connected(table.server, alice)
        first = json.loads(table.server.welcome(alice, None, show_state=False))
        self.assertEqual((first["seq"], first["players"], first["present"]), (1, ["alice", None], ["alice"]))
        table.admit("bob")
        table.ask("whisper", alice)
        heads = [
            json.loads(table.server.welcome(role, None, show_state=False))["seq"]
            for role in (alice, Role(BOB, True), watcher)
        ]
        self.assertEqual(heads, [4, 3, 3])
        self.assertEqual(json.loads(table.server.welcome(Role(ALICE, False), None, show_state=False))["seq"], 3)
        self.assertEqual(
            json.loads(table.server.welcome(watcher, None, show_state=False)),
            {
                "event": "gamesvc.welcome",
                "game": "g1",
                "kind": "kind",
                "epoch": "epoch.public",
                "seq": 3,
                "resumed": False,
                "player": "zoe",
                "playing": False,
                "players": ["alice", "bob"],
                "present": ["alice"],
            },
        )

    def test_who_watches_under_a_players_name_gets_none_of_the_players_secrets(self) -> None:
        table = Table(Seats.Duel)
        table.admit("alice", ("alice", "bob"))
        watcher = Connected(table.server, table.admit("alice", None, True))
        table.publisher.publish(b'{"event":"Secret"}', frozenset({"alice"}))
        table.server.stop(CloseCode.NORMAL)
        self.assertEqual(watcher.heard, [CloseCode.NORMAL])

    def test_the_state_is_shown_to_who_is_to_see_it_without_its_secrets(self) -> None:
        class Cards(GameModel):
            deck: Secret[list[int]] = field(default_factory=lambda: [1, 2, 3])
            shown: list[int] = field(default_factory=list)

            @command
            def draw(self, player: Player) -> None:
                self.shown.append(self.deck.pop())

        table, alice = Table(Cards), Role(ALICE, True)
        for count in range(3):
            welcome = json.loads(table.server.welcome(alice, None, show_state=True))
            self.assertEqual(welcome["state"], {"shown": [3, 2, 1][:count]})
            table.ask("draw")
        self.assertNotIn("state", json.loads(table.server.welcome(alice, None, show_state=False)))

    def test_a_welcome_says_whether_missed_events_follow(self) -> None:
        table = Table(Ledger)
        (place,) = table.find(Role(ALICE, True), "epoch", 0)
        assert isinstance(place, Place)
        told = [
            json.loads(table.server.welcome(Role(ALICE, True), each, show_state=False))["resumed"]
            for each in (place, None)
        ]
        self.assertEqual(told, [True, False])


class Ids(SynchronousTestCase):
    """A command that is sent again takes effect once."""

    def setUp(self) -> None:
        self.table = Table(Ledger)

    def test_who_sends_it_again_gets_the_first_reply_and_is_told_that_it_is_a_duplicate(self) -> None:
        first = self.table.ask("add", id="c-1", number=2)
        self.table.ask("add", number=5)
        self.assertEqual(self.table.ask("ADD", id="c-1", number=2), {**first, "duplicate": True})
        self.assertEqual(self.table.texts, ["2", "7"])

    def test_the_first_reply_comes_at_once_though_the_game_waits_for_the_journal(self) -> None:
        self.table.ask("add", id="c-1", number=2)
        self.table.submit("add", number=5)
        self.table.in_flight()
        self.assertEqual(self.table.submit("add", id="c-1", number=2).reply["result"], 2)

    def test_one_that_waits_is_joined_and_both_get_the_reply_when_it_is_durable(self) -> None:
        answers = [self.table.submit("add", id="c-1", number=2) for _ in range(3)]
        asked = self.table.in_flight()
        answers.append(self.table.submit("add", id="c-1", number=2))
        self.assertEqual((answers, asked.numbers), ([[]] * 4, [2]))
        asked.ok()
        self.assertEqual([each.reply["result"] for each in answers], [2] * 4)
        self.assertEqual(["duplicate" in each.reply for each in answers], [False, True, True, True])

    def test_the_same_id_with_other_content_is_refused_whether_the_first_waits_or_is_done(self) -> None:
        first = self.table.submit("add", id="c-1", number=2)
        self.assertEqual(self.table.submit("add", id="c-1", number=3).code, "id_reused")
        self.assertEqual(self.table.submit("look", id="c-1").code, "id_reused")
        self.table.run()
        self.assertEqual(first.code, "ok")
        self.assertEqual(self.table.code("add", id="c-1", number=3), "id_reused")
        self.assertEqual(self.table.texts, ["2"])

    def test_the_same_id_of_another_player_is_another_command(self) -> None:
        self.table.ask("add", id="c-1", number=2)
        self.assertEqual(self.table.ask("add", Role(BOB, True), id="c-1", number=2)["result"], 4)

    def test_a_refusal_is_judged_afresh_each_time(self) -> None:
        class Once(GameModel):
            open: bool = False

            @command
            def enter(self, player: Player) -> None:
                if not self.open:
                    raise GameError("closed")

            @command
            def unlock(self, player: Player) -> None:
                self.open = True

        self.table = Table(Once)
        self.assertEqual(self.table.code("enter", id="c-1"), "refused")
        self.table.ask("unlock")
        self.assertEqual(self.table.ask("enter", id="c-1"), {"status": "ok", "id": "c-1"})

    def test_the_last_256_of_each_player_are_known(self) -> None:
        for number in range(257):
            self.table.ask("add", id=f"c-{number}", number=0)
        self.assertEqual(self.table.ask("add", id="c-1", number=0)["duplicate"], True)
        self.assertNotIn("duplicate", self.table.ask("add", id="c-0", number=0))

    def test_it_is_known_before_anything_else_is_asked(self) -> None:
        class Short(GameModel):
            @command
            def end(self, player: Player, cell: int) -> int:
                self.finish()
                return cell

        self.table = Table(Short)
        self.table.ask("end", id="c-1", cell=4)
        self.assertEqual(
            self.table.ask("end", id="c-1", cell=4), {"status": "ok", "id": "c-1", "result": 4, "duplicate": True}
        )
        self.assertEqual(self.table.code("end", id="c-2", cell=4), "game_over")
        self.table.server.drain()
        self.assertEqual(self.table.code("end", id="c-1", cell=4), "ok")

    def test_who_watches_under_a_players_name_is_not_told_the_players_results(self) -> None:
        watcher = Role(ALICE, playing=False)
        self.table.ask("look", id="c-1")
        self.assertEqual(self.table.code("look", watcher, id="c-1"), "not_a_player")
        waiting = self.table.submit("look", id="c-2")
        joined = self.table.submit("look", watcher, id="c-2")
        self.table.run()
        self.assertEqual((waiting.code, joined.code), ("ok", "not_a_player"))


class Clocked(GameModel):
    """Has timers."""

    rung: list[str] = field(default_factory=list)

    @command
    def late(self, player: Player, seconds: float, text: str = "x") -> int:
        return self.after(seconds, self.ring, text)

    @command
    def never(self, player: Player, timer: int) -> bool:
        return self.cancel(timer)  # type: ignore[arg-type]  # what after() gave, as a client sends it

    @command
    def trap(self, player: Player) -> None:
        self.after(1, self.fall)

    @command
    def end(self, player: Player) -> None:
        self.finish()

    @command
    def look(self, player: Player) -> list[str]:
        return self.rung

    def ring(self, text: str) -> None:
        self.rung.append(text)
        self.publish(Noted(text))
        if text == "again" and len(self.rung) < 3:
            self.after(1, self.ring, "again")

    def fall(self) -> None:
        self.rung.append("fallen")
        self.publish(Noted("fallen"))
        raise RuntimeError("fell")


class Timers(SynchronousTestCase):
    """What was to come, comes."""

    def setUp(self) -> None:
        self.table = Table(Clocked)

    def test_they_ring_when_they_are_due_in_the_order_in_which_they_are(self) -> None:
        for seconds, text in ((3, "c"), (1, "a"), (2, "b"), (1, "a2")):
            self.table.ask("late", seconds=seconds, text=text)
        self.table.pass_time(0.75)
        self.assertEqual(self.table.texts, [])
        self.table.pass_time(1.5)
        self.assertEqual(self.table.texts, ["a", "a2", "b"])
        self.table.pass_time(5)
        self.assertEqual(self.table.texts, ["a", "a2", "b", "c"])

    def test_those_that_are_long_due_run_in_the_order_in_which_they_were(self) -> None:
        for seconds, text in ((3, "c"), (1, "a"), (2, "b")):
            self.table.ask("late", seconds=seconds, text=text)
        self.table.clock.advance(60)
        self.table.run()
        self.assertEqual(self.table.texts, ["a", "b", "c"])

    def test_one_may_set_the_next(self) -> None:
        self.table.ask("late", seconds=1, text="again")
        self.table.pass_time(10)
        self.assertEqual(self.table.texts, ["again"] * 3)

    def test_cancelled_they_do_not_come(self) -> None:
        timer = self.table.ask("late", seconds=1)["result"]
        other = self.table.ask("late", seconds=2, text="other")["result"]
        self.assertEqual([self.table.ask("never", timer=each)["result"] for each in (timer, timer)], [True, False])
        self.table.pass_time(5)
        self.assertEqual(self.table.texts, ["other"])
        self.assertFalse(self.table.ask("never", timer=other)["result"])

    def test_one_that_is_cancelled_in_the_turn_in_which_it_is_due_does_not_come(self) -> None:
        timer = self.table.ask("late", seconds=1)["result"]
        self.table.submit("never", timer=timer)
        self.table.clock.advance(1)
        self.table.run()
        self.assertEqual(self.table.texts, [])

    def test_one_that_fails_is_reported_consumed_and_written_and_has_had_no_effect(self) -> None:
        self.table.ask("trap")
        self.table.pass_time(5)
        self.assertEqual((self.table.texts, self.table.ask("look")["result"]), ([], []))
        ((what, fault),) = self.table.reports
        self.assertEqual((what, type(fault)), ("game g1 (kind), timer fall", RuntimeError))
        (entry,) = [entry for entry in self.table.journal.entries("g1") if entry.kind == "timer"]
        self.assertEqual((entry.fault, entry.changed), ("RuntimeError (incident incident-1)", {}))

    def test_none_comes_after_the_end_of_the_game(self) -> None:
        self.table.ask("late", seconds=1)
        self.table.ask("end")
        self.table.pass_time(5)
        self.assertEqual(self.table.texts, [])

    def test_a_timer_of_seats_that_are_not_taken_comes_all_the_same(self) -> None:
        class Waiting(GameModel, seats=2):
            def setup(self) -> None:
                self.after(1, self.give_up)

            @command
            def look(self, player: Player) -> None: ...

            def give_up(self) -> None:
                self.finish(Noted("nobody came"))

        self.table = Table(Waiting)
        self.table.pass_time(2)
        self.assertEqual((self.table.texts, self.table.server.finished), (["nobody came"], True))

    def test_a_wall_that_is_set_back_delays_none_and_rings_none_twice(self) -> None:
        self.table.ask("late", seconds=2)
        self.table.set_forth = -3600
        self.table.pass_time(2)
        self.assertEqual(self.table.texts, ["x"])
        self.table.set_forth = 3600
        self.table.pass_time(5)
        self.assertEqual(self.table.texts, ["x"])

    def test_a_stopped_game_has_none_running(self) -> None:
        self.table.ask("late", seconds=2)
        self.table.server.stop(CloseCode.SERVICE_RESTART)
        self.table.run()
        self.assertEqual(self.table.clock.getDelayedCalls(), [])


class ComingBack(SynchronousTestCase):
    """Where somebody stands who was here before."""

    def setUp(self) -> None:
        self.table = Table(Seats.Duel, players=("alice", "bob"))
        self.alice, self.watcher = Role(ALICE, True), Role(ALICE, False)
        for number in range(4):
            self.table.publisher.publish(b'{"event":"E","number":%d}' % number)
        self.table.publisher.publish(b'{"event":"Secret"}', frozenset({"alice"}))

    def test_with_the_epoch_and_the_number_of_the_last_event_they_are_found(self) -> None:
        (place,) = self.table.find(self.alice, "epoch", 3)
        assert isinstance(place, Place)
        alice = Connected(self.table.server, self.alice, place)
        self.table.run()
        self.assertEqual([each["seq"] for each in alice.events], [4, 5])

    def test_with_another_epoch_or_without_a_number_they_are_not(self) -> None:
        for epoch, since in (("other", 3), ("epoch", None), (None, 3), ("", 0), (None, None)):
            self.assertEqual(self.table.find(self.alice, epoch, since), [None], (epoch, since))

    def test_all_the_history_can_be_asked_for_without_an_epoch(self) -> None:
        (place,) = self.table.find(self.alice, None, 0)
        assert isinstance(place, Place)
        self.assertEqual((place.position, place.events), (0, 0))

    def test_a_player_and_who_watches_under_the_players_name_count_different_events(self) -> None:
        epochs = [
            json.loads(self.table.server.welcome(role, None, show_state=False))["epoch"]
            for role in (self.alice, self.watcher, Role(BOB, True))
        ]
        self.assertEqual(epochs[0], epochs[2])
        self.assertNotEqual(epochs[0], epochs[1])
        self.assertEqual(self.table.find(self.watcher, epochs[0], 3), [None])
        self.assertEqual(self.table.find(self.alice, epochs[1], 3), [None])
        self.assertIsInstance(self.table.find(self.watcher, epochs[1], 3)[0], Place)


class Snapshots(SynchronousTestCase):
    """A game is saved now and then, as far as it is durable."""

    def setUp(self) -> None:
        self.patch(saver_module, "SNAPSHOT_ENTRIES", 10)

    def test_after_so_many_entries_what_is_durable_is_saved_with_all_that_belongs_to_it(self) -> None:
        table = Table(Ledger)
        for number in range(9):
            table.submit("add", id=f"c-{number}", number=1)
        asked = table.in_flight()
        table.submit("add", id="c-9", number=1)
        asked.ok()
        save = table.journal.asked[0]
        self.assertEqual((save.what, save.snapshot.number, save.snapshot.clean), ("save", 10, True))
        recovered = recover(Ledger, save.snapshot, [])
        straight = recover(Ledger, None, table.journal.entries("g1"))
        self.assertEqual(recovered.standing, straight.standing)
        self.assertEqual(recovered.receipts.dump(), straight.receipts.dump())
        self.assertEqual(recovered.counts.all, 9)
        table.run()
        self.assertEqual(len(table.journal.of("save")), 1)

    def test_a_save_keeps_no_command_waiting(self) -> None:
        table = Table(Ledger)
        for _ in range(12):
            table.submit("add", number=1)
        table.in_flight().ok()
        (save,) = table.journal.asked
        answers = table.submit("add", number=1)
        table.turn()
        table.journal.asked[1].ok()
        self.assertEqual((answers.code, table.journal.asked), ("ok", [save]))

    def test_a_save_that_finds_the_game_taken_over_ends_it(self) -> None:
        table = Table(Ledger)
        alice = Connected(table.server, Role(ALICE, True))
        for _ in range(12):
            table.submit("add", number=1)
        table.in_flight().ok()
        table.journal.next("save").fenced()
        self.assertEqual((alice.heard[-1], table.gone), (CloseCode.GAME_MOVED, [table.server]))
        self.assertTrue(table.server.closed)

    def test_a_save_that_fails_harms_nobody(self) -> None:
        table = Table(Ledger)
        for _ in range(12):
            table.submit("add", number=1)
        table.in_flight().ok()
        table.journal.next("save").unavailable()
        self.assertEqual(table.code("add", number=1), "ok")

    def test_a_game_that_is_saved_every_few_seconds_is_saved_by_the_tick_as_one_that_was_not_left(self) -> None:
        class Quick(Ledger, durability="snapshot"):
            pass

        table = Table(Quick)
        for _ in range(30):
            table.ask("add", number=1)
        self.assertEqual(table.journal.of("save"), [])
        table.clock.advance(5)
        table.server.tick()
        save = table.journal.next("save")
        self.assertEqual((save.snapshot.clean, save.snapshot.number), (False, 31))
        table.run()
        table.clock.advance(60)
        table.server.tick()
        self.assertEqual(table.journal.asked, [])


class Ending(SynchronousTestCase):
    """A game is put away."""

    def test_drained_it_takes_nothing_and_what_waits_for_the_journal_is_still_answered(self) -> None:
        table = Table(Ledger)
        waiting = [table.submit("add", number=1)]
        asked = table.in_flight()
        waiting += [table.submit("add", number=1), table.submit("jump")]
        table.server.drain()
        self.assertEqual(table.submit("add", number=1).code, "unavailable")
        (refused,) = table.come("bob")
        self.assertIsInstance(refused, RequestRefused)
        self.assertFalse(table.server.quiet)
        asked.ok()
        table.run()
        self.assertEqual([each.code for each in waiting], ["ok", "ok", "unknown_command"])
        self.assertTrue(table.server.quiet)

    def test_it_can_carry_on_and_its_timers_too(self) -> None:
        table = Table(Clocked)
        table.ask("late", seconds=1)
        table.server.drain()
        table.pass_time(3)
        self.assertEqual(table.texts, [])
        table.server.carry_on()
        table.pass_time(1)
        self.assertEqual((table.texts, table.code("look")), (["x"], "ok"))

    def test_it_is_untouched_until_something_happens_in_it(self) -> None:
        def after(table: Table, *what: str) -> bool:
            for each in what:
                if each == "come":
                    table.server.join(Connected(table.server, Role(ALICE, True)), Role(ALICE, True))
                elif each == "sit":
                    table.admit("alice")
                else:
                    table.ask(each)
            return table.server.untouched

        class Alarmed(Clocked):
            def setup(self) -> None:
                self.after(60, self.ring, "x")

        self.assertTrue(after(Table(Ledger)))
        self.assertTrue(after(Table(Ledger), "come", "refuse", "jump"))
        self.assertTrue(after(Table(Seats.Duel, players=("alice", "bob"))))
        self.assertFalse(after(Table(Seats.Duel, players=("alice", "bob")), "come"))
        self.assertFalse(after(Table(Seats.Duel), "sit"))
        self.assertFalse(after(Table(Ledger), "look"))
        self.assertFalse(after(Table(Alarmed)))

    def test_it_is_not_untouched_while_something_waits(self) -> None:
        table = Table(Seats.Duel)
        table.come("alice")
        self.assertFalse(table.server.untouched)
        table.in_flight().unavailable()
        self.assertTrue(table.server.untouched)
