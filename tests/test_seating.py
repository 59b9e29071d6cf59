"""Taking a seat and giving it up: who sits where, what the model has to say to it, and what everybody is told."""

from __future__ import annotations

import json
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc import GameModel, Player, command
from gamesvc.errors import JOURNAL_DOWN, PLAYER_NOT_IN_GAME, RequestRefused
from gamesvc.journal.records import BotSeat, Entry, Receipt
from gamesvc.messages import Request
from gamesvc.pending import Role
from gamesvc.receipts import digest
from gamesvc.seating import PendingChange, PendingSeat
from gamesvc.standing import Standing
from tests.clubs import Club, Open
from tests.tables import ALICE, BOB, CAROL, Answers, Judge


class Counter(GameModel, seats=(1, 3)):
    """Has no hooks."""

    total: int = 0

    @command
    def add(self, player: Player) -> None:
        self.total += 1


class Silent(GameModel, seats=2):
    """Is told when it starts, and of nothing else."""

    starts: int = 0

    @command
    def look(self, player: Player) -> None: ...

    def on_start(self) -> None:
        self.starts += 1


def texts(entry: Entry | None) -> list[str]:
    """What an entry's events are, in short."""
    assert entry is not None
    events = [json.loads(each.body) for each in entry.events]
    return [event.get("text") or f"{event['event']} {event['player']} {event['seat']}" for event in events]


class Seating(SynchronousTestCase):
    """A game, and those who come to it and go."""

    model: type[GameModel] = Club

    def setUp(self) -> None:
        self.game = Judge(self.model)
        self.outcomes: list[Role | RequestRefused] = []
        self.changes: list[str] = []

    @property
    def standing(self) -> Standing:
        return self.game.instance.standing

    def told(self) -> list[str]:
        model: Any = self.game.instance._model
        return list(model.told)

    def come(
        self, name: str, players: tuple[str, ...] | None = None, spectate: bool = False, *, returns: bool = False
    ) -> PendingSeat:
        pending = PendingSeat(name, players, spectate, self.outcomes.append, returns=returns)
        pending.judge(self.game)
        return pending

    def change(
        self,
        name: str,
        *,
        sits: bool,
        playing: bool | None = None,
        may_sit: bool = True,
        id: str | None = "c-1",
        **arguments: Any,
    ) -> PendingChange:
        player = Player(name)
        role = Role(player, player in self.standing.seats if playing is None else playing, may_sit)
        self.answers = Answers()
        changed = "sits" if sits else "is gone"
        pending = PendingChange(
            role,
            Request("gamesvc.sit" if sits else "gamesvc.leave", id, arguments),
            sits=sits,
            answer=self.answers.append,
            changed=lambda told: self.changes.append(f"{name} {changed}"),
        )
        if pending.key is not None:
            self.game.pending_ids[pending.key] = pending
        pending.judge(self.game)
        return pending

    def leave(self, name: str) -> PendingChange:
        return self.change(name, sits=False)

    def sit(self, name: str) -> PendingChange:
        return self.change(name, sits=True)

    def expect_trouble(self, at: str, of: str) -> None:
        given = self.model.COMMANDS["expect_trouble"].arguments(at=at, of=of)
        self.game.instance.command(self.game.time, "expect_trouble", ALICE, given)


