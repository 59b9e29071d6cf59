"""Which methods of a model gamesvc calls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc import DefinitionError, GameModel, Move, Player, command
from gamesvc.hooks import HOOKS, OVERRIDABLE


class Hooks(SynchronousTestCase):
    """What a model is told of."""

    def test_a_model_has_those_that_it_defines(self) -> None:
        class Game(GameModel, seats=2, tick=20):
            def setup(self, size: int = 3) -> None: ...

            def on_join(self, player: Player) -> None: ...

            def on_start(self) -> None: ...

            def on_leave(self, player: Player) -> None: ...

            def on_away(self, who: str) -> None: ...

            def on_back(self, player) -> None: ...  # type: ignore[no-untyped-def]  # as authors who write no types do

            def on_tick(self) -> None: ...

            def view(self, viewer: Player | None) -> dict[str, Any]:
                return super().view(viewer)

            @classmethod
            def migrate(cls, state: dict[str, Any], version: int) -> None: ...

            @command
            def wave(self, player: Player) -> None: ...

            def legal(self, player: Player) -> Iterator[Move]:
                yield Move(self.wave)

            def determinize(self, player: Player, view: dict[str, Any]) -> None: ...

        self.assertEqual(Game.HOOKS, OVERRIDABLE)
        self.assertEqual(OVERRIDABLE, {*HOOKS, "setup", "view", "legal", "determinize", "migrate"})

    def test_without_any_it_has_none(self) -> None:
        class Game(GameModel):
            pass

        self.assertEqual((GameModel.HOOKS, Game.HOOKS), (frozenset(), frozenset()))

    def test_hooks_are_inherited_from_models_and_from_bases_without_state(self) -> None:
        class Greeting:
            __slots__ = ()

            def on_join(self, player: Player) -> None: ...

        class Base(Greeting, GameModel, seats=2):
            def on_start(self) -> None: ...

        class Game(Base):
            def on_leave(self, player: Player) -> None: ...

        self.assertEqual(Base.HOOKS, {"on_join", "on_start"})
        self.assertEqual(Game.HOOKS, {"on_join", "on_start", "on_leave"})

    def test_those_for_presence_need_no_seats(self) -> None:
        class Game(GameModel):
            def on_away(self, player: Player) -> None: ...

            def on_back(self, player: Player) -> None: ...

        self.assertEqual(Game.HOOKS, {"on_away", "on_back"})

    def test_methods_and_commands_of_other_names_are_the_authors(self) -> None:
        class Game(GameModel):
            def on_hit(self) -> None: ...

            def _on_join(self) -> None: ...

            def once(self) -> None: ...

            def on_board(self, cell: int) -> bool:
                return cell < 9

            @command
            def on_joined(self, player: Player) -> None: ...

        self.assertEqual((Game.HOOKS, list(Game.COMMANDS)), (frozenset(), ["on_joined"]))

    def test_a_subclass_that_stops_ticking_can_not_keep_its_hook(self) -> None:
        class Base(GameModel, tick=20):
            def on_tick(self) -> None: ...

        with self.assertRaises(DefinitionError):

            class Game(Base, tick=None):
                pass
