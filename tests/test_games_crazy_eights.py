"""Crazy eights: what goes on what, drawing and passing, slow players and those who leave, and who sees which card."""

from __future__ import annotations

import random
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.context import Context
from gamesvc.games.crazy_eights import CrazyEights
from gamesvc.model import GameError, Player, start
from gamesvc.testing import Refused, Table

ALICE, BOB, CAROL = (Player(name) for name in ("alice", "bob", "carol"))


def given(top: str, suit: str, *, stock: str = "", **hands: str) -> CrazyEights:
    """A game in which it is Alice's turn, with these cards."""
    context = Context(b"seed", 1000.0)
    context.players = tuple(Player(name) for name in hands)
    game = start(CrazyEights, context)
    context.begin(2, 1000.0)
    game._deal()
    context.begin(3, 1000.0)
    game.top = top
    game.suit = next(each for each in ("C", "D", "H", "S") if each == suit)
    game.hands = {Player(name): cards.split() for name, cards in hands.items()}
    game.stock = stock.split()
    return game


def published(game: CrazyEights) -> list[str]:
    return [body.decode() for body, _ in game._context.events]


class Playing(SynchronousTestCase):
    """What goes on what."""

    def code(self, game: CrazyEights, command: str, *arguments: Any) -> str:
        """The code with which the first player's command is refused."""
        before = repr(game)
        refusal = self.assertRaises(GameError, getattr(game, command), ALICE, *arguments)
        self.assertEqual((repr(game), published(game)), (before, []))
        return str(refusal.code)

    def test_a_card_goes_on_one_of_its_suit_or_of_its_rank(self) -> None:
        for card in ("KS", "4H"):
            game = given("4S", "S", alice=f"{card} 2C", bob="3C")
            game.play(ALICE, card)
            self.assertEqual(
                (game.top, game.suit, game.hands[ALICE], game.turns.current), (card, card[-1], ["2C"], BOB)
            )
        self.assertEqual(self.code(given("4S", "S", alice="KH 2C", bob="3C"), "play", "KH"), "no_match")

    def test_ranks_of_two_figures_are_ranks_like_others(self) -> None:
        game = given("10S", "S", alice="10H 2C", bob="3C")
        game.play(ALICE, "10H")
        self.assertEqual(game.top, "10H")
        self.assertEqual(self.code(given("10S", "S", alice="AH 2C", bob="3C"), "play", "AH"), "no_match")

    def test_an_eight_goes_on_any_and_its_player_says_what_follows(self) -> None:
        game = given("4S", "S", alice="8H 2C", bob="KS KD")
        game.play(ALICE, "8H", "D")
        self.assertEqual((game.top, game.suit), ("8H", "D"))
        self.assertRaises(GameError, game.play, BOB, "KS")
        game.play(BOB, "KD")
        self.assertEqual(game.suit, "D")

    def test_an_eight_without_a_word_is_followed_by_its_own_suit(self) -> None:
        game = given("4S", "S", alice="8H 2C", bob="3C")
        game.play(ALICE, "8H")
        self.assertEqual(game.suit, "H")

    def test_on_an_eight_another_suit_was_chosen_for_its_own_suit_does_not_go(self) -> None:
        self.assertEqual(self.code(given("8H", "D", alice="2H 2C", bob="3C"), "play", "2H"), "no_match")

    def test_only_with_an_eight_the_suit_is_chosen(self) -> None:
        self.assertEqual(self.code(given("4S", "S", alice="KS 2C", bob="3C"), "play", "KS", "D"), "no_choice")

    def test_a_card_that_somebody_else_has_is_refused(self) -> None:
        self.assertEqual(self.code(given("4S", "S", alice="2C", bob="KS"), "play", "KS"), "not_in_hand")

    def test_who_has_no_card_left_wins(self) -> None:
        game = given("4S", "S", alice="KS", bob="8C AD 10H")
        game.play(ALICE, "KS")
        self.assertTrue(game._context.finished)
        self.assertEqual(
            game._context.outcome.decode(),
            '{"event":"Finished","winners":["alice"],"hands":{"alice":[],"bob":["8C","AD","10H"]},'
            '"points":{"alice":0,"bob":61}}',
        )

    def test_who_draws_gets_the_next_card_and_may_play_it_or_pass(self) -> None:
        game = given("4S", "S", alice="2C", bob="3C", stock="5D KS")
        self.assertEqual(self.code(game, "pass_on"), "draw_first")
        game.draw(ALICE)
        self.assertEqual((game.hands[ALICE], game.stock, game.turns.current), (["2C", "KS"], ["5D"], ALICE))
        game._context.events = []
        self.assertEqual(self.code(game, "draw"), "drawn_already")
        game.pass_on(ALICE)
        self.assertEqual((game.turns.current, game.has_drawn), (BOB, False))

    def test_of_an_empty_stock_nobody_draws(self) -> None:
        game = given("4S", "S", alice="2C", bob="3C")
        self.assertEqual(self.code(game, "draw"), "stock_empty")
        game.pass_on(ALICE)
        self.assertEqual(game.turns.current, BOB)

    def test_where_nobody_can_play_the_fewest_points_win(self) -> None:
        game = given("4S", "S", alice="KC", bob="3C", carol="2D AD")
        for player in (ALICE, BOB):
            game.pass_on(player)
            self.assertFalse(game._context.finished)
        game.pass_on(CAROL)
        self.assertIn('"winners":["bob","carol"]', game._context.outcome.decode())

    def test_who_plays_begins_the_count_of_passes_anew(self) -> None:
        game = given("4S", "S", alice="KC 3H", bob="KS 3C", carol="2D 3D")
        game.pass_on(ALICE)
        game.play(BOB, "KS")
        game.pass_on(CAROL)
        game.pass_on(ALICE)
        self.assertFalse(game._context.finished)
        game.pass_on(BOB)
        self.assertTrue(game._context.finished)

    def test_who_leaves_begins_the_count_anew_as_their_cards_can_be_drawn(self) -> None:
        game = given("4S", "S", alice="KC", bob="3C", carol="2D")
        game.pass_on(ALICE)
        game.pass_on(BOB)
        game._context.players = (ALICE, BOB)
        game.on_leave(CAROL)
        game.draw(ALICE)
        game.pass_on(ALICE)
        self.assertEqual((game._context.finished, game.turns.current), (False, BOB))

    def test_nobody_acts_out_of_turn(self) -> None:
        game = given("4S", "S", alice="KS 2C", bob="QS 3C", stock="5D")
        for call in (lambda: game.play(BOB, "QS"), lambda: game.draw(BOB), lambda: game.pass_on(BOB)):
            self.assertEqual(self.assertRaises(GameError, call).code, "not_your_turn")


