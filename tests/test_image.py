"""A model's state as bytes, and back."""

import enum
from collections import deque
from typing import Any, TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import GameModel, Own, Player, Secret, command, derived, field
from gamesvc.image import restore, settle
from gamesvc.model import Context, start

M = TypeVar("M", bound=GameModel)
ALICE, BOB = Player("alice"), Player("bob")
PROPERTY = settings(deadline=None, database=None, max_examples=100)


class Piece(Struct):
    cells: list[int]


class Way(enum.Enum):
    UP = "up"
    DOWN = "down"


class Ships(GameModel, seats=2):
    pieces: dict[Player, Piece] = field(default_factory=dict)
    shots: int = 0
    names: dict[str, int] = field(default_factory=dict)
    hit: float = 0.5

    def setup(self) -> None:
        self.names["setup"] = int(self.now)

    @command
    def shoot(self, player: Player, cell: int) -> None: ...


def begun(kind: type[M], context: Context | None = None) -> M:
    """A new game whose seats are taken."""
    context = context or Context()
    model = start(kind, context)
    assert isinstance(model, kind)
    context.players = (ALICE, BOB)
    return model


class Everything(GameModel):
    """Has a field of each kind."""

    cells: list[int | None] = field(default_factory=list)
    pieces: dict[Player, Piece] = field(default_factory=dict)
    counts: dict[int, tuple[int, float]] = field(default_factory=dict)
    ways: tuple[Way, ...] = ()
    way: Way | None = None
    name: str = ""
    data: bytes = b""
    hit: float = 0.5
    deck: Secret[list[int]] = field(default_factory=list)
    hands: Own[dict[Player, list[int]]] = field(default_factory=dict)

    @derived
    def total(self) -> int:
        return sum(self.deck)


NUMBERS = st.integers(-(2**63), 2**63 - 1)
NAMES = st.text(max_size=9).map(Player)
STATES = st.fixed_dictionaries(
    {
        "cells": st.lists(st.none() | NUMBERS),
        "pieces": st.dictionaries(NAMES, st.lists(NUMBERS).map(Piece)),
        "counts": st.dictionaries(NUMBERS, st.tuples(NUMBERS, st.floats(allow_nan=False))),
        "ways": st.lists(st.sampled_from(Way)).map(tuple),
        "way": st.none() | st.sampled_from(Way),
        "name": st.text(),
        "data": st.binary(),
        "hit": st.floats(allow_nan=False) | st.integers(-9, 9),
        "deck": st.lists(NUMBERS),
        "hands": st.dictionaries(NAMES, st.lists(NUMBERS)),
    }
)


def everything(state: dict[str, Any]) -> Everything:
    """A game in some state."""
    model = begun(Everything)
    for name, value in state.items():
        setattr(model, name, value)
    return model


def values(model: GameModel) -> dict[str, Any]:
    return {spec.name: getattr(model, spec.name) for spec in model.FIELDS}


