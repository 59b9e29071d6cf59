"""derived, and how it works: what a model builds from its fields, and keeps beside them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

from gamesvc.errors import DefinitionError
from gamesvc.signatures import is_command, is_unplain, place_of, takes

T = TypeVar("T")


class derived(Generic[T]):  # in lower case, as it is a decorator, like property
    """Mark a method that builds something from the fields: a chess library's board, say.

    It runs when the value is asked for, and then the value is kept, over commands. It is no state: it is not stored,
    and is built again where the game is loaded, or a command was refused. So a command that changes the fields has to
    change the value in the same way, or ``del self.board``, so that it is built again.

    Raises:
        DefinitionError: it is no plain method without arguments.
    """

    # Without a method only where somebody writes parentheses; to type checkers it is none.
    def __init__(self, build: Callable[[Any], T] | None = None) -> None:
        if build is None:
            raise DefinitionError("write @derived without parentheses")
        if is_unplain(build) or is_command(build) or not takes(build, 1):
            function = getattr(build, "fget", build)
            name = getattr(function, "__name__", "it")
            raise DefinitionError(
                f"{place_of(function)}: write @derived alone, above a plain method without arguments, "
                f"`def {name}(self) -> ...`"
            )
        self.build = build
        self.name = build.__name__
        self.__doc__ = build.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, model: None, owner: type) -> derived[T]: ...

    @overload
    def __get__(self, model: object, owner: type) -> T: ...

    def __get__(self, model: Any, owner: type) -> Any:
        if model is None:
            return self
        kept = model._context.derived
        if self.name not in kept:
            kept[self.name] = self.build(model)
        return kept[self.name]

    def __set__(self, model: Any, value: T) -> None:
        model._context.derived[self.name] = value

    def __delete__(self, model: Any) -> None:
        model._context.derived.pop(self.name, None)
