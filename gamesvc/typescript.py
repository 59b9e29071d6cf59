"""TypeScript types for a game's clients, made from what `gamesvc.schema` says.

export interface Marked { event: "Marked"; player: string; cell: number; seq: number }
export interface Commands { mark: { cell: number } }
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gamesvc.errors import ERROR_CODES
from gamesvc.model import GameModel
from gamesvc.schema import definitions
from gamesvc.shapes import Schema, unused

_IDENTIFIER = re.compile(r"(?!\d)[\w$]+")

_RESERVED = (
    *("any", "bigint", "boolean", "case", "catch", "const", "debugger", "default", "delete", "do", "enum", "export"),
    *("extends", "false", "function", "implements", "instanceof", "interface", "let", "never", "new", "null", "number"),
    *("object", "package", "private", "protected", "public", "static", "string", "super", "switch", "symbol", "this"),
    *("throw", "true", "typeof", "undefined", "unknown", "var", "void", "Omit", "Record"),
)
"""Words that can't name a type, though they can name a class; and types that are used here."""

_OWN = (
    *("Command", "Commands", "ErrorCode", "ErrorReply", "FrameworkEvent", "Game", "GameEvent", "MergePatch"),
    *("OkReply", "Options", "Reply", "Results", "ServerFrame", "State", "Unnumbered"),
)
"""Types that each game has."""

_BETTER = {
    ("gamesvc.patch", "patch"): "MergePatch<State>",
    ("gamesvc.welcome", "outcome"): "Unnumbered<GameEvent>",
    ("state", "legal"): "Command[]",
}
"""What TypeScript can say, and JSON Schema can not."""

_PLAIN = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}

_REPLIES = """\
/** The answer to a command that took effect. */
export interface OkReply<Name extends keyof Results = keyof Results> {
  status: "ok";
  id?: string;
  /** What the command returned, where it returned something. */
  result?: Results[Name];
  /** The command had been sent before, and this is its reply. */
  duplicate?: true;
}

/** The answer to a command that was refused; nothing has changed. */
export interface ErrorReply {
  status: "error";
  error: {
    /** gamesvc's own, or the game's own. */
    code: ErrorCode | (string & {});
    /** For people. */
    message: string;
    /** Whether the same command can succeed later. */
    retryable: boolean;
    /** How many milliseconds to wait. */
    retry_ms?: number;
  };
  id?: string;
}

export type Reply<Name extends keyof Results = keyof Results> = OkReply<Name> | ErrorReply;

/** What a client sends. */
export type Command = {
  [Name in keyof Commands]: { command: Name; id?: string } & Commands[Name];
}[keyof Commands];

/** What changes in a T, as RFC 7396 has it: null where a key is gone. */
export type MergePatch<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { [Key in keyof T]?: MergePatch<T[Key]> | null }
    : T;

/** An event without its number. */
export type Unnumbered<T> = T extends unknown ? Omit<T, "seq"> : never;

/** What a server sends. */
export type ServerFrame = GameEvent | FrameworkEvent | Reply;
"""


def typescript(name: str, model: type[GameModel]) -> str:
    """The types for a game's clients, as a module without code.

    Args:
        name: of the kind of game.
        model: its rules.

    Raises:
        DefinitionError: one of the types is none that can be described. Says which.
    """
    schemas = definitions(model)
    return "\n".join(_Module(schemas).lines(name, (model.__doc__ or "").strip())) + "\n"


