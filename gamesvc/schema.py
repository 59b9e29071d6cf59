"""What can be said in a game, as JSON Schema (2020-12): its commands and their results, its events, its state, its
options, and gamesvc's own frames.

All of it is under ``$defs``: ``command.NAME`` and ``reply.NAME`` for each command, ``event.NAME`` for each event,
``gamesvc.NAME`` for gamesvc's own; ``command``, ``reply``, ``event`` and ``framework`` for any of them; ``error``,
``state``, ``options``; and ``type.NAME`` for the classes that these are made of.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Iterable
from typing import Any

import msgspec

from gamesvc.errors import ERROR_CODES, DefinitionError
from gamesvc.messages import MAX_ID_LENGTH
from gamesvc.model import Event, GameModel
from gamesvc.published import published
from gamesvc.shapes import Schema, Shape, Use, shapes, unused, without_null

DIALECT = "https://json-schema.org/draft/2020-12/schema"

ID: Schema = {
    "type": "string",
    "minLength": 1,
    "maxLength": MAX_ID_LENGTH,
    "description": "yours to choose; a command with an id takes effect once, however often it is sent",
}
SEAT_COMMANDS = {
    "gamesvc.leave": "Give your seat up, where the game lets you.",
    "gamesvc.sit": "Take a free seat, if you have none.",
}
"""The commands that are gamesvc's own, of games that have seats."""

BOT_COMMAND = "Have a bot play in a free seat, or for a player who is not connected; or have it go."
_BOT_ARGUMENTS: Schema = {
    "properties": {
        "bot": {"type": "string", "description": "the name of one that the server offers; without it, one goes"},
        "player": {"type": "string", "description": "for whom it plays; without it, it takes a free seat"},
    },
    "required": [],
}
_BOT_RESULT: Schema = {
    "type": "object",
    "properties": {"player": {"type": "string", "description": "for whom it plays, or played"}},
    "required": ["player"],
}

SEQ: Schema = {"type": "integer", "minimum": 1, "description": "counts the events that you may see"}


def definitions(model: type[GameModel]) -> dict[str, Schema]:
    """Describe all that can be said in a game.

    Args:
        model: its rules.

    Returns:
        Schemas by their names; they refer to each other as ``#/$defs/NAME``.

    Raises:
        DefinitionError: one of the types is none that can be described. Says which.
    """
    commands = {spec.name: spec for spec in model.COMMANDS.values()}
    events = _by_name(published(model))
    results = {name: _result(model, name) for name in commands}
    fields = _shown_fields(model)
    asked = {
        **{f"event.{name}": Shape(Use.SENT, _checked(event), whole=True) for name, event in events.items()},
        **{f"result.{name}": Shape(Use.SENT, kind) for name, kind in results.items()},
        **{f"state.{name}": Shape(Use.SHOWN, kind) for name, kind in (fields or {}).items()},
        **{f"command.{name}": Shape(Use.GIVEN, spec.arguments, whole=True) for name, spec in commands.items()},
        "options": Shape(Use.GIVEN, model.OPTIONS, whole=True),
    }
    try:
        found, types = shapes(list(asked.values()))
    # Of two classes that share even their module, msgspec knows one: KeyError.
    except (TypeError, NameError, KeyError) as error:
        raise DefinitionError(f"{model.__name__}: there is no schema for a type in it: {error}") from error
    looks = dict(zip(asked, found, strict=True))
    of_commands = {
        f"command.{name}": _command(name, _doc(getattr(model, name)) or spec.doc, looks[f"command.{name}"])
        for name, spec in commands.items()
    }
    replies = {f"reply.{name}": _reply(name, results[name], looks[f"result.{name}"]) for name in commands}
    if model.SEATS is not None:
        nothing: Schema = {"properties": {}, "required": []}
        for name, says in SEAT_COMMANDS.items():
            of_commands[f"command.{name}"] = _command(name, says, nothing)
            replies[f"reply.{name}"] = _reply(name, None, {"type": "null"})
        of_commands["command.gamesvc.bot"] = _command("gamesvc.bot", BOT_COMMAND, _BOT_ARGUMENTS)
        replies["reply.gamesvc.bot"] = _reply("gamesvc.bot", dict[str, str], _BOT_RESULT)
    of_events = {f"event.{name}": _event(event, looks[f"event.{name}"]) for name, event in events.items()}
    framework = _framework()
    return {
        "command": _any_of("what players can do", of_commands),
        **of_commands,
        "reply": _any_of("the answer to a command", [*replies, "error"]),
        **replies,
        "error": _error(),
        "event": _any_of("what happens in the game", of_events),
        **of_events,
        "state": _state(model, None if fields is None else {name: looks[f"state.{name}"] for name in fields}, commands),
        "options": {
            **looks["options"],
            "title": "options",
            "description": "what a game can be created with",
        },
        "framework": _any_of("gamesvc's own frames, to clients that speak gamesvc.v1", framework),
        **framework,
        **{f"type.{name}": schema for name, schema in types.items()},
    }


