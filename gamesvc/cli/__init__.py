"""The ``gamesvc`` command: what operators and authors need beside the server.

Each subcommand is a module here, with `add`, which describes its arguments, and `run`, which does it and may return the
exit status.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence

from gamesvc import __version__
from gamesvc.cli import arena, bot, check, journal, keys, new, play, replay, schema, token
from gamesvc.errors import ConfigError, JournalError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: without the program's name; None: this process's.

    Returns:
        The exit status: 0, or 1 where something was wrong, which was said on standard error (or, where to look for it
        was what the command was asked to do, on standard output), or 130 after Ctrl-C, or 141 where nobody reads what
        is written. What `check` returns, its own help says.
    """
    parser = argparse.ArgumentParser(
        prog="gamesvc", description="Tools for gamesvc. The server itself is `twistd -n gamesvc`."
    )
    parser.add_argument("--version", action="version", version=f"gamesvc {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    keys.add(commands)
    token.add(commands)
    journal.add(commands)
    replay.add(commands)
    new.add(commands)
    schema.add(commands)
    check.add(commands)
    arena.add(commands)
    bot.add(commands)
    play.add(commands)
    given = parser.parse_args(arguments)
    # A name that the terminal has no letters for is no reason to stop.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        status = given.run(given)
        sys.stdout.flush()
    except (ConfigError, JournalError, ValueError) as error:
        print(f"gamesvc: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Else Python would try once more to write the rest when it ends, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return 130
    return status or 0
