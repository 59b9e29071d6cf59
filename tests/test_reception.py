"""Reception: who takes part as whom, what they are told when that changes, and who is said to be away."""

from __future__ import annotations

import json
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc import Event, GameModel, Own, Player, Secret, command, field
from gamesvc.attendance import AWAY_SECONDS, MAX_PRESENT
from gamesvc.errors import CloseCode
from gamesvc.limits import OVERDUE_SECONDS
from gamesvc.pending import Role
from gamesvc.recovery import recover
from tests import wire
from tests.tables import ALICE, BOB, CAROL, Connected, Table

V1 = "Sec-WebSocket-Protocol: gamesvc.v1"


class Noted(Event):
    text: str


class Club(GameModel, seats=(1, 3)):
    """Has secrets, and lets everybody go."""

    hands: Own[dict[Player, int]] = field(default_factory=dict)
    key: Secret[int] = 42
    told: list[str] = field(default_factory=list)
    is_broken: bool = False

    @command
    def whisper(self, player: Player, text: str = "psst") -> None:
        self.publish(Noted(text), to=[player])

    @command
    def say(self, player: Player, text: str = "hello") -> None:
        self.publish(Noted(text))

    @command
    def ruin(self, player: Player) -> None:
        self.is_broken = True

    @command
    def end(self, player: Player) -> None:
        self.finish(Noted("the end"))

    def view(self, viewer: Player | None) -> dict[str, Any]:
        if self.is_broken and viewer is None:
            raise RuntimeError("broken")
        return super().view(viewer)

    def on_join(self, player: Player) -> None:
        self.hands[player] = len(self.hands)

    def on_leave(self, player: Player) -> None:
        self.hands.pop(player, None)


class Watchful(GameModel, seats=2):
    """Is told who is away."""

    told: list[str] = field(default_factory=list)

    @command
    def look(self, player: Player) -> list[str]:
        return self.told

    def on_away(self, player: Player) -> None:
        self.told.append(f"{player} away")

    def on_back(self, player: Player) -> None:
        self.told.append(f"{player} back")

    def on_leave(self, player: Player) -> None:
        self.told.append(f"{player} left")


class Lounge(GameModel):
    """Is told who is away, and has no seats."""

    told: list[str] = field(default_factory=list)

    @command
    def look(self, player: Player) -> list[str]:
        return self.told

    def on_away(self, player: Player) -> None:
        self.told.append(f"{player} away")

    def on_back(self, player: Player) -> None:
        self.told.append(f"{player} back")


class Hall(GameModel):
    """Is told nothing."""

    @command
    def look(self, player: Player) -> None: ...


def told(table: Table) -> list[str]:
    """What the model was told."""
    model: Any = table.instance._model
    return list(model.told)


def names(events: list[Any]) -> list[str]:
    """What came, in short."""
    return [event.get("event") or event["status"] for event in events]


