"""What can be said in a game, for somebody who types it: its commands, and what their arguments take.

It is told by JSON Schema, which may come from anywhere; where there is none, by what is legal just now.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from msgspec import Struct, ValidationError, convert

Schema = dict[str, Any]
Choice = dict[str, Any]
"""A command with its arguments, as it can be sent."""

_MAX_ALTERNATIVES = 1000
_MAX_DEPTH = 8
_MAX_RANGE = 100
_REFERENCE = "#/$defs/"
_WIRE_KEYS: Final = frozenset(("command", "id"))

_TYPES: Final[dict[str, tuple[tuple[type, ...], str]]] = {
    "string": ((str,), "text"),
    "integer": ((int,), "a whole number"),
    "number": ((int, float), "a number"),
    "boolean": ((bool,), "true or false"),
    "null": ((type(None),), "null"),
    "array": ((list,), "a list, [...]"),
    "object": ((dict,), "an object, {...}"),
}


class BadSchema(Exception):
    """It describes no commands."""


class _Described(Struct):
    """What is needed of a command's schema."""

    properties: dict[str, Any] = {}
    required: list[str] = []
    description: str = ""


class Argument(NamedTuple):
    """What an argument takes.

    Attributes:
        name: its name.
        is_required: whether it has to be given.
        doc: what it is, for people; may be empty.
        kinds: schemas, without references, of which a value has to fit one; empty where anything does.
    """

    name: str
    is_required: bool = True
    doc: str = ""
    kinds: tuple[Schema, ...] = ()

    def takes(self, value: Any) -> bool:
        """Whether a value is of the right type. The server may refuse it all the same."""
        return not self.kinds or any(_fits(kind, value) for kind in self.kinds)

    @property
    def choices(self) -> list[Any]:
        """All values, where they are few."""
        found: list[Any] = []
        for kind in self.kinds:
            found += _values(kind)
        return found

    @property
    def wanted(self) -> str:
        """What it takes, for people."""
        return " or ".join(dict.fromkeys(_worded(kind) for kind in self.kinds)) or "anything"


class Command(NamedTuple):
    """What can be said.

    Attributes:
        name: as it is sent.
        arguments: in their order.
        doc: what it does, for people; may be empty.
    """

    name: str
    arguments: tuple[Argument, ...] = ()
    doc: str = ""

    def argument(self, name: str) -> Argument | None:
        """The argument of a name; None where there is none."""
        return next((argument for argument in self.arguments if argument.name == name), None)


class Vocabulary:
    """The commands of a game.

    Args:
        commands: them.
        is_whole: whether there are no others.
    """

    def __init__(self, commands: Iterable[Command] = (), *, is_whole: bool = False) -> None:
        self._commands = {command.name.lower(): command for command in commands}
        self.is_whole = is_whole

    def __iter__(self) -> Iterator[Command]:
        return iter(self._commands.values())

    def find(self, name: str) -> Command | None:
        """The command of a name, in upper or lower case; None where it is not known."""
        return self._commands.get(name.lower())


def from_schema(schema: Any) -> Vocabulary:
    """The commands that a JSON Schema describes.

    Args:
        schema: of any of them, with the definitions to which it refers.

    Raises:
        BadSchema: it is none of this kind.
    """
    try:
        whole = convert(schema, Schema)
        definitions = convert(whole.get("$defs", {}), Schema)
        described = _alternatives(whole, definitions)
        return Vocabulary([_command(each, definitions) for each in described if "not" not in each], is_whole=True)
    except (ValidationError, LookupError, TypeError) as error:
        raise BadSchema(str(error)) from error


def from_choices(choices: Sequence[Choice]) -> Vocabulary:
    """The commands that are legal just now. There may be others."""
    found: dict[str, dict[str, None]] = {}
    for choice in choices:
        found.setdefault(choice["command"], {}).update(dict.fromkeys(choice))
    return Vocabulary(
        Command(name, tuple(Argument(key) for key in keys if key not in _WIRE_KEYS)) for name, keys in found.items()
    )


def choices_in(state: Mapping[str, Any] | None) -> list[Choice]:
    """What is legal just now, as a state tells it; empty where it does not."""
    try:
        choices = convert((state or {}).get("legal", []), list[Choice])
    except ValidationError:
        return []
    return [choice for choice in choices if type(choice.get("command")) is str]


def _command(schema: Schema, definitions: Schema) -> Command:
    described = convert(schema, _Described)
    name = convert(described.properties["command"], Schema)["const"]
    if type(name) is not str:
        raise BadSchema("a command's name is no text")
    arguments = [
        _argument(each, look, each in described.required, definitions)
        for each, look in described.properties.items()
        if each not in _WIRE_KEYS
    ]
    return Command(name, tuple(arguments), " ".join(described.description.split()))


def _argument(name: str, schema: Any, is_required: bool, definitions: Schema) -> Argument:
    kinds = tuple(_alternatives(schema, definitions))
    doc = schema.get("description", "") if type(schema) is dict else ""
    # One that says nothing says that anything will do.
    if any(not ({"type", "enum", "const"} & kind.keys()) for kind in kinds):
        kinds = ()
    return Argument(name, is_required, doc if type(doc) is str else "", kinds)


def _alternatives(schema: Any, definitions: Schema, depth: int = 0) -> list[Schema]:
    """The schemas of which a value has to fit one, where they stand themselves."""
    if type(schema) is not dict or depth > _MAX_DEPTH:
        return [{}]
    if type(reference := schema.get("$ref")) is str:
        return _alternatives(definitions.get(reference.removeprefix(_REFERENCE)), definitions, depth + 1)
    options = schema.get("anyOf") or schema.get("oneOf")
    if type(options) is not list:
        return [schema]
    found: list[Schema] = []
    for option in options:
        found += _alternatives(option, definitions, depth + 1)
        # Each may have as many again: what nobody can mean is not followed.
        if len(found) > _MAX_ALTERNATIVES:
            raise BadSchema(f"there are more than {_MAX_ALTERNATIVES} possibilities for one thing")
    return found


def _types(kind: Schema) -> list[str]:
    named = kind.get("type")
    return [each for each in (named if type(named) is list else [named]) if type(each) is str and each in _TYPES]


def _fits(kind: Schema, value: Any) -> bool:
    if "const" in kind:
        return _same(kind["const"], value)
    if type(options := kind.get("enum")) is list:
        return any(_same(option, value) for option in options)
    types = _types(kind)
    return not types or any(type(value) in _TYPES[each][0] for each in types)


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)


def _values(kind: Schema) -> list[Any]:
    if "const" in kind:
        return [kind["const"]]
    if type(options := kind.get("enum")) is list:
        return options
    found: list[Any] = []
    for each in _types(kind):
        if each == "boolean":
            found += [False, True]
        elif each == "null":
            found.append(None)
        elif each == "integer":
            low, high = kind.get("minimum"), kind.get("maximum")
            if type(low) is int and type(high) is int and high - low < _MAX_RANGE:
                found += range(low, high + 1)
    return found


def _worded(kind: Schema) -> str:
    if "const" in kind:
        return str(kind["const"])
    if type(options := kind.get("enum")) is list:
        return f"one of {', '.join(map(str, options))}"
    worded = " or ".join(_TYPES[each][1] for each in _types(kind)) or "anything"
    limits = [
        f"{word} {kind[key]}"
        for key, word in (("minimum", "from"), ("maximum", "to"))
        if type(kind.get(key)) in (int, float)
    ]
    return " ".join((worded, *limits))