class Coming(Seating):
    """Somebody comes."""

    model = Counter

    def test_it_says_nothing_before_it_is_settled(self) -> None:
        pending = self.come("alice")
        self.assertEqual(self.outcomes, [])
        pending.settle(self.game)
        self.assertEqual(self.outcomes, [Role(ALICE, playing=True)])

    def test_who_takes_a_seat_is_told_to_everybody(self) -> None:
        entry = self.come("alice").entry
        assert entry is not None
        self.assertEqual((entry.kind, entry.player, entry.seats), ("seated", "alice", ("alice", None, None)))
        (event,) = entry.events
        self.assertEqual(json.loads(event.body), {"event": "gamesvc.joined", "player": "alice", "seat": 0})
        self.assertIsNone(event.to)

    def test_all_of_a_token_sit_down_together_each_with_an_event(self) -> None:
        entry = self.come("bob", ("alice", "bob")).entry
        assert entry is not None
        self.assertEqual(
            [(json.loads(event.body)["player"], json.loads(event.body)["seat"]) for event in entry.events],
            [("alice", 0), ("bob", 1)],
        )

    def test_who_has_a_seat_and_who_watches_change_nothing(self) -> None:
        game = self.game = Judge(Counter, players=("alice",))
        for pending in (self.come("alice"), self.come("bob", None, True), self.come("alice", ("alice", "bob"))):
            self.assertEqual((pending.entry, pending.effect), (None, None))
            pending.settle(game)
        self.assertEqual(
            self.outcomes, [Role(ALICE, playing=True), Role(BOB, playing=False), Role(ALICE, playing=True)]
        )
        self.assertEqual(game.instance.standing.entry, 1)

    def test_who_is_not_in_the_game_is_refused(self) -> None:
        self.game = Judge(Counter, players=("alice", "bob", "carol"))
        self.come("dave", ("dave", "alice")).settle(self.game)
        (outcome,) = self.outcomes
        assert isinstance(outcome, RequestRefused)
        self.assertIs(outcome.refusal, PLAYER_NOT_IN_GAME)

    def test_judged_again_it_may_be_another_seat_or_none(self) -> None:
        before = self.game.instance.standing
        self.come("alice")
        pending = self.come("bob")
        self.game.instance.go_back(before)
        pending.judge(self.game)
        self.assertEqual(self.game.instance.standing.seats, (BOB, None, None))
        self.game.instance.go_back(before)
        for name in ("alice", "carol", "dave"):
            self.come(name)
        pending.judge(self.game)
        self.assertIsNone(pending.entry)
        pending.settle(self.game)
        self.assertEqual(self.outcomes, [Role(BOB, playing=False, may_sit=True)])

    def test_what_failed_or_is_overdue_is_refused_for_now_and_answered_once(self) -> None:
        for end in ("fail", "overdue"):
            self.game, self.outcomes = Judge(Counter), []
            pending = self.come("alice")
            if end == "fail":
                pending.fail(self.game)
            else:
                pending.overdue()
                pending.settle(self.game)
                pending.overdue()
            (outcome,) = self.outcomes
            assert isinstance(outcome, RequestRefused)
            self.assertIs(outcome.refusal, JOURNAL_DOWN)
            self.assertTrue(outcome.refusal.retryable)

    def test_without_seats_everybody_plays_and_nothing_is_written(self) -> None:
        self.game = Judge(Open)
        pending = self.come("carol", ("alice", "bob"))
        pending.settle(self.game)
        self.assertEqual((self.outcomes, pending.entry), ([Role(CAROL, playing=True)], None))

    def test_who_came_to_watch_may_not_sit_down_whoever_they_are(self) -> None:
        for name, players in (("zoe", ("alice", "bob")), ("alice", ("alice", "bob")), ("zoe", None), ("carol", None)):
            self.game, self.outcomes = Judge(Counter, players=("carol",)), []
            self.come(name, players, True).settle(self.game)
            self.assertEqual(self.outcomes, [Role(Player(name), playing=False, may_sit=False)])

    def test_who_came_to_play_when_all_seats_were_taken_may_sit_down_later(self) -> None:
        self.game = Judge(Counter, players=("alice", "bob", "carol"))
        self.come("zoe").settle(self.game)
        self.assertEqual(self.outcomes, [Role(Player("zoe"), playing=False, may_sit=True)])

    def test_who_opens_a_game_to_watch_it_is_not_there_to_play_though_their_token_names_them(self) -> None:
        entry = self.come("alice", ("alice", "bob"), True).entry
        assert entry is not None
        self.assertEqual((entry.player, entry.seats, self.standing.here), (None, ("alice", "bob", None), frozenset()))
        for pending in (self.come("alice", ("alice", "bob")), self.come("zoe", ("alice", "bob"), True)):
            self.assertIsNone(pending.entry)

    def test_who_comes_back_keeps_their_seat_and_is_given_none_that_they_do_not_have(self) -> None:
        zoe = Player("zoe")
        for name, players, role in (
            ("alice", None, Role(ALICE, playing=True)),
            ("zoe", None, Role(zoe, playing=False, may_sit=True)),
            ("zoe", ("alice", "zoe"), Role(zoe, playing=False, may_sit=True)),
        ):
            self.game, self.outcomes = Judge(Counter, players=("alice",)), []
            pending = self.come(name, players, returns=True)
            pending.settle(self.game)
            self.assertEqual((self.outcomes, pending.entry), ([role], None))
            self.assertEqual(self.standing.seats, (ALICE, None, None))
        # Who is not named by the players' token, and has no seat, is not let in, as ever.
        self.game, self.outcomes = Judge(Counter, players=("alice", "bob", "carol")), []
        self.come("zoe", ("alice",), returns=True).settle(self.game)
        (outcome,) = self.outcomes
        assert isinstance(outcome, RequestRefused)
        self.assertIs(outcome.refusal, PLAYER_NOT_IN_GAME)
        # Those whom a token names are seated with the first who comes, whatever that one knew.
        self.game, self.outcomes = Judge(Counter), []
        self.come("alice", ("alice", "bob"), returns=True).settle(self.game)
        self.assertEqual((self.outcomes, self.standing.seats), ([Role(ALICE, playing=True)], (ALICE, BOB, None)))

    def test_nobody_sits_down_to_a_game_that_is_over(self) -> None:
        self.game = Judge(Club, players=("alice", "bob"))
        self.game.instance.command(self.game.time, "end", ALICE, Club.COMMANDS["end"].arguments())
        self.come("carol").settle(self.game)
        self.assertEqual((self.outcomes, self.standing.seats[2]), ([Role(CAROL, playing=False, may_sit=True)], None))

    def test_nor_do_all_whom_a_token_names_where_they_have_left_it(self) -> None:
        self.game = Judge(Club, players=("alice", "bob"))
        for name in ("alice", "bob"):
            self.leave(name).settle(self.game)
        self.game.instance.command(self.game.time, "end", ALICE, Club.COMMANDS["end"].arguments())
        pending = self.come("alice", ("alice", "bob"))
        pending.settle(self.game)
        self.assertEqual((pending.entry, self.standing.seats), (None, (None, None, None)))
        self.assertEqual(self.outcomes, [Role(ALICE, playing=False, may_sit=True)])


