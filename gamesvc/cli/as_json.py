"""A game's history for programs: what the journal has, as JSON."""

from __future__ import annotations

from typing import Any

import msgspec

from gamesvc.cli.wording import instant
from gamesvc.journal.records import BotSeat, Entry, Timer
from gamesvc.recovery import Replayed


def entry_as_json(entry: Entry) -> bytes:
    """Everything that the journal has of an entry, as one line of JSON. What it does not have is null."""
    opening = entry.opening
    return msgspec.json.encode(
        {
            "number": entry.number,
            "kind": entry.kind,
            "time": entry.time,
            "player": entry.player,
            "id": entry.id,
            "name": entry.name or None,
            "arguments": _json(entry.arguments or None),
            "result": _json(entry.result),
            "events": [
                {"to": None if event.to is None else list(event.to), "event": _json(event.body)}
                for event in entry.events
            ],
            "changed": {name: _value(value) for name, value in entry.changed.items()},
            "seats": entry.seats,
            "bots": None if entry.bots is None else _bots(entry.bots),
            "timers": None if entry.timers is None else [_timer(timer) for timer in entry.timers],
            "timer": entry.timer,
            "last_timer": entry.last_timer,
            "fault": entry.fault or None,
            "started": entry.started,
            "finished": entry.finished,
            "outcome": _json(entry.outcome or None),
            "opening": opening
            and {
                "kind": opening.game_kind,
                "version": opening.version,
                "options": _json(opening.options),
                "epoch": opening.epoch,
                "seed": opening.seed.hex(),
            },
        }
    )


def _timer(timer: Timer) -> dict[str, Any]:
    return {"id": timer.id, "due": timer.due, "method": timer.method, "arguments": _json(timer.arguments)}


def _bots(bots: tuple[BotSeat, ...]) -> list[dict[str, Any]]:
    return [{"player": each.player, "bot": each.bot, "stands_in": each.stands_in} for each in bots]


def _value(encoded: msgspec.Raw) -> Any:
    return msgspec.to_builtins(msgspec.msgpack.decode(encoded), str_keys=True)


def standing_as_json(game: str, kind: str, then: Replayed, secret: list[str] | None, own: list[str] | None) -> bytes:
    """How a game stood after an entry, as JSON.

    Args:
        game: its id.
        kind: its kind's name.
        then: how it stood.
        secret: the names of the fields that are the server's alone; None where that is not known.
        own: the names of those of which each player is shown their own entry; the others are secret, too.
    """
    counts = then.counts
    return msgspec.json.encode(
        {
            "game": game,
            "kind": kind,
            "version": then.opening and then.opening.version,
            "number": then.number,
            "time": then.time,
            "at": instant(then.time),
            "seats": then.seats,
            "here": sorted(then.here),
            "bots": _bots(then.bots),
            "started": then.started,
            "finished": then.finished,
            "outcome": _json(then.outcome or None),
            "timers": [_timer(timer) for timer in then.timers],
            "events": {
                "all": counts.all,
                "public": counts.public,
                "framework": counts.framework,
                "private": counts.private,
            },
            "state": {name: _value(value) for name, value in then.state.items()},
            "secret": secret,
            "own": own,
        }
    )


def _json(encoded: bytes | None) -> Any:
    return None if encoded is None else msgspec.json.decode(encoded)
