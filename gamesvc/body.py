"""What is written in the body of a model or an event: names, defaults, and what has no type."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Collection, Mapping
from typing import Any

from msgspec import Struct

from gamesvc.errors import DefinitionError
from gamesvc.keywords import EXAMPLES
from gamesvc.signatures import RESERVED, is_command
from gamesvc.values import as_code

_STARTS = ("__init__", "__new__", "__post_init__")
_MISPLACED = re.compile(r"Required field '(\w+)' cannot follow")
_MODULES = re.compile(r"\b(?:\w+\.)+(?=\w)")
_DEFAULTS = {
    "bool": "False",
    "dict": "field(default_factory=dict)",
    "float": "0.0",
    "int": "0",
    "list": "field(default_factory=list)",
    "str": '""',
}
_SHARED = re.compile(r"Using a (?:non-empty )?mutable")


class Body(dict[str, Any]):
    """The names of a class, as they are given while its body runs.

    Args:
        owner: the class's name.

    Raises:
        DefinitionError: at its line, where a name takes the place of a method that would be lost unnoticed.
    """

    def __init__(self, owner: str) -> None:
        super().__init__()
        self._owner = owner

    def __setitem__(self, name: str, value: Any) -> None:
        before = self.get(name)
        if is_command(before) or (_is_descriptor(before) and not _is_descriptor(value)):
            raise DefinitionError(f"{self._owner}.{name}: is there twice, and the first would be lost; rename one")
        super().__setitem__(name, value)


def check_names(owner: str, names: Collection[str], framework: Collection[str]) -> None:
    """See to it that a model's names are free.

    Args:
        owner: the class's name.
        names: what it defines.
        framework: names that gamesvc's own base classes use.

    Raises:
        DefinitionError: one is not.
    """
    for name in names:
        if name in _STARTS:
            raise DefinitionError(
                f"{owner}.{name}: write `def setup(self) -> None` instead; it runs once, when the game is created"
            )
        if name in framework and name.lower() in EXAMPLES:
            raise DefinitionError(
                f"{owner}.{name}: say it in the class line, `class {owner}(GameModel, {EXAMPLES[name.lower()]})`, "
                "or choose another name"
            )
        if name in framework:
            raise DefinitionError(f"{owner}.{name}: the name {name} is kept for gamesvc itself; choose another name")


def check_attributes(owner: str, body: Mapping[str, Any], known: Collection[str]) -> None:
    """See to it that what is no constant has a type.

    Args:
        owner: the class's name.
        body: what is written in it.
        known: names that have a type, or that were described where they were inherited from.

    Raises:
        DefinitionError: something has none.
    """
    for name, value in body.items():
        described = name in known or name.startswith("__") or name.isupper()
        if described or callable(value) or _is_descriptor(value):
            continue
        if name in EXAMPLES:
            raise DefinitionError(
                f"{owner}.{name} = {as_code(value)} has no type: write `class {owner}(GameModel, {EXAMPLES[name]})`, "
                f"or `{_typed(name, value)}` for a field of that name"
            )
        constant = f", or `{name.upper()} = {as_code(value)}` for a constant that all games share"
        raise DefinitionError(
            f"{owner}.{name} = {_shown(value)} has no type: write `{_typed(name, value)}` for a field"
            f"{'' if _is_field(value) else constant}"
        )


def check_value(owner: str, name: str, value: object) -> None:
    """See to it that what a field begins with is a value.

    Args:
        owner: the class's name.
        name: the field's.
        value: what is written there.

    Raises:
        DefinitionError: it is a method or a class.
    """
    if _is_descriptor(value):
        raise DefinitionError(f"{owner}.{name}: is a field and a method; give one of them another name")
    if isinstance(value, type):
        raise DefinitionError(
            f"{owner}.{name}: the default is a class, and not a value; write "
            f"`= field(default_factory={value.__name__})`"
        )


def check_own_fields(owner: str, body: Mapping[str, Any], fields: Collection[str], bases: tuple[type, ...]) -> None:
    """See to it that fields are fields, and nothing else of the same name.

    Args:
        owner: the class's name.
        body: what is written in it.
        fields: the names of the fields that it declares.
        bases: of the class.

    Raises:
        DefinitionError: one is more than a field, or looks like a constant.
    """
    for name in fields:
        check_value(owner, name, body.get(name))
        if name.isupper():
            raise DefinitionError(
                f"{owner}.{name}: names in capitals are constants; write `{name}: ClassVar[...] = ...` for one that "
                f"all games share, or `{name.lower()}` for state"
            )
        for base in bases:
            if name not in getattr(base, "TYPES", {}) and inspect.getattr_static(base, name, None) is not None:
                raise DefinitionError(
                    f"{owner}.{name}: {base.__name__} has something else of this name; give the field another one"
                )
    for name in body:
        for base in bases:
            if name not in fields and name in getattr(base, "TYPES", {}):
                raise DefinitionError(
                    f"{owner}.{name}: hides the field that {base.__name__} has; write its type, too, for another "
                    f"default (`{name}: int = ...`), or choose another name"
                )


def check_no_dataclass_fields(owner: str, body: Mapping[str, Any]) -> None:
    """See to it that nobody has mistaken the ``field`` of dataclasses for ours.

    Raises:
        DefinitionError: somebody has.
    """
    for name, value in body.items():
        if isinstance(value, dataclasses.Field):
            raise DefinitionError(f"{owner}.{name}: this is dataclasses' field; write `from gamesvc import field`")


def check_no_dataclass(cls: type, attribute: str) -> None:
    """See to it that nobody makes a dataclass of a model or an event.

    Args:
        cls: the class.
        attribute: what is set.

    Raises:
        DefinitionError: somebody does.
    """
    if attribute.startswith("__dataclass_"):
        raise DefinitionError(f"{cls.__name__}: has its fields without @dataclass; remove that")


def check_base(owner: str, base: type) -> None:
    """See to it that a base that is no model brings no state.

    Raises:
        DefinitionError: it does.
    """
    if issubclass(base, Struct):
        raise DefinitionError(
            f"{owner}: the base {base.__name__} has fields of its own; make it a GameModel, or a field of {owner}"
        )
    for each in base.__mro__[:-1]:
        if "__slots__" not in vars(each):
            raise DefinitionError(
                f"{owner}: the base {each.__name__} would keep attributes that are no state; "
                "write `__slots__ = ()` in it"
            )
        for name, kind in inspect.get_annotations(each).items():
            if "ClassVar" not in str(kind) and not name.startswith("_"):
                raise DefinitionError(
                    f"{each.__name__}.{name}: would be no state, because {each.__name__} is no model; write "
                    f"`class {each.__name__}(GameModel)`"
                )


def refusal(owner: str, body: Mapping[str, Any], error: Exception) -> DefinitionError:
    """In the words of an author what msgspec says of a class that it refuses."""
    message = str(error)
    misplaced = _MISPLACED.search(message)
    if misplaced:
        return without_default(owner, misplaced[1], body.get("__annotations__", {}).get(misplaced[1], "..."))
    if _SHARED.search(message):
        for name, value in body.items():
            if f"({value!r})" in message:
                return all_would_share(f"{owner}.{name}", value)
    for name in sorted(RESERVED):
        if f"'{name}' conflicts" in message:
            return DefinitionError(f"{owner}.{name}: {name!r} is a key of the protocol; choose another name")
    if "lay-out conflict" in message:
        return DefinitionError(
            f"{owner}: two of its bases have fields, and only one can; make one of them a Struct, and a field of "
            f"{owner}"
        )
    if "__slots__" in message:
        return DefinitionError(f"{owner}.__slots__: remove it; a model keeps what it has fields for")
    return DefinitionError(f"{owner}: {message}")


def without_default(model: str, name: str, kind: object) -> DefinitionError:
    """A model's field has none.

    Args:
        model: the class's name.
        name: the field's.
        kind: its annotation.
    """
    text = kind if isinstance(kind, str) else kind.__name__ if type(kind) is type else _MODULES.sub("", str(kind))
    default = _DEFAULTS.get(text) or _DEFAULTS.get(text.partition("[")[0])
    instead = f"{name}: {text} = {default}" if default else f"{name}: {text} | None = None"
    return DefinitionError(
        f"{model}.{name}: needs a default, because a game starts without arguments; write `{instead}`"
    )


def all_would_share(where: str, value: object) -> DefinitionError:
    """A default can be changed in place."""
    return DefinitionError(
        f"{where}: all games would share this default; write `= field(default_factory=lambda: {as_code(value)})`"
    )


def _is_descriptor(value: object) -> bool:
    """Whether it is a method, a property, a derived value."""
    return hasattr(type(value), "__get__")


def _is_field(value: object) -> bool:
    # What `field` returns is of a type that msgspec does not name.
    return type(value).__name__ == "Field"


def _shown(value: object) -> str:
    return "field(...)" if _is_field(value) else as_code(value)


def _typed(name: str, value: object) -> str:
    """A line that declares a field with this default."""
    if isinstance(value, dict):
        return f"{name}: dict[str, int] = field(default_factory={'dict' if not value else f'lambda: {as_code(value)}'})"
    if isinstance(value, (list, set)):
        kind = next((type(part).__name__ for part in value if part is not None), "int")
        kind = f"{kind} | None" if None in value else kind
        default = "list" if not value else f"lambda: {as_code(list(value))}"
        return f"{name}: list[{kind}] = field(default_factory={default})"
    if isinstance(value, tuple):
        return f"{name}: tuple[int, ...] = {as_code(value)}"
    if _is_field(value):
        return f"{name}: list[int] = field(...)"
    return f"{name}: {'int | None' if value is None else type(value).__name__} = {as_code(value)}"
