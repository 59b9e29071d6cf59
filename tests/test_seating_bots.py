"""Bots take seats, stand in for players and go: what is refused, what the model has to say, and what is kept."""

from __future__ import annotations

import json
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc import GameModel, Player
from gamesvc.journal.records import BotSeat, Receipt
from gamesvc.messages import Request
from gamesvc.pending import Role
from gamesvc.receipts import digest
from gamesvc.seating_bots import PendingBot
from gamesvc.standing import Standing
from tests.clubs import Club, Open
from tests.held_bots import HeldBots, Nim
from tests.tables import ALICE, BOB, CAROL, Answers, Judge

BOT = Player("bot-random")
OPERATOR = Player("operator")


class Asking(SynchronousTestCase):
    """A game, and an operator who has bots play in it."""

    model: type[GameModel] = Nim
    players: tuple[str, ...] = ("alice",)

    def setUp(self) -> None:
        self.game = Judge(self.model, self.players)
        self.offer = HeldBots()
        self.here: set[Player] = {ALICE}

    @property
    def standing(self) -> Standing:
        return self.game.instance.standing

    def ask(self, role: Role | None = None, id: str | None = "o-1", /, **arguments: Any) -> PendingBot:
        self.answers = Answers()
        pending = PendingBot(
            role or Role(OPERATOR, playing=False, operates=True),
            Request("gamesvc.bot", id, arguments),
            self.answers.append,
            "kind",
            self.offer,
            lambda player: player in self.here,
        )
        if pending.key is not None:
            self.game.pending_ids[pending.key] = pending
        pending.judge(self.game)
        return pending

    def done(self, **arguments: Any) -> Any:
        """The reply, when it has come about."""
        self.ask(**arguments).settle(self.game)
        return self.answers.reply

    def assert_refused(self, code: str, role: Role | None = None, /, **arguments: Any) -> str:
        """It is refused, and nothing has changed. Returns the message."""
        before = self.standing
        pending = self.ask(role, **arguments)
        self.assertEqual((pending.effect, pending.entry, self.standing), (None, None, before))
        pending.settle(self.game)
        self.assertEqual((self.answers.code, self.answers.reply["id"]), (code, "o-1"), self.answers.reply)
        self.assertEqual((self.game.receipts.dump(), self.game.pending_ids), ({}, {}))
        return str(self.answers.reply["error"]["message"])

    def end(self) -> None:
        given = self.model.COMMANDS["end"].arguments()
        self.game.instance.command(self.game.time, "end", ALICE, given)


