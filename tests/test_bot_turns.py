"""When bots are asked, with what, and what becomes of their answers."""

from __future__ import annotations

import json
import math
import random
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import GameModel, Player
from gamesvc.bot_offer import LEAST_PAUSE_SECONDS, BotOffer, BotRules
from gamesvc.bot_turns import BotTurns
from gamesvc.errors import UNAVAILABLE
from gamesvc.journal.records import BotSeat
from gamesvc.messages import Request, encode_error
from gamesvc.pending import Answer, PendingCommand, Role
from gamesvc.views import Views
from tests.held_bots import PAUSE, Chat, HeldBots, Nim
from tests.tables import BOB, CAROL, Judge

ANN, ZED = Player("bot-ann"), Player("bot-zed")
SEED = b"the game's secret"


class Submitted:
    """A command that a bot has sent, and that waits for what the test makes of it."""

    def __init__(self, turns: Turning, role: Role, request: Request, answer: Answer) -> None:
        self.role = role
        self.request = request
        self.answer = answer
        self._turns = turns

    @property
    def said(self) -> tuple[str, str, dict[str, Any]]:
        return self.role.player, self.request.command, dict(self.request.arguments)

    def happen(self) -> None:
        """It takes effect, or is refused."""
        game = self._turns.game
        pending = PendingCommand(self.role, self.request, self.answer)
        pending.judge(game)
        pending.settle(game)
        self._turns.look()

    def not_kept(self) -> None:
        """The journal can't keep it: nothing has changed."""
        self.answer(encode_error(UNAVAILABLE))


class Turning(SynchronousTestCase):
    """A game of two, of whom a bot is one."""

    model: type[GameModel] = Nim
    seats: tuple[Player, ...] = (ANN, BOB)
    bots: tuple[BotSeat, ...] = (BotSeat(ANN, "ann"),)

    def setUp(self) -> None:
        self.game = Judge(self.model)
        self.clock = Clock()
        self.offer = HeldBots()
        self.sent: list[Submitted] = []
        self.warnings: list[tuple[str, str, str]] = []
        self.faults: list[tuple[str, BaseException]] = []
        self.idle: set[str] = set()
        self.turns = self.turns_of(SEED)
        most = (self.model.SEATS or (0, 0))[1]
        self.sit((*self.seats, *[None] * (most - len(self.seats))), self.bots)

    def turns_of(self, seed: bytes, offer: BotOffer | None = None) -> BotTurns:
        return BotTurns(
            "g1",
            "kind",
            self.model,
            seed,
            lambda: self.game.instance.standing,
            lambda role, request, answer: self.sent.append(Submitted(self, role, request, answer)),
            offer or self.offer,
            self.clock.callLater,
            lambda *what: self.warnings.append(what),
            lambda what, fault: self.faults.append((what, fault)),
        )

    def sit(self, seats: tuple[Player | None, ...], bots: tuple[BotSeat, ...]) -> None:
        """Who plays from now on."""
        self.game.instance.seat(self.game.time, seats, [], bots=bots)
        self.look()

    def look(self) -> None:
        self.turns.look(lambda each: each.player not in self.idle)

    def do(self, player: Player, command: str, **arguments: Any) -> None:
        """Somebody does something, and the game is looked at."""
        given = self.model.COMMANDS[command].arguments(**arguments)
        self.game.time += 1
        self.game.instance.command(self.game.time, command, player, given)
        self.look()

    def wait(self, seconds: float = PAUSE) -> None:
        self.clock.advance(seconds)

    @property
    def timers(self) -> int:
        return len(self.clock.getDelayedCalls())

    def think(self) -> Submitted:
        """The bot is asked, and takes one."""
        self.wait()
        self.offer.only.answer("take", count=1)
        return self.sent[-1]


