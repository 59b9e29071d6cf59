"""The bots of a game: as everybody else sees them, through kills, hand-overs and a journal that fails."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from msgspec import msgpack
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import GameModel, Move, Player, command
from gamesvc.bot_offer import BotRules
from gamesvc.errors import CloseCode, RequestRefused
from gamesvc.journal.records import BotSeat, Entry
from gamesvc.limits import OVERDUE_SECONDS
from gamesvc.messages import Request
from gamesvc.order import BOTS_WAKE_SECONDS
from gamesvc.pending import Role
from gamesvc.server import GameServer
from gamesvc.standing import Standing
from tests.held_bots import PAUSE, Chat, Held, HeldBots, Nim
from tests.houses import House
from tests.journals import Asked
from tests.tables import ALICE, BOB, Answers, Connected

BOT = Player("bot-random")
OPERATOR = Role(Player("operator"), playing=False, operates=True)


class Playing(SynchronousTestCase):
    """A server with a game, those who are connected to it, and bots that answer when the test says so."""

    model: type[GameModel] = Nim
    rules = BotRules(PAUSE)

    def setUp(self) -> None:
        self.offer = HeldBots(self.rules)
        self.house = House(self.model, bots=self.offer)
        self.lines: dict[str, Connected] = {}
        self.house.open()

    @property
    def server(self) -> GameServer:
        return self.house.games["g"]

    @property
    def standing(self) -> Standing:
        """As far as it is durable."""
        return self.server._order.standing

    @property
    def entries(self) -> list[Entry]:
        """Those that the journal has."""
        return self.house.journal.entries("g")

    def role(self, name: str, *, spectate: bool = False) -> Role:
        outcomes: list[Role | RequestRefused] = []
        self.server.admit(name, None, spectate, outcomes.append)
        self.house.run()
        (role,) = outcomes
        assert isinstance(role, Role)
        return role

    def come(self, *names: str, spectate: bool = False) -> Connected:
        """They come, or come back, and what follows from that happens."""
        for name in names:
            self.lines[name] = Connected(self.server, self.role(name, spectate=spectate), state=True, greeted=True)
            self.house.run()
        return self.lines[names[-1]]

    def go(self, *names: str) -> None:
        """They lose the line."""
        for name in names:
            self.lines.pop(name).close(CloseCode.REPLACED)
        self.house.run()

    def operate(self, id: str | None = None, /, **wanted: Any) -> Any:
        """The reply to who has bots play."""
        answers = self.submit(id, **wanted)
        self.house.run()
        return answers.reply

    def submit(self, id: str | None = None, /, **wanted: Any) -> Answers:
        answers = Answers()
        self.server.submit(OPERATOR, Request("gamesvc.bot", id, wanted), answers.append)
        return answers

    def take(self, name: str, count: int = 1) -> str:
        """The code of the reply to a player's command."""
        answers = Answers()
        self.server.submit(Role(Player(name), playing=True), Request("take", None, {"count": count}), answers.append)
        self.house.run()
        return answers.code

    def wait(self, seconds: float = PAUSE) -> None:
        self.house.pass_time(seconds)

    def think(self) -> Held:
        """The bot's question, when it is due."""
        self.wait()
        return self.offer.only

    def move(self, count: int = 1) -> None:
        """The bot plays."""
        self.think().answer("take", count=count)
        self.house.run()

    def kill(self) -> None:
        """The server is killed, and another one started. The game sleeps there until somebody wants it."""
        self.offer.asked.clear()
        self.lines.clear()
        self.house.start(kind=self.model)

    def lost(self) -> None:
        """The server is killed with what it has asked of its journal."""
        self.house.turn()
        self.kill()

    def append(self) -> Asked:
        """The one that waits."""
        (asked,) = [asked for asked in self.house.journal.asked if asked.what == "append"]
        return asked

    @property
    def left(self) -> int:
        """How many matches there are."""
        return int(msgpack.decode(self.standing.image[0]))


