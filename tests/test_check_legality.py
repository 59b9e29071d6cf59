from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc import GameError, GameModel, Move, Player, command, field
from gamesvc.games.chess import Chess
from gamesvc.model import Secret
from gamesvc.testing import Fault, Trial
from gamesvc.testing.draws import Seen
from gamesvc.testing.legality import choices
from gamesvc.testing.looks import Looks
from gamesvc.testing.plays import Dice, Play
from gamesvc.testing.trial import Rehearsal
from tests import faulty_models


class Shelf(GameModel, seats=(2, 3)):
    """Takes numbers, each once."""

    taken: list[int] = field(default_factory=list)
    pages: dict[int, int] = field(default_factory=dict)

    @command
    def take(self, player: Player, number: int, twice: bool = False, pages: dict[int, int] | None = None) -> None:
        if number in self.taken:
            raise GameError("it is taken")
        self.taken.append(number)
        self.pages.update(pages or {})

    @command
    def end(self, player: Player) -> None:
        self.finish()

    def on_leave(self, player: Player) -> None:
        pass

    def legal(self, player: Player) -> Iterable[Move]:
        if self.taken:
            yield Move(self.take, self.taken[-1], pages={1: 2})
        yield Move(self.take, number=7)


class Hinting(GameModel, seats=1):
    """Says on purpose what is secret."""

    number: Secret[int] = 3

    @command
    def name(self, player: Player, number: int) -> None:
        pass

    def view(self, viewer: Player | None) -> dict[str, Any]:
        return {"even": self.reveal(self.number % 2 == 0)}

    def legal(self, player: Player) -> Iterable[Move]:
        yield Move(self.name, number=self.reveal(self.number))


def begun(model: type[GameModel], *players: str, trial: type[Trial] = Trial) -> Trial:
    game = trial(model)
    game.open()
    for player in players:
        game.join(player)
    return game


class WhatIsNamed(SynchronousTestCase):
    def test_as_a_client_is_shown_it(self) -> None:
        trial = begun(Shelf, "alice", "bob")
        self.assertEqual(trial.legal("alice"), [{"command": "take", "number": 7}])
        trial.send("alice", "take", number=1)
        self.assertEqual(
            trial.legal("bob"),
            [{"command": "take", "number": 1, "pages": {"1": 2}}, {"command": "take", "number": 7}],
        )

    def test_nobody_is_asked_about_who_can_not_play(self) -> None:
        self.assertEqual(Trial(Shelf).legal("alice"), [])
        trial = begun(Shelf, "alice")
        self.assertEqual(trial.legal("alice"), [])
        trial.join("bob")
        self.assertEqual(trial.legal("carol"), [])
        trial.send("alice", "end")
        self.assertEqual(trial.legal("alice"), [])
        self.assertEqual(begun(faulty_models.Cards, "alice", "bob").legal("alice"), [])

    def test_where_the_model_fails_at_it_there_is_nothing(self) -> None:
        trial = begun(faulty_models.LegalOfNothing, "alice", "bob", trial=Rehearsal)
        self.assertEqual(choices(faulty_models.LegalOfNothing, trial.standing, Player("alice")), [])


class WhatIsRefused(SynchronousTestCase):
    def test_what_is_named_must_not_be(self) -> None:
        trial = begun(Shelf, "alice", "bob")
        trial.send("alice", "take", number=1)
        # The same by other means: what is left out, and numbers as keys.
        for more in ({"pages": {1: 2}}, {"pages": {"1": 2}, "twice": False}):
            fault = self.assertRaises(Fault, trial.send, "bob", "TAKE", number=1, **more)
            self.assertEqual(fault.name, "legal")
            self.assertIn("for 'bob', and it is refused: refused: it is taken", fault.what)
            self.assertRegex(fault.where, r"test_check_legality\.py, line \d+, in take$")

    def test_what_is_not_named_may_be(self) -> None:
        trial = begun(Shelf, "alice", "bob")
        trial.send("alice", "take", number=1)
        self.assertFalse(trial.send("bob", "take", number=1))
        self.assertFalse(trial.send("bob", "take", number=1, pages={1: 2}, twice=True))

    def test_nor_does_a_rehearsal_look(self) -> None:
        trial = begun(faulty_models.LegalRefused, "alice", "bob", trial=Rehearsal)
        self.assertTrue(trial.send("alice", "take", cell=1))
        self.assertFalse(trial.send("alice", "take", cell=1))


class WhatItTells(SynchronousTestCase):
    def test_what_it_reveals_is_known_beside_what_the_view_does(self) -> None:
        trial = begun(Hinting, "alice")
        alice, watching = Looks(Hinting, Player("alice")), Looks(Hinting, None)
        for _ in range(2):
            self.assertEqual(alice.look(trial.standing).revealed, (b"false", b"3"))
            self.assertEqual(watching.look(trial.standing).revealed, (b"false",))

    def test_once_the_game_is_over_the_view_alone_does(self) -> None:
        trial = begun(Hinting, "alice")
        over = trial.standing._replace(finished=True)
        self.assertEqual(Looks(Hinting, Player("alice")).look(over).revealed, (b"false",))


class WhatIsPlayed(SynchronousTestCase):
    def test_most_of_it_is_what_is_legal(self) -> None:
        longest = 0
        for number in range(12):
            trial = Rehearsal(Chess)
            play = Play(Dice(f"{number}"), Seen(["alice", "bob"]), trial, learns=True)
            for _ in range(150):
                play.step()
            longest = max(longest, trial.accepted)
        self.assertGreater(longest, 60)

    def test_some_of_it_is_not(self) -> None:
        sent = set()
        for number in range(10):
            play = Play(Dice(f"{number}"), Seen(["alice", "bob"]), Rehearsal(Chess), learns=True)
            for _ in range(60):
                play.step()
            sent |= {call.positional[1] for call in play.calls if call.method == "send"}
        self.assertGreater(len(sent), 4)
