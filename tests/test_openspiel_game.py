"""What clients of OpenSpiel's games are shown, and what they can do. Needs gamesvc[openspiel]."""

from __future__ import annotations

import random
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.catalog import Catalog
from gamesvc.offline import OfflineGame
from gamesvc.openspiel import game as module
from gamesvc.openspiel.loading import PREFIX
from gamesvc.openspiel.position import unpacked
from gamesvc.testing import Refused, Table
from tests.openspiel_list import Beside, stored_in

OF_EACH_SORT = (
    "tic_tac_toe",  # nothing but moves
    "pig",  # chance in the open
    "goofspiel",  # at once, and chance
    "matching_pennies_3p",  # one move of three players
    "leduc_poker",  # cards
    "phantom_ttt",  # moves that fail, unseen
    "liars_dice",  # no observations
    "goofspiel(imp_info=True)",  # at once, and hidden
    "coop_box_pushing",  # at once, and chance that is hidden
    "2048",  # one player
    "tarok",  # chance of its own
    "morpion_solitaire",  # states that can't be copied
)


def model_of(text: str) -> Any:
    return Catalog([PREFIX + text]).default.model


def table(text: str, *players: str, seed: int = 0) -> Table:
    return Table(model_of(text), *(players or ("alice", "bob")), seed=seed)


class OfATable(SynchronousTestCase):
    def refused(self, at: Table, player: str, **arguments: Any) -> str:
        before = at.state, at.state_of("alice"), at.state_of("bob")
        refusal = self.assertRaises(Refused, at.send, player, "act", **arguments)
        self.assertEqual((at.state, at.state_of("alice"), at.state_of("bob")), before)
        return str(refusal.code)


class Played(SynchronousTestCase):
    def test_games_of_each_sort_go_as_openspiel_plays_them(self) -> None:
        for text in OF_EACH_SORT:
            for seed in range(2):
                self.assertGreater(Beside(PREFIX + text, seed).play(), 0, text)

    def test_chance_is_the_games_own(self) -> None:
        deals = {stored_in(OfflineGame(model_of("kuhn_poker"), ["a", "b"], seed=seed))[0] for seed in range(40)}
        self.assertEqual(len(deals), 6)

    def test_seeds_of_chance_that_openspiel_draws_are_the_games_own(self) -> None:
        games = [OfflineGame(model_of("negotiation"), ["a", "b"], seed=seed) for seed in range(4)]
        self.assertEqual(len({stored_in(game)[1] for game in games}), 4)
        self.assertEqual(len({game.view("a")["observation"] for game in games}), 4)