class Images(SynchronousTestCase):
    """A model's state as bytes, and back."""

    def test_an_undeclared_attribute_fails_at_its_line(self) -> None:
        with self.assertRaises(AttributeError):
            begun(Ships).shot = 1  # type: ignore[attr-defined]  # the mistake that this is about

    def test_restore_puts_everything_back_however_deep(self) -> None:
        model = begun(Ships)
        model.pieces[ALICE] = Piece([1, 2])
        image = settle(model)
        model.pieces[ALICE].cells.append(3)
        model.pieces[BOB] = Piece([])
        model.shots += 1
        model.names.clear()
        restore(model, image)
        self.assertEqual((model.pieces, model.shots, model.names), ({ALICE: Piece([1, 2])}, 0, {"setup": 0}))
        self.assertEqual(settle(model), image)

    def test_what_is_put_back_is_new_each_time(self) -> None:
        model = begun(Ships)
        image = settle(model)
        for _ in range(3):
            self.assertEqual(model.names, {"setup": 0})
            model.names["x"] = 1
            restore(model, image)

    def test_an_image_has_the_bytes_of_each_field_in_their_order(self) -> None:
        model = begun(Ships)
        before = settle(model)
        self.assertEqual(len(before), len(Ships.FIELDS))
        model.shots += 1
        after = settle(model, before)
        changed = [spec.name for spec, old, new in zip(Ships.FIELDS, before, after, strict=True) if old != new]
        self.assertEqual(changed, ["shots"])

    def test_what_two_fields_shared_they_have_one_each_of_afterwards(self) -> None:
        # Else what is done to one would be done to both, until the game is loaded again.
        class Game(GameModel):
            hand: list[int] = field(default_factory=list)
            table: list[int] = field(default_factory=list)

        for has_before in (False, True):
            model = begun(Game)
            before = settle(model) if has_before else None
            model.hand = model.table
            settle(model, before)
            model.hand.append(1)
            self.assertEqual(model.table, [])

    def test_what_is_kept_elsewhere_of_an_unchanged_field_does_not_change_it_either(self) -> None:
        model = begun(Ships)
        before = settle(model)
        kept = model.names
        settle(model, before)
        kept["x"] = 1
        self.assertEqual(model.names, {"setup": 0})

    def test_a_whole_number_in_a_field_for_fractions_is_a_fraction_afterwards(self) -> None:
        model = begun(Ships)
        model.hit = 1
        before = settle(model)
        self.assertIs(type(model.hit), float)
        self.assertEqual(settle(model), before)
        # Once more, and now nothing has changed.
        model.hit = 1
        self.assertEqual(settle(model, before), before)
        self.assertIs(type(model.hit), float)

    def test_whatever_else_looks_the_same_when_it_is_stored_is_of_its_fields_type_afterwards(self) -> None:
        class Phase(enum.StrEnum):
            OPEN = "open"

        class Game(GameModel):
            name: str = "open"
            data: bytes = b"x"
            count: int = 1

        class Count(enum.IntEnum):
            ONE = 1

        wrong: list[tuple[str, Any]] = [("name", Phase.OPEN), ("data", bytearray(b"x")), ("count", Count.ONE)]
        for has_before in (False, True):
            for name, value in wrong:
                model = begun(Game)
                before = settle(model) if has_before else None
                setattr(model, name, value)
                settle(model, before)
                self.assertIn(type(getattr(model, name)), (str, bytes, int), (name, has_before))

    def test_an_image_of_another_class_is_not_put_in(self) -> None:
        class Other(GameModel):
            shots: int = 0

        self.assertRaises(ValueError, restore, begun(Ships), settle(begun(Other)))

    def test_a_field_that_would_not_load_again_is_found(self) -> None:
        def is_found(name: str, value: object) -> bool:
            model = begun(Ships)
            setattr(model, name, value)
            try:
                settle(model)
            except TypeError:
                return True
            return False

        wrong: list[tuple[str, object]] = [
            ("shots", "one"),
            ("shots", 1 << 64),
            ("shots", True),
            ("pieces", {"alice": [1]}),
            ("pieces", deque()),
            ("names", {1: 1}),
            ("names", {"\ud800": 1}),
            ("hit", None),
        ]
        self.assertEqual([each for each in wrong if not is_found(*each)], [])

    def test_a_fault_in_a_field_names_it(self) -> None:
        for name, wrong in (("shots", "one"), ("hit", object()), ("pieces", deque())):
            model = begun(Ships)
            setattr(model, name, wrong)
            self.assertIn(f"the field {name} ", str(self.assertRaises(TypeError, settle, model)))

    @settings(deadline=None, database=None, max_examples=100)
    @given(
        pieces=st.dictionaries(st.text().map(Player), st.lists(st.integers(-(2**63), 2**63 - 1)).map(Piece)),
        names=st.dictionaries(st.text(), st.integers(-9, 9)),
        hit=st.floats(allow_nan=False),
    )
    def test_any_state_of_the_right_types_comes_back_as_it_was(
        self, pieces: dict[Player, Piece], names: dict[str, int], hit: float
    ) -> None:
        model = begun(Ships)
        model.pieces, model.names, model.hit = pieces, names, hit
        image = settle(model)
        other = begun(Ships)
        restore(other, image)
        self.assertEqual((other.pieces, other.names, other.hit), (pieces, names, hit))
        self.assertEqual(list(other.names), list(names))
        self.assertEqual(settle(other), image)

    @PROPERTY
    @given(STATES)
    def test_to_settle_twice_is_to_settle_once(self, state: dict[str, Any]) -> None:
        model = everything(state)
        image = settle(model)
        before = repr(values(model))
        self.assertIs(settle(model, image), image)
        self.assertEqual((settle(model), repr(values(model))), (image, before))

    @PROPERTY
    @given(STATES, STATES)
    def test_whatever_happened_meanwhile_restore_brings_back_what_was(
        self, state: dict[str, Any], meanwhile: dict[str, Any]
    ) -> None:
        model = everything(state)
        image = settle(model)
        before = repr(values(model))
        for name, value in meanwhile.items():
            setattr(model, name, value)
        changed = settle(model, image)
        restore(model, image)
        self.assertEqual((values(model), repr(values(model))), (state, before))
        # To go by what was before comes to the same as not to.
        other = everything(meanwhile)
        self.assertEqual(changed, settle(other))

    @PROPERTY
    @given(st.lists(NUMBERS), st.lists(st.sampled_from(("settle", "restore", "add")), max_size=9))
    def test_what_is_derived_is_kept_when_a_command_is_done_and_built_again_when_it_is_undone(
        self, deck: list[int], steps: list[str]
    ) -> None:
        model = everything({"deck": deck})
        image = settle(model)
        for step in steps:
            kept = model.total
            if step == "settle":
                image = settle(model, image)
                self.assertEqual(model.total, kept)
            elif step == "restore":
                restore(model, image)
                self.assertEqual(model.total, sum(model.deck))
            else:
                model.deck.append(1)
                model.total += 1
            self.assertEqual(model.total, sum(model.deck))