class Seen(Playing):
    """What those who are connected see of a bot."""

    def test_it_takes_a_seat_and_everybody_hears_of_it(self) -> None:
        alice, zoe = self.come("alice"), self.come("zoe", spectate=True)
        for each in (alice, zoe):
            each.news()
        self.assertEqual(self.operate(bot="random"), {"status": "ok", "result": {"player": "bot-random"}})
        for each in (alice, zoe):
            events = [event for event in each.news() if event["event"] != "gamesvc.patch"]
            self.assertEqual(
                [{key: value for key, value in event.items() if key != "seq"} for event in events],
                [
                    {"event": "gamesvc.joined", "player": "bot-random", "seat": 1},
                    {"event": "gamesvc.bot", "player": "bot-random", "bot": "random"},
                ],
            )
            self.assertEqual([event["seq"] for event in events], [2, 3])

    def test_who_comes_later_is_told_who_is_a_bot_and_that_it_is_there(self) -> None:
        self.assertNotIn("bots", self.come("alice").news()[0])
        self.operate(bot="random")
        welcome = self.come("zoe", spectate=True).news()[0]
        self.assertEqual(welcome["bots"], {"bot-random": "random"})
        self.assertEqual(welcome["players"], ["alice", "bot-random", None])
        self.assertEqual(welcome["present"], ["alice", "bot-random"])

    def test_who_is_away_is_not_present_though_a_bot_plays_for_them(self) -> None:
        self.come("alice", "bob")
        self.go("bob")
        self.operate(bot="random", player="bob")
        welcome = self.come("zoe", spectate=True).news()[0]
        self.assertEqual((welcome["bots"], welcome["present"]), ({"bob": "random"}, ["alice"]))

    def test_its_commands_are_like_anybodys(self) -> None:
        alice = self.come("alice")
        self.operate(bot="random")
        self.assertEqual(self.take("alice"), "ok")
        alice.news()
        held = self.think()
        self.assertEqual((held.question.bot, held.question.kind, held.question.player), ("random", "kind", BOT))
        held.answer("take", count=3)
        self.house.run()
        took, patch = alice.news()
        self.assertEqual((took["event"], took["player"], took["count"]), ("Took", "bot-random", 3))
        self.assertEqual(patch["patch"]["left"], 5)
        entry = self.entries[-1]
        self.assertEqual((entry.kind, entry.player, entry.id, entry.name), ("command", "bot-random", None, "take"))
        self.assertEqual((entry.arguments, entry.bots), (b'{"count":3}', None))

    def test_it_sees_what_its_player_sees_to_the_byte_and_no_more(self) -> None:
        self.come("alice")
        self.operate(bot="random")
        self.server.submit(Role(ALICE, playing=True), Request("dream", None, {"of": "a secret"}), lambda payload: None)
        self.take("alice")
        held = self.think()
        self.assertNotIn(b"secret", held.question.view)
        as_bot = json.loads(self.server.welcome(Role(BOT, playing=True), None, show_state=True))
        self.assertEqual(held.view, as_bot["state"])

    def test_people_see_what_happened_before_it_is_asked(self) -> None:
        self.come("alice")
        self.operate(bot="random")
        self.take("alice")
        self.wait(PAUSE - 0.25)
        self.assertEqual((self.offer.asked, self.server.quiet), ([], False))
        self.wait(0.25)
        self.assertEqual((len(self.offer.asked), self.server.quiet), (1, False))
        self.offer.only.answer("take", count=1)
        self.house.run()
        self.assertTrue(self.server.quiet)

    def test_who_comes_under_its_name_only_watches(self) -> None:
        self.come("alice")
        self.operate(bot="random")
        self.take("alice")
        impostor = self.come("bot-random")
        welcome = impostor.news()[0]
        self.assertEqual((welcome["playing"], "legal" in (welcome.get("state") or {})), (False, False))
        for name in ("take", "gamesvc.sit", "gamesvc.leave", "dream"):
            impostor.send(name, id=name)
            self.house.run()
        codes = {event["id"]: event["error"]["code"] for event in impostor.news() if event.get("status") == "error"}
        self.assertEqual(set(codes.values()), {"not_a_player"})
        self.assertEqual(len(codes), 4)
        self.move()
        self.assertEqual(self.left, 7)

    def test_a_whole_game(self) -> None:
        self.come("alice")
        self.operate(bot="random")
        for _ in range(4):
            self.take("alice")
            self.move()
        self.assertEqual(self.take("alice"), "ok")
        self.assertTrue(self.server.finished)
        self.wait(9)
        self.assertEqual((len(self.offer.asked), self.server.quiet, self.house.warnings), (4, True, []))

    def test_a_bot_that_fails_is_told_of_with_its_game(self) -> None:
        self.come("alice")
        self.operate(bot="random")
        self.take("alice")
        self.think().fail("ValueError: no idea")
        self.house.run()
        self.assertEqual(self.house.warnings, ["game g (kind), the bot random for 'bot-random': ValueError: no idea"])
        self.assertEqual((self.entries[-1].player, self.take("alice")), ("bot-random", "ok"))