class Seats(SynchronousTestCase):
    """Seats are given up and taken while people are connected."""

    def setUp(self) -> None:
        self.table = Table(Club)
        self.alice = self.connect("alice")
        self.bob = self.connect("bob", state=True)
        self.alice.news()

    def connect(self, name: str, **how: Any) -> Connected:
        spectate = how.pop("spectate", False)
        how.setdefault("greeted", how.get("framework", True))
        connected = Connected(self.table.server, self.table.admit(name, None, spectate), **how)
        self.table.run()
        connected.news()
        return connected

    def send(self, who: Connected, name: str, **arguments: Any) -> list[Any]:
        who.send(name, **arguments)
        self.table.run()
        return who.news()

    def test_who_gives_it_up_is_told_all_and_then_welcomed_as_one_who_watches(self) -> None:
        for _ in range(2):
            self.send(self.alice, "whisper")
        left, welcome, reply = self.send(self.alice, "gamesvc.leave", id="c-1")
        self.assertEqual(left, {"event": "gamesvc.left", "player": "alice", "seat": 0, "seq": 5})
        self.assertEqual(reply, {"status": "ok", "id": "c-1"})
        # She sees one kind of events from now on, and numbers only these.
        self.assertEqual(
            welcome,
            {
                "event": "gamesvc.welcome",
                "game": "g1",
                "kind": "kind",
                "epoch": "epoch.public",
                "seq": 3,
                "resumed": False,
                "player": "alice",
                "playing": False,
                "players": [None, "bob", None],
                "present": ["bob"],
            },
        )
        self.assertEqual([event["seq"] for event in self.send(self.bob, "say") if event.get("text")], [4])
        self.assertEqual(self.alice.news(), [{"event": "Noted", "text": "hello", "seq": 4}])
        (reply,) = self.send(self.alice, "say")
        self.assertEqual(reply["error"]["code"], "not_a_player")

    def test_who_takes_one_is_welcomed_as_a_player_and_counts_what_was_private_to_them_before(self) -> None:
        for _ in range(2):
            self.send(self.alice, "whisper")
        self.send(self.alice, "gamesvc.leave")
        joined, welcome, reply = self.send(self.alice, "gamesvc.sit", id="c-2")
        self.assertEqual((joined["event"], joined["seq"], reply["status"]), ("gamesvc.joined", 4, "ok"))
        self.assertEqual((welcome["epoch"], welcome["seq"], welcome["playing"]), ("epoch", 6, True))
        self.assertEqual((welcome["players"], welcome["present"]), (["alice", "bob", None], ["alice", "bob"]))
        whispered, reply = self.send(self.alice, "whisper")
        self.assertEqual((whispered["seq"], reply["status"]), (7, "ok"))

    def test_all_of_a_players_connections_are_told_and_nobody_elses(self) -> None:
        again = self.connect("alice")
        watcher = self.connect("zoe", spectate=True)
        self.send(self.alice, "gamesvc.leave")
        self.assertEqual(names(again.news()), ["gamesvc.left", "gamesvc.welcome"])
        self.assertEqual(names(self.bob.news())[0], "gamesvc.left")
        self.assertEqual(names(watcher.news()), ["gamesvc.left"])
        self.assertEqual(self.send(again, "say")[0]["error"]["code"], "not_a_player")
        self.send(again, "gamesvc.sit")
        self.assertEqual(names(self.alice.news()), ["gamesvc.joined", "gamesvc.welcome"])

    def test_who_keeps_the_state_gets_it_as_it_is_seen_from_there(self) -> None:
        *_, welcome, _ = self.send(self.bob, "gamesvc.leave")
        self.assertEqual((welcome["event"], welcome["state"]["hands"]), ("gamesvc.welcome", {}))
        self.assertNotIn("key", welcome["state"])
        *_, welcome, _ = self.send(self.bob, "gamesvc.sit")
        self.assertEqual(welcome["state"]["hands"], {"bob": 1})
        self.bob.news()
        self.send(self.alice, "ruin")
        self.assertEqual(names(self.bob.news()), ["gamesvc.patch"])

    def test_who_can_not_be_told_is_sent_away_to_come_back(self) -> None:
        classic = self.connect("alice", framework=False)
        paused = self.connect("alice")
        paused.subscription.pause()
        self.send(self.alice, "gamesvc.leave")
        self.assertEqual([each.closed_with for each in (classic, paused, self.alice)],
                         [CloseCode.RESYNC, CloseCode.RESYNC, None])  # fmt: skip
        self.assertEqual(len(self.table.server.controllers), 2)

    def test_where_the_state_can_not_be_shown_the_connection_ends_and_the_others_are_told(self) -> None:
        again = self.connect("bob")
        self.send(self.alice, "ruin")
        self.send(self.bob, "gamesvc.leave")
        self.assertEqual(self.bob.closed_with, CloseCode.INTERNAL_ERROR)
        self.assertEqual(names(again.news())[-2:], ["gamesvc.left", "gamesvc.welcome"])
        self.assertEqual(len(self.table.reports), 1)

    def test_neither_takes_arguments(self) -> None:
        for name in ("gamesvc.leave", "gamesvc.sit"):
            (reply,) = self.send(self.alice, name, id="7", seat=2)
            error = reply["error"]
            self.assertEqual((error["code"], error["message"]), ("bad_arguments", f"{name} takes no arguments"))
        self.assertEqual((self.table.server.players[0], self.alice.member.role.playing), (ALICE, True))
        # It had no effect, so its id is free.
        self.assertEqual(names(self.send(self.alice, "gamesvc.leave", id="7"))[-1], "ok")

    def test_a_connection_that_came_to_watch_does_so_whatever_its_player_does(self) -> None:
        watcher = self.connect("alice", spectate=True, state=True)
        for name in ("gamesvc.leave", "gamesvc.sit"):
            (reply,) = self.send(watcher, name, id="7")
            self.assertEqual(reply["error"]["code"], "not_a_player")
        self.assertEqual(self.table.server.players[0], ALICE)
        self.assertEqual(names(self.send(self.alice, "gamesvc.leave", id="7"))[1:], ["gamesvc.welcome", "ok"])
        self.assertEqual(names(watcher.news()), ["gamesvc.left"])
        # Nor can it sit while its name has no seat, or is it told what the player was told.
        for id, name in (("7", "gamesvc.leave"), ("8", "gamesvc.sit"), (None, "gamesvc.sit")):
            (reply,) = self.send(watcher, name, id=id)
            self.assertEqual(reply["error"]["code"], "not_a_player")
        self.assertIsNone(self.table.server.players[0])
        self.assertEqual(names(self.send(self.alice, "gamesvc.sit", id="8"))[1:], ["gamesvc.welcome", "ok"])
        self.assertEqual(names(watcher.news()), ["gamesvc.joined"])
        self.assertEqual(watcher.member.role, Role(ALICE, playing=False))
        self.send(self.alice, "whisper")
        self.assertEqual(watcher.news(), [])
        shown = json.loads(self.table.server.welcome(watcher.member.role, None, show_state=True))
        self.assertEqual((shown["playing"], shown["state"]["hands"]), (False, {}))

    def test_who_came_to_play_when_there_was_no_seat_takes_one_with_all_such_connections(self) -> None:
        carol = self.connect("carol")
        dave, again, watcher = self.connect("dave"), self.connect("dave"), self.connect("dave", spectate=True)
        self.send(carol, "gamesvc.leave")
        for each in (dave, again, watcher):
            each.news()
        self.send(dave, "gamesvc.sit")
        self.assertEqual(names(again.news()), ["gamesvc.joined", "gamesvc.welcome"])
        self.assertEqual(names(watcher.news()), ["gamesvc.joined"])
        self.send(again, "gamesvc.leave")
        self.assertEqual(self.table.server.players[2], None)

    def test_who_gave_it_up_and_connects_anew_gets_a_free_one_but_not_to_watch(self) -> None:
        self.send(self.alice, "gamesvc.leave")
        self.assertFalse(self.connect("alice", spectate=True).member.role.playing)
        self.assertEqual(self.table.server.players, [None, BOB, None])
        self.assertTrue(self.connect("alice").member.role.playing)
        self.assertEqual(self.table.server.players, [ALICE, BOB, None])

    def test_what_is_refused_changes_nobodys_role(self) -> None:
        for name, code in (("gamesvc.jump", "unknown_command"), ("gamesvc.", "unknown_command")):
            (reply,) = self.send(self.alice, name, id="c-1")
            self.assertEqual((reply["error"]["code"], reply["id"]), (code, "c-1"))
        self.send(self.alice, "end")
        for name in ("gamesvc.leave", "gamesvc.jump"):
            (reply,) = self.send(self.alice, name)
            self.assertEqual(reply["error"]["code"], "game_over" if name == "gamesvc.leave" else "unknown_command")
        self.assertTrue(self.alice.member.role.playing)

    def test_sent_again_it_does_nothing_more_and_nobody_is_welcomed_again(self) -> None:
        for id, name in (("c-1", "gamesvc.leave"), ("c-2", "gamesvc.sit")):
            self.send(self.alice, name, id=id)
            entries = len(self.table.journal.entries("g1"))
            again = [{"status": "ok", "id": id, "duplicate": True}]
            self.assertEqual(self.send(self.alice, name, id=id), again)
            self.assertEqual(len(self.table.journal.entries("g1")), entries)

    def test_where_it_is_so_already_nobody_is_welcomed_again_and_only_its_id_is_written_down(self) -> None:
        entries = len(self.table.journal.entries("g1"))
        for name, kind in (("gamesvc.sit", "seated"), ("gamesvc.leave", "left")):
            self.assertEqual(self.send(self.alice, name), [{"status": "ok"}])
            self.assertEqual(len(self.table.journal.entries("g1")), entries)
            for more in ({}, {"duplicate": True}):
                self.assertEqual(self.send(self.alice, name, id=kind), [{"status": "ok", "id": kind, **more}])
            *_, entry = self.table.journal.entries("g1")
            self.assertEqual(
                (entry.number, entry.kind, entry.id, entry.seats, entry.events), (entries + 1, kind, kind, None, ())
            )
            self.send(self.alice, "gamesvc.leave")
            entries += 2

    def test_where_it_was_so_already_it_does_not_come_about_when_it_is_sent_again(self) -> None:
        for id, name in (("s1", "gamesvc.sit"), ("l2", "gamesvc.leave")):
            self.assertEqual(self.send(self.alice, name, id=id)[-1], {"status": "ok", "id": id})
        again = {"status": "ok", "id": "s1", "duplicate": True}
        self.assertEqual(self.send(self.alice, "gamesvc.sit", id="s1"), [again])
        self.assertEqual((self.table.server.players[0], self.alice.member.role.playing), (None, False))
        stored = self.table.journal.stored("g1")
        recovered = recover(Club, stored.snapshot, stored.entries)
        self.assertEqual([each.id for each in recovered.receipts.dump()["alice"]], ["s1", "l2"])
        self.assertEqual(recovered.receipts.dump(), self.table.server.receipts.dump())
        self.assertEqual(recovered.standing, self.table.instance.standing)

    def test_their_names_may_be_in_any_case_and_are_kept_in_lower_case(self) -> None:
        for id, name in (("7", "GameSVC.Leave"), ("8", "gamesvc.SIT"), ("9", "Gamesvc.Sit")):
            self.assertEqual(self.send(self.alice, name, id=id)[-1], {"status": "ok", "id": id})
        names_kept = [entry.name for entry in self.table.journal.entries("g1")[-3:]]
        self.assertEqual(names_kept, ["gamesvc.leave", "gamesvc.sit", "gamesvc.sit"])
        # Whichever way it was written, it is known again.
        for id, name in (("7", "gamesvc.leave"), ("8", "GAMESVC.sit")):
            self.assertEqual(self.send(self.alice, name, id=id)[-1].get("duplicate"), True)
        (reply,) = self.send(self.alice, "GAMESVC.jump")
        self.assertEqual(reply["error"]["code"], "unknown_command")

    def test_sent_again_after_something_else_it_does_not_undo_that(self) -> None:
        self.send(self.alice, "gamesvc.leave", id="7")
        self.send(self.alice, "gamesvc.sit", id="8")
        entries = len(self.table.journal.entries("g1"))
        again = [{"status": "ok", "id": "7", "duplicate": True}]
        self.assertEqual(self.send(self.alice, "gamesvc.leave", id="7"), again)
        self.assertEqual((self.table.server.players[0], self.alice.member.role.playing), (ALICE, True))
        self.send(self.alice, "gamesvc.leave", id="9")
        # She watches now, and is still the one who asked.
        for id, name in (("7", "gamesvc.leave"), ("8", "gamesvc.sit")):
            self.assertEqual(self.send(self.alice, name, id=id)[0].get("duplicate"), True)
        self.assertEqual(self.table.server.players, [None, BOB, None])
        self.assertEqual(len(self.table.journal.entries("g1")), entries + 1)

    def test_an_id_of_something_else_is_refused_whether_that_waits_or_is_done(self) -> None:
        self.alice.send("gamesvc.leave", id="7")
        self.alice.send("gamesvc.sit", id="7")
        self.alice.send("say", id="7")
        self.table.run()
        replies = [each for each in self.alice.news() if "status" in each]
        self.assertEqual(sorted(each.get("error", {}).get("code", "ok") for each in replies),
                         ["id_reused", "id_reused", "ok"])  # fmt: skip
        (reply,) = self.send(self.alice, "gamesvc.sit", id="7")
        self.assertEqual((reply["error"]["code"], self.table.server.players[0]), ("id_reused", None))
        self.send(self.alice, "gamesvc.sit", id="8")
        (reply,) = self.send(self.alice, "say", id="8")
        self.assertEqual(reply["error"]["code"], "id_reused")

    def test_sent_again_while_it_waits_for_the_journal_it_waits_with_it(self) -> None:
        again = self.connect("alice")
        self.alice.send("gamesvc.leave", id="7")
        asked = self.table.in_flight()
        again.send("gamesvc.leave", id="7")
        self.assertEqual((self.alice.news(), again.news(), len(asked.entries)), ([], [], 1))
        asked.ok()
        self.table.run()
        for who, reply in ((self.alice, {"status": "ok", "id": "7"}),
                           (again, {"status": "ok", "id": "7", "duplicate": True})):  # fmt: skip
            left, welcome, *replies = who.news()
            self.assertEqual((left["event"], replies, welcome["event"]), ("gamesvc.left", [reply], "gamesvc.welcome"))
        self.assertEqual(self.table.journal.asked, [])

    def test_where_the_journal_did_not_keep_it_it_takes_effect_when_it_is_sent_again(self) -> None:
        self.alice.send("gamesvc.leave", id="7")
        self.table.in_flight().unavailable()
        self.table.run()
        self.assertEqual(self.table.server.players[0], ALICE)
        self.alice.news()
        left, _, reply = self.send(self.alice, "gamesvc.leave", id="7")
        self.assertEqual((left["event"], reply), ("gamesvc.left", {"status": "ok", "id": "7"}))

    def test_recovery_knows_the_ids_of_it(self) -> None:
        for id, name in (("7", "gamesvc.leave"), ("8", "gamesvc.sit"), ("9", "say")):
            self.send(self.alice, name, id=id)
        stored = self.table.journal.stored("g1")
        recovered = recover(Club, stored.snapshot, stored.entries)
        self.assertEqual(recovered.receipts.dump(), self.table.server.receipts.dump())
        self.assertEqual([each.id for each in recovered.receipts.dump()["alice"]], ["7", "8", "9"])

    def test_nothing_of_it_shows_before_it_is_durable(self) -> None:
        self.alice.send("gamesvc.leave")
        asked = self.table.in_flight()
        self.assertEqual((self.alice.news(), self.alice.member.role.playing), ([], True))
        asked.unavailable()
        self.table.run()
        (reply,) = self.alice.news()
        self.assertEqual((reply["error"]["code"], self.table.server.players[0]), ("unavailable", ALICE))

    def test_what_the_player_sends_after_it_is_not_taken_for_a_players(self) -> None:
        self.alice.send("gamesvc.leave")
        self.alice.send("say")
        self.table.run()
        replies = [each for each in self.alice.news() if "status" in each]
        self.assertEqual([each.get("error", {}).get("code") for each in replies], [None, "not_a_player"])
        self.assertEqual(self.table.reports, [])

    def test_who_is_just_being_let_in_when_their_seat_is_given_up_is_known_to_have_none(self) -> None:
        role = self.alice.member.role
        self.assertTrue(self.table.server.still_has(role))
        self.send(self.alice, "gamesvc.leave")
        self.assertFalse(self.table.server.still_has(role))
        self.assertTrue(self.table.server.still_has(self.alice.member.role))

    def test_a_seat_that_was_given_up_is_anybodys(self) -> None:
        carol, dave = self.connect("carol"), self.connect("dave")
        (refused,) = self.send(dave, "gamesvc.sit")
        self.assertEqual((refused["error"]["code"], refused["error"]["retryable"]), ("no_seat", True))
        self.send(carol, "gamesvc.leave")
        dave.news()
        self.assertEqual(names(self.send(dave, "gamesvc.sit")), ["gamesvc.joined", "gamesvc.welcome", "ok"])
        self.assertEqual(self.send(carol, "gamesvc.sit")[-1]["error"]["code"], "no_seat")

    def test_who_has_given_it_up_is_not_away_but_gone(self) -> None:
        self.send(self.alice, "gamesvc.leave")
        self.bob.news()
        self.alice.close(CloseCode.NORMAL)
        self.table.pass_time(6)
        self.assertEqual(self.bob.news(), [])


