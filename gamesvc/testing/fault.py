"""Fault: what `gamesvc check` finds in a model; each kind has a fixed name."""

from __future__ import annotations

from traceback import walk_tb

from gamesvc.undeclared import noted

ADVICE = {
    "crash": "Refuse what the model can't do with `raise GameError(...)`; mend what it should be able to do.",
    "nondeterministic": "Take time from self.now and chance from self.random, keep all state in fields, sort sets"
    " before their order matters, and change nothing in view and legal.",
    "unstable-state": "Put into a field what its type says, and a copy where two fields would share an object.",
    "derived": "Change the derived value together with the fields, or `del` it so that it is built again.",
    "dirty-refusal": "Check everything first, and change the state after that.",
    "patch": "Have view return a dict of what JSON can hold, with keys that differ as text.",
    "leak": "Keep it from those who may not see it: publish(event, to=[...]), Secret, Own; or say that it comes to"
    " light on purpose: self.reveal(value).",
    "legal": "Have legal name what the commands accept as the game stands, with arguments that fit. Where time alone"
    " changes that, have a timer change the state: self.after(...).",
    "endless": "See to it that play leads to self.finish(...), or say that it need not: `endless=True` in the class"
    " line.",
}
"""What to do about each kind of fault, by its name."""

_ONLY_LOOKS = ("legal raised ", "view raised ")
"""What was wrong begins with one of these where a method failed that looks at the game, and does nothing in it."""
_ADVICE_ON_LOOKS = "Have it answer however the game stands; nobody is there who could be refused."


class Fault(AssertionError):
    """A fault in a model.

    Attributes:
        name: which kind: one of those of `ADVICE`.
        what: what was wrong.
        where: the author's line, where there is one: file, line and function; empty where there is none.
    """

    def __init__(self, name: str, what: str, where: str = "") -> None:
        super().__init__(f"{name}: {what}" + (f" ({where})" if where else ""))
        self.name = name
        self.what = what
        self.where = where

    @property
    def key(self) -> tuple[str, str]:
        """What two faults have in common that have the same cause, for all that is known."""
        return self.name, self.where


def advice_on(fault: Fault) -> str:
    """What to do about a fault, for all that is known."""
    only_looks = fault.name == "crash" and fault.what.startswith(_ONLY_LOOKS)
    return hint_of(fault) or (_ADVICE_ON_LOOKS if only_looks else ADVICE[fault.name])


def hint_of(fault: Fault) -> str:
    """What to write instead, where that is known of what the model raised; else empty."""
    return noted(fault.__cause__)


def line_of(error: BaseException) -> str:
    """The author's innermost line in a traceback."""
    frames = [
        (frame.f_code.co_filename, line, frame.f_code.co_name)
        for frame, line in walk_tb(error.__traceback__)
        if not _is_ours(frame.f_globals.get("__name__", ""))
    ]
    # What the author called may be a library's, or Python's own.
    theirs = [each for each in frames if "site-packages" not in each[0] and not each[0].startswith("<")] or frames
    return "{}, line {}, in {}".format(*theirs[-1]) if theirs else ""


def _is_ours(module: str) -> bool:
    return module == "gamesvc" or (module.startswith("gamesvc.") and not module.startswith("gamesvc.games"))
