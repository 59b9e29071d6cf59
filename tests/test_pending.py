"""What waits for the journal: what it is judged to be, what it says at last, and what it says when it must not wait."""

from __future__ import annotations

import json
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc import Event, GameError, GameModel, Player, command, field
from gamesvc.errors import GAME_OVER
from gamesvc.journal.records import Receipt
from gamesvc.messages import Request
from gamesvc.pending import PendingCommand, Role
from gamesvc.receipts import digest
from tests.tables import ALICE, Answers, Judge


class Noted(Event):
    text: str


class Counter(GameModel, seats=(1, 3)):
    total: int = 0
    seen: list[str] = field(default_factory=list)

    @command
    def add(self, player: Player, number: int = 1) -> int:
        if self.total + number > 10:
            raise GameError("enough", code="too_many")
        self.total += number
        self.publish(Noted(str(self.total)))
        return self.total

    @command
    def alarm(self, player: Player, how: str = "ring") -> None:
        self.after(5, getattr(self, how))

    @command
    def cancel_all(self, player: Player) -> None:
        for alarm in range(1, 10):
            self.cancel(alarm)  # type: ignore[arg-type]  # what after() gives are numbers

    @command
    def fail(self, player: Player, how: str = "") -> None:
        raise {"exit": SystemExit, "interrupt": KeyboardInterrupt}.get(how, ZeroDivisionError)(how)

    def ring(self) -> None:
        self.total += 100
        self.publish(Noted("ring"))

    def crash(self) -> None:
        self.total = 666
        raise RuntimeError("with a secret")

    def refuse(self) -> None:
        raise GameError("no")

    def leave(self) -> None:
        raise SystemExit(3)