class Presence(SynchronousTestCase):
    """Who is away, and who is back."""

    def connect(self, table: Table, role: Role, **how: Any) -> Connected:
        how.setdefault("greeted", how.get("framework", True))
        connected = Connected(table.server, role, **how)
        table.run()
        connected.news()
        return connected

    def test_v1_clients_are_told_without_a_number_and_classic_ones_are_not(self) -> None:
        table = Table(Hall)
        alice = self.connect(table, Role(ALICE, True))
        others = [self.connect(table, Role(BOB, True)), self.connect(table, Role(CAROL, False), state=True)]
        classic = self.connect(table, Role(BOB, True), framework=False)
        slow = self.connect(table, Role(BOB, True))
        slow.subscription.pause()
        alice.close(CloseCode.NORMAL)
        table.pass_time(AWAY_SECONDS + 1)
        for each in others:
            self.assertEqual(each.news(), [{"event": "gamesvc.away", "player": "alice"}])
        self.connect(table, Role(ALICE, True))
        for each in others:
            self.assertEqual(each.news(), [{"event": "gamesvc.back", "player": "alice"}])
        slow.subscription.resume()
        table.run()
        self.assertEqual((classic.heard, slow.heard), ([], []))
        self.assertEqual((len(table.journal.entries("g1")), table.publisher.published), (1, []))

    def test_who_takes_part_for_the_first_time_is_told_of_but_not_to_themselves(self) -> None:
        table = Table(Hall)
        alice, watcher = self.connect(table, Role(ALICE, True)), self.connect(table, Role(ALICE, False))
        bob = Connected(table.server, Role(BOB, True))
        table.run()
        back = [{"event": "gamesvc.back", "player": "bob"}]
        self.assertEqual((alice.news(), watcher.news(), bob.news()), (back, back, []))
        Connected(table.server, Role(BOB, True))
        table.run()
        self.assertEqual(alice.news(), [])

    def test_who_takes_a_seat_is_told_of_once_and_who_has_one_and_does_not_come_is_away(self) -> None:
        table = Table(Watchful)
        alice = self.connect(table, table.admit("alice"))
        bob = table.admit("bob")
        self.connect(table, bob)
        self.assertEqual(names(alice.news()), ["gamesvc.joined"])
        table = Table(Watchful)
        alice = Connected(table.server, table.admit("alice", ("alice", "bob")))
        table.pass_time(AWAY_SECONDS)
        self.assertEqual(alice.news()[-1:], [{"event": "gamesvc.away", "player": "bob"}])
        self.connect(table, table.admit("bob", ("alice", "bob")))
        self.assertEqual(alice.news(), [{"event": "gamesvc.back", "player": "bob"}])

    def test_a_model_that_wants_to_know_is_told_and_that_is_written_before_anybody_hears_of_it(self) -> None:
        table = Table(Watchful)
        alice, bob = (self.connect(table, table.admit(name)) for name in ("alice", "bob"))
        self.assertEqual(told(table), [])
        alice.close(CloseCode.NORMAL)
        table.clock.advance(AWAY_SECONDS)
        asked = table.in_flight()
        self.assertEqual(([entry.kind for entry in asked.entries], bob.news()), (["away"], []))
        asked.ok()
        table.run()
        self.assertEqual((told(table), names(bob.news())), (["alice away"], ["gamesvc.away"]))
        self.connect(table, Role(ALICE, True))
        self.assertEqual((told(table), names(bob.news())), (["alice away", "alice back"], ["gamesvc.back"]))
        entries = table.journal.entries("g1")
        self.assertEqual([(entry.kind, entry.player) for entry in entries[-2:]], [("away", "alice"), ("back", "alice")])

    def test_the_last_one_is_away_as_well_where_the_model_wants_to_know(self) -> None:
        table = Table(Watchful)
        self.connect(table, table.admit("alice")).close(CloseCode.NORMAL)
        table.pass_time(AWAY_SECONDS)
        self.assertEqual(told(table), ["alice away"])
        self.assertEqual(table.clock.getDelayedCalls(), [])

    def test_without_seats_it_is_told_of_everybody_who_enters(self) -> None:
        table = Table(Lounge)
        first = self.connect(table, Role(ALICE, True))
        self.connect(table, Role(ALICE, True))
        self.connect(table, Role(CAROL, False))
        self.assertEqual((told(table), first.news()), (["alice back"], []))

    def test_a_player_whom_anothers_token_has_seated_is_there_when_they_come(self) -> None:
        table = Table(Watchful)
        self.connect(table, table.admit("alice", ("alice", "bob")))
        self.assertEqual(told(table), [])
        self.connect(table, table.admit("bob", ("alice", "bob")))
        self.assertEqual(told(table), ["bob back"])

    def test_who_opens_a_game_to_watch_it_is_not_there_though_their_token_names_them(self) -> None:
        table = Table(Watchful)
        watcher = self.connect(table, table.admit("alice", ("alice", "bob"), spectate=True))
        stored = table.journal.stored("g1")
        for standing in (table.instance.standing, recover(Watchful, stored.snapshot, stored.entries).standing):
            self.assertEqual((standing.seats, standing.here), ((ALICE, BOB), frozenset()))
        watcher.close(CloseCode.NORMAL)
        table.pass_time(AWAY_SECONDS + 1)
        self.assertEqual(told(table), [])
        self.connect(table, table.admit("alice", ("alice", "bob")))
        self.assertEqual(told(table), ["alice back"])

    def test_who_is_gone_when_they_have_taken_a_seat_is_away_in_time(self) -> None:
        for how in ("cut", "classic", "slow"):
            table = Table(Watchful)
            bob = self.connect(table, table.admit("bob"))
            alice = self.connect(table, Role(ALICE, False, may_sit=True), framework=how != "classic")
            alice.send("gamesvc.sit")
            if how == "slow":
                alice.subscription.pause()
            if how == "cut":
                alice.close(CloseCode.NORMAL)
            table.run()
            self.assertEqual((table.server.players, len(table.server.controllers)), ([BOB, ALICE], 1), how)
            bob.news()
            table.pass_time(AWAY_SECONDS)
            self.assertEqual((told(table), names(bob.news())), (["alice away"], ["gamesvc.away"]), how)

    def test_who_asks_for_the_seat_that_they_have_and_goes_is_away_in_time(self) -> None:
        table = Table(Watchful)
        alice, bob = (self.connect(table, table.admit(name)) for name in ("alice", "bob"))
        bob.send("look")
        asked = table.in_flight()
        alice.send("gamesvc.sit")
        alice.close(CloseCode.NORMAL)
        asked.ok()
        table.run()
        bob.news()
        table.pass_time(AWAY_SECONDS)
        self.assertEqual((told(table), names(bob.news())), (["alice away"], ["gamesvc.away"]))

    def test_who_is_away_is_not_said_to_be_so_twice(self) -> None:
        table = Table(Watchful)
        alice, bob = (self.connect(table, table.admit(name)) for name in ("alice", "bob"))
        alice.close(CloseCode.NORMAL)
        table.pass_time(AWAY_SECONDS)
        self.assertEqual(names(bob.news()), ["gamesvc.away"])
        # One that came to play when there was no seat, and is gone before it is told of the seat that its name has.
        again = self.connect(table, Role(ALICE, playing=False, may_sit=True))
        bob.send("look")
        asked = table.in_flight()
        again.send("gamesvc.sit")
        again.close(CloseCode.NORMAL)
        asked.ok()
        table.run()
        bob.news()
        table.pass_time(AWAY_SECONDS + 1)
        self.assertEqual((told(table), bob.news()), (["alice away"], []))

    def test_who_is_let_in_and_never_comes_is_away(self) -> None:
        table = Table(Watchful)
        table.admit("alice")
        table.pass_time(AWAY_SECONDS)
        self.assertEqual(told(table), ["alice away"])

    def test_who_comes_and_goes_over_and_over_has_little_written(self) -> None:
        table = Table(Watchful)
        bob = self.connect(table, table.admit("bob"))
        role = table.admit("alice")
        bob.news()
        entries = len(table.journal.entries("g1"))
        for _ in range(200):
            self.connect(table, role).close(CloseCode.NORMAL)
            table.pass_time(0.25)
        self.assertEqual((len(table.journal.entries("g1")), bob.news()), (entries, []))

    def test_what_the_journal_does_not_keep_is_told_again_as_it_is_by_then(self) -> None:
        table = Table(Watchful)
        alice, bob = (self.connect(table, table.admit(name)) for name in ("alice", "bob"))
        alice.close(CloseCode.NORMAL)
        table.clock.advance(AWAY_SECONDS)
        table.in_flight().unavailable()
        self.assertEqual((told(table), bob.news()), ([], []))
        table.pass_time(1)
        self.assertEqual((told(table), names(bob.news())), (["alice away"], ["gamesvc.away"]))
        # She is back, which is not kept; and gone again before it is tried again.
        again = Connected(table.server, Role(ALICE, True))
        table.in_flight().unavailable()
        again.close(CloseCode.NORMAL)
        table.pass_time(3 + AWAY_SECONDS)
        self.assertEqual(told(table), ["alice away"])
        self.assertNotIn("gamesvc.back", names(bob.news()))
        # And now she stays.
        Connected(table.server, Role(ALICE, True))
        table.in_flight().unavailable()
        table.pass_time(1)
        self.assertEqual((told(table), names(bob.news())), (["alice away", "alice back"], ["gamesvc.back"]))

    def test_while_the_journal_stalls_nobody_is_told_and_afterwards_they_are(self) -> None:
        table = Table(Watchful)
        alice, bob = (self.connect(table, table.admit(name)) for name in ("alice", "bob"))
        bob.send("look")
        asked = table.in_flight()
        alice.close(CloseCode.NORMAL)
        table.clock.advance(OVERDUE_SECONDS)
        table.server.tick()
        table.turn()
        bob.news()
        table.clock.advance(3)
        self.assertEqual(bob.news(), [])
        asked.ok()
        table.pass_time(2)
        self.assertEqual((told(table), names(bob.news())), (["alice away"], ["gamesvc.away"]))

    def test_a_game_that_is_drained_has_no_timer_and_carries_on_with_those_who_were_gone(self) -> None:
        table = Table(Watchful)
        self.connect(table, table.admit("alice")).close(CloseCode.NORMAL)
        table.server.drain()
        self.assertEqual(table.clock.getDelayedCalls(), [])
        table.server.carry_on()
        table.pass_time(AWAY_SECONDS)
        self.assertEqual(told(table), ["alice away"])

    def test_those_who_do_not_come_back_are_away_in_the_order_of_their_names(self) -> None:
        # Those who were here are a set, and that has another order in each process.
        table = Table(Lounge)
        came = [self.connect(table, Role(Player(f"p{number}"), True)) for number in (3, 0, 5, 1, 7, 2, 6, 4)]
        table.server.drain()
        for each in came:
            each.close(CloseCode.NORMAL)
        table.server.carry_on()
        table.pass_time(AWAY_SECONDS)
        self.assertEqual(told(table)[-8:], [f"p{number} away" for number in range(8)])

    def test_it_stands_after_recovery_as_before_and_who_was_here_is_expected(self) -> None:
        table = Table(Watchful)
        connected = {name: self.connect(table, table.admit(name)) for name in ("alice", "bob")}
        connected["alice"].close(CloseCode.NORMAL)
        table.pass_time(AWAY_SECONDS)
        self.connect(table, Role(ALICE, True))
        connected["bob"].send("gamesvc.leave")
        table.run()
        stored = table.journal.stored("g1")
        recovered = recover(Watchful, stored.snapshot, stored.entries)
        self.assertEqual(recovered.standing, table.instance.standing)
        self.assertEqual((recovered.standing.here, recovered.standing.started), ({"alice"}, True))

    def test_with_very_many_who_have_no_seats_nobody_is_told_but_the_model(self) -> None:
        for model in (Hall, Lounge):
            table = Table(model)
            connections = [Connected(table.server, Role(Player(f"p{n}"), True)) for n in range(MAX_PRESENT)]
            table.run()
            heard = [each.news() for each in connections]
            self.assertEqual(names(heard[0]), ["gamesvc.back"] * (MAX_PRESENT - 1))
            connections += [Connected(table.server, Role(Player(f"q{n}"), True)) for n in range(3)]
            table.run()
            for each in connections[:2]:
                each.close(CloseCode.NORMAL)
            table.pass_time(AWAY_SECONDS + 1)
            self.assertEqual([each for each in connections[2:] if each.heard], [])
            if model is Lounge:
                self.assertEqual(told(table)[-2:], ["p0 away", "p1 away"])

    def test_the_time_on_the_wall_makes_no_difference(self) -> None:
        table = Table(Watchful)
        alice, bob = (self.connect(table, table.admit(name)) for name in ("alice", "bob"))
        for step in (7200.0, -7200.0):
            table.set_forth = step
            alice.close(CloseCode.NORMAL)
            table.pass_time(AWAY_SECONDS - 0.25)
            self.assertEqual(bob.news(), [])
            table.pass_time(0.25)
            self.assertEqual(names(bob.news()), ["gamesvc.away"])
            alice = self.connect(table, Role(ALICE, True))
            bob.news()