class Seated(Asking):
    """A bot takes a free seat."""

    def test_it_has_a_player_whose_name_is_told(self) -> None:
        self.assertEqual(self.done(bot="random"), {"status": "ok", "id": "o-1", "result": {"player": "bot-random"}})
        self.assertEqual(self.standing.seats, (ALICE, BOT, None))
        self.assertEqual(self.standing.bots, (BotSeat(BOT, "random"),))
        self.assertTrue(self.standing.started)
        self.assertEqual(self.standing.here, frozenset())

    def test_nothing_is_told_before_it_is_durable(self) -> None:
        self.ask(bot="random")
        self.assertEqual(self.answers.code, "silence")

    def test_what_the_journal_keeps_of_it(self) -> None:
        entry = self.ask(bot="random").entry
        assert entry is not None
        self.assertEqual((entry.kind, entry.player, entry.id, entry.name), ("bot", "operator", "o-1", "gamesvc.bot"))
        self.assertEqual((entry.arguments, entry.result), (b'{"bot":"random"}', b'{"player":"bot-random"}'))
        self.assertEqual((entry.seats, entry.bots), (("alice", "bot-random", None), (BotSeat(BOT, "random"),)))
        self.assertEqual((entry.started, entry.fault, entry.changed), (True, "", {}))
        self.assertEqual(
            [(json.loads(event.body)["event"], event.to) for event in entry.events],
            [("gamesvc.joined", None), ("gamesvc.bot", None)],
        )

    def test_its_receipt_is_what_a_journal_would_make_of_that(self) -> None:
        self.done(bot="random")
        receipt = Receipt("o-1", digest("gamesvc.bot", {"bot": "random"}), b'{"player":"bot-random"}')
        self.assertEqual(self.game.receipts.find("operator", "o-1"), receipt)
        self.assertEqual(self.game.pending_ids, {})

    def test_the_names_of_commands_are_not_case_sensitive(self) -> None:
        pending = PendingBot(
            Role(OPERATOR, playing=False, operates=True),
            Request("Gamesvc.BOT", "o-1", {"bot": "random"}),
            Answers().append,
            "kind",
            self.offer,
            lambda player: False,
        )
        pending.judge(self.game)
        assert pending.entry is not None
        self.assertEqual(pending.entry.name, "gamesvc.bot")

    def test_the_servers_own_wish_is_nobodys_and_leaves_no_receipt(self) -> None:
        pending = self.ask(Role(Player(""), playing=False, operates=True), None, bot="random")
        assert pending.entry is not None
        self.assertEqual((pending.entry.player, pending.entry.id, pending.key), (None, None, None))
        pending.settle(self.game)
        self.assertEqual((self.answers.code, self.game.receipts.dump()), ("ok", {}))

    def test_several_until_no_seat_is_free(self) -> None:
        for name in ("bot-random", "bot-random-2"):
            self.assertEqual(self.done(bot="random")["result"], {"player": name})
        self.game.receipts = Judge(Nim).receipts
        self.assert_refused("no_seat", bot="random")

    def test_judged_again_it_may_be_another_seat_or_none(self) -> None:
        before = self.standing
        pending = self.ask(bot="random")
        self.game.instance.go_back(before)
        self.game.instance.seat(self.game.time, (ALICE, BOB, None), [])
        pending.judge(self.game)
        self.assertEqual(self.standing.seats, (ALICE, BOB, BOT))
        self.game.instance.go_back(before)
        self.game.instance.seat(self.game.time, (ALICE, BOB, CAROL), [])
        pending.judge(self.game)
        self.assertEqual((pending.entry, pending.effect), (None, None))
        pending.settle(self.game)
        self.assertEqual(self.answers.code, "no_seat")

    def test_what_failed_can_be_tried_again_and_what_is_overdue_is_said_to_be_unknown(self) -> None:
        self.ask(bot="random").fail(self.game)
        self.assertEqual((self.answers.code, self.answers.reply["error"]["retryable"]), ("unavailable", True))
        self.ask(bot="random").overdue()
        self.assertEqual(self.answers.code, "outcome_unknown")

    def test_who_asks_once_more_meanwhile_gets_the_same_reply(self) -> None:
        pending, again = self.ask(bot="random"), Answers()
        pending.join(again.append)
        pending.settle(self.game)
        self.assertEqual(again.reply, {**self.answers.reply, "duplicate": True})


