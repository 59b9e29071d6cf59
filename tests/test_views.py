"""Views: what is shown of a game's state, and how that changes."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Iterable
from copy import deepcopy
from enum import Enum
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import Event, GameModel, Move, Own, Player, Secret, command, field
from gamesvc.image import settle
from gamesvc.model import Context, start
from gamesvc.standing import Standing
from gamesvc.views import (
    EVERYBODY,
    MAX_VIEW_BYTES,
    Audience,
    ViewError,
    Views,
    apply_patch,
    encoded_patch,
    merge_patch,
)

PROPERTY = settings(deadline=None, database=None, max_examples=150)
ALICE, BOB = Player("alice"), Player("bob")


class Odd(Exception):
    """One that can't even be written."""

    def __repr__(self) -> str:
        raise KeyError


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


class Table(GameModel, seats=2):
    """Has everything that a field can be, but for what is a player's own."""

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


class Hands(GameModel, seats=2):
    """Has something of each player's own."""

    own: Own[dict[Player, list[Card]]] = field(default_factory=dict)
    deck: Secret[list[Card]] = field(default_factory=list)
    count: int = 0

    @command
    def look(self, player: Player) -> None: ...


Look = Callable[[Any, Player | None], Any]
LOOK: dict[str, Look] = {}
"""How a `Sight` looks."""


class Sight(Hands):
    """Shows what a test says."""

    def view(self, viewer: Player | None) -> dict[str, Any]:
        view: dict[str, Any] = LOOK["now"](self, viewer)
        return view

    def hurry(self) -> None: ...


class Noticed(Event):
    pass


NODES: st.SearchStrategy[Node | None] = st.recursive(
    st.none() | st.builds(Node, st.none() | st.integers(-5, 5) | st.text(max_size=3), st.none() | st.just(0.5)),
    lambda inner: st.builds(
        Node,
        st.none() | st.integers(-5, 5),
        st.none(),
        st.dictionaries(st.text(max_size=3), inner.filter(bool), max_size=3),
        st.lists(inner, max_size=3),
    ),
    max_leaves=12,
)
NUMBERS = st.sampled_from((0, 1, True, False, 0.0, -0.0, 1.0, 0.5, 2**63))
INNER: st.SearchStrategy[Any] = st.recursive(
    NUMBERS | st.sampled_from(("", "a")),
    lambda inner: (
        st.lists(st.none() | inner, max_size=3) | st.dictionaries(st.sampled_from(("", "a", "b", "c")), inner)
    ),
    max_leaves=10,
)
VIEWS = st.dictionaries(st.sampled_from(("", "a", "b", "c")), INNER)


def standing(kind: type[GameModel], before: Standing | None = None, **fields: Any) -> Standing:
    """How a game stands whose fields have these values, and otherwise those of before."""
    model = start(kind, Context())
    for spec, encoded in zip(kind.FIELDS, before.image if before else (), strict=before is not None):
        setattr(model, spec.name, spec.decode(encoded))
    for name, value in fields.items():
        setattr(model, name, value)
    return Standing(before.entry + 1 if before else 1, 0.0, settle(model), (ALICE, BOB))


def shown(*, to: Player | None = None, kind: type[GameModel] = Table, **fields: Any) -> Any:
    """The view of a game whose fields have these values."""
    views = Views(kind)
    return json.loads(views.state(standing(kind, **fields), views.audience(to)))


def text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def patched(target: Any, patch: Any) -> Any:
    """What RFC 7396 has, word for word."""
    if not isinstance(patch, dict):
        return patch
    result = target if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = patched(result.get(name), value)
    return result


def has_null_member(value: Any) -> bool:
    if isinstance(value, dict):
        return any(part is None or has_null_member(part) for part in value.values())
    return isinstance(value, list) and any(map(has_null_member, value))


