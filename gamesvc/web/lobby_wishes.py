"""What somebody wants to have made, held against what the kind of game allows."""

from __future__ import annotations

from typing import Any

import msgspec

from gamesvc.auth import is_player_name
from gamesvc.catalog import Kind
from gamesvc.context import Context
from gamesvc.errors import BAD_BODY, BAD_OPTIONS, BAD_PLAYER, RequestRefused
from gamesvc.image import settle
from gamesvc.model import GameError, start
from gamesvc.options import OptionsError, checked, given
from gamesvc.web.lobby_bodies import Wish

MAX_OPTIONS_BYTES = 2048
"""How large the options of a game may be, as JSON."""

_MAX_REASON = 300


def seats_of(kind: Kind, wish: Wish) -> tuple[int | None, tuple[str, ...]]:
    """How many are to play, and for whom the game is.

    Args:
        kind: of game.
        wish: what is wanted.

    Returns:
        How many; None where there are no seats. And the names, in the order of the seats; none where it is for whoever
        comes.

    Raises:
        RequestRefused: so many do not play it, or a name is none.
    """
    if kind.model.SEATS is None:
        if wish.seats is not None or wish.players or wish.bots:
            raise RequestRefused(BAD_BODY.saying("there are no seats in games of this kind"))
        return None, ()
    fewest, most = kind.model.SEATS
    seats = most if wish.seats is None else wish.seats
    if not fewest <= seats <= most:
        raise RequestRefused(BAD_BODY.saying(f"seats: from {fewest} to {most} play"))
    named = tuple(wish.players)
    if len(named) + len(wish.bots) > seats or len(set(named)) < len(named):
        raise RequestRefused(BAD_BODY.saying(f"players, bots: at most {seats}, each named once"))
    if not all(map(is_player_name, named)):
        raise RequestRefused(BAD_PLAYER)
    return seats, named


def options_of(kind: Kind, options: dict[str, Any]) -> str:
    """All options of a game, with those that are not given as the server has them.

    Args:
        kind: of game.
        options: as far as they are given.

    Returns:
        JSON object.

    Raises:
        RequestRefused: the game can't be set up with them.
    """
    try:
        all_options = checked(kind.model, {**msgspec.json.decode(kind.options), **options})
    except (OptionsError, RecursionError) as error:
        raise RequestRefused(BAD_OPTIONS.saying(str(error)[:_MAX_REASON])) from None
    if len(all_options) > MAX_OPTIONS_BYTES:
        raise RequestRefused(BAD_OPTIONS.saying(f"options may have {MAX_OPTIONS_BYTES} bytes"))
    if options and not kind.model.BLOCKING:
        # Better now than when it is in the list.
        try:
            settle(start(kind.model, Context(), given(kind.model, all_options)))
        except GameError as error:
            raise RequestRefused(BAD_OPTIONS.saying(str(error)[:_MAX_REASON])) from None
        # SystemExit, too: a model must not take the other games with it. What it says is not for strangers.
        except (Exception, SystemExit):
            raise RequestRefused(BAD_OPTIONS) from None
    return all_options.decode()
