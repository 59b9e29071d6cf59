"""How a line goes on that somebody types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from gamesvc.cli.play_typed import OWN, Word, as_typed, value_as_typed, words
from gamesvc.cli.play_vocabulary import Argument, Choice, Command, Vocabulary
from gamesvc.cli.wording import one_line

MAX_COMPLETIONS = 200


class Completion(NamedTuple):
    """How a word may go on.

    Attributes:
        text: the whole word.
        back: how many letters before the cursor it takes the place of.
        note: what it is, for people.
    """

    text: str
    back: int
    note: str


def completions(
    line: str, vocabulary: Vocabulary, choices: Sequence[Choice], own: Mapping[str, str]
) -> list[Completion]:
    """How a line goes on.

    Args:
        line: up to the cursor.
        vocabulary: the game's commands.
        choices: what is legal just now.
        own: what can be said to the program itself, and what it does.

    Returns:
        The likeliest first, each once. None of them holds what a terminal would obey.
    """
    found: dict[str, Completion] = {}
    for completion in _all(line.lstrip(), vocabulary, choices, own):
        if len(found) >= MAX_COMPLETIONS:
            break
        if one_line(completion.text) == completion.text:
            found.setdefault(completion.text, completion._replace(note=one_line(completion.note)))
    return list(found.values())


def _all(line: str, vocabulary: Vocabulary, choices: Sequence[Choice], own: Mapping[str, str]) -> Iterator[Completion]:
    typed = words(line)
    begun = typed.pop() if typed and not line[-1:].isspace() else Word(len(line), None, "")
    if not typed:
        yield from _names(begun, vocabulary, choices, own)
        return
    name = typed[0].text.lower()
    legal = [choice for choice in choices if choice["command"].lower() == name]
    command = vocabulary.find(name)
    if command is None and legal:
        command = Command(name, tuple(Argument(key) for key in legal[0] if key != "command"))
    if command is not None:
        yield from _arguments(command, typed[1:], begun, legal)


def _names(
    begun: Word, vocabulary: Vocabulary, choices: Sequence[Choice], own: Mapping[str, str]
) -> Iterator[Completion]:
    start, back = begun.text.lower(), len(begun.text)
    if start.startswith(OWN):
        for name, does in own.items():
            if (OWN + name).startswith(start):
                yield Completion(OWN + name, back, does)
        return
    # Nobody has to press a key for what must come next.
    legal = {choice["command"]: " " if len(choice) > 1 else "" for choice in choices}
    known = {command.name: command for command in vocabulary}
    # What is legal now comes first, and gamesvc's own last.
    for name in sorted({*legal, *known}, key=lambda name: (name not in legal, "." in name, name)):
        if name.lower().startswith(start):
            command = known.get(name)
            space = legal.get(name, "") if command is None else " " if command.arguments else ""
            yield Completion(name + space, back, "" if command is None else command.doc)


def _arguments(command: Command, given: list[Word], begun: Word, legal: Sequence[Choice]) -> Iterator[Completion]:
    free = {argument.name: argument for argument in command.arguments}
    # Words without a name have filled the first ones that are free.
    so_far = {word.key: word.value for word in given if word.key is not None and word.key in free}
    free = {name: argument for name, argument in free.items() if name not in so_far}
    for word in given:
        if word.key not in so_far and free:
            so_far[next(iter(free))] = word.text
            free.pop(next(iter(free)))
    fitting = [choice for choice in legal if _agrees(choice, so_far)]
    if begun.key in free:
        for value, note in _values(free[begun.key], fitting):
            if value.startswith(begun.value):
                yield Completion(f"{begun.key}={value}", len(begun.text), note)
        return
    if not free:
        return
    first = next(iter(free.values()))
    for value, note in _values(first, fitting):
        if begun.text and value.startswith(begun.text):
            yield Completion(value, len(begun.text), note)
        elif f"{first.name}={value}".startswith(begun.text):
            yield Completion(f"{first.name}={value}", len(begun.text), note)
    for argument in free.values():
        if argument.name.startswith(begun.text):
            yield Completion(f"{argument.name}=", len(begun.text), argument.doc or argument.wanted)


def _agrees(choice: Choice, so_far: Mapping[str, str]) -> bool:
    return all(name in choice and text in (choice[name], value_as_typed(choice[name])) for name, text in so_far.items())


def _values(argument: Argument, legal: Sequence[Choice]) -> Iterator[tuple[str, str]]:
    """What an argument may be, as it is typed, each with what it is, for people."""
    shown = [choice for choice in legal if argument.name in choice]
    values: Sequence[Any] = [choice[argument.name] for choice in shown] if shown else argument.choices
    for place, value in enumerate(values):
        rest = (
            {key: each for key, each in shown[place].items() if key not in ("command", argument.name)} if shown else {}
        )
        yield value_as_typed(value), as_typed("", rest).strip()