class ComingBack(SynchronousTestCase):
    """Who gave their seat up and comes back is given none."""

    def setUp(self) -> None:
        self.world = wire.World(games=("tests.test_reception:Club",))

    def opened(self, name: str, **query: object) -> tuple[wire.Line, Any]:
        """A connection, and its welcome."""
        more = "".join(f"&{key}={value}" for key, value in query.items())
        line = self.world.opened(f"/g?player={name}{more}", V1)
        self.world.turn()
        welcome, *_ = line.heard()
        return line, welcome

    def test_they_watch_whether_they_have_heard_that_it_is_gone_or_not(self) -> None:
        for hears in (True, False):
            name = f"alice-{hears}"
            line, welcome = self.opened(name)
            self.assertTrue(welcome["playing"])
            line.say(command="gamesvc.leave", id="l1")
            self.world.turn()
            if hears:
                _, welcome, reply = line.heard()
                self.assertEqual(reply, {"status": "ok", "id": "l1"})
            line.cut()
            line, welcome = self.opened(name, epoch=welcome["epoch"], since=welcome["seq"])
            self.assertEqual((welcome["playing"], welcome["players"]), (False, [None, None, None]))
            line.heard()
            line.say(command="gamesvc.leave", id="l1")
            self.world.turn()
            self.assertEqual(line.heard(), [{"status": "ok", "id": "l1", "duplicate": True}])
            # They may ask for one.
            line.say(command="gamesvc.sit", id="s2")
            self.world.turn()
            _, welcome, reply = line.heard()
            self.assertEqual((welcome["players"], reply), ([name, None, None], {"status": "ok", "id": "s2"}))
            line.say(command="gamesvc.leave", id="l3")
            self.world.turn()
            line.cut()

    def test_who_has_one_keeps_it_and_who_comes_anew_gets_one(self) -> None:
        line, welcome = self.opened("alice")
        line.cut()
        line, welcome = self.opened("alice", epoch=welcome["epoch"], since=welcome["seq"])
        self.assertEqual((welcome["playing"], welcome["resumed"]), (True, True))
        line.say(command="gamesvc.leave")
        self.world.turn()
        line.cut()
        for query in ({"spectate": 1}, {"since": 0}):
            _, welcome = self.opened("alice", **query)
            self.assertEqual((query, welcome["playing"]), (query, query == {"since": 0}))