class State(SynchronousTestCase):
    """What is shown of fields."""

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
        self.assertEqual(shown(deck=[Card(13, ALICE)], hidden=1), shown(deck=[], hidden=999))

    def test_what_is_none_is_left_out_at_any_depth_of_objects_and_keeps_its_place_in_lists(self) -> None:
        view = shown(
            turn=ALICE,
            top=Card(1),
            board=[None, ALICE, None],
            hands={ALICE: [Card(2), Card(3, ALICE)]},
            scores={2: 5},
            tree=Node(None, 1.0, {"b": Node(0, None, {}, [Node(), None])}),
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
        for number in (float("nan"), float("inf"), float("-inf")):
            self.assertFalse(has_null_member(shown(weight=number, tree=Node(weight=number))), number)

    def test_each_player_is_shown_their_own_entry_and_who_watches_none(self) -> None:
        own = {ALICE: [Card(1)], BOB: [Card(2)]}
        self.assertEqual(shown(kind=Hands, to=ALICE, own=own), {"own": {"alice": [{"rank": 1}]}, "count": 0})
        self.assertEqual(shown(kind=Hands, to=Player("carol"), own=own), {"own": {}, "count": 0})
        self.assertEqual(shown(kind=Hands, own=own), {"own": {}, "count": 0})

    def test_a_game_without_fields_has_an_empty_state(self) -> None:
        class Empty(GameModel):
            @command
            def look(self, player: Player) -> None: ...

        self.assertEqual(shown(kind=Empty), {})

    def test_a_view_of_the_models_own_is_treated_the_same(self) -> None:
        def look(model: Hands, viewer: Player | None) -> Any:
            return {
                "viewer": viewer,
                "seats": model.players,
                "none": {"in": None},
                1: [None, Card(1)],
                "nan": float("nan"),
            }

        LOOK["now"] = look
        self.assertEqual(
            shown(kind=Sight, to=ALICE),
            {"viewer": "alice", "seats": ["alice", "bob"], "none": {}, "1": [None, {"rank": 1}]},
        )
        self.assertNotIn("viewer", shown(kind=Sight))


class Audiences(SynchronousTestCase):
    """Who is shown the same."""

    def test_everybody_where_nothing_is_anybodys_own(self) -> None:
        views = Views(Table)
        self.assertEqual({views.audience(viewer) for viewer in (ALICE, BOB, None)}, {EVERYBODY})
        self.assertTrue(views.is_public(EVERYBODY))

    def test_each_player_and_all_who_watch_where_something_is(self) -> None:
        for kind in (Hands, Sight):
            views = Views(kind)
            self.assertEqual([views.audience(viewer) for viewer in (ALICE, BOB, None)], [ALICE, BOB, None])
            self.assertEqual([views.is_public(audience) for audience in (ALICE, None)], [False, True])


class Patches(SynchronousTestCase):
    """JSON Merge Patch."""

    @PROPERTY
    @given(VIEWS, VIEWS)
    def test_from_any_view_to_any_other(self, before: dict[str, Any], after: dict[str, Any]) -> None:
        old, new = text(before), text(after)
        patch = json.loads(encoded_patch(before, after) or b"{}")
        self.assertEqual(text(patched(deepcopy(before), patch)), new)
        self.assertEqual(text(apply_patch(before, patch)), new)
        self.assertEqual((text(before), text(after)), (old, new), "changed")

    @PROPERTY
    @given(VIEWS)
    def test_none_to_the_same(self, view: dict[str, Any]) -> None:
        self.assertEqual(merge_patch(view, deepcopy(view)), {})
        self.assertEqual(encoded_patch(view, deepcopy(view)), b"")

    @PROPERTY
    @given(VIEWS, VIEWS, VIEWS)
    def test_one_after_the_other(self, one: dict[str, Any], two: dict[str, Any], three: dict[str, Any]) -> None:
        patches = merge_patch(one, two), merge_patch(two, three)
        self.assertEqual(text(apply_patch(apply_patch(one, patches[0]), patches[1])), text(three))

    def test_no_more_than_what_changed(self) -> None:
        before = {"a": 1, "b": {"c": 1, "d": [1, 2]}, "e": {"f": {"g": 1}}}
        after = {"a": 1, "b": {"c": 2, "d": [1, 2]}, "e": {"f": {}}}
        self.assertEqual(merge_patch(before, after), {"b": {"c": 2}, "e": {"f": {"g": None}}})

    def test_1_and_true_are_not_the_same_nor_are_they_in_lists(self) -> None:
        for one, other in ((1, True), (1, 1.0), (0.0, -0.0), ([1], [1.0]), ([True], [1]), ([{"a": 0}], [{"a": False}])):
            self.assertEqual(text(merge_patch({"a": one}, {"a": other})), text({"a": other}))

    def test_the_examples_of_the_rfc(self) -> None:
        # Section 3; those whose target is an object without null.
        for target, patch, result in (
            ({"a": "b"}, {"a": "c"}, {"a": "c"}),
            ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
            ({"a": "b"}, {"a": None}, {}),
            ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
            ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
            ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
            ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
            ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
            ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
        ):
            self.assertEqual(apply_patch(target, patch), result)


class Advancing(SynchronousTestCase):
    """From one standing to the next."""

    def test_what_leads_there_is_told_for_each_audience(self) -> None:
        views = Views(Hands)
        first = standing(Hands, own={ALICE: [Card(1)]})
        audiences: tuple[Audience, ...] = (ALICE, BOB, None)
        for audience in audiences:
            views.state(first, audience)
        second = standing(Hands, first, own={ALICE: [Card(2)]}, deck=[Card(3)])
        patches = views.advance(second, audiences)
        self.assertEqual(patches, {ALICE: b'{"own":{"alice":[{"rank":2}]}}', BOB: b"", None: b""})
        self.assertIs(views.standing, second)

    def test_who_was_not_looking_is_told_so(self) -> None:
        views = Views(Hands)
        first = standing(Hands)
        views.state(first, ALICE)
        self.assertEqual(
            views.advance(standing(Hands, first, count=1), (ALICE, BOB)), {ALICE: b'{"count":1}', BOB: None}
        )

    def test_of_what_has_not_changed_nothing_is_read(self) -> None:
        views = Views(Table)
        first = standing(Table, tree=Node(1), scores={1: 1})
        before = views.view(first, EVERYBODY)
        views.advance(standing(Table, first, scores={1: 2}), (EVERYBODY,))
        after = views.view(views.standing or first, EVERYBODY)
        self.assertIs(after["tree"], before["tree"])
        self.assertIsNot(after["scores"], before["scores"])

    def test_who_comes_in_between_is_shown_what_is_and_others_are_told_what_they_would_be(self) -> None:
        views = Views(Table)
        first = standing(Table)
        views.state(first, EVERYBODY)
        second = standing(Table, first, weight=1.0)
        third = standing(Table, second, weight=2.0)
        self.assertEqual(json.loads(views.state(second, EVERYBODY))["weight"], 1.0)
        self.assertEqual(views.advance(third, (EVERYBODY,)), {EVERYBODY: b'{"weight":2.0}'})
        self.assertEqual(json.loads(views.state(third, EVERYBODY))["weight"], 2.0)

    def test_the_state_is_the_same_in_every_byte_whatever_came_before(self) -> None:
        # A field that was None for a while has its place all the same; a secret may decide by which way it is made.
        views = Views(Table)
        last = standing(Table, turn=ALICE, top=Card(1))
        views.state(last, EVERYBODY)
        for fields in ({"turn": None}, {"top": None}, {"turn": BOB}, {"top": Card(2)}, {"hidden": 1}):
            last = standing(Table, last, **fields)
            views.advance(last, (EVERYBODY,))
            self.assertEqual(views.state(last, EVERYBODY), Views(Table).state(last, EVERYBODY))

    def test_it_is_encoded_once_for_all_who_ask(self) -> None:
        views = Views(Table)
        first = standing(Table)
        for each in (first, standing(Table, first, weight=1.0)):
            self.assertIs(views.state(each, EVERYBODY), views.state(each, EVERYBODY))


class Nim(GameModel, seats=2):
    """Take one or two; the last wins."""

    left: int = 3
    turn: int = 0

    @command
    def take(self, player: Player, count: int) -> None: ...

    def legal(self, player: Player) -> Iterable[Move]:
        if player == self.players[self.turn % 2]:
            yield from (Move(self.take, count) for count in (1, 2) if count <= self.left)


class Spoiled(Nim):
    """A view of its own, and a `legal` that does as it is told."""

    def view(self, viewer: Player | None) -> dict[str, Any]:
        return {"legal": "mine", "left": self.left}

    def legal(self, player: Player) -> Iterable[Move]:
        return LOOK["legal"](self, player)  # type: ignore[no-any-return]  # whatever a test puts there


class Legal(SynchronousTestCase):
    """A player is shown what they may do."""

    def setUp(self) -> None:
        seats = (ALICE, BOB)
        self.views = Views(Nim)
        self.first = standing(Nim)._replace(seats=seats)
        self.second = standing(Nim, self.first, left=1, turn=1)._replace(seats=seats)

    def legal(self, at: Standing, audience: Audience) -> object:
        return self.views.view(at, audience).get("legal", "none")

    def test_it_is_a_part_of_their_view_alone(self) -> None:
        moves = [{"command": "take", "count": 1}, {"command": "take", "count": 2}]
        self.assertEqual([self.legal(self.first, each) for each in (ALICE, BOB, None)], [moves, [], "none"])

    def test_each_is_an_audience(self) -> None:
        self.assertEqual([self.views.audience(each) for each in (ALICE, BOB, None)], [ALICE, BOB, None])
        self.assertTrue(self.views.is_public(None))
        self.assertFalse(self.views.is_public(ALICE))

    def test_patches_tell_how_it_changed(self) -> None:
        for each in (ALICE, BOB, None):
            self.views.view(self.first, each)
        patches = self.views.advance(self.second, (ALICE, BOB, None))
        self.assertEqual(
            patches,
            {
                ALICE: b'{"left":1,"turn":1,"legal":[]}',
                BOB: b'{"left":1,"turn":1,"legal":[{"command":"take","count":1}]}',
                None: b'{"left":1,"turn":1}',
            },
        )

    def test_it_is_empty_where_nobody_may_do_anything(self) -> None:
        self.assertEqual(self.legal(self.first._replace(finished=True), ALICE), [])
        self.assertEqual(self.legal(self.first._replace(seats=(ALICE, None)), ALICE), [])
        self.assertEqual(self.legal(self.first, Player("carol")), [])

    def test_it_comes_after_what_a_view_of_its_own_says(self) -> None:
        LOOK["legal"] = lambda model, player: [Move(model.take, 1)]
        view = Views(Spoiled).view(standing(Spoiled)._replace(seats=(ALICE, BOB)), ALICE)
        self.assertEqual(view, {"legal": [{"command": "take", "count": 1}], "left": 3})

    def test_it_may_be_wrong_in_many_ways(self) -> None:
        def many(model: Any, player: Player) -> Any:
            return [Move(model.take, 10**300)] * 5000

        ways: dict[Any, str] = {
            (lambda model, player: [1]): "legal named 1; write Move(self.take, ...)",
            (lambda model, player: [Move(model.take, object())]): "TypeError",
            (lambda model, player: [Move(model.take, model.random.random())]): "takes no chance",
            (lambda model, player: model.publish(Noticed()) or ()): "legal only looks: publish",
            (lambda model, player: model.finish() or ()): "legal only looks: publish",
            many: "the legal of Spoiled has ",
        }
        for way, why in ways.items():
            LOOK["legal"] = way
            error = self.assertRaises(
                ViewError, Views(Spoiled).view, standing(Spoiled)._replace(seats=(ALICE, BOB)), ALICE
            )
            self.assertIn(why, str(error))


class Failing(SynchronousTestCase):
    """A model's own view may be wrong in many ways."""

    def complaint(self, look: Look) -> str:
        LOOK["now"] = look
        views = Views(Sight)
        first = standing(Sight, count=1, own={ALICE: [Card(1)]})
        error = self.assertRaises(ViewError, views.state, first, ALICE)
        # It is said in the same way when it is looked at later.
        (later,) = views.advance(standing(Sight, first, count=2), (ALICE,)).values()
        self.assertEqual(str(later), str(error))
        return str(error)

    def test_it_raises(self) -> None:
        def bad(model: Hands, viewer: Player | None) -> Any:
            raise KeyError("ace")

        def worse(model: Hands, viewer: Player | None) -> Any:
            raise SystemExit(1)

        def odd(model: Hands, viewer: Player | None) -> Any:
            raise Odd

        self.assertEqual(self.complaint(bad), "the view of Sight failed: KeyError('ace')")
        self.assertEqual(self.complaint(worse), "the view of Sight failed: SystemExit(1)")
        self.assertEqual(self.complaint(odd), "the view of Sight failed: Odd(...)")

    def test_what_to_write_instead_stands_below_what_it_raised(self) -> None:
        LOOK["now"] = lambda model, viewer: {"a": model.cuont}
        error = self.assertRaises(ViewError, Views(Sight).state, standing(Sight), ALICE)
        self.assertIn("did you mean count?", "".join(traceback.format_exception(error)))

    def test_it_returns_what_is_no_object(self) -> None:
        self.assertIn("view returned NoneType, write -> dict", self.complaint(lambda model, viewer: None))
        self.assertIn("view returned list, write -> dict", self.complaint(lambda model, viewer: []))

    def test_it_returns_what_can_not_be_sent(self) -> None:
        self.assertIn("failed: TypeError", self.complaint(lambda model, viewer: {"a": object()}))

    def test_it_returns_too_much(self) -> None:
        said = self.complaint(lambda model, viewer: {"a": "x" * MAX_VIEW_BYTES})
        self.assertEqual(said, f"the view of Sight has {MAX_VIEW_BYTES + 8} bytes, the most is {MAX_VIEW_BYTES}")

    def test_it_takes_a_chance(self) -> None:
        self.assertIn("a view takes no chance", self.complaint(lambda model, viewer: {"a": model.random.random()}))

    def test_it_does_what_only_a_command_may(self) -> None:
        looks: tuple[Look, ...] = (
            lambda model, viewer: {"a": model.publish(Noticed())},
            lambda model, viewer: {"a": model.finish(Noticed())},
            lambda model, viewer: {"a": model.finish()},
            lambda model, viewer: {"a": model.after(1, model.hurry)},
        )
        for look in looks:
            self.assertIn("view only looks", self.complaint(look))

    def test_what_it_does_to_fields_shows_nowhere(self) -> None:
        def look(model: Any, viewer: Player | None) -> Any:
            model.count += 1
            model.own[ALICE].append(Card(model.count))
            return {"count": model.count, "cards": len(model.own[ALICE])}

        LOOK["now"] = look
        views = Views(Sight)
        first = standing(Sight, count=1, own={ALICE: [Card(1)]})
        image = first.image
        for audience in (ALICE, BOB, None):
            self.assertEqual(views.state(first, audience), b'{"count":2,"cards":2}')
        self.assertIs(first.image, image)

    def test_who_else_looks_is_shown_the_same_as_ever(self) -> None:
        def look(model: Any, viewer: Player | None) -> Any:
            if viewer == BOB and model.count > 1:
                raise ValueError(model.own)
            return {"count": model.count}

        LOOK["now"] = look
        views = Views(Sight)
        first = standing(Sight, count=1)
        for audience in (ALICE, BOB, None):
            views.state(first, audience)
        patches = views.advance(standing(Sight, first, count=2), (ALICE, BOB, None))
        self.assertIsInstance(patches.pop(BOB), ViewError)
        self.assertEqual(patches, {ALICE: b'{"count":2}', None: b'{"count":2}'})
