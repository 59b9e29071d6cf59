"""Whether a value is as a JSON Schema says: so much of JSON Schema as is used here, and what else there is fails."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}
_SAYS_NOTHING = {"title", "description", "default", "contentEncoding", "format"}


def faults(value: Any, schema: Any, definitions: Mapping[str, Any], where: str = "$") -> Iterator[str]:
    """What is not as the schema says.

    Args:
        value: as `json.loads` has it.
        schema: what it is to be.
        definitions: what ``#/$defs/NAME`` refers to.
        where: the value's place.
    """
    if isinstance(schema, bool):
        if not schema:
            yield f"{where}: may not be there"
        return
    for key, told in schema.items():
        if key == "$ref":
            yield from faults(value, definitions[told.removeprefix("#/$defs/")], definitions, where)
        elif key == "anyOf":
            found = [list(faults(value, option, definitions, where)) for option in told]
            if all(found):
                yield f"{where}: {value!r} is none of {len(told)}: {found}"
        elif key == "not":
            if not list(faults(value, told, definitions, where)):
                yield f"{where}: {value!r} is what it may not be"
        elif key == "type":
            if not isinstance(value, _TYPES[told]) or (isinstance(value, bool) and told != "boolean"):
                yield f"{where}: {value!r} is no {told}"
        elif key == "const":
            if value != told or type(value) is not type(told):
                yield f"{where}: {value!r} is not {told!r}"
        elif key == "enum":
            if value not in told:
                yield f"{where}: {value!r} is none of {told}"
        elif key not in _SAYS_NOTHING:
            yield from _bounds(value, key, told, schema, definitions, where)


def _bounds(
    value: Any, key: str, told: Any, schema: Mapping[str, Any], definitions: Mapping[str, Any], where: str
) -> Iterator[str]:
    if key in ("minimum", "maximum"):
        wrong = isinstance(value, (int, float)) and (value < told if key == "minimum" else value > told)
    elif key in ("minLength", "maxLength"):
        wrong = isinstance(value, str) and (len(value) < told if key == "minLength" else len(value) > told)
    elif key == "pattern":
        wrong = isinstance(value, str) and re.search(told, value) is None
    elif key in ("minItems", "maxItems"):
        wrong = isinstance(value, list) and (len(value) < told if key == "minItems" else len(value) > told)
    elif key == "required":
        wrong = isinstance(value, dict) and not set(told) <= set(value)
    else:
        yield from _parts(value, key, told, schema, definitions, where)
        return
    if wrong:
        yield f"{where}: {value!r} against {key} {told!r}"


def _parts(
    value: Any, key: str, told: Any, schema: Mapping[str, Any], definitions: Mapping[str, Any], where: str
) -> Iterator[str]:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in parts:
        inside = f"{where}.{name}"
        if isinstance(value, dict) and key == "properties":
            yield from faults(part, told.get(name, True), definitions, inside)
        elif isinstance(value, dict) and key == "additionalProperties":
            yield from faults(part, name in schema.get("properties", {}) or told, definitions, inside)
        elif isinstance(value, list) and key == "prefixItems":
            yield from faults(part, told[name] if name < len(told) else True, definitions, inside)
        elif isinstance(value, list) and key == "items":
            yield from faults(part, name < len(schema.get("prefixItems", ())) or told, definitions, inside)
        elif key not in ("properties", "additionalProperties", "prefixItems", "items"):
            raise NotImplementedError(key)