class Joining(Seating):
    """The model is told of who takes a seat, and when enough have."""

    def test_it_is_told_one_by_one_and_that_the_game_starts_when_enough_are_there(self) -> None:
        self.assertEqual(texts(self.come("alice").entry), ["gamesvc.joined alice 0", "alice joins"])
        self.assertEqual((self.told(), self.standing.started), (["alice joins: alice"], False))
        entry = self.come("bob").entry
        self.assertEqual(texts(entry), ["gamesvc.joined bob 1", "bob joins", "start"])
        assert entry is not None
        self.assertEqual((entry.kind, entry.player, entry.started, entry.fault), ("seated", "bob", True, ""))
        self.assertIn("told", entry.changed)
        self.come("carol")
        self.assertEqual(self.told()[1:], ["bob joins: alice bob", "start: alice bob", "carol joins: alice bob carol"])

    def test_those_of_a_token_join_as_if_they_had_come_one_after_the_other(self) -> None:
        entry = self.come("bob", ("alice", "bob", "carol")).entry
        self.assertEqual(texts(entry)[3:], ["alice joins", "bob joins", "carol joins", "start"])
        self.assertEqual(
            self.told(),
            ["alice joins: alice", "bob joins: alice bob", "carol joins: alice bob carol", "start: alice bob carol"],
        )
        # Only one of them has come.
        self.assertEqual(self.standing.here, {"bob"})

    def test_who_is_not_wanted_watches_and_nothing_has_changed(self) -> None:
        self.expect_trouble("bob joins", "refuse")
        self.come("alice")
        before = self.standing
        pending = self.come("bob")
        self.assertEqual((pending.entry, pending.effect, self.standing), (None, None, before))
        pending.settle(self.game)
        self.assertEqual((self.outcomes, self.game.faults), ([Role(BOB, playing=False, may_sit=True)], []))
        self.assertEqual(self.told(), ["alice joins: alice"])
        # Others may come all the same.
        self.come("carol").settle(self.game)
        self.assertEqual(self.standing.seats, (ALICE, CAROL, None))

    def test_who_is_not_wanted_may_ask_for_a_seat_later_unless_the_players_token_does_not_name_them(self) -> None:
        for name, players, may_sit in (
            ("bob", None, True),
            ("bob", ("alice", "bob"), True),
            ("bob", ("alice",), False),
        ):
            self.game, self.outcomes = Judge(Club), []
            self.expect_trouble("bob joins", "refuse")
            self.come("alice")
            self.come(name, players).settle(self.game)
            self.assertEqual(self.outcomes, [Role(BOB, playing=False, may_sit=may_sit)])

    def test_whatever_else_it_raises_they_have_their_seat_and_it_is_reported(self) -> None:
        for at in ("bob joins", "start"):
            for of, named in (("crash", "RuntimeError"), ("exit", "SystemExit")):
                self.game, self.outcomes = Judge(Club), []
                self.expect_trouble(at, of)
                self.come("alice")
                pending = self.come("bob")
                entry = pending.entry
                assert entry is not None
                self.assertEqual((entry.fault, entry.changed), (f"{named} (incident incident-1)", {}))
                self.assertNotIn("secret", entry.fault)
                self.assertEqual(texts(entry), ["gamesvc.joined bob 1"])
                pending.settle(self.game)
                self.assertEqual(self.outcomes, [Role(BOB, playing=True)])
                self.assertEqual((self.told(), self.standing.started), (["alice joins: alice"], True))
                self.assertEqual([what for what, _ in self.game.faults], ["a hook for who joins"])

    def test_of_several_in_one_token_none_can_be_refused(self) -> None:
        self.expect_trouble("bob joins", "refuse")
        entry = self.come("alice", ("alice", "bob")).entry
        assert entry is not None
        self.assertEqual((entry.fault, entry.seats), ("GameError (incident incident-1)", ("alice", "bob", None)))

    def test_an_interrupt_of_the_operators_is_not_swallowed(self) -> None:
        self.come("alice")
        self.expect_trouble("bob joins", "interrupt")
        self.assertRaises(KeyboardInterrupt, self.come, "bob")
        self.expect_trouble("alice leaves", "interrupt")
        self.come("carol")
        self.assertRaises(KeyboardInterrupt, self.leave, "alice")

    def test_the_game_starts_once_however_often_its_seats_are_taken(self) -> None:
        for name in ("alice", "bob"):
            self.come(name)
        for _ in range(2):
            self.leave("bob")
            self.sit("bob")
        self.assertEqual([each for each in self.told() if each.startswith("start")], ["start: alice bob"])
        self.assertTrue(self.standing.started)

    def test_it_starts_when_what_led_to_it_is_judged_again_as_if_for_the_first_time(self) -> None:
        self.come("alice")
        before = self.standing
        pending = self.come("bob")
        self.game.instance.go_back(before)
        self.assertEqual(self.told(), ["alice joins: alice"])
        pending.judge(self.game)
        self.assertEqual(self.told()[1:], ["bob joins: alice bob", "start: alice bob"])

    def test_a_model_that_is_only_told_of_the_start_is_told_of_nothing_else(self) -> None:
        self.game = Judge(Silent)
        self.assertEqual(self.come("alice").effect and self.standing.image, Judge(Silent).instance.standing.image)
        self.come("bob")
        model: Any = self.game.instance._model
        self.assertEqual((model.starts, self.standing.started), (1, True))