class Exactly(Playing):
    """Once, under an id."""

    def test_a_retry_gets_the_first_reply(self) -> None:
        self.come("alice")
        first = self.operate("o-1", bot="random")
        entries = len(self.entries)
        self.assertEqual(self.operate("o-1", bot="random"), {**first, "duplicate": True})
        self.assertEqual(self.operate("o-1", bot="search")["error"]["code"], "id_reused")
        self.assertEqual((len(self.entries), self.standing.seats), (entries, (ALICE, BOT, None)))

    def test_a_retry_that_comes_while_the_first_waits_too(self) -> None:
        self.come("alice")
        answers = [self.submit("o-1", bot="random") for _ in range(2)]
        self.house.run()
        self.assertEqual([each.reply.get("duplicate", False) for each in answers], [False, True])
        self.assertEqual(len(self.standing.bots), 1)

    def test_after_a_kill_too(self) -> None:
        self.come("alice")
        self.submit("o-1", bot="random")
        self.house.turn()
        self.append().happen()
        self.kill()
        self.house.open()
        self.assertEqual(
            self.operate("o-1", bot="random"),
            {"status": "ok", "id": "o-1", "result": {"player": "bot-random"}, "duplicate": True},
        )

    def test_who_only_watches_under_the_operators_name_is_told_nothing_of_it(self) -> None:
        self.operate("o-1", bot="random")
        answers = Answers()
        role = Role(OPERATOR.player, playing=False)
        self.server.submit(role, Request("gamesvc.bot", "o-1", {"bot": "random"}), answers.append)
        self.assertEqual(answers.code, "not_a_player")


class Withdrawn(Playing):
    """A question is taken back when the game stands otherwise."""

    def setUp(self) -> None:
        super().setUp()
        self.come("alice", "bob")
        self.take("alice")
        self.go("bob")
        self.operate(bot="random", player="bob")

    def assert_nothing_comes_of_it(self) -> None:
        entries = len(self.entries)
        self.wait(9)
        self.assertEqual((len(self.entries), self.server.quiet, self.offer.thinking), (entries, True, []))

    def test_where_the_last_bot_goes_before_it_is_asked_or_while_it_thinks(self) -> None:
        for pause in (0, PAUSE):
            self.setUp()
            self.wait(pause)
            self.operate(player="bob")
            self.assertEqual(self.standing.bots, ())
            self.assertTrue(self.server.quiet)
            self.assert_nothing_comes_of_it()

    def test_where_its_player_is_back_before_it_is_asked_or_while_it_thinks(self) -> None:
        for pause in (0, PAUSE):
            self.setUp()
            self.wait(pause)
            bob = self.come("bob")
            self.assertEqual((self.standing.bots, self.standing.seats), ((), (ALICE, BOB, None)))
            self.assertIn({"event": "gamesvc.bot", "player": "bob", "bot": None}.items(), _items(bob))
            self.assert_nothing_comes_of_it()
            self.assertEqual(self.take("bob"), "ok")

    def test_what_it_had_chosen_when_its_player_came_back_counts_and_no_more_follows(self) -> None:
        self.think().answer("take", count=2)
        self.come("bob")
        self.assertEqual((self.left, self.standing.bots), (6, ()))
        self.take("alice")
        self.assert_nothing_comes_of_it()

    def test_who_only_watches_is_not_back(self) -> None:
        self.come("bob", spectate=True)
        self.assertEqual(len(self.standing.bots), 1)
        self.move()
        self.assertEqual(self.left, 7)

    def test_who_comes_back_before_it_was_durable_that_it_stands_in_has_it_go_at_once(self) -> None:
        self.operate(player="bob")
        self.submit(bot="random", player="bob")
        role = self.role("bob")
        Connected(self.server, role)
        self.house.run()
        self.assertEqual(self.standing.bots, ())
        self.assert_nothing_comes_of_it()

    def test_where_the_game_is_over(self) -> None:
        self.think()
        for name, count in (("bob", 3), ("alice", 3), ("bob", 2)):
            self.take(name, count)
        self.assertTrue(self.server.finished)
        self.assert_nothing_comes_of_it()

    def test_where_somebody_else_has_the_game_now(self) -> None:
        held = self.think()
        self.server.submit(Role(ALICE, playing=True), Request("scheme", None, {}), lambda payload: None)
        server = self.server
        self.house.turn()
        self.append().fenced()
        self.house.run()
        self.assertTrue(held.is_cancelled and server.closed)
        self.assertFalse(server._bots.is_busy)

    def test_where_the_server_stops(self) -> None:
        held = self.think()
        self.server.stop(CloseCode.SERVICE_RESTART)
        self.assertTrue(held.is_cancelled)
        self.house.pass_time(9)
        self.assertEqual(len(self.offer.asked), 1)

    def test_and_asked_again_where_the_game_carries_on_after_all(self) -> None:
        self.think()
        self.server.drain()
        self.wait(9)
        self.server.carry_on()
        self.wait()
        self.assertEqual((len(self.offer.asked), len(self.offer.thinking)), (2, 1))