class Restarts(SynchronousTestCase):
    """The welcome of a game that is over says how it ended."""

    def test_whoever_comes_later_is_told_that_it_is_over_and_how(self) -> None:
        table = Table(Club)
        alice, bob = (Connected(table.server, table.admit(name)) for name in ("alice", "bob"))
        before = json.loads(table.server.welcome(alice.member.role, None, show_state=False))
        self.assertNotIn("finished", before)
        bob.send("end")
        table.run()
        after = json.loads(table.server.welcome(alice.member.role, None, show_state=False))
        self.assertEqual((after["finished"], after["outcome"]), (True, {"event": "Noted", "text": "the end"}))
        stored = table.journal.stored("g1")
        recovered = recover(Club, stored.snapshot, stored.entries)
        self.assertEqual(recovered.standing, table.instance.standing)


class Sent(Event):
    """What a player is given when they take a seat."""

    card: int


class Opened(Event):
    """What everybody hears when the last one sits down."""


class Dealer(GameModel, seats=2):
    """Deals to who sits down."""

    def on_join(self, player: Player) -> None:
        self.publish(Sent(len(self.players)), to=[player])

    def on_start(self) -> None:
        self.publish(Opened())

    def on_leave(self, player: Player) -> None:
        pass

    @command
    def look(self, player: Player) -> None: ...


