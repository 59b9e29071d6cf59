"""A note for authors whose model uses what is not declared: an attribute, seats, or that an event is one."""

from __future__ import annotations

import linecache
import re
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from inspect import get_annotations, getattr_static
from traceback import extract_tb
from types import TracebackType
from typing import NamedTuple

# Names may come from clients: of what nobody writes nothing is said.
_MISSING = re.compile(r"'(\w+)' object has no attribute '(\w{1,80})'")
_READ_ONLY = re.compile(r"'(\w+)' object attribute '(\w{1,80})' is read-only")
_OF_NOBODY: dict[type[BaseException], re.Pattern[str]] = {
    IndexError: re.compile(r"(\w+)\.players\s*\["),
    ValueError: re.compile(r"(\w+)\.players\.index\("),
    ZeroDivisionError: re.compile(r"[^%]*%\s*len\((\w+)\.players\)$"),
}
"""How expressions begin that fail where there are no players, by what they raise."""
_UNPACKED = re.compile(r"\s*=\s*(\w+)\.players\s*(?:#|$)")
"""What follows on names to which the players are given, and there are none."""
_NO_ARGUMENTS = re.compile(r"(\w{1,80})\(\) takes no arguments")


def note_undeclared(model: object, error: BaseException) -> None:
    """Add to an error what to write, where it is for an attribute that a model does not have, for players of a game
    without seats, which are none, or for a class beside the model that has annotations and nothing to take values by.
    Nothing is raised, whatever the error is.

    Args:
        model: what ran; None where nothing of the author's did.
        error: what it raised. Others than such are left as they are.
    """
    try:
        if model is None or hasattr(error, "__notes__"):
            return
        if type(error) is AttributeError:
            note = _on_attribute(model, error)
        else:
            note = _on_plain_class(model, error) if type(error) is TypeError else _on_seats(model, error)
        if note:
            error.add_note(note)
    # An error is of the author's making, and so is what it says of itself. It matters more than a note.
    except (Exception, SystemExit):
        return


def noted(error: BaseException | None) -> str:
    """What an error's notes say; empty where it has none, or there is no error."""
    return "\n".join(getattr(error, "__notes__", ()))


def _on_attribute(model: object, error: AttributeError) -> str:
    # Others may have a class of the same name. Whose attribute it is, Python says of one that is read, not of one set.
    if error.obj is not None and type(error.obj) is not type(model):
        return ""
    name, said = type(model).__name__, str(error)
    missing, constant = _MISSING.search(said), _READ_ONLY.search(said)
    if missing and missing[1] == name:
        return _on_missing(model, missing[2], error)
    if constant and constant[1] == name:
        field = constant[2].lower()
        example = " of another name" if field in dir(type(model)) else f", `{field}: int = 0`, say"
        return f"{name}.{constant[2]} belongs to the class, and all games share it; for state write a field{example}"
    return ""


def _on_missing(model: object, attribute: str, error: AttributeError) -> str:
    name = type(model).__name__
    place = _place_of(error)
    if place is not None and place.after.startswith("("):
        close = _close(attribute, _public(model, methods=True))
        return f"{name} has no method {attribute}; did you mean {close}?" if close else ""
    field = f"{attribute}: int"
    if attribute.startswith("_"):
        # A field can't look private: its type says who sees it. Of two underscores Python makes more.
        public = attribute.rpartition("__")[2].lstrip("_")
        if not public:
            return ""
        field = f"{public}: Secret[int]"
    fields = getattr(model, "__struct_fields__", ())
    close = _close(attribute, fields) or _close(attribute, _public(model, methods=False))
    meant = f"did you mean {close}? Otherwise write" if close else "write"
    return (
        f"{name} keeps what it has fields for; {meant} `{field} = 0` in the class, say: a type, "
        "and how it is when the game begins"
    )


def _on_seats(model: object, error: BaseException) -> str:
    begins = _OF_NOBODY.get(type(error))
    place = _place_of(error) if begins is not None and getattr(model, "SEATS", ()) is None else None
    if begins is None or place is None:
        return ""
    found = begins.match(place.expression)
    if found is None and type(error) is ValueError:
        found = _UNPACKED.match(place.after)
    if found is None or place.names.get(found[1]) is not model:
        return ""
    name = type(model).__name__
    return f"{name} has no seats, and so no players; write `class {name}(GameModel, seats=2)` for a game of two"


def _on_plain_class(model: object, error: TypeError) -> str:
    said = _NO_ARGUMENTS.fullmatch(str(error))
    found = getattr(sys.modules.get(type(model).__module__), said[1], None) if said else None
    if not isinstance(found, type) or found.__bases__ != (object,) or not get_annotations(found):
        return ""
    name = found.__name__
    return (
        f"{name} has no base class to make fields of what it annotates; for what is published write "
        f"`class {name}(Event)`, and for other values `@dataclass` above it"
    )


class _Place(NamedTuple):
    """Where an error was raised.

    Attributes:
        expression: what failed, as it is written; of one that goes on in the next line, what stands in the first.
        after: what follows it on the line.
        names: local variables.
    """

    expression: str
    after: str
    names: dict[str, object]


def _place_of(error: BaseException) -> _Place | None:
    """Where an error was raised; None where that is not known."""
    trace = error.__traceback__
    if trace is None:
        return None
    (place,) = extract_tb(trace, limit=-1)
    if place.lineno is None or place.colno is None or place.end_colno is None:
        return None
    # Columns count bytes. The file may be another by now.
    line = linecache.getline(place.filename, place.lineno).rstrip().encode()
    end = place.end_colno if place.end_lineno == place.lineno else len(line)
    expression, after = (part.decode(errors="replace") for part in (line[place.colno : end], line[end:]))
    return _Place(expression, after, _innermost(trace).tb_frame.f_locals)


def _innermost(trace: TracebackType) -> TracebackType:
    while trace.tb_next is not None:
        trace = trace.tb_next
    return trace


def _public(model: object, *, methods: bool) -> list[str]:
    named = [each for each in dir(type(model)) if not each.startswith("_")]
    return [each for each in named if callable(getattr_static(type(model), each)) is methods]


def _close(name: str, names: Sequence[str]) -> str:
    close = get_close_matches(name, names, 1)
    return close[0] if close else ""
