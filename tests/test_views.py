"""Views: what is shown of a game's state."""

from __future__ import annotations

import json
from enum import Enum
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import GameModel, Player, Secret, command, field
from gamesvc.image import settle
from gamesvc.model import Context, start
from gamesvc.views import public_state

PROPERTY = settings(deadline=None, database=None, max_examples=80)


class Colour(Enum):
    RED = "red"


class Card(Struct):
    rank: int
    owner: Player | None = None


class Node(Struct):
    """Holds others, in every way."""

    value: int | str | None = None
    weight: float | None = None
    by_name: dict[str, Node] = field(default_factory=dict)
    row: list[Node | None] = field(default_factory=list)


class Table(GameModel):
    """Has everything that a field can be."""

    deck: Secret[list[Card]] = field(default_factory=list)
    hidden: Secret[int] = 7
    turn: Player | None = None
    top: Card | None = None
    board: list[Player | None] = field(default_factory=list)
    hands: dict[Player, list[Card]] = field(default_factory=dict)
    scores: dict[int, int] = field(default_factory=dict)
    colour: Colour = Colour.RED
    pair: tuple[int, Player | None] = (1, None)
    tree: Node | None = None
    weight: float = 0.0

    @command
    def look(self, player: Player) -> None: ...


NODES: st.SearchStrategy[Node | None] = st.recursive(
    st.none() | st.builds(Node, st.none() | st.integers(-5, 5) | st.text(max_size=3), st.none() | st.just(0.5)),
    lambda inner: st.builds(
        Node,
        st.none() | st.integers(-5, 5),
        st.none(),
        st.dictionaries(st.text(max_size=3), inner, max_size=3),
        st.lists(inner, max_size=3),
    ),
    max_leaves=12,
)


def shown(**fields: Any) -> Any:
    """The view of a game whose fields have these values."""
    model = start(Table, Context())
    for name, value in fields.items():
        setattr(model, name, value)
    return json.loads(public_state(Table, settle(model)))


def has_null_member(value: Any) -> bool:
    if isinstance(value, dict):
        return any(part is None or has_null_member(part) for part in value.values())
    return isinstance(value, list) and any(map(has_null_member, value))


class PublicState(SynchronousTestCase):
    """For everybody."""

    def test_fields_are_shown_but_for_secrets_and_those_that_are_none(self) -> None:
        self.assertEqual(
            shown(deck=[Card(13)], hidden=1),
            {
                "board": [],
                "hands": {},
                "scores": {},
                "colour": "red",
                "pair": [1, None],
                "weight": 0.0,
            },
        )

    def test_no_byte_changes_with_a_secret(self) -> None:
        self.assertEqual(shown(deck=[Card(13, Player("alice"))], hidden=1), shown(deck=[], hidden=999))

    def test_what_is_none_is_left_out_at_any_depth_of_objects_and_keeps_its_place_in_lists(self) -> None:
        alice = Player("alice")
        view = shown(
            turn=alice,
            top=Card(1),
            board=[None, alice, None],
            hands={alice: [Card(2), Card(3, alice)]},
            scores={2: 5},
            tree=Node(None, 1.0, {"a": None, "b": Node(0, None, {}, [Node(), None])}),
        )
        self.assertEqual(view["turn"], "alice")
        self.assertEqual(view["top"], {"rank": 1})
        self.assertEqual(view["board"], [None, "alice", None])
        self.assertEqual(view["hands"], {"alice": [{"rank": 2}, {"rank": 3, "owner": "alice"}]})
        self.assertEqual(view["scores"], {"2": 5})
        leaf: dict[str, object] = {"by_name": {}, "row": []}
        inner = {"value": 0, "by_name": {}, "row": [leaf, None]}
        self.assertEqual(view["tree"], {"weight": 1.0, "by_name": {"b": inner}, "row": []})

    @PROPERTY
    @given(NODES)
    def test_nothing_in_an_object_is_null(self, tree: Node | None) -> None:
        self.assertFalse(has_null_member(shown(tree=tree)))

    def test_a_number_that_json_does_not_have_is_no_null_either(self) -> None:
        for number in (float("nan"), float("inf")):
            self.assertFalse(has_null_member(shown(weight=number, tree=Node(weight=number))), number)

    def test_it_is_of_the_image_whatever_the_model_has_become(self) -> None:
        model = start(Table, Context())
        image = settle(model)
        model.board.append(Player("alice"))
        self.assertEqual(json.loads(public_state(Table, image))["board"], [])

    def test_a_game_without_fields_has_an_empty_state(self) -> None:
        class Empty(GameModel):
            @command
            def look(self, player: Player) -> None: ...

        self.assertEqual(public_state(Empty, settle(start(Empty, Context()))), b"{}")