def _items(line: Connected) -> list[Any]:
    return [{key: value for key, value in event.items() if key != "seq"}.items() for event in line.events]


class WithoutTheJournal(Playing):
    """A journal that fails, or says nothing for long."""

    def test_a_bots_command_that_was_not_kept_is_chosen_again(self) -> None:
        self.come("alice")
        self.operate(bot="random")
        self.take("alice")
        self.think().answer("take", count=2)
        self.house.turn()
        self.append().unavailable()
        self.house.run()
        self.assertEqual(self.left, 8)
        self.wait(1)
        self.offer.only.answer("take", count=3)
        self.house.run()
        self.assertEqual((self.left, len(self.offer.asked), self.house.warnings), (5, 2, []))

    def test_one_of_which_nothing_is_known_for_long_takes_effect_once(self) -> None:
        self.come("alice")
        self.operate(bot="random")
        self.take("alice")
        self.think().answer("take", count=2)
        self.house.turn()
        append = self.append()
        for _ in range(round(4 * (OVERDUE_SECONDS + 9))):
            self.house.clock.advance(0.25)
            for held in self.offer.thinking:
                held.answer("take", count=2)
        append.ok()
        self.house.run()
        self.wait(9)
        self.assertEqual((self.left, self.offer.thinking), (6, []))
        self.assertLess(len(self.offer.asked), 12)
        self.assertEqual(self.house.warnings, [])

    def test_a_bot_whose_seat_was_not_kept_has_none(self) -> None:
        self.come("alice")
        answers = self.submit(bot="random")
        self.house.turn()
        self.append().unavailable()
        self.house.run()
        self.assertEqual((answers.code, self.standing.bots, self.standing.seats[1]), ("unavailable", (), None))
        self.wait(9)
        self.assertEqual(self.offer.asked, [])


class Filling(Playing):
    """Seats that stay free are taken while somebody waits."""

    rules = BotRules(PAUSE, fill="random", fill_seconds=10.0)

    def test_as_many_as_are_needed_and_no_more(self) -> None:
        class Four(Nim, seats=(3, 4)):
            pass

        self.model = Four
        self.setUp()
        self.come("alice")
        self.wait(9.5)
        self.assertEqual(self.standing.bots, ())
        self.wait(0.5)
        self.assertEqual(self.standing.seats, (ALICE, BOT, "bot-random-2", None))
        self.assertEqual(len(self.standing.bots), 2)
        self.wait(60)
        self.assertEqual(len(self.standing.bots), 2)

    def test_who_comes_in_time_plays_instead(self) -> None:
        self.come("alice")
        self.wait(9)
        self.come("bob")
        self.wait(60)
        self.assertEqual((self.standing.seats, self.standing.bots), ((ALICE, BOB, None), ()))

    def test_where_nobody_waits_or_who_does_only_watches_they_stay_free(self) -> None:
        self.come("alice", "bob")
        self.kill()
        self.setUp()
        self.come("alice")
        self.go("alice")
        if "g" not in self.house.games:
            self.house.open()
        self.come("zoe", spectate=True)
        self.wait(60)
        self.assertEqual(self.standing.bots, ())

    def test_the_journal_keeps_it_as_nobodys_wish(self) -> None:
        self.come("alice")
        self.wait(10)
        entry = self.entries[-1]
        self.assertEqual((entry.kind, entry.player, entry.id, entry.name), ("bot", None, None, "gamesvc.bot"))
        self.assertEqual((entry.arguments, entry.bots), (b'{"bot":"random"}', (BotSeat(BOT, "random"),)))

    def test_what_the_journal_did_not_keep_is_tried_again(self) -> None:
        self.come("alice")
        self.house.clock.pump([0.25] * 40)
        for _ in range(3):
            self.append().unavailable()
            self.assertEqual(self.standing.bots, ())
            self.house.clock.pump([0.25] * 4)
        self.house.run()
        self.wait(1)
        self.assertEqual(len(self.standing.bots), 1)

    def test_a_journal_that_says_nothing_for_long_leads_to_one_bot(self) -> None:
        self.come("alice")
        self.house.clock.pump([0.25] * 40)
        append = self.append()
        self.house.clock.pump([0.25] * 60)
        append.unavailable()
        self.house.run()
        self.wait(2)
        self.assertEqual(len(self.standing.bots), 1)
        self.wait(30)
        self.assertEqual((len(self.standing.bots), self.server.quiet), (1, True))

    def test_a_model_that_wants_no_bots_is_asked_once(self) -> None:
        class Proud(Nim, seats=(2, 3)):
            def on_join(self, player: Player) -> None:
                if player.startswith("bot-"):
                    joins.append(player)
                    raise ValueError("not with me")

        joins: list[str] = []
        self.model = Proud
        self.setUp()
        self.come("alice")
        self.wait(120)
        self.assertEqual((joins, self.standing.bots), (["bot-random"], ()))
        self.assertEqual(len(self.house.reports), 1)

    def test_a_bot_that_can_not_play_it_is_not_seated(self) -> None:
        self.offer.refusals = {"random": "the bot random can't play Nim"}
        self.come("alice")
        self.wait(60)
        self.assertEqual((self.standing.bots, self.house.reports), ((), []))
        (warning,) = self.house.warnings
        self.assertIn("can't play: no_bot, the bot random can't play Nim", warning)

    def test_after_a_kill_who_comes_back_waits_anew(self) -> None:
        self.come("alice")
        self.wait(9)
        self.kill()
        self.house.open()
        self.wait(30)
        self.come("alice")
        self.wait(9)
        self.assertEqual(self.standing.bots, ())
        self.wait(1)
        self.assertEqual(len(self.standing.bots), 1)


