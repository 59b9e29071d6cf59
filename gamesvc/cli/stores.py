"""The journal that a command line is about: where it is, how it is opened, and the games in it."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches

import msgspec

from gamesvc.cli.wording import one_line
from gamesvc.errors import ConfigError, JournalError, Unavailable
from gamesvc.journal import Stored
from gamesvc.journal.sqlite import SqliteStore
from gamesvc.journal.store import Store
from gamesvc.settings import SETTINGS

_SETTING = next(setting for setting in SETTINGS if setting.name == "journal")


def add_journal(parser: argparse.ArgumentParser) -> None:
    """Describe the argument that says where the journal is."""
    parser.add_argument(
        "--journal",
        metavar="URL",
        help="where games are kept: sqlite:FILE or postgresql://USER@HOST/DATABASE "
        f"(environment: {_SETTING.environment}; default: {_SETTING.default})",
    )


@contextmanager
def opened(given: argparse.Namespace, *, write: bool = False, make: bool = False) -> Iterator[Store]:
    """Open the journal, for as long as it takes. A server may be using it.

    Args:
        given: the command line.
        write: whether it will be written.
        make: whether to make one where there is none.

    Raises:
        ConfigError: it can't be understood where the journal is, or nothing is kept there.
        JournalError: there is none, it can't be opened, or it is locked or damaged.
    """
    try:
        store = _open(_where(given), write, make)
        try:
            yield store
        finally:
            store.close()
    except Unavailable as error:
        if "is locked" not in str(error):
            raise
        raise Unavailable(f"{error}: another program is writing to it; try again") from error
    except msgspec.MsgspecError as error:
        raise JournalError(f"a record can't be decoded: {error}; see `gamesvc journal verify`") from error


def find(store: Store, game: str) -> Stored:
    """A game of the journal.

    Raises:
        JournalError: it is not there, or was deleted; names those whose ids are similar.
    """
    stored = store.load(game)
    if stored.deleted:
        raise JournalError(f"game {one_line(game)} was deleted")
    if not stored.last:
        ids = [row.game for row in store.games() if not row.deleted]
        close = get_close_matches(game, ids, 3, 0.5)
        hint = f"did you mean {' or '.join(close)}?" if close else "`gamesvc journal list` tells which there are"
        raise JournalError(f"there is no game {one_line(game)}: {hint}" if ids else "there is no game in this journal")
    return stored


def _where(given: argparse.Namespace) -> str:
    source = "option --journal"
    url = given.journal
    if url is None:
        source = f"environment variable {_SETTING.environment}"
        url = os.environ.get(_SETTING.environment)
    if url is None:
        source, url = "default", _SETTING.default
    try:
        parsed = str(_SETTING.parse(url))
    # The URL may hold a password.
    except ValueError as error:
        raise ConfigError(f"journal ({source}): {error}") from None
    if parsed == "memory":
        raise ConfigError(f"journal = 'memory' ({source}): such games are gone when their server ends; nothing is kept")
    return parsed


def _open(url: str, write: bool, make: bool) -> Store:
    scheme, _, path = url.partition(":")
    if scheme != "sqlite":
        # Its driver is an extra.
        from gamesvc.journal.postgres import PostgresStore

        return PostgresStore(url, read_only=not write)
    if not _is_there(path):
        if not make:
            raise JournalError(f"there is no journal {path}; --journal says where it is")
    elif write:
        # To upgrade the tables is for a server: one that runs may be of an older version.
        _sqlite(path, read_only=True).close()
    return _sqlite(path, read_only=not write)


def _sqlite(path: str, read_only: bool) -> Store:
    try:
        return SqliteStore(path, read_only=read_only)
    except JournalError as error:
        # Who reads takes part in the log beside the file, too, and SQLite says no more than that it can't open it.
        if all(os.access(each, os.R_OK | os.W_OK) for each in (path, os.path.dirname(path) or ".")):
            raise
        raise JournalError(f"{error}: no permission? Run this as the user that the server runs as") from error


def _is_there(path: str) -> bool:
    try:
        os.stat(path)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise JournalError(f"{path}: {error.strerror}") from None
    if os.path.isdir(path):
        raise JournalError(f"{path} is a directory")
    return True