class Dealing(SynchronousTestCase):
    """Who is dealt to, and when."""

    def code(self, table: Table, player: str, command: str, **arguments: Any) -> str:
        return str(self.assertRaises(Refused, table.send, player, command, **arguments).code)

    def test_four_are_dealt_to_at_once(self) -> None:
        table = Table(CrazyEights, "alice", "bob", "carol", "dave")
        self.assertEqual(table.state["counts"], dict.fromkeys(("alice", "bob", "carol", "dave"), 5))
        self.assertEqual((table.state["in_stock"], table.state["turns"]["current"]), (52 - 20 - 1, "alice"))
        self.assertEqual(self.code(table, "alice", "deal"), "dealt_already")

    def test_fewer_begin_when_one_of_them_says_so(self) -> None:
        for names, count in ((("alice", "bob"), 7), (("alice", "bob", "carol"), 5)):
            table = Table(CrazyEights, *names)
            self.assertNotIn("top", table.state)
            for command, arguments in (("draw", {}), ("pass_on", {}), ("play", {"card": "2C"})):
                self.assertEqual(self.code(table, "alice", command, **arguments), "not_dealt")
            table.send("bob", "deal")
            self.assertEqual(table.state["counts"], dict.fromkeys(names, count))

    def test_each_card_is_there_once(self) -> None:
        table = Table(CrazyEights, "alice", "bob")
        table.send("alice", "deal")
        cards = [*table.model.stock, table.model.top, *table.model.hands["alice"], *table.model.hands["bob"]]
        self.assertEqual((len(cards), len(set(cards))), (52, 52))

    def test_who_comes_after_the_deal_watches(self) -> None:
        table = Table(CrazyEights, "alice", "bob")
        table.send("alice", "deal")
        table.connect("carol")
        self.assertEqual(table.players, ("alice", "bob"))
        self.assertEqual(self.code(table, "carol", "draw"), "not_a_player")

    def test_before_the_deal_players_come_and_go(self) -> None:
        table = Table(CrazyEights, "alice", "bob")
        table.leave("bob")
        self.assertEqual(self.code(table, "alice", "deal"), "not_started")
        self.assertFalse(table.finished)
        table.connect("carol")
        table.send("alice", "deal")
        self.assertEqual(list(table.state["counts"]), ["alice", "carol"])


class Hands(SynchronousTestCase):
    """Who sees which card."""

    def setUp(self) -> None:
        self.table = Table(CrazyEights, "alice", "bob")
        self.table.watch("eve")
        self.table.send("alice", "deal")

    def test_each_player_is_shown_their_own_cards_and_how_many_the_others_have(self) -> None:
        hands = self.table.model.hands
        for name in ("alice", "bob"):
            self.assertEqual(self.table.state_of(name)["hands"], {name: hands[name]})
            self.assertIn({"event": "Hand", "cards": hands[name]}, self.table.events(name))
        self.assertEqual(self.table.state["hands"], {})
        self.assertEqual([event["event"] for event in self.table.events("eve")], ["Dealt"])
        for name in ("alice", "bob", "eve"):
            self.assertNotIn("stock", self.table.state_of(name))
            self.assertEqual(self.table.state_of(name)["counts"], {"alice": 7, "bob": 7})

    def test_a_card_that_is_drawn_is_told_to_who_draws_it(self) -> None:
        card = self.table.model.stock[-1]
        self.table.send("alice", "draw")
        self.assertEqual(self.table.last("alice"), {"event": "Drawn", "card": card})
        for name in ("bob", "eve"):
            self.assertEqual(self.table.last(name), {"event": "Drew", "player": "alice"})
            self.assertNotIn(card, str(self.table.frames(name)))

    def test_the_cards_of_others_make_no_difference_to_what_a_player_is_sent(self) -> None:
        # One of Bob's cards, and the one that Alice draws, have changed places.
        heard = []
        for swaps in (0, 1):
            context = Context(b"seed", 1000.0)
            context.players = (ALICE, BOB)
            game = start(CrazyEights, context)
            context.begin(2, 1000.0)
            game._deal()
            if swaps:
                game.hands[BOB][3], game.stock[-1] = game.stock[-1], game.hands[BOB][3]
            game.time_up(ALICE)
            game.time_up(BOB)
            heard.append([body for body, to in context.events if to is None] + [game.view(None)])
        self.assertEqual(heard[0], heard[1])