class Refusals(Asking):
    """What can't be."""

    def test_who_does_not_operate_has_no_bots_play(self) -> None:
        for role in (
            Role(ALICE, playing=True),
            Role(CAROL, playing=False, may_sit=True),
            Role(CAROL, playing=False),
        ):
            message = self.assert_refused("not_a_player", role, bot="random")
            self.assertIn("operate", message)
            self.assertEqual(self.offer.asked, [])

    def test_who_plays_and_operates_does(self) -> None:
        self.ask(Role(ALICE, playing=True, operates=True), bot="random").settle(self.game)
        self.assertEqual(self.answers.code, "ok")

    def test_a_connection_that_only_watches_is_told_nothing_of_what_the_player_of_its_name_did(self) -> None:
        self.assertIsNone(self.ask(Role(ALICE, playing=False), bot="random").key)
        for role in (Role(ALICE, playing=True), Role(ALICE, playing=False, operates=True)):
            self.assertEqual(self.ask(role, bot="random").key, ("alice", "o-1"))

    def test_a_bot_that_can_not_play_it(self) -> None:
        self.offer.refusals = {"chess": "the bot chess can't play Nim"}
        for arguments in ({"bot": "chess"}, {"bot": "chess", "player": "bob"}):
            self.assertEqual(self.assert_refused("no_bot", **arguments), "the bot chess can't play Nim")

    def test_arguments_that_it_does_not_take(self) -> None:
        for arguments in (
            {},
            {"bot": None},
            {"bot": 3},
            {"player": 3},
            {"bot": "random", "seat": 1},
            {"bot": ["random"]},
            {"bot": "random", "player": "zoe"},
            {"bot": "random", "player": ""},
        ):
            message = self.assert_refused("bad_arguments", **arguments)
            self.assertLess(len(message), 200)
        self.assertIn("seat", self.assert_refused("bad_arguments", bot="random", seat=1))
        self.assertLess(len(self.assert_refused("bad_arguments", **{"x" * 9000: 1})), 500)

    def test_for_who_is_there_nobody_stands_in(self) -> None:
        self.assertIn("is here", self.assert_refused("refused", bot="random", player="alice"))

    def test_where_no_bot_plays_none_goes(self) -> None:
        for name in ("alice", "zoe", "bot-random"):
            self.assert_refused("no_bot", player=name)

    def test_before_anything_else_a_game_without_seats(self) -> None:
        self.model, self.players = Open, ()
        self.setUp()
        self.assertEqual(self.assert_refused("no_seat", bot="random"), "there are no seats in this game")

    def test_after_the_end(self) -> None:
        self.model, self.players = Club, ("alice", "bob")
        self.setUp()
        self.done(bot="random")
        self.end()
        self.game.receipts = Judge(Club).receipts
        for arguments in (
            {"bot": "random"},
            {"bot": "random", "player": "bob"},
            {"player": "bot-random"},
            {"bot": "chess"},
        ):
            self.assert_refused("game_over", **arguments)


class StandingIn(Asking):
    """A bot plays for somebody."""

    players = ("alice", "bob")

    def test_the_seat_stays_theirs_and_the_model_is_told_nothing(self) -> None:
        self.model = Club
        self.setUp()
        before = self.standing
        self.assertEqual(self.done(bot="search", player="bob")["result"], {"player": "bob"})
        self.assertEqual(self.standing.seats, (ALICE, BOB, None))
        self.assertEqual(self.standing.bots, (BotSeat(BOB, "search", stands_in=True),))
        self.assertIs(self.standing.image, before.image)

    def test_the_journal_keeps_that_no_seat_has_changed(self) -> None:
        entry = self.ask(bot="search", player="bob").entry
        assert entry is not None
        self.assertEqual((entry.kind, entry.seats, entry.bots), ("bot", None, (BotSeat(BOB, "search", True),)))
        (event,) = entry.events
        self.assertEqual(json.loads(event.body), {"event": "gamesvc.bot", "player": "bob", "bot": "search"})

    def test_another_bot_takes_its_place_also_in_a_seat_of_a_bots_own(self) -> None:
        for id, arguments in enumerate(
            ({"bot": "random"}, {"bot": "search", "player": "bot-random"}, {"bot": "random", "player": "bob"})
        ):
            self.ask(None, f"{id}", **arguments).settle(self.game)
        self.assertEqual(self.standing.bots, (BotSeat(BOT, "search"), BotSeat(BOB, "random", stands_in=True)))

    def test_it_hands_back_also_in_a_game_that_nobody_may_leave(self) -> None:
        self.done(bot="search", player="bob")
        pending = self.ask(None, "o-2", player="bob")
        entry = pending.entry
        assert entry is not None
        self.assertEqual((entry.seats, entry.bots, self.standing.bots), (None, (), ()))
        (event,) = entry.events
        self.assertEqual(json.loads(event.body), {"event": "gamesvc.bot", "player": "bob", "bot": None})
        pending.settle(self.game)
        self.assertEqual(self.answers.reply["result"], {"player": "bob"})


