"""What values look like in JSON, for each use."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from msgspec import Struct
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.shapes import Shape, Use, references, shapes, unused, with_references, without_null
from tests import trading
from tests.json_schemas import faults


class Same(Struct):
    value: int


class Holder(Struct):
    """Looks the same itself, and holds what does not."""

    card: trading.Card


def _other_same() -> type[Struct]:
    return msgspec.defstruct("Same", [("text", str)], module="elsewhere")


class Shapes(SynchronousTestCase):
    def of(self, use: Use, kind: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        (top,), types = shapes([Shape(use, kind)])
        return top, types

    def test_what_has_a_default_may_be_left_out_by_who_gives_it_alone(self) -> None:
        _, given = self.of(Use.GIVEN, trading.Card)
        self.assertEqual(given["Card"]["required"], ["suit"])
        self.assertEqual(given["Card"]["properties"]["value"], {"type": "integer", "default": 1})
        _, sent = self.of(Use.SENT, trading.Card)
        self.assertEqual(sent["Card"]["required"], ["suit", "value", "note"])
        self.assertEqual(sent["Card"]["properties"]["value"], {"type": "integer"})

    def test_what_is_none_is_left_out_of_the_state(self) -> None:
        _, shown = self.of(Use.SHOWN, trading.Card)
        self.assertEqual(shown["Card"]["required"], ["suit", "value"])
        self.assertEqual(shown["Card"]["properties"]["note"], {"type": "string"})

    def test_in_lists_none_stays(self) -> None:
        top, _ = self.of(Use.SHOWN, list[int | None])
        self.assertEqual(top["items"], {"anyOf": [{"type": "integer"}, {"type": "null"}]})

    def test_what_a_struct_leaves_out_may_be_missing(self) -> None:
        _, types = self.of(Use.SENT, trading.Terse)
        self.assertEqual(types["Terse"]["required"], ["always"])
        _, types = self.of(Use.SENT, trading.Weather)
        self.assertEqual(types["Weather"]["required"], [])

    def test_an_array_is_sent_whole(self) -> None:
        for use, fewest in ((Use.SENT, 2), (Use.GIVEN, 1)):
            _, types = self.of(use, trading.Pair)
            self.assertEqual(types["Pair"]["minItems"], fewest)

    def test_a_class_in_place_or_by_its_name(self) -> None:
        (whole, named), types = shapes([Shape(Use.SENT, Same, whole=True), Shape(Use.SENT, Same)])
        self.assertEqual(whole["properties"], {"value": {"type": "integer"}})
        self.assertEqual(named, {"$ref": "#/$defs/type.Same"})
        self.assertEqual(list(types), ["Same"])
        self.assertEqual(shapes([Shape(Use.SENT, Same, whole=True)])[1], {}, "nothing refers to it")

    def test_a_class_that_looks_the_same_for_all_uses_has_one_name(self) -> None:
        tops, types = shapes([Shape(use, Same) for use in Use])
        self.assertEqual([top["$ref"] for top in tops], ["#/$defs/type.Same"] * 3)
        self.assertEqual(list(types), ["Same"])

    def test_one_that_looks_otherwise_has_another_and_so_has_what_holds_it(self) -> None:
        tops, types = shapes([Shape(use, Holder) for use in Use])
        self.assertEqual([top["$ref"].rpartition(".")[2] for top in tops], ["Holder", "HolderInState", "HolderGiven"])
        self.assertCountEqual(types, ["Suit", *(f"{name}{use.value}" for name in ("Card", "Holder") for use in Use)])
        self.assertEqual(list(references(types["HolderInState"])), ["#/$defs/type.CardInState"])

    def test_the_name_of_what_is_used_in_one_way_is_the_plain_one(self) -> None:
        _, types = self.of(Use.SHOWN, Holder)
        self.assertCountEqual(types, ["Holder", "Card", "Suit"])

    def test_two_classes_of_one_name(self) -> None:
        other = _other_same()
        tops, types = shapes([Shape(Use.SENT, Same), Shape(Use.SENT, other)])
        self.assertEqual([top["$ref"] for top in tops], ["#/$defs/type.Same", "#/$defs/type.Same2"])
        self.assertEqual(list(types["Same2"]["properties"]), ["text"])

    def test_a_type_may_hold_others_of_its_kind(self) -> None:
        _, types = self.of(Use.SENT, trading.Tree)
        self.assertEqual(types["Tree"]["properties"]["parts"]["items"], {"$ref": "#/$defs/type.Tree"})

    def test_what_is_sent_is_as_it_says(self) -> None:
        card = trading.Card(trading.Suit.ORE)
        ship = trading.Ship("Pequod", [card])
        for value in (
            *(card, trading.Terse(1), trading.Terse(1, 2, 3), trading.Pair(1), trading.Pair(1, "a"), ship),
            *(trading.Cheque(1), trading.Place(1, 2), trading.Tree(1, [trading.Tree(2)]), trading.Level.HIGH),
        ):
            top, types = self.of(Use.SENT, type(value))
            known = {f"type.{name}": schema for name, schema in types.items()}
            sent = json.loads(msgspec.json.encode(value))
            self.assertEqual(list(faults(sent, top, known)), [])
            self.assertNotEqual(list(faults("nothing of the kind", top, known)), [])

    def test_a_type_without_a_schema_says_so(self) -> None:
        self.assertRaises(TypeError, shapes, [Shape(Use.SENT, msgspec.msgpack.Ext)])

    def test_a_custom_type_may_be_anything(self) -> None:
        top, _ = self.of(Use.SENT, complex)
        self.assertEqual(top, {"title": "complex"})


class Null(SynchronousTestCase):
    def test_what_is_left_of_a_schema(self) -> None:
        text, null = {"type": "string"}, {"type": "null"}
        for schema, left in (
            (text, (text, False)),
            (null, (None, True)),
            ({"anyOf": [text, null]}, (text, True)),
            ({"anyOf": [text, null], "description": "d"}, ({"type": "string", "description": "d"}, True)),
            ({"anyOf": [text, {"type": "integer"}, null]}, ({"anyOf": [text, {"type": "integer"}]}, True)),
            ({"anyOf": [text, {"enum": ["a", None]}]}, ({"anyOf": [text, {"enum": ["a"]}]}, True)),
            ({"anyOf": [text, {"type": "integer"}]}, ({"anyOf": [text, {"type": "integer"}]}, False)),
            ({"anyOf": [null]}, (None, True)),
            ({"enum": ["a", None]}, ({"enum": ["a"]}, True)),
            ({"enum": [None]}, (None, True)),
        ):
            self.assertEqual(without_null(schema), left, schema)


class References(SynchronousTestCase):
    def test_each_is_found_and_changed_and_a_property_of_the_name_is_none(self) -> None:
        schema = {"anyOf": [{"$ref": "a"}, {"items": {"$ref": "b"}}], "properties": {"$ref": {"type": "string"}}}
        self.assertEqual(list(references(schema)), ["a", "b"])
        changed = with_references(schema, str.upper)
        self.assertEqual(list(references(changed)), ["A", "B"])
        self.assertEqual(changed["properties"], schema["properties"])

    def test_a_name_that_is_taken_gets_a_number(self) -> None:
        self.assertEqual(unused("a", set()), "a")
        self.assertEqual(unused("a", {"a", "a2"}), "a3")
