"""What a model's class line may say: ``class Chess(GameModel, seats=2, version=3)``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches

from gamesvc.errors import DefinitionError

DURABILITIES = ("every", "snapshot", "none")

MAX_SEATS = 256
"""Seats that a game may have. Tokens name no more players than that."""

MAX_TICK = 120
"""How often a game may tick in a second."""


def checked_keywords(model: str, keywords: Mapping[str, object]) -> dict[str, object]:
    """What the keywords mean.

    Args:
        model: the class's name.
        keywords: as they were written.

    Raises:
        DefinitionError: there is no such keyword, or it has no such value.
    """
    for keyword in keywords:
        if keyword not in KEYWORDS:
            close = get_close_matches(keyword, KEYWORDS, 1)
            meant = f"; did you mean {close[0]}?" if close else ""
            raise DefinitionError(
                f"{model}: a model takes the keywords {', '.join(KEYWORDS)}, and not {keyword}{meant}"
            )
    return {keyword: _CHECKS[keyword](model, value) for keyword, value in keywords.items()}


def _seats(model: str, seats: object) -> tuple[int, int] | None:
    if seats is None:
        return None
    fewest, most = seats if isinstance(seats, tuple) and len(seats) == 2 else (seats, seats)
    if not (type(fewest) is int and type(most) is int and 1 <= fewest <= most <= MAX_SEATS):
        raise DefinitionError(f"{model}: write seats=2, or seats=(2, 4) for two to four; there are at most {MAX_SEATS}")
    return fewest, most


def _version(model: str, version: object) -> int:
    if type(version) is not int or version < 1:
        raise DefinitionError(f"{model}: write version=2 where the fields have changed; the first version is 1")
    return version


def _durability(model: str, durability: object) -> str:
    if durability not in DURABILITIES:
        raise DefinitionError(f"{model}: write durability='every', 'snapshot' or 'none'")
    return str(durability)


def _tick(model: str, tick: object) -> float | None:
    if tick is None:
        return None
    if isinstance(tick, bool) or not isinstance(tick, (int, float)) or not 0 < tick <= MAX_TICK:
        raise DefinitionError(f"{model}: write tick=20 for twenty times a second, at most {MAX_TICK}")
    return float(tick)


def _switch(keyword: str) -> Callable[[str, object], bool]:
    def check(model: str, value: object) -> bool:
        if not isinstance(value, bool):
            raise DefinitionError(f"{model}: write {keyword}=True or leave it out")
        return value

    return check


_CHECKS: dict[str, Callable[[str, object], object]] = {
    "seats": _seats,
    "version": _version,
    "durability": _durability,
    "tick": _tick,
    "endless": _switch("endless"),
    "blocking": _switch("blocking"),
}

KEYWORDS = tuple(_CHECKS)
"""Those that there are."""

EXAMPLES = {
    "seats": "seats=2",
    "version": "version=2",
    "durability": 'durability="snapshot"',
    "tick": "tick=20",
    "endless": "endless=True",
    "blocking": "blocking=True",
}
"""One of each, to be shown to who wrote it elsewhere."""