class GivingUp(Seating):
    """Somebody gives their seat up, or takes one."""

    def start(self) -> None:
        for name in ("alice", "bob"):
            self.come(name)

    def test_before_the_start_everybody_may_whatever_the_model_is_told_of(self) -> None:
        for model in (Club, Silent):
            self.game = Judge(model)
            self.come("alice")
            entry = self.leave("alice").entry
            assert entry is not None
            self.assertEqual(
                (entry.kind, entry.player, entry.seats), ("left", "alice", (None,) * len(self.standing.seats))
            )
            self.assertEqual(texts(entry), ["gamesvc.left alice 0"])
            self.assertEqual(self.standing.here, frozenset())

    def test_after_it_the_model_is_told_who_does_and_has_them_no_longer_among_its_players(self) -> None:
        self.start()
        pending = self.leave("alice")
        entry = pending.entry
        self.assertEqual(texts(entry), ["gamesvc.left alice 0", "alice leaves"])
        self.assertEqual(self.told()[-1], "alice leaves: bob")
        self.assertEqual(self.standing.seats, (None, BOB, None))
        self.assertEqual((self.answers.code, self.changes), ("silence", []))
        pending.settle(self.game)
        self.assertEqual((self.answers.reply, self.changes), ({"status": "ok", "id": "c-1"}, ["alice is gone"]))

    def test_after_it_a_model_that_is_not_told_of_it_has_them_stay(self) -> None:
        self.game = Judge(Silent, players=("alice", "bob"))
        pending = self.leave("alice")
        pending.settle(self.game)
        self.assertEqual((self.answers.code, pending.entry, self.changes), ("cannot_leave", None, []))
        self.assertEqual(self.standing.seats, (ALICE, BOB))

    def test_the_model_may_refuse_it_in_its_own_words(self) -> None:
        self.start()
        self.expect_trouble("bob leaves", "refuse")
        before = self.standing
        pending = self.leave("bob")
        pending.settle(self.game)
        error = self.answers.reply["error"]
        self.assertEqual((error["code"], error["message"], error["retryable"]), ("not_today", "not today", False))
        self.assertEqual((pending.entry, self.standing, self.changes, self.game.faults), (None, before, [], []))

    def test_where_the_model_fails_at_it_they_stay_and_it_is_reported(self) -> None:
        for of in ("crash", "exit"):
            self.game = Judge(Club)
            self.start()
            self.expect_trouble("bob leaves", of)
            before = self.standing
            self.leave("bob").settle(self.game)
            self.assertEqual((self.answers.code, self.standing), ("internal_error", before))
            self.assertIn("incident-1", self.answers.reply["error"]["message"])
            self.assertNotIn("secret", self.answers[0].decode())
            self.assertEqual([what for what, _ in self.game.faults], ["hook on_leave"])

    def test_a_free_seat_can_be_taken_and_the_first_is(self) -> None:
        self.start()
        self.leave("alice")
        pending = self.sit("carol")
        self.assertEqual(texts(pending.entry), ["gamesvc.joined carol 0", "carol joins"])
        self.assertEqual((self.standing.seats, self.standing.here), ((CAROL, BOB, None), {"bob", "carol"}))
        pending.settle(self.game)
        self.assertEqual((self.answers.code, self.changes), ("ok", ["carol sits"]))

    def test_asked_once_more_nothing_more_happens(self) -> None:
        self.start()
        for name, sits in (("alice", True), ("zoe", False)):
            before = self.standing
            pending = self.change(name, sits=sits, id=None)
            pending.settle(self.game)
            self.assertEqual((self.answers.code, pending.entry, pending.effect), ("ok", None, None))
            self.assertEqual(self.standing, before)

    def test_asked_once_more_under_an_id_that_is_remembered_and_no_more(self) -> None:
        self.start()
        for name, sits, kind in (("alice", True, "seated"), ("zoe", False, "left")):
            before, told = self.standing, self.told()
            pending = self.change(name, sits=sits)
            entry = pending.entry
            assert entry is not None
            self.assertEqual((entry.kind, entry.player, entry.id, entry.arguments), (kind, name, "c-1", b"{}"))
            self.assertEqual((entry.seats, entry.events, entry.changed, pending.told), (None, (), {}, 0))
            self.assertEqual(self.standing, before._replace(entry=before.entry + 1))
            pending.settle(self.game)
            self.assertEqual((self.answers.code, self.told()), ("ok", told))
            self.assertIsNotNone(self.game.receipts.find(name, "c-1"))

    def test_why_it_can_not_be_is_said(self) -> None:
        self.start()
        self.expect_trouble("dave joins", "refuse")
        self.change("dave", sits=True).settle(self.game)
        self.assertEqual(self.answers.code, "not_today")
        self.come("carol")
        self.sit("dave").settle(self.game)
        self.assertEqual((self.answers.code, self.answers.reply["error"]["retryable"]), ("no_seat", True))
        self.game.instance.command(self.game.time, "end", ALICE, Club.COMMANDS["end"].arguments())
        for name, sits in (("dave", True), ("alice", False)):
            self.change(name, sits=sits).settle(self.game)
            self.assertEqual((name, self.answers.code), (name, "game_over"))
        self.assertEqual(self.changes, [])

    def test_a_connection_that_only_watches_does_nothing_for_the_player_of_its_name(self) -> None:
        self.start()
        before = self.standing
        # The one has a seat, the other has none.
        for name, sits in (("alice", True), ("alice", False), ("zoe", True), ("zoe", False)):
            pending = self.change(name, sits=sits, playing=False, may_sit=False)
            self.assertIsNone(pending.key, "it is told nothing of what the player was told")
            pending.settle(self.game)
            self.assertEqual((name, sits, self.answers.code), (name, sits, "not_a_player"))
            self.assertEqual((pending.entry, pending.effect, self.standing), (None, None, before))
        self.assertEqual((self.changes, self.game.receipts.dump()), ([], {}))

    def test_neither_takes_arguments(self) -> None:
        self.start()
        before = self.standing
        for name, sits, asked in (("alice", False, "gamesvc.leave"), ("zoe", True, "gamesvc.sit")):
            self.change(name, sits=sits, seat=2).settle(self.game)
            error = self.answers.reply["error"]
            self.assertEqual((error["code"], error["message"]), ("bad_arguments", f"{asked} takes no arguments"))
            self.assertEqual(self.answers.reply["id"], "c-1")
        self.assertEqual((self.standing, self.changes, self.game.receipts.dump()), (before, [], {}))

    def test_without_seats_there_is_none_to_give_up_or_to_take(self) -> None:
        self.game = Judge(Open)
        for sits in (False, True):
            self.change("alice", sits=sits, playing=True).settle(self.game)
            error = self.answers.reply["error"]
            self.assertEqual((error["code"], error["message"]), ("not_a_player", "there are no seats in this game"))
        self.assertEqual(self.changes, [])

    def test_its_entry_is_what_a_journal_needs_to_know_it_again_and_its_receipt_the_same(self) -> None:
        self.start()
        for name, sits, kind in (("alice", False, "left"), ("zoe", True, "seated")):
            pending = self.change(name, sits=sits, id=f"of-{name}")
            entry = pending.entry
            assert entry is not None
            asked = "gamesvc.sit" if sits else "gamesvc.leave"
            self.assertEqual((entry.kind, entry.player, entry.id, entry.name, entry.arguments, entry.result),
                             (kind, name, f"of-{name}", asked, b"{}", None))  # fmt: skip
            self.assertIsNone(self.game.receipts.find(name, f"of-{name}"))
            pending.settle(self.game)
            receipt = Receipt(f"of-{name}", digest(asked, {}), None)
            self.assertEqual(self.game.receipts.find(name, f"of-{name}"), receipt)
            self.assertEqual(self.game.pending_ids, {})

    def test_who_sits_down_by_connecting_has_asked_under_no_id(self) -> None:
        entry = self.come("alice").entry
        assert entry is not None
        self.assertEqual((entry.id, entry.name, entry.arguments), (None, "", b""))

    def test_all_who_sent_it_are_answered_and_the_first_is_no_duplicate(self) -> None:
        self.start()
        pending, again = self.leave("alice"), Answers()
        pending.join(again.append)
        pending.settle(self.game)
        self.assertEqual(self.answers.reply, {"status": "ok", "id": "c-1"})
        self.assertEqual(again.reply, {"status": "ok", "id": "c-1", "duplicate": True})
        self.assertEqual(self.changes, ["alice is gone"])

    def test_what_failed_can_be_tried_again_and_what_is_overdue_is_said_to_be_unknown_once(self) -> None:
        self.come("alice")
        pending = self.leave("alice")
        pending.fail(self.game)
        self.assertEqual((self.answers.code, self.changes), ("unavailable", []))
        pending = self.leave("alice")
        pending.overdue()
        self.assertEqual(self.answers.code, "outcome_unknown")
        pending.settle(self.game)
        # They are told by what follows.
        self.assertEqual((len(self.answers), self.changes), (1, ["alice is gone"]))

    def test_judged_again_it_is_what_the_last_judgement_says(self) -> None:
        self.come("alice")
        before = self.standing
        pending = self.leave("alice")
        self.game.instance.go_back(before)
        self.come("bob")
        self.expect_trouble("alice leaves", "refuse")
        pending.judge(self.game)
        self.assertIsNone(pending.entry)
        self.game.instance.go_back(before)
        pending.judge(self.game)
        pending.settle(self.game)
        self.assertEqual((self.answers.code, self.standing.seats), ("ok", (None, None, None)))