class Turns(SynchronousTestCase):
    """Players who are slow, and who leave."""

    def setUp(self) -> None:
        self.table = Table(CrazyEights, "alice", "bob", "carol", options={"turn_seconds": 30})
        self.table.send("alice", "deal")

    @property
    def current(self) -> str:
        player: str = self.table.state["turns"]["current"]
        return player

    def test_who_is_slow_draws_and_passes(self) -> None:
        self.assertEqual(self.table.state["turn_ends"], self.table.now + 30)
        self.table.advance(29)
        self.assertEqual(self.current, "alice")
        self.table.advance(1)
        self.assertEqual([event["event"] for event in self.table.events("bob")][-2:], ["Drew", "Passed"])
        self.assertEqual((self.current, self.table.state["counts"]["alice"]), ("bob", 6))

    def test_who_has_drawn_and_is_slow_draws_no_other(self) -> None:
        self.table.advance(20)
        self.table.send("alice", "draw")
        self.table.advance(10)
        self.assertEqual((self.current, self.table.state["counts"]["alice"]), ("bob", 6))

    def test_each_turn_has_its_own_time(self) -> None:
        self.table.advance(20)
        self.table.send("alice", "draw")
        self.table.send("alice", "pass_on")
        self.table.advance(29)
        self.assertEqual(self.current, "bob")
        self.table.advance(1)
        self.assertEqual(self.current, "carol")

    def test_a_game_that_all_have_left_alone_ends(self) -> None:
        for name in ("alice", "bob", "carol"):
            self.table.disconnect(name)
        self.table.advance(30 * 60)
        self.assertTrue(self.table.finished)

    def test_the_turn_of_who_leaves_is_the_next_ones_and_their_cards_lie_in_the_stock(self) -> None:
        stock = self.table.state["in_stock"]
        hand = self.table.model.hands["alice"]
        self.table.advance(20)
        self.table.leave("alice")
        self.assertEqual((self.current, self.table.state["in_stock"]), ("bob", stock + 5))
        self.assertEqual(self.table.state["counts"], {"bob": 5, "carol": 5})
        self.assertLessEqual(set(hand), set(self.table.model.stock))
        self.table.advance(29)
        self.assertEqual(self.current, "bob")

    def test_who_leaves_at_anothers_turn_leaves_it_as_it_is(self) -> None:
        self.table.send("alice", "draw")
        self.table.advance(20)
        self.table.leave("bob")
        self.assertEqual((self.current, self.table.state["has_drawn"]), ("alice", True))
        self.table.advance(10)
        self.assertEqual(self.current, "carol")

    def test_who_is_left_alone_has_won(self) -> None:
        self.table.leave("alice")
        self.table.leave("carol")
        last = self.table.last("bob")
        assert last is not None
        self.assertEqual((last["event"], last["winners"]), ("Finished", ["bob"]))

    def test_a_crash_changes_nothing(self) -> None:
        before = self.table.state_of("bob")
        self.table.restart()
        self.assertEqual(self.table.state_of("bob"), before)
        self.table.advance(30)
        self.assertEqual(self.current, "bob")


class WholeGames(SynchronousTestCase):
    def test_games_end_and_no_card_gets_lost(self) -> None:
        for seed in range(6):
            chance = random.Random(seed)
            table = Table(CrazyEights, *("alice", "bob", "carol", "dave")[: 2 + seed % 3], seed=seed)
            if seed % 3 < 2:
                table.send("alice", "deal")
            played = [table.model.top]
            while not table.finished:
                game = table.model
                player = game.turns.current
                fits = [
                    card for card in game.hands[player] if card[-1] == game.suit or card[:-1] in (game.top[:-1], "8")
                ]
                if fits:
                    played.append(chance.choice(fits))
                    table.send(player, "play", card=played[-1])
                else:
                    table.send(player, "pass_on" if game.has_drawn or not game.stock else "draw")
            game = table.model
            cards = [*played, *game.stock, *(card for hand in game.hands.values() for card in hand)]
            self.assertEqual((len(cards), len(set(cards))), (52, 52))
