"""Which events a model can publish. Nothing declares them, so they are found in the code of its methods.

Found are the Event classes that

- the code of a method names: of the model's own or an inherited one, up to GameModel, and of functions within it. A
  name means what it means in the method's module, or around it where it was defined within a function, and so does
  ``events.Marked`` where ``events`` is a module;
- the code of functions and classes names that are found in the same way, and are of the same module as the code that
  names them, or of the same package; so are classes in the annotations of the model's fields;
- are nested in these classes, the model among them;
- lie in lists, tuples, sets and dicts that are named, or are attributes of these classes.

So a model that gets at its events in another way says ``EVENTS = (Marked, Finished)``. Nothing is imported or called to
find them.
"""

from __future__ import annotations

import contextlib
import dis
import inspect
import typing
from collections.abc import Iterable, Iterator
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from gamesvc.model import Event, GameModel

_LEAVES = (str, bytes, int, float, complex, type(None))


def published(model: type[GameModel]) -> tuple[type[Event], ...]:
    """The events that a model can publish, in the order in which its code names them.

    Args:
        model: the class.
    """
    found: dict[type[Event], None] = {}
    # Held, and not only their ids, so that no other object gets the id of one that was looked at.
    seen: dict[int, object] = {}
    # What is still to be looked at, the next at the end, each with the module of the code that names it.
    waiting = [(part, model.__module__) for kind in model.TYPES.values() for part in _parts(kind)]
    waiting += [(owner, owner.__module__) for owner in reversed(model.__mro__[: model.__mro__.index(GameModel)])]
    while waiting:
        value, module = waiting.pop()
        if id(value) in seen or isinstance(value, _LEAVES):
            continue
        seen[id(value)] = value
        if isinstance(value, type) and issubclass(value, Event) and value is not Event:
            found[value] = None
        waiting.extend(reversed(list(_leads_to(value, module))))
    return tuple(found)


def _parts(kind: Any) -> Iterator[Any]:
    """The classes that an annotation names."""
    yield kind
    for part in typing.get_args(kind):
        yield from _parts(part)


def _leads_to(value: Any, module: str) -> Iterator[tuple[object, str]]:
    """What else a value has to be looked at for that code of a module names."""
    if isinstance(value, (list, tuple, set, frozenset, dict)):
        yield from ((part, module) for part in _contents(value))
    elif isinstance(value, (staticmethod, classmethod, MethodType)):
        yield value.__func__, module
    elif isinstance(value, property):
        yield from ((part, module) for part in (value.fget, value.fset, value.fdel))
    elif isinstance(value, FunctionType):
        if _is_near(value.__module__, module):
            yield from ((part, value.__module__) for part in _named(value))
    elif isinstance(value, type):
        if _is_near(value.__module__, module):
            yield from ((part, value.__module__) for part in vars(value).values())
    elif not isinstance(value, ModuleType):
        # What a decorator has made of a function, or an object whose methods are called.
        yield inspect.getattr_static(value, "__wrapped__", None), module
        yield type(value), module


def _contents(value: Iterable[object]) -> list[object]:
    if isinstance(value, dict):
        return [*value, *value.values()]
    if isinstance(value, (set, frozenset)):
        # In an order that is the same in each process.
        return sorted(value, key=lambda each: each.__qualname__ if isinstance(each, type) else "")
    return list(value)


def _is_near(named: str | None, module: str) -> bool:
    """Whether what is of one module is looked into where code of the other names it."""
    package = module.rpartition(".")[0]
    return named == module or (named is not None and package != "" and named.rpartition(".")[0] == package)


def _named(function: FunctionType) -> Iterator[object]:
    """What the code of a function names."""
    yield from function.__defaults__ or ()
    yield from (function.__kwdefaults__ or {}).values()
    codes = list(_codes(function.__code__))
    for value in (*_from_around(function), *_from_module(function, codes)):
        yield value
        if isinstance(value, ModuleType):
            # Not getattr, at which a module may import others.
            yield from (vars(value).get(name) for code in codes for name in code.co_names)


def _from_around(function: FunctionType) -> Iterator[object]:
    for cell in function.__closure__ or ():
        # What is to be in it may not be defined yet.
        with contextlib.suppress(ValueError):
            yield cell.cell_contents


def _from_module(function: FunctionType, codes: Iterable[CodeType]) -> Iterator[object]:
    for code in codes:
        # Not all that the code names: attributes of objects may have the names of functions.
        for instruction in dis.get_instructions(code):
            if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
                yield function.__globals__.get(instruction.argval)


def _codes(code: CodeType) -> Iterator[CodeType]:
    """A function's code, and that of functions within it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)