def json_schema(name: str, model: type[GameModel]) -> Schema:
    """All that can be said in a game, as one JSON Schema document.

    Args:
        name: of the kind of game.
        model: its rules.

    Raises:
        DefinitionError: one of the types is none that can be described. Says which.
    """
    return {
        "$schema": DIALECT,
        "title": name,
        **_described(_doc(model)),
        "$defs": definitions(model),
    }


def refer(name: str) -> Schema:
    """A schema that refers to one of the `definitions`."""
    return {"$ref": f"#/$defs/{name}"}


def _any_of(doc: str, names: Iterable[str]) -> Any:
    options = [refer(name) for name in names]
    # Of an empty list nothing can be one, which an empty anyOf may not say.
    return {"description": doc, "anyOf": options} if options else {"description": doc, "not": {}}


def _doc(described: object) -> str:
    doc = getattr(described, "__doc__", None)
    return inspect.cleandoc(doc) if isinstance(doc, str) else ""


def _described(doc: str) -> Schema:
    return {"description": doc} if doc else {}


def _by_name(events: Iterable[type[Event]]) -> dict[str, type[Event]]:
    """Two of different modules may have one name on the wire."""
    named: dict[str, type[Event]] = {}
    for event in events:
        named[unused(_wire_name(event), set(named))] = event
    return named


def _wire_name(event: type[Event]) -> str:
    return str(event.__struct_config__.tag)


def _checked(event: type[Event]) -> type[Event]:
    # What an event holds is encoded as it is; here its annotations are asked for the first time.
    try:
        msgspec.inspect.type_info(event)
    except Exception as error:
        raise DefinitionError(f"{event.__name__}: an annotation is not usable: {error}") from error
    return event


def _result(model: type[GameModel], name: str) -> Any:
    """What a command returns, as its annotation says; Any where that says nothing which can be understood."""
    method = getattr(model, name)
    annotations = {"return": getattr(method, "__annotations__", {}).get("return", Any)}
    stand_in = type(name, (), {"__annotations__": annotations, "__module__": method.__module__})
    try:
        kind = typing.get_type_hints(stand_in, method.__globals__, dict(vars(model)), include_extras=True)["return"]
        msgspec.inspect.type_info(kind)
    # An annotation is code, and can raise anything.
    except Exception:
        return Any
    return kind


def _shown_fields(model: type[GameModel]) -> dict[str, Any] | None:
    """The fields that make up the state; None where the author's code says what is in it."""
    if model.view is not GameModel.view:
        return None
    return {field.name: model.TYPES[field.name] for field in model.FIELDS if not field.secret}


# Each frame.


def _command(name: str, doc: str, arguments: Schema) -> Schema:
    return {
        "title": name,
        **_described(doc),
        "type": "object",
        "properties": {"command": {"const": name}, "id": ID, **arguments["properties"]},
        "required": ["command", *arguments["required"]],
        "additionalProperties": False,
    }


def _reply(name: str, result: Any, look: Schema) -> Schema:
    schema, null = without_null(look)
    # Any may be None, too.
    always = schema is not None and not null and result is not Any
    return {
        "title": f"{name}: ok",
        "description": f"{name} took effect",
        "type": "object",
        "properties": {
            "status": {"const": "ok"},
            "id": ID,
            **({} if schema is None else {"result": schema}),
            "duplicate": {"const": True, "description": "the command had been sent before, and this is its reply"},
        },
        "required": ["status", "result"] if always else ["status"],
    }


def _error() -> Schema:
    known = {"enum": list(ERROR_CODES), "description": "gamesvc's own; of these, refused says that the rules forbid it"}
    own = {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,63}$", "description": "the game's own"}
    return {
        "title": "error",
        "description": "a command was refused; nothing has changed",
        "type": "object",
        "properties": {
            "status": {"const": "error"},
            "error": {
                "type": "object",
                "properties": {
                    "code": {"anyOf": [known, own], "description": "for programs"},
                    "message": {"type": "string", "description": "for people"},
                    "retryable": {"type": "boolean", "description": "whether the same command can succeed later"},
                    "retry_ms": {"type": "integer", "minimum": 0, "description": "how many milliseconds to wait"},
                },
                "required": ["code", "message", "retryable"],
            },
            "id": ID,
        },
        "required": ["status", "error"],
    }


