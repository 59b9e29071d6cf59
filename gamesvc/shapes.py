"""What values of a type look like in JSON, as JSON Schema (2020-12): as clients give them, as they are sent, as the
state shows them.

The three differ. What has a default may be left out by who gives it, and is always there in what is sent; what is None
is null in an event, and left out of the state.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import Enum
from typing import Any, NamedTuple

import msgspec

Schema = dict[str, Any]

_TYPE = "#/$defs/type."
_SCHEMAS = "anyOf", "prefixItems"
_SCHEMA = "items", "additionalProperties", "propertyNames"


class Use(Enum):
    """For what values are: what the name of a type gets that looks otherwise than in events."""

    SENT = ""
    SHOWN = "InState"
    GIVEN = "Given"


class Shape(NamedTuple):
    """What is asked for.

    Attributes:
        use: for what the values are.
        type: their type.
        whole: whether a class is described in place, and not referred to by its name.
    """

    use: Use
    type: Any
    whole: bool = False


def shapes(asked: Sequence[Shape]) -> tuple[list[Schema], dict[str, Schema]]:
    """Describe types.

    Args:
        asked: which.

    Returns:
        A schema for each, and those of the classes that they refer to as ``#/$defs/type.NAME``, by name.

    Raises:
        TypeError: there is no schema for one.
    """
    classes = _classes(msgspec.inspect.multi_type_info([shape.type for shape in asked]))
    tops: list[Schema] = [{}] * len(asked)
    made: dict[Use, dict[str, Schema]] = {}
    for use in Use:
        places = [place for place, shape in enumerate(asked) if shape.use is use]
        # All classes in each, so that a class has the same name in all.
        found, components = msgspec.json.schema_components(
            [*(asked[place].type for place in places), *(each.cls for each in classes)],
            schema_hook=lambda cls: {"title": cls.__name__},
            ref_template="{name}",
        )
        names = [each["$ref"] for each in found[len(places) :]]
        made[use] = {
            name: _adapted(components[name], use, _omissible(info)) for name, info in zip(names, classes, strict=True)
        }
        for place, top in zip(places, found, strict=False):
            whole = asked[place].whole and "$ref" in top
            tops[place] = made[use][top["$ref"]] if whole else _adapted(top, use)
    short = _short(names, classes)
    return _named(asked, tops, made, short)


def without_null(schema: Schema) -> tuple[Schema | None, bool]:
    """What a schema says of values other than null.

    Returns:
        The schema, None where there are no others; and whether there was null.
    """
    if schema.get("type") == "null":
        return None, True
    if None in schema.get("enum", ()):
        rest = [value for value in schema["enum"] if value is not None]
        return ({**schema, "enum": rest} if rest else None), True
    options = schema.get("anyOf")
    if options is None:
        return schema, False
    left = [without_null(option) for option in options]
    if not any(null for _, null in left):
        return schema, False
    others = [option for option, _ in left if option is not None]
    kept = {key: value for key, value in schema.items() if key != "anyOf"}
    if not others:
        return None, True
    return ({**others[0], **kept} if len(others) == 1 else {**kept, "anyOf": others}), True


def with_references(schema: Any, name: Callable[[str], str]) -> Any:
    """A schema whose references are others.

    Args:
        schema: it, or a part.
        name: what makes of a reference what stands in its place.
    """
    if isinstance(schema, dict):
        return {
            key: name(value) if key == "$ref" and isinstance(value, str) else with_references(value, name)
            for key, value in schema.items()
        }
    if isinstance(schema, list):
        return [with_references(part, name) for part in schema]
    return schema


def references(schema: Any) -> Iterator[str]:
    """What a schema refers to."""
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "$ref" and isinstance(value, str):
                yield value
            else:
                yield from references(value)
    elif isinstance(schema, list):
        for part in schema:
            yield from references(part)


def unused(name: str, taken: set[str]) -> str:
    """A name, or where it is taken that name with a number.

    Args:
        name: the one that is wanted.
        taken: those that there are.
    """
    number, unique = 2, name
    while unique in taken:
        unique, number = f"{name}{number}", number + 1
    return unique


def _classes(infos: Iterable[msgspec.inspect.Type]) -> list[Any]:
    """What is said of each class that a type names, in the order of their names in it."""
    found: dict[Any, Any] = {}
    waiting: list[object] = [*reversed(list(infos))]
    while waiting:
        info = waiting.pop()
        if isinstance(info, (tuple, list)):
            waiting.extend(reversed(info))
        elif isinstance(info, msgspec.inspect.Field):
            waiting.append(info.type)
        elif isinstance(info, msgspec.inspect.Type):
            cls = getattr(info, "cls", None)
            if cls is not None and not isinstance(info, msgspec.inspect.CustomType):
                if cls in found:
                    continue
                found[cls] = info
            waiting.extend(getattr(info, name) for name in reversed(info.__struct_fields__))
    return list(found.values())


def _omissible(info: Any) -> frozenset[str]:
    """The keys of an object that may be missing in what is sent."""
    leaves_defaults = getattr(getattr(info.cls, "__struct_config__", None), "omit_defaults", False)
    return frozenset(
        field.encode_name
        for field in getattr(info, "fields", ())
        # What is not required and has no default is UNSET where it is missing.
        if not field.required
        and (leaves_defaults or (field.default is msgspec.NODEFAULT and field.default_factory is msgspec.NODEFAULT))
    )


def _adapted(schema: Any, use: Use, omissible: frozenset[str] = frozenset()) -> Any:
    """A schema as msgspec has it of what it reads, for what is sent or shown."""
    if not isinstance(schema, dict):
        return schema
    dropped = ("discriminator",) if use is Use.GIVEN else ("discriminator", "default")
    made = {key: value for key, value in schema.items() if key not in dropped}
    for key in _SCHEMAS:
        if key in made:
            made[key] = [_adapted(part, use) for part in made[key]]
    for key in _SCHEMA:
        if key in made:
            made[key] = _adapted(made[key], use)
    if use is Use.GIVEN:
        if "properties" in made:
            made["properties"] = {key: _adapted(part, use) for key, part in made["properties"].items()}
        return made
    if "prefixItems" in made:
        made["minItems"] = len(made["prefixItems"])
    if "properties" in made:
        made |= _object(made["properties"], use, omissible)
    return made


def _object(properties: dict[str, Schema], use: Use, omissible: frozenset[str]) -> Schema:
    kept, required = {}, []
    for key, part in properties.items():
        schema: Schema | None = _adapted(part, use)
        null = False
        if use is Use.SHOWN and schema is not None:
            schema, null = without_null(schema)
        if schema is not None:
            kept[key] = schema
            if not null and key not in omissible:
                required.append(key)
    return {"properties": kept, "required": required}


def _short(names: Sequence[str], classes: Sequence[Any]) -> dict[str, str]:
    """The names of classes, without the modules that msgspec puts before those of which there are two."""
    short: dict[str, str] = {}
    for name, info in zip(names, classes, strict=True):
        plain = re.sub(r"[^\w.-]", "_", getattr(info.cls, "__name__", name), flags=re.ASCII)
        short[name] = name if name.startswith(plain) and not name.startswith(f"{plain}.") else plain
    return short


def _named(
    asked: Sequence[Shape], tops: list[Schema], made: dict[Use, dict[str, Schema]], short: dict[str, str]
) -> tuple[list[Schema], dict[str, Schema]]:
    """Give classes their names: one that looks the same for all uses has one, otherwise each look has its own."""
    reached: dict[tuple[Use, str], None] = {}
    for use in Use:
        waiting = [each for shape, top in zip(asked, tops, strict=True) if shape.use is use for each in references(top)]
        while waiting:
            name = waiting.pop(0)
            if (use, name) not in reached:
                reached[use, name] = None
                waiting += references(made[use][name])
    first: dict[str, Use] = {}
    names: dict[tuple[Use, str], str] = {}
    taken: set[str] = set()
    for use, name in reached:
        if name not in first:
            first[name] = use
            taken.add(unique := unused(short[name], taken))
            names[use, name] = unique
        else:
            names[use, name] = names[first[name], name]

    def look(schema: Schema, use: Use) -> Schema:
        made: Schema = with_references(schema, lambda name: _TYPE + names[use, name])
        return made

    def looks_otherwise(use: Use, name: str) -> bool:
        before = first[name]
        return names[use, name] == names[before, name] and look(made[use][name], use) != look(
            made[before][name], before
        )

    # One that refers to one of another name looks otherwise, too, and so on.
    while different := [(use, name) for use, name in reached if looks_otherwise(use, name)]:
        use, name = different[0]
        taken.add(unique := unused(names[use, name] + use.value, taken))
        names[use, name] = unique
    types = {}
    for use, name in reached:
        types[names[use, name]] = look(made[use][name], use)
    return [look(top, shape.use) for shape, top in zip(asked, tops, strict=True)], types
