"""A note for authors whose model touches an attribute that it has not declared."""

from __future__ import annotations

import re
from difflib import get_close_matches

_MISSING = re.compile(r"'(\w+)' object has no attribute '(\w+)'")
_READ_ONLY = re.compile(r"'(\w+)' object attribute '(\w+)' is read-only")


def note_undeclared(model: object, error: BaseException) -> None:
    """Add to an error what to write, where it is for an attribute that a model does not have.

    Args:
        model: what ran.
        error: what it raised. Others than such are left as they are.
    """
    if not isinstance(error, AttributeError) or hasattr(error, "__notes__"):
        return
    name = type(model).__name__
    missing, constant = _MISSING.search(str(error)), _READ_ONLY.search(str(error))
    if missing and missing[1] == name:
        fields = getattr(model, "__struct_fields__", ())
        close = get_close_matches(missing[2], fields, 1)
        meant = f"did you mean {close[0]}? Otherwise write" if close else "write"
        error.add_note(
            f"{name} keeps what it has fields for; {meant} `{missing[2]}: int = 0` in the class, say: a type, "
            "and how it is when the game begins"
        )
    elif constant and constant[1] == name:
        error.add_note(
            f"{name}.{constant[2]} belongs to the class, and all games share it; for state write a field, "
            f"`{constant[2].lower()}: int = 0`, say"
        )