class Questions(Turning):
    """What a bot is asked with, and when."""

    def test_it_waits_a_little_so_that_people_see_what_was_before(self) -> None:
        self.assertTrue(self.turns.is_busy)
        self.wait(PAUSE - 0.01)
        self.assertEqual(self.offer.asked, [])
        self.wait(0.01)
        self.assertEqual(len(self.offer.asked), 1)
        self.assertTrue(self.turns.is_busy)

    def test_with_what_its_player_sees_to_the_byte(self) -> None:
        self.do(ANN, "dream", of="matches")
        self.do(BOB, "dream", of="a secret of his")
        self.do(BOB, "scheme")
        self.wait()
        question = self.offer.only.question
        standing = self.game.instance.standing
        self.assertEqual((question.bot, question.kind, question.player), ("ann", "kind", ANN))
        self.assertEqual((question.players, question.now), ((ANN, BOB), standing.now))
        self.assertEqual(question.view, Views(Nim).state(standing, ANN))
        self.assertNotIn(b"secret", question.view)
        view = self.offer.only.view
        self.assertEqual(view["dreams"], {"bot-ann": "matches"})
        self.assertEqual(view["legal"], [{"command": "take", "count": count} for count in (1, 2, 3)])
        self.assertEqual(set(view), {"left", "turn", "dreams", "legal"})

    def test_its_chance_is_the_same_where_it_is_asked_the_same_and_only_there(self) -> None:
        self.sit((ANN, BOB, ZED), (BotSeat(ANN, "ann"), BotSeat(ZED, "zed")))

        def seed(turns: BotTurns, offer: HeldBots) -> int:
            turns.look(lambda each: True)
            self.wait()
            return offer.asked[-1].question.seed

        def new(secret: bytes = SEED) -> int:
            offer = HeldBots()
            return seed(self.turns_of(secret, offer), offer)

        self.assertEqual(new(), new())
        seeds = [new(), new(b"another secret")]
        self.do(BOB, "scheme")
        seeds.append(new())
        self.do(ANN, "take", count=1)
        self.do(BOB, "take", count=1)
        seeds.append(new())
        self.assertEqual(len(set(seeds)), 4)
        self.assertEqual(self.offer.asked[-1].question.player, ZED)
        self.assertTrue(all(0 <= each < 1 << 64 for each in seeds))

    def test_two_at_the_same_moment_do_not_draw_the_same(self) -> None:
        class Both(Chat, seats=2):
            pass

        self.model, self.seats = Both, (ANN, ZED)
        self.bots = BotSeat(ANN, "ann"), BotSeat(ZED, "ann")
        self.setUp()
        self.wait()
        one, other = self.offer.thinking
        self.assertEqual((one.question.player, other.question.player), (ANN, ZED))
        self.assertNotEqual(one.question.seed, other.question.seed)

    def test_who_has_nothing_to_do_is_not_asked(self) -> None:
        self.do(ANN, "take", count=1)
        self.wait(9)
        self.assertEqual((self.offer.asked, self.turns.is_busy, self.timers), ([], False, 0))
        self.do(BOB, "take", count=1)
        self.assertTrue(self.turns.is_busy)
        self.wait()
        self.assertEqual(self.offer.only.view["left"], 7)

    def test_before_enough_have_a_seat_and_after_the_end_nobody_is(self) -> None:
        self.turns.stop()
        self.sit((ANN, None, None), self.bots)
        self.wait(9)
        self.assertEqual((self.offer.asked, self.turns.is_busy), ([], False))
        self.sit((ANN, BOB, None), self.bots)
        for player in (ANN, BOB, ANN):
            self.do(player, "take", count=3)
        self.assertTrue(self.game.instance.standing.finished)
        self.wait(9)
        self.assertEqual((self.offer.asked, self.turns.is_busy, self.timers), ([], False, 0))

    def test_who_is_not_to_play_is_not_asked_until_they_are(self) -> None:
        self.idle = {ANN}
        self.look()
        self.wait(9)
        self.assertEqual((self.offer.asked, self.timers), ([], 0))
        self.idle = set()
        self.look()
        self.wait()
        self.assertEqual(len(self.offer.asked), 1)

    def test_however_often_the_game_is_looked_at_it_is_asked_once(self) -> None:
        for _ in range(5):
            self.look()
            self.wait(PAUSE / 4)
        for _ in range(5):
            self.look()
            self.wait()
        self.assertEqual((len(self.offer.asked), self.timers), (1, 0))

    def test_what_happens_meanwhile_is_in_the_question_and_does_not_put_it_off(self) -> None:
        self.wait(PAUSE * 0.6)
        self.do(BOB, "scheme")
        self.do(ANN, "dream", of="fire")
        self.wait(PAUSE * 0.4)
        self.assertEqual(self.offer.only.view["dreams"], {"bot-ann": "fire"})

    def test_where_there_is_nothing_to_do_any_more_then_it_is_not_asked(self) -> None:
        self.wait(PAUSE / 2)
        self.do(ANN, "take", count=1)
        self.wait(9)
        self.assertEqual((self.offer.asked, self.turns.is_busy), ([], False))

    def test_for_a_bot_that_is_not_offered_any_more_something_legal_is_played(self) -> None:
        self.offer.missing = {"ann"}
        self.wait()
        self.assertEqual(self.warnings, [(ANN, "ann", "no bot 'ann' is offered here")])
        self.assertEqual(self.sent[0].said[:2], (ANN, "take"))
        self.sent[0].happen()
        self.assertFalse(self.turns.is_busy)
        self.look()
        self.wait(9)
        self.assertEqual(len(self.sent), 1)

    def test_it_waits_at_least_a_little_whatever_the_operator_says(self) -> None:
        self.turns = self.turns_of(SEED, offer := HeldBots(BotRules(0.0)))
        self.look()
        self.wait(LEAST_PAUSE_SECONDS - 0.001)
        self.assertEqual(offer.asked, [])
        self.wait(0.001)
        self.assertEqual(len(offer.asked), 1)

    def test_a_view_that_fails_is_told_once_for_each_standing(self) -> None:
        self.wait(PAUSE / 2)
        self.do(BOB, "spoil", what="legal crashes")
        self.wait()
        self.look()
        self.wait(9)
        self.assertEqual(([what for what, _ in self.faults], self.turns.is_busy), (["a view"], False))
        self.assertEqual((self.offer.asked, self.warnings), ([], []))
        self.do(BOB, "spoil", what="")
        self.wait()
        self.assertEqual(len(self.offer.asked), 1)


