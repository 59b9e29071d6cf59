"""The lobby's addresses, described for programs: an OpenAPI document (3.1)."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from typing import Any

import msgspec

from gamesvc.errors import (
    ERROR_CODES,
    HTTP_REFUSALS,
    LOBBY_REFUSALS,
)
from gamesvc.web.lobby_routes import KEY, Route

_NAMES = re.compile(r"\{(\w+)\}")
_REFER = "#/components/schemas/{name}"
_GIVES = {
    ("POST", "/games"): ("game", "/game/id"),
    ("POST", "/games/{game}/invites"): ("code", "/code"),
    ("POST", "/matches"): ("ticket", "/ticket"),
}
"""What an answer names that other addresses take, and where it stands there."""

_PATHS = {
    "game": "a game's id",
    "player": "a player's name",
    "code": "of an invitation",
    "ticket": "of who waits",
}


_NAMED = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "names the request, among those of who sends it: sent again it takes no effect again",
    "schema": {"type": "string", "pattern": f"^{KEY.pattern}$"},
}


def document(routes: Iterable[Route], base: str, version: str) -> dict[str, Any]:
    """Describe the lobby's addresses.

    Args:
        routes: what can be asked for.
        base: where they are, as a path.
        version: of gamesvc.
    """
    routes = tuple(routes)
    kinds = [kind for route in routes for kind in (route.answer, route.takes) if kind is not None]
    _, schemas = msgspec.json.schema_components(kinds, ref_template=_REFER)
    paths: dict[str, Any] = {}
    for route in routes:
        operation = _operation(route)
        links = _links(route, routes)
        if links:
            operation["responses"][str(route.status)]["links"] = links
        paths.setdefault(route.path or "/", {})[route.method.lower()] = operation
    for at, operations in paths.items():
        operations["parameters"] = [_path_parameter(name) for name in _NAMES.findall(at)]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "gamesvc: the lobby",
            "description": "What can be played here, and with whom. The games themselves go over WebSockets.",
            "version": version,
        },
        "servers": [{"url": base}],
        "paths": paths,
        "components": {
            "schemas": {name: _plain(schema) for name, schema in schemas.items()} | {"Error": _error()},
            "securitySchemes": {
                "identity": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "who asks: a token; or a name, percent-encoded, where the server asks for no tokens",
                }
            },
        },
    }


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": _operation_id(route),
        "summary": route.doc,
        "responses": {
            str(route.status): {
                "description": "done",
                **({} if route.answer is None else {"content": _content(route.answer)}),
            },
            "default": {
                "description": "refused: nothing has changed",
                "content": {"application/json": {"schema": {"$ref": _REFER.format(name="Error")}}},
            },
        },
    }
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "query", "required": False, "description": query.doc, "schema": query.schema}
        for name, query in route.query.items()
    ]
    if route.once:
        parameters.append(_NAMED)
    if parameters:
        operation["parameters"] = parameters
    if route.takes is not None:
        is_needed = bool(msgspec.json.schema_components([route.takes])[1][route.takes.__name__]["required"])
        operation["requestBody"] = {"required": is_needed, "content": _content(route.takes)}
    if route.asks or route.renews:
        operation["security"] = [*([] if route.asks else [{}]), {"identity": []}]
    return operation


def _links(route: Route, routes: tuple[Route, ...]) -> dict[str, Any]:
    """What can be asked for next, with what was answered."""
    if (route.method, route.path) not in _GIVES:
        return {}
    name, place = _GIVES[route.method, route.path]
    return {
        _operation_id(each): {"operationId": _operation_id(each), "parameters": {name: f"$response.body#{place}"}}
        for each in routes
        if _NAMES.findall(each.path) == [name]
    }


def _operation_id(route: Route) -> str:
    words = [each for each in re.split(r"[/{}.]+", route.path) if each]
    return "_".join([route.method.lower(), *words]) if words else "get"


def _path_parameter(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": _PATHS[name],
        "schema": {"type": "string", "minLength": 1},
    }


def _content(kind: Any) -> dict[str, Any]:
    (schema,), _ = msgspec.json.schema_components([kind], ref_template=_REFER)
    return {"application/json": {"schema": schema}}


def _error() -> dict[str, Any]:
    own = {*HTTP_REFUSALS, *LOBBY_REFUSALS, *ERROR_CODES}
    return {
        "title": "Error",
        "description": "why a request was refused",
        "type": "object",
        "properties": {
            "error": {
                "type": "object",
                "properties": {
                    "code": {
                        "anyOf": [{"enum": sorted(own)}, {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,63}$"}],
                        "description": "for programs; another than those listed is the game's own",
                    },
                    "message": {"type": "string", "description": "for people"},
                    "retryable": {"type": "boolean", "description": "whether the same request can succeed later"},
                },
                "required": ["code", "message", "retryable"],
            }
        },
        "required": ["error"],
    }


def _plain(schema: Any) -> Any:
    """A schema, of whose description the first paragraph is for who reads it here."""
    if isinstance(schema, dict):
        plain = {key: _plain(value) for key, value in schema.items()}
        if isinstance(plain.get("description"), str):
            plain["description"] = " ".join(inspect.cleandoc(plain["description"]).split("\n\n")[0].split())
        return plain
    return [_plain(each) for each in schema] if isinstance(schema, list) else schema
