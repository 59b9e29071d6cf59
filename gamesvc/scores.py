"""How a game came out for each player, as far as the event says with which it ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def scores(outcome: Mapping[str, Any] | None, players: Sequence[str]) -> dict[str, float] | None:
    """How a game came out.

    Args:
        outcome: the event with which it ended, as JSON gives it; None where there was none.
        players: who played.

    Returns:
        For each player a number; more is better. From the event's field ``returns`` or ``scores``, which hold such a
        number for each; or else from ``winners``, or ``winner``: 1 for who won, -1 for the others, 0 for all where
        nobody did. None where the event has none of these.
    """
    if outcome is None:
        return None
    for name in ("returns", "scores"):
        given = outcome.get(name)
        if isinstance(given, Mapping) and all(_is_number(value) for value in given.values()):
            return {player: float(given.get(player, 0)) for player in players}
    winners = outcome.get("winners")
    if winners is None and "winner" in outcome:
        winner = outcome["winner"]
        winners = [] if winner is None else [winner]
    if not isinstance(winners, list) or not all(winner in players for winner in winners):
        return None
    if not winners or len(winners) == len(players):
        return dict.fromkeys(players, 0.0)
    return {player: 1.0 if player in winners else -1.0 for player in players}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