def _event(event: type[Event], look: Schema) -> Schema:
    name = _wire_name(event)
    return {
        "title": name,
        **_described(_doc(event)),
        "type": "object",
        "properties": {**look["properties"], "event": {"const": name}, "seq": SEQ},
        "required": [*look["required"], "seq"],
    }


def _state(model: type[GameModel], looks: dict[str, Schema] | None, commands: Iterable[str]) -> Schema:
    made: Schema = {"title": "state", "description": "what a viewer may see of the game", "type": "object"}
    properties: Schema = {}
    required = []
    if "legal" in model.HOOKS:
        properties["legal"] = {
            "type": "array",
            "items": _any_of("a command that can be sent as it stands", [f"command.{name}" for name in commands]),
            "description": "what you may do now; not shown to who watches",
        }
    if looks is None:
        return {**made, "properties": properties, "additionalProperties": True} if properties else made
    own = {field.name for field in model.FIELDS if field.own}
    for name, look in looks.items():
        schema, null = without_null(look)
        if schema is not None:
            properties[name] = {**schema, "description": "your own entry alone"} if name in own else schema
            if not null:
                required.append(name)
    return {**made, "properties": properties, "required": required}


def _framework() -> dict[str, Schema]:
    player: Schema = {"type": "string"}
    head: Schema = {"type": "integer", "minimum": 0}
    welcome = {
        "game": {"type": "string", "description": "the game's id"},
        "kind": {"type": "string", "description": "what is played"},
        "epoch": {"type": "string", "description": "names the history that seq counts; opaque"},
        "seq": {**head, "description": "the number of the last event so far that you may see"},
        "resumed": {"type": "boolean", "description": "whether you came back, and what you missed follows"},
        "player": {**player, "description": "your name"},
        "playing": {"type": "boolean", "description": "whether your commands are accepted; a spectator's are not"},
        "players": {
            "type": "array",
            "items": {"anyOf": [player, {"type": "null"}]},
            "description": "in the order of the seats, null where one is free",
        },
        "present": {"type": "array", "items": player, "description": "who have a connection"},
    }
    outcome = {
        "description": "the event with which the game ended, without its seq",
        "type": "object",
        "properties": {"event": {"type": "string"}},
        "required": ["event"],
    }
    sometimes = {
        "state": refer("state"),
        "finished": {"type": "boolean", "description": "whether the game is over; missing where it is not"},
        "outcome": outcome,
        "bots": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "the bots that play, by the player for whom they do; missing where there are none",
        },
    }
    seat = {"player": player, "seat": {**head, "description": "counted from 0"}, "seq": SEQ}
    upto = {"seq": {**head, "description": "the number of the last event that this contains"}}
    return {
        "gamesvc.welcome": _frame("welcome", "the first frame", welcome, sometimes),
        "gamesvc.patch": _frame(
            "patch",
            "how the state changed that you were told last, as a JSON Merge Patch (RFC 7396)",
            {**upto, "patch": {"type": "object", "description": "null where a key is gone"}},
        ),
        "gamesvc.state": _frame("state", "the state anew; forget the one before", {**upto, "state": refer("state")}),
        "gamesvc.joined": _frame("joined", "somebody took a seat", seat),
        "gamesvc.left": _frame("left", "somebody left a seat", seat),
        "gamesvc.finished": _frame("finished", "the game is over", {"seq": SEQ}, {"outcome": outcome}),
        "gamesvc.away": _frame("away", "a player has lost the last connection", {"player": player}),
        "gamesvc.back": _frame("back", "a player has a connection, and had none", {"player": player}),
        "gamesvc.bot": _frame(
            "bot",
            "a bot plays for somebody from now on, or, where it is null, they do so themselves",
            {"player": player, "bot": {"anyOf": [{"type": "string"}, {"type": "null"}]}, "seq": SEQ},
        ),
    }


def _frame(name: str, doc: str, always: dict[str, Schema], sometimes: dict[str, Schema] | None = None) -> Schema:
    return {
        "title": f"gamesvc.{name}",
        "description": doc,
        "type": "object",
        "properties": {"event": {"const": f"gamesvc.{name}"}, **always, **(sometimes or {})},
        "required": ["event", *always],
    }