class StandingIn(Playing):
    """A bot plays for who stays away, and hands back."""

    rules = BotRules(PAUSE, stand_in="search", stand_in_seconds=60.0)

    def setUp(self) -> None:
        super().setUp()
        self.come("alice", "bob")

    def test_after_so_long_while_somebody_else_is_there_and_until_they_are_back(self) -> None:
        self.take("alice")
        self.go("bob")
        self.wait(59)
        self.assertEqual(self.standing.bots, ())
        self.wait(1)
        self.assertEqual(self.standing.bots, (BotSeat(BOB, "search", stands_in=True),))
        self.move()
        self.assertEqual(self.left, 7)
        self.assertEqual([entry.player for entry in self.entries[-2:]], [None, "bob"])
        self.come("bob")
        self.assertEqual(self.standing.bots, ())
        self.take("alice")
        self.wait(90)
        self.assertEqual((self.offer.thinking, self.take("bob")), ([], "ok"))

    def test_where_nobody_else_is_there_it_waits_until_somebody_is(self) -> None:
        self.go("bob", "alice")
        self.wait(90)
        self.assertEqual(self.standing.bots, ())
        self.come("alice")
        self.assertEqual(len(self.standing.bots), 1)

    def test_who_watches_is_nobody_who_waits(self) -> None:
        self.come("zoe", spectate=True)
        self.go("bob", "alice")
        self.wait(90)
        self.assertEqual(self.standing.bots, ())

    def test_after_a_kill_who_does_not_come_back_is_stood_in_for(self) -> None:
        self.take("alice")
        self.kill()
        self.house.open()
        self.come("alice")
        self.wait(59)
        self.assertEqual(self.standing.bots, ())
        self.wait(1)
        self.assertEqual(self.standing.bots, (BotSeat(BOB, "search", stands_in=True),))

    def test_after_a_kill_it_stands_in_as_before_and_hands_back(self) -> None:
        self.go("bob")
        self.wait(60)
        self.take("alice")
        self.kill()
        self.house.open()
        self.assertEqual(self.standing.bots, (BotSeat(BOB, "search", stands_in=True),))
        self.move()
        self.assertEqual(self.left, 7)
        self.come("bob")
        self.assertEqual(self.standing.bots, ())

    def test_what_the_journal_did_not_keep_is_tried_again(self) -> None:
        self.go("bob")
        self.house.clock.pump([0.25] * 240)
        self.append().unavailable()
        self.house.run()
        self.wait(2)
        self.assertEqual(len(self.standing.bots), 1)
        bob = Connected(self.server, self.role("bob"))
        self.house.turn()
        self.append().unavailable()
        self.house.run()
        self.assertEqual(len(self.standing.bots), 1)
        # It is not asked for who is there.
        self.take("alice")
        self.wait(0.75)
        self.assertEqual((self.offer.asked, bob.closed_with), ([], None))
        self.wait(2)
        self.assertEqual(self.standing.bots, ())

    def test_who_gives_up_their_seat_takes_it_with_them(self) -> None:
        class Free(Nim, seats=(2, 3)):
            def on_leave(self, player: Player) -> None:
                pass

        self.model = Free
        self.setUp()
        self.go("bob")
        self.wait(60)
        self.take("alice")
        self.think()
        role = self.role("bob")
        Connected(self.server, role)
        answers = Answers()
        self.server.submit(role, Request("gamesvc.leave", None, {}), answers.append)
        self.house.run()
        self.assertEqual(answers.code, "ok")
        self.assertEqual((self.standing.seats, self.standing.bots), ((ALICE, None, None), ()))
        self.wait(9)
        self.assertEqual((self.offer.thinking, self.server.quiet), ([], True))