class Dealt(SynchronousTestCase):
    """Who takes a seat sees what the game makes of that, although they were not connected, or watched, at that."""

    def setUp(self) -> None:
        self.world = wire.World(games=("tests.test_reception:Dealer",))

    def heard(self, line: wire.Line) -> list[Any]:
        self.world.turn()
        keys = ("event", "seq", "card", "status")
        return [{key: frame[key] for key in keys if key in frame} for frame in line.heard()]

    def test_by_connecting(self) -> None:
        alice = self.world.opened("/g?player=alice", V1)
        self.assertEqual(
            self.heard(alice), [{"event": "gamesvc.welcome", "seq": 1}, {"event": "Sent", "seq": 2, "card": 1}]
        )
        bob = self.world.opened("/g?player=bob&state=1", V1)
        self.assertEqual(
            self.heard(bob),
            [
                {"event": "gamesvc.welcome", "seq": 2},
                {"event": "Sent", "seq": 3, "card": 2},
                {"event": "Opened", "seq": 4},
                {"event": "gamesvc.state", "seq": 4},
            ],
        )
        self.assertEqual(self.heard(alice), [{"event": "gamesvc.joined", "seq": 3}, {"event": "Opened", "seq": 4}])

    def test_by_connecting_in_classic(self) -> None:
        self.world.opened("/g?player=alice")
        bob = self.world.opened("/g?player=bob")
        self.assertEqual(self.heard(bob), [{"event": "Sent", "seq": 1, "card": 2}, {"event": "Opened", "seq": 2}])

    def test_by_sitting_down(self) -> None:
        alice = self.world.opened("/g?player=alice", V1)
        bob = self.world.opened("/g?player=bob", V1)
        zoe = self.world.opened("/g?player=zoe", V1)
        self.assertEqual(self.heard(zoe), [{"event": "gamesvc.welcome", "seq": 3}])
        bob.say(command="gamesvc.leave")
        self.heard(alice)
        self.assertEqual(self.heard(zoe), [{"event": "gamesvc.left", "seq": 4}])
        zoe.say(command="gamesvc.sit")
        self.assertEqual(
            self.heard(zoe),
            [
                {"event": "gamesvc.joined", "seq": 5},
                {"event": "gamesvc.welcome", "seq": 5},
                {"event": "Sent", "seq": 6, "card": 2},
                {"status": "ok"},
            ],
        )
        alice.say(command="gamesvc.leave")
        self.assertEqual(self.heard(zoe), [{"event": "gamesvc.left", "seq": 7}])

    def test_but_not_by_who_came_to_watch_under_the_same_name(self) -> None:
        self.world.opened("/g?player=alice", V1)
        bob = self.world.opened("/g?player=bob", V1)
        zoe = self.world.opened("/g?player=zoe", V1)
        watchers = [self.world.opened(f"/g?player={name}&spectate=1", V1) for name in ("zoe", "bob")]
        bob.say(command="gamesvc.leave")
        self.heard(zoe)
        zoe.say(command="gamesvc.sit")
        self.assertEqual([each.get("card") for each in self.heard(zoe)], [None, None, 2, None])
        for each in watchers:
            self.assertEqual(
                self.heard(each),
                [
                    {"event": "gamesvc.welcome", "seq": 3},
                    {"event": "gamesvc.left", "seq": 4},
                    {"event": "gamesvc.joined", "seq": 5},
                ],
            )

    def test_who_comes_once_more_has_seen_it(self) -> None:
        self.world.opened("/g?player=alice")
        again = self.world.opened("/g?player=alice", V1)
        self.assertEqual(self.heard(again), [{"event": "gamesvc.welcome", "seq": 2}])
