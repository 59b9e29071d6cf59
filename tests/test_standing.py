"""How a game stands, and what the journal keeps of what led there."""

from __future__ import annotations

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import GameModel, Player, Secret, command
from gamesvc.context import Alarm
from gamesvc.journal.records import BotSeat, Opening, Published, Timer
from gamesvc.standing import Effect, Standing, has_people, opening_entry, stored_fields, taken

ALICE, BOB = Player("alice"), Player("bob")
OPENING = Opening("kind", 1, b"{}", "epoch", b"seed")
LATER, LATEST = Alarm(1, 50.0, "ring", b"[]"), Alarm(2, 70.5, "ring", b"[7]")


class Pair(GameModel, seats=2):
    """Two fields, to tell one from the other."""

    left: int = 0
    right: Secret[str] = ""

    @command
    def look(self, player: Player) -> None: ...


def image(left: int, right: str) -> tuple[bytes, ...]:
    return msgspec.msgpack.encode(left), msgspec.msgpack.encode(right)


BEFORE = Standing(4, 10.0, image(1, "a"), (ALICE, None))


class Standings(SynchronousTestCase):
    """What follows from how a game stands."""

    def test_it_wants_to_be_woken_by_the_next_timer(self) -> None:
        self.assertIsNone(BEFORE.wake_at)
        self.assertEqual(BEFORE._replace(alarms=(LATEST, LATER)).wake_at, 50.0)

    def test_those_who_have_a_seat_are_in_the_order_of_the_seats(self) -> None:
        self.assertEqual(taken((BOB, None, ALICE)), (BOB, ALICE))

    def test_who_is_played_by_which_bot(self) -> None:
        bots = BotSeat("bot-a", "a"), BotSeat("bob", "b", stands_in=True)
        standing = BEFORE._replace(seats=(Player("bot-a"), BOB), bots=bots)
        self.assertEqual([standing.bot_of(name) for name in ("bot-a", "bob", "alice")], [*bots, None])
        self.assertEqual([standing.has_own_bot(name) for name in ("bot-a", "bob", "alice")], [True, False, False])

    def test_people_are_those_for_whom_no_bot_plays(self) -> None:
        own, in_for_bob = BotSeat("bot-a", "a"), BotSeat("bob", "b", stands_in=True)
        for seats, bots, wanted in (
            ((None, None), (), False),
            ((ALICE, None), (), True),
            ((Player("bot-a"), None), (own,), False),
            ((Player("bot-a"), ALICE), (own,), True),
            ((Player("bot-a"), BOB), (own, in_for_bob), False),
            ((ALICE, BOB), (in_for_bob,), True),
            # Without seats whoever comes plays.
            ((), (), True),
        ):
            self.assertEqual(has_people(BEFORE._replace(seats=seats, bots=bots)), wanted, seats)

    def test_all_fields_are_kept_by_their_names(self) -> None:
        stored = stored_fields(Pair, image(7, "b"))
        self.assertEqual({name: msgspec.msgpack.decode(raw) for name, raw in stored.items()}, {"left": 7, "right": "b"})


class Effects(SynchronousTestCase):
    """What the journal keeps of an effect."""

    def test_only_what_has_changed(self) -> None:
        after = BEFORE._replace(entry=5, now=11.0, image=(BEFORE.image[0], image(1, "b")[1]))
        entry = Effect(BEFORE, after, []).entry(Pair, "command", ALICE, "c-1", "look", b"{}")
        self.assertEqual(
            (entry.number, entry.time, entry.kind, entry.player, entry.id), (5, 11.0, "command", ALICE, "c-1")
        )
        self.assertEqual({name: msgspec.msgpack.decode(raw) for name, raw in entry.changed.items()}, {"right": "b"})
        self.assertEqual((entry.seats, entry.timers, entry.result, entry.events), (None, None, None, ()))

    def test_what_was_published_to_whom_and_what_was_returned(self) -> None:
        events: list[tuple[bytes, frozenset[str] | None]] = [
            (b'{"event":"A"}', None),
            (b'{"event":"B"}', frozenset((BOB, ALICE))),
        ]
        entry = Effect(BEFORE, BEFORE._replace(entry=5), events, b"7").entry(Pair, "command")
        self.assertEqual(entry.events, (Published(b'{"event":"A"}'), Published(b'{"event":"B"}', ("alice", "bob"))))
        self.assertEqual(entry.result, b"7")

    def test_seats_timers_the_beginning_and_the_end(self) -> None:
        after = BEFORE._replace(
            entry=5, seats=(ALICE, BOB), alarms=(LATER,), last_alarm=1, started=True, finished=True, outcome=b"{}"
        )
        entry = Effect(BEFORE, after, []).entry(Pair, "seated", BOB, fault="KeyError (incident 1)")
        self.assertEqual((entry.seats, entry.timers), ((ALICE, BOB), (Timer(*LATER),)))
        self.assertEqual((entry.last_timer, entry.started, entry.finished, entry.outcome), (1, True, True, b"{}"))
        self.assertEqual(entry.fault, "KeyError (incident 1)")

    def test_bots_where_they_have_changed(self) -> None:
        bots = (BotSeat("alice", "a", stands_in=True),)
        with_bots = BEFORE._replace(bots=bots)
        for before, after, kept in (
            (BEFORE, with_bots, bots),
            (with_bots, BEFORE, ()),
            (with_bots, BEFORE._replace(bots=(BotSeat("alice", "a", stands_in=True),)), None),
            (BEFORE, BEFORE, None),
        ):
            entry = Effect(before, after._replace(entry=5), []).entry(Pair, "bot")
            self.assertEqual(entry.bots, kept)

    def test_the_first_entry_has_everything(self) -> None:
        nothing = Standing(0, 0.0, (), (None, None))
        after = Standing(1, 9.0, image(0, ""), (None, None))
        entry = opening_entry(Effect(nothing, after, []), Pair, OPENING)
        self.assertEqual((entry.kind, entry.opening, entry.seats), ("opened", OPENING, (None, None)))
        self.assertEqual(set(entry.changed), {"left", "right"})