class Killed(Playing):
    """In every phase of a bot's turn the server is killed, and it goes on after that."""

    def setUp(self) -> None:
        super().setUp()
        self.come("alice")
        self.operate(bot="random")
        self.take("alice")

    def assert_goes_on(self, left: int = 8) -> None:
        self.house.open(opener=None)
        self.assertEqual((self.left, self.standing.bots), (left, (BotSeat(BOT, "random"),)))
        self.move(2)
        self.assertEqual(self.left, left - 2)
        self.come("alice")
        self.assertEqual(self.take("alice"), "ok")

    def test_about_to_be_asked(self) -> None:
        self.wait(PAUSE / 2)
        self.kill()
        self.assert_goes_on()

    def test_thinking_and_it_is_asked_the_same_again(self) -> None:
        before = self.think().question
        self.kill()
        self.house.open(opener=None)
        self.assertEqual(self.think().question, before)

    def test_its_command_on_the_way_and_lost(self) -> None:
        self.think().answer("take", count=3)
        self.lost()
        self.assert_goes_on()

    def test_its_command_on_the_way_and_kept(self) -> None:
        self.think().answer("take", count=3)
        self.house.turn()
        self.append().happen()
        self.kill()
        self.house.open(opener=None)
        self.assertEqual(self.left, 5)
        self.wait(9)
        self.assertEqual((self.offer.asked, self.take("alice")), ([], "ok"))
        self.move()
        self.assertEqual(self.left, 3)

    def test_just_seated(self) -> None:
        self.setUp()
        self.kill()
        self.assert_goes_on()

    def test_after_many_moves_and_a_snapshot(self) -> None:
        self.move()
        self.server.save(clean=True)
        self.house.run()
        self.take("alice")
        self.kill()
        self.assert_goes_on(6)

    def test_for_one_that_is_not_offered_any_more_something_legal_is_played(self) -> None:
        self.kill()
        self.offer.missing = {"random"}
        self.house.open()
        before = self.left
        self.wait(60)
        self.assertEqual(len(self.house.warnings), 1)
        self.assertIn("no bot 'random' is offered here", self.house.warnings[0])
        self.assertLess(self.left, before)
        self.take("alice")
        left = self.left
        # Another one can take its place.
        self.assertEqual(self.operate(bot="search", player="bot-random")["status"], "ok")
        self.move()
        self.assertEqual(self.left, left - 1)


