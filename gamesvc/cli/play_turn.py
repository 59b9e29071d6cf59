"""Why there is nothing that somebody may do just now: whose turn it is, as far as the game says it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gamesvc.cli.play_shown import value
from gamesvc.cli.wording import many

_MAX_NAME = 80


def why_nothing(
    state: Mapping[str, Any], player: str, players: Sequence[str | None], *, playing: bool, finished: bool
) -> str:
    """Why there is nothing that somebody may do just now.

    Args:
        state: the game's, as they see it; it says that nothing is legal, or does not say what is.
        player: their name.
        players: who has a seat, in the order of the seats, None where one is free; empty for a game without seats.
        playing: whether their commands are accepted.
        finished: whether the game is over.
    """
    if finished:
        return "The game is over."
    if not playing:
        return "You watch, and only players can do something."
    if "legal" not in state:
        return "This game does not say what you may do just now; /help shows its commands."
    movers = whose_turn(state)
    if movers and player not in movers:
        whose = [f"{value(each, _MAX_NAME)}'s" for each in movers]
        return f"It is {_listed(whose)} turn."
    nothing = "There is nothing that you can do just now"
    free = players.count(None)
    if free:
        return f"{nothing}; {free} of {many(len(players), 'seat')} {'is' if free == 1 else 'are'} free."
    others = [each for each in players if each not in (None, player)]
    # Who sits at a table for two knows for whom they wait.
    return f"{nothing}: you wait for {value(others[0], _MAX_NAME)}." if len(others) == 1 else f"{nothing}."


def whose_turn(state: Mapping[str, Any]) -> list[str]:
    """Whose turn it is, as the games that come along say it, and OpenSpiel's; empty where a state does not say it.

    Args:
        state: the game's: a `TurnOrder` in it is called ``turns``, and a `PlayerClock` ``clock``.
    """
    for key, within in (("turns", "current"), ("clock", "running")):
        thing = state.get(key)
        named = thing.get(within) if type(thing) is dict else None
        if type(named) is str and named:
            return [named]
    to_move = state.get("to_move")
    named = to_move if type(to_move) is list else []
    return [each for each in named if type(each) is str and each]


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
