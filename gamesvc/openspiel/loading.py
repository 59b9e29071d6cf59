"""Loading a game of OpenSpiel's, and saying in plain words why one can't be served."""

from __future__ import annotations

import re
from difflib import get_close_matches

import pyspiel

from gamesvc.openspiel.rules import MAX_NUMBER, Rules
from gamesvc.openspiel.served import EXAMPLES, NOT_SERVED

PREFIX = "openspiel:"
"""What stands before the name of each kind of game that is OpenSpiel's."""

MAX_PLAYERS = 256
"""How many may play one game: the most seats that a model may have."""

_TEXT = re.compile(r"([\w-]+)(\(.*\))?", re.DOTALL)
_PLACE = re.compile(r"\S+\.(?:cc|h):\d+ ")
_WRONG_TYPE = re.compile(r"Wrong type for parameter (\w+)\. Expected type: k(\w+), got k\w+ with ?(.*)", re.DOTALL)
_MISSING = re.compile(r"Missing parameter (\w+)")
_TYPES = {
    "Bool": "True or False",
    "Double": "a number with a point, as in 1.0",
    "Game": "a game, as in kuhn_poker()",
    "Int": "a whole number",
    "String": "a text, and no number",
}


class NotServed(Exception):
    """A game can't be served. The message says why, and what would be right."""


def name_in(text: str) -> str:
    """The name of the game in a text, without parameters."""
    return text.partition("(")[0]


def canonical(text: str) -> str:
    """A game and its parameters as OpenSpiel itself writes them, so that one game has one name.

    Args:
        text: as `pyspiel.load_game` takes it.

    Raises:
        NotServed: OpenSpiel has no such game, or reads something else in it than what it says.
    """
    match = _TEXT.fullmatch(text)
    if match is None:
        raise NotServed("write the name of a game of OpenSpiel's, and parameters as in go(board_size=9,komi=7.5)")
    name, inside = match[1], match[2] or "()"
    known = pyspiel.registered_names()
    if name not in known:
        close = get_close_matches(name.lower().replace("-", "_"), known, 1)
        hint = f"did you mean {PREFIX + close[0]!r}?" if close else f"there are {', '.join(sorted(known))}"
        raise NotServed(f"OpenSpiel has no game of the name {name!r}; {hint}")
    if name in NOT_SERVED:
        raise NotServed(f"OpenSpiel's {name} is not served: {NOT_SERVED[name]}")
    try:
        plain: str = pyspiel.game_parameters_to_string(pyspiel.game_parameters_from_string(name + inside))
    except Exception as error:
        raise NotServed(_in_plain_words(name, error)) from None
    # It passes over what it does not understand.
    if sorted(plain.casefold()) != sorted((name + inside).casefold()):
        raise NotServed(f"OpenSpiel reads this as {plain}: write it like that, without spaces, each parameter once")
    return plain


def rules_of(text: str) -> Rules:
    """Load a game.

    Args:
        text: as `canonical` gives it.

    Raises:
        NotServed: OpenSpiel does not take its parameters, or it can't be served with them.
    """
    try:
        rules = Rules(text)
    except Exception as error:
        raise NotServed(_in_plain_words(name_in(text), error)) from None
    kind = rules.game.get_type()
    if kind.dynamics == pyspiel.GameType.Dynamics.MEAN_FIELD:
        raise NotServed("a mean field game is none for players")
    if not 1 <= rules.players <= MAX_PLAYERS:
        raise NotServed(f"it would be for {rules.players} players; games are for 1 to {MAX_PLAYERS}")
    if not rules.is_observed:
        raise NotServed("OpenSpiel does not say what its players see")
    if rules.is_sampled and not rules.has_seed:
        raise NotServed("OpenSpiel draws its chance itself, from a seed that can't be kept with the game")
    if max(rules.game.num_distinct_actions(), rules.game.max_chance_outcomes()) > MAX_NUMBER:
        raise NotServed(f"it has actions with numbers above {MAX_NUMBER}")
    return rules


def _in_plain_words(name: str, error: Exception) -> str:
    """What OpenSpiel said, for who wrote the parameters."""
    said = " ".join(_PLACE.sub("", str(error)).split())
    wrong, missing = _WRONG_TYPE.fullmatch(said), _MISSING.fullmatch(said)
    if wrong:
        return f"{wrong[1]} has to be {_TYPES.get(wrong[2], wrong[2])}, and not {wrong[3]!r}"
    if missing or (name in EXAMPLES and "CHECK_TRUE(fd_)" in said):
        what = missing[1] if missing else "a file that can be read"
        example = f"; write {PREFIX + EXAMPLES[name]!r}, say" if name in EXAMPLES else ""
        return f"{name} needs {what}{example}"
    said = said.replace("Unknown parameter", "there is no parameter").replace("Available parameters are:", "There are:")
    return f"OpenSpiel refuses it: {said or type(error).__name__}"