class Answers(Turning):
    """What a bot has chosen is a command like any other."""

    def test_it_is_its_players_command_and_no_operators(self) -> None:
        self.wait()
        self.offer.only.answer("take", count=2)
        (sent,) = self.sent
        self.assertEqual(sent.role, Role(ANN, playing=True, may_sit=False, operates=False))
        self.assertEqual(sent.request, Request("take", None, {"count": 2}))
        self.assertTrue(self.turns.is_busy)
        sent.happen()
        self.assertEqual((self.game.instance.standing.entry, self.turns.is_busy, self.warnings), (3, False, []))

    def test_an_id_that_it_gives_is_not_one_of_its_players(self) -> None:
        self.wait()
        self.offer.only.answer("take", count=2, id="c-1")
        self.assertEqual(self.sent[0].request, Request("take", None, {"count": 2}))

    def test_it_is_asked_again_when_it_is_its_turn_again(self) -> None:
        for left in (9, 7, 5):
            self.wait()
            self.assertEqual(self.offer.only.view["left"], left)
            self.offer.only.answer("take", count=1)
            self.sent[-1].happen()
            self.wait(9)
            self.do(BOB, "take", count=1)
        self.assertEqual((len(self.offer.asked), len(self.sent)), (3, 3))

    def test_it_is_asked_nothing_more_while_its_command_is_on_its_way(self) -> None:
        self.think()
        for _ in range(3):
            self.do(BOB, "scheme")
            self.wait(3)
        self.assertEqual((len(self.offer.asked), self.timers), (1, 0))

    def test_it_is_asked_nothing_more_while_it_thinks(self) -> None:
        self.wait()
        for _ in range(3):
            self.do(BOB, "scheme")
            self.wait(3)
        self.assertEqual((len(self.offer.asked), self.timers), (1, 0))

    def test_two_of_them_do_not_wait_for_each_other(self) -> None:
        self.model, self.seats = Chat, (ANN, ZED)
        self.bots = BotSeat(ANN, "ann"), BotSeat(ZED, "zed")
        self.setUp()
        self.wait()
        first, second = self.offer.thinking
        second.answer("say", text="me first")
        self.assertEqual(self.sent[0].said, (ZED, "say", {"text": "me first"}))
        first.answer("say", text="and me")
        self.assertEqual(self.sent[1].said, (ANN, "say", {"text": "and me"}))

    def test_where_it_has_nothing_to_say_it_is_not_asked_until_something_happens(self) -> None:
        self.wait()
        self.offer.only.answer(None)
        for _ in range(5):
            self.look()
            self.wait()
        self.assertEqual((len(self.offer.asked), self.turns.is_busy, self.sent, self.warnings), (1, False, [], []))
        self.do(ANN, "dream", of="a way out")
        self.wait()
        self.assertEqual(len(self.offer.asked), 2)

    def test_what_happened_while_it_found_nothing_to_say_is_a_reason_to_ask_again(self) -> None:
        self.wait()
        self.do(ANN, "dream", of="a way out")
        self.offer.only.answer(None)
        self.wait()
        self.assertEqual(self.offer.only.view["dreams"], {"bot-ann": "a way out"})

    def test_where_somebody_was_faster_it_is_asked_again_and_nobody_is_blamed(self) -> None:
        self.wait()
        held = self.offer.only
        self.do(ANN, "take", count=3)  # somebody plays for it
        self.do(BOB, "take", count=3)
        held.answer("take", count=9)
        self.sent[0].happen()
        self.assertEqual((self.warnings, len(self.offer.asked)), ([], 1))
        self.wait()
        self.assertEqual((self.offer.only.view["left"], len(self.sent)), (3, 1))


