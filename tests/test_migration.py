"""A state that was stored once, for the model of today."""

from __future__ import annotations

from typing import Any

from msgspec import msgpack
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import GameModel, Player, command, field
from gamesvc.migration import MigrationError, migrated

STATE = {"board": [1, 2, 3], "score": 2}


class Board(GameModel):
    """As it is in `STATE`."""

    board: list[int] = field(default_factory=list)
    score: int = 0

    @command
    def move(self, player: Player) -> None: ...


class Cells(GameModel, version=3):
    """What became of it."""

    cells: dict[int, int] = field(default_factory=dict)
    score: int = 0
    level: int = 7

    @classmethod
    def migrate(cls, state: dict[str, Any], version: int) -> None:
        if version == 1:
            state["score"] *= 10
        state["cells"] = dict(enumerate(state.pop("board")))

    @command
    def move(self, player: Player) -> None: ...


class Migrating(SynchronousTestCase):
    def values(self, model: type[GameModel], state: dict[str, Any], version: int = 1) -> list[Any]:
        stored = {name: msgpack.encode(value) for name, value in state.items()}
        return [msgpack.decode(each, strict=False) for each in migrated(model, stored, version)]

    def refused(self, model: type[GameModel], state: dict[str, Any], *why: str, version: int = 1) -> None:
        error = self.assertRaises(MigrationError, self.values, model, state, version)
        for each in why:
            self.assertIn(each, str(error))

    def test_a_state_of_todays_version_is_as_it_was(self) -> None:
        self.assertEqual(self.values(Board, STATE), [[1, 2, 3], 2])
        self.assertEqual(self.values(Cells, {"cells": {4: 5}}, 3), [{4: 5}, 0, 7])

    def test_an_older_one_is_what_migrate_makes_of_it_and_what_it_leaves_out_has_its_default(self) -> None:
        self.assertEqual(self.values(Cells, STATE, 1), [{0: 1, 1: 2, 2: 3}, 20, 7])
        self.assertEqual(self.values(Cells, STATE, 2), [{0: 1, 1: 2, 2: 3}, 2, 7])

    def test_a_field_with_a_default_may_be_added_without_a_new_version(self) -> None:
        class More(GameModel):
            board: list[int] = field(default_factory=list)
            added: str = "new"
            score: int = 0

            @command
            def move(self, player: Player) -> None: ...

        self.assertEqual(self.values(More, STATE), [[1, 2, 3], "new", 2])

    def test_a_later_one_is_not_touched(self) -> None:
        self.refused(Cells, STATE, "version 4 of Cells", "this is version 3", version=4)

    def test_a_field_that_is_gone_is_not_dropped_in_silence(self) -> None:
        class Fewer(GameModel):
            score: int = 0

            @command
            def move(self, player: Player) -> None: ...

        self.refused(Fewer, STATE, "Fewer has no field 'board'", "migrate")

    def test_a_field_that_migrate_has_forgotten_to_take_out_is_named(self) -> None:
        class Forgetful(GameModel, version=2):
            score: int = 0

            @command
            def move(self, player: Player) -> None: ...

        self.refused(Forgetful, STATE, "Forgetful has no field 'board'")

    def test_a_migrate_that_fails_or_leaves_what_can_not_be_stored_is_named(self) -> None:
        class Raises(Board, version=2):
            @classmethod
            def migrate(cls, state: dict[str, Any], version: int) -> None:
                raise KeyError("bord")

        class Unstorable(Board, version=2):
            @classmethod
            def migrate(cls, state: dict[str, Any], version: int) -> None:
                state["board"] = object()

        self.refused(Raises, STATE, "Raises.migrate", "version 1", "bord")
        self.refused(Unstorable, STATE, "Unstorable.migrate")

    def test_a_value_of_another_type_is_named_by_its_field(self) -> None:
        self.refused(Board, {"score": "many"}, "Board.score: Expected `int`, got `str`", "raise the version")

    def test_bytes_that_are_no_value_are_too(self) -> None:
        for damaged in (b"", b"\xc1", b"\x92\x01"):
            error = self.assertRaises(MigrationError, migrated, Board, {"score": damaged}, 1)
            self.assertIn("Board.score", str(error))
