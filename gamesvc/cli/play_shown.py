"""What comes from a game, in words: events, welcomes, replies, and why a session came to its end.

Whatever others wrote is shown with its control characters escaped: a terminal would obey them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from rich.text import Text

from gamesvc.cli.play_typed import as_typed
from gamesvc.cli.wording import cut, many, one_line
from gamesvc.client.failure import CLOSED, MESSAGE_TOO_BIG, TOO_MANY_WAITING, UNREACHABLE, GameError, SessionClosed
from gamesvc.errors import HTTP_REFUSALS, CloseCode

MAX_SHOWN = 2000
"""How many letters of one thing are shown."""

DIM, STRONG, OWN, OTHER, GOOD, BAD, NOTE = "dim", "bold", "bold green", "cyan", "green", "red", "yellow"

_WIRE_KEYS = frozenset(("event", "seq"))

_ENDS = {
    "token_missing": "the server asks for a token: --token-file FILE, or the environment's GAMESVC_TOKEN",
    "token_expired": "the token has expired: get another one",
    "token_invalid": "the token is not valid here",
    "wrong_game": "the token is for another game",
    "player_not_in_game": "you are not one of this game's players, and may not watch",
    "revoked": "the server does not let you in any more",
    "replaced": "a newer connection of yours has taken this one's place",
    "game_over": "the game is over",
    "game_deleted": "the game was deleted",
    UNREACHABLE: "the server can't be reached",
}
_SAID_ANYWAY = {refusal.message for refusal in HTTP_REFUSALS.values()} | {code.reason for code in CloseCode}
_REFUSALS = {
    TOO_MANY_WAITING: "too many commands wait for their replies",
    MESSAGE_TOO_BIG: "this is longer than the server takes",
}


def value(thing: Any, width: int = MAX_SHOWN) -> str:
    """A value on one line: a text as it is, everything else as JSON."""
    text = thing if type(thing) is str else json.dumps(thing, ensure_ascii=False)
    return cut(one_line(text), width)


def name(player: Any, own: str) -> Text:
    """A player's name.

    Args:
        player: whose; None where there is nobody.
        own: one's own.
    """
    if player is None:
        return Text("free", DIM)
    return Text(value(player, 80), OWN if player == own else OTHER)


def event(happened: Mapping[str, Any], own: str) -> Text:
    """An event, with its number.

    Args:
        happened: it.
        own: the name of who sees it.
    """
    seq = happened.get("seq")
    shown = Text(f"#{seq} " if type(seq) is int else "", DIM)
    told = _news(happened, own)
    if told is not None:
        return shown.append_text(told)
    shown.append(value(happened["event"]), STRONG)
    for key, each in happened.items():
        if key not in _WIRE_KEYS:
            shown.append(" ").append(f"{value(key, 80)}=", DIM)
            shown.append_text(name(each, own) if key == "player" and type(each) is str else Text(value(each)))
    return shown


def _news(happened: Mapping[str, Any], own: str) -> Text | None:
    """gamesvc's own events; None for others."""
    who, seat, bot = happened.get("player"), happened.get("seat"), happened.get("bot")
    says = {
        "gamesvc.joined": f" takes seat {seat + 1}" if type(seat) is int else " comes in",
        "gamesvc.left": " gives up the seat",
        "gamesvc.away": " is away",
        "gamesvc.back": " is back",
        "gamesvc.bot": " plays without a bot" if bot is None else f" is played by the bot {value(bot, 80)}",
    }.get(happened["event"])
    return None if says is None else name(who, own).append(says, NOTE)


def seats(players: Iterable[str | None], present: Iterable[str], bots: Mapping[str, str], own: str) -> Text:
    """Who plays, and who is there.

    Args:
        players: in the order of the seats; empty for a game without seats.
        present: who is connected.
        bots: that play for somebody, by the player's name.
        own: the name of who asks.
    """
    there, sitting = list(present), list(players)
    shown = Text()
    for place, player in enumerate(sitting or there):
        shown.append(", " if place else "")
        if sitting:
            shown.append(f"{place + 1} ", DIM)
        shown.append_text(name(player, own))
        if player is not None and player in bots:
            shown.append(f" (bot {value(bots[player], 80)})", DIM)
        elif player is not None and player not in there:
            shown.append(" (away)", DIM)
    return shown if shown.plain else Text("nobody is there", DIM)


def welcome(welcomed: Mapping[str, Any]) -> Text:
    """Where one is, and as whom: what a welcome says."""
    own = value(welcomed.get("player"), 80)
    shown = Text(f"{value(welcomed.get('game'), 80)}: ").append(value(welcomed.get("kind"), 80), STRONG)
    shown.append(". You are ").append(own, OWN).append(", and play." if welcomed.get("playing") else ", and watch.")
    if welcomed.get("finished"):
        shown.append(" The game is over", NOTE)
        outcome = welcomed.get("outcome")
        if type(outcome) is dict and "event" in outcome:
            shown.append(": ").append_text(event(outcome, own))
    return shown


def come_back(welcomed: Mapping[str, Any], seen: int | None) -> Text:
    """What a welcome says that is not the first.

    Args:
        welcomed: it.
        seen: number of the last event that was seen before it.
    """
    if not welcomed.get("resumed"):
        return Text("The events are numbered anew, and this is the state now. ", NOTE).append_text(welcome(welcomed))
    missed = welcomed["seq"] - (seen or 0)
    if not missed:
        return Text("Back again: nothing was missed.", GOOD)
    return Text(f"Back again: {many(missed, 'event')} {'was' if missed == 1 else 'were'} missed:", GOOD)


def accepted(command: str, arguments: Mapping[str, Any], result: Any) -> Text:
    """A command took effect."""
    shown = Text("ok ", GOOD).append(cut(one_line(as_typed(command, arguments)), MAX_SHOWN))
    return shown if result is None else shown.append(" -> ", DIM).append(value(result))


def refused(command: str, arguments: Mapping[str, Any], error: GameError) -> Text:
    """A command was refused."""
    shown = Text("no ", BAD).append(cut(one_line(as_typed(command, arguments)), MAX_SHOWN)).append(": ", DIM)
    if isinstance(error, SessionClosed):
        return shown.append("whether it took effect is not known, for the session is over", BAD)
    return shown.append(_REFUSALS.get(error.code) or value(error.message), BAD).append(f" ({value(error.code)})", DIM)


def ended(error: SessionClosed) -> str:
    """Why a session is over; empty where that was one's own wish."""
    if error.code == CLOSED:
        return ""
    message = value(error.message)
    if error.code.startswith("http_"):
        return f"whatever is there, it is no server of gamesvc: {message}"
    told = _ENDS.get(error.code)
    if told is None:
        return f"{value(error.code)}: {message}"
    # What a server always says with a code, ours say already.
    return told if message == told or message in _SAID_ANYWAY else f"{told} ({message})"
