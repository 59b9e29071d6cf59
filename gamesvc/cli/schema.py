"""``gamesvc schema``: describe what can be said in a game, for those who write its clients."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from typing import Any

from gamesvc.asyncapi import asyncapi
from gamesvc.catalog import Catalog
from gamesvc.errors import ConfigError, DefinitionError
from gamesvc.schema import json_schema
from gamesvc.typescript import typescript


def add(commands: Any) -> None:
    """Describe the arguments."""
    parser = commands.add_parser(
        "schema",
        help="describe a game's messages, for its clients",
        description="Print what can be said in a game: its commands and their results, its events, its state, its"
        " options, and gamesvc's own frames. Without an option, as an AsyncAPI 3.0 document.",
    )
    parser.add_argument(
        "game", metavar="GAME", help="the kind of game: package.module:Class, or the name of an installed one"
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--json-schema", action="store_true", help="as JSON Schema (2020-12)")
    which.add_argument("--typescript", action="store_true", help="as types for TypeScript")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> None:
    """Print the description."""
    # An author's game lies where they start this.
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    # What an author's code prints does not get into what this command prints.
    with contextlib.redirect_stdout(sys.stderr):
        kind = Catalog((given.game,)).default
        try:
            if given.typescript:
                written = typescript(kind.name, kind.model)
            else:
                described = (json_schema if given.json_schema else asyncapi)(kind.name, kind.model)
                written = json.dumps(described, indent=2, ensure_ascii=False) + "\n"
        except DefinitionError as error:
            raise ConfigError(f"game {given.game!r}: {error}") from error
    print(written, end="")
