from __future__ import annotations

from msgspec import Struct
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import GameModel, Own, Player, Secret, command, field
from gamesvc.testing import Trial, hidden
from gamesvc.testing.hidden import Path


class Coin(Struct):
    worth: int


class Cupboard(GameModel):
    """Holds what may and may not change places."""

    hands: Own[dict[Player, list[str]]] = field(
        default_factory=lambda: {Player("alice"): ["A", "B"], Player("bob"): ["C", "D"], Player("carol"): ["E"]}
    )
    cells: Own[dict[Player, list[int]]] = field(
        default_factory=lambda: {Player("alice"): [0, 0, 1], Player("bob"): [0, 1, 1]}
    )
    bags: Secret[dict[Player, dict[str, int]]] = field(
        default_factory=lambda: {Player("alice"): {"ore": 2, "hay": 1}, Player("bob"): {"ore": 1, "hay": 1}}
    )
    coins: Secret[list[Coin | None]] = field(default_factory=lambda: [Coin(1), Coin(2), None])
    count: int = 0

    @command
    def add(self, player: Player) -> None:
        self.count += 1


class Places(SynchronousTestCase):
    def setUp(self) -> None:
        trial = Trial(Cupboard)
        trial.open()
        self.standing = trial.standing

    def can_swap(self, one: Path, other: Path) -> bool:
        return hidden.swapped(Cupboard, self.standing, one, other) is not None

    def test_what_may_change_places(self) -> None:
        for one, other in (
            (("hands", "alice", 0), ("hands", "alice", 1)),
            (("hands", "alice", 0), ("hands", "carol", 0)),
            (("hands", "alice"), ("hands", "bob")),
            (("cells", "alice", 1), ("cells", "alice", 2)),
            (("bags", "alice", "ore"), ("bags", "alice", "hay")),
            (("coins", 0), ("coins", 1)),
        ):
            self.assertTrue(self.can_swap(one, other), (one, other))

    def test_what_may_be_counted_stays(self) -> None:
        for one, other in (
            (("hands", "alice"), ("hands", "carol")),
            (("cells", "alice", 0), ("cells", "bob", 1)),
            (("cells", "alice"), ("cells", "bob")),
            (("bags", "alice"), ("bags", "bob")),
            (("bags", "alice", "ore"), ("bags", "bob", "hay")),
            (("coins", 0), ("coins", 2)),
        ):
            self.assertFalse(self.can_swap(one, other), (one, other))

    def test_what_is_hidden_from_whom(self) -> None:
        def fields(viewer: str | None) -> set[Path]:
            name = None if viewer is None else Player(viewer)
            groups = hidden.hidden_places(Cupboard, self.standing.image, name)
            return {place.path[:2] for places in groups.values() for place in places}

        self.assertNotIn(("hands", "alice"), fields("alice"))
        self.assertIn(("hands", "bob"), fields("alice"))
        # Their own name is in it, and it is secret all the same.
        self.assertIn(("bags", "alice"), fields("alice"))
        self.assertIn(("hands", "alice"), fields(None))