class Attended(Playing):
    """For whom bots play."""

    def test_for_a_player_who_is_away_for_now(self) -> None:
        self.come("alice")
        self.operate(bot="random")
        self.take("alice")
        self.go("alice")
        self.move()
        self.assertEqual(self.left, 7)

    def test_among_themselves_only_while_somebody_watches(self) -> None:
        for _ in range(2):
            self.operate(bot="random")
        self.wait(9)
        self.assertEqual((self.offer.asked, self.server.quiet), ([], True))
        self.come("zoe", spectate=True)
        self.move()
        self.assertEqual(self.left, 8)
        self.think()
        self.go("zoe")
        self.assertEqual((self.offer.thinking, self.server.quiet), ([], True))
        self.come("zoe", spectate=True)
        self.move()
        self.assertEqual(self.left, 7)

    def test_for_players_for_whom_others_stand_in_only_while_somebody_watches(self) -> None:
        self.come("alice", "bob")
        self.go("alice", "bob")
        for name in ("alice", "bob"):
            self.operate(bot="random", player=name)
        self.wait(9)
        self.assertEqual((self.offer.asked, self.server.quiet), ([], True))
        self.come("zoe", spectate=True)
        self.move()
        self.go("zoe")
        self.assertEqual(self.server.quiet, True)
        self.come("alice")
        self.move()
        self.assertEqual(self.left, 7)

    def test_where_nobody_is_there_not_for_ever(self) -> None:
        class Clicks(Nim, seats=(2, 3)):
            def legal(self, player: Player) -> Iterable[Move]:
                yield Move(self.scheme)

        self.model = Clicks
        self.setUp()
        self.come("alice")
        self.operate(bot="random")
        for _ in range(120):
            self.think().answer("scheme")
            self.house.run()
        self.go("alice")
        moves = 0
        while self.server.quiet is False and moves < 500:
            self.think().answer("scheme")
            self.house.run()
            moves += 1
        self.assertEqual((moves, self.offer.thinking), (100, []))
        self.come("zoe", spectate=True)
        self.assertEqual(self.think().question.player, BOT)

    def test_in_a_game_that_ticks_only_while_it_does(self) -> None:
        class Restless(Nim, seats=(2, 3), tick=20):
            def on_tick(self) -> None:
                self.plot += 1

        self.model = Restless
        self.setUp()
        self.come("alice")
        self.operate(bot="random")
        self.wait()
        answers = Answers()
        self.server.submit(Role(ALICE, playing=True), Request("take", None, {"count": 1}), answers.append)
        self.wait(1)
        held = self.offer.only
        held.answer("take", count=1)
        self.house.run()
        self.assertEqual(self.left, 8, "it waits for the next tick")
        self.wait(0.25)
        self.assertEqual(self.left, 7)
        self.go("alice")
        self.take("alice")
        self.wait(9)
        self.assertEqual((self.offer.thinking, self.server.quiet), ([], True))
        self.come("alice")
        self.wait(1)
        self.assertEqual(len(self.offer.thinking), 1)

    def test_without_seats_there_are_none(self) -> None:
        class Open(GameModel):
            @command
            def look(self, player: Player) -> None: ...

        self.model = Open
        self.setUp()
        self.come("alice")
        self.assertEqual(self.operate(bot="random")["error"]["code"], "no_seat")
        self.wait(60)
        self.assertEqual((self.offer.asked, self.server.quiet), ([], True))

    def test_where_nothing_is_said_of_what_is_legal(self) -> None:
        self.model = Chat
        self.setUp()
        self.come("alice")
        self.operate(bot="random")
        self.think().answer("say", text="hello")
        self.house.run()
        self.think().answer(None)
        for _ in range(3):
            self.wait()
            self.come("zoe", spectate=True)
            self.go("zoe")
        self.assertEqual((len(self.offer.asked), self.server.quiet), (2, True))


class Blocking(Playing):
    """A model that blocks is run in a thread, and bots think meanwhile."""

    class Slow(Nim, seats=(2, 3), blocking=True):
        pass

    model = Slow

    def test_its_command_waits_in_line_as_anybodys(self) -> None:
        self.come("alice")
        self.operate(bot="random")
        self.take("alice")
        held = self.think()
        self.house.holds_work = True
        self.server.submit(Role(ALICE, playing=True), Request("scheme", None, {}), lambda payload: None)
        held.answer("take", count=1)
        self.house.run()
        self.assertEqual((self.left, len(self.house.works)), (8, 1))
        while self.house.works:
            work, done = self.house.works.pop(0)
            work()
            done()
        self.house.holds_work = False
        self.house.run()
        self.assertEqual((self.left, self.server.quiet), (7, True))

    def test_so_does_who_has_one_sit_down_or_go(self) -> None:
        self.come("alice")
        self.house.holds_work = True
        answers = self.submit(bot="random")
        self.house.run()
        self.assertEqual((answers.code, self.standing.bots), ("silence", ()))
        work, done = self.house.works.pop(0)
        work()
        done()
        self.house.run()
        self.assertEqual((answers.code, len(self.standing.bots)), ("ok", 1))