class Failing(Turning):
    """A bot that does not play as it should keeps nobody waiting, and is told of once."""

    def fallback(self) -> int:
        """What is played for it: one of what is legal."""
        seed = self.offer.asked[-1].question.seed
        return int(random.Random(seed).choice(self.offer.asked[-1].view["legal"])["count"])

    def assert_plays_anything(self, blamed: str) -> None:
        self.assertEqual(self.sent[-1].said, (ANN, "take", {"count": self.fallback()}))
        self.sent[-1].happen()
        self.assertEqual(self.game.instance.standing.entry, 3)
        ((player, bot, what),) = self.warnings
        self.assertEqual((player, bot), (ANN, "ann"))
        self.assertIn(blamed, what)
        self.wait(9)
        self.assertEqual((len(self.offer.asked), self.turns.is_busy), (1, False))

    def test_one_that_fails(self) -> None:
        self.wait()
        self.offer.only.fail("KeyError: 'cells'")
        self.assertEqual(len(self.sent), 1)
        self.assert_plays_anything("KeyError: 'cells'")

    def test_one_whose_command_is_refused(self) -> None:
        self.wait()
        self.offer.only.answer("take", count=4)
        self.sent[0].happen()
        self.assertEqual(len(self.sent), 2)
        self.assert_plays_anything("take was refused: refused, take one to three")

    def test_one_that_chooses_what_is_no_command_or_takes_other_arguments(self) -> None:
        for command, arguments, code in (
            ("fly", {}, "unknown_command"),
            ("take", {"count": "all"}, "bad_arguments"),
            ("take", {"count": 1, "player": "bob"}, "bad_arguments"),
        ):
            self.setUp()
            self.wait()
            self.offer.only.answer(command, **arguments)
            self.sent[0].happen()
            self.assert_plays_anything(f"{command} was refused: {code}")

    def test_one_that_wants_something_else_than_to_play(self) -> None:
        for command, arguments in (("gamesvc.leave", {}), ("Gamesvc.sit", {}), ("gamesvc.bot", {"bot": "ann"})):
            self.setUp()
            self.wait()
            self.offer.only.answer(command, **arguments)
            self.assertEqual(len(self.sent), 1)
            self.assert_plays_anything(f"{command} is none of the game's commands")

    def test_one_that_chooses_what_can_not_be_sent(self) -> None:
        circle: list[Any] = []
        circle.append(circle)
        for what in (object(), {1: object()}, "\ud800", circle, {1, object()}):
            self.setUp()
            self.wait()
            self.offer.only.answer("take", count=1, why=what)
            self.assertEqual(len(self.sent), 1)
            self.assert_plays_anything("can't be sent")

    def test_what_it_chose_is_read_as_a_client_would_send_it(self) -> None:
        self.wait()
        self.offer.only.answer("take", count=((1, math.nan), {"a": None, 3: frozenset("b")}))
        self.assertEqual(self.sent[0].request.arguments, {"count": [[1, None], {"a": None, "3": ["b"]}]})

    def test_a_model_that_fails_at_its_command(self) -> None:
        self.wait()
        self.do(BOB, "spoil", what="take crashes")
        self.offer.only.answer(None)
        self.wait()
        self.offer.only.answer("take", count=1)
        self.sent[0].happen()
        self.assertEqual([str(fault) for _, fault in self.game.faults], ["a match broke"])
        self.sent[1].happen()
        self.wait(9)
        self.assertEqual((len(self.sent), len(self.offer.asked), self.turns.is_busy), (2, 2, False))
        self.assertEqual(len(self.warnings), 2)

    def test_where_even_what_is_legal_is_refused_it_is_left_at_that_until_something_happens(self) -> None:
        self.wait()
        self.do(BOB, "spoil", what="take refuses")
        self.offer.only.answer(None)
        self.wait()
        for asked in (2, 3):
            self.offer.only.answer("take", count=1)
            for sent in (1, 2):
                self.assertEqual(len(self.sent), 2 * (asked - 2) + sent)
                self.sent[-1].happen()
            self.assertEqual((len(self.warnings), self.turns.is_busy), (2 * (asked - 1), False))
            self.assertIn("what legal names was refused", self.warnings[-1][2])
            self.look()
            self.wait(60)
            self.assertEqual((len(self.offer.asked), self.timers), (asked, 0))
            self.do(BOB, "scheme")
            self.wait()

    def test_where_nothing_is_known_to_be_legal_it_does_nothing_until_the_view_changes(self) -> None:
        self.model = Chat
        for fails in (True, False):
            self.setUp()
            self.wait()
            if fails:
                self.offer.only.fail()
            else:
                self.offer.only.answer("say", text="")
                self.sent[0].happen()
            for _ in range(5):
                self.look()
                self.wait()
            self.assertEqual((len(self.offer.asked), len(self.warnings), self.turns.is_busy), (1, 1, False))
            self.do(BOB, "say", text="well?")
            self.wait()
            self.assertEqual(self.offer.only.view["lines"], ["well?"])

    def test_one_that_failed_when_others_had_moved_on_plays_what_is_legal_by_then(self) -> None:
        self.wait()
        held = self.offer.only
        for _ in range(3):
            self.do(ANN, "take", count=1)
            self.do(BOB, "take", count=1)
        self.do(ANN, "take", count=1)
        self.do(BOB, "take", count=1)
        held.fail()
        self.assertEqual(self.sent[0].said, (ANN, "take", {"count": 1}), "it is the last one that is left")
        self.sent[0].happen()
        self.assertEqual((len(self.offer.asked), len(self.warnings)), (1, 1))

    def test_one_that_failed_when_it_is_somebody_elses_turn_by_then_plays_nothing(self) -> None:
        self.wait()
        held = self.offer.only
        self.do(ANN, "take", count=1)
        held.fail()
        self.wait(9)
        self.assertEqual((self.sent, len(self.warnings), self.turns.is_busy), ([], 1, False))

    def test_one_that_chooses_wrongly_while_others_go_on_and_on_is_told_of_in_the_end(self) -> None:
        for _ in range(3):
            self.wait()
            self.do(BOB, "scheme")
            self.offer.only.answer("take", count=7)
            self.sent[-1].happen()
        self.assertEqual(self.sent[-1].said, (ANN, "take", {"count": self.fallback()}))
        self.assertEqual(len(self.warnings), 1)
        self.sent[-1].happen()
        self.assertEqual(self.game.instance.standing.entry, 6)