class _Module:
    """A module's text.

    Args:
        schemas: what is described in it.
    """

    def __init__(self, schemas: Mapping[str, Schema]) -> None:
        self._schemas = schemas
        taken = {*_RESERVED, *_OWN}
        self._names = {"state": "State", "options": "Options"}
        # gamesvc's own first: they have the same names in all games.
        for kind in ("gamesvc", "event", "type"):
            for key in self._of(kind):
                plain = key.partition(".")[2]
                wanted = plain.capitalize() + "Frame" if kind == "gamesvc" else re.sub(r"[^\w$]", "_", plain)
                taken.add(unique := unused(wanted, taken))
                self._names[key] = unique

    def _of(self, kind: str) -> list[str]:
        return [key for key in self._schemas if key.startswith(f"{kind}.")]

    def lines(self, name: str, doc: str) -> Iterator[str]:
        yield from _comment(f"{name}{': ' if doc else ''}{doc}\n\nMade by `gamesvc schema --typescript`.")
        for key in self._of("event"):
            yield ""
            yield from self._declared(key)
        yield ""
        yield from _comment("What happens in the game.")
        yield from self._union("GameEvent", self._of("event"))
        for title, kind, doc in (
            ("Commands", "command", "What players can do, and what each command takes beside `command` and `id`."),
            ("Results", "reply", "What each command returns."),
        ):
            yield ""
            yield from _comment(doc)
            yield f"export interface {title} {{"
            for key in self._of(kind):
                yield from self._arguments(key) if kind == "command" else self._returned(key)
            yield "}"
        for key in ("state", "options", *self._of("type"), *self._of("gamesvc")):
            yield ""
            yield from self._declared(key)
        yield ""
        yield from _comment("gamesvc's own frames, to clients that speak gamesvc.v1.")
        yield from self._union("FrameworkEvent", self._of("gamesvc"))
        yield ""
        yield from _comment("gamesvc's own codes.")
        yield "export type ErrorCode ="
        *others, last = map(json.dumps, ERROR_CODES)
        yield from (f"  | {code}" for code in others)
        yield f"  | {last};"
        yield ""
        yield from _REPLIES.splitlines()
        yield ""
        yield from _comment("All of them, for a client: `connect<Game>(...)`.")
        yield "export interface Game { Commands: Commands; Results: Results; State: State; GameEvent: GameEvent }"

    def _declared(self, key: str) -> Iterator[str]:
        schema, name = self._schemas[key], self._names[key]
        yield from _comment(schema.get("description", ""))
        if "properties" in schema and not schema["properties"]:
            yield f"export interface {name} {{}}"
        elif "properties" in schema:
            yield f"export interface {name} {{"
            for each in schema["properties"]:
                yield from self._property(schema, each, kind=_BETTER.get((key, each)))
            if schema.get("additionalProperties") is True:
                yield "  [more: string]: unknown;"
            yield "}"
        else:
            yield f"export type {name} = {self._type(schema)};"

    def _union(self, name: str, keys: Iterable[str]) -> Iterator[str]:
        yield f"export type {name} = {' | '.join(self._names[key] for key in keys) or 'never'};"

    def _arguments(self, key: str) -> Iterator[str]:
        schema = self._schemas[key]
        yield from _comment(schema.get("description", ""), 1)
        arguments = [each for each in schema["properties"] if each not in ("command", "id")]
        name = _key(key.partition(".")[2])
        if not arguments:
            yield f"  {name}: {{}};"
            return
        yield f"  {name}: {{"
        for each in arguments:
            yield from self._property(schema, each, 2)
        yield "  };"

    def _returned(self, key: str) -> Iterator[str]:
        schema = self._schemas[key]
        result = schema["properties"].get("result")
        options = [] if result is None else [self._type(result)]
        if "result" not in schema["required"] and options != ["unknown"]:
            options.append("undefined")
        yield f"  {_key(key.partition('.')[2])}: {' | '.join(options)};"

    def _property(self, schema: Schema, name: str, depth: int = 1, kind: str | None = None) -> Iterator[str]:
        described = schema["properties"][name]
        yield from _comment(described.get("description", ""), depth)
        missing = "" if name in schema.get("required", ()) else "?"
        yield f"{'  ' * depth}{_key(name)}{missing}: {kind or self._type(described)};"

    def _type(self, schema: Any) -> str:
        if not isinstance(schema, dict):
            return "unknown" if schema else "never"
        if "$ref" in schema:
            return self._names[schema["$ref"].removeprefix("#/$defs/")]
        if "const" in schema:
            return json.dumps(schema["const"])
        if "enum" in schema:
            return " | ".join(json.dumps(value) for value in schema["enum"])
        if "anyOf" in schema:
            return " | ".join(dict.fromkeys(self._type(option) for option in schema["anyOf"]))
        if schema.get("type") == "array":
            return self._array(schema)
        if schema.get("type") == "object":
            return self._object(schema)
        return _PLAIN.get(schema.get("type", ""), "unknown")

    def _array(self, schema: Schema) -> str:
        if "prefixItems" not in schema:
            if schema.get("maxItems") == 0:
                return "[]"
            item = self._type(schema.get("items", True))
            return f"({item})[]" if " " in item else f"{item}[]"
        fewest = schema.get("minItems", 0)
        places = []
        for place, part in enumerate(schema["prefixItems"]):
            item = self._type(part)
            places.append(item if place < fewest else f"({item})?" if " " in item else f"{item}?")
        return f"[{', '.join(places)}]"

    def _object(self, schema: Schema) -> str:
        if schema.get("properties"):
            parts = (part for name in schema["properties"] for part in self._property(schema, name, 0))
            return f"{{ {' '.join(parts)} }}"
        return f"Record<string, {self._type(schema.get('additionalProperties', True))}>"


def _key(name: str) -> str:
    return name if _IDENTIFIER.fullmatch(name) else json.dumps(name)


def _comment(text: str, depth: int = 0) -> Iterator[str]:
    indent = "  " * depth
    lines = text.replace("*/", "*\\/").splitlines()
    if len(lines) == 1:
        yield f"{indent}/** {lines[0]} */"
    elif lines:
        yield f"{indent}/**"
        yield from (f"{indent} * {line}".rstrip() for line in lines)
        yield f"{indent} */"
