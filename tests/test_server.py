"""One game: what its commands do, who may send them, and that nothing has changed where they are refused."""

import contextlib  # whole, because trial means something else by a module's `suppress`
import json
from asyncio import CancelledError
from collections.abc import Callable
from enum import Enum
from typing import Annotated, Any, Literal

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Meta, Struct, ValidationError
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import Event, GameError, GameModel, Player, command, field
from gamesvc.errors import PLAYER_NOT_IN_GAME, CloseCode, RequestRefused
from gamesvc.messages import Request
from gamesvc.publisher import GamePublisher, Subscription
from gamesvc.server import MAX_STATE_BYTES, GameServer, Role

ALICE, BOB, CAROL = Player("alice"), Player("bob"), Player("carol")


class Recorder(GamePublisher):
    """A publisher that keeps what was published."""

    def __init__(self) -> None:
        self.soon: list[Callable[[], None]] = []
        self.published: list[tuple[bytes, frozenset[str] | None]] = []
        super().__init__(self.soon.append, max_lag_events=100, max_lag_bytes=100_000)

    def publish(self, event: bytes, to: frozenset[str] | None = None) -> None:
        self.published.append((event, to))
        super().publish(event, to)


class Table:
    """A game with its clock, its operator, and somebody who asks."""

    def __init__(self, model: type[GameModel], *, seed: bytes = b"seed", max_connections: int = 0) -> None:
        self.clock = 1000.0
        self.reports: list[tuple[str, BaseException]] = []
        self.publisher = Recorder()
        self.server = GameServer(
            "g1",
            "kind",
            model,
            epoch="epoch",
            seed=seed,
            publisher=self.publisher,
            now=lambda: self.clock,
            report=self._report,
            max_connections_per_player=max_connections,
        )

    def _report(self, what: str, fault: BaseException) -> str:
        self.reports.append((what, fault))
        return f"incident-{len(self.reports)}"

    def answer(self, name: str, role: Role | None = None, /, *, id: str | None = None, **arguments: Any) -> bytes:
        """The reply's payload."""
        answers: list[bytes] = []
        self.server.submit(role or Role(ALICE, playing=True), Request(name, id, arguments), answers.append)
        (answer,) = answers
        return answer

    def ask(self, name: str, role: Role | None = None, /, *, id: str | None = None, **arguments: Any) -> Any:
        """The reply."""
        return json.loads(self.answer(name, role, id=id, **arguments))

    def code(self, name: str, role: Role | None = None, /, **arguments: Any) -> str:
        """The reply's error code, or ok."""
        reply = self.ask(name, role, **arguments)
        return str(reply["error"]["code"] if reply["status"] == "error" else reply["status"])


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
        table.server.submit(Role(ALICE, True), request, lambda reply: ends.append(table.publisher.end))
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
        table.server.admit("alice", ("alice", "bob"), False)
        table.ask("whisper")
        self.assertEqual(table.publisher.published[0][1], frozenset({"bob"}))

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
        self.assertEqual((table.publisher.head(None), table.ask("draw")["result"]), (1, 3))

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

    def test_a_result_has_at_most_1_mib(self) -> None:
        class Echo(GameModel):
            @command
            def echo(self, player: Player, count: int) -> str:
                return "x" * count

        table = Table(Echo)
        self.assertEqual(table.code("echo", count=MAX_STATE_BYTES - 2), "ok")
        self.assertEqual(table.code("echo", count=MAX_STATE_BYTES), "internal_error")

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
        welcome = json.loads(table.server.welcome(Role(ALICE, playing=True)))
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
        alice = table.server.admit("alice", None, False)
        spectator = table.server.admit("carol", None, True)
        # From the outermost to the innermost; each with everything that comes after it wrong, too.
        self.assertEqual(table.code("jump", spectator), "unknown_command")
        self.assertEqual(table.code("win", spectator, cell="x"), "not_a_player")
        self.assertEqual(table.code("win", alice, cell="x"), "not_started")
        table.server.admit("bob", None, False)
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
        for now in (1005.0, 900.0, 1006.0):
            table.clock = now
            times.append(table.ask("look")["result"])
        self.assertEqual(times, [[1000.0, 1005.0], [1000.0, 1005.0], [1000.0, 1006.0]])

    def test_chance_is_the_same_for_the_same_seed_and_entry_whatever_the_time(self) -> None:
        def thrown(seed: bytes, now: float) -> list[Any]:
            table = Table(self.Watch, seed=seed)
            table.clock = now
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

    def refused(self, server: GameServer, name: str, players: tuple[str, ...] | None) -> None:
        refused = self.assertRaises(RequestRefused, server.admit, name, players, False)
        self.assertIs(refused.refusal, PLAYER_NOT_IN_GAME)

    def test_the_first_tokens_players_are_seated_in_its_order_whoever_brings_it(self) -> None:
        table = Table(self.Duel)
        role = table.server.admit("alice", ("bob", "alice"), False)
        self.assertEqual((role, table.server.players), (Role(ALICE, True), [BOB, ALICE]))
        self.assertEqual(table.ask("who", role)["result"], ["alice", "bob", "alice"])

    def test_a_spectators_token_seats_the_players_and_not_the_spectator(self) -> None:
        table = Table(self.Duel)
        role = table.server.admit("carol", ("alice", "bob"), True)
        self.assertEqual((role, role.sees, table.server.players), (Role(CAROL, False), None, [ALICE, BOB]))

    def test_a_later_token_does_not_move_anybody(self) -> None:
        server = Table(self.Duel).server
        server.admit("alice", ("alice", "bob"), False)
        self.assertEqual(server.admit("bob", ("bob", "alice"), False), Role(BOB, True))
        self.assertEqual(server.players, [ALICE, BOB])
        self.refused(server, "carol", ("carol", "alice"))
        self.assertEqual(server.players, [ALICE, BOB])

    def test_a_token_with_more_players_than_seats_lets_those_in_who_have_one(self) -> None:
        server = Table(self.Duel).server
        self.refused(server, "carol", ("alice", "bob", "carol"))
        self.assertEqual(server.admit("bob", ("alice", "bob", "carol"), False), Role(BOB, True))

    def test_who_comes_without_a_list_takes_the_next_free_seat_and_the_rest_watch(self) -> None:
        table = Table(self.Duel)
        roles = [table.server.admit(name, None, False) for name in ("bob", "alice", "carol")]
        self.assertEqual([role.playing for role in roles], [True, True, False])
        self.assertEqual((table.server.players, roles[0].sees, roles[2].sees), ([BOB, ALICE], "bob", None))
        self.assertEqual(table.code("who", roles[2]), "not_a_player")

    def test_the_same_player_comes_back_to_the_same_seat(self) -> None:
        server = Table(self.Duel).server
        roles = [server.admit(name, None, False) for name in ("alice", "alice", "bob", "alice")]
        self.assertEqual((roles[3], server.players), (Role(ALICE, True), [ALICE, BOB]))

    def test_who_comes_to_watch_takes_no_seat_and_a_player_may_watch(self) -> None:
        server = Table(self.Duel).server
        self.assertEqual(server.admit("alice", None, True), Role(ALICE, False))
        self.assertEqual(server.players, [None, None])
        server.admit("alice", None, False)
        self.assertEqual(server.admit("alice", None, True), Role(ALICE, False))
        self.assertEqual(server.players, [ALICE, None])

    def test_a_game_starts_when_the_fewest_are_there_and_takes_up_to_the_most(self) -> None:
        table = Table(self.Party)
        alice = table.server.admit("alice", None, False)
        reply = table.ask("who", alice)
        self.assertEqual((reply["error"]["code"], reply["error"]["retryable"]), ("not_started", True))
        for name in ("bob", "carol", "dave", "eve"):
            table.server.admit(name, None, False)
            self.assertEqual(table.code("who", alice), "ok")
        self.assertEqual(table.ask("who", alice)["result"], ["alice", "alice", "bob", "carol", "dave"])

    def test_free_seats_are_left_free_by_a_token_with_fewer_players(self) -> None:
        server = Table(self.Party).server
        server.admit("bob", ("alice", "bob"), False)
        self.assertEqual(server.players, [ALICE, BOB, None, None])
        server.admit("bob", ("dave", "bob"), False)
        self.assertEqual(server.players, [ALICE, BOB, None, None])
        self.assertEqual(server.admit("carol", None, False), Role(CAROL, True))
        self.assertEqual(server.players, [ALICE, BOB, CAROL, None])

    def test_without_seats_everybody_plays_from_the_start_and_nobody_is_listed(self) -> None:
        table = Table(Ledger)
        self.assertEqual(table.server.admit("alice", ("alice", "bob"), False), Role(ALICE, True))
        self.assertEqual(table.server.admit("zoe", None, True), Role(Player("zoe"), False))
        self.assertEqual((table.server.players, table.code("add", number=1)), ([], "ok"))