class WithoutTheJournal(Turning):
    """What the journal did not keep is done again."""

    def test_it_is_asked_once_more_a_little_later(self) -> None:
        self.think().not_kept()
        self.assertTrue(self.turns.is_busy)
        self.look()
        self.wait(0.99)
        self.assertEqual(len(self.offer.asked), 1)
        self.wait(0.01)
        self.assertEqual(len(self.offer.asked), 2)
        self.assertEqual(self.offer.asked[0].question, self.offer.asked[1].question)
        self.offer.only.answer("take", count=1)
        self.sent[1].happen()
        self.assertEqual((self.game.instance.standing.entry, self.warnings), (3, []))

    def test_so_it_is_where_nothing_is_said_of_what_is_legal(self) -> None:
        self.model = Chat
        for moves_on in (False, True):
            self.setUp()
            self.wait()
            self.offer.only.answer("say", text="hello")
            if moves_on:
                self.do(BOB, "scheme")
            self.sent[0].not_kept()
            self.look()
            self.wait(1)
            self.offer.only.answer("say", text="hello")
            self.sent[1].happen()
            self.assertEqual((len(self.offer.asked), self.warnings), (2, []))

    def test_so_it_is_with_what_was_played_for_one_that_failed(self) -> None:
        self.wait()
        self.offer.only.fail()
        self.sent[0].not_kept()
        self.wait(1)
        self.assertEqual(len(self.offer.thinking), 1)


