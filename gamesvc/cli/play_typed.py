"""What somebody types, and what it means: a command for the game, the number of what is legal, or something for the
program itself."""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from gamesvc.cli.play_vocabulary import Argument, Command, Vocabulary

OWN = "/"
"""Before what is meant for the program itself."""

_KEY = re.compile(r"([^\W\d]\w*)=")
_WORD = re.compile(r"\S+")
_NUMBER = re.compile(r"[0-9]{1,9}")
_PLAIN = re.compile(r"""[^\s"\[{=][^\s=]*""")


class Mistyped(Exception):
    """It means nothing. Says what would."""


class Send(NamedTuple):
    """A command for the game."""

    command: str
    arguments: dict[str, Any]


class Choose(NamedTuple):
    """The number of what is legal, from 1."""

    number: int


class Own(NamedTuple):
    """Something for the program itself: its name, and what stands behind it."""

    name: str
    rest: str


Typed = Send | Choose | Own


class Word(NamedTuple):
    """A word of a line.

    Attributes:
        start: where it begins in the line.
        key: what stands before its ``=``; None where there is none.
        value: the rest of it, as it was typed.
    """

    start: int
    key: str | None
    value: str

    @property
    def text(self) -> str:
        """All of it."""
        return self.value if self.key is None else f"{self.key}={self.value}"


def words(line: str) -> list[Word]:
    """The words of a line. A text in double quotes, a list and an object are JSON, and one word each."""
    found: list[Word] = []
    at = 0
    while match := _WORD.search(line, at):
        start = match.start()
        key = _KEY.match(line, start)
        value_at = key.end() if key else start
        at = _end_of_value(line, value_at)
        found.append(Word(start, key[1] if key else None, line[value_at:at]))
    return found


def read(line: str, vocabulary: Vocabulary) -> Typed | None:
    """What a line means.

    Args:
        line: it.
        vocabulary: the game's commands.

    Returns:
        None where there is nothing in it.

    Raises:
        Mistyped: it means nothing.
    """
    line = line.strip()
    if not line:
        return None
    if line.startswith(OWN):
        name, _, rest = line[len(OWN) :].partition(" ")
        return Own(name.lower(), rest.strip())
    if _NUMBER.fullmatch(line):
        return Choose(int(line))
    if line.startswith("{"):
        return _whole(line)
    first, *given = words(line)
    name = first.text
    if first.key is not None:
        raise Mistyped(f"{name!r} is no command: the command's name comes first")
    command = vocabulary.find(name)
    if command is not None:
        return Send(command.name, _arguments(command, given))
    if vocabulary.is_whole:
        raise Mistyped(_no_command(name, vocabulary))
    return Send(name, _unknown_arguments(name, given))


def as_typed(command: str, arguments: Mapping[str, Any]) -> str:
    """How a command is typed."""
    return " ".join((command, *(f"{name}={value_as_typed(value)}" for name, value in arguments.items())))


def value_as_typed(value: Any) -> str:
    """How a value is typed: as JSON, but a text without quotes, where it can be read without."""
    if type(value) is str and _PLAIN.fullmatch(value) and _parsed(value) is _NOT_JSON:
        return value
    return json.dumps(value, ensure_ascii=False)


class _NotJson:
    """Stands for what is no JSON."""


_NOT_JSON = _NotJson()


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is too large")
    return number


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is no JSON")


_decoder = json.JSONDecoder(parse_float=_finite, parse_constant=_no_constant)


def _parsed(text: str) -> Any:
    try:
        return _decoder.decode(text)
    except (ValueError, RecursionError):
        return _NOT_JSON


def _end_of_value(line: str, start: int) -> int:
    if line[start : start + 1] in ('"', "[", "{"):
        try:
            _, end = _decoder.raw_decode(line, start)
        except (ValueError, RecursionError):
            end = None
        if end is not None and (end == len(line) or line[end].isspace()):
            return end
    match = _WORD.match(line, start)
    return match.end() if match else start


