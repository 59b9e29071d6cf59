"""What can be played here, as the lobby tells it: each kind with its options and commands, as JSON Schema."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Raw

from gamesvc.bot_offer import BotOffer
from gamesvc.catalog import Kind
from gamesvc.errors import DefinitionError
from gamesvc.schema import DIALECT, definitions
from gamesvc.standing import keeps_players
from gamesvc.web.lobby_bodies import KindOfGame, Kinds

_SENTENCE = re.compile(r"(.*?[.!?])\s+(?=[^a-z\s])", re.DOTALL)


def described(kinds: Iterable[Kind], bots: BotOffer, names: Iterable[str]) -> Kinds:
    """Describe what can be played.

    Args:
        kinds: them.
        bots: those that are offered.
        names: what they are called.
    """
    names = tuple(names)
    return Kinds([_described(kind, bots, names) for kind in kinds])


def _described(kind: Kind, bots: BotOffer, names: tuple[str, ...]) -> KindOfGame:
    model = kind.model
    doc = inspect.cleandoc(model.__doc__ or "")
    first, _, rest = doc.partition("\n\n")
    sentence = _SENTENCE.match(first)
    title, more = (first, "") if sentence is None else (sentence[1], first[sentence.end() :])
    try:
        parts = definitions(model)
    except DefinitionError:
        # A type that can't be described can be played with all the same.
        parts = {"options": {}, "command": {}}
    types = {name: schema for name, schema in parts.items() if name.startswith("type.")}
    commands = {name: schema for name, schema in parts.items() if name.startswith("command.")}
    return KindOfGame(
        kind.name,
        " ".join(title.split()) or kind.name,
        f"{more}\n\n{rest}".strip(),
        model.SEATS,
        not keeps_players(model),
        _schema(_with_defaults(parts["options"], kind.options), types),
        _schema(parts["command"], {**types, **commands}),
        [] if model.SEATS is None else [name for name in names if bots.refuses(name, kind.name, model) is None],
    )


def _with_defaults(options: dict[str, Any], given: bytes) -> dict[str, Any]:
    """Options, of which this server's own values are the defaults."""
    properties = options.get("properties", {})
    values = msgspec.json.decode(given)
    shown = {
        name: {**schema, "default": values[name]} if name in values else schema for name, schema in properties.items()
    }
    return {**options, "properties": shown} if properties else options


def _schema(schema: dict[str, Any], parts: dict[str, Any]) -> Raw:
    return Raw(msgspec.json.encode({"$schema": DIALECT, **schema, **({"$defs": parts} if parts else {})}))