class Withdrawn(Turning):
    """Nobody waits for an answer to what is not asked any more."""

    def stop(self, how: str) -> None:
        match how:
            case "goes":
                self.sit((ANN, BOB, None), ())
            case "leaves":
                self.sit((None, BOB, CAROL), ())
            case "does not play now":
                self.idle = {ANN}
                self.look()
            case "is stopped":
                self.turns.stop()
            case "it is over":
                for player in (ANN, BOB, ANN):
                    self.do(player, "take", count=3)
            case "too few":
                self.sit((ANN, None, None), self.bots)

    HOW = "goes", "leaves", "does not play now", "is stopped", "it is over", "too few"

    def test_before_it_is_asked(self) -> None:
        for how in self.HOW:
            self.setUp()
            self.stop(how)
            self.assertEqual((self.timers, self.turns.is_busy), (0, False), how)
            self.wait(9)
            self.assertEqual(self.offer.asked, [], how)

    def test_while_it_thinks(self) -> None:
        for how in self.HOW:
            self.setUp()
            self.wait()
            self.stop(how)
            self.assertEqual((self.offer.asked[0].is_cancelled, self.turns.is_busy), (True, False), how)

    def test_while_its_command_is_on_its_way_nothing_follows_from_the_reply(self) -> None:
        for how in self.HOW:
            self.setUp()
            sent = self.think()
            self.stop(how)
            self.assertFalse(self.turns.is_busy, how)
            sent.answer(encode_error(UNAVAILABLE))
            self.wait(9)
            self.assertEqual((self.timers, len(self.offer.asked), self.warnings), (0, 1, []), how)

    def test_while_it_is_to_be_asked_once_more(self) -> None:
        for how in self.HOW:
            self.setUp()
            self.think().not_kept()
            self.stop(how)
            self.assertEqual((self.timers, self.turns.is_busy), (0, False), how)

    def test_another_bot_in_its_place_is_asked_instead(self) -> None:
        self.wait()
        self.sit((ANN, BOB, None), (BotSeat(ANN, "zed"),))
        self.assertTrue(self.offer.asked[0].is_cancelled)
        self.wait()
        self.assertEqual((self.offer.only.question.bot, self.offer.only.question.player), ("zed", ANN))

    def test_the_reply_to_who_was_there_before_is_none_for_who_is_there_now(self) -> None:
        sent = self.think()
        self.sit((ANN, BOB, None), (BotSeat(ANN, "zed"),))
        sent.happen()
        self.wait(9)
        self.assertEqual((len(self.offer.asked), self.warnings), (1, []))
        self.do(BOB, "take", count=1)
        self.wait()
        self.assertEqual(self.offer.only.question.bot, "zed")

    def test_nor_is_who_was_there_before_asked_once_more_where_the_journal_did_not_keep_it(self) -> None:
        sent = self.think()
        asked = self.offer.asked[0].question.bot
        self.sit((ANN, BOB, None), (BotSeat(ANN, "zed"),))
        sent.not_kept()
        self.wait(9)
        self.assertEqual([held.question.bot for held in self.offer.asked], [asked, "zed"])

    def test_after_it_was_stopped_it_can_be_looked_at_again(self) -> None:
        self.wait()
        self.turns.stop()
        self.look()
        self.wait()
        self.assertEqual(len(self.offer.asked), 2)


class WithoutLegal(Turning):
    """Of a model that says nothing of what is legal a bot is asked at each change of what it sees."""

    model = Chat

    def test_at_first_and_when_its_view_changes_but_not_when_only_another_s_does(self) -> None:
        self.wait()
        self.offer.only.answer(None)
        self.do(BOB, "dream", of="a secret")
        self.do(BOB, "scheme")
        self.wait(9)
        self.assertEqual((len(self.offer.asked), self.turns.is_busy), (1, False))
        self.do(BOB, "say", text="hello")
        self.wait()
        self.assertEqual(self.offer.only.view, {"lines": ["hello"], "dreams": {}})

    def test_by_its_own_words_too_which_it_may_have_nothing_to_say_to(self) -> None:
        self.wait()
        self.offer.only.answer("say", text="hello")
        self.sent[0].happen()
        self.wait()
        self.offer.only.answer(None)
        self.wait(9)
        self.assertEqual(([json.loads(held.question.view)["lines"] for held in self.offer.asked]), [[], ["hello"]])

    def test_a_command_that_changes_nothing_of_its_view_is_no_reason_to_ask_it_again(self) -> None:
        self.wait()
        self.offer.only.answer("scheme")
        self.sent[0].happen()
        self.wait(9)
        self.assertEqual((len(self.offer.asked), self.turns.is_busy), (1, False))

    def test_what_changed_and_changed_back_while_it_waited_is_none(self) -> None:
        self.wait()
        self.offer.only.answer(None)
        self.do(ANN, "dream", of="gold")
        self.assertTrue(self.turns.is_busy)
        self.game.instance.go_back(self.game.instance.standing._replace(image=Judge(Chat).instance.standing.image))
        self.wait(9)
        self.assertEqual((len(self.offer.asked), self.turns.is_busy), (1, False))