def _whole(line: str) -> Send:
    """A command as it is sent."""
    message = _parsed(line)
    if type(message) is not dict:
        raise Mistyped('this is no JSON; write {"command": "mark", "cell": 4}, or mark cell=4')
    command = message.pop("command", None)
    if type(command) is not str:
        raise Mistyped('there is no command in it: write {"command": ...}')
    _refuse_id(message)
    return Send(command, message)


def _arguments(command: Command, given: list[Word]) -> dict[str, Any]:
    if (whole := _object(given)) is not None and all(command.argument(name) for name in whole):
        return whole
    found: dict[str, Any] = {}
    bare: list[Word] = []
    for word in given:
        argument = command.argument(word.key) if word.key is not None else None
        if argument is None:
            bare.append(word)
            continue
        if argument.name in found:
            raise Mistyped(f"{argument.name} is there twice")
        found[argument.name] = _value(argument, word.value)
    _fill(command, bare, found)
    missing = [argument.name for argument in command.arguments if argument.is_required and argument.name not in found]
    if missing:
        raise Mistyped(f"{command.name} needs {' and '.join(missing)}: {usage(command)}")
    return found


def _fill(command: Command, bare: list[Word], found: dict[str, Any]) -> None:
    """Give words without a name to the arguments that are left, in their order."""
    free = [argument for argument in command.arguments if argument.name not in found]
    for place, argument in enumerate(free):
        if not bare:
            return
        if len(bare) > 1 and place == len(free) - 1 and argument.takes(""):
            # The last one takes the rest, so that one can talk without quotes.
            found[argument.name] = " ".join(word.text for word in bare)
            return
        word = bare.pop(0)
        if word.key is not None and not argument.takes(""):
            raise Mistyped(f"{command.name} has no argument {word.key!r}: {usage(command)}")
        found[argument.name] = _value(argument, word.text)
    if bare:
        word = bare[0]
        what = f"no argument {word.key!r}" if word.key is not None else f"no place for {word.text!r}"
        raise Mistyped(f"{command.name} has {what}: {usage(command)}")


def _unknown_arguments(name: str, given: list[Word]) -> dict[str, Any]:
    """Those of a command of which nothing is known."""
    if (whole := _object(given)) is not None:
        return whole
    found: dict[str, Any] = {}
    for word in given:
        if word.key is None:
            raise Mistyped(f"it is not known what {name} takes: write {name} ARGUMENT={word.text}")
        if word.key in found:
            raise Mistyped(f"{word.key} is there twice")
        found[word.key] = _value(Argument(word.key), word.value)
    _refuse_id(found)
    return found


def _object(given: list[Word]) -> dict[str, Any] | None:
    """All arguments, where they are given as one object."""
    if len(given) != 1 or given[0].key is not None or not given[0].value.startswith("{"):
        return None
    whole = _parsed(given[0].value)
    if type(whole) is not dict:
        return None
    _refuse_id(whole)
    return whole


def _refuse_id(arguments: Mapping[str, Any]) -> None:
    for reserved in ("id", "command"):
        if reserved in arguments:
            raise Mistyped(f"leave {reserved!r} out of the arguments: each command gets an id by itself")


def _value(argument: Argument, text: str) -> Any:
    parsed = _parsed(text)
    if parsed is not _NOT_JSON and argument.takes(parsed):
        return parsed
    if argument.takes(text):
        return text
    raise Mistyped(f"{argument.name}: {text!r} is not {argument.wanted}")


def _no_command(name: str, vocabulary: Vocabulary) -> str:
    names = [command.name for command in vocabulary]
    near = difflib.get_close_matches(name.lower(), names, 1)
    return f"there is no command {name!r}; " + (f"do you mean {near[0]}?" if near else f"there are {', '.join(names)}")


def usage(command: Command) -> str:
    """How a command is typed, for people."""
    shown = [
        f"{argument.name}=..." if argument.is_required else f"[{argument.name}=...]" for argument in command.arguments
    ]
    return " ".join((command.name, *shown))