class Woken(Playing):
    """When a game in which bots play wants to be woken, should its server fail."""

    def wake_in(self) -> float | None:
        """In how many seconds, by what the journal was told last."""
        told = [asked for asked in self.house.journal.seen if asked.what in ("append", "save")][-1]
        return None if told.wake_at is None else told.wake_at - self.house.wall()

    def test_soon_where_a_bot_plays_with_people_and_not_at_once(self) -> None:
        self.come("alice")
        self.assertIsNone(self.wake_in())
        self.operate(bot="random")
        self.assertEqual(self.wake_in(), BOTS_WAKE_SECONDS)
        self.wait(3)
        self.take("alice")
        self.assertEqual(self.wake_in(), BOTS_WAKE_SECONDS)

    def test_where_a_bot_stands_in_too_and_no_more_when_it_went(self) -> None:
        self.come("alice", "bob")
        self.go("bob")
        self.operate(bot="random", player="bob")
        self.assertEqual(self.wake_in(), BOTS_WAKE_SECONDS)
        self.come("bob")
        self.assertIsNone(self.wake_in())

    def test_not_where_bots_are_among_themselves_or_the_game_is_over(self) -> None:
        self.operate(bot="random")
        self.assertIsNone(self.wake_in())
        self.come("alice")
        self.assertIsNotNone(self.wake_in())
        for name, count in (("bot-random", 3), ("alice", 3), ("bot-random", 3)):
            self.take(name, count)
        self.assertTrue(self.server.finished)
        self.assertIsNone(self.wake_in())

    def test_by_a_timer_that_is_due_before(self) -> None:
        class Timed(Nim, seats=(2, 3)):
            @command
            def late(self, player: Player, seconds: float) -> None:
                self.after(seconds, self.ring)

            def ring(self) -> None:
                self.plot += 1

        self.model = Timed
        self.setUp()
        self.come("alice")
        self.operate(bot="random")
        for seconds, due in ((90.0, BOTS_WAKE_SECONDS), (5.0, 5.0)):
            request = Request("late", None, {"seconds": seconds})
            self.server.submit(Role(ALICE, playing=True), request, lambda payload: None)
            self.house.run()
            self.assertEqual(self.wake_in(), due)

    def test_after_a_kill_the_bot_plays_though_nobody_comes_and_the_game_sleeps_then_and_stays_asleep(self) -> None:
        self.come("alice")
        self.operate(bot="random")
        self.take("alice")
        self.kill()
        self.wait(BOTS_WAKE_SECONDS - 1)
        self.assertEqual(self.house.games, {})
        self.wait(2)
        self.move()
        self.assertEqual(self.left, 7)
        self.wait(15)
        self.assertEqual(self.house.games, {})
        self.assertIsNone(self.wake_in())
        claims = len(self.house.journal.of("claim"))
        self.wait(180)
        self.assertEqual((len(self.house.journal.of("claim")), self.house.games), (claims, {}))

    def test_where_the_bot_has_nothing_to_do_it_is_woken_once(self) -> None:
        self.come("alice")
        self.operate(bot="random")
        self.kill()
        self.wait(180)
        self.assertEqual((len(self.house.journal.of("claim")), self.house.games), (2, {}))
        self.assertEqual(self.offer.asked, [])
        self.house.open()
        self.come("alice")
        self.take("alice")
        self.move()
        self.assertEqual(self.left, 7)

    def test_where_everything_was_saved_before_it_fell_asleep_it_is_not_woken(self) -> None:
        self.come("alice")
        self.operate(bot="random")
        self.server.save(clean=True)
        self.house.run()
        self.assertEqual((self.server.changed, self.wake_in()), (False, BOTS_WAKE_SECONDS))
        self.go("alice")
        self.wait(self.house.limits.idle_game_seconds + 30)
        self.assertEqual(self.house.games, {})
        claims = len(self.house.journal.of("claim"))
        self.wait(180)
        self.assertEqual((len(self.house.journal.of("claim")), self.wake_in()), (claims, None))

    def test_where_it_can_not_play_any_more_it_is_woken_once_too(self) -> None:
        self.come("alice")
        self.operate(bot="random")
        self.take("alice")
        self.kill()
        self.offer.missing = {"random"}
        self.wait(180)
        self.assertEqual((len(self.house.journal.of("claim")), self.house.games), (2, {}))
        self.assertEqual(len(self.house.warnings), 1)

    def test_a_game_does_not_sleep_while_a_bot_thinks(self) -> None:
        self.come("alice")
        self.operate(bot="random")
        self.take("alice")
        self.go("alice")
        self.think()
        self.wait(self.house.limits.idle_game_seconds + 60)
        self.assertIn("g", self.house.games)
        self.offer.only.answer("take", count=1)
        self.wait(10)
        self.assertEqual(self.house.games, {})

    def test_kept_by_snapshots_it_goes_on_too(self) -> None:
        class Quick(Nim, seats=(2, 3), durability="snapshot"):
            pass

        self.model = Quick
        self.setUp()
        self.come("alice")
        self.operate(bot="random")
        self.take("alice")
        self.house.pass_time(20)
        self.kill()
        self.wait(BOTS_WAKE_SECONDS + 1)
        self.assertEqual(self.standing.bots, (BotSeat(BOT, "random"),))
        self.move()
        self.assertEqual(self.left, 7)