class AmongBots(Seating):
    """A seat that is a bot's own is nobody's who comes under its name; one in which a bot stands in is its player's."""

    def setUp(self) -> None:
        super().setUp()
        bots = BotSeat("bot-a", "a"), BotSeat("bob", "a", stands_in=True)
        self.bot = Player("bot-a")
        self.game.instance.seat(self.game.time, (self.bot, BOB, None), [], bots=bots)

    def test_who_comes_under_a_bots_name_watches_and_may_not_sit_down(self) -> None:
        before = self.standing
        for players, returns in ((None, False), (("bot-a", "bob"), False), (None, True)):
            pending = self.come("bot-a", players, returns=returns)
            pending.settle(self.game)
            self.assertEqual((self.outcomes.pop(), pending.entry), (Role(self.bot, playing=False), None))
        self.assertEqual(self.standing, before)

    def test_who_was_there_under_that_name_before_the_bot_neither_plays_for_it_nor_gives_its_seat_up(self) -> None:
        before = self.standing
        for sits, playing in ((True, False), (False, False), (True, True), (False, True)):
            pending = self.change("bot-a", sits=sits, playing=playing, may_sit=True)
            pending.settle(self.game)
            self.assertEqual((self.answers.code, pending.entry, self.changes), ("not_a_player", None, []))
            self.assertEqual(self.answers.reply["error"]["message"], "a bot plays under this name")
        self.assertEqual((self.standing, self.game.receipts.dump()), (before, {}))

    def test_whose_seat_it_is_plays_and_so_does_who_takes_another(self) -> None:
        for name in ("bob", "carol"):
            self.come(name).settle(self.game)
            self.assertEqual(self.outcomes.pop(), Role(Player(name), playing=True))
        self.assertEqual(self.standing.seats, (self.bot, BOB, CAROL))
        self.assertEqual(len(self.standing.bots), 2)

    def test_who_gives_up_their_seat_takes_the_bot_with_them_that_plays_for_them(self) -> None:
        pending = self.leave("bob")
        assert pending.entry is not None
        self.assertEqual((pending.entry.seats, pending.entry.bots), (("bot-a", None, None), (BotSeat("bot-a", "a"),)))
        self.assertEqual(self.standing.bots, (BotSeat("bot-a", "a"),))
        self.assertEqual(texts(pending.entry)[0], "gamesvc.left bob 1")

    def test_the_seats_and_bots_of_others_stay_when_somebody_sits_down(self) -> None:
        entry = self.come("carol").entry
        assert entry is not None
        self.assertIsNone(entry.bots)

    def test_who_operates_does_so_in_whatever_role(self) -> None:
        for name, spectate in (("bob", False), ("carol", False), ("bot-a", False), ("zoe", True)):
            pending = PendingSeat(name, None, spectate, self.outcomes.append, operates=True)
            pending.judge(self.game)
            pending.settle(self.game)
            role = self.outcomes.pop()
            assert isinstance(role, Role)
            self.assertEqual((name, role.operates, role.playing), (name, True, name in ("bob", "carol")))