class Open(OfATable):
    """Games in which nothing is hidden."""

    def test_before_the_seats_are_taken_there_is_nothing_to_see(self) -> None:
        at = table("tic_tac_toe", "alice")
        self.assertEqual((at.state, at.state_of("alice")), ({}, {"legal": []}))

    def test_players_see_what_they_may_do_and_everybody_what_was_done(self) -> None:
        at = table("tic_tac_toe")
        at.watch("eve")
        at.send("alice", "act", **{key: at.state_of("alice")["legal"][4][key] for key in ("action", "name")})
        seen = {"observation": "...\n.x.\n...", "to_move": ["bob"], "history": {"1": 4}}
        self.assertEqual((at.state, at.state_of("alice")), (seen, {**seen, "legal": []}))
        self.assertEqual(at.state_of("bob")["legal"][0], {"command": "act", "action": 0, "name": "o(0,0)"})
        for name in ("alice", "bob", "eve"):
            self.assertEqual(at.last(name), {"event": "Acted", "player": "alice", "action": 4, "name": "x(1,1)"})

    def test_chance_is_told(self) -> None:
        at = table("pig")
        at.send("alice", "act", action=0)
        roll, drawn = at.events("bob")
        self.assertEqual(
            (roll["name"], drawn["event"], drawn["name"]), ("roll", "Chance", f"Roll {drawn['action'] + 1}")
        )
        self.assertEqual(at.state["history"], {"1": 0, "2": drawn["action"]})

    def test_the_end_tells_what_each_has_got(self) -> None:
        at = table("tic_tac_toe")
        for number, cell in enumerate((0, 3, 1, 4, 2)):
            at.send(("alice", "bob")[number % 2], "act", action=cell)
        returns = {"alice": 1.0, "bob": -1.0}
        self.assertTrue(at.finished)
        self.assertEqual(at.last("bob"), {"event": "Finished", "returns": returns})
        self.assertEqual((at.state["returns"], at.state["to_move"], at.state_of("bob")["legal"]), (returns, [], []))
        self.assertEqual(self.refused(at, "bob", action=5), "game_over")

    def test_what_may_not_be_done_is_refused(self) -> None:
        at = table("tic_tac_toe")
        self.assertEqual(self.refused(at, "bob", action=0), "not_your_turn")
        for action in (9, -1, 2**40):
            self.assertEqual(self.refused(at, "alice", action=action), "illegal_action")
        self.assertEqual(self.refused(at, "alice", action=4, name="x(0,0)"), "wrong_name")
        self.assertEqual(self.refused(at, "alice", action="4"), "bad_arguments")
        self.assertEqual(self.refused(at, "alice", action=4, name="x" * 201), "bad_arguments")
        at.send("alice", "act", action=4, name="x(1,1)")
        self.assertEqual(self.refused(at, "bob", action=4), "illegal_action")

    def test_nobody_can_leave(self) -> None:
        at = table("tic_tac_toe")
        self.assertEqual(self.assertRaises(Refused, at.leave, "bob").code, "cannot_leave")

    def test_a_crash_changes_nothing(self) -> None:
        at, chance = table("backgammon", seed=3), random.Random(3)
        for _ in range(20):
            (player,) = at.state["to_move"]
            at.send(player, "act", action=chance.choice(at.state_of(player)["legal"])["action"])
            before = at.state, at.state_of("alice"), at.state_of("bob")
            at.restart()
            self.assertEqual((at.state, at.state_of("alice"), at.state_of("bob")), before)

    def test_with_each_command_only_the_last_actions_are_stored_anew(self) -> None:
        self.patch(module, "PAGE", 8)
        game = OfflineGame(model_of("connect_four"), ["a", "b"])
        chance, sizes = random.Random(1), []
        for number in range(1, 20):
            (player,) = game.to_move
            game.act(player, chance.choice(game.legal(player)))
            sizes.append(len(game.instance._model.recent) // 4)  # type: ignore[attr-defined]  # of this model
            self.assertEqual(len(unpacked(stored_in(game)[0])), number)
        self.assertEqual(sizes[:10], [1, 2, 3, 4, 5, 6, 7, 0, 1, 2])

    def test_a_game_has_a_bound(self) -> None:
        self.patch(module, "MAX_ACTIONS", 3)
        at = table("tic_tac_toe")
        for number, player in enumerate(("alice", "bob", "alice")):
            self.assertTrue(at.state_of(player)["legal"])
            at.send(player, "act", action=number)
        self.assertEqual(at.state_of("bob")["legal"], [])
        self.assertEqual(self.refused(at, "bob", action=5), "too_long")


class AtOnce(OfATable):
    """Moves that are made at the same time."""

    def test_who_chooses_first_is_seen_by_nobody(self) -> None:
        for text in ("matrix_pd", "goofspiel(imp_info=True)", "goofspiel"):
            at = table(text)
            at.watch("eve")
            before = [at.frames(name) for name in ("bob", "eve")]
            own = at.state_of("alice")
            at.send("alice", "act", action=1)
            self.assertEqual([at.frames(name) for name in ("bob", "eve")], before, text)
            self.assertEqual(at.state_of("alice"), {**own, "legal": []}, text)

    def test_all_is_told_when_all_have_chosen(self) -> None:
        at = table("matrix_pd")
        at.send("bob", "act", action=1)
        at.send("alice", "act", action=0)
        joint, finished = at.events("alice")
        self.assertEqual(joint["actions"], {"alice": 0, "bob": 1})
        self.assertEqual(joint["names"], {"alice": "Cooperate", "bob": "Defect"})
        self.assertEqual(finished["returns"], {"alice": 0.0, "bob": 10.0})
        self.assertEqual(at.state["history"], {"1": 0, "2": 1})

    def test_nobody_chooses_twice_and_a_crash_forgets_no_choice(self) -> None:
        at = table("matrix_pd")
        at.send("alice", "act", action=1)
        self.assertEqual(self.refused(at, "alice", action=0), "already_chosen")
        at.restart()
        self.assertEqual(at.state_of("alice")["legal"], [])
        at.send("bob", "act", action=1)
        self.assertEqual(at.state["history"], {"1": 1, "2": 1})


class Hidden(OfATable):
    """Games in which players see different things."""

    def test_each_player_is_told_what_they_observe_and_nobody_else(self) -> None:
        at = table("kuhn_poker")
        at.watch("eve")
        cards = [at.last(name)["observation"] for name in ("alice", "bob")]  # type: ignore[index]  # there is one
        self.assertNotEqual(*cards)
        self.assertEqual([at.state_of(name)["observation"] for name in ("alice", "bob")], cards)
        self.assertEqual((at.state, at.events("eve")), ({}, []))
        at.send("alice", "act", action=1)
        self.assertEqual(at.events("eve"), [])
        self.assertEqual([list(each) for each in at.events("bob")], [["event", "observation"]] * 2)

    def test_who_sees_no_more_than_before_gets_nothing(self) -> None:
        at = table("phantom_ttt")
        at.send("alice", "act", action=4)
        seen, own = at.frames("alice"), at.state_of("alice")
        # It is taken, of which only Bob learns.
        at.send("bob", "act", action=4)
        self.assertEqual((at.frames("alice"), at.state_of("alice")), (seen, own))
        self.assertIn("x", at.state_of("bob")["observation"])
        self.assertTrue(at.state_of("bob")["legal"])

    def test_the_end_shows_what_openspiel_shows_then(self) -> None:
        at = table("kuhn_poker")
        at.watch("eve")
        for player in ("alice", "bob"):
            at.send(player, "act", action=0)
        returns = at.state["returns"]
        self.assertEqual(sorted(returns.values()), [-1.0, 1.0])
        self.assertEqual(at.events("eve"), [{"event": "Finished", "returns": returns}])
        self.assertEqual(at.state, {"returns": returns})
        for name in ("alice", "bob"):
            self.assertEqual(list(at.state_of(name)), ["observation", "returns", "legal"])
            self.assertEqual(at.state_of(name)["observation"][1:], "11")
