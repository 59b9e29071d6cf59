"""The reference for authors: ``docs/reference.md``, made from the docstrings of what they import.

python -m tests.reference
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import gamesvc
import gamesvc.testing

PAGE = Path(__file__).parent.parent / "docs" / "reference.md"
COMMAND = "make reference"

_HEAD = f"""\
# Reference

What the author of a game imports, and what it does. [Writing a game](writing-a-game.md) shows how it is used. This page
is made from the docstrings, by `{COMMAND}`: change those.
"""

_FIELD = """\
A field's default that can be changed, or has to be made for each game: ``field(default_factory=list)``. It is
`msgspec.field`."""

_SECTION = re.compile(r"(Args|Attributes|Returns|Raises):")
_TITLES = {"Args": "Arguments", "Attributes": "Attributes", "Returns": "Returns", "Raises": "Raises"}
_ITEM = re.compile(r"([\w*][\w*, ]*): (.*)", re.DOTALL)


def page() -> str:
    """The whole page."""
    parts = [_HEAD]
    for module, title in ((gamesvc, "What a game imports"), (gamesvc.testing, "What a test imports")):
        names = sorted(module.__all__, key=str.lower)
        links = ", ".join(f"[{name}](#{name.lower()})" for name in names)
        parts += [f"## {title}\n", textwrap.fill(f"From `{module.__name__}`: {links}.", 120) + "\n"]
        for name in names:
            parts += [f"### {name}\n", *_entry(name, getattr(module, name))]
    return "\n".join(parts)


def _entry(name: str, value: Any) -> Iterator[str]:
    if name == "field":
        yield from _prose(_FIELD)
    elif isinstance(value, type):
        yield from _class(value)
    elif inspect.isfunction(value):
        yield _signature(value)
        yield from _prose(inspect.getdoc(value) or "")
    else:
        yield from _prose(_said_of(name, value))


def _class(made: type) -> Iterator[str]:
    init = vars(made).get("__init__")
    if inspect.isfunction(init):
        yield _signature(init, made.__name__)
    yield from _prose(inspect.getdoc(made) or "")
    for name, member in vars(made).items():
        if name.startswith("_"):
            continue
        plain = getattr(member, "__func__", None) or getattr(member, "fget", None) or member
        if not inspect.isfunction(plain):
            continue
        yield _property(plain) if isinstance(member, property) else _signature(plain)
        yield from _prose(inspect.getdoc(plain) or "")


# Signatures, as they were written: a running Python has only what it made of them.


@cache
def _tree(module: ModuleType) -> ast.Module:
    return ast.parse(inspect.getsource(module))


def _definition(function: Callable[..., Any]) -> ast.FunctionDef:
    module = sys.modules[function.__module__]
    line = function.__code__.co_firstlineno
    for node in ast.walk(_tree(module)):
        # A decorated one begins with its decorator.
        if isinstance(node, ast.FunctionDef) and line in (
            node.lineno,
            *(each.lineno for each in node.decorator_list),
        ):
            return node
    raise LookupError(f"{function.__qualname__} is not in {module.__name__}")


def _signature(function: Callable[..., Any], name: str = "") -> str:
    """A function's, or a class's of a name."""
    node = _definition(function)
    returns = f" -> {ast.unparse(node.returns)}" if node.returns is not None and not name else ""
    return f"**`{name or node.name}({', '.join(_parameters(node.args))}){returns}`**\n"


def _parameters(arguments: ast.arguments) -> Iterator[str]:
    positional = [*arguments.posonlyargs, *arguments.args]
    without = [None] * (len(positional) - len(arguments.defaults))
    for place, (argument, default) in enumerate(zip(positional, [*without, *arguments.defaults], strict=True), 1):
        if place > 1 or argument.arg not in ("self", "cls"):
            yield _parameter(argument, default)
        # Before it there may have been nothing but self.
        if place == len(arguments.posonlyargs) and place > 1:
            yield "/"
    if arguments.vararg is not None:
        yield f"*{_parameter(arguments.vararg, None)}"
    elif arguments.kwonlyargs:
        yield "*"
    for argument, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        yield _parameter(argument, value)
    if arguments.kwarg is not None:
        yield f"**{_parameter(arguments.kwarg, None)}"


def _parameter(argument: ast.arg, default: ast.expr | None) -> str:
    kind = f": {ast.unparse(argument.annotation)}" if argument.annotation is not None else ""
    return argument.arg + kind + (f" = {ast.unparse(default)}" if default is not None else "")


def _property(function: Callable[..., Any]) -> str:
    node = _definition(function)
    kind = ast.unparse(node.returns) if node.returns is not None else ""
    return f"**`{node.name}: {kind}`**\n"


def _said_of(name: str, value: object) -> str:
    """The text below an assignment."""
    for module in [each for key, each in sys.modules.items() if key.startswith("gamesvc")]:
        if vars(module).get(name) is not value:
            continue
        body = _tree(module).body
        for node, following in pairwise(body):
            if not isinstance(node, ast.Assign) or ast.unparse(node.targets[0]) != name:
                continue
            if isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant):
                return inspect.cleandoc(str(following.value.value))
    raise LookupError(f"{name} has no docstring")


# Docstrings.


def _prose(text: str) -> Iterator[str]:
    """A docstring as Markdown: its sections become lists."""
    blocks: list[tuple[str, list[str]]] = [("", [])]
    for line in text.split("\n"):
        heading = _SECTION.fullmatch(line.strip())
        if heading is not None:
            blocks.append((heading[1], []))
        else:
            blocks[-1][1].append(line)
    for section, lines in blocks:
        body = inspect.cleandoc("\n".join(["", *lines]))
        if not body:
            continue
        body = body.replace("``", "`")
        if not section:
            yield body + "\n"
        elif section == "Returns":
            yield f"Returns: {body}\n"
        else:
            yield f"{_TITLES[section]}:\n"
            yield "\n".join(_items(body)) + "\n"


def _items(body: str) -> Iterator[str]:
    """Each with a dash before it. What follows on indented lines belongs to it."""
    for item in re.split(r"\n(?=\S)", body):
        match = _ITEM.fullmatch(item)
        if match is None:
            yield f"- {item}"
            continue
        names = ", ".join(f"`{each.strip()}`" for each in match[1].split(","))
        yield f"- {names}: " + re.sub(r"\n\s*", "\n  ", match[2])


if __name__ == "__main__":
    PAGE.write_text(page())