class Connected:
    """A participant, as a controller is one: it leaves when it is closed."""

    def __init__(self, table: Table, role: Role) -> None:
        self._server = table.server
        self.heard: list[bytes | CloseCode] = []
        self.subscription: Subscription = table.publisher.subscribe(role.sees, self)
        table.server.join(self, role)

    def write(self, data: bytes) -> None:
        self.heard.append(data)

    def close(self, code: CloseCode) -> None:
        if self.subscription.open:
            self.subscription.drain()
            self._server.publisher.unsubscribe(self.subscription)
            self._server.leave(self)
            self.heard.append(code)


class Connections(SynchronousTestCase):
    """Who is there."""

    def test_the_oldest_of_too_many_connections_of_a_player_goes_with_4409(self) -> None:
        table = Table(Ledger, max_connections=2)
        alice, bob = Role(ALICE, True), Role(BOB, True)
        others = Connected(table, bob)
        mine = [Connected(table, alice) for _ in range(4)]
        self.assertEqual([each.heard for each in mine], [[CloseCode.REPLACED], [CloseCode.REPLACED], [], []])
        self.assertEqual((table.server.controllers, others.heard), ((others, mine[2], mine[3]), []))

    def test_who_has_left_does_not_count(self) -> None:
        table = Table(Ledger, max_connections=2)
        mine = [Connected(table, Role(ALICE, True)) for _ in range(2)]
        for _ in range(2):
            table.server.leave(mine[0])
        Connected(table, Role(ALICE, True))
        self.assertEqual(mine[1].heard, [])

    def test_0_means_any_number_of_connections(self) -> None:
        table = Table(Ledger)
        mine = [Connected(table, Role(ALICE, True)) for _ in range(50)]
        self.assertEqual(table.server.controllers, tuple(mine))

    def test_stop_sends_everybody_what_is_due_and_closes_them(self) -> None:
        table = Table(Ledger)
        alice, watcher = Connected(table, Role(ALICE, True)), Connected(table, Role(BOB, False))
        slow = Connected(table, Role(CAROL, True))
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
        alice = table.server.admit("alice", None, False)
        watcher = table.server.admit("zoe", None, True)
        Connected(table, watcher)
        for _ in range(2):
            Connected(table, alice)
        first = json.loads(table.server.welcome(alice))
        self.assertEqual((first["seq"], first["players"], first["present"]), (0, ["alice", None], ["alice"]))
        table.server.admit("bob", None, False)
        table.ask("whisper", alice)
        heads = [json.loads(table.server.welcome(role))["seq"] for role in (alice, Role(BOB, True), watcher)]
        self.assertEqual(heads, [2, 1, 1])
        self.assertEqual(json.loads(table.server.welcome(Role(ALICE, False)))["seq"], 1)
        self.assertEqual(
            json.loads(table.server.welcome(watcher)),
            {
                "event": "gamesvc.welcome",
                "game": "g1",
                "kind": "kind",
                "epoch": "epoch",
                "seq": 1,
                "resumed": False,
                "player": "zoe",
                "playing": False,
                "players": ["alice", "bob"],
                "present": ["alice"],
            },
        )

    def test_who_watches_under_a_players_name_gets_none_of_the_players_secrets(self) -> None:
        table = Table(Seats.Duel)
        table.server.admit("alice", ("alice", "bob"), False)
        watcher = Connected(table, table.server.admit("alice", None, True))
        table.publisher.publish(b'{"event":"Secret"}', frozenset({"alice"}))
        table.server.stop(CloseCode.NORMAL)
        self.assertEqual(watcher.heard, [CloseCode.NORMAL])
