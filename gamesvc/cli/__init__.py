"""The ``gamesvc`` command: what operators and authors need beside the server.

Each subcommand is a module here, with `add`, which describes its arguments, and `run`, which does it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from gamesvc import __version__
from gamesvc.cli import keys, token
from gamesvc.errors import ConfigError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: without the program's name; None: this process's.

    Returns:
        The exit status: 0, or 1 where something was wrong, which was said on standard error, or 130 after Ctrl-C.
    """
    parser = argparse.ArgumentParser(
        prog="gamesvc", description="Tools for gamesvc. The server itself is `twistd -n gamesvc`."
    )
    parser.add_argument("--version", action="version", version=f"gamesvc {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    keys.add(commands)
    token.add(commands)
    given = parser.parse_args(arguments)
    try:
        given.run(given)
    except (ConfigError, ValueError) as error:
        print(f"gamesvc: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return 130
    return 0