class Commands(SynchronousTestCase):
    """A command of a player."""

    def setUp(self) -> None:
        self.game = Judge(Counter)

    def make(self, name: str = "add", id: str | None = "c-1", **arguments: Any) -> tuple[PendingCommand, Answers]:
        answers = Answers()
        pending = PendingCommand(Role(ALICE, playing=True), Request(name, id, arguments), answers.append)
        if pending.key is not None:
            self.game.pending_ids[pending.key] = pending
        return pending, answers

    def judged(self, name: str = "add", id: str | None = "c-1", **arguments: Any) -> tuple[PendingCommand, Answers]:
        pending, answers = self.make(name, id, **arguments)
        pending.judge(self.game)
        return pending, answers

    def test_it_says_nothing_before_it_is_settled(self) -> None:
        for name in ("add", "jump", "fail"):
            pending, answers = self.judged(name)
            self.assertEqual(answers, [])
            pending.settle(self.game)
            self.assertEqual(len(answers), 1)

    def test_its_entry_is_what_a_journal_needs_to_know_it_again(self) -> None:
        pending, _ = self.judged("ADD", number=3)
        entry = pending.entry
        assert entry is not None
        self.assertEqual((entry.kind, entry.player, entry.id, entry.name), ("command", "alice", "c-1", "add"))
        self.assertEqual((entry.arguments, entry.result, len(entry.events)), (b'{"number":3}', b"3", 1))

    def test_its_entry_has_the_arguments_in_the_order_in_which_the_game_got_them(self) -> None:
        class Ordered(GameModel):
            @command
            def tell(self, player: Player, words: dict[str, int]) -> list[str]:
                return list(words)

        self.game = Judge(Ordered)
        pending, _ = self.judged("tell", words={"b": 1, "a": 2})
        assert pending.entry is not None
        self.assertEqual((pending.entry.arguments, pending.entry.result), (b'{"words":{"b":1,"a":2}}', b'["b","a"]'))

    def test_settled_it_leaves_a_receipt_before_it_answers(self) -> None:
        found: list[Receipt | None] = []
        request = Request("add", "c-1", {})
        pending = PendingCommand(
            Role(ALICE, playing=True), request, lambda _: found.append(self.game.receipts.find("alice", "c-1"))
        )
        pending.judge(self.game)
        self.assertIsNone(self.game.receipts.find("alice", "c-1"))
        pending.settle(self.game)
        self.assertEqual(found, [Receipt("c-1", digest("add", {}), b"1")])

    def test_refused_it_leaves_no_receipt_and_no_entry(self) -> None:
        for name, arguments, code in (
            ("jump", {}, "unknown_command"),
            ("add", {"number": "x"}, "bad_arguments"),
            ("add", {"number": 99}, "too_many"),
            ("fail", {}, "internal_error"),
            ("fail", {"how": "exit"}, "internal_error"),
        ):
            pending, answers = self.judged(name, **arguments)
            pending.settle(self.game)
            self.assertEqual((pending.entry, pending.effect, answers.code), (None, None, code))
            self.assertEqual(self.game.receipts.dump(), {})
            self.assertEqual(answers.reply["id"], "c-1")

    def test_an_interrupt_of_the_operators_is_not_swallowed(self) -> None:
        pending, _ = self.make("fail", how="interrupt")
        self.assertRaises(KeyboardInterrupt, pending.judge, self.game)
        self.assertEqual(self.game.instance.standing.entry, 1)

    def test_what_the_game_says_of_everybody_comes_before_the_arguments(self) -> None:
        self.game.refusal = GAME_OVER
        pending, answers = self.judged("add", number="x")
        pending.settle(self.game)
        self.assertEqual(answers.code, "game_over")

    def test_judged_again_it_is_what_the_last_judgement_says(self) -> None:
        before = self.game.instance.standing
        pending, answers = self.judged(number=9)
        self.game.instance.go_back(before)
        self.judged("add", "c-2", number=5)
        pending.judge(self.game)
        self.assertIsNone(pending.entry)
        self.game.instance.go_back(before)
        pending.judge(self.game)
        assert pending.entry is not None
        pending.settle(self.game)
        self.assertEqual(answers.reply, {"status": "ok", "id": "c-1", "result": 9})

    def test_what_was_refused_may_be_done_when_it_is_judged_again(self) -> None:
        before = self.game.instance.standing
        self.judged("add", "c-0", number=9)
        pending, answers = self.judged(number=2)
        self.assertIsNone(pending.entry)
        self.game.instance.go_back(before)
        pending.judge(self.game)
        pending.settle(self.game)
        self.assertEqual(answers.reply["result"], 2)

    def test_what_failed_is_unavailable_and_may_be_tried_again(self) -> None:
        pending, answers = self.judged()
        pending.fail(self.game)
        error = answers.reply["error"]
        self.assertEqual((error["code"], error["retryable"], answers.reply["id"]), ("unavailable", True, "c-1"))
        self.assertEqual((self.game.receipts.dump(), self.game.pending_ids), ({}, {}))

    def test_all_who_sent_it_get_the_reply_and_the_first_is_no_duplicate(self) -> None:
        pending, answers = self.judged()
        more = [Answers(), Answers()]
        for each in more:
            pending.join(each.append)
        pending.settle(self.game)
        self.assertEqual(answers.reply, {"status": "ok", "id": "c-1", "result": 1})
        for each in more:
            self.assertEqual(each.reply, {"status": "ok", "id": "c-1", "result": 1, "duplicate": True})

    def test_a_refusal_or_a_failure_is_the_same_for_all_who_sent_it(self) -> None:
        for end in ("settle", "fail"):
            pending, answers = self.judged("jump")
            second = Answers()
            pending.join(second.append)
            getattr(pending, end)(self.game)
            self.assertEqual(answers, second)
            self.assertEqual(len(second), 1)

    def test_overdue_it_says_so_once_and_still_leaves_a_receipt(self) -> None:
        pending, answers = self.judged()
        pending.overdue()
        self.assertEqual((answers.code, answers.reply["error"]["retryable"]), ("outcome_unknown", True))
        pending.overdue()
        self.assertIs(self.game.pending_ids["alice", "c-1"], pending, "a retry must find it")
        pending.settle(self.game)
        self.assertEqual(len(answers), 1)
        self.assertEqual(self.game.receipts.find("alice", "c-1"), Receipt("c-1", digest("add", {}), b"1"))
        self.assertEqual(self.game.pending_ids, {})

    def test_who_sends_it_again_when_it_was_overdue_gets_the_reply_as_a_duplicate(self) -> None:
        pending, answers = self.judged()
        pending.overdue()
        again, more = Answers(), Answers()
        pending.join(again.append)
        pending.join(more.append)
        pending.settle(self.game)
        for each in (again, more):
            self.assertEqual(each.reply, {"status": "ok", "id": "c-1", "result": 1, "duplicate": True})
        self.assertEqual(answers.code, "outcome_unknown")

    def test_what_was_overdue_and_failed_says_nothing_more(self) -> None:
        pending, answers = self.judged()
        pending.overdue()
        pending.fail(self.game)
        self.assertEqual(answers.code, "outcome_unknown")

    def test_without_an_id_it_is_not_known_again(self) -> None:
        pending, answers = self.judged(id=None)
        self.assertIsNone(pending.key)
        pending.settle(self.game)
        self.assertEqual((answers.reply, self.game.receipts.dump()), ({"status": "ok", "result": 1}, {}))

    def test_the_order_of_keys_and_the_case_of_the_name_make_no_other_command(self) -> None:
        first = PendingCommand(Role(ALICE, True), Request("Add", "c", {"a": 1, "b": {"c": 2, "d": 3}}), print)
        second = PendingCommand(Role(ALICE, True), Request("aDD", "c", {"b": {"d": 3, "c": 2}, "a": 1}), print)
        other = PendingCommand(Role(ALICE, True), Request("Add", "c", {"a": 2, "b": {"c": 2, "d": 3}}), print)
        self.assertEqual(first.digest, second.digest)
        self.assertNotEqual(first.digest, other.digest)

    def test_what_is_known_of_it_now_is_what_recovery_finds_in_its_entry(self) -> None:
        pending, _ = self.judged("ADD", number=3)
        assert pending.entry is not None
        self.assertEqual(digest(pending.entry.name, json.loads(pending.entry.arguments)), pending.digest)
