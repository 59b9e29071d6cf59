"""What an author's code raised, as a text for a message."""

from __future__ import annotations

_MAX_TEXT = 500
_END = 100


def shown_fault(fault: BaseException) -> str:
    """An exception, as Python writes it; where it is long, its beginning and its end. That itself raises nothing: an
    author's exception may have a ``__repr__`` that does."""
    try:
        text = repr(fault)
    except Exception:
        return f"{type(fault).__name__}(...)"
    return text if len(text) <= _MAX_TEXT else f"{text[: _MAX_TEXT - _END - 3]}...{text[-_END:]}"
