"""What gamesvc promises holds in thousands of schedules in which everything fails; where it would not, that is seen.

`simulation` says what is simulated, and how to see one schedule again.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

from msgspec.structs import replace
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.beginnings import Beginnings
from gamesvc.controller import GameController
from gamesvc.errors import NOT_A_PLAYER
from gamesvc.eventlog import EventLog, LoggedEvent, Place, Viewer
from gamesvc.history import History
from gamesvc.instance import Instance
from gamesvc.journal.records import Entry
from gamesvc.messages import encode_ok
from gamesvc.order import Order
from gamesvc.pending import PendingCommand, Role
from gamesvc.receipts import Receipts
from gamesvc.reception import Reception
from gamesvc.recovery import Replayed
from gamesvc.rhythm import Rhythm
from gamesvc.seating import PendingSeat
from gamesvc.server import GameServer
from gamesvc.standing import Effect
from tests.simulation import simulate

SEEDS = int(os.environ.get("GAMESVC_SEEDS", "1500"))
MOST_SEEDS = 2000
"""A mistake has to be found in so many schedules."""


class Schedules(SynchronousTestCase):
    """Whatever happens, in whatever order."""

    def test_seeds(self) -> None:
        """GAMESVC_SEED=1234 runs one, and tells everything; GAMESVC_SEEDS=100000 runs more."""
        only = os.environ.get("GAMESVC_SEED")
        # A schedule leaves circles behind: what was there before is not looked through each time.
        gc.freeze()
        self.addCleanup(gc.unfreeze)
        for seed in range(SEEDS) if only is None else [int(only)]:
            simulate(seed, verbose=only is not None)

    def test_seed_decides_everything(self) -> None:
        for seed in range(8):
            self.assertEqual(simulate(seed).trace.text(), simulate(seed).trace.text())


class Mistakes(SynchronousTestCase):
    """The simulation finds them. Each is one that was easily made."""

    def finds(self, where: type, name: str, mistake: object, *symptoms: str) -> None:
        """A mistake has one of the symptoms before long."""
        with patch.object(where, name, mistake):
            for seed in range(MOST_SEEDS):
                try:
                    simulate(seed)
                except AssertionError as error:
                    *_, said = str(error).splitlines()
                    self.assertTrue(any(symptom in said for symptom in symptoms), said)
                    return
        self.fail("the simulation finds nothing")

    def test_finds_replies_before_the_commit(self) -> None:
        take = Order.take

        def mistake(order: Order, pending: Any) -> None:
            take(order, pending)
            if isinstance(pending, PendingCommand) and pending.entry is not None:
                answers, pending._answers = pending._answers, []
                for answer in answers:
                    answer(encode_ok(pending._request.id, pending.entry.result))

        self.finds(Order, "take", mistake, "acknowledged, and not durable")

    def test_finds_events_before_the_commit(self) -> None:
        take = Order.take

        def mistake(order: Order, pending: Any) -> None:
            take(order, pending)
            if pending.effect is not None:
                for body, to in pending.effect.events:
                    order._publisher.publish(body, to, pending.entry.number)
                pending.effect = pending.effect._replace(events=[])

        self.finds(Order, "take", mistake, "an event leaves that is not durable", "another event")

    def test_finds_refusals_before_the_commit(self) -> None:
        def mistake(order: Order, pending: Any) -> None:
            pending.judge(order._game)
            if pending.entry is None:
                pending.settle(order._game)
                return
            order._gathered.append(pending)
            if not order._in_flight and not order._is_scheduled:
                order._is_scheduled = True
                order._around.soon(order._turn_ends)

        self.finds(Order, "take", mistake, "refused on a state that is not durable", "let in to play, without a seat")

    def test_finds_a_state_that_is_not_put_back_where_the_journal_fails(self) -> None:
        go_back = Order._go_back

        def mistake(order: Order, *more: Any) -> None:
            with patch.object(Instance, "go_back", lambda instance, standing: None):
                go_back(order, *more)

        self.finds(Order, "_go_back", mistake, "an entry out of order", "another command's effect",
                   "without a seat")  # fmt: skip

    def test_finds_fields_that_are_not_put_back(self) -> None:
        self.finds(
            Instance,
            "go_back",
            lambda instance, standing: instance._stand(standing),
            "a state holds another command's effect",
        )

    def test_finds_what_was_judged_after_what_failed_and_is_not_judged_again(self) -> None:
        go_back = Order._go_back

        def mistake(order: Order, *more: Any) -> None:
            gathered, order._gathered = order._gathered, []
            go_back(order, *more)
            order._gathered.extend(gathered)
            order._push()

        self.finds(Order, "_go_back", mistake, "an entry out of order", "another command's effect")

    def test_finds_receipts_that_recovery_forgets(self) -> None:
        take = Replayed.take

        def mistake(replayed: Replayed, entry: Entry) -> None:
            take(replayed, entry)
            replayed.receipts = Receipts()

        self.finds(Replayed, "take", mistake, "a command took effect twice", "a snapshot's receipts")

    def test_finds_duplicates_of_what_waits_that_take_effect_as_well(self) -> None:
        is_known = GameServer._is_known

        def mistake(server: GameServer, *more: Any) -> bool:
            waiting, server.pending_ids = server.pending_ids, {}
            try:
                return is_known(server, *more)
            finally:
                server.pending_ids = waiting

        self.finds(GameServer, "_is_known", mistake, "a command took effect twice", "two first replies")

    def test_finds_players_of_whom_recovery_does_not_know_that_they_are_here(self) -> None:
        take = Replayed.take

        def mistake(replayed: Replayed, entry: Entry) -> None:
            take(replayed, entry)
            replayed.here = frozenset()

        self.finds(Replayed, "take", mistake, "loaded with others who are here", "a snapshot's players", "told what",
                   "no rest")  # fmt: skip

    def test_finds_a_start_that_recovery_forgets(self) -> None:
        standing = Replayed.standing

        def mistake(replayed: Replayed, model: Any) -> Any:
            return standing(replayed, model)._replace(started=False)

        # A game that can't be loaded is not there, and that is what shows.
        self.finds(Replayed, "standing", mistake, "loaded with another start", "no rest")

    def test_finds_commands_of_those_who_have_given_their_seat_up(self) -> None:
        def mistake(server: GameServer, role: Any) -> Any:
            return None if role.playing and not server.finished else NOT_A_PLAYER

        self.finds(GameServer, "refuses", mistake, "a spectator's command", "an entry after the end", "without a seat",
                   "who has no seat", "a command of nobody's")  # fmt: skip

    def test_finds_those_who_are_not_told_that_their_seat_is_gone(self) -> None:
        self.finds(Reception, "_seat_changed", lambda reception, player, sits: None, "private to", "no seat",
                   "a secret is told", "still plays")  # fmt: skip

    def test_finds_those_who_came_to_watch_and_take_a_seat(self) -> None:
        def mistake(seat: PendingSeat) -> Role:
            return Role(seat._player, playing=False, may_sit=True)

        self.finds(PendingSeat, "_watching", property(mistake), "who came to watch", "no seat", "without a seat")

    def test_finds_a_seat_that_is_given_up_twice_under_one_id_because_recovery_has_forgotten_it(self) -> None:
        take = Replayed.take

        def mistake(replayed: Replayed, entry: Entry) -> None:
            take(replayed, entry if entry.kind == "command" else replace(entry, id=None))

        self.finds(Replayed, "take", mistake, "an id took effect twice", "a snapshot's receipts")

    def test_finds_what_waits_for_a_tick_that_does_not_come(self) -> None:
        def mistake(rhythm: Rhythm) -> None:
            rhythm._inputs = []

        self.finds(Rhythm, "_take_inputs", mistake, "never answered", "no rest", "a late reply")

    def test_finds_a_place_in_history_off_by_one(self) -> None:
        place_after = EventLog.place_after

        def late(log: EventLog, viewer: Viewer, seq: int, *, recent: bool = True) -> Place | None:
            return place_after(log, viewer, seq + 1, recent=recent) or place_after(log, viewer, seq, recent=recent)

        def early(log: EventLog, viewer: Viewer, seq: int, *, recent: bool = True) -> Place | None:
            return place_after(log, viewer, max(0, seq - 1), recent=recent)

        for mistake in (late, early):
            self.finds(EventLog, "place_after", mistake, "an event is missing, or is there twice")

    def test_finds_older_events_read_from_the_wrong_place(self) -> None:
        start = History._start

        def mistake(history: History) -> None:
            read = history._read
            assert read is not None

            def one_too_few(before: int, *more: Any) -> None:
                read(before - 1, *more)

            history._read = one_too_few
            start(history)
            history._read = read

        self.finds(History, "_start", mistake, "another event", "an event is missing", "not resumed")

    def test_finds_older_events_that_are_dropped_while_they_are_read(self) -> None:
        self.finds(EventLog, "hold", lambda log: None, "another event", "an event is missing", "KeyError",
                   "not resumed")  # fmt: skip

    def test_finds_events_that_are_dropped_before_they_are_sent(self) -> None:
        forget = EventLog.forget

        def mistake(log: EventLog, position: int, behind: set[str]) -> None:
            forget(log, log.end, set())

        self.finds(EventLog, "forget", mistake, "a reply before its events", "an event is missing", "not brought up")

    def test_finds_secrets_that_are_told(self) -> None:
        self.finds(LoggedEvent, "seen_by", lambda event, viewer: True, "a secret is told", "an event is missing")

    def test_finds_welcomes_that_show_what_is_not_durable(self) -> None:
        self.finds(Reception, "welcome", _of_the_live_state(Reception.welcome), "that are not durable",
                   "that is not durable")  # fmt: skip

    def test_finds_snapshots_of_what_is_not_durable(self) -> None:
        self.finds(GameServer, "save", _of_the_live_state(GameServer.save), "a snapshot")

    def test_finds_timers_that_are_not_journaled(self) -> None:
        entry = Effect.entry

        def mistake(effect: Effect, *more: Any, **others: Any) -> Entry:
            return replace(entry(effect, *more, **others), timers=None)

        self.finds(Effect, "entry", mistake, "timer")

    def test_finds_a_bell_that_is_not_set(self) -> None:
        self.finds(GameServer, "settled", lambda server: None, "a timer never came")

    def test_finds_commands_that_are_never_answered(self) -> None:
        def mistake(command: PendingCommand, game: Any) -> None:
            command._is_over(game)

        self.finds(PendingCommand, "fail", mistake, "no rest", "never answered")

    def test_finds_commands_that_are_answered_late(self) -> None:
        self.finds(PendingCommand, "overdue", lambda command: None, "a late reply", "never answered")

    def test_finds_a_server_that_keeps_a_game_that_it_has_lost(self) -> None:
        def mistake(order: Order, batch: list[Any]) -> None:
            order.closed = True
            gathered, order._gathered = order._gathered, []
            for pending in (*batch, *gathered):
                pending.fail(order._game)

        self.finds(Order, "_lose", mistake, "no rest", "never answered")

    def test_finds_replies_out_of_order(self) -> None:
        def mistake(controller: GameController) -> None:
            places = controller._places
            for place in [place for place in places if place.payload is not None]:
                places.remove(place)
                assert place.payload is not None
                if not controller._is_lost:
                    controller._outlet.reply(place.payload)
            if not places and controller._when_answered is not None:
                controller._when_answered()

        self.finds(GameController, "release", mistake, "a reply out of order", "refused, and took effect")

    def test_finds_an_epoch_that_outlives_what_was_lost(self) -> None:
        beginning = Beginnings._beginning

        def mistake(beginnings: Beginnings, kind: Any, term: int, recovered: Any, lost: bool) -> Any:
            return beginning(beginnings, kind, term, recovered, False)

        self.finds(Beginnings, "_beginning", mistake, "what was seen is gone", "an epoch has two histories",
                   "two first", "two answers")  # fmt: skip


def _of_the_live_state(method: Callable[..., Any]) -> Callable[..., Any]:
    """A method that takes the state that is not durable yet for the one that is."""

    def mistaken(owner: Any, *more: Any, **others: Any) -> Any:
        order = owner._order
        durable, order.standing = order.standing, order._instance.standing
        try:
            return method(owner, *more, **others)
        finally:
            order.standing = durable

    return mistaken
