"""TurnOrder, held against a list that is turned round by hand."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.context import Player
from gamesvc.model import GameError, GameModel, command, field
from gamesvc.turn_order import TurnOrder

PROPERTY = settings(deadline=None, database=None, max_examples=200)

ANN, BEN, CAT, DAN = (Player(name) for name in ("ann", "ben", "cat", "dan"))


def started(*players: Player, first: Player | None = None) -> TurnOrder:
    turns = TurnOrder()
    turns.start(players, first)
    return turns


class Turns(SynchronousTestCase):
    """How the turn goes round."""

    def test_before_the_start_it_is_nobodys(self) -> None:
        turns = TurnOrder()
        self.assertEqual((turns.order, turns.current), ([], None))
        refusal = self.assertRaises(GameError, turns.check, ANN)
        self.assertEqual((refusal.code, refusal.message), ("not_your_turn", "it is nobody's turn"))
        for call in (turns.next, turns.skip):
            self.assertIn("start(players)", str(self.assertRaises(ValueError, call)))

    def test_the_first_player_begins_or_whoever_is_named(self) -> None:
        self.assertEqual(started(ANN, BEN, CAT).current, ANN)
        self.assertEqual(started(ANN, BEN, CAT, first=CAT).current, CAT)

    def test_it_goes_round_in_order(self) -> None:
        turns = started(ANN, BEN, CAT)
        self.assertEqual([turns.next() for _ in range(4)], [BEN, CAT, ANN, BEN])
        self.assertEqual(turns.current, BEN)

    def test_reversed_it_goes_the_other_way_and_whose_it_is_stays(self) -> None:
        turns = started(ANN, BEN, CAT)
        turns.reverse()
        self.assertEqual((turns.current, turns.direction), (ANN, -1))
        self.assertEqual([turns.next() for _ in range(3)], [CAT, BEN, ANN])
        turns.reverse()
        self.assertEqual(turns.next(), BEN)

    def test_who_is_skipped_misses_a_turn(self) -> None:
        turns = started(ANN, BEN, CAT, DAN)
        self.assertEqual((turns.skip(), turns.skip(2), turns.skip(0)), (CAT, BEN, CAT))
        turns.reverse()
        self.assertEqual(turns.skip(), ANN)
        self.assertIn("0 or more", str(self.assertRaises(ValueError, turns.skip, -1)))
        self.assertEqual(turns.current, ANN)

    def test_of_two_skipping_leaves_the_turn_where_it_is(self) -> None:
        self.assertEqual(started(ANN, BEN).skip(), ANN)

    def test_who_is_not_at_turn_is_told_whose_turn_it_is(self) -> None:
        turns = started(ANN, BEN)
        turns.check(ANN)
        refusal = self.assertRaises(GameError, turns.check, BEN)
        self.assertEqual((refusal.code, refusal.message), ("not_your_turn", "it is ann's turn"))

    def test_a_new_start_forgets_the_old_one(self) -> None:
        turns = started(ANN, BEN, CAT, first=CAT)
        turns.reverse()
        turns.start([BEN, CAT])
        self.assertEqual(turns, TurnOrder([BEN, CAT], BEN, 1))

    def test_a_start_without_players_or_with_one_twice_is_refused_and_changes_nothing(self) -> None:
        turns = started(ANN, BEN)
        for players, first in (((), None), ((ANN, BEN, ANN), None), ((ANN, BEN), CAT)):
            self.assertRaises(ValueError, turns.start, players, first)
        self.assertEqual(turns, started(ANN, BEN))


class Removed(SynchronousTestCase):
    """Players who leave."""

    def test_whose_turn_it_is_stays_where_another_leaves(self) -> None:
        for leaver in (ANN, CAT):
            turns = started(ANN, BEN, CAT, first=BEN)
            turns.remove(leaver)
            self.assertEqual(turns.current, BEN)
            self.assertNotIn(leaver, turns.order)

    def test_the_turn_of_who_leaves_is_the_next_ones(self) -> None:
        for is_reversed, leaver, heir in ((False, BEN, CAT), (False, CAT, ANN), (True, BEN, ANN), (True, ANN, CAT)):
            turns = started(ANN, BEN, CAT, first=leaver)
            if is_reversed:
                turns.reverse()
            turns.remove(leaver)
            self.assertEqual(turns.current, heir)

    def test_when_the_last_has_left_it_is_nobodys(self) -> None:
        turns = started(ANN, BEN)
        turns.remove(ANN)
        turns.remove(BEN)
        self.assertEqual((turns.order, turns.current), ([], None))

    def test_who_takes_no_turns_can_not_be_removed(self) -> None:
        turns = started(ANN, BEN)
        self.assertIn("'cat'", str(self.assertRaises(ValueError, turns.remove, CAT)))
        self.assertEqual(turns, started(ANN, BEN))


class InAModel(SynchronousTestCase):
    def test_each_model_has_one_of_its_own(self) -> None:
        class Game(GameModel, seats=2):
            turns: TurnOrder = field(default_factory=TurnOrder)

            @command
            def go(self, player: Player) -> None: ...

        one, other = Game(), Game()
        one.turns.start([ANN, BEN])
        one.turns.order.append(CAT)
        self.assertEqual((other.turns.order, TurnOrder().order), ([], []))


STEPS: st.SearchStrategy[list[tuple[str, int]]] = st.lists(
    st.tuples(st.sampled_from(("next", "skip", "reverse", "remove")), st.integers(0, 5)), max_size=30
)


class AnyTurns(SynchronousTestCase):
    """Whatever happens, it is the turn of whom a list says that is turned round."""

    @PROPERTY
    @given(st.integers(1, 5), STEPS)
    def test_the_first_of_a_list_that_is_turned_round(self, count: int, steps: list[tuple[str, int]]) -> None:
        turns = started(*(Player(f"p{number}") for number in range(count)))
        # Whose turn it is comes first, and after them who comes after them.
        plain = list(turns.order)
        for name, number in steps:
            if name == "reverse":
                turns.reverse()
                plain[1:] = reversed(plain[1:])
            elif name == "remove":
                leaver = plain.pop(number % len(plain))
                turns.remove(leaver)
            else:
                by = 1 if name == "next" else 1 + number
                self.assertEqual(turns.next() if name == "next" else turns.skip(number), plain[by % len(plain)])
                plain = plain[by % len(plain) :] + plain[: by % len(plain)]
            self.assertEqual(turns.current, plain[0] if plain else None)
            self.assertEqual(set(turns.order), set(plain))
            self.assertEqual(msgspec.msgpack.decode(msgspec.msgpack.encode(turns), type=TurnOrder), turns)
            if not plain:
                break