class Going(Asking):
    """A bot gives up its own seat."""

    def go(self) -> PendingBot:
        return self.ask(None, "o-2", player="bot-random")

    def test_before_the_game_has_begun(self) -> None:
        self.players = ()
        self.setUp()
        self.done(bot="random")
        pending = self.go()
        assert pending.entry is not None
        self.assertEqual((pending.entry.seats, pending.entry.bots), ((None, None, None), ()))
        pending.settle(self.game)
        self.assertEqual((self.answers.code, self.standing.bots), ("ok", ()))

    def test_after_that_only_where_the_model_lets_players_leave(self) -> None:
        self.done(bot="random")
        before = self.standing
        self.go().settle(self.game)
        self.assertEqual((self.answers.code, self.standing), ("cannot_leave", before))
        self.model = Club
        self.setUp()
        self.done(bot="random")
        self.go().settle(self.game)
        self.assertEqual((self.answers.code, self.standing.seats), ("ok", (ALICE, None, None)))


class Hooks(Asking):
    """A model that is told who joins, that it begins, and who leaves."""

    model = Club
    players = ()

    def setUp(self) -> None:
        super().setUp()
        self.game.instance.seat(self.game.time, (ALICE, None, None), [], ALICE)

    def expect_trouble(self, at: str, of: str) -> None:
        given = Club.COMMANDS["expect_trouble"].arguments(at=at, of=of)
        self.game.instance.command(self.game.time, "expect_trouble", ALICE, given)

    def told(self) -> list[str]:
        model: Any = self.game.instance._model
        return list(model.told[1:])

    def test_a_bot_is_a_player_like_any_other(self) -> None:
        entry = self.ask(bot="random").entry
        assert entry is not None
        names = [event.get("text") or event["event"] for event in (json.loads(each.body) for each in entry.events)]
        self.assertEqual(names, ["gamesvc.joined", "gamesvc.bot", "bot-random joins", "start"])
        self.assertEqual(self.told(), ["bot-random joins: alice bot-random", "start: alice bot-random"])
        self.ask(None, "o-2", player="bot-random")
        self.assertEqual(self.told()[-1], "bot-random leaves: alice")

    def test_it_may_refuse_it(self) -> None:
        self.done(bot="random")
        for at, arguments in (
            ("bot-random-2 joins", {"bot": "random"}),
            ("bot-random leaves", {"player": "bot-random"}),
        ):
            self.expect_trouble(at, "refuse")
            before, told = self.standing, self.told()
            self.ask(None, "o-2", **arguments).settle(self.game)
            self.assertEqual((self.answers.code, self.answers.reply["error"]["message"]), ("not_today", "not today"))
            self.assertEqual((self.standing, self.told()), (before, told))
        self.assertEqual(self.game.faults, [])

    def test_where_it_fails_nothing_has_changed_and_the_operator_is_told(self) -> None:
        for at in ("bot-random joins", "start"):
            for of in ("crash", "exit"):
                self.setUp()
                self.expect_trouble(at, of)
                message = self.assert_refused("internal_error", bot="random")
                self.assertIn("incident-1", message)
                self.assertNotIn("secret", message)
                ((what, fault),) = self.game.faults
                self.assertEqual(what, "a hook for a bot")
                self.assertEqual(type(fault), RuntimeError if of == "crash" else SystemExit)

    def test_ctrl_c_is_ctrl_c(self) -> None:
        self.expect_trouble("start", "interrupt")
        before = self.standing
        self.assertRaises(KeyboardInterrupt, self.ask, bot="random")
        self.assertEqual(self.standing, before)
