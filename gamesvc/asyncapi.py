"""A game's WebSocket as an AsyncAPI 3.0 document: what is received and sent there, for tools that draw it or make
clients.

Schemas are in AsyncAPI's own dialect there, which stands on JSON Schema's draft 7.
"""

from __future__ import annotations

from typing import Any

from gamesvc.messages import SUBPROTOCOLS
from gamesvc.model import GameModel
from gamesvc.schema import definitions
from gamesvc.shapes import Schema, with_references

_CHANNEL = "#/channels/game"
_SCHEMAS = "#/components/schemas/"
_FLAG: Schema = {"type": "string", "enum": ["1", "true", "0", "false"]}

_QUERY: dict[str, Schema] = {
    "player": {
        "type": "string",
        "minLength": 1,
        "maxLength": 64,
        "description": "your name, where the server asks for no tokens; without it you are a guest",
    },
    "token": {"type": "string", "description": "your token, where you can give it nowhere else"},
    "spectate": {**_FLAG, "description": "watch, take no seat"},
    "state": {**_FLAG, "description": "gamesvc.v1: be told the state, and how it changes"},
    "epoch": {"type": "string", "description": "gamesvc.v1: that of your last welcome, to come back"},
    "since": {
        "type": "string",
        "pattern": "^[0-9]+$",
        "description": "gamesvc.v1: the number of the last event that you have seen",
    },
}


def asyncapi(name: str, model: type[GameModel]) -> dict[str, Any]:
    """Describe a game's WebSocket.

    Args:
        name: of the kind of game.
        model: its rules.

    Raises:
        DefinitionError: one of the types is none that can be described. Says which.
    """
    schemas = definitions(model)
    commands, replies, events, framework = (
        [each for each in schemas if each.startswith(f"{kind}.")] for kind in ("command", "reply", "event", "gamesvc")
    )
    messages = [*commands, *replies, "error", *events, *framework]
    operations: dict[str, Any] = {
        command: {
            "action": "receive",
            "channel": {"$ref": _CHANNEL},
            **_summary(schemas[command]),
            "messages": [_message(command)],
            "reply": {
                "channel": {"$ref": _CHANNEL},
                "messages": [_message(f"reply.{command.partition('.')[2]}"), _message("error")],
            },
        }
        for command in commands
    }
    for key, sent in (("event", events), ("framework", framework)):
        if sent:
            operations[key] = {
                "action": "send",
                "channel": {"$ref": _CHANNEL},
                "summary": schemas[key]["description"],
                "messages": [_message(each) for each in sent],
            }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": name,
            "version": str(model.VERSION),
            "description": (model.__doc__ or "A game.").strip(),
        },
        "defaultContentType": "application/json",
        "channels": {
            "game": {
                "address": "/{game}",
                "title": "a game",
                "description": "A WebSocket of text frames, each one JSON object. Other segments may come before the"
                " game's id. Names of commands are not case-sensitive. Every command gets one reply, in the order of"
                " the commands, and the events that it caused come before. Ignore keys and frames that you don't know.",
                "parameters": {"game": {"description": "the game's id: 1 to 64 letters, digits, '_' or '-'"}},
                "messages": {each: {"$ref": f"#/components/messages/{each}"} for each in messages},
                "bindings": {"ws": _websocket()},
            }
        },
        "operations": operations,
        "components": {
            "messages": {each: _described(each, schemas[each]) for each in messages},
            "schemas": {each: _in_dialect(schema) for each, schema in schemas.items()},
        },
    }


def _websocket() -> dict[str, Any]:
    return {
        "bindingVersion": "0.1.0",
        "method": "GET",
        "query": {"type": "object", "properties": _QUERY},
        "headers": {
            "type": "object",
            "properties": {
                "Sec-WebSocket-Protocol": {
                    "type": "string",
                    "enum": list(SUBPROTOCOLS),
                    "description": "the dialect; without it gamesvc.classic, which knows no frames of gamesvc's own."
                    " Beside it a token may be offered, as bearer.TOKEN",
                },
                "Authorization": {"type": "string", "pattern": "^Bearer ", "description": "your token"},
            },
        },
    }


def _message(name: str) -> dict[str, str]:
    return {"$ref": f"{_CHANNEL}/messages/{name}"}


def _described(name: str, schema: Schema) -> dict[str, Any]:
    return {
        "name": name,
        "title": schema["title"],
        **_summary(schema),
        "payload": {"$ref": f"{_SCHEMAS}{name}"},
    }


def _summary(schema: Schema) -> dict[str, str]:
    return {"summary": schema["description"].partition("\n")[0]} if schema.get("description") else {}


def _in_dialect(schema: Schema) -> Any:
    return _as_draft_7(with_references(schema, lambda target: target.replace("#/$defs/", _SCHEMAS)))


def _as_draft_7(schema: Any) -> Any:
    """The same, where a tuple's places are in ``items``."""
    if isinstance(schema, list):
        return [_as_draft_7(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: _as_draft_7(part) for key, part in schema.items()}
    if isinstance(made.get("prefixItems"), list):
        rest = made.pop("items", None)
        made["items"] = made.pop("prefixItems")
        if rest is not None:
            made["additionalItems"] = rest
    return made
